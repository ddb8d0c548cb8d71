"""Convolutions, halving and doubling against sums by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.model.conv import Conv, Double, Halve


@pytest.mark.parametrize(("kernel_size", "dilation"), [(1, 1), (3, 1), (5, 1), (3, 4)])
def test_convolution_equals_shifted_sums(kernel_size, dilation):
    conv = Conv(2, 3, kernel_size, dilation=dilation, key=jax.random.key(0))
    x = np.asarray(jax.random.normal(jax.random.key(1), (11, 2)))
    half = kernel_size // 2 * dilation
    padded = np.pad(x, ((half, half), (0, 0)))
    taps = [padded[i * dilation : i * dilation + 11] @ np.asarray(conv.weight[i]) for i in range(kernel_size)]
    np.testing.assert_allclose(conv(jnp.asarray(x)), sum(taps), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dilation", [1, 2])
def test_cubes_are_convolved_along_all_three_dimensions(dilation):
    conv = Conv(2, 3, 3, num_spatial_dims=3, dilation=dilation, key=jax.random.key(0))
    x = jax.random.normal(jax.random.key(1), (4, 5, 6, 2))
    options = {"rhs_dilation": (dilation,) * 3, "dimension_numbers": ("NXYZC", "XYZIO", "NXYZC")}
    whole = jax.lax.conv_general_dilated(x[None], conv.weight, (1, 1, 1), "SAME", **options)[0]
    np.testing.assert_allclose(conv(x), whole, rtol=1e-4, atol=1e-5)


def test_halve_is_a_convolution_of_stride_two():
    layer = Halve(2, 3, key=jax.random.key(0))
    x = jax.random.normal(jax.random.key(1), (10, 2))
    weight = layer.linear.weight[0].reshape(2, 2, 3)
    strided = jax.lax.conv_general_dilated(x[None], weight, (2,), "VALID", dimension_numbers=("NWC", "WIO", "NWC"))[0]
    np.testing.assert_allclose(layer(x), strided, rtol=1e-4, atol=1e-5)


def test_double_gives_each_sample_two_neighbours():
    layer = Double(3, 2, key=jax.random.key(0))
    x = jax.random.normal(jax.random.key(1), (5, 3))
    y = layer(x)
    assert y.shape == (10, 2)
    np.testing.assert_allclose(y[4:6].reshape(-1), x[2] @ layer.linear.weight[0], rtol=1e-4, atol=1e-5)


def test_weights_keep_the_variance():
    conv = Conv(32, 64, 3, key=jax.random.key(0))
    y = conv(jax.random.normal(jax.random.key(1), (500, 32)))
    assert 0.9 < float(y[1:-1].std()) < 1.1
