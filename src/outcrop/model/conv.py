"""One-dimensional convolutions of one example, channels last: (length, channel) in, (length, channel) out.

`vmap` over examples turns `Conv1d` into ONE batched convolution. Halving and doubling the number of samples are dense
layers on pairs of neighbours, which a CPU runs several times faster than strided and transposed convolutions.
"""

from __future__ import annotations

import functools
import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray


class Conv1d(eqx.Module):
    """A convolution that keeps the length; samples beyond the ends count as zeros.

    Weights are drawn from a normal distribution of variance 1 / fan-in (LeCun et al., 1998, Efficient BackProp,
    section 4.6), biases start at zero.
    """

    weight: Float[Array, "kernel in_channel out_channel"]
    bias: Float[Array, " out_channel"]
    dilation: int = eqx.field(static=True)

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int = 1, *, dilation: int = 1, key: PRNGKeyArray
    ):
        shape = (kernel_size, in_channels, out_channels)
        self.weight = _normal(key, shape, (kernel_size * in_channels) ** -0.5)
        self.bias = jnp.zeros(out_channels)
        self.dilation = dilation

    def __call__(self, x: Float[Array, "length in_channel"]) -> Float[Array, "length out_channel"]:
        if len(self.weight) == 1:
            return x @ self.weight[0] + self.bias[None]
        y = jax.lax.conv_general_dilated(
            x[None],
            self.weight,
            window_strides=(1,),
            padding="SAME",
            rhs_dilation=(self.dilation,),
            dimension_numbers=("NWC", "WIO", "NWC"),
        )
        return y[0] + self.bias[None]


def _normal(key: PRNGKeyArray, shape: tuple[int, ...], sd: float) -> Float[Array, ...]:
    """Normal numbers of a shape, cut from a few standard lengths, because each new length has to be compiled."""
    size = math.prod(shape)
    length = max(4096, 4 ** math.ceil(math.log(size, 4)))
    return _draw(key, sd, length)[:size].reshape(shape)


@functools.partial(jax.jit, static_argnums=2)
def _draw(key: PRNGKeyArray, sd: Float[Array, ""], length: int) -> Float[Array, " length"]:
    return sd * jax.random.normal(key, (length,))


class Halve(eqx.Module):
    """Two neighbouring samples become one: a convolution of kernel 2 and stride 2. The length must be even."""

    linear: Conv1d

    def __init__(self, in_channels: int, out_channels: int, *, key: PRNGKeyArray):
        self.linear = Conv1d(2 * in_channels, out_channels, key=key)

    def __call__(self, x: Float[Array, "length in_channel"]) -> Float[Array, "half out_channel"]:
        return self.linear(x.reshape(x.shape[0] // 2, 2 * x.shape[1]))


class Double(eqx.Module):
    """One sample becomes two neighbours: a transposed convolution of kernel 2 and stride 2."""

    linear: Conv1d

    def __init__(self, in_channels: int, out_channels: int, *, key: PRNGKeyArray):
        self.linear = Conv1d(in_channels, 2 * out_channels, key=key)

    def __call__(self, x: Float[Array, "length in_channel"]) -> Float[Array, "double out_channel"]:
        y = self.linear(x)
        return y.reshape(2 * y.shape[0], y.shape[1] // 2)
