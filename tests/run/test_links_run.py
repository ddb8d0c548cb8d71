"""Targets on the links of a network, and of a network as a whole, from a run file to predictions on other networks."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import outcrop
from link_files import pipes, river
from outcrop.errors import DataError
from outcrop.run.ladder import Ladder, names_of, samples_of
from outcrop.run.parts import labelled_examples, with_labels
from outcrop.run.solve import prepare

HELD = [f"PIPE{number}" for number in (1, 4, 9, 13, 17, 22, 26, 30, 34, 38, 41, 45)]
PIPES = f"""[data]
source.net = {{files = "net.nc", format = "links"}}
view = {{kind = "graphs", edges = "adjacent"}}
variable.FIRST = {{from = ["head_FROM"], unit = "m"}}
variable.LAST = {{from = ["head_TO"], unit = "m"}}
variable.COND = {{from = ["conductance"], unit = "m2/s"}}
target.FLOW = {{from = ["flow"], unit = "m3/s"}}
[promise]
new = "link"
test = {HELD}
[model]
family = "message_passing"
width_size = 16
depth = 1
[train]
steps = 600
batch_size = 10
learning_rate = 1e-2
[evaluate]
optimism_gap = false
"""
RIVERS = """[data]
source.net = {files = "rivers/*.csv", format = "links", link = "reach"}
view = {kind = "graphs", edges = "downstream"}
variable.RUNOFF = {from = ["runoff"]}
target.Q = {from = ["discharge"]}
[promise]
new = "record"
folds = 2
[model]
family = "message_passing"
width_size = 16
depth = 1
aggregation = "sum"
[train]
steps = 300
batch_size = 8
learning_rate = 1e-2
[evaluate]
optimism_gap = false
"""


def scores(result):
    test = next(iter(result.metrics["promises"].values()))["test"]
    return test["model"]["rmse"]["value"], {name: row["rmse"]["value"] for name, row in test["baselines"].items()}


@pytest.fixture
def net(tmp_path):
    """Fifty pipes and a run file."""
    pipes(tmp_path / "net.nc")
    (tmp_path / "run.toml").write_text(PIPES)
    return tmp_path / "run.toml"


def test_flow_in_new_pipes_is_conductance_times_difference_of_heads(net, tmp_path, no_report):
    result = outcrop.run(net, out=tmp_path / "run")
    model, others = scores(result)
    assert {"mean", "linear", "nearest_neighbours", "boosted_trees"} <= set(others)
    assert model < 0.5 * min(others.values())
    other = pipes(tmp_path / "other.nc", tanks=12, count=30, days=5, seed=4)
    done = outcrop.predict(result.bundle, other, out=tmp_path / "out")
    assert done.rows[0]["status"] == "ok" and done.rows[0]["predicted"] == 150
    with xr.open_dataset(tmp_path / "out" / "other.nc", engine="h5netcdf") as after:
        assert after["FLOW_PRED"].dims == ("time", "link")
        inside = after["FLOW_VALID"].to_numpy() == 1
        error = (after["FLOW_PRED"] - after["flow"]).to_numpy()[inside]
        assert inside.mean() > 0.3 and np.sqrt((error**2).mean()) < 0.3 * float(after["flow"].std())


def test_a_held_out_link_is_read_by_nobody_in_training_and_its_flow_by_nobody_at_all(net):
    checked = outcrop.check(net)
    problem, view = checked.problem, checked.view
    split = with_labels(checked.splits[0], labelled_examples(problem, view))
    record = problem.records[0]
    held = np.isin(record.data["link"].to_numpy(), HELD)
    test = samples_of(problem, view, split.test, problem.labelled())
    assert set(record.place[test.sample]) == set(np.flatnonzero(held))
    for index in np.r_[split.train, split.validation]:
        assert not held[view.origins[int(index)].reads["link"]].any()

    def found(*changed):
        columns = {name: record.data[name].copy(deep=True) for name in changed}
        for column in columns.values():
            column.values[:, held] += 100.0
        one = replace(problem, records=[record.with_data(record.data.assign(columns))])
        normaliser, tables = prepare(one, view, split)
        ladder = Ladder(one, view, split, normaliser, tables)
        told = {name: ladder.predict(name, test, seed=0).values for name in names_of(one, view)}
        training = view.gather(tables, split.train)
        return {**told, "training": training.inputs, "tested": view.gather(tables, split.test).inputs}

    measured, otherwise = found(), found("FLOW")
    assert {"linear", "boosted_trees", "nearest_neighbours"} <= set(measured)
    for name, values in measured.items():
        np.testing.assert_array_equal(values, otherwise[name], err_msg=name)
    moved = found("FIRST", "COND")
    np.testing.assert_array_equal(measured["training"], moved["training"])
    assert (measured["tested"] != moved["tested"]).any()


def test_a_pipe_the_other_way_is_a_leak_unless_pairs_are_held_out_together(tmp_path):
    pipes(tmp_path / "net.nc", twin=True)
    (tmp_path / "run.toml").write_text(PIPES.replace('"PIPE1",', '"PIPE0",').replace(str(HELD), '["PIPE0", "PIPE9"]'))
    checked = outcrop.check(tmp_path / "run.toml")
    assert checked.refused and any("PIPE0 to PIPE49: 0 m" in finding.place for finding in checked.findings)
    pair = ['promise.new="pair"', 'promise.test=["TANK0 - TANK1", "TANK1 - TANK2"]']
    checked = outcrop.check(tmp_path / "run.toml", overrides=pair)
    assert not checked.refused and checked.splits[0].groups["test"] == ("TANK0 - TANK1", "TANK1 - TANK2")


def test_discharge_gathers_what_runs_off_above(tmp_path):
    (tmp_path / "rivers").mkdir()
    for number in range(24):
        river(tmp_path / "rivers" / f"basin{number:02}.csv", seed=number)
    (tmp_path / "run.toml").write_text(RIVERS)
    result = outcrop.run(tmp_path / "run.toml", out=tmp_path / "run")  # with its report
    model, others = scores(result)
    assert model < 0.3 * min(others.values())
    new = river(tmp_path / "new.csv", reaches=20, seed=99)
    assert outcrop.predict(result.bundle, new, out=tmp_path / "out").rows[0]["predicted"] == 20
    before, after = pd.read_csv(new), pd.read_csv(tmp_path / "out" / "new.csv")
    pd.testing.assert_frame_equal(after[before.columns], before)
    assert np.sqrt(((after["Q_PRED"] - after["discharge"]) ** 2).mean()) < 0.3 * after["discharge"].std()


def test_links_without_places_are_drawn_by_their_numbers(tmp_path):
    pipes(tmp_path / "net.nc", places=False)
    (tmp_path / "run.toml").write_text(PIPES)
    changes = ["train.steps=8", 'evaluate.baselines=["mean"]', 'data.view.edges="downstream"', "data.view.hide=0.5"]
    result = outcrop.run(tmp_path / "run.toml", out=tmp_path / "run", overrides=changes)
    assert result.report.is_file() and np.isfinite(scores(result)[0])


def test_edges_between_links_need_links(tmp_path):
    pipes(tmp_path / "net.nc")
    changed = PIPES.replace(', format = "links"', ', samples = ["time", "node"]').replace("head_FROM", "head")
    changed = changed.replace('variable.LAST = {from = ["head_TO"], unit = "m"}\n', "").replace('"link"', '"node"')
    changed = changed.replace('variable.COND = {from = ["conductance"], unit = "m2/s"}\n', "")
    changed = changed.replace('from = ["flow"], unit = "m3/s"', 'from = ["head"], unit = "m"')
    (tmp_path / "run.toml").write_text(changed)
    with pytest.raises(DataError, match=r'(?s)are no links between nodes.*Fix: source.NAME.format = "links"'):
        outcrop.check(tmp_path / "run.toml")


def test_one_answer_for_a_whole_network(tmp_path, no_report):
    """A target without the dimension of the nodes, and a network that pools, answer for the graph as a whole."""
    rng = np.random.default_rng(0)
    level = rng.normal(size=(200, 9)) * rng.uniform(0.3, 3, (200, 1))
    place = {name: ("node", rng.uniform(0, 1e4, 9), {"units": "m"}) for name in ("easting", "northing")}
    stamps = np.datetime64("2020-01-01", "ns") + np.arange(200) * np.timedelta64(1, "D")
    columns = {"x": (("time", "node"), level, {"units": "m"}), "size": ("time", np.abs(level).mean(1), {"units": "m"})}
    data = xr.Dataset(columns, {"time": stamps, "node": [f"N{number}" for number in range(9)], **place})
    data.to_netcdf(tmp_path / "net.nc", engine="h5netcdf")
    (tmp_path / "run.toml").write_text("""[data]
source.net = {files = "net.nc"}
view = {kind = "graphs", neighbours = 3}
variable.X = {from = ["x"], unit = "m"}
target.SIZE = {from = ["size"], unit = "m"}
[promise]
later = "2020-05-01"
[model]
family = "message_passing"
width_size = 16
depth = 1
pool = "mean"
[train]
steps = 300
batch_size = 16
learning_rate = 1e-2
[evaluate]
optimism_gap = false
""")
    result = outcrop.run(tmp_path / "run.toml", out=tmp_path / "run")
    model, others = scores(result)
    assert model < 0.3 * min(others.values())
    outcrop.predict(result.bundle, tmp_path / "net.nc", out=tmp_path / "out")
    with xr.open_dataset(tmp_path / "out" / "net.nc", engine="h5netcdf") as after:
        np.testing.assert_allclose(after["SIZE_PRED"].std("node"), 0, atol=1e-5)
