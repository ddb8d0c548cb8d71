"""A convolutional generator and critic in one or two dimensions: the game for series, maps and sections of one size.

Source: Radford, Metz and Chintala (2016), arXiv:1511.06434, section 3, with three changes: enlarging by repetition and
a convolution instead of a transposed one, which leaves a checkerboard (Odena, Dumoulin and Olah, 2016, Distill,
doi:10.23915/distill.00003); group norms in the generator alone instead of batch norms in both, because a critic with
batch norms judges batches (Gulrajani et al., 2017, arXiv:1704.00028, section 4); no bound on the output, because data
are standardised.
"""

from __future__ import annotations

import math
from itertools import pairwise

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.errors import ConfigError, message
from outcrop.model import check
from outcrop.model.block import conv_parameters
from outcrop.model.condition import Condition, beside, channels, fields
from outcrop.model.conv import Conv, Halve, gathered
from outcrop.model.conv_autoencoder import cropped, padded
from outcrop.model.gan import GAN, normalised
from outcrop.model.linear import Linear
from outcrop.model.norm import NORMS, Norm, norm_parameters
from outcrop.model.norm import norm as norm_of


class Generator(eqx.Module):
    """Noise becomes a coarse grid, and every level makes it twice as fine; the condition enters at each of them."""

    first: Linear
    convs: tuple[Conv, ...]
    norms: tuple[Norm, ...]
    last: Conv
    in_channels: int = eqx.field(static=True)
    size: tuple[int, ...] = eqx.field(static=True)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        size: tuple[int, ...],
        latent_size: int,
        widths: tuple[int, ...],
        kernel_size: int,
        norm: str,
        key: PRNGKeyArray,
    ):
        first, last, *keys = jax.random.split(key, 2 + len(widths))
        dims, told = {"num_spatial_dims": len(size)}, channels(in_channels)
        back = tuple(reversed(widths))
        self.first = Linear(latent_size, math.prod(coarse(size, len(widths))) * back[0], key=first)
        self.convs = tuple(
            Conv(a + told, b, kernel_size, key=own, **dims)
            for (a, b), own in zip(pairwise((back[0], *back)), keys, strict=True)
        )
        self.norms = tuple(norm_of(norm, width) for width in back)
        self.last = Conv(widths[0] + told, out_channels, kernel_size, key=last, **dims)
        self.in_channels, self.size = in_channels, size

    def __call__(
        self, z: Float[Array, " latent"], condition: Condition = None, *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "*place out"]:
        levels = len(self.convs)
        told = [padded(fields(condition, self.size, self.in_channels, z), 2**levels)]  # finest first
        for _ in range(levels - 1):
            told.append(_halved(told[-1]))
        y = self.first(z).reshape(*coarse(self.size, levels), -1)
        for conv, norm, known in zip(self.convs, self.norms, reversed(told), strict=True):
            y = jnp.concatenate([_doubled(y), known], axis=-1)
            y = jax.nn.relu(norm(conv(y)))
        return cropped(self.last(jnp.concatenate([y, told[0]], axis=-1)), self.size)


class Critic(eqx.Module):
    """A convolution per level, each followed by a halving, and one number of all that is left. It has no norms."""

    convs: tuple[Conv, ...]
    halve: tuple[Halve, ...]
    last: Linear
    in_channels: int = eqx.field(static=True)
    size: tuple[int, ...] = eqx.field(static=True)
    spectral_norm: bool = eqx.field(static=True)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        size: tuple[int, ...],
        widths: tuple[int, ...],
        kernel_size: int,
        spectral_norm: bool,
        key: PRNGKeyArray,
    ):
        keys, dims = iter(jax.random.split(key, 1 + 2 * len(widths))), {"num_spatial_dims": len(size)}
        steps = tuple(pairwise((out_channels + channels(in_channels), *widths)))
        self.convs = tuple(Conv(a, b, kernel_size, key=next(keys), **dims) for a, b in steps)
        self.halve = tuple(Halve(width, width, key=next(keys), **dims) for width in widths)
        self.last = Linear(math.prod(coarse(size, len(widths))) * widths[-1], 1, key=next(keys))
        self.in_channels, self.size, self.spectral_norm = in_channels, size, spectral_norm

    def __call__(
        self, x: Float[Array, "*place out"], condition: Condition = None, *, key: PRNGKeyArray | None = None
    ) -> Float[Array, ""]:
        if x.shape[:-1] != self.size:
            what = f"The critic was built for examples of size {self.size}, and one has {x.shape[:-1]}."
            raise ConfigError(message(what, where="model.size", fix=f"size = {list(x.shape[:-1])}"))
        own = normalised(self) if self.spectral_norm else self
        y = padded(beside(x, condition, self.in_channels), 2 ** len(self.convs))
        for conv, halve in zip(own.convs, own.halve, strict=True):
            y = jax.nn.leaky_relu(halve(jax.nn.leaky_relu(conv(y), 0.2)), 0.2)
        return own.last(y.reshape(-1))[0]


