"""Bounds, order, sums, slopes and wavelengths by closed forms."""

import numpy as np
import pytest

from outcrop.metric.physical import band_power, derivative, outside, sum_along, wrong_way


def test_outside_has_the_sign_of_the_side_and_forgives_rounding():
    values = np.array([-0.1, 0.0, 0.45, np.float32(0.45), 0.6, np.nan])
    found = outside(values.astype(float), 0.0, 0.45)
    np.testing.assert_allclose(found, [-0.1, 0, 0, 0, 0.15, np.nan], atol=1e-15)
    assert found[3] == 0.0
    np.testing.assert_array_equal(outside(np.array([-3.0, 1e9]), low=0.0), [-3.0, 0.0])


def test_steps_the_wrong_way_along_either_axis():
    values = np.array([[0.0, 1.0, 3.0], [2.0, 0.5, 3.0]])
    np.testing.assert_array_equal(wrong_way(values, 1), [[np.nan, 0, 0], [np.nan, 1.5, 0]])
    np.testing.assert_array_equal(wrong_way(values, 0, increasing=False), [[np.nan] * 3, [2.0, 0, 0]])


def test_sums_only_of_whole_lines():
    values = np.array([[1.0, 2.0, 3.0], [1.0, np.nan, 3.0]])
    np.testing.assert_array_equal(sum_along(values, 1), [[6.0, np.nan, np.nan], [np.nan] * 3])
    np.testing.assert_array_equal(sum_along(values, 0), [[2.0, np.nan, 6.0], [np.nan] * 3])


@pytest.mark.parametrize("sign", [1, -1])
def test_derivatives_are_exact_for_parabolas_on_uneven_steps(sign):
    x = sign * np.array([0.0, 0.5, 2.0, 2.5, 5.0])
    field = np.stack([3 * x**2 - x, np.full(5, 7.0)], axis=1)
    first, second = derivative(field, x, 0), derivative(field, x, 0, 2)
    np.testing.assert_allclose(first[1:-1], np.stack([6 * x - 1, 0 * x], axis=1)[1:-1])
    np.testing.assert_allclose(second[1:-1, 0], 6.0)
    assert np.isnan(first[[0, -1]]).all() and np.isnan(second[[0, -1]]).all()


def test_derivative_is_unknown_beside_a_gap():
    found = derivative(np.array([0.0, 1.0, np.nan, 3.0, 4.0, 5.0]), np.arange(6.0), 0)
    assert np.isfinite(found).tolist() == [False, False, False, False, True, False]


def test_power_follows_the_square_of_the_amplitude():
    cell = np.arange(256)
    long, short = band_power(np.sin(2 * np.pi * cell / 32), 8), band_power(3 * np.sin(2 * np.pi * cell / 4), 8)
    assert short[1] / long[0] == pytest.approx(9, rel=1e-3)
    assert long[1] < 1e-6 * long[0] and short[0] < 1e-6 * short[1]
    assert band_power(np.arange(8.0), 100.0)[0] == 0.0  # no wave of 8 cells is longer than 100


def test_lines_too_short_for_a_derivative_have_none():
    for count in (1, 2):
        assert np.isnan(derivative(np.ones((count, 4)), np.arange(float(count)), 0)).all()
        assert derivative(np.ones((count, 4)), np.arange(float(count)), 0, 2).shape == (count, 4)
