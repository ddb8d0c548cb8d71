"""A vision transformer: an image is cut into square patches, which look at each other as the words of a text do."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model import check
from outcrop.model.attention import EncoderBlock, check_heads, encoder_block_parameters, sinusoidal, visible
from outcrop.model.block import conv_parameters
from outcrop.model.conv import Conv, gathered, scattered
from outcrop.model.dropout import split
from outcrop.model.norm import LayerNorm
from outcrop.model.pool import pooled, present, repeated

POSITIONS = ("sinusoidal", "rotary", "none")
POOLS = ("none", "mean")


class ViT(eqx.Module):
    """Patches become tokens by one linear layer, pass `depth` blocks, and become pixels again by another.

    Source: Dosovitskiy et al. (2021), An image is worth 16x16 words, arXiv:2010.11929, equations 1 to 4, with fixed
    places in two dimensions and a mean instead of a class token (Beyer et al., 2022, arXiv:2205.01580); the dense
    answer is the linear decoder of Strudel et al. (2021), Segmenter, arXiv:2105.05633, section 3.2.
    """

    first: Conv
    blocks: tuple[EncoderBlock, ...]
    norm: LayerNorm
    last: Conv
    patch: int = eqx.field(static=True)
    position: str = eqx.field(static=True)
    pool: str = eqx.field(static=True)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width_size: int = 64,
        depth: int = 2,
        num_heads: int = 4,
        patch: int = 8,
        position: str = "sinusoidal",
        pool: str = "none",
        dropout: float = 0.1,
        key: PRNGKeyArray,
    ):
        """Builds the network with random weights.

        Args:
            in_channels: bands (and masks) per pixel.
            out_channels: one per class (logits), or 1 for a number.
            width_size: channels of a token, a multiple of `num_heads` and of 4.
            depth: number of blocks.
            num_heads: how many questions each token asks at a time.
            patch: side of a patch in pixels; an image of n by m pixels has n m / patch^2 tokens, and the cost of
                attention grows with their square.
            position: how tokens know row and column: "sinusoidal" (added), "rotary" (the distance of two), "none".
            pool: "mean" gives one answer for the whole image, "none" one for each pixel.
            dropout: probability that a value is dropped after each layer in training.
            key: for the weights.
        """
        check.positive(in_channels=in_channels, out_channels=out_channels, width_size=width_size, depth=depth)
        check.positive(num_heads=num_heads, patch=patch)
        check.one_of(POSITIONS, position=position)
        check.one_of(POOLS, pool=pool)
        check.share(dropout=dropout)
        check_heads(width_size, num_heads, position, 2)
        first, last, *keys = jax.random.split(key, 2 + depth)
        self.first = Conv(patch**2 * in_channels, width_size, key=first)
        self.blocks = tuple(EncoderBlock(width_size, num_heads=num_heads, dropout=dropout, key=k) for k in keys)
        self.norm = LayerNorm(width_size)
        self.last = Conv(width_size, out_channels * (patch**2 if pool == "none" else 1), key=last)
        self.patch, self.position, self.pool = patch, position, pool

    def __call__(self, x: Float[Array, "row column in_channel"], *, key: PRNGKeyArray | None = None) -> Array:
        """Logits or scaled values of every pixel; without `key` nothing is dropped."""
        y, there, places, grid = self._tokens(x)
        mask = visible(there)
        for block, block_key in zip(self.blocks, split(key, len(self.blocks)), strict=True):
            y = block(y, mask, places, key=block_key)
        y = self.norm(y)
        if self.pool == "mean":
            return repeated(self.last(pooled(y, there, "mean"))[None], present(x))
        pixels = scattered(self.last(y).reshape(*grid, -1), self.patch)
        return pixels[: x.shape[0], : x.shape[1]]

    def attention(self, x: Float[Array, "row column in_channel"]) -> Float[Array, "layer head query key"]:
        """How much each patch (query) takes from every other one (key), patches counted row by row; rows sum to 1."""
        y, there, places, _ = self._tokens(x)
        mask, weights = visible(there), []
        for block in self.blocks:
            weights.append(block.weights(y, mask, places))
            y = block(y, mask, places)
        return jnp.stack(weights)

    def _tokens(self, x: Array) -> tuple[Array, Array, Array | None, tuple[int, int]]:
        """Patches as tokens, which are there, the places that turn queries and keys, and the grid of patches."""
        padded = jnp.pad(x, (*((0, -size % self.patch) for size in x.shape[:2]), (0, 0)))
        patches = gathered(padded, self.patch)
        rows, columns = patches.shape[:2]
        tokens = patches.reshape(rows * columns, -1)
        grid = jnp.meshgrid(jnp.arange(rows, dtype=x.dtype), jnp.arange(columns, dtype=x.dtype), indexing="ij")
        places = jnp.stack(grid, axis=-1).reshape(-1, 2)
        y = self.first(tokens)
        if self.position == "sinusoidal":
            y = y + sinusoidal(places, y.shape[-1])
        return y, present(tokens), places if self.position == "rotary" else None, (rows, columns)


def parameter_count(
    in_channels: int,
    out_channels: int,
    *,
    width_size: int = 64,
    depth: int = 2,
    patch: int = 8,
    pool: str = "none",
    **_: object,
) -> int:
    """Trainable numbers: first layer, blocks, a norm, the last layer.

    >>> parameter_count(2, 1, width_size=4, depth=1, patch=2)  # 36 + (76 + 148 + 16) + 8 + 20
    304
    """
    place = patch**2
    last = conv_parameters(width_size, out_channels * (place if pool == "none" else 1))
    first = conv_parameters(place * in_channels, width_size)
    return first + depth * encoder_block_parameters(width_size) + 2 * width_size + last