class DCGAN(GAN):
    """Two convolutional networks for examples of one size; see `gan.GAN`."""

    generator: Generator
    critic: Critic
    latent_size: int = eqx.field(static=True)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        size: tuple[int, ...] = (32,),
        latent_size: int = 32,
        widths: tuple[int, ...] = (16, 32, 64),
        kernel_size: int = 3,
        norm: str = "group",
        spectral_norm: bool = False,
        key: PRNGKeyArray,
    ):
        """Builds both networks with random weights.

        Args:
            in_channels: channels of the condition; 0 for none.
            out_channels: channels that are generated.
            size: samples of an example along each dimension, one or two of them; set by the run from its view.
            latent_size: numbers of noise an example is made of.
            widths: channels of each level, finest first; the coarsest grid has size / 2^levels places.
            kernel_size: taps of each convolution, odd.
            norm: of the generator, "group", "layer" or "none".
            spectral_norm: bounds the slope of the critic by dividing its weights by their largest singular value.
            key: for the weights.
        """
        check.natural(in_channels=in_channels)
        check.positive(out_channels=out_channels, size=size, latent_size=latent_size, widths=widths)
        check.odd(kernel_size=kernel_size)
        check.one_of([name for name in NORMS if name != "batch"], norm=norm)
        first, second = jax.random.split(key)
        common = {"size": tuple(size), "widths": widths, "kernel_size": kernel_size}
        inner = {"latent_size": latent_size, "norm": norm}
        self.generator = Generator(in_channels, out_channels, **common, **inner, key=first)
        self.critic = Critic(in_channels, out_channels, **common, spectral_norm=spectral_norm, key=second)
        self.latent_size = latent_size


def coarse(size: tuple[int, ...], levels: int) -> tuple[int, ...]:
    """Places of the coarsest grid: sizes are padded to a multiple of 2^levels, and cropped again.

    >>> coarse((32, 20), 3)
    (4, 3)
    """
    return tuple(-(-length // 2**levels) for length in size)


def _doubled(y: Float[Array, "*place channel"]) -> Float[Array, "*double channel"]:
    """Every place twice along every dimension."""
    for axis in range(y.ndim - 1):
        y = jnp.repeat(y, 2, axis=axis)
    return y


def _halved(y: Float[Array, "*place channel"]) -> Float[Array, "*half channel"]:
    """Means of two neighbours along every dimension."""
    blocks = gathered(y, 2)
    return blocks.reshape(*blocks.shape[:-1], 2 ** (y.ndim - 1), y.shape[-1]).mean(axis=-2)


def parameter_count(
    in_channels: int,
    out_channels: int,
    *,
    size: tuple[int, ...] = (32,),
    latent_size: int = 32,
    widths: tuple[int, ...] = (16, 32, 64),
    kernel_size: int = 3,
    norm: str = "group",
    **_: object,
) -> int:
    """Trainable numbers of both networks, level by level.

    >>> parameter_count(0, 1, size=(4,), latent_size=3, widths=(4,))  # 32 + 52 + 8 + 13 and 16 + 36 + 9
    166
    """
    told, taps, pair = channels(in_channels), kernel_size ** len(size), 2 ** len(size)
    grid, back = math.prod(coarse(size, len(widths))), widths[::-1]
    generator = conv_parameters(latent_size, grid * back[0]) + conv_parameters(widths[0] + told, out_channels, taps)
    generator += sum(conv_parameters(a + told, b, taps) for a, b in pairwise((back[0], *back)))
    generator += sum(norm_parameters(norm, width) for width in widths)
    critic = sum(conv_parameters(a, b, taps) for a, b in pairwise((out_channels + told, *widths)))
    critic += sum(conv_parameters(pair * width, width) for width in widths)
    return generator + critic + conv_parameters(grid * widths[-1], 1)
