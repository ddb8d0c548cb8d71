"""The state of a recurrent network carried over whole records: equal in chunks of any size, and what it changes."""

from types import SimpleNamespace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import outcrop
from outcrop.cli import _call
from outcrop.data.read import read
from outcrop.errors import ConfigError, DataError
from outcrop.evaluate.distribution import Head
from outcrop.model.table import build
from outcrop.run.carried import check_carried, predict_carried
from outcrop.run.solve import Mixture, predict_records
from outcrop.view.points import points
from outcrop.view.sequences import sequences

RUN = """[data]
source.gauges = {files = "basins.csv", group = "basin", axis = "date", units = {rain = "mm", flow = "mm"}}
view = {kind = "sequences", history = 40, spin_up = 15}
variable.RAIN = {from = ["rain"]}
target.FLOW = {from = ["flow"]}
[promise]
new = "basin"
test = ["B1"]
[model]
family = "gru"
width_size = 12
dropout = 0.0
[train]
steps = 8
batch_size = 16
warmup_steps = 2
[evaluate]
baselines = ["mean"]
optimism_gap = false
"""
MEAN = 'evaluate.baselines=["mean"]'


def reservoir(rain, share):
    """What leaves a store that empties by a share of what it holds each day: it remembers about 1 / share days."""
    held, out = 0.0, []
    for amount in rain:
        held += amount
        out.append(share * held)
        held -= out[-1]
    return np.array(out)


def basins(path, *, names=("B0", "B1", "B2", "B3"), days=200, share=0.02, seed=0):
    rng = np.random.default_rng(seed)
    frames = []
    for name in names:
        rain = rng.gamma(0.5, 8, days) * (rng.random(days) < 0.4)
        stamps = pd.date_range("2001-01-01", periods=days).strftime("%Y-%m-%d")
        frames.append(pd.DataFrame({"basin": name, "date": stamps, "rain": rain, "flow": reservoir(rain, share)}))
    pd.concat(frames).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory, pageless):
    """A model file trained for a few steps, one of its basins prepared, and the folder they lie in."""
    base = tmp_path_factory.mktemp("basins")
    basins(base / "basins.csv")
    (base / "run.toml").write_text(RUN)
    with pageless():
        result = outcrop.run(base / "run.toml", out=base / "run")
    model = outcrop.load(result.bundle)
    record, _ = model.prepare(read(base / "basins.csv", **model.bundle.provenance["reading"])[1])
    return SimpleNamespace(model=model, record=record, bundle=result.bundle, base=base)


def network(name, seed=0, out=1, **arguments):
    return build(name, in_channels=1, out=out, arguments={"width_size": 6, **arguments}, key=jax.random.key(seed))


@pytest.mark.parametrize(
    "mixture",
    [
        Mixture([network("gru", depth=2)], Head("point")),
        Mixture([network("lstm", 1, 2), network("rnn", 2, 2)], Head("gaussian")),
        Mixture([network("gru", 3, 3)], Head("class")),
    ],
    ids=["gru", "ensemble", "classes"],
)
def test_chunks_of_any_size_equal_one_scan_of_the_whole_record(trained, mixture):
    record = trained.record
    view, tables = trained.model.examples(record)
    whole = predict_carried(mixture, view, tables, record, chunk=200)
    for chunk in (1, 7, 199, 500, None):
        pieces = predict_carried(mixture, view, tables, record, chunk=chunk)
        np.testing.assert_allclose(pieces, whole, rtol=1e-4, atol=1e-6)
    if mixture.head.kind == "point":
        at_once = eqx.filter_jit(mixture.members[0])(jnp.asarray(tables[record.name].inputs))
        np.testing.assert_allclose(whole[15:], at_once[15:], rtol=1e-4, atol=1e-6)
    if mixture.head.kind == "class":
        np.testing.assert_allclose(whole[15:].sum(axis=1), 1, rtol=1e-5)
    assert np.isnan(whole[:15]).all() and np.isfinite(whole[15:]).all()


def test_it_differs_from_windows_by_what_came_before_them(trained):
    model, record = trained.model, trained.record

    def both(record):
        view, tables = model.examples(record)
        index = np.arange(len(view.origins))
        windowed = predict_records(model.mixture, view, tables, index, [record])[record.name]
        return windowed, predict_carried(model.mixture, view, tables, record)

    windowed, carried = both(record)
    np.testing.assert_allclose(carried[:40], windowed[:40], rtol=1e-4, atol=1e-6)  # nothing came before the first
    assert np.abs(carried[40:] - windowed[40:]).max() > 1e-4
    for start in (25, 75):  # a record that begins where a window begins is answered as the window is
        alone = both(record.with_data(record.data.isel(time=slice(start, start + 40))))[1]
        np.testing.assert_allclose(alone[15:], windowed[start + 15 : start + 40], rtol=1e-4, atol=1e-6)
    wetter = record.data["RAIN"].copy(deep=True)
    wetter[:25] += 50.0  # before the second window
    other, moved = both(record.with_data(record.data.assign(RAIN=wetter)))
    np.testing.assert_array_equal(other[40:], windowed[40:])
    assert np.abs(moved[40:] - carried[40:]).max() > 1e-5


