"""Layer norm by hand, and that samples are not mixed."""

import jax
import jax.numpy as jnp
import numpy as np

from outcrop.model.norm import LayerNorm


def test_each_sample_has_zero_mean_and_unit_variance():
    x = 5 + 3 * jax.random.normal(jax.random.key(0), (7, 16))
    y = LayerNorm(16)(x)
    np.testing.assert_allclose(y.mean(axis=-1), np.zeros(7), atol=1e-5)
    np.testing.assert_allclose(y.std(axis=-1), np.ones(7), rtol=1e-3)


def test_one_sample_does_not_change_another():
    x = jax.random.normal(jax.random.key(0), (7, 16))
    norm = LayerNorm(16)
    np.testing.assert_array_equal(norm(x.at[3].set(100.0))[4], norm(x)[4])


def test_constant_sample_is_zero_not_nan():
    np.testing.assert_array_equal(LayerNorm(4)(jnp.full((2, 4), 3.0)), np.zeros((2, 4)))
