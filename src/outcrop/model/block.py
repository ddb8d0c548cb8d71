"""The residual block of the convolutional networks, in one, two or three dimensions."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model.activation import activation as function_of
from outcrop.model.conv import Conv
from outcrop.model.dropout import channel_dropout
from outcrop.model.norm import Norm, film, norm_parameters
from outcrop.model.norm import norm as norm_of


class ResidualBlock(eqx.Module):
    """x + conv(dropout(act(norm(conv(act(norm(x))))))); a 1-sample convolution fits x where channel numbers differ.

    Source: He et al. (2016), Identity mappings in deep residual networks, arXiv:1603.05027, figure 4e
    (pre-activation), by default with norms over channels instead of batch norms.
    """

    norms: tuple[Norm, Norm]
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
        norm: str = "layer",
        activation: str,
        dropout: float,
        key: PRNGKeyArray,
    ):
        first, second, third = jax.random.split(key, 3)
        self.norms = (norm_of(norm, in_channels), norm_of(norm, out_channels))
        dims: dict[str, Any] = {"num_spatial_dims": num_spatial_dims}
        self.convs = (
            Conv(in_channels, out_channels, kernel_size, dilation=dilation, key=first, **dims),
            Conv(out_channels, out_channels, kernel_size, dilation=dilation, key=second, **dims),
        )
        self.shortcut = None if in_channels == out_channels else Conv(in_channels, out_channels, key=third, **dims)
        self.activation = activation
        self.dropout = dropout

    def __call__(
        self,
        x: Float[Array, "*sample in_channel"],
        *,
        key: PRNGKeyArray | None = None,
        both: Float[Array, " both"] | None = None,
    ) -> Float[Array, "*sample out_channel"]:
        """The output of the block; `both`, scales and then shifts of all channels, act after the second norm."""
        act, training = function_of(self.activation), key is not None
        y = self.norms[1](self.convs[0](act(self.norms[0](x, training=training))), training=training)
        y = channel_dropout(act(y if both is None else film(y, both)), self.dropout, key)
        return self.convs[1](y) + (x if self.shortcut is None else self.shortcut(x))


def conv_parameters(in_channels: int, out_channels: int, kernel_size: int = 1) -> int:
    """Weights and biases of one convolution whose kernel has `kernel_size` taps in all."""
    return (kernel_size * in_channels + 1) * out_channels


def block_parameters(in_channels: int, out_channels: int, kernel_size: int, *, norm: str = "layer") -> int:
    """Trainable numbers of one block: two norms, two convolutions, and the shortcut where channel numbers differ."""
    convs = conv_parameters(in_channels, out_channels, kernel_size)
    convs += conv_parameters(out_channels, out_channels, kernel_size)
    shortcut = 0 if in_channels == out_channels else conv_parameters(in_channels, out_channels)
    norms = norm_parameters(norm, in_channels) + norm_parameters(norm, out_channels)
    return norms + convs + shortcut
