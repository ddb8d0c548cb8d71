"""Networks of stations from a run file to predictions at other stations, for every graph family."""

import importlib
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import outcrop
from outcrop.run import parts
from outcrop.run.ladder import Ladder, samples_of
from outcrop.run.parts import labelled_examples, with_labels
from outcrop.run.solve import prepare, shown
from small_files import write_fesom
from station_files import stations

RUN = """[data]
source.net = {files = "net.nc"}
view = {kind = "graphs", nodes = "station", neighbours = 4}
variable.WIND = {from = ["wind"], unit = "m/s"}
target.TEMP = {from = ["temp"], unit = "degC"}
[promise]
new = "station"
test = ["NET0", "NET5", "NET7"]
[model]
family = "gcn"
width_size = 8
depth = 1
[train]
batch_size = 8
warmup_steps = 2
[evaluate]
optimism_gap = false
"""
HIDE, LATER = "data.view.hide=0.4", 'promise.later="2020-01-03"'
RUNS = {
    "gcn": [],
    "gat": [HIDE],
    "message_passing": [LATER, "data.view.context=[-1, 0]"],
    "encode_process_decode": [HIDE, LATER],
    "graph_interpolation": [HIDE, "data.view.interpolate=true", "loss.kind=gaussian"],
}


@pytest.fixture
def network(tmp_path):
    """Twelve stations and a run file."""
    stations(tmp_path / "net.nc")
    (tmp_path / "run.toml").write_text(RUN)
    return tmp_path / "run.toml"


def entry_of(result):
    return next(iter(result.metrics["promises"].values()))


@pytest.mark.parametrize("family", RUNS)
def test_stations_are_trained_on_and_others_predicted(network, tmp_path, quick_run, family):
    changes = [f"model.family={family}", 'evaluate.baselines=["mean"]', *RUNS[family]]
    result, _ = quick_run(network, tmp_path / "run", *changes)
    assert np.isfinite(entry_of(result)["test"]["model"]["rmse"]["value"])
    other = stations(tmp_path / "other.nc", count=7, hours=20, seed=5, unmeasured=3)
    done = outcrop.predict(result.bundle, other, out=tmp_path / "out")
    assert done.rows[0]["status"] == "ok" and done.rows[0]["predicted"] == 140
    before, after = (xr.open_dataset(path, engine="h5netcdf") for path in (other, tmp_path / "out" / "other.nc"))
    with before, after:
        assert after["TEMP_PRED"].dims == ("time", "station") and np.isfinite(after["TEMP_PRED"]).all()
        np.testing.assert_array_equal(before["temp"], after["temp"])
    assert outcrop.load(result.bundle).bundle.view["unit_m"] == 100_000


def test_a_rotation_ends_with_a_refit_on_whole_snapshots_and_the_gap_is_that_of_random_ones(
    network, tmp_path, quick_run
):
    changes = [HIDE, "evaluate.optimism_gap=true", "promise.folds=3", 'evaluate.baselines=["mean"]']
    text = network.read_text().replace('test = ["NET0", "NET5", "NET7"]\n', "")
    network.write_text(text)
    result, told = quick_run(network, tmp_path / "run", *changes)
    assert any("Refit on all 60 labelled examples" in sentence for sentence in told)
    assert np.isfinite(entry_of(result)["optimism_gap"]["random"])
    with xr.open_dataset(result.folder / "predictions.nc", engine="h5netcdf") as scored:
        assert "input_WIND" in scored and "input_TEMP_KNOWN" not in scored


@pytest.mark.parametrize("changes", [[HIDE], [HIDE, LATER]], ids=["new", "new and later"])
def test_nothing_scored_reads_what_is_hidden(network, changes):
    """Other values of the target at the tested nodes change no baseline's answer there, and no network's inputs."""
    checked = outcrop.check(network, overrides=changes)
    problem, view = checked.problem, checked.view
    assert checked.splits[0].groups["test"] == ("NET0", "NET5", "NET7")
    split = with_labels(checked.splits[0], labelled_examples(problem, view))
    test = samples_of(problem, view, split.test, problem.labelled())
    record = problem.records[0]
    names = ("TEMP", "TEMP_KNOWN")
    changed = {name: record.data[name].copy(deep=True) for name in names}
    for column in changed.values():
        column.values.ravel()[test.sample] += 100.0
    other = replace(problem, records=[record.with_data(record.data.assign(changed))])
    found = {}
    for which, one in (("as measured", problem), ("otherwise", other)):
        normaliser, tables = prepare(one, view, split)
        ladder = Ladder(one, view, split, normaliser, tables)
        names = importlib.import_module("outcrop.run.ladder").names_of(one, view)
        answers = {name: ladder.predict(name, test, seed=0).values for name in names}
        inputs = view.gather(tables, split.test).inputs
        nearest = shown(tables[record.name], view)[test.sample]
        found[which] = {**answers, "inputs": inputs, "for the area of validity": nearest}
    assert {"linear", "boosted_trees", "inverse_distance", "kriging"} <= set(found["otherwise"])
    for name, values in found["as measured"].items():
        np.testing.assert_array_equal(values, found["otherwise"][name], err_msg=name)


def test_a_measured_node_is_predicted_without_its_own_value_and_from_others(network, tmp_path, quick_run):
    result, _ = quick_run(
        network, tmp_path / "run", HIDE, 'evaluate.baselines=["mean"]', "model.family=message_passing"
    )
    model = outcrop.load(result.bundle)
    other = stations(tmp_path / "other.nc", count=7, hours=4, seed=5, unmeasured=2)
    record, _ = model.prepare(importlib.import_module("outcrop.data.read").read(other)[0])
    values = record.data["TEMP_KNOWN"].copy(deep=True)
    values[:, 0] += 20.0
    before, after = (model.predict_record(one).values.reshape(4, 7) for one in (
        record, record.with_data(record.data.assign(TEMP_KNOWN=values)),
    ))  # fmt: skip
    assert np.isfinite(before).all()
    np.testing.assert_allclose(before[:, 0], after[:, 0], rtol=1e-5)
    assert (before[:, 1:] != after[:, 1:]).any()


def test_the_nodes_of_a_mesh_are_linked_by_its_elements(tmp_path):
    write_fesom(tmp_path / "nod2d.out")
    (tmp_path / "run.toml").write_text("""[data]
source.ocean = {files = "nod2d.out", fields = "temp.nc", units = {temp = "degC"}}
view = {kind = "graphs", edges = "mesh", hide = 0.5}
variable.floor = {from = ["bottom_depth"], unit = "m"}
target.TEMP = {from = ["temp"], unit = "degC"}
[promise]
area = {along = "longitude", block_m = 1}
folds = 2
[model]
family = "gcn"
[evaluate]
optimism_gap = false
""")
    checked = outcrop.check(tmp_path / "run.toml")
    graph = parts.view_of(checked.problem).graph(0)
    linked = set(zip(graph.senders.tolist(), graph.receivers.tolist(), strict=True))
    assert {(0, 1), (1, 0), (0, 2), (8, 9)} <= linked and (0, 3) not in linked and len(linked) == 2 * 17
    assert checked.problem.records[0].flat("floor").tolist() == [20.0] * 30
