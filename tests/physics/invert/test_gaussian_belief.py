"""A Gaussian belief after data: by hand, against scikit-learn, and as an ensemble of perturbed inversions."""

import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError, DataError
from outcrop.physics.invert.gaussian import Belief, believed, posterior, randomised

RNG = np.random.default_rng(0)
MATRIX = RNG.standard_normal((4, 6))
PLACE = np.arange(6)
BELIEF = Belief(np.linspace(1, 2, 6).reshape(2, 3), np.exp(-np.abs(PLACE[:, None] - PLACE) / 2))
DATA, NOISE = RNG.standard_normal(4), np.array([0.1, 0.2, 0.3, 0.4])


def test_it_is_that_of_least_squares():
    after = posterior(BELIEF, MATRIX, DATA, NOISE)
    precision = np.linalg.inv(BELIEF.covariance) + MATRIX.T @ np.diag(NOISE**-2) @ MATRIX
    right = np.linalg.inv(BELIEF.covariance) @ BELIEF.mean.ravel() + MATRIX.T @ (DATA / NOISE**2)
    np.testing.assert_allclose(after.mean.ravel(), np.linalg.solve(precision, right))
    np.testing.assert_allclose(after.covariance, np.linalg.inv(precision), atol=1e-12)
    assert after.mean.shape == after.sd.shape == (2, 3)


def test_single_cells_are_kriging():
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import Matern

    kernel = Matern(2.0, nu=0.5)
    known, at = np.array([0, 3, 4]), PLACE[:, None].astype(float)
    process = GaussianProcessRegressor(kernel, alpha=0.2**2, optimizer=None).fit(at[known], DATA[:3])
    mean, sd = process.predict(at, return_std=True)
    after = posterior(Belief(np.zeros(6), kernel(at)), np.eye(6)[known], DATA[:3], 0.2)
    np.testing.assert_allclose(after.mean, mean, atol=1e-9)
    np.testing.assert_allclose(after.sd, sd, atol=1e-6)


def test_draws_and_what_is_believed_of_them():
    models = BELIEF.draw(np.random.default_rng(1), 20_000)
    again = believed(models)
    np.testing.assert_allclose(again.mean, BELIEF.mean, atol=0.03)
    np.testing.assert_allclose(again.covariance, BELIEF.covariance, atol=0.04)


def test_perturbed_inversions_of_linear_data_are_the_posterior():
    wanted = posterior(BELIEF, MATRIX, DATA, NOISE)
    found = randomised(lambda m: jnp.asarray(MATRIX) @ m.ravel(), DATA, NOISE, BELIEF, np.random.default_rng(2), 2000)
    assert found.shape == (2000, 2, 3)
    np.testing.assert_allclose(found.mean(axis=0), wanted.mean, atol=0.06)
    np.testing.assert_allclose(np.cov(found.reshape(2000, -1).T), wanted.covariance, atol=0.06)


def test_perturbed_inversions_honour_data_that_are_not_linear():
    truth = np.array([0.3, -0.2, 0.5])
    matrix = np.abs(MATRIX[:, :3]) + 0.5

    def forward(model):
        return jnp.asarray(matrix) @ jnp.exp(model)

    data = matrix @ np.exp(truth)
    found = randomised(forward, data, 0.01, Belief(np.zeros(3), np.eye(3)), np.random.default_rng(3), 40)
    misfit = np.mean([np.mean(((matrix @ np.exp(model) - data) / 0.01) ** 2) for model in found])
    assert 0.2 < misfit < 2  # three of four data's worth of noise is fitted
    assert np.abs(found.mean(axis=0) - truth).max() < 0.1


def test_what_cannot_be_believed():
    with pytest.raises(DataError, match="better hundreds"):
        believed(np.ones((1, 3)))
    with pytest.raises(DataError, match="without missing values"):
        believed([[1.0, np.nan], [2.0, 3.0]])
    with pytest.raises(DataError, match="cells in C order"):
        posterior(BELIEF, MATRIX[:, :4], DATA, NOISE)
    with pytest.raises(ConfigError, match="noise = 1"):
        posterior(BELIEF, MATRIX, DATA, 0.0)
