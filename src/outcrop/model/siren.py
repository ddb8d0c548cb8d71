"""A network of sines for functions of coordinates (SIREN): smooth to any order, of fine detail where it is asked for.

Source: Sitzmann et al. (2020), arXiv:2006.09661, section 3.2: weights of the first layer uniform within +-1 / fan-in,
times `frequency`, of the others within +-sqrt(6 / fan-in), so that every layer sees arguments of unit size. There the
later layers are multiplied by the frequency too and their weights divided by it; here neither is done.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model import check
from outcrop.model.dropout import dropout as drop
from outcrop.model.dropout import split
from outcrop.model.linear import Linear


class Siren(eqx.Module):
    """`depth` layers of sin(W x + b), then one linear layer."""

    layers: tuple[Linear, ...]
    last: Linear
    dropout: float = eqx.field(static=True)

    def __init__(
        self,
        in_size: int,
        out_size: int,
        *,
        width_size: int = 64,
        depth: int = 3,
        frequency: float = 10.0,
        dropout: float = 0.0,
        key: PRNGKeyArray,
    ):
        """Builds the network with random weights.

        Args:
            in_size: number of coordinates or features.
            out_size: number of outputs.
            width_size: width of the hidden layers.
            depth: number of hidden layers.
            frequency: largest angular frequency of the first layer, per unit of an input.
            dropout: probability that a hidden value is dropped in training.
            key: for the weights.
        """
        check.positive(in_size=in_size, out_size=out_size, width_size=width_size, depth=depth)
        check.share(dropout=dropout)
        keys = jax.random.split(key, depth + 1)
        self.dropout = dropout
        first = _uniform(Linear(in_size, width_size, key=keys[0]), frequency, keys[0])
        rest = [_uniform(Linear(width_size, width_size, key=k), (6 / width_size) ** 0.5, k) for k in keys[1:-1]]
        self.layers = (first, *rest)
        self.last = _uniform(Linear(width_size, out_size, key=keys[-1]), (6 / width_size) ** 0.5, keys[-1])

    def __call__(self, x: Float[Array, " feature"], *, key: PRNGKeyArray | None = None) -> Float[Array, " out"]:
        """The outputs of one point; without `key` nothing is dropped."""
        for layer, own in zip(self.layers, split(key, len(self.layers)), strict=True):
            x = drop(jnp.sin(layer(x)), self.dropout, own)
        return self.last(x)


def _uniform(layer: Linear, bound: float, key: PRNGKeyArray) -> Linear:
    """The layer with weights uniform within +-bound."""
    weight = jax.random.uniform(key, layer.weight.shape, layer.weight.dtype, -bound, bound)
    return eqx.tree_at(lambda one: one.weight, layer, weight)


def parameter_count(in_size: int, out_size: int, *, width_size: int = 64, depth: int = 3, **_: object) -> int:
    """Trainable numbers: weights and biases of depth + 1 layers.

    >>> parameter_count(2, 1, width_size=4, depth=2)  # 3 * 4 + 5 * 4 + 5
    37
    """
    return (in_size + 1) * width_size + (depth - 1) * (width_size + 1) * width_size + (width_size + 1) * out_size
