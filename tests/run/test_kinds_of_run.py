"""The same loop for other questions: numbers, forecasts, small tables, other families, limits and odd names."""

import csv

import numpy as np
import pytest

import outcrop
from outcrop.errors import NonFiniteError
from synthetic_wells import field, las, run_file, well

NUMBER = {
    '[data.target.FACIES]\nclasses = {10 = "Sand", 20 = "Shale", 30 = "Lime"}': (
        '[data.target.PERM]\nunit = "mD"\ntransform = "log10"'
    ),
    '["majority", "nearest_neighbours"]': '["mean", "linear"]',
    "[train]": '[loss]\nkind = "mse"\n[train]',
}
NO_ARGUMENTS = {"width_size = 16\ndepth = 1\n": ""}


def entry_of(result):
    return next(iter(result.metrics["promises"].values()))


def test_number_with_log10(tmp_path, quick_run):
    field(tmp_path / "wells")
    run_file(tmp_path, replace=NUMBER)
    result, _ = quick_run(tmp_path / "run.toml", tmp_path / "run", "train.steps=60", "evaluate.baselines=['mean']")
    entry = entry_of(result)
    assert entry["unit"] == "mD" and {"rmse", "mae", "r2"} <= set(entry["test"]["model"])
    outcrop.predict(result.bundle, tmp_path / "wells" / "Alpha-2.las", out=tmp_path / "out")
    import lasio

    new = lasio.read(tmp_path / "out" / "Alpha-2.las")
    assert new.curves["PERM_PRED"].unit == "mD" and (new["PERM_PRED"] > 0).all()
    truth = np.log10(new["PERM"])
    assert np.sqrt(np.mean((np.log10(new["PERM_PRED"]) - truth) ** 2)) < 0.9 * truth.std()
    assert set(new["PERM_VALID"]) <= {0.0, 1.0}


SMALL = {
    "unet1d": "widths=[4, 8]",
    "resnet1d": "dilations=[1]",
    "cnn1d": "widths=[4]",
    "transformer": "depth=1",
    "rnn": "width_size=8",
    "lstm": "width_size=8",
    "gru": "bidirectional=true",
    "autoencoder1d": "widths=[4, 8]",
}


@pytest.mark.parametrize("family", SMALL)
def test_window_families_by_one_setting(wells, tmp_path, quick_run, family):
    base = run_file(tmp_path, wells / "wells", replace=NO_ARGUMENTS)
    result, _ = quick_run(
        base,
        tmp_path / "run",
        f"model.family={family}",
        f"model.{SMALL[family]}",
        "train.batch_size=8",
        "train.steps=4",
        "data.view.length=32",
    )
    assert outcrop.load(result.bundle).bundle.view["kind"] == "windows"
    assert entry_of(result)["test"]["model"]["accuracy"]["value"] >= 0
    out = outcrop.predict(result.bundle, wells / "wells" / "Alpha-2.las", out=tmp_path / "out", write=["probabilities"])
    assert out.rows[0]["predicted"] == 320


SLOW = [
    pytest.param(name, marks=pytest.mark.slow) for name in ("unet2d", "resnet2d", "autoencoder2d", "unet3d", "cnn3d")
]


