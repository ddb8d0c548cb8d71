"""The variogram of a target: how far apart two samples must be to know nothing of each other.

Source: Matheron (1963), Principles of geostatistics, Economic Geology 58, 1246-1266; the spherical model is fitted by
least squares weighted by the number of pairs (Cressie 1985, doi:10.1007/BF01032109).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from outcrop.data.space import along_surface
from outcrop.errors import DataError, message

MOST_POINTS = 2000
LAGS = 20


@dataclass(frozen=True)
class Variogram:
    """An empirical variogram and the spherical model fitted to it.

    Attributes:
        lag: middle of each distance class.
        value: half the mean squared difference of pairs in it.
        pairs: number of pairs.
        nugget, sill: of the model; the sill includes the nugget.
        range: distance at which the model reaches its sill.
    """

    lag: np.ndarray
    value: np.ndarray
    pairs: np.ndarray
    nugget: float
    sill: float
    range: float


def spherical(h: np.ndarray, nugget: float, partial: float, reach: float) -> np.ndarray:
    """The spherical model; 0 at distance 0.

    >>> spherical(np.array([0.0, 5.0, 20.0]), 0.0, 1.0, 10.0).tolist()
    [0.0, 0.6875, 1.0]
    """
    ratio = np.minimum(h / reach, 1)
    return np.where(h > 0, nugget + partial * (1.5 * ratio - 0.5 * ratio**3), 0.0)


def variogram(values: np.ndarray, points: np.ndarray, *, seed: int = 0) -> Variogram:
    """The variogram of values at points, from at most 2,000 of them.

    Args:
        values: numbers, or class indices (the indicator of the most frequent class is taken), shape (n,).
        points: shape (n, 1 to 3), as from `space.cartesian`; three dimensions are on the sphere.

    Raises:
        DataError: fewer than 20 points with a value.
    """
    from scipy.optimize import curve_fit
    from scipy.spatial.distance import pdist

    values = np.asarray(values, float)
    known = np.isfinite(values) & np.isfinite(points).all(axis=1)
    if known.sum() < LAGS:
        what = f"A variogram needs {LAGS} labelled samples with a place; there are {int(known.sum())}."
        raise DataError(message(what, where="promise.area", fix="area = {block_m = 5000}"))
    rows = np.flatnonzero(known)
    if len(rows) > MOST_POINTS:
        rows = np.random.default_rng(seed).choice(rows, MOST_POINTS, replace=False)
    chosen = values[rows]
    distance = pdist(points[rows])
    distance = along_surface(distance, points.shape[1]) if points.shape[1] == 3 else distance
    half = pdist(chosen[:, None], "sqeuclidean") / 2
    edges = np.linspace(0, max(np.quantile(distance, 0.5), 1e-12), LAGS + 1)
    place = np.digitize(distance, edges) - 1
    inside = (place >= 0) & (place < LAGS)
    pairs = np.bincount(place[inside], minlength=LAGS)
    total = np.bincount(place[inside], half[inside], minlength=LAGS)
    middle = np.bincount(place[inside], distance[inside], minlength=LAGS)
    full = pairs >= 10
    lag, value = middle[full] / pairs[full], total[full] / pairs[full]
    if len(lag) < 4 or not np.any(value > 0):
        return Variogram(lag, value, pairs[full], 0.0, float(value.max(initial=0.0)), float(edges[-1]))
    top = float(value.max())
    try:
        (nugget, partial, reach), _ = curve_fit(
            spherical, lag, value, p0=(0.1 * top, 0.9 * top, lag[len(lag) // 2]), sigma=1 / np.sqrt(pairs[full]),
            bounds=([0, 0, lag[0] / 2], [2 * top, 4 * top, 4 * lag[-1]]), maxfev=5000,
        )  # fmt: skip
    except (RuntimeError, ValueError):
        nugget, partial, reach = 0.0, top, float(lag[np.argmax(value >= 0.95 * top)])
    return Variogram(lag, value, pairs[full], float(nugget), float(nugget + partial), float(reach))


def suggest_block_m(values: np.ndarray, points: np.ndarray, labelled: np.ndarray) -> float:
    """The range of the target's variogram, rounded to two digits; a tenth of the extent where it has no structure."""
    chosen = np.where(labelled, np.asarray(values, float), np.nan)
    finite = chosen[np.isfinite(chosen)]
    if len(np.unique(finite)) <= 20 and np.all(finite == np.round(finite)):
        common = np.bincount(finite.astype(int) - int(finite.min(initial=0))).argmax() + int(finite.min(initial=0))
        chosen = np.where(np.isfinite(chosen), (chosen == common).astype(float), np.nan)
    known = np.isfinite(points).all(axis=1)
    extent = float(np.ptp(points[known], axis=0).max())
    found = variogram(chosen, points).range if np.nanstd(chosen) > 0 else extent / 10
    size = float(np.clip(found, extent / 50, extent / 3))
    digits = 1 - int(np.floor(np.log10(size))) if size > 0 else 0
    return round(size, digits)
