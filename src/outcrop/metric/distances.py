"""Distances between two sets of points, such as generated and real ones: 0 where their laws are one, lower is better.

Points are rows, `(point, variable)`; the variables should be in comparable units. Every distance between finite sets of
the *same* law is above 0 (or scatters about it), and the fewer the points the more so: `evaluate.floor` says how much.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from outcrop.errors import DataError, message

Points = Float[np.ndarray, "point variable"]

DIRECTIONS = 64
LEVELS = 512
"""Quantiles that two unequal sets are compared at by the sliced distance."""
MOST_PAIRED = 2000


def wasserstein_1(*, samples: Points, real: Points) -> float:
    """Integral of |F(x) - G(x)|, in the unit of the variable; the mean over variables.

    Source: Vallender (1974), doi:10.1137/1118101; computed by `scipy.stats.wasserstein_distance`.

    >>> wasserstein_1(samples=np.array([[0.0], [1.0]]), real=np.array([[3.0], [4.0]]))
    3.0
    """
    from scipy.stats import wasserstein_distance

    return float(np.mean([wasserstein_distance(s, r) for s, r in zip(samples.T, real.T, strict=True)]))


def kolmogorov_smirnov(*, samples: Points, real: Points) -> float:
    """Largest |F(x) - G(x)|, between 0 and 1; the mean over variables.

    Source: Smirnov (1948), doi:10.1214/aoms/1177730256; the statistic of `scipy.stats.ks_2samp` without its p value,
    which costs more.

    >>> kolmogorov_smirnov(samples=np.array([[0.0], [1.0]]), real=np.array([[0.5], [4.0]]))
    0.5
    """
    largest = []
    for own, other in zip(np.sort(samples, axis=0).T, np.sort(real, axis=0).T, strict=True):
        both = np.concatenate([own, other])
        upto = (np.searchsorted(part, both, side="right") / len(part) for part in (own, other))
        largest.append(np.abs(np.subtract(*upto)).max())
    return float(np.mean(largest))


def energy_distance(*, samples: Points, real: Points) -> float:
    """sqrt(2 E|X - Y| - E|X - X'| - E|Y - Y'|), all pairs counted, in the unit of the variables.

    With one variable it is `scipy.stats.energy_distance`.

    Source: Szekely and Rizzo (2013), doi:10.1016/j.jspi.2013.03.018, equation 2.1 (its root).

    >>> energy_distance(samples=np.array([[0.0]]), real=np.array([[2.0]]))  # sqrt(2 * 2)
    2.0
    """
    between, own, other = (pairwise(a, b).mean() for a, b in ((samples, real), (samples, samples), (real, real)))
    return float(np.sqrt(max(2 * between - own - other, 0.0)))


def mmd(*, samples: Points, real: Points) -> float:
    """Squared maximum mean discrepancy with k(x, y) = exp(-|x - y|^2 / (2 s^2)), unbiased: it may be below 0.

    mean over i != j of k(x_i, x_j) + mean over i != j of k(y_i, y_j) - 2 mean k(x_i, y_j); s is the median distance
    between two points of both sets together.

    Source: Gretton et al. (2012), JMLR 13, 723-773, equation 3; the median heuristic is in its section 8.
    """
    _at_least(2, samples, real)
    points, count = np.concatenate([samples, real]), len(samples)
    squared = np.square(pairwise(points, points))
    width = np.median(squared[np.triu_indices(len(points), 1)])
    kernel = np.exp(-squared / (2 * width)) if width > 0 else (squared < 1e-12).astype(float)
    own, other = kernel[:count, :count], kernel[count:, count:]
    means = [(part.sum() - np.trace(part)) / (len(part) * (len(part) - 1)) for part in (own, other)]
    return float(sum(means) - 2 * kernel[:count, count:].mean())


def sliced_wasserstein_2(*, samples: Points, real: Points) -> float:
    """sqrt(mean over directions u of W2^2 between u.x and u.y), over 64 fixed random directions; unit of the variables.

    Two laws that differ by a shift d in n dimensions are |d| / sqrt(n) apart. Sets of one size are compared exactly,
    others at 512 quantiles.

    Source: Bonneel et al. (2015), doi:10.1007/s10851-014-0506-3, definition 7.
    """
    size = samples.shape[1]
    directions = np.random.default_rng(0).normal(size=(size, DIRECTIONS if size > 1 else 1))
    directions /= np.linalg.norm(directions, axis=0)
    first, second = (np.sort(points @ directions, axis=0) for points in (samples, real))
    if len(first) != len(second):
        levels = (np.arange(LEVELS) + 0.5) / LEVELS
        first, second = (np.quantile(part, levels, axis=0, method="inverted_cdf") for part in (first, second))
    return float(np.sqrt(np.square(first - second).mean()))


def wasserstein_2(*, samples: Points, real: Points) -> float:
    """sqrt(min over pairings p of mean |x_i - y_p(i)|^2): exact, for at most 2,000 points on each side, as many each.

    Source: Villani (2009), doi:10.1007/978-3-540-71050-9, chapter 6; by `scipy.optimize.linear_sum_assignment`.

    Raises:
        DataError: two sizes, or too many points.

    >>> wasserstein_2(samples=np.array([[0.0], [1.0]]), real=np.array([[4.0], [3.0]]))
    3.0
    """
    from scipy.optimize import linear_sum_assignment

    if len(samples) != len(real) or len(real) > MOST_PAIRED:
        what = (
            f"The exact distance pairs equal numbers of at most {MOST_PAIRED} points: {len(samples)} and {len(real)}."
        )
        raise DataError(message(what, where="wasserstein_2", fix="draw as many of both, or use sliced_wasserstein_2."))
    cost = np.square(pairwise(samples, real))
    return float(np.sqrt(cost[linear_sum_assignment(cost)].mean()))


def pairwise(first: Points, second: Points) -> Float[np.ndarray, "first second"]:
    """Euclidean distances between all points of two sets."""
    from scipy.spatial.distance import cdist

    if first.shape[1] <= 32:
        return cdist(first, second)
    first, second = np.asarray(first, float), np.asarray(second, float)
    squared = np.square(first).sum(axis=1)[:, None] + np.square(second).sum(axis=1) - 2 * first @ second.T
    return np.sqrt(np.maximum(squared, 0.0))


def _at_least(count: int, *sets: Points) -> None:
    if min(map(len, sets)) < count:
        sizes = " and ".join(str(len(each)) for each in sets)
        what = f"Sets of {sizes} points are too small."
        raise DataError(message(what, where="metric.distances", fix=f"draw at least {count} of each."))
