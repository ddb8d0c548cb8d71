"""The residual block of the convolutional networks, in one, two or three dimensions."""

from __future__ import annotations

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model.activation import activation as function_of
from outcrop.model.conv import Conv
from outcrop.model.dropout import channel_dropout
from outcrop.model.norm import LayerNorm


class ResidualBlock(eqx.Module):
    """x + conv(dropout(act(norm(conv(act(norm(x))))))); a 1-sample convolution fits x where channel numbers differ.

    Source: He et al. (2016), Identity mappings in deep residual networks, arXiv:1603.05027, figure 4e
    (pre-activation), with norms over channels instead of batch norms.
    """

    norms: tuple[LayerNorm, LayerNorm]
    convs: tuple[Conv, Conv]
    shortcut: Conv | None
    activation: str = eqx.field(static=True)
    dropout: float = eqx.field(static=True)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernel_size: int,
        num_spatial_dims: int = 1,
        dilation: int = 1,
        activation: str,
        dropout: float,
        key: PRNGKeyArray,
    ):
        first, second, third = jax.random.split(key, 3)
        self.norms = (LayerNorm(in_channels), LayerNorm(out_channels))
        dims = {"num_spatial_dims": num_spatial_dims}
        self.convs = (
            Conv(in_channels, out_channels, kernel_size, dilation=dilation, key=first, **dims),
            Conv(out_channels, out_channels, kernel_size, dilation=dilation, key=second, **dims),
        )
        self.shortcut = None if in_channels == out_channels else Conv(in_channels, out_channels, key=third, **dims)
        self.activation = activation
        self.dropout = dropout

    def __call__(
        self, x: Float[Array, "*sample in_channel"], *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "*sample out_channel"]:
        act = function_of(self.activation)
        y = self.convs[0](act(self.norms[0](x)))
        y = channel_dropout(act(self.norms[1](y)), self.dropout, key)
        return self.convs[1](y) + (x if self.shortcut is None else self.shortcut(x))


def conv_parameters(in_channels: int, out_channels: int, kernel_size: int = 1) -> int:
    """Weights and biases of one convolution whose kernel has `kernel_size` taps in all."""
    return (kernel_size * in_channels + 1) * out_channels


def block_parameters(in_channels: int, out_channels: int, kernel_size: int) -> int:
    """Trainable numbers of one block: two norms, two convolutions, and the shortcut where channel numbers differ."""
    convs = conv_parameters(in_channels, out_channels, kernel_size)
    convs += conv_parameters(out_channels, out_channels, kernel_size)
    shortcut = 0 if in_channels == out_channels else conv_parameters(in_channels, out_channels)
    return 2 * (in_channels + out_channels) + convs + shortcut