@pytest.mark.parametrize("family", ["cnn2d", "vit", "resnet3d", *SLOW])
def test_patch_families_by_one_setting(tmp_path, quick_run, family):
    """A cube whose target is its input smoothed, held out by blocks along the inlines."""
    import xarray as xr

    rng = np.random.default_rng(0)
    a = rng.normal(size=(48, 16, 16))
    b = sum(np.roll(a, shift, axis=2) for shift in (-1, 0, 1)) / 3
    dims = ("inline", "y", "x")
    axes = {dim: np.arange(size, dtype=float) for dim, size in zip(dims, a.shape, strict=True)}
    curves = {"a": (dims, a.astype("f4"), {"units": "1"}), "b": (dims, b.astype("f4"), {"units": "1"})}
    xr.Dataset(curves, coords=axes).to_netcdf(tmp_path / "cube.nc")
    size = "{inline = 4, y = 8, x = 8}" if family.endswith("3d") else "{y = 8, x = 8}"
    (tmp_path / "run.toml").write_text(
        f"""
[data]
source.cube = {{files = "cube.nc"}}

view = {{kind = "patches", size = {size}}}
variable.A = {{from = ["a"]}}
target.B = {{from = ["b"]}}
[promise]
area = {{along = "inline", block_m = 12, buffer_m = 1}}
folds = 3
[model]
family = "{family}"
[train]
steps = 4
"""
    )
    result, _ = quick_run(
        tmp_path / "run.toml", tmp_path / "run", "train.steps=4", "train.batch_size=4", "evaluate.baselines=['mean']"
    )
    outcrop.predict(result.bundle, tmp_path / "cube.nc", out=tmp_path / "out")
    with xr.open_dataset(tmp_path / "out" / "cube.nc") as told:
        written = told["B_PRED"].to_numpy()
    assert np.isfinite(written).all() and written.std() > 0


def test_variational_autoencoders_need_their_loss(tmp_path, quick_run):
    field(tmp_path / "wells")
    changes = {**NUMBER, **NO_ARGUMENTS}
    base = run_file(tmp_path, replace=changes)
    small = ["model.family=vae1d", "model.widths=[4, 8]", "data.view.length=32", "evaluate.baselines=['mean']"]
    with pytest.raises(outcrop.errors.ConfigError, match='kind = "elbo"'):
        quick_run(base, tmp_path / "wrong", *small)
    result, _ = quick_run(base, tmp_path / "run", *small, "loss.kind=elbo", "loss.kl_weight=0.01")
    assert np.isfinite(entry_of(result)["test"]["model"]["rmse"]["value"])
    rows = list(csv.DictReader((result.folder / "history.csv").open()))
    assert all(float(row["kl"]) > 0 and float(row["reconstruction"]) > 0 for row in rows)


def monthly(path, years=24):
    """A CSV of one station: a yearly cycle and some memory."""
    rng, stamps = np.random.default_rng(3), np.arange("1980-01", f"{1980 + years}-01", dtype="datetime64[M]")
    noise = np.zeros(len(stamps))
    for i in range(1, len(noise)):
        noise[i] = 0.7 * noise[i - 1] + rng.normal()
    values = 10 + 5 * np.sin(2 * np.pi * np.arange(len(stamps)) / 12) + noise
    path.write_text("time,flow\n" + "\n".join(f"{s}-01,{v:.3f}" for s, v in zip(stamps, values, strict=True)) + "\n")
    return stamps


FORECAST = """[data]
source.gauge = {{files = "{wells}", axis = "time", units = {{flow = "m3/s"}}}}
view = {{kind = "points", context = [-11, -6, -1, 0], lead = 3}}
variable.FLOW = {{from = ["flow"], unit = "m3/s"}}
target.AHEAD = {{from = ["flow"], unit = "m3/s"}}
[promise]
later = "1998-01-01"
validation_from = "1995-01-01"
[model]
family = "mlp"
width_size = 8
depth = 1
members = 2
[train]
learning_rate = 1e-2
warmup_steps = 2
[evaluate]
baselines = ["persistence", "climatology"]
"""


def test_forecast_of_a_monthly_table(tmp_path, quick_run):
    stamps = monthly(tmp_path / "gauge.csv")
    run_file(tmp_path, "gauge.csv", text=FORECAST)
    result, told = quick_run(
        tmp_path / "run.toml", tmp_path / "run", "train.steps=40", 'evaluate.baselines=["persistence", "climatology"]'
    )
    assert set(entry_of(result)["test"]["baselines"]) == {"persistence", "climatology"}
    outcrop.predict(result.bundle, tmp_path / "gauge.csv", out=tmp_path / "out")
    import pandas as pd

    table = pd.read_csv(tmp_path / "out" / "gauge.csv")
    assert list(table)[:2] == ["time", "flow"] and len(table) == len(stamps)
    assert table["AHEAD_PRED"][:3].isna().all() and table["AHEAD_PRED"][3:].notna().all()
    assert any("1998" in sentence for sentence in told)
    model, flow = outcrop.load(result.bundle), table["flow"].to_numpy()
    moved = flow.copy()
    moved[-1] = 1e4  # what is read three months earlier cannot know it
    before, after = model.predict(FLOW=flow), model.predict(FLOW=moved)
    np.testing.assert_array_equal(before.distance, after.distance)
    assert np.isnan(before.distance[:3]).all() and np.isfinite(before.distance[3:]).all()
    short = model.predict(FLOW=[1.0, 2.0])  # shorter than the lead
    assert np.isnan(short.values).all() and np.isnan(short.valid).all()


