"""Baselines learn the target as the network does: the same transform, turned back to the unit of the target."""

import numpy as np

from outcrop.config.load import load
from outcrop.config.template import template_path
from outcrop.run import parts
from outcrop.run.ladder import Ladder, samples_of
from outcrop.run.problem import load_problem
from outcrop.run.solve import prepare
from outcrop.run.splitting import splits_of


def test_ridge_regression_learns_anomalies_and_answers_in_degrees(tmp_path):
    config = load(template_path("forecast"), ["data.view.lead=0"])
    problem = load_problem(config, tmp_path)
    view = parts.view_of(problem)
    split = parts.with_labels(splits_of(problem, view)[0], parts.labelled_examples(problem, view))
    normaliser, tables = prepare(problem, view, split)
    ladder = Ladder(problem, view, split, normaliser, tables)
    test = samples_of(problem, view, split.test, problem.labelled())
    truth = problem.records[0].data["SST_AHEAD"].to_numpy()[test.sample]
    for name in ("linear", "linear_window"):  # with no lead the target is among the inputs, so a line is exact
        error = ladder.predict(name, test, seed=0).values - truth
        assert np.abs(error).max() < 0.02, name
    assert abs(ladder.predict("mean", test, seed=0).values.mean() - 23) < 1


STATIONS = """[data]
source.gauges = {files = "gauges.csv", group = "station", axis = "time", units = {flow = "m3/s"}}
groups = {station = "station"}
view = {kind = "points", context = [0], lead = 1}
variable.FLOW = {from = ["flow"], unit = "m3/s"}
target.AHEAD = {from = ["flow"], unit = "m3/s"}
[promise]
later = "1998-01-01"
[model]
family = "mlp"
"""


def test_every_station_has_its_own_calendar(tmp_path):
    spans = {"A": ("1990-01", "2002-01"), "B": ("1992-06", "2000-03")}
    rows = [
        f"{s},{m}-01,{int(str(m)[-2:])}" for s, span in spans.items() for m in np.arange(*span, dtype="datetime64[M]")
    ]
    (tmp_path / "gauges.csv").write_text("station,time,flow\n" + "\n".join(rows) + "\n")
    (tmp_path / "run.toml").write_text(STATIONS)
    problem = load_problem(load(tmp_path / "run.toml"), tmp_path)
    view = parts.view_of(problem)
    split = parts.with_labels(splits_of(problem, view)[0], parts.labelled_examples(problem, view))
    normaliser, tables = prepare(problem, view, split)
    ladder = Ladder(problem, view, split, normaliser, tables)
    test = samples_of(problem, view, split.test, problem.labelled())
    assert set(test.record) == {0, 1}
    column = np.concatenate([record.data["AHEAD"].to_numpy() for record in problem.records])
    truth = column[test.record * len(problem.records[0]) + test.sample]  # the value is the number of the month
    np.testing.assert_allclose(ladder.predict("climatology", test, seed=0).values, truth)
