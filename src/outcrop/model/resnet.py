"""A residual network in one, two or three dimensions: dilated convolutions, one answer for every sample."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model import check
from outcrop.model.activation import activation as function_of
from outcrop.model.block import ResidualBlock, block_parameters, conv_parameters
from outcrop.model.conv import Conv
from outcrop.model.dropout import split
from outcrop.model.norm import NORMS, Norm, norm_parameters
from outcrop.model.norm import norm as norm_of


class ResNet(eqx.Module):
    """A first convolution, one residual block per dilation, a norm, and a linear layer per sample.

    Source: residual blocks of He et al. (2016), arXiv:1603.05027; dilations that double as in Yu and Koltun (2016),
    arXiv:1511.07122, so that what a sample sees grows as 2^depth at the full resolution.
    """

    first: Conv
    blocks: tuple[ResidualBlock, ...]
    norm: Norm
    last: Conv
    activation: str = eqx.field(static=True)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width_size: int = 64,
        dilations: tuple[int, ...] = (1, 2, 4, 8, 16),
        kernel_size: int = 3,
        norm: str = "layer",
        activation: str = "gelu",
        dropout: float = 0.1,
        num_spatial_dims: int = 1,
        key: PRNGKeyArray,
    ):
        """Builds the network with random weights.

        Args:
            in_channels: curves (and masks) per sample.
            out_channels: one per class (logits), or 1 for a number.
            width_size: channels of the hidden samples.
            dilations: distance, in samples, between the taps of each block's kernels; one block per entry.
            kernel_size: taps of each convolution along each dimension, odd.
            norm: "layer", "group", "batch" or "none"; see norm.py.
            activation: name in `activation.ACTIVATIONS`.
            dropout: probability that a channel is dropped in a block in training.
            num_spatial_dims: 1 for windows; 2 or 3 for patches of so many dimensions.
            key: for the weights.
        """
        check.positive(in_channels=in_channels, out_channels=out_channels, width_size=width_size, dilations=dilations)
        check.odd(kernel_size=kernel_size)
        check.share(dropout=dropout)
        check.one_of(NORMS, norm=norm)
        function_of(activation)
        first, last, *keys = jax.random.split(key, 2 + len(dilations))
        dims: dict[str, Any] = {"num_spatial_dims": num_spatial_dims}
        common = {"kernel_size": kernel_size, "norm": norm, "activation": activation, "dropout": dropout, **dims}
        self.first = Conv(in_channels, width_size, kernel_size, key=first, **dims)
        self.blocks = tuple(
            ResidualBlock(width_size, width_size, dilation=dilation, key=block_key, **common)
            for dilation, block_key in zip(dilations, keys, strict=True)
        )
        self.norm = norm_of(norm, width_size)
        self.last = Conv(width_size, out_channels, key=last, **dims)
        self.activation = activation

    def __call__(
        self, x: Float[Array, "*sample in_channel"], *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "*sample out"]:
        """Logits or scaled values of every sample of one window or patch; without `key` nothing is dropped."""
        y = self.first(x)
        for block, block_key in zip(self.blocks, split(key, len(self.blocks)), strict=True):
            y = block(y, key=block_key)
        return self.last(function_of(self.activation)(self.norm(y, training=key is not None)))

    @property
    def receptive_field(self) -> int:
        """Input samples along each dimension that one output depends on, itself included; half on each side."""
        kernel_size = len(self.first.weight)
        return 1 + (kernel_size - 1) * (1 + 2 * sum(block.convs[0].dilation for block in self.blocks))


def parameter_count(
    in_channels: int,
    out_channels: int,
    *,
    width_size: int = 64,
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16),
    kernel_size: int = 3,
    norm: str = "layer",
    num_spatial_dims: int = 1,
    **_: object,
) -> int:
    """Trainable numbers: first convolution, one block per dilation, a norm, the last layer.

    >>> parameter_count(2, 1, width_size=4, dilations=(1,), kernel_size=3)  # 28 + (16 + 52 + 52) + 8 + 5
    161
    """
    taps = kernel_size**num_spatial_dims
    blocks = len(dilations) * block_parameters(width_size, width_size, taps, norm=norm)
    first, last = conv_parameters(in_channels, width_size, taps), conv_parameters(width_size, out_channels)
    return first + blocks + norm_parameters(norm, width_size) + last
