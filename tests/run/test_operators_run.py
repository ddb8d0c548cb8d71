"""Operators from a run file to answers on finer grids: the integral of a random function, by both kinds of network."""

import numpy as np
import pytest

import outcrop
from outcrop.errors import ConfigError, DataError
from outcrop.simulate.save import save

RUN = """[data]
view = {kind = "patches", size = "whole"}
source.pairs = {simulation = "antiderivative", count = 240, samples = 16, correlation_range = 0.6}
variable.f = {from = ["forcing"]}
target.u = {from = ["solution"]}
[promise]
new = "realisation"
folds = 3
[model]
family = "fno1d"
width_size = 12
modes = 5
depth = 2
[loss]
kind = "relative_l2"
[train]
steps = 300
batch_size = 32
learning_rate = 1e-2
evaluate_every = 25
[evaluate]
metrics = ["relative_l2"]
optimism_gap = false
"""
FAMILIES = {
    "fno1d": [],
    "deeponet1d": ['model={family="deeponet1d",width_size=32,latent_size=16}'],
    "pod": [
        'model={family="deeponet1d",width_size=32,latent_size=16,variant="pod"}',
        "evaluate.baselines=['mean_field']",
    ],
}


@pytest.fixture
def run_file(tmp_path):
    (tmp_path / "run.toml").write_text(RUN)
    return tmp_path / "run.toml"


def run(run_file, *overrides):
    hold_out = ['promise={new="realisation",test=["000?","001?"],validation_share=0.1}', "bundle.model=held_out"]
    return outcrop.run(run_file, out=run_file.parent / "run", overrides=[*hold_out, *overrides])


@pytest.mark.parametrize("kind", FAMILIES)
def test_the_integral_is_learned_and_told_on_a_finer_grid(run_file, tmp_path, no_report, kind):
    result = run(run_file, *FAMILIES[kind])
    entry = next(iter(result.metrics["promises"].values()))
    scores = {name: row["relative_l2"]["value"] for name, row in entry["test"]["baselines"].items()}
    own = entry["test"]["model"]["relative_l2"]
    assert entry["primary"] == "relative_l2" and own["low"] < own["value"] < own["high"]
    assert own["value"] < 0.35 * scores["mean_field"] and entry["verdict"]["mean_field"]["word"] == "beats"
    if kind == "fno1d":
        assert {"mean", "mean_field", "ridge_operator", "pod", "linear"} <= set(scores)
        assert scores["ridge_operator"] < 0.02 < own["value"]  # the operator is linear

    fine = outcrop.simulate("antiderivative", count=6, seed=9, samples=64, correlation_range=0.6)
    coarse = outcrop.simulate("antiderivative", count=6, seed=9, samples=16, correlation_range=0.6)
    model = outcrop.load(result.bundle)
    errors = {}
    for size, records in ((16, coarse), (64, fine)):
        f, u = (np.stack([r.data[n].to_numpy() for r in records]) for n in ("forcing", "solution"))
        told = model.predict(f=f)
        assert told.values.shape == u.shape == (6, size) and told.valid.shape == u.shape
        np.testing.assert_allclose(model.predict(f=f[0]).values, told.values[0], rtol=1e-4, atol=1e-5)
        errors[size] = np.mean(np.linalg.norm(told.values - u, axis=1) / np.linalg.norm(u, axis=1))
    assert errors[64] < 2.5 * errors[16] + 0.05

    files = save(fine, tmp_path / "fine")
    done = outcrop.predict(result.bundle, files, out=tmp_path / "out")
    assert [row["status"] for row in done.rows] == ["ok"] * 6 and done.rows[0]["predicted"] == 64


def test_records_of_several_sizes_are_no_batch(tmp_path, run_file):
    for samples in (16, 32):
        save(outcrop.simulate("antiderivative", count=3, seed=samples, samples=samples), tmp_path / "pairs")
    changes = ['data.source={pairs={files="pairs/*.nc"}}']
    with pytest.raises(ConfigError, match=r"16 and 32 samples along 'x'(?s:.*)Fix: train on records of one size"):
        outcrop.check(run_file, overrides=changes)


def test_baselines_of_fields_need_whole_records(run_file):
    changes = ["data.view.size={x=8}", "evaluate.baselines=['ridge_operator']", "train.steps=2"]
    with pytest.raises(DataError, match="whole records of one size"):
        run(run_file, *changes)


def test_arrays_have_the_axes_of_an_example(run_file, no_report):
    result = run(run_file, "train.steps=2", "evaluate.baselines=['mean']")
    with pytest.raises(DataError, match=r"The arrays have 3 axes; an example has x\.(?s:.*)Fix: pass arrays of 1 axes"):
        outcrop.load(result.bundle).predict(f=np.zeros((2, 3, 16)))
