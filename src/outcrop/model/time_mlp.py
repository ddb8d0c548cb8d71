"""A residual multilayer perceptron that knows the time: the network of diffusion and flows for points and vectors."""

from __future__ import annotations

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model import check
from outcrop.model.activation import activation as function_of
from outcrop.model.block import conv_parameters
from outcrop.model.condition import Condition, beside, channels
from outcrop.model.dropout import dropout as drop
from outcrop.model.dropout import split
from outcrop.model.linear import Linear
from outcrop.model.norm import LayerNorm, film
from outcrop.model.time_embedding import TimeEmbedding, embedding_parameters, silenced


class TimeBlock(eqx.Module):
    """x + narrow(dropout(act(film(widen(norm(x)))))): what a block adds depends on the time."""

    norm: LayerNorm
    widen: Linear
    film: Linear
    narrow: Linear

    def __init__(self, width_size: int, *, key: PRNGKeyArray):
        first, second, third = jax.random.split(key, 3)
        self.norm = LayerNorm(width_size)
        self.widen = Linear(width_size, width_size, key=first)
        self.film = Linear(width_size, 2 * width_size, key=second)
        self.narrow = Linear(width_size, width_size, key=third)

    def __call__(
        self,
        x: Float[Array, " width"],
        embedding: Float[Array, " width"],
        activation: str,
        dropout: float,
        key: PRNGKeyArray | None,
    ) -> Float[Array, " width"]:
        y = function_of(activation)(film(self.widen(self.norm(x)), self.film(embedding)))
        return x + self.narrow(drop(y, dropout, key))


class TimeMLP(eqx.Module):
    """A linear layer, `depth` residual blocks that are scaled and shifted by the time, and a linear layer from zero.

    Source: the residual block of Nichol and Dhariwal (2021), arXiv:2102.09672, section 3 ("scale-shift norm"), with
    dense layers for convolutions.
    """

    embedding: TimeEmbedding
    first: Linear
    blocks: tuple[TimeBlock, ...]
    last: Linear
    in_size: int = eqx.field(static=True)
    activation: str = eqx.field(static=True)
    dropout: float = eqx.field(static=True)

    def __init__(
        self,
        in_size: int,
        out_size: int,
        *,
        width_size: int = 128,
        depth: int = 3,
        activation: str = "silu",
        dropout: float = 0.0,
        key: PRNGKeyArray,
    ):
        """Builds the network with random weights; before training it answers 0.

        Args:
            in_size: numbers of the condition; 0 for none.
            out_size: numbers that are generated.
            width_size: width of the hidden layers.
            depth: number of residual blocks, of two dense layers each.
            activation: name in `activation.ACTIVATIONS`.
            dropout: probability that a hidden value is dropped in training.
            key: for the weights.
        """
        check.natural(in_size=in_size)
        check.positive(out_size=out_size, width_size=width_size, depth=depth)
        check.share(dropout=dropout)
        function_of(activation)
        time, first, last, *keys = jax.random.split(key, 3 + depth)
        self.embedding = TimeEmbedding(width_size, key=time)
        self.first = Linear(out_size + channels(in_size), width_size, key=first)
        self.blocks = tuple(TimeBlock(width_size, key=own) for own in keys)
        self.last = silenced(Linear(width_size, out_size, key=last))
        self.in_size, self.activation, self.dropout = in_size, activation, dropout

    def __call__(
        self,
        x: Float[Array, " out"],
        t: Float[Array, ""],
        condition: Condition = None,
        *,
        key: PRNGKeyArray | None = None,
    ) -> Float[Array, " out"]:
        """The answer for one noisy example at one time; without `key` nothing is dropped."""
        y, embedding = self.first(beside(x, condition, self.in_size)), self.embedding(t)
        for block, own in zip(self.blocks, split(key, len(self.blocks)), strict=True):
            y = block(y, embedding, self.activation, self.dropout, own)
        return self.last(function_of(self.activation)(y))


def parameter_count(in_size: int, out_size: int, *, width_size: int = 128, depth: int = 3, **_: object) -> int:
    """Trainable numbers: the time, the first layer, blocks of four layers, the last layer.

    >>> parameter_count(0, 2, width_size=4, depth=1)  # (132 + 20) + 12 + (8 + 20 + 40 + 20) + 10
    262
    """
    dense = conv_parameters(width_size, width_size)
    block = 2 * width_size + 2 * dense + conv_parameters(width_size, 2 * width_size)
    ends = conv_parameters(out_size + channels(in_size), width_size) + conv_parameters(width_size, out_size)
    return embedding_parameters(width_size) + ends + depth * block
