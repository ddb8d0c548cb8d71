"""Guidance towards observations against the exact posterior of Gaussian data."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.process.noise import karras_levels
from outcrop.sample.diffusion import heun, start
from outcrop.sample.guidance import Rows, filled_in, orthogonal, towards, towards_classes, without_classifier

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


def test_rows_of_a_cell_that_depend_on_each_other_are_those_of_the_posterior():
    matrix = jnp.asarray([[2.0, 1.0], [1.0, 0.0], [0.0, 0.0]])  # a soft attribute, a value, a row that says nothing
    noise, observed = jnp.asarray([0.5, 0.2, 1.0]), jnp.asarray([3.0, 0.5, 0.0])
    rows, sizes = orthogonal(Rows(matrix[None], observed[None], noise[None]))
    squares = rows.operator[0] @ rows.operator[0].T
    np.testing.assert_allclose(squares, jnp.diag(sizes[0]), atol=1e-4)
    guided = towards(
        prior, lambda data: rows.operator[0] @ data, rows.observed[0], noise_sd=1.0, size=sizes[0]
    )  # fmt: skip
    levels = karras_levels(60, 0.01, 40.0)
    keys = jax.random.split(jax.random.key(0), 4000)
    drawn = np.asarray(jax.jit(jax.vmap(lambda key: heun(guided, start(key, (2,), levels), levels)))(keys))
    precision = np.eye(2) + matrix.T @ np.diag(noise**-2) @ matrix
    covariance = np.linalg.inv(precision)
    np.testing.assert_allclose(drawn.mean(axis=0), covariance @ matrix.T @ (observed / noise**2), atol=0.04)
    np.testing.assert_allclose(np.cov(drawn.T), covariance, atol=0.04)


@pytest.mark.parametrize(("attribute", "sd"), [(0.3, 0.3), (0.8, 0.3), (1.2, 0.5), (-0.2, 1.0)])
def test_classes_given_an_attribute_have_the_odds_of_bayes(attribute, sd):
    shares, means, codes = np.array([0.7, 0.3]), np.array([0.0, 1.0]), 2 * jnp.eye(2) - 1

    def classes(x, sigma):  # independent cells, exact
        near = ((x[:, None] - codes) ** 2).sum(axis=-1)
        return jax.nn.softmax(jnp.log(shares) - near / (2 * sigma**2), axis=-1) @ codes

    likelihood = np.exp(-0.5 * ((attribute - means) / sd) ** 2)
    guided = towards_classes(classes, jnp.broadcast_to(jnp.asarray(likelihood, jnp.float32), (256, 2)))
    levels = karras_levels(18, 0.002, 80.0)
    keys = jax.random.split(jax.random.key(0), 16)
    drawn = np.asarray(jax.jit(jax.vmap(lambda key: heun(guided, start(key, (256, 2), levels), levels)))(keys))
    right = (shares * likelihood)[1] / (shares * likelihood).sum()
    np.testing.assert_allclose((drawn[..., 1] > drawn[..., 0]).mean(), right, atol=0.03)  # 4,096 cells


def test_hard_data_are_honoured_exactly():
    known, values = jnp.asarray([True, False, True]), jnp.asarray([2.0, 9.0, -1.5])
    levels = karras_levels(30, 0.002, 80.0)
    drawn = heun(filled_in(prior, known, values), start(jax.random.key(1), (3,), levels), levels)
    np.testing.assert_allclose(drawn[np.array([0, 2])], [2.0, -1.5], atol=1e-4)
    assert abs(float(drawn[1])) < 5


def test_guidance_without_a_classifier():
    guided = without_classifier(lambda x, sigma: x + 1, lambda x, sigma: x, 3.0)
    assert float(guided(jnp.asarray(2.0), jnp.asarray(1.0))) == 5.0
