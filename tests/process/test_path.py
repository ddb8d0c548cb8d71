"""Paths between noise and data, their velocity as a denoiser, and pairs of noise and data."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.process.path import between, coupled, denoiser_of, log_normal_density, straight, velocity_of


def test_paths_are_straight_from_noise_to_data():
    noise, data = jnp.asarray([[1.0, 2.0], [0.0, 4.0]]), jnp.asarray([[3.0, 0.0], [2.0, 4.0]])
    ends = between(noise, data, jnp.zeros(2)), between(noise, data, jnp.ones(2))
    np.testing.assert_array_equal(ends, (noise, data))
    middle = between(noise, data, jnp.asarray([0.25, 0.5]))
    np.testing.assert_allclose(middle, noise + jnp.asarray([[0.25], [0.5]]) * straight(noise, data))


def test_a_velocity_and_its_denoiser_are_one_another():
    def velocity(x, t):
        return jnp.sin(x) + t

    x = jax.random.normal(jax.random.key(0), (3,))
    for t in (0.2, 0.7):
        again = velocity_of(denoiser_of(velocity))(x, jnp.asarray(t))
        np.testing.assert_allclose(again, velocity(x, t), rtol=1e-4, atol=1e-5)


def test_the_denoiser_of_gaussian_data():
    """Data ~ N(0, s^2): the best guess is s^2 / (s^2 + sigma^2) x, and its velocity is linear."""
    spread = 0.5
    velocity = velocity_of(lambda x, sigma: spread**2 / (spread**2 + sigma**2) * x)
    t = 0.3
    variance = (1 - t) ** 2 + t**2 * spread**2
    slope = (t * spread**2 - (1 - t)) / variance
    np.testing.assert_allclose(velocity(jnp.asarray(2.0), jnp.asarray(t)), slope * 2.0, rtol=1e-5)


def test_pairs_cost_less_than_any_other_of_their_batch():
    rng = np.random.default_rng(0)
    noise, data = rng.normal(size=(40, 2)), rng.normal(size=(40, 2)) + 3
    order = coupled(noise, data)
    assert sorted(order) == list(range(40))
    cost = ((noise[order] - data) ** 2).sum()
    assert all(cost <= ((noise[rng.permutation(40)] - data) ** 2).sum() for _ in range(200))


def test_pairs_stay_within_a_condition():
    rng = np.random.default_rng(1)
    noise, data, label = rng.normal(size=(30, 3)), rng.normal(size=(30, 3)), rng.integers(0, 3, 30)
    order = coupled(noise, data, label)
    np.testing.assert_array_equal(label[order], label)
    with pytest.raises(ConfigError, match=r'coupling = "independent"'):
        coupled(noise, data, rng.normal(size=30))


def test_the_density_of_noise():
    assert float(log_normal_density(jnp.asarray([0.0, 1.0]))) == pytest.approx(-np.log(2 * np.pi) - 0.5)
