"""Bad files stop with a clear message, exit code 2 and no run folder; what a run can live with is named."""

import json

import numpy as np
import pytest

import outcrop
from outcrop.cli import _call
from outcrop.errors import ConfigError, DataError
from synthetic_wells import WELLS, field, las, run_file, well

ONE_WELL = {'test = ["Alpha-2", "Delta-1"]\n': ""}


@pytest.fixture
def place(tmp_path):
    """Wells that a test may spoil, and the run file; small, so that reading takes no time."""
    field(tmp_path / "wells")
    run_file(tmp_path)
    return tmp_path


def refused(place, capsys, *words, code=2, sets=()):
    """`outcrop run` ends with the exit code and a message with these words, and leaves no folder."""
    settings = [part for change in sets for part in ("--set", change)]
    assert _call(["run", str(place / "run.toml"), "--out", str(place / "run"), *settings], False) == code
    told = capsys.readouterr().err
    for word in words:
        assert word in told, told
    assert "Fix: " in told and "Traceback" not in told
    assert not (place / "run").exists() and not list(place.glob("test-scorings*"))
    return told


def rewrite(place, name, change, **options):
    """Writes a well again after changing its curves."""
    number = WELLS.index(name)
    curves = well(number, samples=300 + 20 * number)
    change(curves)
    return las(place / "wells" / f"{name}.las", curves, name=name, **options)


def test_truncated_file(place, capsys):
    path = place / "wells" / "Bravo-1.las"
    path.write_text(path.read_text()[:9000])
    refused(place, capsys, "Bravo-1.las")


def test_file_without_data(place, capsys):
    path = place / "wells" / "Bravo-1.las"
    path.write_text(path.read_text().split("~Ascii")[0])
    refused(place, capsys, "Bravo-1.las", "~A")


def test_wrong_null(place, capsys):
    rewrite(place, "Bravo-1", lambda curves: None, header_null=-9999)
    refused(place, capsys, "Bravo-1.las", "-999.25", "null")


def test_one_well_only(tmp_path, capsys):
    field(tmp_path / "wells", ["Alone-1"])
    run_file(tmp_path, replace=ONE_WELL)
    refused(tmp_path, capsys, "well")


def test_two_wells_with_one_name(place, capsys):
    las(place / "wells" / "copy.las", well(9), name="Bravo-1")
    refused(place, capsys, "Bravo-1.las and", "copy.las", "Two records")


def test_no_labelled_well(place, capsys):
    for name in WELLS:
        rewrite(place, name, lambda curves: curves["FACIES"].fill(np.nan))
    refused(place, capsys, "FACIES")


def test_no_labelled_well_to_train_on(place, capsys):
    for name in set(WELLS) - {"Alpha-2", "Delta-1"}:
        rewrite(place, name, lambda curves: curves["FACIES"].fill(np.nan))
    refused(place, capsys, "0 wells", "hold out fewer wells")


def test_unknown_class_codes(place, capsys):
    def spoil(curves):
        curves["FACIES"][5:9] = 77

    rewrite(place, "Charlie-1", spoil)
    refused(place, capsys, "77", "Charlie-1")


def test_no_such_curve(place, capsys):
    refused(place, capsys, "GAMA", "No record has a value", sets=["data.variable.GR.from=['GAMA']"])


def test_other_depth_step(place, capsys):
    def stretch(curves):
        curves["DEPT"] *= 1.5

    rewrite(place, "Echo-1", stretch)
    refused(place, capsys, "Echo-1 0.75 m", "frame.step_m")


def test_units_that_disagree(place, capsys):
    rewrite(place, "Echo-1", lambda curves: None, units={"RHOB": "ohm.m"})
    refused(place, capsys, "Echo-1", "ohm.m")


def test_names_that_are_no_wells(place, capsys):
    refused(place, capsys, "'Alpha-9'", "known wells", sets=["promise.test=['Alpha-9']"])
    refused(place, capsys, "wel", sets=["promise.new=wel"])


