"""Layer normalisation over the channels of each sample: depth samples are never mixed.

Statistics over the whole window (group or instance norm) would let every prediction depend on the entire window, on
its padding, and on where the window was cut. Per sample, a prediction depends on its neighbourhood only, and shifting
the input shifts the output.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class LayerNorm(eqx.Module):
    """Zero mean and unit variance over the last axis, then a learned scale and shift per channel.

    Source: Ba, Kiros and Hinton (2016), Layer Normalization, arXiv:1607.06450, equation 4; over the channels of each
    sample as in ConvNeXt (Liu et al., 2022, arXiv:2201.03545).
    """

    scale: Float[Array, " channel"]
    shift: Float[Array, " channel"]
    epsilon: float = eqx.field(static=True)

    def __init__(self, channels: int, *, epsilon: float = 1e-5):
        self.scale = jnp.ones(channels)
        self.shift = jnp.zeros(channels)
        self.epsilon = epsilon

    def __call__(self, x: Float[Array, "*sample channel"]) -> Float[Array, "*sample channel"]:
        centred = x - jnp.mean(x, axis=-1, keepdims=True)
        variance = jnp.mean(jnp.square(centred), axis=-1, keepdims=True)
        per_channel = (1,) * (x.ndim - 1) + (-1,)
        scaled = centred * jax.lax.rsqrt(variance + self.epsilon) * self.scale.reshape(per_channel)
        return scaled + self.shift.reshape(per_channel)
