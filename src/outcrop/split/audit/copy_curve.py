"""The copy baseline: how well the target of a place is predicted by copying that of another, over their distance.

A model that only copies its nearest training neighbour has learned nothing; what it scores is the bar to beat. Scores
are the mean intersection over union (classes) or the Nash-Sutcliffe efficiency, 1 - MSE / variance (numbers).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

MOST_CELLS = 2_000_000  # compared in one bin of distance
CLOSEST_PAIRS = 8
BINS = 10


class CopyStep(NamedTuple):
    """One point of the curve: mean distance of the pairs, score of copying, and how many pairs it rests on."""

    distance: float
    score: float
    pairs: int


def copy_curve(
    values: np.ndarray,
    position: np.ndarray,
    *,
    classes: int | None = None,
    edges: Sequence[float] | None = None,
    most_pairs: int = 20_000,
    seed: int = 0,
) -> list[CopyStep]:
    """Score of copying one unit (line, station, point) from another, in bins of their distance.

    Args:
        values: target of every unit, shape (unit, cell), NaN where missing. Cells of two units correspond.
        position: shape (unit,) along a line, or (unit, 2 or 3) in metres.
        classes: number of classes of the target; None for a number.
        edges: limits of the bins; by default ten with equal numbers of pairs.
        most_pairs: pairs compared, drawn with `seed`; the closest neighbours of each unit are always among them.

    Returns:
        One step per bin with at least one pair, by distance; distances along `position` in its unit (straight lines).

    >>> curve = copy_curve(np.array([[0.0], [1.0], [4.0]]), np.array([0, 1, 3]), edges=[0, 1.5, 3])
    >>> [(step.distance, step.pairs) for step in curve]
    [(1.0, 1), (2.5, 2)]
    """
    place = np.asarray(position, float).reshape(len(values), -1)
    first, second = _pairs(place, most_pairs, seed)
    distance = np.linalg.norm(place[first] - place[second], axis=1)
    if not len(distance):
        return []
    if edges is None:
        edges = np.unique(np.quantile(distance, np.linspace(0, 1, BINS + 1)))
        edges = [np.nextafter(edges[0], -np.inf), *edges[1:]]
    spread = np.nanvar(values)
    steps = []
    for low, high in pairwise(edges):
        inside = np.flatnonzero((distance > low) & (distance <= high))
        if len(inside):
            score = copy_score(values, first[inside], values, second[inside], classes=classes, variance=spread)
            steps.append(CopyStep(float(distance[inside].mean()), score, len(inside)))
    return steps


def copy_score(
    known: np.ndarray,
    source: np.ndarray,
    wanted: np.ndarray,
    place: np.ndarray,
    *,
    classes: int | None = None,
    variance: float | None = None,
    most_cells: int = MOST_CELLS,
) -> float:
    """Score of predicting wanted[place] by known[source], pooled over all cells; NaN where nothing can be compared.

    Above `most_cells` comparisons every k-th cell of each unit is taken.

    >>> copy_score(np.array([[0, 0, 1.0]]), np.array([0]), np.array([[0, 1, 1.0]]), np.array([0]), classes=2)
    0.5
    """
    step = max(-(-known.shape[1] * len(source) // most_cells), 1)
    start = step // 2 if known.shape[1] > step else 0
    if known.shape[1] < step:
        chosen = np.linspace(0, len(source) - 1, max(most_cells // known.shape[1], 1)).astype(int)
        source, place, step = source[chosen], place[chosen], 1
    prediction, target = known[:, start::step][source], wanted[:, start::step][place]
    both = np.isfinite(prediction) & np.isfinite(target)
    if not both.any():
        return float("nan")
    prediction, target = prediction[both], target[both]
    if classes is None:
        spread = np.var(target) if variance is None else variance
        return float(1 - np.square(prediction - target).mean() / spread) if spread > 0 else float("nan")
    table = np.bincount(target.astype(int) * classes + prediction.astype(int), minlength=classes**2)
    table = table.reshape(classes, classes)
    union = table.sum(axis=0) + table.sum(axis=1) - np.diag(table)
    return float((np.diag(table)[union > 0] / union[union > 0]).mean())


def _pairs(place: np.ndarray, most: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of pairs of units: all, or the closest neighbours of some and random ones."""
    count = len(place)
    if count * (count - 1) // 2 <= most:
        return np.triu_indices(count, 1)
    from scipy.spatial import KDTree

    rng = np.random.default_rng(seed)
    some = rng.choice(count, min(count, most // (2 * CLOSEST_PAIRS)), replace=False)
    _, near = KDTree(place).query(place[some], k=CLOSEST_PAIRS + 1)
    first, second = np.repeat(some, CLOSEST_PAIRS + 1), near.ravel()
    first, second = (
        np.r_[first, rng.integers(count, size=most // 2)],
        np.r_[second, rng.integers(count, size=most // 2)],
    )
    apart = first != second
    return first[apart], second[apart]
