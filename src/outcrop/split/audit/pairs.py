"""Pairs of an input and the target some samples apart, drawn from a part of the split: for the checks on copies.

Checks look at no more than MOST_PAIRS samples of a part, drawn with a fixed seed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from outcrop.split.audit.context import AuditContext

MOST_PAIRS = 10_000
LARGEST_LAG = 20


class Shift(NamedTuple):
    """`lag` samples along dimension number `place`: the input at t stands for the target at t + lag."""

    place: int
    lag: int


def drawn(mask: np.ndarray, most: int = MOST_PAIRS) -> np.ndarray:
    """At most `most` of the marked samples, sorted, drawn with a fixed seed."""
    marked = np.flatnonzero(mask)
    if len(marked) <= most:
        return marked
    return np.sort(np.random.default_rng(0).choice(marked, most, replace=False))


def shifts(context: AuditContext) -> list[Shift]:
    """No shift first, then up to 20 samples either way along every dimension that is long enough."""
    shortest = context.cells.shapes.min(axis=0)
    lags = [lag for size in range(1, LARGEST_LAG + 1) for lag in (size, -size)]
    return [Shift(0, 0)] + [Shift(place, lag) for place, size in enumerate(shortest) for lag in lags if abs(lag) < size]


def moved(context: AuditContext, at: np.ndarray, shift: Shift) -> tuple[np.ndarray, np.ndarray]:
    """The samples `lag` before these along one dimension, and whether they lie in the same record."""
    cells = context.cells
    which = cells.record_of[at]
    inner = np.prod(cells.shapes[:, shift.place + 1 :], axis=1)[which]
    along = (at - cells.offsets[which]) // inner % cells.shapes[which, shift.place] - shift.lag
    inside = (along >= 0) & (along < cells.shapes[which, shift.place])
    return np.where(inside, at - shift.lag * inner, at), inside


def pairs(context: AuditContext, column: np.ndarray, shift: Shift, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(input at t, target at t + lag) within one record each, where both are there and t + lag is among `at`."""
    source, inside = moved(context, at, shift)
    inside &= np.isfinite(column[source])
    return column[source[inside]], context.target_values[at[inside]]


def standard(columns: np.ndarray) -> np.ndarray:
    """Zero mean, unit spread over the finite values of each column, 0 where missing."""
    known = np.isfinite(columns)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, columns, 0).sum(axis=0) / count
    centred = np.where(known, columns - mean, 0)
    spread = np.sqrt(np.square(centred).sum(axis=0) / count)
    return centred / np.where(spread > 0, spread, 1)


def ranked(columns: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Ranks of all values among those at the samples `at`, between 0 and 1; NaN where missing."""
    out = np.full(columns.shape, np.nan)
    for k in range(columns.shape[1]):
        known = columns[at, k]
        known = np.sort(known[np.isfinite(known)])
        if len(known):
            low = np.searchsorted(known, columns[:, k], "left")
            high = np.searchsorted(known, columns[:, k], "right")
            out[:, k] = np.where(np.isfinite(columns[:, k]), (low + high) / (2 * len(known)), np.nan)
    return out


def rank_correlation(a: np.ndarray, b: np.ndarray, fewest: int = 30) -> float:
    """Spearman's rank correlation without its sign, 0 for too few pairs or a constant."""
    from scipy.stats import rankdata

    if len(a) < fewest or np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(abs(np.corrcoef(rankdata(a), rankdata(b))[0, 1]))
