"""Ensembles given data against closed forms of Gaussian ensembles."""

import numpy as np
import pytest
from scipy.stats import norm

from outcrop.metric import conditional
from outcrop.metric.conditional import Hard


def test_crps_of_a_gaussian_ensemble():
    samples = norm.ppf((np.arange(4000) + 0.5) / 4000)[:, None] * 2 + 1
    for truth in (-1.0, 1.0, 4.0):
        z = (truth - 1) / 2
        exact = 2 * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))
        found = conditional.crps(samples=samples, truth=np.array([truth]))
        assert found == pytest.approx(exact, abs=2e-3)


def test_fair_crps_does_not_depend_on_the_size_of_the_ensemble():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=40000)
    expected = 1 / np.sqrt(np.pi)  # of the right Gaussian
    for count in (2, 5):
        samples = rng.normal(size=(count, 40000))
        assert conditional.crps(samples=samples, truth=truth) == pytest.approx(expected, abs=0.01)
    unfair = conditional.crps(samples=samples, truth=truth, fair=False)
    pairs = np.abs(samples[:, None] - samples[None]).mean(axis=(0, 1)) / 2
    assert unfair == pytest.approx((np.abs(samples - truth).mean(axis=0) - pairs).mean())


@pytest.mark.parametrize("count", [10, 19, 64])
def test_a_right_ensemble_covers_what_is_attainable_and_ranks_are_flat(count):
    rng = np.random.default_rng(1)
    samples, truth = rng.normal(size=(count, 20000)), rng.normal(size=20000)
    found = conditional.coverage(samples=samples, truth=truth, level=0.9)
    assert found == pytest.approx(conditional.attainable(count, 0.9), abs=0.01)
    histogram = conditional.rank_histogram(samples=samples, truth=truth, rng=rng)
    assert histogram.sum() == 20000 and len(histogram) == count + 1
    expected = np.sqrt(2 / np.pi * (count + 1) / 20000)  # mean absolute deviation of shares of 20000
    assert conditional.rank_deviation(histogram) == pytest.approx(expected, rel=0.4)
    assert conditional.spread_skill(samples=samples, truth=truth) == pytest.approx(1, abs=0.02)
    narrow = conditional.rank_histogram(samples=0.5 * samples, truth=truth, rng=rng)
    assert narrow[0] + narrow[-1] > 2 * (histogram[0] + histogram[-1])
    assert conditional.spread_skill(samples=0.5 * samples, truth=truth) < 0.6


@pytest.mark.parametrize("width", [0.4, 2.5])
def test_inflation_undoes_a_wrong_spread(width):
    rng = np.random.default_rng(3)
    centre = rng.normal(size=20000)
    samples, truth = centre + width * rng.normal(size=(19, 20000)), centre + rng.normal(size=20000)
    factor, mean = conditional.inflation(samples=samples, truth=truth), samples.mean(axis=0)
    right = mean + factor * (samples - mean)
    assert conditional.coverage(samples=right, truth=truth) == pytest.approx(conditional.attainable(19), abs=1e-3)
    assert conditional.inflation(samples=np.zeros((5, 3)), truth=np.ones(3)) == 1.0  # all alike: nothing to widen


def test_ties_have_any_rank():
    found = conditional.rank_histogram(samples=np.zeros((3, 4000)), truth=np.zeros(4000), rng=np.random.default_rng(2))
    assert conditional.rank_deviation(found) < 0.1


def test_hard_data_are_read_put_and_counted():
    fields = np.arange(24.0).reshape(2, 3, 4, 1)
    hard = Hard(np.array([[0, 1], [2, 3]]), np.array([[1.0], [11.5]]))
    assert hard.at(fields)[..., 0].tolist() == [[1, 11], [13, 23]]
    assert conditional.honoured(fields, hard) == (0.0, 0.25)
    assert conditional.honoured(fields, hard, tolerance=0.5) == (0.5, 0.5)
    assert conditional.honoured(hard.put(fields.copy()), hard) == (1.0, 1.0)
