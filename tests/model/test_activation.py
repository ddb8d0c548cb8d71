"""Every activation is smooth enough to train and named wrongly is an error."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.model.activation import ACTIVATIONS, activation


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_value_and_slope_are_finite_far_out(name):
    x = jnp.asarray([-1e4, -1.0, 0.0, 1.0, 1e4])
    y, slope = jax.jvp(activation(name), (x,), (jnp.ones(5),))
    assert np.isfinite(y).all() and np.isfinite(slope).all()
    assert y.dtype == jnp.float32


def test_a_wrong_name_shows_the_right_one():
    with pytest.raises(ConfigError, match=r"did you mean 'relu'\?\)[\s\S]*Fix: choose one of relu"):
        activation("rely")
