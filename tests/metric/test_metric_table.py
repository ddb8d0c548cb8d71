"""Every row of the table of metrics works, and the verdict's metric is chosen as stated."""

import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.metric.regression import LEVELS
from outcrop.metric.table import METRICS, defined_for, find, primary

COST = np.array([[0.0, 1.0, 2.0], [2.0, 0.0, 1.0], [1.0, 1.0, 0.0]])


@pytest.mark.parametrize("name", METRICS)
def test_function_equals_its_formula_on_sums(name):
    row, rng = METRICS[name], np.random.default_rng(1)
    target = rng.integers(0, 3, 50) if "class" in row.kinds else rng.normal(size=50)
    answers = {
        "label": rng.integers(0, 3, 50),
        "value": rng.normal(size=50),
        "field": rng.normal(size=50),
        "probabilities": rng.dirichlet(np.ones(3), 50),
        "quantiles": np.sort(rng.normal(size=(50, len(LEVELS))), axis=1),
        "picks": np.concatenate([rng.integers(0, 2, (50, 2, 3)), rng.normal(size=(50, 2, 1))], axis=2),
    }
    prediction, group = answers[row.reads], rng.integers(0, 4, 50)
    extra = {"cost": COST} if row.needs_cost else {}
    fields = {"field": group} if row.reads == "field" else {}
    whole = row.load("function")(prediction=prediction, target=target, **extra, **fields)
    sums = row.load("sums")(prediction, target, group, 4, None, 3, **fields)
    values = row.load("of_sums")(np.stack([sums.sum(axis=0), sums[1]]), cost=COST)
    assert values.shape == (2,)
    assert values[0] == pytest.approx(whole)
    only = group == 1
    assert values[1] == pytest.approx(row.load("function")(prediction=prediction[only], target=target[only], **extra))


@pytest.mark.parametrize("name", METRICS)
def test_row_says_what_it_is(name):
    row = METRICS[name]
    assert row.name == name and row.formula and row.source and row.words
    assert row.better in ("higher", "lower", "zero")


def test_metric_of_the_verdict():
    assert primary("class", cost=True) == "expected_cost"
    assert primary("picks") == "pick_f1" and "macro_f1" not in defined_for("picks")
    assert primary("class", wanted="balanced_accuracy") == "balanced_accuracy"
    assert "expected_cost" not in defined_for("class")
    with pytest.raises(ConfigError, match=r"put one of .*macro_f1.* first"):
        primary("class", wanted="expected_cost")
    with pytest.raises(ConfigError, match="put one of rmse, mae, r2, nse, snr_db, relative_l2, crps first"):
        primary("number", wanted="bias")
    with pytest.raises(ConfigError, match="did you mean 'macro_f1'"):
        find("macro_f")
