"""Fields in time from a run file to predictions, by a ConvLSTM and, with one line changed, by networks of images."""

import jax
import numpy as np
import pytest
import xarray as xr

import outcrop
from outcrop.config.load import load
from outcrop.data.normalise import Normaliser
from outcrop.run.inspect import inspect
from outcrop.run.parts import network, view_of
from outcrop.run.problem import load_problem

RUN = """[data]
source.field = {files = "field.nc"}
view = {history = 4, horizon = 3, size = {y = 4, x = 6}, past_target = true, unknown_future = "last"}
variable.hour = {from = ["time"], transform = "sin_cos:1"}
target.TEMP = {from = ["t"], unit = "degC", transform = "anomaly:hour,place"}
[promise]
later = "2001-01-06"
validation_from = "2001-01-05"
[model]
family = "convlstm"
skip_steps = 7
skip_begins = "persistence"
[train]
steps = 4
batch_size = 4
[evaluate]
optimism_gap = false
"""


def written(path, seed=0):
    """A week of hours on 4 x 6 places: a daily cycle of each place's own, and a slow common anomaly."""
    rng = np.random.default_rng(seed)
    hours = np.arange("2001-01-01", "2001-01-08", dtype="datetime64[h]").astype("datetime64[ns]")
    swing = np.linspace(1, 4, 24).reshape(4, 6)
    cycle = 10 * swing + swing * np.sin(np.arange(len(hours)) * 2 * np.pi / 24)[:, None, None]
    values = cycle + 0.2 * rng.normal(size=len(hours)).cumsum()[:, None, None] + 0.05 * rng.normal(size=cycle.shape)
    coords = {"time": hours, "y": np.arange(4.0), "x": np.arange(6.0)}
    field = xr.Dataset({"t": (("time", "y", "x"), values.astype("f4"), {"units": "degC"})}, coords)
    field.to_netcdf(path, engine="h5netcdf")
    return path


@pytest.mark.parametrize("family", ["convlstm", "unet2d", pytest.param("resnet2d", marks=pytest.mark.slow)])
def test_maps_are_forecast_by_one_setting(tmp_path, quick_run, family):
    written(tmp_path / "field.nc")
    (tmp_path / "run.toml").write_text(RUN)
    small = "model.widths=[4, 8]" if family == "unet2d" else "model.width_size=4"
    ladder = "evaluate.baselines=['climatology', 'anomaly_persistence', 'linear']"
    changes = [f"model.family={family}", small, ladder]
    result, _ = quick_run(tmp_path / "run.toml", tmp_path / "run", *changes)
    entry = next(iter(result.metrics["promises"].values()))
    assert [row["lead"] for row in entry["by_lead"]] == [1, 2, 3]
    scores = {name: entry["test"]["baselines"][name]["rmse"]["value"] for name in entry["test"]["baselines"]}
    assert scores["anomaly_persistence"] < 0.5 < scores["climatology"]
    done = outcrop.predict(result.bundle, written(tmp_path / "other.nc", seed=1), out=tmp_path / "out")
    assert done.rows[0]["status"] == "ok"
    with xr.open_dataset(tmp_path / "out" / "other.nc", engine="h5netcdf") as told:
        values, truth = told["TEMP_PRED"].to_numpy(), told["t"].to_numpy()
    assert np.isnan(values[:4]).all() and np.isfinite(values[4:]).all()
    assert np.sqrt(np.mean((values[4:] - truth[4:]) ** 2)) < 4  # the levels of the places lie between 10 and 40
    found = inspect(result.bundle, figure=tmp_path / "network.png")
    last = next(row for row in found.layers if row.layer.endswith("last"))
    assert last.output == ((4, 6, 3) if family != "convlstm" else (7, 4, 6, 1))  # steps as channels, or as steps
    assert (tmp_path / "network.png").stat().st_size > 5000


@pytest.mark.parametrize(
    "change", ["data.view.unknown_future=mean", "data.view.past_target=false", "model.skip_steps=0"]
)
def test_a_line_begins_as_persistence_only_where_the_last_value_is_there(tmp_path, change):
    written(tmp_path / "field.nc")
    (tmp_path / "run.toml").write_text(RUN)
    with pytest.raises(outcrop.errors.ConfigError, match="past_target = true"):
        outcrop.check(tmp_path / "run.toml", overrides=[change])


def test_before_training_a_line_that_begins_as_persistence_is_the_last_anomaly(tmp_path):
    """The score of the baseline `anomaly_persistence`, but for the scale of units: the network adds nothing yet."""
    written(tmp_path / "field.nc")
    (tmp_path / "run.toml").write_text(RUN)
    problem = load_problem(load(tmp_path / "run.toml", []), tmp_path)
    view = view_of(problem)
    normaliser = Normaliser.fit(problem.records, problem.variables, {"field": [(0, 96 * 24)]})
    model = network(problem, view, normaliser, jax.random.key(0))
    x = view.gather({r.name: normaliser.encode(r) for r in problem.records}, np.array([8])).inputs[0]
    assert np.abs(model.network(x)).max() > 0.01
    past = normaliser.channels.index("TEMP_PAST")
    np.testing.assert_allclose(model(x)[4:], np.broadcast_to(x[3, ..., past, None], (3, 4, 6, 1)), rtol=1e-5, atol=1e-5)


def test_the_future_of_a_map_changes_no_forecast_that_is_made_before_it(tmp_path):
    written(tmp_path / "field.nc")
    (tmp_path / "run.toml").write_text(RUN)
    problem = load_problem(load(tmp_path / "run.toml", []), tmp_path)
    view = view_of(problem)
    assert view.input_shape(1) == (7, 4, 6, 1)
    late = np.flatnonzero(view.start >= 92)[:1]  # what the statistics are taken from lies before its future

    def gathered(problem):
        normaliser = Normaliser.fit(problem.records, problem.variables, {"field": [(0, 96 * 24)]})
        return view.gather({r.name: normaliser.encode(r) for r in problem.records}, late).inputs

    before = gathered(problem)
    with xr.open_dataset(tmp_path / "field.nc", engine="h5netcdf") as field:
        changed = field.load()
    changed["t"][int(view.start[late[0]]) + 4 :] += 50.0
    changed.to_netcdf(tmp_path / "field.nc", engine="h5netcdf")
    np.testing.assert_array_equal(gathered(load_problem(load(tmp_path / "run.toml", []), tmp_path)), before)
