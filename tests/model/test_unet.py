"""The U-Net's levels and patches: lengths, sharing of columns, and what a patch does not change."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.model.reach import reach
from outcrop.model.trainable import parameter_count as counted
from outcrop.model.unet import UNet, parameter_count


def unet(**arguments):
    return UNet(3, 2, **({"widths": (4, 6), "patch": 4} | arguments), key=jax.random.key(0))


@pytest.mark.parametrize("length", [1, 8, 13])
def test_patches_keep_any_length(length):
    out = eqx.filter_eval_shape(unet(), jax.ShapeDtypeStruct((length, 3), jnp.float32))
    assert out.shape == (length, 2)


@pytest.mark.parametrize("arguments", [{}, {"blocks": 2, "kernel_size": 5}, {"widths": (4,)}, {"patch": 1}])
def test_parameter_formula(arguments):
    given = {"widths": (4, 6), "patch": 4} | arguments
    assert counted(unet(**arguments)) == parameter_count(3, 2, **given)


def test_shifts_by_the_multiple_shift_the_output():
    model = unet()
    assert model.multiple == 8
    run, x = eqx.filter_jit(model), jax.random.normal(jax.random.key(1), (128, 3))
    before, after = reach(model, (128, 3))
    inside = slice(before + 8, 128 - after - 8)
    assert inside.start < inside.stop
    y, moved = run(x), run(jnp.roll(x, 8, axis=0))
    np.testing.assert_allclose(moved[inside], jnp.roll(y, 8, axis=0)[inside], rtol=1e-4, atol=1e-5)


def test_padding_of_a_length_that_does_not_fit_is_zeros():
    run, x = unet(), jax.random.normal(jax.random.key(1), (13, 3))
    padded = jnp.concatenate([x, jnp.zeros((3, 3))])
    np.testing.assert_allclose(run(x), run(padded)[:13], rtol=1e-4, atol=1e-5)
