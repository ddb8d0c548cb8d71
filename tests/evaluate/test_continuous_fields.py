"""Simulation, kriging and cokriging against quantiles, cross-correlation and the systems of equations they solve."""

import numpy as np
import pytest

from outcrop.errors import DataError
from outcrop.evaluate.continuous_fields import Cokriging, GaussianSimulation, KrigedFields, NormalScores, updated
from outcrop.evaluate.gaussian_fields import Correlation, Kriging, simulate
from outcrop.metric.conditional import Hard

KNOWN = Correlation("exponential", (4.0, 2.0))
SHAPE = (12, 9)
CELLS = np.array([[0, 0], [5, 4], [11, 8], [3, 7]])


def pairs(rng, count):
    """Porosity and velocity: skewed, correlated by -0.8 in scores."""
    first, second = (simulate(KNOWN, SHAPE, count, rng) for _ in range(2))
    return np.stack([np.exp(0.5 * first) / 5, 4000 - 300 * (0.8 * first + 0.6 * second)], axis=-1)


@pytest.fixture(scope="module")
def train():
    return pairs(np.random.default_rng(0), 400)


def test_normal_scores_go_there_and_back():
    rng = np.random.default_rng(1)
    cells = rng.lognormal(size=1000)
    scores = NormalScores.of(cells)
    there = scores.to(cells)
    assert there.mean() == pytest.approx(0, abs=1e-9) and there.std() == pytest.approx(1, abs=0.01)
    np.testing.assert_allclose(scores.back(there), cells)
    assert scores.back(np.array([-9.0, 9.0])).tolist() == [cells.min(), cells.max()]
    ties = NormalScores.of(np.concatenate([np.zeros(500), cells[:500]]))
    assert ties.to(np.zeros(1))[0] == pytest.approx(-0.798, abs=0.01)  # mean of the lower half of a Gaussian
    assert ties.back(ties.to(np.zeros(1)))[0] == 0


def test_free_fields_have_the_quantiles_correlation_and_cross_correlation(train):
    model = GaussianSimulation.of(train)
    found = model.draw(np.random.default_rng(2), 400, SHAPE)
    for variable in range(2):
        levels = np.quantile(train[..., variable], [0.1, 0.5, 0.9])
        shares = [(found[..., variable] <= level).mean() for level in levels]
        np.testing.assert_allclose(shares, [0.1, 0.5, 0.9], atol=0.03)
    cells = found.reshape(-1, 2)
    assert np.corrcoef(np.log(cells[:, 0]), cells[:, 1])[0, 1] == pytest.approx(-0.8, abs=0.03)
    lag = np.array([[1, 0], [3, 0], [0, 1], [0, 3]])
    np.testing.assert_allclose(model.correlation.of(lag), KNOWN.of(lag), atol=0.06)


def test_data_of_both_variables_are_honoured_and_their_neighbours_feel_them(train):
    hard = Hard(CELLS, train[3][tuple(CELLS.T)])
    found = GaussianSimulation.of(train).draw(np.random.default_rng(3), 200, SHAPE, hard)
    np.testing.assert_array_equal(hard.at(found), np.broadcast_to(hard.values, (200, 4, 2)))
    beside, far = found[:, 6, 4, 1], found[:, 0, 8, 1]
    assert beside.std() < 0.8 * far.std()
    with pytest.raises(DataError, match="give all variables of a cell"):
        hole = np.where(np.arange(8).reshape(4, 2) == 3, np.nan, hard.values)
        GaussianSimulation.of(train).draw(np.random.default_rng(3), 2, SHAPE, Hard(CELLS, hole))


def test_kriging_is_in_the_units_of_the_variables(train):
    hard = Hard(CELLS, train[3][tuple(CELLS.T)])
    simple, ordinary = KrigedFields.of(train), KrigedFields.of(train, ordinary=True)
    mean, variance = simple.estimate(SHAPE, hard)
    system = Kriging.of(simple.correlation, CELLS, SHAPE)
    expected = simple.centre[1] + system.mean(hard.values[:, 1] - simple.centre[1])
    np.testing.assert_allclose(mean[..., 1], expected, rtol=1e-6)
    np.testing.assert_allclose(variance[..., 1], system.variance * simple.scale[1] ** 2)
    level = Hard(CELLS, np.tile([[0.9, 9000.0]], (4, 1)))
    np.testing.assert_allclose(
        ordinary.estimate(SHAPE, level)[0], np.broadcast_to([0.9, 9000.0], (*SHAPE, 2)), rtol=1e-4
    )
    found = simple.draw(np.random.default_rng(4), 4000, SHAPE, hard)
    np.testing.assert_allclose(found.var(axis=0)[8, 2], variance[8, 2], rtol=0.1)
    assert np.array_equal(simple.repeat(np.random.default_rng(4), 3, SHAPE, hard), np.stack([mean] * 3))
    free, spread = simple.estimate(SHAPE)
    np.testing.assert_allclose(free[0, 0], train.mean(axis=(0, 1, 2)))
    np.testing.assert_allclose(spread[0, 0], train.var(axis=(0, 1, 2)))


def test_the_update_is_the_system_of_collocated_cokriging():
    rng, rho = np.random.default_rng(5), -0.7
    values, soft = rng.normal(size=4), rng.normal(size=SHAPE)
    system = Kriging.of(KNOWN, CELLS, SHAPE)
    mean, variance = updated(system.mean(values), system.variance, soft, rho)
    for place in ((6, 2), (1, 1), (5, 5)):
        here = KNOWN.between(np.array([place]), CELLS)[0]
        left = np.block([[KNOWN.between(CELLS, CELLS), rho * here[:, None]], [rho * here[None], np.ones((1, 1))]])
        right = np.append(here, rho)
        weight = np.linalg.solve(left, right)
        assert mean[place] == pytest.approx(weight @ np.append(values, soft[place]), abs=1e-4)
        assert variance[place] == pytest.approx(1 - weight @ right, abs=1e-4)


def test_cokriging_follows_the_attribute_and_honours_data(train):
    porosity, velocity = train[..., :1], train[..., 1:]
    model = Cokriging.of(porosity, velocity)
    assert model.rho == pytest.approx(-0.8, abs=0.03)
    hard = Hard(CELLS, porosity[3][tuple(CELLS.T)])
    rng = np.random.default_rng(6)
    plain, told = (model.draw(rng, 300, SHAPE, hard, attribute) for attribute in (None, velocity[3]))
    for found in (plain, told):
        assert (hard.at(found) == hard.values).all()
    error = [np.abs(found.mean(axis=0) - porosity[3]).mean() for found in (told, plain)]
    assert error[0] < 0.8 * error[1]
    free = model.draw(rng, 2000, SHAPE, None, velocity[3])[..., 0]
    soft = model.soft.to(velocity[3][..., 0])[6, 4]
    scores = model.primary.to(free[:, 6, 4])
    assert scores.mean() == pytest.approx(model.rho * soft, abs=0.06)
    assert scores.var() == pytest.approx(1 - model.rho**2, rel=0.15)
