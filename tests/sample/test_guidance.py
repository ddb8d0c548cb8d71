"""Guidance towards observations against the exact posterior of Gaussian data."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.process.noise import karras_levels
from outcrop.sample.diffusion import heun, start
from outcrop.sample.guidance import filled_in, towards, without_classifier

SIZE, NOISE = 5, 0.3


def prior(x, sigma):
    return x / (1 + sigma**2)


@pytest.mark.parametrize("rows", [[[1, 0, 0, 0, 0], [0, 0, 0, 1, 0]], [[0.5, 0.5, 0, 0, 0]]], ids=["cells", "a mean"])
def test_samples_given_observations_are_those_of_the_posterior(rows):
    matrix = jnp.asarray(rows, jnp.float32)
    observed = jnp.arange(1.0, len(rows) + 1)
    guided = towards(prior, lambda data: matrix @ data, observed, noise_sd=NOISE)
    levels = karras_levels(60, 0.01, 40.0)
    keys = jax.random.split(jax.random.key(0), 4000)
    drawn = np.asarray(jax.jit(jax.vmap(lambda key: heun(guided, start(key, (SIZE,), levels), levels)))(keys))
    gain = matrix.T @ jnp.linalg.inv(matrix @ matrix.T + NOISE**2 * jnp.eye(len(rows)))
    mean, covariance = gain @ observed, jnp.eye(SIZE) - gain @ matrix
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=0.06)
    np.testing.assert_allclose(np.cov(drawn.T), covariance, atol=0.08)


def test_hard_data_are_honoured_exactly():
    known, values = jnp.asarray([True, False, True]), jnp.asarray([2.0, 9.0, -1.5])
    levels = karras_levels(30, 0.002, 80.0)
    drawn = heun(filled_in(prior, known, values), start(jax.random.key(1), (3,), levels), levels)
    np.testing.assert_allclose(drawn[np.array([0, 2])], [2.0, -1.5], atol=1e-4)
    assert abs(float(drawn[1])) < 5


def test_guidance_without_a_classifier():
    guided = without_classifier(lambda x, sigma: x + 1, lambda x, sigma: x, 3.0)
    assert float(guided(jnp.asarray(2.0), jnp.asarray(1.0))) == 5.0
