"""Every acceptance set is described by a run file under tests/data/run_files, and audited as it should be."""

from pathlib import Path

import pytest

import outcrop
from outcrop.errors import LeakageError

FILES = sorted((Path(__file__).parents[1] / "data" / "run_files").glob("*.toml"))
GRID = {"era5": (744, 33, 49), "f3_segy": (23, 18, 75), "volve_segy": (18, 52, 226), "fesom": (47, 3140),
        "darcy": (16, 16), "ndvi": (101, 100), "f3_lines": (36, 512, 512), "beijing": (35064,), "groundwater": (11688,),
        "phasenet": (9001,), "rio_lines": (37718,)}  # fmt: skip
SLOW = {"f3_lines"}


@pytest.mark.parametrize("file", [f for f in FILES if f.stem not in SLOW], ids=lambda f: f.stem)
def test_each_set_is_read_split_and_audited(data_dir, monkeypatch, file):
    monkeypatch.setenv("OUTCROP_DATA_DIR", str(data_dir))
    checked = outcrop.check(file)
    assert checked.problem.records[0].shape == GRID[file.stem]
    for one in checked.promises.values():
        parts = one.splits[0].parts
        assert len(parts["train"]) and len(parts["test"]) and one.splits[0].sentence
        assert one.effective.total <= one.effective.labelled
    names = {finding.check for finding in checked.every_finding}
    if file.stem == "phasenet":
        assert "fixed_positions" in names
    if file.stem == "groundwater":
        assert checked.problem.joins[0].matched > 5000


def test_all_files_are_listed():
    assert {file.stem for file in FILES} == set(GRID)


def test_a_cube_is_trained_predicted_and_written_back(data_dir, monkeypatch, tmp_path, no_report):
    import numpy as np

    from outcrop.data.read import read

    monkeypatch.setenv("OUTCROP_DATA_DIR", str(data_dir))
    file = next(f for f in FILES if f.stem == "f3_segy")
    overrides = ["evaluate.optimism_gap=false", "train.steps=4", "train.evaluate_every=2"]
    result = outcrop.run(file, out=tmp_path / "run", overrides=overrides)
    source = data_dir / "segy/segyio_f3.sgy"
    whole = outcrop.predict(result.bundle, source, out=tmp_path / "whole")
    assert whole.rows[0]["status"] == "ok" and "segyio_f3_AMPLITUDE_PRED.sgy" in whole.rows[0]["written"]
    blocks = outcrop.predict(result.bundle, source, out=tmp_path / "blocks", block_bytes=1000)
    one, two = (
        read(tmp_path / name / "segyio_f3_AMPLITUDE_PRED.sgy", domain="time")[0].data["amplitude"].to_numpy()
        for name in ("whole", "blocks")
    )
    assert blocks.rows[0]["predicted"] == one.size
    np.testing.assert_allclose(np.nan_to_num(one), np.nan_to_num(two), rtol=1e-3, atol=1e-2 * np.nanstd(one))
    dry = outcrop.predict(result.bundle, source, out=tmp_path / "dry", region="inline=111:115", dry_run=True)
    assert "blocks" in dry.rows[0]["estimate"] and not list((tmp_path / "dry").glob("*.sgy"))


def test_a_record_larger_than_memory_becomes_random_boxes(data_dir, monkeypatch):
    monkeypatch.setenv("OUTCROP_DATA_DIR", str(data_dir))
    file = next(f for f in FILES if f.stem == "f3_segy")
    checked = outcrop.check(file, overrides=["data.memory_mb=0.1"])
    records = checked.problem.records
    assert 5 < len(records) < 200 and records[0].shape == (1, 4, 16)
    assert any("boxes of 1 x 4 x 16 drawn at random" in note for note in checked.problem.notes)


def test_random_rows_of_a_survey_are_refused_or_warned_about(data_dir, monkeypatch):
    monkeypatch.setenv("OUTCROP_DATA_DIR", str(data_dir))
    file = next(f for f in FILES if f.stem == "rio_lines")
    from outcrop.config.load import load
    from outcrop.config.promise import PromiseSection

    config = load(file)
    random = config.model_copy(update={"promise": PromiseSection(same_population="for the sake of the test")})
    try:
        found = {f.check for f in outcrop.check(random, base=file.parent).every_finding if f.level != "note"}
    except LeakageError as error:
        found = {str(error)}
    assert found
    blocks = {"area": {"block_m": 20_000, "buffer_m": 2000}, "folds": 3}
    held = outcrop.check(config.model_copy(update={"promise": PromiseSection(**blocks)}), base=file.parent)
    assert not [f for f in held.every_finding if f.level == "violation"]
