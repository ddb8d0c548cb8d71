"""The Fourier neural operator in one, two or three dimensions: from a field to a field, at any resolution.

Source: Li et al. (2021), Fourier neural operator for parametric partial differential equations, arXiv:2010.08895,
figure 2; the perceptron of every layer (`expansion`) as in neuraloperator (Kossaifi et al., 2024, arXiv:2412.10354).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model import check
from outcrop.model.block import conv_parameters
from outcrop.model.conv import Conv
from outcrop.model.dropout import channel_dropout, split
from outcrop.model.lattice import places
from outcrop.model.spectral import SpectralConv, spectral_parameters

HIDDEN = 2
"""Width of the projection's hidden layer, in widths of the network."""


class Mixer(eqx.Module):
    """Two layers on the channels of every place, and what went into the layer before, scaled channel by channel."""

    widen: Conv
    narrow: Conv
    gate: Float[Array, " channel"]

    def __init__(self, width_size: int, inner_size: int, *, key: PRNGKeyArray, num_spatial_dims: int):
        first, second = jax.random.split(key)
        self.widen = Conv(width_size, inner_size, key=first, num_spatial_dims=num_spatial_dims)
        self.narrow = Conv(inner_size, width_size, key=second, num_spatial_dims=num_spatial_dims)
        self.gate = jnp.ones(width_size)

    def __call__(
        self, y: Float[Array, "*sample channel"], entered: Float[Array, "*sample channel"]
    ) -> Float[Array, "*sample channel"]:
        gate = self.gate.reshape((1,) * (y.ndim - 1) + (-1,))
        return self.narrow(jax.nn.gelu(self.widen(y))) + gate * entered


class FNO(eqx.Module):
    """Lifting, `depth` layers of a spectral convolution beside a pointwise one, and a projection of two layers.

    Nothing here knows the spacing of samples: the same weights answer on a finer grid of the same domain. A GELU
    follows every layer but the last one. The place in the domain, 0 to 1 along each dimension, is an input where the
    field is padded; a periodic domain has no first place.
    """

    first: Conv
    spectral: tuple[SpectralConv, ...]
    pointwise: tuple[Conv, ...]
    mixers: tuple[Mixer, ...]
    hidden: Conv
    last: Conv
    padding: float = eqx.field(static=True)
    dropout: float = eqx.field(static=True)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width_size: int = 64,
        modes: int = 16,
        depth: int = 4,
        padding: float = 0.25,
        factorisation: str = "none",
        expansion: float = 0.0,
        dropout: float = 0.0,
        num_spatial_dims: int = 1,
        key: PRNGKeyArray,
    ):
        """Builds the network with random weights.

        Args:
            in_channels: of the input field.
            out_channels: of the output field: one per class (logits), or 1 for a number.
            width_size: channels inside.
            modes: frequencies of the (padded) domain kept along each dimension, the mean among them: at most half the
                samples; the pointwise convolutions alone carry what is finer.
            depth: number of Fourier layers.
            padding: share of the domain that is added behind its end, on which the field goes back to its beginning: a
                transform takes every field for periodic, so without it the two ends of a field that is not are
                neighbours. 0 for periodic fields: then the network is the same everywhere.
            factorisation: "none", or "tucker:0.1", "cp:0.05": weights of fewer numbers, see `spectral.factor_shapes`.
            expansion: inner width of a perceptron on the channels after every layer, in widths of the network, with a
                way past the layer; 0 for none.
            dropout: probability that a channel is dropped after a layer in training.
            num_spatial_dims: 1, 2 or 3.
            key: for the weights.
        """
        check.positive(
            in_channels=in_channels, out_channels=out_channels, width_size=width_size, modes=modes, depth=depth
        )
        check.share(padding=padding, dropout=dropout)
        check.not_negative(expansion=expansion)
        dims = {"num_spatial_dims": num_spatial_dims}
        first, hidden, last, *keys = jax.random.split(key, 3 + 3 * depth)
        self.first = Conv(in_channels + num_spatial_dims * (padding > 0), width_size, key=first, **dims)
        own = {"factorisation": factorisation, **dims}
        self.spectral = tuple(SpectralConv(width_size, width_size, modes, key=k, **own) for k in keys[:depth])
        self.pointwise = tuple(Conv(width_size, width_size, key=k, **dims) for k in keys[depth : 2 * depth])
        inner = inner_size(width_size, expansion)
        self.mixers = tuple(Mixer(width_size, inner, key=k, **dims) for k in keys[2 * depth :] if inner)
        self.hidden = Conv(width_size, HIDDEN * width_size, key=hidden, **dims)
        self.last = Conv(HIDDEN * width_size, out_channels, key=last, **dims)
        self.padding, self.dropout = padding, dropout

    def __call__(
        self,
        x: Float[Array, "*sample in_channel"],
        *,
        key: PRNGKeyArray | None = None,
        beside: Sequence[Callable[[Array], Array]] = (),
    ) -> Float[Array, "*sample out"]:
        """Logits or scaled values of every sample of one field.

        Args:
            x: the field.
            key: for dropout; without it nothing is dropped.
            beside: what is added to the last so many layers, each from the layer's input.
        """
        sizes, depth = x.shape[:-1], len(self.spectral)
        if self.padding > 0:
            x = jnp.concatenate([x, places(sizes, x.dtype)], axis=-1)
        y = self.first(x)
        y = closed(y, [round(self.padding * size) for size in sizes])
        layers = zip(self.spectral, self.pointwise, split(key, depth), strict=True)
        for number, (spectral, pointwise, own) in enumerate(layers):
            made = spectral(y) + pointwise(y)
            if number >= depth - len(beside):
                made = made + beside[number - depth](y)
            last = number == depth - 1
            made = made if last else jax.nn.gelu(made)
            if self.mixers:
                made = self.mixers[number](made, y)
                made = made if last else jax.nn.gelu(made)
            y = channel_dropout(made, self.dropout, own)
        y = y[tuple(slice(0, size) for size in sizes)]
        return self.last(jax.nn.gelu(self.hidden(y)))


