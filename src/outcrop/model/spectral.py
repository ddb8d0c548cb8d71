"""The spectral convolution of Fourier neural operators: the lowest frequencies of a field, each times its own matrix.

A kernel as large as the domain, stored as its Fourier coefficients. They belong to frequencies of the domain, not to
samples, so that one set of weights serves every resolution. Weights are real numbers, with the real and the imaginary
part on the last axis: optimisers and model files know no complex ones.

Source: Li et al. (2021), Fourier neural operator for parametric partial differential equations, arXiv:2010.08895,
section 4; factorised weights: Kossaifi et al. (2023), Multi-grid tensorized Fourier neural operator, arXiv:2310.00120,
section 3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.model.initial import standard

FACTORISATIONS = ("none", "tucker", "cp")


class SpectralConv(eqx.Module):
    """y = irfft(W(k) rfft(x)(k)) for all frequencies |k| < `modes` along every dimension; the others become zero.

    The transform is a mean over samples, so amplitudes do not depend on their number. A grid with fewer samples than
    2 `modes` - 1 along a dimension uses the frequencies that it has.

    Attributes:
        factors: the weights (*frequency, in, out, 2), or what they are a product of. Along all dimensions but the last
            frequencies run from 1 - modes to modes - 1; along the last from 0, the rest being their conjugates.
    """

    factors: tuple[Array, ...]
    modes: int = eqx.field(static=True)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        modes: int,
        *,
        num_spatial_dims: int = 1,
        factorisation: str = "none",
        key: PRNGKeyArray,
    ):
        """Draws weights that keep the variance of a signal of low frequencies.

        Args:
            in_channels, out_channels: of the field.
            modes: frequencies along each dimension, the mean among them.
            num_spatial_dims: of the field.
            factorisation: as in `factor_shapes`.
            key: for the weights.
        """
        shape = weight_shape(in_channels, out_channels, modes, num_spatial_dims)
        kind, _ = parsed(factorisation)
        shapes = factor_shapes(shape, factorisation)
        variance = 1 / (2 * in_channels)  # real and imaginary part together 1 / fan-in
        if kind == "cp":
            spreads = [(variance / shapes[0][-1]) ** (0.5 / len(shapes))] * len(shapes)
        else:
            spreads = [variance**0.5, *(own[1] ** -0.5 for own in shapes[1:])]
        keys = jax.random.split(key, len(shapes))
        self.factors = tuple(standard(k, s, sd) for k, s, sd in zip(keys, shapes, spreads, strict=True))
        self.modes = modes

    @property
    def weight(self) -> Float[Array, "*frequency in_channel out_channel 2"]:
        """The weights, multiplied out of their factors."""
        first, *others = self.factors
        if not others:
            return first
        dims = len(others)
        letters = "abcdefghij"[:dims]
        if first.ndim == 2:  # CP: one column per component of every factor
            return jnp.einsum(",".join(f"{letter}z" for letter in letters + "y") + f"->{letters}y", *self.factors)
        ranks = "klmnopqrst"[:dims]
        pairs = ",".join(f"{letter}{rank}" for letter, rank in zip(letters, ranks, strict=True))
        return jnp.einsum(f"{ranks}y,{pairs}->{letters}y", first, *others)

    def __call__(self, x: Float[Array, "*sample in_channel"]) -> Float[Array, "*sample out_channel"]:
        sizes, dims = x.shape[:-1], x.ndim - 1
        axes = tuple(range(dims))
        highest = [min(self.modes - 1, (size - 1) // 2) for size in sizes]
        spectrum = jnp.fft.rfftn(x, axes=axes, norm="forward")
        spectrum = jnp.roll(spectrum, highest[:-1], axes[:-1])  # from -highest on, which rfft has at the end
        low = spectrum[*(slice(0, 2 * k + 1) for k in highest[:-1]), slice(0, highest[-1] + 1)]
        made = _complex_product(low, self._of_low(highest))
        whole = [*sizes[:-1], sizes[-1] // 2 + 1]
        filled = jnp.pad(made, [(0, n - m) for n, m in zip(whole, made.shape, strict=False)] + [(0, 0)])
        filled = jnp.roll(filled, [-k for k in highest[:-1]], axes[:-1])
        return jnp.fft.irfftn(filled, s=sizes, axes=axes, norm="forward")

    def _of_low(self, highest: Sequence[int]) -> Array:
        """The weights of the frequencies that a grid has."""
        beyond = [self.modes - 1 - k for k in highest]
        return self.weight[*(slice(b, 2 * self.modes - 1 - b) for b in beyond[:-1]), slice(0, highest[-1] + 1)]


def _complex_product(spectrum: Array, weight: Array) -> Array:
    """(*frequency, in) complex times (*frequency, in, out, 2), as one real matrix product per frequency."""
    real, imaginary = weight[..., 0], weight[..., 1]
    matrix = jnp.concatenate(
        [jnp.concatenate([real, imaginary], axis=-1), jnp.concatenate([-imaginary, real], axis=-1)], axis=-2
    )
    parts = jnp.concatenate([spectrum.real, spectrum.imag], axis=-1)
    made = jnp.einsum("...i,...io->...o", parts, matrix)
    return jax.lax.complex(*jnp.split(made, 2, axis=-1))


def weight_shape(in_channels: int, out_channels: int, modes: int, num_spatial_dims: int) -> tuple[int, ...]:
    """(*frequency, in, out, 2)."""
    return (*(2 * modes - 1,) * (num_spatial_dims - 1), modes, in_channels, out_channels, 2)


def parsed(factorisation: str) -> tuple[str, float]:
    """Kind and share of a factorisation as a run file writes it.

    >>> parsed("none"), parsed("tucker:0.1")
    (('none', 1.0), ('tucker', 0.1))

    Raises:
        ConfigError: an unknown kind, or a share outside of 0 to 1.
    """
    kind, _, text = factorisation.partition(":")
    try:
        share = float(text) if kind != "none" else 1.0
    except ValueError:
        share = math.nan
    if kind not in FACTORISATIONS or not 0 < share <= 1 or (kind == "none" and text):
        what = f"The factorisation {factorisation!r} is not known{did_you_mean(kind, FACTORISATIONS)}."
        fix = 'factorisation = "none", or with a share of the numbers "tucker:0.1" or "cp:0.05"'
        raise ConfigError(message(what, where="model.factorisation", fix=fix))
    return kind, share


def factor_shapes(shape: tuple[int, ...], factorisation: str) -> list[tuple[int, ...]]:
    """Shapes of the arrays that weights of a shape are a product of.

    Args:
        shape: (*frequency, in, out, 2).
        factorisation: "none"; "tucker:SHARE", a core with about that share of the numbers and a matrix for every axis
            but the last; "cp:SHARE", a sum of products of one vector per axis, with that share of the numbers in all.

    >>> factor_shapes((4, 8, 8, 2), "tucker:0.125"), factor_shapes((4, 8, 8, 2), "cp:0.125")
    ([(2, 4, 4, 2), (4, 2), (8, 4), (8, 4)], [(4, 3), (8, 3), (8, 3), (2, 3)])
    """
    kind, share = parsed(factorisation)
    *sizes, parts = shape
    if kind == "none":
        return [shape]
    if kind == "cp":
        components = max(1, round(share * math.prod(shape) / sum(shape)))
        return [(size, components) for size in shape]
    ranks = [max(1, round(size * share ** (1 / len(sizes)))) for size in sizes]
    return [(*ranks, parts), *zip(sizes, ranks, strict=True)]


def spectral_parameters(
    in_channels: int, out_channels: int, modes: int, num_spatial_dims: int, factorisation: str = "none"
) -> int:
    """Trainable numbers of one spectral convolution.

    >>> spectral_parameters(2, 3, 4, 2)  # 7 * 4 frequencies, 2 * 3 complex numbers each
    336
    """
    shape = weight_shape(in_channels, out_channels, modes, num_spatial_dims)
    return sum(map(math.prod, factor_shapes(shape, factorisation)))
