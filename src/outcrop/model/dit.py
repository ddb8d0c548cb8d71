"""A diffusion transformer: patches of noisy data look at each other; the time scales, shifts and gates each block."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model import check
from outcrop.model.attention import EncoderBlock, check_heads, encoder_block_parameters, sinusoidal
from outcrop.model.block import conv_parameters
from outcrop.model.condition import Condition, beside, channels
from outcrop.model.conv import Conv, gathered, scattered
from outcrop.model.conv_autoencoder import cropped, padded
from outcrop.model.dropout import split
from outcrop.model.linear import Linear
from outcrop.model.norm import LayerNorm, film
from outcrop.model.time_embedding import TimeEmbedding, embedding_parameters, silenced

ADAPTED = 6
"""Scale, shift and gate of each of the two halves of a block."""


class DiT(eqx.Module):
    """Patches become tokens by one linear layer, pass `depth` blocks told of the time, and become places again.

    Source: Peebles and Xie (2023), arXiv:2212.09748, section 3.2, adaLN-Zero: the layers that answer the time start at
    zero, so that every block starts as the identity; here norms keep a scale and shift of their own beside the time's,
    and the condition comes as channels of the patches.
    """

    embedding: TimeEmbedding
    first: Conv
    blocks: tuple[EncoderBlock, ...]
    adapt: tuple[Linear, ...]
    film: Linear
    norm: LayerNorm
    last: Conv
    in_channels: int = eqx.field(static=True)
    patch: int = eqx.field(static=True)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width_size: int = 64,
        depth: int = 4,
        num_heads: int = 4,
        patch: int = 4,
        dropout: float = 0.0,
        num_spatial_dims: int = 1,
        key: PRNGKeyArray,
    ):
        """Builds the network with random weights; before training it answers 0.

        Args:
            in_channels: channels of the condition; 0 for none.
            out_channels: channels that are generated.
            width_size: channels of a token, a multiple of `num_heads` and of twice the number of dimensions.
            depth: number of blocks.
            num_heads: how many questions each token asks at a time.
            patch: side of a patch; the cost of attention grows with the square of the number of patches.
            dropout: probability that a value is dropped after each layer in training.
            num_spatial_dims: 1 for windows; 2 or 3 for patches of so many dimensions.
            key: for the weights.
        """
        check.natural(in_channels=in_channels)
        check.positive(out_channels=out_channels, width_size=width_size, depth=depth, num_heads=num_heads, patch=patch)
        check.share(dropout=dropout)
        check_heads(width_size, num_heads, "sinusoidal", num_spatial_dims)
        time, first, last, *keys = jax.random.split(key, 3 + depth)
        place, dense = patch**num_spatial_dims, Linear
        self.embedding = TimeEmbedding(width_size, key=time)
        self.first = Conv(place * (out_channels + channels(in_channels)), width_size, key=first)
        self.blocks = tuple(EncoderBlock(width_size, num_heads=num_heads, dropout=dropout, key=own) for own in keys)
        self.adapt = tuple(silenced(dense(width_size, ADAPTED * width_size, key=own)) for own in keys)
        self.film = silenced(dense(width_size, 2 * width_size, key=last))
        self.norm = LayerNorm(width_size)
        self.last = silenced(Conv(width_size, place * out_channels, key=last))
        self.in_channels, self.patch = in_channels, patch

    def __call__(
        self,
        x: Float[Array, "*place out"],
        t: Float[Array, ""],
        condition: Condition = None,
        *,
        key: PRNGKeyArray | None = None,
    ) -> Float[Array, "*place out"]:
        """The answer for one noisy example at one time; without `key` nothing is dropped."""
        patches = gathered(padded(beside(x, condition, self.in_channels), self.patch), self.patch)
        grid = patches.shape[:-1]
        axes = [jnp.arange(size, dtype=x.dtype) for size in grid]
        places = jnp.stack(jnp.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(grid))
        y = self.first(patches.reshape(len(places), -1))  # (token, width)
        y = y + sinusoidal(places, y.shape[-1])
        embedding, every = self.embedding(t), jnp.ones((len(y), len(y)), bool)
        for block, adapt, own in zip(self.blocks, self.adapt, split(key, len(self.blocks)), strict=True):
            y = block(y, every, adapt=adapt(embedding).reshape(ADAPTED, -1), key=own)
        y = self.last(film(self.norm(y), self.film(embedding)))
        return cropped(scattered(y.reshape(*grid, -1), self.patch), x.shape[:-1])


def parameter_count(
    in_channels: int,
    out_channels: int,
    *,
    width_size: int = 64,
    depth: int = 4,
    patch: int = 4,
    num_spatial_dims: int = 1,
    **_: object,
) -> int:
    """Trainable numbers: the time, the first layer, blocks and what they are told, a norm and its, the last layer.

    >>> parameter_count(0, 1, width_size=4, depth=1, patch=2)  # 152 + 12 + (240 + 120) + (8 + 40) + 10
    582
    """
    place = patch**num_spatial_dims
    block = encoder_block_parameters(width_size) + conv_parameters(width_size, ADAPTED * width_size)
    first = conv_parameters(place * (out_channels + channels(in_channels)), width_size)
    end = (
        2 * width_size + conv_parameters(width_size, 2 * width_size) + conv_parameters(width_size, place * out_channels)
    )
    return embedding_parameters(width_size) + first + depth * block + end
