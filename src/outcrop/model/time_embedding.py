r"""The time of a generative process (a noise level, or the time of a flow) as numbers, and how blocks are told of it.

    waves = [sin(f t), cos(f t)],    embedding = silu(W silu(V waves)),    y <- (1 + scale) y + shift

Source: Ho, Jain and Abbeel (2020), arXiv:2006.11239, appendix B (waves and two dense layers); Song et al. (2021),
arXiv:2011.13456, appendix C.2 (waves of a continuous time); Perez et al. (2018), FiLM, arXiv:1709.07871, equation 2.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model.block import conv_parameters
from outcrop.model.linear import Linear

PAIRS = 16
SLOWEST, FASTEST = 0.5, 50.0
"""Angular frequencies, for times of order 1: c_noise = log(sigma) / 4 runs from -1.6 to 1.1, that of a flow 0 to 1."""


class TimeEmbedding(eqx.Module):
    """A time as `width_size` numbers: waves of fixed frequencies, then two dense layers, the second one activated."""

    first: Linear
    second: Linear

    def __init__(self, width_size: int, *, key: PRNGKeyArray):
        first, second = jax.random.split(key)
        self.first = Linear(2 * PAIRS, width_size, key=first)
        self.second = Linear(width_size, width_size, key=second)

    def __call__(self, t: Float[Array, ""]) -> Float[Array, " width"]:
        dtype = self.first.weight.dtype
        angles = jnp.asarray(t, dtype) * jnp.asarray(np.geomspace(SLOWEST, FASTEST, PAIRS), dtype)
        waves = jnp.concatenate([jnp.sin(angles), jnp.cos(angles)])
        return jax.nn.silu(self.second(jax.nn.silu(self.first(waves))))


def silenced(layer: eqx.Module) -> eqx.Module:
    """A layer that starts at zero: all its arrays, weights and biases, are 0.

    Source: Ho, Jain and Abbeel (2020), whose last layer starts so: an untrained network answers 0, the mean.
    """
    return jax.tree.map(lambda leaf: jnp.zeros_like(leaf) if eqx.is_inexact_array(leaf) else leaf, layer)


def embedding_parameters(width_size: int) -> int:
    """Trainable numbers of a `TimeEmbedding`."""
    return conv_parameters(2 * PAIRS, width_size) + conv_parameters(width_size, width_size)
