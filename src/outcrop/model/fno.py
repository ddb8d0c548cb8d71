"""The Fourier neural operator in one, two or three dimensions: from a field to a field, at any resolution.

Source: Li et al. (2021), Fourier neural operator for parametric partial differential equations, arXiv:2010.08895,
figure 2; the local branch: Wen et al. (2022), U-FNO, Advances in Water Resources 163, 104180,
doi:10.1016/j.advwatres.2022.104180, equation 7.
"""

from __future__ import annotations

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
from outcrop.model.unet import UNet
from outcrop.model.unet import parameter_count as unet_parameters

HIDDEN = 2
"""Width of the projection's hidden layer, in widths of the network."""
LOCAL_LEVELS = 2


class FNO(eqx.Module):
    """Lifting, `depth` layers of a spectral convolution beside a pointwise one, and a projection of two layers.

    Nothing but the local branch knows the spacing of samples: the same weights answer on a finer grid of the same
    domain. A GELU follows every layer but the last one.
    """

    first: Conv
    spectral: tuple[SpectralConv, ...]
    pointwise: tuple[Conv, ...]
    local: tuple[UNet | None, ...]
    hidden: Conv
    last: Conv
    padding: float = eqx.field(static=True)
    coordinates: bool = eqx.field(static=True)
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
        coordinates: bool = True,
        factorisation: str = "none",
        dropout: float = 0.0,
        num_spatial_dims: int = 1,
        local: bool = False,
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
            padding: share of the domain that is added behind its end as zeros: a transform takes every field for
                periodic, so without it the two ends of a field that is not are neighbours. 0 for periodic fields.
            coordinates: whether the place in the domain, 0 to 1 along each dimension, is an input; without it and
                without padding the network is the same everywhere, as a periodic equation without forcing is.
            factorisation: "none", or "tucker:0.1", "cp:0.05": weights of fewer numbers, see `spectral.factor_shapes`.
            dropout: probability that a channel is dropped after a layer in training.
            num_spatial_dims: 1, 2 or 3.
            local: a small U-Net beside the last half of the layers, for what changes from sample to sample (U-FNO); it
                counts in samples, so finer grids are another problem to it.
            key: for the weights.
        """
        check.positive(
            in_channels=in_channels, out_channels=out_channels, width_size=width_size, modes=modes, depth=depth
        )
        check.share(padding=padding, dropout=dropout)
        dims = {"num_spatial_dims": num_spatial_dims}
        first, hidden, last, *keys = jax.random.split(key, 3 + 3 * depth)
        entering = in_channels + num_spatial_dims * coordinates
        self.first = Conv(entering, width_size, key=first, **dims)
        own = {"factorisation": factorisation, **dims}
        self.spectral = tuple(SpectralConv(width_size, width_size, modes, key=k, **own) for k in keys[:depth])
        self.pointwise = tuple(Conv(width_size, width_size, key=k, **dims) for k in keys[depth : 2 * depth])
        widths = (width_size,) * LOCAL_LEVELS
        self.local = tuple(
            UNet(width_size, width_size, widths=widths, dropout=0.0, key=k, **dims)
            if local and number >= depth // 2
            else None
            for number, k in enumerate(keys[2 * depth :])
        )
        self.hidden = Conv(width_size, HIDDEN * width_size, key=hidden, **dims)
        self.last = Conv(HIDDEN * width_size, out_channels, key=last, **dims)
        self.padding, self.coordinates, self.dropout = padding, coordinates, dropout

    def __call__(
        self, x: Float[Array, "*sample in_channel"], *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "*sample out"]:
        """Logits or scaled values of every sample of one field; without `key` nothing is dropped."""
        sizes = x.shape[:-1]
        if self.coordinates:
            x = jnp.concatenate([x, places(sizes, x.dtype)], axis=-1)
        y = self.first(x)
        y = jnp.pad(y, [*((0, round(self.padding * size)) for size in sizes), (0, 0)])
        layers = zip(self.spectral, self.pointwise, self.local, split(key, len(self.spectral)), strict=True)
        for number, (spectral, pointwise, local, own) in enumerate(layers, start=1):
            made = spectral(y) + pointwise(y)
            made = made if local is None else made + local(y)
            y = channel_dropout(jax.nn.gelu(made) if number < len(self.spectral) else made, self.dropout, own)
        y = y[tuple(slice(0, size) for size in sizes)]
        return self.last(jax.nn.gelu(self.hidden(y)))


def parameter_count(
    in_channels: int,
    out_channels: int,
    *,
    width_size: int = 64,
    modes: int = 16,
    depth: int = 4,
    coordinates: bool = True,
    factorisation: str = "none",
    num_spatial_dims: int = 1,
    local: bool = False,
    **_: object,
) -> int:
    """Trainable numbers; `padding` has none.

    >>> parameter_count(1, 1, width_size=4, modes=3, depth=1)  # 12 + 3 * 32 + 20 + 40 + 9
    177
    """
    width, hidden = width_size, HIDDEN * width_size
    total = conv_parameters(in_channels + num_spatial_dims * coordinates, width)
    total += depth * spectral_parameters(width, width, modes, num_spatial_dims, factorisation)
    total += depth * conv_parameters(width, width) + conv_parameters(width, hidden)
    if local:
        own = {"widths": (width,) * LOCAL_LEVELS, "num_spatial_dims": num_spatial_dims}
        total += (depth - depth // 2) * unet_parameters(width, width, **own)
    return total + conv_parameters(hidden, out_channels)
