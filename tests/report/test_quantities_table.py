"""The table of numbers read off fields: the truth first, contenders by error, percentiles in the same digits."""

import numpy as np

from outcrop.evaluate.breakdown import Extras
from outcrop.evaluate.scored import Scored
from outcrop.evaluate.summary import Question, summarise
from outcrop.report.quantities import quantities
from outcrop.report.scores import Promise
from outcrop.report.words import MetricWords


def promise(**declared):
    rng = np.random.default_rng(0)
    target = rng.normal(size=(6, 4)).cumsum(axis=1)
    told = {"model": target + 0.1, "mean": np.zeros_like(target)}
    scored = Scored(
        np.repeat(np.arange(6), 4), tuple("ABCDEF"), np.tile(np.arange(4.0), 6), target.ravel(),
        {name: values.ravel() for name, values in told.items()}, unit="K",
    )  # fmt: skip
    entry = summarise(scored, Question("new = record", "record", ("rmse",), draws=100), Extras(quantities=declared))
    return Promise("new = record", entry, "rmse", MetricWords("root mean square error", "lower", "K")), target


def test_truth_then_contenders_by_error_with_their_percentiles():
    told, target = promise(peak="max", level="mean")
    rows = [[cell.text for cell in row] for row in quantities(told).cells()]
    assert [row[:2] for row in rows[:3]] == [["peak: highest value (K)", "truth"], ["", "this model"], ["", "mean"]]
    assert rows[3][0] == "level: mean (K)" and len(rows) == 6
    truth, own = (np.array([cell.replace("\u2212", "-") for cell in row[4:]], float) for row in rows[:2])
    np.testing.assert_allclose(truth, np.percentile(target.max(axis=1), (10, 50, 90)), atol=0.01)
    np.testing.assert_allclose(own - truth, 0.1, atol=0.011)
    assert rows[1][2].startswith("0.10") and rows[1][3] == "" and rows[2][3] != ""


def test_nothing_is_shown_where_nothing_is_declared():
    assert quantities(promise()[0]) is None
