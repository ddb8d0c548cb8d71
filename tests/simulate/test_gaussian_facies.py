"""Gaussian fields and facies cut from them: covariance, proportions and indicator variograms against theory."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from outcrop.errors import ConfigError
from outcrop.simulate.gaussian import COVARIANCES, gaussian, gaussian_field, plurigaussian, thresholds, truncated

SHARES = (0.2, 0.5, 0.3)


def fields(count=60, covariance="exponential", shape=(96, 64), reach=(80.0, 160.0)):
    rng = np.random.default_rng(0)
    return np.stack([gaussian_field(rng, shape, (10.0, 10.0), reach, covariance) for _ in range(count)])


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_fields_have_the_covariance_of_gstools(covariance):
    gstools = pytest.importorskip("gstools")
    scale = {"gaussian": ("Gaussian", 3**-0.5), "exponential": ("Exponential", 1 / 3), "spherical": ("Spherical", 1.0)}
    name, of_range = scale[covariance]
    found = fields(covariance=covariance)
    for axis, reach in ((1, 80.0), (2, 160.0)):
        known = getattr(gstools, name)(dim=1, len_scale=reach * of_range, rescale=1.0)
        for lag in (0, 1, 4, 8, 20):
            ahead = np.take(found, np.arange(lag, found.shape[axis]), axis)
            behind = np.take(found, np.arange(found.shape[axis] - lag), axis)
            assert np.mean(ahead * behind) == pytest.approx(float(known.correlation(10.0 * lag)), abs=0.05)


def test_opposite_sides_do_not_know_each_other():
    found = fields(count=400, covariance="gaussian", shape=(24, 24), reach=(80.0, 80.0))
    assert abs(np.mean(found[:, 0] * found[:, -1])) < 0.05


def test_thresholds_and_truncation_give_the_proportions():
    numbers = np.random.default_rng(1).standard_normal(400_000)
    np.testing.assert_allclose(np.bincount(truncated(numbers, SHARES)) / 400_000, SHARES, atol=0.004)
    assert thresholds((0.5, 0.5))[0] == pytest.approx(0)


def test_proportions_over_many_fields():
    found = fields()
    np.testing.assert_allclose(np.bincount(truncated(found, SHARES).ravel()) / found.size, SHARES, atol=0.02)


def test_the_indicator_variogram_is_that_of_two_correlated_normal_numbers():
    found = truncated(fields(count=120), (0.3, 0.7)) == 0
    cut = thresholds((0.3, 0.7))[0]
    for lag in (1, 3, 6, 15):
        correlation = float(COVARIANCES["exponential"](np.array(lag * 10.0 / 80.0)))
        both = multivariate_normal([0, 0], [[1, correlation], [correlation, 1]]).cdf([cut, cut])
        measured = 0.5 * np.mean(found[:, lag:] != found[:, :-lag])
        assert measured == pytest.approx(0.3 - both, abs=0.012)


def test_half_and_half_has_sheppards_variogram():
    found = truncated(fields(count=120), (0.5, 0.5))
    correlation = np.exp(-3 * 2 * 10 / 80)
    measured = 0.5 * np.mean(found[:, 2:] != found[:, :-2])
    assert measured == pytest.approx(0.25 - np.arcsin(correlation) / (2 * np.pi), abs=0.012)


def test_facies_of_one_field_follow_in_order_and_of_two_all_touch_the_first():
    options = {"proportions": SHARES, "range_m": (300.0, 300.0)}
    ordered = gaussian(np.random.default_rng(2), **options)["facies"].to_numpy()
    assert np.abs(np.diff(ordered, axis=0)).max() <= 1
    pluri = gaussian(np.random.default_rng(2), rule="pluri", **options)["facies"].to_numpy()
    pairs = {tuple(sorted(pair)) for pair in zip(pluri[1:].ravel(), pluri[:-1].ravel(), strict=True)}
    assert {(0, 1), (0, 2), (1, 2)} <= pairs
    first, second = np.random.default_rng(3).standard_normal((2, 200_000))
    np.testing.assert_allclose(np.bincount(plurigaussian(first, second, SHARES)) / 200_000, SHARES, atol=0.005)


@pytest.mark.parametrize("shape", [(30,), (12, 16), (8, 9, 10)])
def test_facies_are_those_of_the_field_that_is_returned(shape):
    size = len(shape)
    data = gaussian(np.random.default_rng(4), shape=shape, spacing_m=(5.0,) * size, range_m=(40.0,) * size)
    np.testing.assert_array_equal(data["facies"], truncated(data["field_1"].to_numpy(), (0.4, 0.3, 0.3)))


def test_impossible_facies_say_what_is_possible():
    rng = np.random.default_rng(0)
    with pytest.raises(ConfigError, match=r"proportions = \[0.25, 0.75\]"):
        gaussian(rng, proportions=(0.5, 0.6))
    with pytest.raises(ConfigError, match='rule = "ordered"'):
        gaussian(rng, proportions=(0.5, 0.5), rule="pluri")
    with pytest.raises(ConfigError, match="choose one of gaussian, exponential, spherical"):
        gaussian(rng, covariance="gauss")
    with pytest.raises(ConfigError, match="units and ranges"):
        gaussian(rng, rule="two")
