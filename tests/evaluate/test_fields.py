"""Baselines from field to field: exact on linear operators, not on others; means, gaps, and where they are refused."""

import numpy as np
import pytest

from outcrop.errors import DataError
from outcrop.evaluate.baselines import Table, Task, fit_predict
from outcrop.evaluate.fields import Fields
from outcrop.simulate.table import simulate

CELLS = 32


def fields(inputs, targets):
    """Rows of all cells of some fields."""
    count = len(inputs)
    example, cell = np.repeat(np.arange(count), CELLS), np.tile(np.arange(CELLS), count)
    rows = np.zeros((len(example), 0))
    return Table(rows, targets.ravel().astype(float), fields=Fields(inputs, example, cell, CELLS))


def curves(name, count, seed):
    records = simulate(name, count=count, seed=seed, samples=CELLS)
    return tuple(np.stack([r.data[part].to_numpy() for r in records]) for part in ("forcing", "solution"))


def error(name, baseline, **options):
    """Relative error on 30 new pairs, of training on 120."""
    train, test, held = (curves(name, count, seed, **options) for seed, count in enumerate((120, 30, 40)))
    found = fit_predict(baseline, fields(*train), fields(*test), Task(), validation=fields(*held)).values
    found = found.reshape(test[1].shape)
    return np.mean(np.linalg.norm(found - test[1], axis=1) / np.linalg.norm(test[1], axis=1))


def test_linear_maps_are_exact_on_a_linear_operator_and_not_on_another():
    linear = {name: error("antiderivative", name) for name in ("mean_field", "ridge_operator", "pod")}
    other = {name: error("burgers", name) for name in ("mean_field", "ridge_operator", "pod")}
    assert linear["ridge_operator"] < 1e-2 and linear["pod"] < 2e-2 and linear["mean_field"] > 0.5
    assert 0.1 < other["ridge_operator"] < other["mean_field"] and 0.1 < other["pod"] < other["mean_field"]


def test_ridge_is_that_of_scikit_learn_on_the_fields_themselves():
    from sklearn.linear_model import RidgeCV

    from outcrop.evaluate.fields import WEIGHTS

    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(40, 5))
    targets = inputs @ rng.normal(size=(5, CELLS)) + 0.3 * rng.normal(size=(40, CELLS))
    found = fit_predict("ridge_operator", fields(inputs, targets), fields(inputs[:7], targets[:7])).values
    expected = RidgeCV(alphas=WEIGHTS).fit(inputs, targets).predict(inputs[:7])
    np.testing.assert_allclose(found.reshape(7, CELLS), expected, atol=1e-6)


def test_the_mean_field_skips_gaps_and_single_cells_are_predicted():
    targets = np.arange(3.0)[:, None] + np.arange(CELLS)
    targets[0, 0] = np.nan
    train = fields(np.random.default_rng(1).normal(size=(3, 4)), targets)
    wanted = train.where(np.array([0, 5, CELLS + 7]))
    np.testing.assert_allclose(fit_predict("mean_field", train, wanted).values, [1.5, 6.0, 8.0])


def test_components_are_as_many_as_explain_the_targets_where_nothing_is_held_out():
    rng = np.random.default_rng(2)
    inputs = rng.normal(size=(60, 3))
    targets = inputs @ rng.normal(size=(3, CELLS))
    found = fit_predict("pod", fields(inputs, targets), fields(inputs, targets)).values.reshape(targets.shape)
    np.testing.assert_allclose(found, targets, atol=0.5 * targets.std())
    assert np.linalg.matrix_rank(found - found.mean(axis=0), tol=1e-6) <= 3


def test_without_whole_fields_they_are_refused_with_a_fix():
    table = Table(np.zeros((4, 1)), np.arange(4.0))
    with pytest.raises(
        DataError, match=r'Fix: take it off the list, or set data\.view = \{kind = "patches", size = "whole"\}'
    ):
        fit_predict("ridge_operator", table, table)
