"""Ensembles that were drawn given observations: whether they honour them, and whether their spread is believable.

An ensemble is `(realisation, ...)`, the truth has the same axes without the first; every cell of the truth is one case.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Int, Shaped

Ensemble = Shaped[np.ndarray, "realisation *case"]
Truth = Shaped[np.ndarray, "*case"]


class Hard(NamedTuple):
    """Observations without error.

    Attributes:
        cells: indices of the observed cells, one column per axis of place.
        values: what was observed there, all variables of each cell.
    """

    cells: Int[np.ndarray, "datum axis"]
    values: Shaped[np.ndarray, "datum variable"]

    def at(self, fields: Shaped[np.ndarray, "realisation *place variable"]) -> np.ndarray:
        """The observed cells of every realisation, `(realisation, datum, variable)`."""
        return fields[(slice(None), *np.asarray(self.cells, int).T)]

    def put(self, fields: np.ndarray) -> np.ndarray:
        """Writes the observations into the fields, in place, and gives them back."""
        fields[(slice(None), *np.asarray(self.cells, int).T)] = self.values
        return fields


def honoured(
    samples: Shaped[np.ndarray, "realisation *place variable"], hard: Hard, tolerance: float = 0.0
) -> tuple[float, float]:
    """Share of realisations that honour every observation, and share of observations honoured; 1 is right.

    Args:
        samples: the ensemble.
        hard: the observations.
        tolerance: largest difference that counts as honoured, in the unit of the variables; 0 for facies.

    >>> hard = Hard(np.array([[0], [2]]), np.array([[1], [0]]))
    >>> honoured(np.array([[[1], [0], [0]], [[1], [0], [1]]]), hard)
    (0.5, 0.75)
    """
    misses = np.abs(np.asarray(hard.at(samples), float) - hard.values)
    kept = (misses <= tolerance).all(axis=-1)
    return float(kept.all(axis=1).mean()), float(kept.mean())


def crps(*, samples: Ensemble, truth: Truth, fair: bool = True) -> float:
    """Mean over cases of E|X - t| - E|X - X'| / 2, in the unit of the variable; lower is better.

    The fair one counts only pairs of different realisations, so that small ensembles are not punished for being small.

    Source: Ferro (2014), doi:10.1002/qj.2270 (fair); Gneiting and Raftery (2007), doi:10.1198/016214506000001437.

    >>> crps(samples=np.array([[0.0], [2.0]]), truth=np.array([1.0]))  # 1 - 2 / 2
    0.0
    """
    ordered = np.sort(samples, axis=0)
    count = len(ordered)
    weight = 2 * np.arange(1, count + 1) - count - 1
    pairs = np.tensordot(weight, ordered, axes=1) * 2 / (count * (count - 1 if fair else count))
    return float((np.abs(samples - truth).mean(axis=0) - pairs / 2).mean())


def coverage(*, samples: Ensemble, truth: Truth, level: float = 0.9) -> float:
    """Share of cases inside the central interval of the ensemble; right is `level`.

    The interval runs between order statistics, at ranks that a truth drawn like the realisations lies between with
    the nearest probability to `level` that M + 1 ranks allow (`attainable`).

    Source: Gneiting, Balabdaoui and Raftery (2007), doi:10.1111/j.1467-9868.2007.00587.x.
    """
    count = len(samples)
    tail = _tail(count, level)
    ordered = np.sort(samples, axis=0)
    return float(((truth >= ordered[tail - 1]) & (truth <= ordered[count - tail])).mean())


def inflation(*, samples: Ensemble, truth: Truth, level: float = 0.9) -> float:
    """Factor on the deviations from the mean of the ensemble that makes `coverage` right; above 1, it was too narrow.

    Cases whose realisations are all alike, such as observed ones, are left out; 1 where none is left.

    >>> samples = np.array([[-1.0] * 10, [1.0] * 10])
    >>> round(inflation(samples=samples, truth=np.arange(10.0), level=1 / 3), 2)  # one truth of three within +-3
    3.0
    """
    count, mean, off = len(samples), samples.mean(axis=0), truth - samples.mean(axis=0)
    tail, ordered = _tail(count, level), np.sort(samples, axis=0)
    room = np.where(off > 0, ordered[count - tail] - mean, mean - ordered[tail - 1])
    able = room > 0
    return float(np.quantile(np.abs(off[able]) / room[able], attainable(count, level))) if able.any() else 1.0


def attainable(count: int, level: float = 0.9) -> float:
    """The probability that `coverage` of that many realisations has where the truth is one of them.

    >>> attainable(19), attainable(39), round(attainable(10), 3)
    (0.9, 0.9, 0.818)
    """
    return 1 - 2 * _tail(count, level) / (count + 1)


def _tail(count: int, level: float) -> int:
    return int(np.clip(round((1 - level) / 2 * (count + 1)), 1, max(count // 2, 1)))


def rank_histogram(*, samples: Ensemble, truth: Truth, rng: np.random.Generator) -> Int[np.ndarray, " rank"]:
    """How often the truth has each rank among the realisations, 0 to M; ties are broken at random.

    Source: Hamill (2001), doi:10.1175/1520-0493(2001)129<0550:IORHFV>2.0.CO;2.

    >>> rank_histogram(samples=np.array([[0.0], [2.0]]), truth=np.array([1.0]), rng=np.random.default_rng(0)).tolist()
    [0, 1, 0]
    """
    below, ties = (samples < truth).sum(axis=0), (samples == truth).sum(axis=0)
    rank = below + rng.integers(0, ties + 1)
    return np.bincount(rank.ravel(), minlength=len(samples) + 1)


def rank_deviation(histogram: Int[np.ndarray, " rank"]) -> float:
    """Sum over ranks of |share - 1 / (M + 1)|: 0 is flat, at most 2; lower is better.

    Neighbouring cells are alike, so that even a right ensemble of one field is far from flat.

    Source: Delle Monache et al. (2006), doi:10.1029/2005JD006917, section 3 (reliability index).

    >>> rank_deviation(np.array([1, 1, 2])), rank_deviation(np.array([2, 2, 2]))
    (0.3333333333333333, 0.0)
    """
    return float(np.abs(histogram / histogram.sum() - 1 / len(histogram)).sum())


def spread_skill(*, samples: Ensemble, truth: Truth) -> float:
    """Spread of the ensemble over the error of its mean: 1 is right, below it is overconfident.

    sqrt((M + 1) / M * mean variance) / root mean square error of the mean, with unbiased variances of M realisations.

    Source: Fortin et al. (2014), doi:10.1175/JHM-D-14-0008.1, equation 15.

    >>> round(spread_skill(samples=np.array([[0.0], [2.0]]), truth=np.array([0.0])), 4)  # sqrt(3 / 2 * 2) / 1
    1.7321
    """
    count = len(samples)
    spread = (count + 1) / count * samples.var(axis=0, ddof=1).mean()
    error = np.square(samples.mean(axis=0) - truth).mean()
    return float(np.sqrt(spread / error)) if error > 0 else float("inf")
