"""Residual networks in one, two and three dimensions: shifting the input shifts the output."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.model.resnet import ResNet, parameter_count
from outcrop.model.trainable import parameter_count as counted

SIZES = {1: (40,), 2: (24, 20), 3: (18, 16, 17)}


def network(dims, **arguments):
    settings = {"width_size": 4, "dilations": (1, 2)[: 3 - dims + 1]} | arguments
    return ResNet(2, 3, num_spatial_dims=dims, **settings, key=jax.random.key(0))


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("norm", ["layer", "none", "batch"])
def test_shifting_the_input_shifts_the_output_away_from_the_borders(dims, norm):
    model = network(dims, norm=norm)
    run, half = eqx.filter_jit(model), (model.receptive_field - 1) // 2
    x = jax.random.normal(jax.random.key(1), (*SIZES[dims], 2))
    for axis in range(dims):
        y, moved = run(x), run(jnp.roll(x, 2, axis=axis))
        inside = tuple(slice(half + 2, size - half) if d == axis else slice(None) for d, size in enumerate(SIZES[dims]))
        np.testing.assert_allclose(moved[inside], jnp.roll(y, 2, axis=axis)[inside], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_nothing_beyond_the_receptive_field_is_seen(dims):
    model = network(dims)
    half = (model.receptive_field - 1) // 2
    assert half == 1 + 2 * sum((1, 2)[: 3 - dims + 1])
    middle = tuple(size // 2 for size in SIZES[dims])
    x = jax.random.normal(jax.random.key(1), (*SIZES[dims], 2))
    near = tuple(slice(max(at - half, 0), at + half + 1) for at in middle)
    far = jnp.full_like(x, 7.0).at[near].set(x[near])
    np.testing.assert_allclose(model(far)[middle], model(x)[middle], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("norm", ["layer", "group", "batch", "none"])
def test_parameters(dims, norm):
    arguments = {"width_size": 4, "dilations": (1, 2)[: 3 - dims + 1], "norm": norm}
    assert counted(network(dims, norm=norm)) == parameter_count(2, 3, num_spatial_dims=dims, **arguments)
