"""A convolutional autoencoder in one or two dimensions: halving levels down to a code per coarse place, and back.

It has no skip connections: all that reaches the output goes through the code. A code belongs to a place, so windows of
any length can be encoded, and shifting the input by `multiple` samples shifts the code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model import check
from outcrop.model.activation import activation as function_of
from outcrop.model.block import ResidualBlock, block_parameters, conv_parameters
from outcrop.model.conv import Conv, Double, Halve
from outcrop.model.dropout import split


class Encoder(eqx.Module):
    """Residual blocks at each level, half as many samples from level to level, then `numbers` per coarse place."""

    first: Conv
    levels: tuple[tuple[ResidualBlock, ...], ...]
    halve: tuple[Halve, ...]
    latent: Conv

    def __init__(
        self, in_channels: int, numbers: int, *, widths: Sequence[int], blocks: int, key: PRNGKeyArray, **common: Any
    ):
        dims = {"num_spatial_dims": common["num_spatial_dims"]}
        keys = iter(jax.random.split(key, 2 + (blocks + 1) * len(widths)))
        self.first = Conv(in_channels, widths[0], common["kernel_size"], key=next(keys), **dims)
        self.levels = _levels(widths, blocks, keys, common)
        self.halve = tuple(Halve(fine, coarse, key=next(keys), **dims) for fine, coarse in pairwise(widths))
        self.latent = Conv(widths[-1], numbers, key=next(keys), **dims)

    def __call__(
        self, x: Float[Array, "*sample channel"], *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "*place number"]:
        y = self.first(padded(x, 2 ** len(self.halve)))
        for number, (level, level_key) in enumerate(zip(self.levels, split(key, len(self.levels)), strict=True)):
            y = through(level, y, level_key)
            y = self.halve[number](y) if number < len(self.halve) else y
        return self.latent(y)


class Decoder(eqx.Module):
    """The way back: from the code per coarse place to hidden channels per sample."""

    first: Conv
    levels: tuple[tuple[ResidualBlock, ...], ...]
    double: tuple[Double, ...]
    activation: str = eqx.field(static=True)

    def __init__(self, latent_size: int, *, widths: Sequence[int], blocks: int, key: PRNGKeyArray, **common: Any):
        dims = {"num_spatial_dims": common["num_spatial_dims"]}
        back, keys = tuple(reversed(widths)), iter(jax.random.split(key, 1 + (blocks + 1) * len(widths)))
        self.first = Conv(latent_size, back[0], key=next(keys), **dims)
        self.levels = _levels(back, blocks, keys, common)
        self.double = tuple(Double(coarse, fine, key=next(keys), **dims) for coarse, fine in pairwise(back))
        self.activation = str(common["activation"])

    def __call__(
        self, z: Float[Array, "*place latent"], *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "*sample width"]:
        y = self.first(z)
        for number, (level, level_key) in enumerate(zip(self.levels, split(key, len(self.levels)), strict=True)):
            y = through(level, y, level_key)
            y = self.double[number](y) if number < len(self.double) else y
        return function_of(self.activation)(y)


class ConvAutoencoder(eqx.Module):
    """Encoder, a code of `latent_size` numbers per coarse place, decoder, one linear layer per sample.

    With L levels of width the code has `latent_size` numbers for every 2^(L-1) samples along each dimension. There is
    no norm between the residual path and the code, nor before the output: norms over channels would take the amplitude
    away that has to be reconstructed.

    Source: Masci et al. (2011), Stacked convolutional auto-encoders, ICANN, doi:10.1007/978-3-642-21735-7_7; residual
    blocks and halving as in `unet.UNet`, without its skips.
    """

    encoder: Encoder
    decoder: Decoder
    last: Conv
    multiple: int = eqx.field(static=True)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        widths: tuple[int, ...] = (16, 32, 64),
        latent_size: int = 8,
        blocks: int = 1,
        kernel_size: int = 3,
        activation: str = "gelu",
        dropout: float = 0.0,
        num_spatial_dims: int = 1,
        key: PRNGKeyArray,
    ):
        """Builds the network with random weights.

        Args:
            in_channels: curves (and masks) per sample.
            out_channels: outputs per sample.
            widths: channels of each level, finest first; each further level halves the size.
            latent_size: numbers of the code per place of the coarsest level.
            blocks: residual blocks per level and direction.
            kernel_size: taps of each convolution, odd.
            activation: name in `activation.ACTIVATIONS`.
            dropout: probability that a channel is dropped in a block in training.
            num_spatial_dims: 1 for windows; 2 for patches of two dimensions.
            key: for the weights.
        """
        common = checked(
            widths, latent_size, blocks, kernel_size, activation=activation, dropout=dropout, dims=num_spatial_dims
        )
        check.positive(in_channels=in_channels, out_channels=out_channels)
        first, second, third = jax.random.split(key, 3)
        self.encoder = Encoder(in_channels, latent_size, key=first, **common)
        self.decoder = Decoder(latent_size, key=second, **common)
        self.last = Conv(widths[0], out_channels, num_spatial_dims=num_spatial_dims, key=third)
        self.multiple = 2 ** (len(widths) - 1)

    def encode(
        self, x: Float[Array, "*sample in_channel"], *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "*place latent"]:
        """The code of one example; sizes are padded with zeros to a multiple of `multiple`."""
        return self.encoder(x, key=key)

    def decode(
        self, z: Float[Array, "*place latent"], *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "*sample out"]:
        """What a code stands for: `multiple` samples per place."""
        return self.last(self.decoder(z, key=key))

    def __call__(
        self, x: Float[Array, "*sample in_channel"], *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "*sample out"]:
        """The reconstruction of one example, of its size; without `key` nothing is dropped."""
        first, second = split(key, 2)
        return cropped(self.decode(self.encode(x, key=first), key=second), x.shape[:-1])


def checked(
    widths: tuple[int, ...],
    latent_size: int,
    blocks: int,
    kernel_size: int,
    *,
    activation: str,
    dropout: float,
    dims: int,
) -> dict[str, Any]:
    """What encoder and decoder have in common, after a check of every size."""
    check.positive(widths=widths, latent_size=latent_size, blocks=blocks)
    check.odd(kernel_size=kernel_size)
    check.share(dropout=dropout)
    function_of(activation)
    sizes = {"widths": widths, "blocks": blocks, "kernel_size": kernel_size, "num_spatial_dims": dims}
    return {**sizes, "activation": activation, "dropout": dropout}


def padded(x: Float[Array, "*sample channel"], multiple: int) -> Float[Array, "*more channel"]:
    """Zeros after the last sample along every dimension, up to a multiple."""
    return jnp.pad(x, (*((0, -size % multiple) for size in x.shape[:-1]), (0, 0)))


def cropped(x: Float[Array, "*more channel"], size: Sequence[int]) -> Float[Array, "*sample channel"]:
    """The first samples along every dimension: the inverse of `padded`."""
    return x[tuple(slice(0, length) for length in size)]


def through(level: tuple[ResidualBlock, ...], y: Array, key: PRNGKeyArray | None) -> Array:
    """The blocks of one level."""
    for block, block_key in zip(level, split(key, len(level)), strict=True):
        y = block(y, key=block_key)
    return y


def _levels(
    widths: Sequence[int], blocks: int, keys: Iterator[PRNGKeyArray], common: Mapping[str, Any]
) -> tuple[tuple[ResidualBlock, ...], ...]:
    return tuple(
        tuple(ResidualBlock(width, width, key=next(keys), **common) for _ in range(blocks)) for width in widths
    )


def parameter_count(
    in_channels: int,
    out_channels: int,
    *,
    widths: tuple[int, ...] = (16, 32, 64),
    latent_size: int = 8,
    blocks: int = 1,
    kernel_size: int = 3,
    num_spatial_dims: int = 1,
    encoded: int = 1,
    **_: object,
) -> int:
    """Trainable numbers, level by level; the encoder ends in `encoded` numbers for each of the code.

    >>> parameter_count(2, 1, widths=(4,), latent_size=3)  # 28 + 15 + 16 + 5, and two blocks of 16 + 52 + 52
    304
    """
    size, pair = kernel_size**num_spatial_dims, 2**num_spatial_dims
    total = conv_parameters(in_channels, widths[0], size) + conv_parameters(widths[-1], encoded * latent_size)
    total += conv_parameters(latent_size, widths[-1]) + conv_parameters(widths[0], out_channels)
    total += 2 * blocks * sum(block_parameters(width, width, size) for width in widths)
    for fine, coarse in pairwise(widths):
        total += conv_parameters(pair * fine, coarse) + conv_parameters(coarse, pair * fine)
    return total