def test_settings_that_cannot_work_are_found_before_training(place, capsys):
    refused(place, capsys, "mse", "Fix: choose one of auto", sets=["loss.kind=mse"])
    refused(place, capsys, "rmse", "Fix: put one of", sets=["evaluate.metrics=['rmse']"])
    refused(place, capsys, "'bias'", "Fix: use some of", sets=["evaluate.metrics=['accuracy', 'bias']"])
    refused(
        place, capsys, "No record has a curve 'CONF'", sets=["evaluate.high_confidence={curve = 'CONF', equals = 1}"]
    )
    refused(place, capsys, "works on points", "Fix: kind = ", sets=["data.view.kind=windows"])
    rotation = ["promise={new = 'well', folds = 3}", "bundle.model=held_out"]
    refused(place, capsys, "no single held-out model", 'Fix: bundle.model = "refit"', sets=rotation)
    refused(place, capsys, "mean", "Fix: use some of majority", sets=["evaluate.baselines=['mean']"])


def test_later_needs_time(place, capsys):
    refused(place, capsys, "later", sets=["promise={later = '1990-01-01'}"])


def test_source_with_nothing_to_join_to(place, capsys):
    (place / "core.csv").write_text("well,TOP,BASE,K\nAlpha-1,1000,1010,3\n")
    text = (place / "run.toml").read_text()
    (place / "run.toml").write_text(text.replace('files = "wells/*.las"', 'files = "core.csv", join = "interval"'))
    with pytest.raises(ConfigError, match=r"line 3: data.source: needs one source without join"):
        outcrop.load_config(place / "run.toml")
    assert _call(["run", str(place / "run.toml"), "--out", str(place / "run")], False) == 2


def test_planted_copy_of_the_target_is_refused(place, capsys):
    for name in WELLS:
        rewrite(place, name, lambda curves: curves.update(FLAG=curves["FACIES"] * 2 + 1))
    told = refused(place, capsys, "FLAG", "target_copy", code=3, sets=["data.variable.FLAG={}"])
    assert 'accept = {target_copy = "reason"}' in told


def test_planted_copy_of_a_well_is_refused(place, capsys):
    las(place / "wells" / "Copy-1.las", well(5, samples=400), name="Copy-1")
    refused(place, capsys, "Copy-1", code=3)


def test_what_a_run_can_live_with_is_named(place, quick_run):
    rewrite(place, "Alpha-1", lambda curves: curves["FACIES"].fill(np.nan))  # an unlabelled well
    rewrite(place, "Bravo-1", lambda curves: curves["NPHI"].fill(np.nan))  # an empty curve

    def only_in_test(curves):
        curves["FACIES"][20:60] = 40

    rewrite(place, "Delta-1", only_in_test)
    text = (place / "run.toml").read_text().replace('30 = "Lime"', '30 = "Lime", 40 = "Coal"')
    (place / "run.toml").write_text(text)
    result, told = quick_run(place / "run.toml", place / "run")
    said = "\n".join([*told, *result.warnings])
    assert "No value of FACIES in Alpha-1: not labelled, predicted only." in said
    assert "No value of NPHI in Bravo-1: treated as missing = 'mask' says." in said
    assert "Class 'Coal' occurs in the test part and not in training" in said and "scored as missed" in said
    audit = json.loads((place / "run" / "audit.json").read_text("utf-8"))
    assert any(finding["check"] == "unseen_class" and "Coal" in finding["place"] for finding in audit)
    entry = next(iter(result.metrics["promises"].values()))
    coal = next(row for row in entry["per_class"] if row["class"] == "Coal")
    assert coal["support"] == 40 and coal["recall"] == 0
    assert any("Coal" in finding["sentence"] for finding in result.findings)


def test_empty_curve_follows_a_strict_policy(place, capsys):
    rewrite(place, "Bravo-1", lambda curves: curves["NPHI"].fill(np.nan))
    refused(place, capsys, "Bravo-1 has no value of NPHI", 'missing = "mask"', sets=["data.variable.NPHI.missing=drop"])


def test_full_disk_is_no_internal_error(place, capsys, monkeypatch):
    import importlib

    def full(*_):
        raise OSError(28, "No space left on device", "run/data.json")

    monkeypatch.setattr(importlib.import_module("outcrop.run.outputs"), "write_json", full)
    assert _call(["run", str(place / "run.toml"), "--out", str(place / "run")], False) == 2
    assert "No space left on device (run/data.json).\nFix: free space" in capsys.readouterr().err


def test_python_raises_the_same_errors(place):
    with pytest.raises(DataError, match=r'Fix: variable.GR.from = \["name in the files"\]'):
        outcrop.check(place / "run.toml", overrides=["data.variable.GR.from=['GAMA']"])
