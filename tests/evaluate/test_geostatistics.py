"""Every baseline of a generator through one contract: shapes, kinds, data honoured, refusals that say what to do."""

from functools import partial

import numpy as np
import pytest

from outcrop.errors import ConfigError, DataError
from outcrop.evaluate.gaussian_fields import Correlation, simulate
from outcrop.evaluate.geostatistics import GEOSTATISTICS, fit, fitting_baselines
from outcrop.metric.conditional import Hard

GRIDS = {1: (24,), 2: (10, 8), 3: (6, 5, 4)}


def training(kind, places, count=40):
    ranges = (3.0, 2.0, 1.5)[:places]
    fields = simulate(Correlation("exponential", ranges), GRIDS[places], count, np.random.default_rng(0))[..., None]
    return np.searchsorted([-0.3, 0.8], fields) if kind == "facies" else np.exp(fields)


CASES = [
    (row.name, kind, places)
    for row in GEOSTATISTICS.values()
    for kind in row.kinds
    for places in row.places
    if places  # of single values, the bootstrap alone is left
]


@pytest.mark.parametrize(("name", "kind", "places"), CASES)
def test_one_contract(name, kind, places):
    row, train, grid = GEOSTATISTICS[name], training(kind, places), GRIDS[places]
    attribute = {"soft": 2 * train, "coarse": train, "": None}[row.attribute]
    draws = fit(name, train, attribute=attribute)
    if row.attribute == "coarse":
        draws = partial(draws, attribute=attribute[7])
    cells = np.unique(np.random.default_rng(1).integers(0, grid, (5, places)), axis=0)
    hard = Hard(cells, train[7][tuple(cells.T)])
    found = draws(np.random.default_rng(2), 6, grid, hard)
    assert found.shape == (6, *grid, 1) and np.isfinite(found).all()
    assert np.issubdtype(found.dtype, np.integer) == (kind == "facies")
    if row.honours:
        np.testing.assert_array_equal(hard.at(found), np.broadcast_to(hard.values, (6, len(cells), 1)))
    np.testing.assert_array_equal(found, draws(np.random.default_rng(2), 6, grid, hard))  # same seed, same bits
    none = Hard(np.empty((0, places), int), np.empty((0, 1)))
    free = draws(np.random.default_rng(3), 6, grid)
    np.testing.assert_array_equal(free, draws(np.random.default_rng(3), 6, grid, none))
    if name not in ("bootstrap", "analogues") and row.attribute != "coarse":
        assert draws(np.random.default_rng(3), 2, tuple(n + 3 for n in grid)).shape[1:-1] == tuple(n + 3 for n in grid)


def test_analogues_are_the_training_images_closest_to_the_data():
    train = training("number", 2)
    cells = np.argwhere(np.ones(GRIDS[2]))[::7]
    hard = Hard(cells, train[7][tuple(cells.T)])
    found = fit("analogues", train)(np.random.default_rng(0), 200, GRIDS[2], hard)
    which = {int(np.flatnonzero((train == one).all(axis=(1, 2, 3)))[0]) for one in found}
    distance = np.square(hard.at(train) - hard.values).sum(axis=(1, 2))
    assert which == set(np.argsort(distance)[:10].tolist()) and 7 in which


def test_bootstrap_draws_training_alone():
    train = np.random.default_rng(0).normal(size=(30, 2))  # pairs, no place
    found = fit("bootstrap", train)(np.random.default_rng(1), 500, ())
    assert {tuple(row) for row in found} == {tuple(row) for row in train}


def test_what_does_not_fit_is_refused_in_words():
    train, facies = training("number", 2), training("facies", 2)
    rng = np.random.default_rng(0)
    assert fitting_baselines("number", 0) == ("bootstrap",)
    with pytest.raises(ConfigError, match="did you mean 'ordinary_kriging'"):
        fit("ordinary_krigin", train)
    with pytest.raises(ConfigError, match="use one of bootstrap, analogues, truncated_gaussian"):
        fit("markov_chain", facies)
    with pytest.raises(DataError, match=r"attribute=attribute"):
        fit("cokriging", train)
    with pytest.raises(DataError, match="leave these realisations out"):
        fit("kriging_mean", np.where(train > 2, np.nan, train))
    with pytest.raises(DataError, match="cut the training realisations to the grid"):
        fit("bootstrap", train)(rng, 2, (4, 4))
    draws = fit("truncated_gaussian", facies)
    with pytest.raises(DataError, match="one column per axis"):
        draws(rng, 2, (10, 8), Hard(np.array([[3, 8]]), np.array([[0]])))
    with pytest.raises(DataError, match="one row per cell"):
        draws(rng, 2, (10, 8), Hard(np.array([[3, 1], [3, 1]]), np.array([[0], [1]])))
    with pytest.raises(DataError, match="codes of the training classes"):
        draws(rng, 2, (10, 8), Hard(np.array([[3, 1]]), np.array([[3]])))
