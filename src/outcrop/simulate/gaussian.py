"""Gaussian random fields of a stated covariance, and facies by cutting them at thresholds.

A field is white noise filtered by the square root of its covariance on a periodic grid that is larger than the one
returned, so that opposite sides do not know each other. `truncated` cuts one field, so that facies follow each other
in order (foreshore between offshore and coastal plain); `plurigaussian` cuts two, so that every facies may touch the
first.

Source: Le Ravalec, M., Noetinger, B., Hu, L. Y. (2000), The FFT moving average (FFT-MA) generator, Mathematical Geology
32(6), doi:10.1023/A:1007542406333; Matheron, G., et al. (1987), Conditional simulation of the geometry of
fluvio-deltaic reservoirs, SPE 16753, doi:10.2118/16753-MS; Armstrong, M., et al. (2011), Plurigaussian Simulations in
Geosciences, 2nd edition, Springer, doi:10.1007/978-3-642-19607-2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.fft import irfftn, rfftn
from scipy.fft import next_fast_len
from scipy.stats import norm

from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.simulate.grid import Finite, Positive, Shape, Spacing, checked, coordinates, labelled, spaced
from outcrop.simulate.logs import shares_of

DIMS = {1: ("depth",), 2: ("northing", "easting"), 3: ("inline", "crossline", "depth")}
COVARIANCES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "gaussian": lambda h: np.exp(-3.0 * h**2),
    "exponential": lambda h: np.exp(-3.0 * h),
    "spherical": lambda h: np.where(h < 1.0, 1.0 - 1.5 * h + 0.5 * h**3, 0.0),
}
"""Correlation by distance in ranges: 0.05 at one range, and 0 from there on for `spherical`.

Source: Chiles, J.-P., Delfiner, P. (2012), Geostatistics, 2nd edition, Wiley, doi:10.1002/9781118136188.
"""


def gaussian_field(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    spacing_m: tuple[float, ...],
    range_m: tuple[float, ...],
    covariance: str = "gaussian",
) -> np.ndarray:
    """A field of mean 0 and variance 1, in the given shape.

    Args:
        rng: random numbers.
        shape, spacing_m: of the grid.
        range_m: along every dimension: the distance where the correlation has fallen to 0.05.
        covariance: a key of `COVARIANCES`.

    Raises:
        ConfigError: an unknown covariance.
    """
    if covariance not in COVARIANCES:
        what = f"There is no covariance {covariance!r}{did_you_mean(covariance, COVARIANCES)}."
        raise ConfigError(message(what, fix=f"choose one of {', '.join(COVARIANCES)}."))
    steps = [side / reach for side, reach in zip(spacing_m, range_m, strict=True)]
    wide = [n + int(np.ceil(2.0 / step)) for n, step in zip(shape, steps, strict=True)]
    sizes: list[Any] = [next_fast_len(n, real=True) for n in wide]
    lags = [np.minimum(np.arange(n), n - np.arange(n)) * step for n, step in zip(sizes, steps, strict=True)]
    distance = np.sqrt(sum(lag**2 for lag in np.meshgrid(*lags, indexing="ij", sparse=True)))
    # What the periodic grid cannot hold makes some eigenvalues slightly negative: they are left out of the sum.
    power = np.maximum(rfftn(COVARIANCES[covariance](distance)).real, 0.0)
    variance = irfftn(power, s=sizes, axes=range(len(sizes))).flat[0]
    field = irfftn(np.sqrt(power / variance) * rfftn(rng.standard_normal(sizes)), s=sizes, axes=range(len(sizes)))
    return field[tuple(slice(n) for n in shape)]


def thresholds(proportions: tuple[float, ...]) -> np.ndarray:
    """Where a standard normal number is cut so that its classes have these proportions, shape (class - 1,).

    >>> thresholds((0.5, 0.25, 0.25)).round(3).tolist()
    [0.0, 0.674]
    """
    return norm.ppf(np.clip(np.cumsum(shares_of(proportions))[:-1], 0.0, 1.0))


def truncated(field: np.ndarray, proportions: tuple[float, ...]) -> np.ndarray:
    """Facies 0, 1, ... by the thresholds that a field crosses, of the field's shape."""
    return np.searchsorted(thresholds(proportions), field, side="right")


def plurigaussian(first: np.ndarray, second: np.ndarray, proportions: tuple[float, ...]) -> np.ndarray:
    """Facies by two independent fields: the first field makes facies 0, the second shares out the rest in order.

    Raises:
        ConfigError: fewer than three facies, or no place for any but the first.
    """
    shares = shares_of(proportions)
    if len(shares) < 3 or shares[0] >= 1:
        what = f"Two fields make three facies or more, not proportions = {tuple(proportions)}."
        raise ConfigError(message(what, fix='proportions = [0.4, 0.3, 0.3], or rule = "ordered"'))
    others = 1 + truncated(second, tuple(shares[1:] / shares[1:].sum()))
    return np.where(truncated(first, (shares[0], 1 - shares[0])) == 0, 0, others)


@checked
def gaussian(
    rng: np.random.Generator,
    *,
    shape: Shape = (128, 128),
    spacing_m: Spacing = (10.0, 10.0),
    range_m: tuple[Positive, ...] = (200.0, 400.0),
    covariance: str = "gaussian",
    proportions: tuple[float, ...] = (0.4, 0.3, 0.3),
    rule: Literal["ordered", "pluri"] = "ordered",
    top_m: Finite = 0.0,
) -> xr.Dataset:
    """Facies of truncated Gaussian fields on a well, a map or a cube, with the fields they were cut from.

    Args:
        rng: random numbers.
        shape, spacing_m: (depth), (northing, easting) or (inline, crossline, depth), spacing in metres.
        range_m: of the covariance along each dimension, in metres.
        covariance: "gaussian" (smooth borders), "exponential" or "spherical" (ragged ones).
        proportions: expected share of every facies; they sum to 1.
        rule: "ordered" cuts one field, "pluri" two; see `truncated` and `plurigaussian`.
        top_m: depth of the first sample.

    Raises:
        ConfigError: numbers that do not fit each other, see `spaced`, `shares_of` and `plurigaussian`.
    """
    spaced(shape, spacing_m, tuple(DIMS))
    spaced(shape, range_m, tuple(DIMS))
    dims = DIMS[len(shape)]
    fields = [gaussian_field(rng, shape, spacing_m, range_m, covariance) for _ in range(1 + (rule == "pluri"))]
    facies = (
        truncated(fields[0], proportions) if rule == "ordered" else plurigaussian(fields[0], fields[1], proportions)
    )
    variables = {"facies": (dims, facies, "", "code of the facies")}
    for number, field in enumerate(fields, 1):
        variables[f"field_{number}"] = (dims, field, "", "Gaussian field that was cut, mean 0, variance 1")
    return labelled(variables, coordinates(dims, shape, spacing_m, top_m))
