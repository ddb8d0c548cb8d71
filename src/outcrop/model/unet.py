"""A U-Net in one, two or three dimensions: coarser levels see far, skip connections keep boundaries sharp."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model import check
from outcrop.model.activation import activation as function_of
from outcrop.model.block import ResidualBlock, block_parameters, conv_parameters
from outcrop.model.conv import Conv, Double, Halve, gathered, scattered
from outcrop.model.dropout import split
from outcrop.model.norm import LayerNorm

Blocks = tuple[ResidualBlock, ...]


class UNet(eqx.Module):
    """Levels of halved size on the way down, doubled again on the way up, each joined to its level by a skip.

    Source: Ronneberger, Fischer and Brox (2015), arXiv:1505.04597, figure 1; residual blocks with norms over channels,
    zero padding (the size is kept) and kernel-2 strided convolutions instead of max pooling.
    """

    first: Conv
    down: tuple[Blocks, ...]
    halve: tuple[Halve, ...]
    double: tuple[Double, ...]
    up: tuple[Blocks, ...]
    norm: LayerNorm
    last: Conv
    activation: str = eqx.field(static=True)
    patch: int = eqx.field(static=True)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        widths: tuple[int, ...] = (32, 64, 128),
        blocks: int = 1,
        kernel_size: int = 3,
        patch: int = 1,
        activation: str = "gelu",
        dropout: float = 0.1,
        num_spatial_dims: int = 1,
        key: PRNGKeyArray,
    ):
        """Builds the network with random weights.

        Args:
            in_channels: curves (and masks) per sample.
            out_channels: one per class (logits), or 1 for a number.
            widths: channels of each level, finest first; each further level halves the length and doubles the reach.
            blocks: residual blocks per level and direction.
            kernel_size: taps of each convolution, odd.
            patch: neighbouring samples, along every dimension, that share one place of the finest level; their outputs
                are computed together. 4 is four times faster on logs, whose tools blur over about four samples.
            activation: name in `activation.ACTIVATIONS`.
            dropout: probability that a channel is dropped in a block in training.
            num_spatial_dims: 1 for windows; 2 or 3 for patches of so many dimensions.
            key: for the weights.
        """
        check.positive(in_channels=in_channels, out_channels=out_channels, widths=widths, blocks=blocks, patch=patch)
        check.odd(kernel_size=kernel_size)
        check.share(dropout=dropout)
        function_of(activation)
        dims = {"num_spatial_dims": num_spatial_dims}
        common = {"kernel_size": kernel_size, "activation": activation, "dropout": dropout, **dims}
        keys = iter(jax.random.split(key, 2 + 2 * blocks * len(widths) + 2 * len(widths)))

        def level(entering: int, width: int) -> Blocks:
            sizes = [entering] + [width] * blocks
            return tuple(ResidualBlock(a, b, key=next(keys), **common) for a, b in pairwise(sizes))

        steps = tuple(pairwise(widths))
        place = patch**num_spatial_dims
        self.first = Conv(place * in_channels, widths[0], kernel_size, key=next(keys), **dims)
        self.down = tuple(level(width, width) for width in widths)
        self.halve = tuple(Halve(fine, coarse, key=next(keys), **dims) for fine, coarse in steps)
        self.double = tuple(Double(coarse, fine, key=next(keys), **dims) for fine, coarse in steps)
        self.up = tuple(level(2 * fine, fine) for fine, _ in steps)
        self.norm = LayerNorm(widths[0])
        self.last = Conv(widths[0], place * out_channels, key=next(keys), **dims)
        self.activation, self.patch = activation, patch

    @property
    def multiple(self) -> int:
        """Sizes are padded with zeros to a multiple of this, and cropped again."""
        return self.patch * 2 ** len(self.halve)

    @property
    def all_blocks(self) -> Blocks:
        """The residual blocks in the order they run."""
        return tuple(chain(*self.down, *reversed(self.up)))

    def __call__(
        self,
        x: Float[Array, "*sample in_channel"],
        *,
        key: PRNGKeyArray | None = None,
        films: Sequence[Float[Array, " both"]] | None = None,
    ) -> Float[Array, "*sample out"]:
        """Logits or scaled values of every sample of one window or patch.

        Args:
            x: the window or patch.
            key: for dropout; without it nothing is dropped.
            films: scales and shifts of the channels of every block, in the order of `all_blocks`.
        """
        shape, count = x.shape[:-1], len(self.all_blocks)
        told = iter(zip(split(key, count), films or [None] * count, strict=True))
        padded = jnp.pad(x, (*((0, -size % self.multiple) for size in shape), (0, 0)))
        y = self.first(gathered(padded, self.patch))  # sizes divided by patch, as many more channels
        skips = []
        for level, halve in zip(self.down, self.halve, strict=False):  # the coarsest level has no halving after it
            y = _through(level, y, told)
            skips.append(y)
            y = halve(y)
        y = _through(self.down[-1], y, told)
        for level, double, skip in reversed(tuple(zip(self.up, self.double, skips, strict=True))):
            y = _through(level, jnp.concatenate([double(y), skip], axis=-1), told)
        y = self.last(function_of(self.activation)(self.norm(y)))
        return scattered(y, self.patch)[tuple(slice(0, size) for size in shape)]


def _through(level: Blocks, y: Array, told: Iterator[tuple[PRNGKeyArray | None, Array | None]]) -> Array:
    for block in level:
        key, both = next(told)
        y = block(y, key=key, both=both)
    return y


def parameter_count(
    in_channels: int,
    out_channels: int,
    *,
    widths: tuple[int, ...] = (32, 64, 128),
    blocks: int = 1,
    kernel_size: int = 3,
    patch: int = 1,
    num_spatial_dims: int = 1,
    **_: object,
) -> int:
    """Trainable numbers, level by level.

    >>> parameter_count(2, 1, widths=(4,), blocks=1, kernel_size=3)  # 28 + (16 + 52 + 52) + 8 + 5
    161
    """
    taps, place, pair = kernel_size**num_spatial_dims, patch**num_spatial_dims, 2**num_spatial_dims
    total = conv_parameters(place * in_channels, widths[0], taps)
    total += sum(blocks * block_parameters(width, width, taps) for width in widths)
    for fine, coarse in pairwise(widths):
        total += conv_parameters(pair * fine, coarse) + conv_parameters(coarse, pair * fine)
        total += block_parameters(2 * fine, fine, taps)
        total += (blocks - 1) * block_parameters(fine, fine, taps)
    return total + 2 * widths[0] + conv_parameters(widths[0], place * out_channels)
