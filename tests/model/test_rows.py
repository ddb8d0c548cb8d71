"""Linear layers on rows: the numbers of Equinox's own layer, one row at a time."""

import equinox as eqx
import jax
import numpy as np
import pytest

from outcrop.model.linear import Linear


@pytest.mark.parametrize("bias", [True, False])
def test_rows_are_those_of_equinox_one_by_one(bias):
    key = jax.random.key(0)
    own, other = Linear(3, 5, use_bias=bias, key=key), eqx.nn.Linear(3, 5, use_bias=bias, key=key)
    x = jax.random.normal(jax.random.key(1), (2, 4, 3))
    wanted = np.asarray(jax.vmap(jax.vmap(other))(x))
    for found in (own(x), jax.vmap(own)(x), jax.vmap(jax.vmap(own))(x)):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(own(x[0, 0]), wanted[0, 0], rtol=1e-5, atol=1e-6)