TABLE = """[data]
source.samples = {{files = "{wells}", units = {{grade = "g/t"}}}}
variable.A = {{from = ["a"]}}
variable.B = {{from = ["b"], missing = "mask"}}
target.GRADE = {{from = ["grade"], unit = "g/t"}}
[promise]
same_population = "drawn at random"
folds = 3
[model]
family = "mlp"
width_size = 8
depth = 1
[train]
warmup_steps = 2
"""


def test_same_population_with_folds(tmp_path, quick_run):
    rng = np.random.default_rng(0)
    rows = [
        f"{a:.3f},{'' if i % 9 == 0 else f'{b:.3f}'},{2 * a - b + 0.5 * c:.3f}"
        for i, (a, b, c) in enumerate(rng.normal(size=(120, 3)))
    ]
    (tmp_path / "samples.csv").write_text("a,b,grade\n" + "\n".join(rows) + "\n")
    run_file(tmp_path, "samples.csv", text=TABLE)
    result, told = quick_run(tmp_path / "run.toml", tmp_path / "run", 'evaluate.baselines=["mean"]')
    assert len(result.metrics["promises"]["same_population"]["folds"]) == 3
    assert any("drawn at random" in sentence for sentence in told)
    assert outcrop.load(result.bundle).bundle.scores["model"] == "refit"


def test_max_minutes_ends_training_and_the_run_goes_on(wells, tmp_path, quick_run):
    _, told = quick_run(wells / "run.toml", tmp_path / "run", "train.max_minutes=1e-6", "train.steps=100000")
    assert any("minutes" in sentence and sentence.startswith("Training") for sentence in told)
    assert (tmp_path / "run" / "metrics.json").exists()


def test_nan_in_training_is_explained(wells, tmp_path, quick_run):
    changes = ["train.learning_rate=1e38", "train.optimiser=sgd", "train.warmup_steps=0", "train.clip_norm=0"]
    with pytest.raises(
        NonFiniteError, match=r"not finite at step \d+.*\n.*training diverged\nFix: .*learning_rate ten"
    ):
        quick_run(wells / "run.toml", tmp_path / "run", *changes)
    assert not (tmp_path / "run" / "metrics.json").exists()


def test_names_of_wells_in_any_script(tmp_path, quick_run):
    names = ("Ålesund-1", "Скважина-2", "井-3", "well with blanks 4", "31/5-4 S")
    (tmp_path / "wells").mkdir()
    for number, name in enumerate(names):
        las(tmp_path / "wells" / f"w{number}.las", well(number), name=name)
    run_file(tmp_path, replace={'test = ["Alpha-2", "Delta-1"]': 'test = ["井-3", "31/5-4 S"]'})
    result, _ = quick_run(tmp_path / "run.toml", tmp_path / "run")
    assert {row["record"] for row in entry_of(result)["per_record"]} == {"井-3", "31/5-4 S"}
    outcrop.predict(result.bundle, tmp_path / "wells" / "w2.las", out=tmp_path / "out")
    assert "WELL. 井-3" in (tmp_path / "out" / "w2.las").read_text("utf-8")


def test_run_without_a_bundle(wells, tmp_path, quick_run):
    result, _ = quick_run(wells / "run.toml", tmp_path / "run", "bundle.model=none")
    assert result.bundle is None and not (tmp_path / "run" / "model.outcrop").exists()
