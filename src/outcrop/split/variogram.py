"""The variogram of a target: how far apart two samples must be to know nothing of each other.

Source: Matheron (1963), Principles of geostatistics, Economic Geology 58, 1246-1266; the spherical model is fitted by
least squares weighted by the number of pairs (Cressie 1985, doi:10.1007/BF01032109).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from outcrop.data.space import along_surface, chord
from outcrop.errors import DataError, message

MOST_POINTS = 2000
LAGS = 20
NEAR = 3000
"""Points that neighbours are looked for among at a fifth of the median distance; 25 times more at each closer scale."""
CENTRES = 1000
ZOOMS = 5
CHANCE = (0.9, 0.75)
"""A model that leaves this share of the scatter of the classes is chance: where all pairs are formed, and where not."""
FAR = 500_000
MOST = 200_000
DISTANCES = 1_000_000

Classes = tuple[np.ndarray, np.ndarray, np.ndarray]


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

    @property
    def misfit(self) -> float:
        """Sum of squared residuals of the model, weighted by pairs."""
        model = spherical(self.lag, self.nugget, self.sill - self.nugget, self.range)
        return _misfit(self.value, self.pairs, model)


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
        values: numbers, shape (n,); or several channels, shape (n, channel), such as the indicators of classes: their
            variograms are summed.
        points: shape (n, 1 to 3), as from `space.cartesian`; three dimensions are on the sphere.
        seed: of the random choice.

    Raises:
        DataError: fewer than 20 points with a value.
    """
    values, points = _known(values, points)
    edge, far = _far(values, points, np.random.default_rng(seed))
    if len(far[0]) < 4 or not np.any(far[1] > 0):
        return Variogram(*far, nugget=0.0, sill=float(far[1].max(initial=0.0)), range=edge)
    return _fitted(*far, starts=[far[0][len(far[0]) // 2]])


def resolved(values: np.ndarray, points: np.ndarray, *, seed: int = 0) -> Variogram:
    """The variogram from pairs of all scales: far ones as in `variogram`, and neighbours five times closer each time.

    A range of a thousandth of the extent is found too. A model that explains little of the scatter of the classes is
    chance: it becomes all nugget.
    """
    values, points = _known(values, points)
    rng = np.random.default_rng(seed)
    first, second = _any_pairs(len(points), rng)
    edge, classes = 0.0, []
    for some in (NEAR * 25**k for k in range(ZOOMS)):
        distance = _ground(np.linalg.norm(points[first] - points[second], axis=1), points)
        edge = edge or max(float(np.median(distance)), 1e-12)
        classes.append(_classes(distance, np.square(values[first] - values[second]).sum(axis=1) / 2, edge))
        edge /= 5
        first, second = _neighbours(points, edge, some, rng)
        if len(first) < MOST_POINTS:
            break
    lag, value, pairs = (np.concatenate(parts) for parts in zip(*reversed(classes), strict=True))
    if len(lag) < 4 or not np.any(value > 0):
        return Variogram(lag, value, pairs, 0.0, float(value.max(initial=0.0)), edge)
    found = _fitted(lag, value, pairs, starts=np.quantile(lag, [0.1, 0.5, 0.9]))
    if found.misfit > CHANCE[len(points) > MOST_POINTS] * _misfit(value, pairs, np.average(value, weights=pairs)):
        return replace(found, nugget=found.sill)
    return found


def of_pairs(distance: np.ndarray, half: np.ndarray) -> Variogram:
    """The variogram of pairs whose half squared differences are known, such as means over many snapshots.

    Classes hold equal numbers of pairs. Of fewer than 4 pairs the range is their greatest distance.

    Args:
        distance: of every pair, above 0 but for pairs at one place.
        half: half the squared difference, or its mean.
    """
    order = np.argsort(distance, kind="stable")
    count = min(max(len(order) // 5, 4), LAGS)
    if len(order) < count:
        edge = float(np.max(distance, initial=1e-12))
        return Variogram(distance[order], half[order], np.ones(len(order)), 0.0, float(np.mean(half)), edge)
    groups = np.array_split(order, count)
    lag, value = (np.array([float(np.mean(part[group])) for group in groups]) for part in (distance, half))
    pairs = np.array([len(group) for group in groups])
    if not np.any(value > 0) or lag[0] <= 0:
        return Variogram(lag, value, pairs, 0.0, float(value.max(initial=0.0)), float(lag[-1]))
    return _fitted(lag, value, pairs, starts=np.quantile(lag, [0.25, 0.5, 1.0]))


def _known(values: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values = np.asarray(values, float)
    values = values[:, None] if values.ndim == 1 else values
    known = np.isfinite(values).all(axis=1) & np.isfinite(points).all(axis=1)
    if known.sum() < LAGS:
        what = f"A variogram needs {LAGS} labelled samples with a place; there are {int(known.sum())}."
        raise DataError(message(what, where="promise.area", fix="area = {block_m = 5000}"))
    return values[known], points[known]


def _fitted(lag: np.ndarray, value: np.ndarray, pairs: np.ndarray, starts: Iterable[float]) -> Variogram:
    """The spherical model closest to the classes, from several starting ranges."""
    from scipy.optimize import curve_fit

    top, best = float(value.max()), None
    for start in starts:
        try:
            (nugget, partial, reach), _ = curve_fit(
                spherical, lag, value, p0=(0.1 * top, 0.9 * top, start), sigma=1 / np.sqrt(pairs),
                bounds=([0, 0, lag[0] / 2], [2 * top, 4 * top, 4 * lag[-1]]), maxfev=5000,
            )  # fmt: skip
        except (RuntimeError, ValueError):
            continue
        one = Variogram(lag, value, pairs, float(nugget), float(nugget + partial), float(reach))
        best = one if best is None or one.misfit < best.misfit else best
    return best or Variogram(lag, value, pairs, 0.0, top, float(lag[np.argmax(value >= 0.95 * top)]))


def _far(values: np.ndarray, points: np.ndarray, rng: np.random.Generator) -> tuple[float, Classes]:
    """Classes of the distances between 2,000 points, up to their median, which is given too."""
    from scipy.spatial.distance import pdist

    if len(points) > MOST_POINTS:
        rows = rng.choice(len(points), MOST_POINTS, replace=False)
        values, points = values[rows], points[rows]
    distance = _ground(pdist(points), points)
    edge = max(float(np.median(distance)), 1e-12)
    return edge, _classes(distance, pdist(values, "sqeuclidean") / 2, edge)


def _any_pairs(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of few points; of many, half a million at random: points that recur often would share their chance."""
    if count <= MOST_POINTS:
        return np.triu_indices(count, 1)
    first, second = rng.integers(0, count, (2, FAR))
    return first[first != second], second[first != second]


def _neighbours(
    points: np.ndarray, within: float, some: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of points no further apart: up to 100 neighbours of up to 1,000 points, among `some` of all points."""
    from scipy.spatial import KDTree

    rows = rng.choice(len(points), some, replace=False) if len(points) > some else np.arange(len(points))
    centres = rng.choice(rows, CENTRES, replace=False) if len(rows) > CENTRES else rows
    straight = chord(within, 3) if points.shape[1] == 3 else within
    found = KDTree(points[rows]).query_ball_point(points[centres], straight)
    near = [rng.choice(own, 100) if len(own) > 100 else np.asarray(own, int) for own in found]
    first, second = np.repeat(centres, [len(own) for own in near]), rows[np.concatenate(near)]
    return first[first != second], second[first != second]


def _ground(distance: np.ndarray, points: np.ndarray) -> np.ndarray:
    return along_surface(distance, 3) if points.shape[1] == 3 else distance


def _classes(distance: np.ndarray, half: np.ndarray, edge: float) -> Classes:
    """Mean distance, mean of half the squared difference and number of pairs, of every class with ten pairs."""
    place = np.floor(distance * (LAGS / edge)).astype(np.intp)
    inside = place < LAGS
    pairs = np.bincount(place[inside], minlength=LAGS)
    full = pairs >= 10
    total, middle = (np.bincount(place[inside], part[inside], minlength=LAGS)[full] for part in (half, distance))
    return middle / pairs[full], total / pairs[full], pairs[full]


def _misfit(value: np.ndarray, pairs: np.ndarray, model: np.ndarray | float) -> float:
    return float((np.square(value - model) * pairs).sum())


def mean_correlation(model: Variogram, points: np.ndarray, *, seed: int = 0) -> float:
    """The mean correlation of two different points by a fitted model, along the ground.

    It is taken over all pairs with the points of a random choice. Different points at one place differ by the nugget.

    >>> model = Variogram(*np.zeros((3, 1)), nugget=0.0, sill=1.0, range=10.0)
    >>> round(mean_correlation(model, np.array([[0.0], [5.0], [20.0]])), 4)  # 0.3125 of one pair in three
    0.1042
    """
    from scipy.spatial.distance import cdist

    if model.sill <= 0 or len(points) < 2:
        return 0.0
    rng = np.random.default_rng(seed)
    points = points if len(points) <= MOST else rng.choice(points, MOST, replace=False)
    rows, few = np.arange(len(points)), max(20, DISTANCES // len(points))
    rows = rows if len(rows) <= few else rng.choice(rows, few, replace=False)
    distance = _ground(cdist(points[rows], points), points)
    distance = np.maximum(distance, 1e-12 * model.range)
    rho = 1 - spherical(distance, model.nugget, model.sill - model.nugget, model.range) / model.sill
    rho[np.arange(len(rows)), rows] = 0
    return float(rho.sum() / (len(rows) * (len(points) - 1)))


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
