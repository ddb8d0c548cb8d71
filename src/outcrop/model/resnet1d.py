"""A residual network along depth or time: dilated convolutions, the length is kept, every sample gets an output."""

from __future__ import annotations

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model import check
from outcrop.model.activation import activation as function_of
from outcrop.model.block import ResidualBlock, block_parameters, conv_parameters
from outcrop.model.conv import Conv
from outcrop.model.dropout import split
from outcrop.model.norm import LayerNorm


class ResNet1d(eqx.Module):
    """A first convolution, one residual block per dilation, a norm, and a linear layer per sample.

    Source: residual blocks of He et al. (2016), arXiv:1603.05027; dilations that double as in Yu and Koltun (2016),
    arXiv:1511.07122, so that what a sample sees grows as 2^depth at the full resolution.
    """

    first: Conv
    blocks: tuple[ResidualBlock, ...]
    norm: LayerNorm
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
        activation: str = "gelu",
        dropout: float = 0.1,
        key: PRNGKeyArray,
    ):
        """Builds the network with random weights.

        Args:
            in_channels: curves (and masks) per sample.
            out_channels: one per class (logits), or 1 for a number.
            width_size: channels of the hidden samples.
            dilations: distance, in samples, between the taps of each block's kernels; one block per entry.
            kernel_size: taps of each convolution, odd.
            activation: name in `activation.ACTIVATIONS`.
            dropout: probability that a channel is dropped in a block in training.
            key: for the weights.
        """
        check.positive(in_channels=in_channels, out_channels=out_channels, width_size=width_size, dilations=dilations)
        check.odd(kernel_size=kernel_size)
        check.share(dropout=dropout)
        function_of(activation)
        first, last, *keys = jax.random.split(key, 2 + len(dilations))
        common = {"kernel_size": kernel_size, "activation": activation, "dropout": dropout}
        self.first = Conv(in_channels, width_size, kernel_size, key=first)
        self.blocks = tuple(
            ResidualBlock(width_size, width_size, dilation=dilation, key=block_key, **common)
            for dilation, block_key in zip(dilations, keys, strict=True)
        )
        self.norm = LayerNorm(width_size)
        self.last = Conv(width_size, out_channels, key=last)
        self.activation = activation

    def __call__(
        self, x: Float[Array, "length in_channel"], *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "length out"]:
        """Logits or scaled values of every sample of one window; without `key` nothing is dropped."""
        y = self.first(x)
        for block, block_key in zip(self.blocks, split(key, len(self.blocks)), strict=True):
            y = block(y, key=block_key)
        return self.last(function_of(self.activation)(self.norm(y)))

    @property
    def receptive_field(self) -> int:
        """Number of input samples that one output sample depends on, itself included; half of the rest on each side."""
        kernel_size = len(self.first.weight)
        return 1 + (kernel_size - 1) * (1 + 2 * sum(block.convs[0].dilation for block in self.blocks))


def parameter_count(
    in_channels: int,
    out_channels: int,
    *,
    width_size: int = 64,
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16),
    kernel_size: int = 3,
    **_: object,
) -> int:
    """Trainable numbers: first convolution, one block per dilation, a norm, the last layer.

    >>> parameter_count(2, 1, width_size=4, dilations=(1,), kernel_size=3)  # 28 + (16 + 52 + 52) + 8 + 5
    161
    """
    blocks = len(dilations) * block_parameters(width_size, width_size, kernel_size)
    first, last = conv_parameters(in_channels, width_size, kernel_size), conv_parameters(width_size, out_channels)
    return first + blocks + 2 * width_size + last
