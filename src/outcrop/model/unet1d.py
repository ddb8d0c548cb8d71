"""A U-Net along depth or time: coarser levels see far, skip connections keep the bed boundaries sharp."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model import check
from outcrop.model.activation import activation as function_of
from outcrop.model.block import ResidualBlock, block_parameters, conv_parameters
from outcrop.model.conv import Conv1d, Double, Halve
from outcrop.model.dropout import split
from outcrop.model.norm import LayerNorm

Blocks = tuple[ResidualBlock, ...]


class UNet1d(eqx.Module):
    """Levels of halved length on the way down, doubled again on the way up, each joined to its level by a skip.

    Source: Ronneberger, Fischer and Brox (2015), arXiv:1505.04597, figure 1, in one dimension; residual blocks with
    norms over channels, zero padding (the length is kept) and kernel-2 strided convolutions instead of max pooling.
    """

    first: Conv1d
    down: tuple[Blocks, ...]
    halve: tuple[Halve, ...]
    double: tuple[Double, ...]
    up: tuple[Blocks, ...]
    norm: LayerNorm
    last: Conv1d
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
        key: PRNGKeyArray,
    ):
        """Builds the network with random weights.

        Args:
            in_channels: curves (and masks) per sample.
            out_channels: one per class (logits), or 1 for a number.
            widths: channels of each level, finest first; each further level halves the length and doubles the reach.
            blocks: residual blocks per level and direction.
            kernel_size: taps of each convolution, odd.
            patch: neighbouring samples that share one column of the finest level; the outputs of a column are computed
                together. 4 is four times faster and suits logs, whose tools blur over about four samples.
            activation: name in `activation.ACTIVATIONS`.
            dropout: probability that a channel is dropped in a block in training.
            key: for the weights.
        """
        check.positive(in_channels=in_channels, out_channels=out_channels, widths=widths, blocks=blocks, patch=patch)
        check.odd(kernel_size=kernel_size)
        check.share(dropout=dropout)
        function_of(activation)
        common = {"kernel_size": kernel_size, "activation": activation, "dropout": dropout}
        keys = iter(jax.random.split(key, 2 + 2 * blocks * len(widths) + 2 * len(widths)))

        def level(entering: int, width: int) -> Blocks:
            sizes = [entering] + [width] * blocks
            return tuple(ResidualBlock(a, b, key=next(keys), **common) for a, b in pairwise(sizes))

        steps = tuple(pairwise(widths))
        self.first = Conv1d(patch * in_channels, widths[0], kernel_size, key=next(keys))
        self.down = tuple(level(width, width) for width in widths)
        self.halve = tuple(Halve(fine, coarse, key=next(keys)) for fine, coarse in steps)
        self.double = tuple(Double(coarse, fine, key=next(keys)) for fine, coarse in steps)
        self.up = tuple(level(2 * fine, fine) for fine, _ in steps)
        self.norm = LayerNorm(widths[0])
        self.last = Conv1d(widths[0], patch * out_channels, key=next(keys))
        self.activation, self.patch = activation, patch

    @property
    def multiple(self) -> int:
        """Lengths are padded with zeros to a multiple of this, and cropped again."""
        return self.patch * 2 ** len(self.halve)

    def __call__(
        self, x: Float[Array, "length in_channel"], *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "length out"]:
        """Logits or scaled values of every sample of one window; without `key` nothing is dropped."""
        length = x.shape[0]
        keys = iter(split(key, sum(map(len, self.down + self.up))))
        padded = jnp.pad(x, ((0, -length % self.multiple), (0, 0)))
        y = self.first(padded.reshape(-1, self.patch * x.shape[1]))  # (length / patch, patch * in_channel)
        skips = []
        for level, halve in zip(self.down, self.halve, strict=False):  # the coarsest level has no halving after it
            y = _through(level, y, keys)
            skips.append(y)
            y = halve(y)
        y = _through(self.down[-1], y, keys)
        for level, double, skip in reversed(tuple(zip(self.up, self.double, skips, strict=True))):
            y = _through(level, jnp.concatenate([double(y), skip], axis=-1), keys)
        y = self.last(function_of(self.activation)(self.norm(y)))  # (length / patch, patch * out)
        return y.reshape(len(y) * self.patch, -1)[:length]


def _through(level: Blocks, y: Array, keys: Iterator[PRNGKeyArray | None]) -> Array:
    for block in level:
        y = block(y, key=next(keys))
    return y


def parameter_count(
    in_channels: int,
    out_channels: int,
    *,
    widths: tuple[int, ...] = (32, 64, 128),
    blocks: int = 1,
    kernel_size: int = 3,
    patch: int = 1,
    **_: object,
) -> int:
    """Trainable numbers, level by level.

    >>> parameter_count(2, 1, widths=(4,), blocks=1, kernel_size=3)  # 28 + (16 + 52 + 52) + 8 + 5
    161
    """
    total = conv_parameters(patch * in_channels, widths[0], kernel_size)
    total += sum(blocks * block_parameters(width, width, kernel_size) for width in widths)
    for fine, coarse in pairwise(widths):
        total += conv_parameters(2 * fine, coarse) + conv_parameters(coarse, 2 * fine)
        total += block_parameters(2 * fine, fine, kernel_size)
        total += (blocks - 1) * block_parameters(fine, fine, kernel_size)
    return total + 2 * widths[0] + conv_parameters(widths[0], patch * out_channels)
