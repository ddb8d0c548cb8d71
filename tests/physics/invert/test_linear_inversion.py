"""Linear inversion against scikit-learn, closed forms, blocky truths and the size of the noise."""

import numpy as np
import pytest

from orders import relative
from outcrop.errors import ConfigError, DataError
from outcrop.physics.invert.linear import tikhonov, total_variation
from outcrop.physics.invert.penalty import Variation, differences, roughness


def blurred(count=60, seed=0, noise=0.01):
    """A blocky model seen through a Gaussian of 4 cells."""
    x = np.arange(count)
    matrix = np.exp(-(((x[:, None] - x) / 4) ** 2)) / 7
    truth = np.select([x < 15, x < 35], [0.0, 1.0], 0.4)
    return matrix, matrix @ truth + noise * np.random.default_rng(seed).standard_normal(count), truth


def test_order_zero_is_ridge_regression():
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(0)
    matrix, data = rng.standard_normal((12, 20)), rng.standard_normal(12)
    wanted = Ridge(alpha=0.3, fit_intercept=False).fit(matrix, data).coef_
    np.testing.assert_allclose(tikhonov(matrix, data, 1.0, order=0, weight=0.3).model, wanted, rtol=1e-8)


@pytest.mark.parametrize(("order", "kept"), [(1, lambda z, x: 0 * z + 3), (2, lambda z, x: 3 + 2 * x - z)])
def test_what_an_order_does_not_penalise_is_found_exactly(order, kept):
    shape = (5, 7)
    z, x = np.meshgrid(np.arange(5.0), np.arange(7.0), indexing="ij")
    matrix = np.random.default_rng(1).standard_normal((6, 35))
    truth = kept(z, x)
    assert np.abs(differences(shape, order) @ truth.ravel()).max() < 1e-12
    found = tikhonov(matrix, matrix @ truth.ravel(), 0.1, order=order, shape=shape, weight=1.0)
    np.testing.assert_allclose(found.model, truth, atol=1e-6)
    assert found.model.shape == shape and found.misfit < 1e-10


def test_differences_are_those_of_numpy():
    model = np.random.default_rng(2).random((3, 4, 5))
    wanted = np.concatenate([np.diff(model, axis=axis).ravel() for axis in range(3)])
    np.testing.assert_allclose(differences(model.shape, 1) @ model.ravel(), wanted)
    np.testing.assert_allclose(differences((1, 4), 1).toarray(), np.diff(np.eye(4), axis=0))


def test_the_penalty_touches_total_variation_from_above():
    rng = np.random.default_rng(3)
    rough = roughness(Variation(0.1), (9,), np.zeros(9))
    at = rng.random(9)
    rows = rough.rows(at)

    def bound(model):
        return np.sum((rows @ model) ** 2)

    shift = rough.value(at) - bound(at)
    for _ in range(20):
        other = rng.random(9)
        assert bound(other) + shift >= rough.value(other) - 1e-12


@pytest.mark.parametrize("invert", [tikhonov, total_variation])
def test_the_misfit_is_the_noise(invert):
    matrix, data, _ = blurred()
    found = invert(matrix, data, 0.01)
    assert found.misfit == pytest.approx(1, abs=0.05)
    assert np.mean(((matrix @ found.model - data) / 0.01) ** 2) == pytest.approx(found.misfit, rel=1e-6)
    np.testing.assert_allclose(found.predicted, matrix @ found.model)
    twice = invert(matrix, data, 0.02)
    assert twice.misfit == pytest.approx(1, abs=0.05) and twice.roughness < found.roughness


def test_total_variation_keeps_edges():
    matrix, data, truth = blurred()
    smooth, blocky = tikhonov(matrix, data, 0.01), total_variation(matrix, data, 0.01)
    assert relative(blocky.model, truth) < 0.5 * relative(smooth.model, truth)
    jumps = np.abs(np.diff(blocky.model))
    assert np.sum(np.sort(jumps)[-4:]) > 0.9 * np.sum(jumps)


def test_total_variation_of_a_step_is_known():
    """Denoising of a step of n + n samples: each side moves by weight / (2 n) towards the other."""
    data = np.repeat([0.0, 1.0], 10)
    found = total_variation(np.eye(20), data, 1.0, weight=2.0, rounding=1e-6)
    np.testing.assert_allclose(found.model, np.repeat([0.1, 0.9], 10), atol=2e-3)


def test_corner_of_the_l_curve():
    """The corner is near the weight of least error, and it does not need the noise."""
    matrix, data, truth = blurred()
    truth = np.sin(np.arange(60) / 8)
    data = matrix @ truth + 0.01 * np.random.default_rng(0).standard_normal(60)
    found, told_wrong = (tikhonov(matrix, data, noise, order=2, weight="l_curve") for noise in (0.01, 0.1))
    assert 0.3 < found.misfit < 2
    np.testing.assert_allclose(told_wrong.model, found.model, rtol=1e-4, atol=1e-6)
    best = min(
        relative(tikhonov(matrix, data, 0.01, order=2, weight=found.weight * f).model, truth)
        for f in 10.0 ** np.arange(-4, 5)
    )
    assert relative(found.model, truth) < 2 * best


def test_weights_per_datum():
    found = tikhonov(np.eye(2), np.array([1.0, 1.0]), np.array([1.0, 0.1]), order=0, weight=1.0)
    np.testing.assert_allclose(found.model, [0.5, 100 / 101])


def test_data_that_say_nothing_more():
    found = tikhonov(np.eye(5), np.array([2.0, 2.1, 1.9, 2.0, 2.0]), 0.5)
    assert "simplest model" in found.note
    np.testing.assert_allclose(found.model, 2.0, atol=1e-3)


def test_ill_posed_set_ups():
    matrix, data, _ = blurred()
    with pytest.raises(ConfigError, match=r"noise = 1\.0"):
        tikhonov(matrix, data, 0.0)
    with pytest.raises(ConfigError, match='weight = "discrepancy"'):
        tikhonov(matrix[:10], data[:10], 0.01, weight=0.0)
    with pytest.raises(ConfigError, match=r"Smooth\(order=0\)"):
        tikhonov(matrix - matrix.mean(axis=1, keepdims=True), data, 0.01, weight=1.0)
    with pytest.raises(ConfigError, match="did you mean 'discrepancy'"):
        tikhonov(matrix, data, 0.01, weight="discrepency")
    with pytest.raises(ConfigError, match="no weight"):
        tikhonov(matrix, data, 0.01, weight=-1.0)
    with pytest.raises(ConfigError, match="order=1"):
        tikhonov(matrix, data, 0.01, order=3)
    with pytest.raises(DataError, match="times as large"):
        tikhonov(np.ones((4, 2)), np.array([1.0, 2.0, 3.0, 4.0]), 0.01)
    with pytest.raises(DataError, match="leave them out"):
        tikhonov(matrix, np.where(np.arange(60) == 3, np.nan, data), 0.01)
    with pytest.raises(DataError, match="that of the section"):
        tikhonov(matrix, data[:-1], 0.01)
