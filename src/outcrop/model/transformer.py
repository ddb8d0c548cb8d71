"""A transformer encoder along a sequence: every step looks at every other one, however far away.

Steps know nothing of their order but what `position` tells them. Without it the answer is the same in any order.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.errors import ConfigError, message
from outcrop.model import check
from outcrop.model.attention import EncoderBlock, check_heads, encoder_block_parameters, sinusoidal, visible
from outcrop.model.block import conv_parameters
from outcrop.model.conv import Conv, gathered, scattered
from outcrop.model.dropout import split
from outcrop.model.norm import LayerNorm
from outcrop.model.pool import POOLS, pooled, repeated, within

POSITIONS = ("sinusoidal", "rotary", "coordinates", "none")


class Transformer(eqx.Module):
    """A linear layer per step, `depth` blocks of self-attention and feed-forward, a norm, and a linear layer per step.

    Source: the encoder of Vaswani et al. (2017), arXiv:1706.03762; see `attention.EncoderBlock`. "coordinates" are
    learned Fourier features, sin and cos of B x with a trained matrix B over all channels, after Li et al. (2021),
    arXiv:2106.02795, equation 2, added without the further layers there: B finds out which channels are coordinates,
    so irregular stations and times need none of them marked.
    """

    first: Conv
    frequencies: Float[Array, "in_channel pair"] | None
    blocks: tuple[EncoderBlock, ...]
    norm: LayerNorm
    last: Conv
    position: str = eqx.field(static=True)
    causal: bool = eqx.field(static=True)
    pool: str = eqx.field(static=True)
    patch: int = eqx.field(static=True)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width_size: int = 64,
        depth: int = 2,
        num_heads: int = 4,
        patch: int = 1,
        position: str = "sinusoidal",
        causal: bool = False,
        pool: str = "none",
        dropout: float = 0.1,
        key: PRNGKeyArray,
    ):
        """Builds the network with random weights.

        Args:
            in_channels: curves (and masks) per step.
            out_channels: one per class (logits), or 1 for a number.
            width_size: channels of a step inside the network, a multiple of `num_heads`.
            depth: number of blocks.
            num_heads: how many questions each step asks at a time.
            patch: neighbouring steps that are one token: the cost of a long sequence falls with it, that of attention
                with its square. Each step of a token still has an answer of its own.
            position: how steps know where they are: "sinusoidal" (their number, added), "rotary" (the number of steps
                between two of them), "coordinates" (from their own channels: time, depth, longitude), "none".
            causal: no step looks at later ones.
            pool: one answer for all steps, from their "mean" or the "last" step; "none" answers for each.
            dropout: probability that a value is dropped after each layer in training.
            key: for the weights.

        Raises:
            ConfigError: a value that cannot be, or tokens of several steps that must not look ahead.
        """
        check.positive(in_channels=in_channels, out_channels=out_channels, width_size=width_size, depth=depth)
        check.positive(num_heads=num_heads, patch=patch)
        if causal and patch > 1:
            what = f"The {patch} steps of a token see each other, so the network cannot be causal."
            raise ConfigError(message(what, where="model.patch", fix="patch = 1"))
        check.one_of(POSITIONS, position=position)
        check.one_of(POOLS, pool=pool)
        check.share(dropout=dropout)
        check_heads(width_size, num_heads, position, 1)
        first, waves, last, *keys = jax.random.split(key, 3 + depth)
        self.first = Conv(patch * in_channels, width_size, key=first)
        known = position == "coordinates"
        self.frequencies = jax.random.normal(waves, (in_channels, width_size // 2)) if known else None
        self.blocks = tuple(EncoderBlock(width_size, num_heads=num_heads, dropout=dropout, key=k) for k in keys)
        self.norm = LayerNorm(width_size)
        self.last = Conv(width_size, out_channels * (patch if pool == "none" else 1), key=last)
        self.position, self.causal, self.pool, self.patch = position, causal, pool, patch

    def __call__(self, x: Float[Array, "step in_channel"], *, key: PRNGKeyArray | None = None) -> Array:
        """Logits or scaled values of every step; without `key` nothing is dropped."""
        y, there, places = self._tokens(x)
        mask = visible(there, causal=self.causal)
        for block, block_key in zip(self.blocks, split(key, len(self.blocks)), strict=True):
            y = block(y, mask, places, key=block_key)
        y = self.norm(y)
        if self.pool == "none":
            return scattered(self.last(y), self.patch)[: len(x)]
        return repeated(self.last(pooled(y, there, self.pool)), within(x, causal=self.causal))

    def attention(self, x: Float[Array, "step in_channel"]) -> Float[Array, "layer head query key"]:
        """How much each step (query) takes from every other one (key), in every layer and head; rows sum to 1.

        What a token of several steps takes is spread evenly over the steps of the other one.
        """
        y, there, places = self._tokens(x)
        mask, weights = visible(there, causal=self.causal), []
        for block in self.blocks:
            weights.append(block.weights(y, mask, places))
            y = block(y, mask, places)
        tokens = jnp.stack(weights)
        each = jnp.repeat(jnp.repeat(tokens, self.patch, axis=-2), self.patch, axis=-1) / self.patch
        return each[..., : len(x), : len(x)]

    def _tokens(self, x: Array) -> tuple[Array, Array, Array | None]:
        """Tokens, which of them are there, and the places that turn queries and keys."""
        padded = jnp.pad(x, ((0, -len(x) % self.patch), (0, 0)))
        there = gathered(within(padded, causal=self.causal)[:, None], self.patch).any(axis=-1)
        places = jnp.arange(len(there), dtype=x.dtype)[:, None]
        y = self.first(gathered(padded, self.patch))
        if self.position == "sinusoidal":
            y = y + sinusoidal(places, y.shape[-1])
        if self.frequencies is not None:
            phase = padded.reshape(len(there), self.patch, -1).mean(axis=1) @ self.frequencies
            y = y + jnp.concatenate([jnp.sin(phase), jnp.cos(phase)], axis=-1)
        return y, there, places if self.position == "rotary" else None


def parameter_count(
    in_channels: int,
    out_channels: int,
    *,
    width_size: int = 64,
    depth: int = 2,
    patch: int = 1,
    position: str = "sinusoidal",
    pool: str = "none",
    **_: object,
) -> int:
    """Trainable numbers: first layer (and frequencies), blocks, a norm, the last layer.

    >>> parameter_count(2, 1, width_size=4, depth=1)  # 12 + (76 + 148 + 16) + 8 + 5
    265
    """
    waves = in_channels * (width_size // 2) if position == "coordinates" else 0
    first = conv_parameters(patch * in_channels, width_size)
    last = conv_parameters(width_size, out_channels * (patch if pool == "none" else 1))
    return first + waves + depth * encoder_block_parameters(width_size) + 2 * width_size + last
