"""Uncertainty from end to end: distributions and calibrated intervals in scores, files and the model file."""

import json

import lasio
import numpy as np
import pytest
import xarray as xr

import outcrop
from outcrop.run.uncertain import block_length
from synthetic_wells import field, run_file

NAMES = [f"Well-{k:02d}" for k in range(14)]
NUMBER = {
    '[data.target.FACIES]\nclasses = {{10 = "Sand", 20 = "Shale", 30 = "Lime"}}': (
        '[data.target.PERM]\nunit = "mD"\ntransform = "log10"'
    ),
    'test = ["Alpha-2", "Delta-1"]': "folds = 7",
    '["majority", "nearest_neighbours"]': '["mean", "linear"]',
    "steps = 40": "steps = 120",
}


def numbers(folder, loss):
    changes = {key.replace("{{", "{").replace("}}", "}"): value for key, value in NUMBER.items()}
    return run_file(folder, replace=changes | {"[train]": f"[loss]\n{loss}\n[train]"})


def entry_of(result):
    return next(iter(result.metrics["promises"].values()))


@pytest.fixture(scope="module")
def many_wells(tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    field(folder / "wells", NAMES)
    return folder


@pytest.mark.parametrize(
    "loss, members, draws",
    [('kind = "gaussian"', 1, 0), ('kind = "quantile"', 1, 0), ('kind = "mse"', 3, 0), ('kind = "mse"', 1, 8)],
)
def test_intervals_hold_new_wells_and_reach_the_files(many_wells, tmp_path, quick_run, loss, members, draws):
    path = numbers(many_wells, loss)
    extra = [f"model.members={members}", f"evaluate.mc_dropout={draws}", "model.dropout=0.1", "train.steps=120"]
    result, _ = quick_run(path, tmp_path / "run", "evaluate.baselines=['mean']", *extra)
    told = entry_of(result)["intervals"]
    assert told["level"] == 0.9 and told["kind"] == "intervals" and "other folds" in told["method"]
    assert told["calibration_groups"] == 14 and told["noun"] == "well"
    assert 0.85 <= told["coverage"] <= 0.99 and told["lowest"] <= told["median"] and len(told["per_group"]) == 14
    scores = entry_of(result)["test"]
    assert scores["model"]["crps"]["value"] < scores["model"]["mae"]["value"]  # a spread earns something
    assert scores["baselines"]["mean"]["crps"]["value"] == pytest.approx(scores["baselines"]["mean"]["mae"]["value"])
    share = [row["share"] for row in told["reliability"]]
    assert np.all(np.diff(share) >= 0) and 0.3 < share[10] < 0.7
    with xr.open_dataset(result.folder / "predictions.nc") as told_file:
        low, high, truth = (told_file[name].to_numpy() for name in ("prediction_low", "prediction_high", "target"))
        assert np.mean((low <= truth) & (truth <= high)) == pytest.approx(told["coverage"], abs=1e-3)
        assert np.all(low > 0)  # a logarithm is widened by factors
    outcrop.predict(result.bundle, many_wells / "wells" / "Well-03.las", out=tmp_path / "out")
    new = lasio.read(tmp_path / "out" / "Well-03.las")
    assert np.all((new["PERM_LOW"] <= new["PERM_PRED"] * 1.5) & (new["PERM_PRED"] <= new["PERM_HIGH"] * 1.5))
    assert 0.8 < np.mean((new["PERM_LOW"] <= new["PERM"]) & (new["PERM"] <= new["PERM_HIGH"])) <= 1
    assert new.curves["PERM_LOW"].unit == "mD" and "90%" in new.curves["PERM_LOW"].descr


def test_sets_of_classes(many_wells, tmp_path, quick_run):
    path = run_file(many_wells, replace={'test = ["Alpha-2", "Delta-1"]': "folds = 7"})
    result, _ = quick_run(path, tmp_path / "run", "train.steps=60")
    told = entry_of(result)["intervals"]
    assert told["kind"] == "sets" and 0.85 <= told["coverage"] <= 0.99 and 1 <= told["mean_size"] < 3
    outcrop.predict(result.bundle, many_wells / "wells" / "Well-03.las", out=tmp_path / "out", write=["set"])
    new = lasio.read(tmp_path / "out" / "Well-03.las")
    size = sum(new[f"FACIES_S_{code}"] for code in (10, 20, 30))
    assert size.min() >= 1
    held = np.select(
        [new["FACIES"] == code for code in (10, 20, 30)], [new[f"FACIES_S_{code}"] for code in (10, 20, 30)]
    )
    assert 0.85 < held.mean() <= 1


def test_too_few_groups_are_refused_in_words_and_nothing_is_written(tmp_path, quick_run):
    field(tmp_path / "wells", NAMES[:6])
    path = numbers(tmp_path, 'kind = "gaussian"')
    result, _ = quick_run(path, tmp_path / "run", "promise.folds=3", "evaluate.baselines=['mean']")
    told = entry_of(result)["intervals"]
    assert "need 9 wells to be calibrated on, and there are" in told["reason"] and "coverage" not in told
    outcrop.predict(result.bundle, tmp_path / "wells" / "Well-03.las", out=tmp_path / "out")
    assert "PERM_LOW" not in lasio.read(tmp_path / "out" / "Well-03.las").curves
    assert any("no intervals" in row["sentence"] for row in json.loads((result.folder / "findings.json").read_text()))


def test_a_single_split_is_calibrated_on_what_it_stops_on_and_says_so(many_wells, tmp_path, quick_run):
    path = numbers(many_wells, 'kind = "gaussian"')
    text = path.read_text().replace("folds = 7", 'test = ["Well-01", "Well-02"]\nvalidation_share = 0.8')
    path.write_text(text)
    result, _ = quick_run(path, tmp_path / "run", "evaluate.baselines=['mean']")
    told = entry_of(result)["intervals"]
    assert "validation, which training stops on" in told["method"] and told["calibration_groups"] >= 9


def test_a_resumed_run_has_the_same_intervals(many_wells, tmp_path, quick_run):
    path = numbers(many_wells, 'kind = "gaussian"')
    first, _ = quick_run(path, tmp_path / "run", "evaluate.baselines=['mean']")
    again, _ = quick_run(path, tmp_path / "run", "evaluate.baselines=['mean']", resume=True)
    assert entry_of(first)["intervals"] == entry_of(again)["intervals"]


def test_blocks_of_calibration_are_as_many_as_the_level_needs():
    weeks = np.arange(209.0)
    assert [block_length(weeks, level) for level in (0.9, 0.95, 0.99)] == [14, 11, 7]
    assert len(np.unique(np.searchsorted(weeks, weeks) // block_length(weeks, 0.95))) == 19
    assert block_length(np.arange(50.0), 0.95) == 4  # half of what is usual, although 19 blocks were needed
