"""Distances between sets of points against closed forms for Gaussians and against SciPy."""

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import energy_distance as scipy_energy
from scipy.stats import ks_2samp, norm

from outcrop.errors import DataError
from outcrop.metric import distances

LEVELS = (np.arange(4000) + 0.5) / 4000
STANDARD = norm.ppf(LEVELS)[:, None]
"""A set whose law is as good as standard Gaussian."""


def test_wasserstein_1_of_gaussians():
    shifted, wider = 0.7 + STANDARD, 1.5 * STANDARD
    assert distances.wasserstein_1(samples=shifted, real=STANDARD) == pytest.approx(0.7)
    assert distances.wasserstein_1(samples=wider, real=STANDARD) == pytest.approx(0.5 * np.sqrt(2 / np.pi), rel=1e-3)
    both = np.hstack([shifted, STANDARD])
    assert distances.wasserstein_1(samples=both, real=np.hstack([STANDARD, STANDARD])) == pytest.approx(0.35)


def test_kolmogorov_smirnov_of_gaussians():
    found = distances.kolmogorov_smirnov(samples=0.7 + STANDARD, real=STANDARD)
    assert found == pytest.approx(2 * ndtr(0.35) - 1, abs=1e-3)  # the two are furthest apart half way
    rng = np.random.default_rng(4)
    first, second = rng.integers(0, 9, (40, 2)), rng.integers(2, 12, (31, 2))  # with ties
    scipy = [ks_2samp(first[:, k], second[:, k]).statistic for k in range(2)]
    assert distances.kolmogorov_smirnov(samples=first, real=second) == pytest.approx(np.mean(scipy))


def test_energy_distance_is_that_of_scipy_and_of_gaussians():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(40, 1)), rng.normal(0.5, 2, size=(30, 1))
    found = distances.energy_distance(samples=first, real=second)
    assert found == pytest.approx(scipy_energy(first[:, 0], second[:, 0]))
    shift, some = 1.2, slice(None, None, 4)

    def mean_absolute(mean):  # E|Z| of N(mean, 2)
        return 2 / np.sqrt(np.pi) * np.exp(-(mean**2) / 4) + mean * (1 - 2 * ndtr(-mean / np.sqrt(2)))

    expected = np.sqrt(2 * mean_absolute(shift) - 2 * mean_absolute(0.0))
    found = distances.energy_distance(samples=shift + STANDARD[some], real=STANDARD[some])
    assert found == pytest.approx(expected, rel=2e-3)


def test_energy_distance_in_many_dimensions_does_not_depend_on_how_distances_are_computed():
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(20, 3)), rng.normal(size=(25, 3))
    wide = [np.hstack([points, np.zeros((len(points), 40))]) for points in (first, second)]
    expected = distances.energy_distance(samples=first, real=second)
    assert distances.energy_distance(samples=wide[0], real=wide[1]) == pytest.approx(expected, rel=1e-6)


def test_mmd_is_unbiased_and_that_of_its_definition():
    rng = np.random.default_rng(2)
    none = [distances.mmd(samples=rng.normal(size=(20, 2)), real=rng.normal(size=(30, 2))) for _ in range(300)]
    assert abs(np.mean(none)) < 3 * np.std(none) / np.sqrt(300)
    assert distances.mmd(samples=rng.normal(2, 1, size=(20, 2)), real=rng.normal(size=(30, 2))) > 0.2
    points = np.array([[0.0], [1.0], [3.0], [4.0]])  # squared distances 1, 9, 16, 4, 9, 1: median 6.5
    k = lambda squared: np.exp(-squared / 13)  # noqa: E731
    expected = 2 * k(1) - 2 * (k(9) + k(16) + k(4) + k(9)) / 4
    assert distances.mmd(samples=points[:2], real=points[2:]) == pytest.approx(expected)
    with pytest.raises(DataError, match="draw at least 2"):
        distances.mmd(samples=points[:1], real=points)


def test_sliced_and_exact_wasserstein_2():
    rng = np.random.default_rng(3)
    points, shift = rng.normal(size=(300, 5)), np.array([1.0, -2.0, 0.0, 0.0, 2.0])
    found = distances.sliced_wasserstein_2(samples=points + shift, real=points)
    assert found == pytest.approx(3 / np.sqrt(5), rel=0.1)  # over 64 directions
    assert distances.wasserstein_2(samples=(points + shift)[::-1], real=points) == pytest.approx(3.0)
    one, other = STANDARD[::4], 2 + 3 * STANDARD[::5]
    expected = np.sqrt(2**2 + (3 - 1) ** 2)
    assert distances.sliced_wasserstein_2(samples=one, real=other) == pytest.approx(expected, rel=5e-3)
    assert distances.wasserstein_2(samples=one, real=2 + 3 * one) == pytest.approx(expected, rel=5e-3)
    with pytest.raises(DataError, match="draw as many of both"):
        distances.wasserstein_2(samples=one, real=other)