def inner_size(width_size: int, expansion: float) -> int:
    """Inner channels of the perceptron of a layer; 0 where there is none."""
    return max(1, round(expansion * width_size)) if expansion else 0


def closed(y: Float[Array, "*sample channel"], further: Sequence[int]) -> Float[Array, "*longer channel"]:
    """The field with so many further samples along each dimension, on straight lines from its last to its first one.

    Zeros would make two jumps, whose Fourier coefficients change with the number of samples: a network trained with
    them answers otherwise on a finer grid.

    >>> closed(jnp.asarray([[0.0], [4.0]]), [3])[:, 0].tolist()
    [0.0, 4.0, 3.0, 2.0, 1.0]
    """
    for axis, count in enumerate(further):
        if count:
            share = jnp.arange(1, count + 1, dtype=y.dtype) / (count + 1)
            share = share.reshape((1,) * axis + (-1,) + (1,) * (y.ndim - axis - 1))
            first, last = (jax.lax.slice_in_dim(y, at, at + 1, axis=axis) for at in (0, y.shape[axis] - 1))
            y = jnp.concatenate([y, last + (first - last) * share], axis=axis)
    return y


def parameter_count(
    in_channels: int,
    out_channels: int,
    *,
    width_size: int = 64,
    modes: int = 16,
    depth: int = 4,
    padding: float = 0.25,
    factorisation: str = "none",
    expansion: float = 0.0,
    num_spatial_dims: int = 1,
    **_: object,
) -> int:
    """Trainable numbers; with padding, those of the coordinates are among them.

    >>> parameter_count(1, 1, width_size=4, modes=3, depth=1)  # 12 + 3 * 32 + 20 + 40 + 9
    177
    """
    width, hidden = width_size, HIDDEN * width_size
    inner = inner_size(width, expansion)
    total = conv_parameters(in_channels + num_spatial_dims * (padding > 0), width)
    total += depth * spectral_parameters(width, width, modes, num_spatial_dims, factorisation)
    total += depth * conv_parameters(width, width) + conv_parameters(width, hidden)
    mixer = conv_parameters(width, inner) + conv_parameters(inner, width) + width if inner else 0
    return total + depth * mixer + conv_parameters(hidden, out_channels)
