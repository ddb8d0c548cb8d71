"""Baselines learn the target as the network does: the same transform, turned back to the unit of the target."""

import numpy as np

from outcrop.config.load import load
from outcrop.config.template import template_path
from outcrop.run import parts
from outcrop.run.ladder import Ladder, samples_of
from outcrop.run.problem import load_problem
from outcrop.run.solve import prepare


def test_ridge_regression_learns_anomalies_and_answers_in_degrees(tmp_path):
    config = load(template_path("forecast"), ["data.view.lead=0"])
    problem = load_problem(config, tmp_path)
    view = parts.view_of(problem)
    split = parts.with_labels(parts.splits_of(problem, view)[0], parts.labelled_examples(problem, view))
    normaliser, tables = prepare(problem, view, split)
    ladder = Ladder(problem, view, split, normaliser, tables)
    test = samples_of(problem, view, split.test, problem.labelled())
    truth = problem.records[0].data["SST_AHEAD"].to_numpy()[test.sample]
    for name in ("linear", "linear_window"):  # with no lead the target is among the inputs, so a line is exact
        error = ladder.predict(name, test, seed=0).values - truth
        assert np.abs(error).max() < 0.02, name
    assert abs(ladder.predict("mean", test, seed=0).values.mean() - 23) < 1
