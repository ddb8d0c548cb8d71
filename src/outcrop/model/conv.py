"""Convolutions of one example in one, two or three dimensions, channels last: (*sample, channel) in and out.

`vmap` over examples turns `Conv` into ONE batched convolution. Halving and doubling the number of samples are dense
layers on blocks of neighbours, which a CPU runs several times faster than strided and transposed convolutions.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model.initial import draw

AXES = "XYZ"


class Conv(eqx.Module):
    """A convolution that keeps the size; samples beyond the ends count as zeros.

    Weights are drawn as `initial` says (see initial.py; "lecun_normal" has variance 1 / fan-in), biases start at zero.
    """

    weight: Float[Array, "*kernel in_channel out_channel"]
    bias: Float[Array, " out_channel"]
    dilation: int = eqx.field(static=True)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 1,
        *,
        num_spatial_dims: int = 1,
        dilation: int = 1,
        initial: str = "lecun_normal",
        key: PRNGKeyArray,
    ):
        self.weight = draw(initial, key, (kernel_size,) * num_spatial_dims + (in_channels, out_channels))
        self.bias = jnp.zeros(out_channels)
        self.dilation = dilation

    def __call__(self, x: Float[Array, "*sample in_channel"]) -> Float[Array, "*sample out_channel"]:
        bias = self.bias.reshape((1,) * (x.ndim - 1) + (-1,))
        if len(self.weight) == 1:
            return x @ self.weight.reshape(self.weight.shape[-2:]) + bias
        return convolved(x, self.weight, self.dilation) + bias


def convolved(
    x: Float[Array, "*samples in_channel"], weight: Float[Array, "*kernel in_channel out_channel"], dilation: int = 1
) -> Float[Array, "*samples out_channel"]:
    """The convolution that keeps the size, along as many of the last sample axes as the kernel has; zeros beyond."""
    if weight.ndim == 5:
        x, weight = in_slices(x, weight, dilation)
    dims = weight.ndim - 2
    axes = AXES[:dims]
    y = jax.lax.conv_general_dilated(
        x.reshape(-1, *x.shape[-dims - 1 :]),
        weight,
        window_strides=(1,) * dims,
        padding="SAME",
        rhs_dilation=(dilation,) * dims,
        dimension_numbers=(f"N{axes}C", f"{axes}IO", f"N{axes}C"),
    )
    return y.reshape(*x.shape[:-1], weight.shape[-1])


def in_slices(
    x: Float[Array, "*cubes slice row column in_channel"],
    weight: Float[Array, "kernel row_tap column_tap in_channel out_channel"],
    dilation: int,
) -> tuple[Float[Array, "*cubes slice row column stacked"], Float[Array, "row_tap column_tap stacked out_channel"]]:
    """A cube and its kernel as a batch of slices, each with the neighbours that the kernel reaches as more channels.

    The same sums in another order: the convolution in three dimensions is one in two, several times faster on a CPU
    (benchmarks/train_families.py).
    """
    slices, taps = x.shape[-4], len(weight)
    reach = taps // 2 * dilation
    padded = jnp.pad(x, (*((0, 0),) * (x.ndim - 4), (reach, reach), (0, 0), (0, 0), (0, 0)))
    stacked = [padded[..., k * dilation : k * dilation + slices, :, :, :] for k in range(taps)]
    flat = weight.transpose(1, 2, 0, 3, 4).reshape(*weight.shape[1:3], -1, weight.shape[-1])
    return jnp.concatenate(stacked, axis=-1), flat


class Halve(eqx.Module):
    """Two neighbours along every dimension become one: a convolution of kernel 2 and stride 2. Sizes must be even."""

    linear: Conv

    def __init__(self, in_channels: int, out_channels: int, *, num_spatial_dims: int = 1, key: PRNGKeyArray):
        sizes = {"num_spatial_dims": num_spatial_dims, "key": key}
        self.linear = Conv(2**num_spatial_dims * in_channels, out_channels, **sizes)

    def __call__(self, x: Float[Array, "*sample in_channel"]) -> Float[Array, "*half out_channel"]:
        return self.linear(gathered(x, 2))


class Double(eqx.Module):
    """One sample becomes two neighbours along every dimension: a transposed convolution of kernel 2 and stride 2."""

    linear: Conv

    def __init__(self, in_channels: int, out_channels: int, *, num_spatial_dims: int = 1, key: PRNGKeyArray):
        sizes = {"num_spatial_dims": num_spatial_dims, "key": key}
        self.linear = Conv(in_channels, 2**num_spatial_dims * out_channels, **sizes)

    def __call__(self, x: Float[Array, "*sample in_channel"]) -> Float[Array, "*double out_channel"]:
        return scattered(self.linear(x), 2)


def gathered(x: Float[Array, "*sample channel"], size: int) -> Float[Array, "*block more"]:
    """Blocks of `size` neighbours along every dimension as one sample each, their channels side by side.

    >>> gathered(jnp.arange(8.0).reshape(4, 2), 2).tolist()
    [[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]]
    """
    *shape, channels = x.shape
    split = x.reshape(*(part for length in shape for part in (length // size, size)), channels)
    dims = len(shape)
    order = (*range(0, 2 * dims, 2), *range(1, 2 * dims, 2), 2 * dims)
    return split.transpose(order).reshape(*(length // size for length in shape), size**dims * channels)


def scattered(x: Float[Array, "*block more"], size: int) -> Float[Array, "*sample channel"]:
    """The inverse of `gathered`."""
    *shape, more = x.shape
    dims, channels = len(shape), more // size ** len(shape)
    split = x.reshape(*shape, *(size,) * dims, channels)
    order = (*(axis for dim in range(dims) for axis in (dim, dims + dim)), 2 * dims)
    return split.transpose(order).reshape(*(length * size for length in shape), channels)
