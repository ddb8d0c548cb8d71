"""Fields given block means: against conditioning by hand, linear truths, and the means themselves."""

import numpy as np
import pytest

from outcrop.errors import DataError
from outcrop.evaluate.coarse_fields import Blocks, BlockSimulation, CoarseRegression, interpolate
from outcrop.evaluate.gaussian_fields import Correlation, simulate
from outcrop.metric.conditional import Hard

SHAPE, SIZES = (6, 8), (3, 4)


def repeated(fields):
    means = fields.reshape(len(fields), 2, 3, 2, 4, 1).mean(axis=(2, 4))
    return means.repeat(3, axis=1).repeat(4, axis=2)


@pytest.fixture(scope="module")
def fields():
    return 10 + 2 * simulate(Correlation("exponential", (3.0, 3.0)), SHAPE, 300, np.random.default_rng(0))[..., None]


def test_blocks_are_read_off_and_averaged(fields):
    blocks = Blocks.of(repeated(fields))
    assert [starts.tolist() for starts in blocks.starts] == [[0, 3], [0, 4]]
    means = blocks.averaging @ fields[0].reshape(-1, 1)
    np.testing.assert_allclose(means, blocks.first(repeated(fields)[0]).reshape(-1, 1))


def test_simulation_is_the_conditional_law_of_a_gaussian_field(fields):
    known = BlockSimulation.of(fields, repeated(fields))
    cells = np.array([[1, 1], [4, 6]])
    hard = Hard(cells, fields[3][tuple(cells.T)])
    drawn = known.draw(np.random.default_rng(1), 4000, SHAPE, hard, attribute=repeated(fields)[3])
    np.testing.assert_allclose(repeated(drawn), np.broadcast_to(repeated(fields)[3], drawn.shape), atol=2e-4)
    np.testing.assert_array_equal(hard.at(drawn), np.broadcast_to(hard.values, (4000, 2, 1)))
    places = np.argwhere(np.ones(SHAPE))
    covariance = known.scale**2 * known.correlation.between(places, places)
    observe = np.concatenate([known.blocks.averaging, np.eye(48)[[9, 38]]])
    gain = np.linalg.solve(observe @ covariance @ observe.T, observe @ covariance).T
    mean = known.centre + gain @ (observe @ (fields[3].ravel() - known.centre))
    variance = np.diag(covariance - gain @ observe @ covariance)
    np.testing.assert_allclose(drawn.mean(axis=0).ravel(), mean, atol=0.12)
    np.testing.assert_allclose(drawn.var(axis=0).ravel(), variance, rtol=0.12, atol=0.01)


def test_interpolation_is_one_smooth_answer_through_the_centres():
    line = np.arange(20.0).reshape(1, 20, 1)
    means = line.reshape(1, 4, 5, 1).mean(axis=2).repeat(5, axis=1)
    (first, second) = interpolate(np.random.default_rng(0), 2, (20,), attribute=means[0])
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first[[2, 7, 12, 17], 0], [2, 7, 12, 17], atol=1e-9)
    assert (np.diff(first[2:18, 0]) > 0).all() and first[0, 0] == first[2, 0]


def test_regression_finds_a_linear_truth_and_draws_its_residuals(fields):
    rng = np.random.default_rng(2)
    pattern, coarse = rng.normal(size=(*SHAPE, 1)), repeated(fields)
    truth = 2 * coarse + 3 + pattern + 0.1 * rng.normal(size=coarse.shape)
    drawn = CoarseRegression.of(truth[:250], coarse[:250]).draw(rng, 500, SHAPE, attribute=coarse[280])
    np.testing.assert_allclose(drawn.mean(axis=0), truth[280], atol=0.5)
    assert 0.08 < (drawn - drawn.mean(axis=0)).std() < 0.13


def test_block_means_are_needed(fields):
    for baseline in (BlockSimulation, CoarseRegression):
        with pytest.raises(DataError, match="attribute=coarse"):
            baseline.of(fields, None)
