"""Guidance by linear data against the posterior of normally distributed data, in closed form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError, DataError
from outcrop.physics.invert.gaussian import Belief, posterior
from outcrop.process.noise import karras_levels
from outcrop.sample.diffusion import heun, start
from outcrop.sample.linear import towards_linear, whitened

SHAPE = (3, 2, 1)
SIZE = 6
PLACE = np.arange(SIZE)
COVARIANCE = np.exp(-np.abs(PLACE[:, None] - PLACE) / 3.0) * np.outer(1 + PLACE / 5, 1 + PLACE / 5)
OPERATOR = np.array([[1.0, 1, 1, 1, 1, 1], [0, 1, 1, 1, 0, 0], [0, 0, 0, 1.5, 0, 0]])  # rows that overlap
OBSERVED = np.array([4.0, -1.0, 2.0])
NOISE = np.array([[0.5, 0.1, 0], [0.1, 0.3, 0], [0, 0, 0.2]])


def prior(x, sigma):
    """D of normally distributed data of mean 0, exact."""
    gain = COVARIANCE @ jnp.linalg.inv(COVARIANCE + sigma**2 * jnp.eye(SIZE))
    return (jnp.asarray(gain, jnp.float32) @ x.ravel()).reshape(x.shape)


@pytest.mark.parametrize("gradient", [True, False])
def test_samples_are_those_of_the_posterior(gradient):
    data = whitened(OPERATOR.reshape(3, *SHAPE), OBSERVED, NOISE, COVARIANCE)
    guided = towards_linear(prior, data, gradient=gradient)
    levels = karras_levels(60, 0.01, 60.0)
    keys = jax.random.split(jax.random.key(0), 4000)
    drawn = np.asarray(jax.jit(jax.vmap(lambda key: heun(guided, start(key, SHAPE, levels), levels)))(keys))
    root = np.linalg.cholesky(NOISE)
    wanted = posterior(
        Belief(np.zeros(SIZE), COVARIANCE), np.linalg.solve(root, OPERATOR), np.linalg.solve(root, OBSERVED), 1.0
    )
    flat = drawn.reshape(len(drawn), SIZE)
    np.testing.assert_allclose(flat.mean(axis=0), wanted.mean, atol=0.08)
    np.testing.assert_allclose(np.cov(flat.T), wanted.covariance, atol=0.1)


def test_without_a_covariance_numbers_are_independent():
    """One datum, two numbers of variance 1: the mean moves by half of what is missing over 1 + noise^2 / 2."""
    data = whitened([[1.0, 1.0]], [3.0], 1.0)
    guided = towards_linear(lambda x, sigma: x / (1 + sigma**2), data)
    levels = karras_levels(60, 0.01, 60.0)
    keys = jax.random.split(jax.random.key(1), 4000)
    drawn = np.asarray(jax.jit(jax.vmap(lambda key: heun(guided, start(key, (2,), levels), levels)))(keys))
    np.testing.assert_allclose(drawn.mean(axis=0), [1.0, 1.0], atol=0.05)
    np.testing.assert_allclose(np.cov(drawn.T), [[2 / 3, -1 / 3], [-1 / 3, 2 / 3]], atol=0.06)


def test_what_cannot_be_data():
    with pytest.raises(ConfigError, match="noise = 1e-4"):
        whitened([[1.0, 1.0]], [3.0], 0.0)
    with pytest.raises(ConfigError, match="noise = 1e-4"):
        whitened(np.eye(2), [3.0, 1.0], [[1.0, 2.0], [2.0, 1.0]])
    with pytest.raises(DataError, match=r"np\.cov"):
        whitened([[1.0, 1.0]], [3.0], 1.0, np.eye(3))
    with pytest.raises(DataError, match="their rows of the operator"):
        whitened([[1.0, 1.0]], [np.nan], 1.0)