def test_files_are_predicted_with_the_state_carried(trained, tmp_path):
    new = basins(tmp_path / "new.csv", names=("N0", "N1"), days=130, seed=3)
    found = {}
    for carry in (False, True):
        done = outcrop.predict(trained.bundle, new, out=tmp_path / f"{carry}", carry=carry)
        assert [row["predicted"] for row in done.rows] == [115, 115]
        found[carry] = pd.read_csv(tmp_path / f"{carry}" / "new.csv")["FLOW_PRED"].to_numpy()
    np.testing.assert_array_equal(np.isnan(found[True]), np.isnan(found[False]))
    assert np.nanmax(np.abs(found[True] - found[False])) > 1e-5
    asked = ["predict", str(trained.bundle), str(new), "--out", str(tmp_path / "cli"), "--carry"]
    assert _call(asked, False) == 0
    assert (tmp_path / "cli" / "new.csv").read_bytes() == (tmp_path / "True" / "new.csv").read_bytes()


def test_every_station_of_a_grid_has_a_state_of_its_own(tmp_path, quick_run):
    rng = np.random.default_rng(0)
    rain = rng.gamma(0.5, 8, (120, 5))
    flow = np.stack([reservoir(column, 0.05) for column in rain.T], axis=1)
    coords = {"time": pd.date_range("2001-01-01", periods=120), "station": [f"S{number}" for number in range(5)]}
    columns = {
        name: (("time", "station"), values, {"units": "mm"}) for name, values in (("rain", rain), ("flow", flow))
    }
    xr.Dataset(columns, coords).to_netcdf(tmp_path / "net.nc", engine="h5netcdf")
    text = RUN.replace(
        'files = "basins.csv", group = "basin", axis = "date", units = {rain = "mm", flow = "mm"}', 'files = "net.nc"'
    )
    (tmp_path / "run.toml").write_text(text.replace('"basin"\ntest = ["B1"]', '"station"\ntest = ["S1"]'))
    result, _ = quick_run(tmp_path / "run.toml", tmp_path / "run", MEAN)
    model = outcrop.load(result.bundle)
    record, _ = model.prepare(read(tmp_path / "net.nc")[0])
    view, tables = model.examples(record)
    carried = predict_carried(model.mixture, view, tables, record, chunk=50).reshape(120, 5)
    one = record.with_data(record.data.isel(station=[3]))
    alone = predict_carried(model.mixture, *model.examples(one), one).reshape(120)
    np.testing.assert_allclose(carried[15:, 3], alone[15:], rtol=1e-4, atol=1e-6)
    outcrop.predict(result.bundle, tmp_path / "net.nc", out=tmp_path / "out", carry=True)
    with xr.open_dataset(tmp_path / "out" / "net.nc", engine="h5netcdf") as after:
        assert after["FLOW_PRED"].dims == ("time", "station")
        assert np.isnan(after["FLOW_PRED"][:15]).all() and np.isfinite(after["FLOW_PRED"][15:]).all()


def test_windows_of_a_class_target_are_carried_too(wells, tmp_path, quick_run):
    changes = ["model.family=gru", "data.view.length=32", "model.bidirectional=false"]
    result, _ = quick_run(wells / "run.toml", tmp_path / "run", *changes)
    model = outcrop.load(result.bundle)
    record, _ = model.prepare(read(sorted((wells / "wells").glob("*.las"))[0])[0])
    windowed, carried = (model.predict_record(record, carry=carry).probabilities for carry in (False, True))
    there = np.isfinite(windowed).all(axis=1)
    np.testing.assert_array_equal(there, np.isfinite(carried).all(axis=1))
    np.testing.assert_allclose(carried[there].sum(axis=1), 1, rtol=1e-5)
    assert np.abs(carried - windowed)[there].max() > 1e-5


@pytest.mark.parametrize(
    ("arguments", "span", "draws", "words"),
    [
        ({"bidirectional": True}, {}, 0, r"(?s)knows the future.*Fix: without --carry"),
        ({"pool": "mean"}, {}, 0, r'(?s)knows the future.*Fix: .*pool = "none"'),
        ({"skip_steps": 40}, {}, 0, r"(?s)Skip has no state.*Fix: .*without skip_steps"),
        ({}, {"horizon": 5}, 0, r"(?s)begins anew.*Fix: without --carry; or simulate"),
        ({}, {}, 3, r"(?s)without dropout.*Fix: .*mc_dropout = 0"),
    ],
)
def test_where_there_is_no_state_to_carry_it_is_said(trained, arguments, span, draws, words):
    mixture = Mixture([network("gru", **arguments)], Head("point"), draws)
    with pytest.raises(ConfigError, match=words):
        check_carried(mixture, sequences([trained.record], 40, **span))


def test_points_have_no_state(trained):
    with pytest.raises(ConfigError, match=r"(?s)windows of one dimension.*Fix: .*kind = \"sequences\""):
        check_carried(Mixture([network("gru")], Head("point")), points([trained.record]))


def test_a_region_is_no_whole_record(trained, tmp_path):
    one = basins(tmp_path / "one.csv", names=("B9",))
    with pytest.raises(DataError, match=r"(?s)carried over whole records.*Fix: cut the file"):
        outcrop.predict(trained.bundle, one, out=tmp_path / "out", carry=True, region="time=2001-01-05:2001-02-05")
