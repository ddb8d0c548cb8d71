"""Scores of picks: precision, recall, F1 and residual time of arrivals found, one to one, within a tolerance.

A pick is a stretch in which the probability of a phase stays above a threshold; it lies in the middle of the part
around the highest sample where the probability is at least half of that. Picks found and true picks are paired one to
one, nearest first; a pair within the tolerance is a hit.

For scoring, picks stand on the samples of the record: `prediction` has shape (sample, phase, 4) and holds, for every
sample, whether a pick was found there, whether a true pick is there, whether it was hit, and the residual (found minus
true, in the unit of the axis). A pair stands on the sample of the true pick. All columns add over samples.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int

Picked: TypeAlias = Float[np.ndarray, "sample phase 4"]
FOUND, TRUE, HIT, RESIDUAL = range(4)
COUNT_FOUND, COUNT_TRUE, COUNT_HIT, ERROR, SQUARE = range(5)


def peaks(probability: Float[np.ndarray, " sample"], threshold: float, separation: int = 1) -> Int[np.ndarray, " pick"]:
    """The middle of every stretch at or above the threshold; of picks closer than `separation` the highest.

    Where a network learns "within 0.1 s of an arrival", the top is flat and its highest sample is anywhere on it: the
    middle at half height tells the arrival.

    >>> peaks(np.array([0.0, 0.6, 0.9, 0.8, 0.9, 0.3, 0.0, 0.7]), 0.5).tolist()
    [2, 7]
    >>> peaks(np.array([0.0, 0.6, 0.9, 0.8, 0.9, 0.3, 0.0, 0.7]), 0.5, separation=6).tolist()
    [2]
    """
    values = np.nan_to_num(np.asarray(probability, float), nan=-1.0)
    above = np.concatenate([[False], values >= threshold, [False]])
    edges = np.flatnonzero(above[1:] != above[:-1])
    found = []
    for start, stop in edges.reshape(-1, 2).tolist():
        top = start + int(values[start:stop].argmax())
        low = np.flatnonzero(values < values[top] / 2)
        place = np.searchsorted(low, top)
        first = low[place - 1] + 1 if place else 0
        last = low[place] - 1 if place < len(low) else len(values) - 1
        found.append((float(values[top]), int(first + last) // 2))
    kept: list[int] = []
    for _, middle in sorted(found, reverse=True):
        if all(abs(middle - other) >= separation for other in kept):
            kept.append(middle)
    return np.array(sorted(kept), np.int64)


def paired(
    found: Float[np.ndarray, " found"], true: Float[np.ndarray, " true"], within: float
) -> Int[np.ndarray, "pair 2"]:
    """Pairs (index of found, index of true) that are at most `within` apart, one to one, nearest first.

    Nearest first means that the pairs within a smaller distance are the same, whatever `within` is.

    >>> paired(np.array([10.2, 10.6, 30.0]), np.array([10.5, 20.0]), 0.5).tolist()
    [[1, 0]]
    """
    apart = np.abs(np.asarray(found, float)[:, None] - np.asarray(true, float)[None, :])
    pairs = []
    while apart.size and apart.min() <= within:
        i, j = np.unravel_index(int(apart.argmin()), apart.shape)
        pairs.append((int(i), int(j)))
        apart[i, :] = apart[:, j] = np.inf
    return np.array(pairs, np.int64).reshape(-1, 2)


def pick_sums(
    prediction: Picked,
    target: np.ndarray,
    group: Int[np.ndarray, " sample"],
    groups: int,
    weight: Float[np.ndarray, " sample"] | None = None,
    classes: int | None = None,
) -> Float[np.ndarray, "group phase 5"]:
    """Per group and phase: picks found, true picks, hits, sum of the residuals of hits and of their squares."""
    rows = np.flatnonzero(prediction[..., :2].any(axis=(1, 2)))
    few, which = np.asarray(prediction, np.float64)[rows], np.asarray(group)[rows]
    residual = np.where(few[..., HIT] > 0, few[..., RESIDUAL], 0.0)
    parts = np.stack([few[..., FOUND], few[..., TRUE], few[..., HIT], residual, residual**2], axis=-1)
    sums = np.zeros((groups, *parts.shape[1:]))
    np.add.at(sums, which, parts)
    return sums


def _divide(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    return np.divide(top, bottom, out=np.full(np.shape(top), np.nan), where=bottom > 0)


def _mean_over_phases(values: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Mean over the phases that have true picks and a defined value."""
    there = (sums[..., COUNT_TRUE] > 0) & np.isfinite(values)
    return _divide(np.where(there, values, 0.0).sum(axis=-1), there.sum(axis=-1).astype(np.float64))


def f1_of_phases(sums: np.ndarray) -> np.ndarray:
    """F1 of every phase, from sums (..., phase, 5): 2 hits / (found + true)."""
    return _divide(2 * sums[..., COUNT_HIT], sums[..., COUNT_FOUND] + sums[..., COUNT_TRUE])


def precision_of_phases(sums: np.ndarray) -> np.ndarray:
    """Hits / picks found; NaN where none was found."""
    return _divide(sums[..., COUNT_HIT], sums[..., COUNT_FOUND])


def recall_of_phases(sums: np.ndarray) -> np.ndarray:
    """Hits / true picks."""
    return _divide(sums[..., COUNT_HIT], sums[..., COUNT_TRUE])


def bias_of_phases(sums: np.ndarray) -> np.ndarray:
    """Mean residual of the hits, found minus true."""
    return _divide(sums[..., ERROR], sums[..., COUNT_HIT])


def spread_of_phases(sums: np.ndarray) -> np.ndarray:
    """Standard deviation of the residuals of the hits."""
    mean_square = _divide(sums[..., SQUARE], sums[..., COUNT_HIT])
    return np.sqrt(np.maximum(mean_square - bias_of_phases(sums) ** 2, 0.0))


def pick_f1_of_sums(sums: np.ndarray, *, cost: None = None) -> np.ndarray:
    """Mean F1 over the phases, from sums (..., phase, 5)."""
    return _mean_over_phases(f1_of_phases(sums), sums)


def pick_precision_of_sums(sums: np.ndarray, *, cost: None = None) -> np.ndarray:
    """Mean precision over the phases of which something was found."""
    return _mean_over_phases(precision_of_phases(sums), sums)


def pick_recall_of_sums(sums: np.ndarray, *, cost: None = None) -> np.ndarray:
    """Mean recall over the phases."""
    return _mean_over_phases(recall_of_phases(sums), sums)


def pick_bias_of_sums(sums: np.ndarray, *, cost: None = None) -> np.ndarray:
    """Mean residual over the hits of all phases."""
    return bias_of_phases(sums.sum(axis=-2))


def pick_spread_of_sums(sums: np.ndarray, *, cost: None = None) -> np.ndarray:
    """Standard deviation of the residuals over the hits of all phases."""
    return spread_of_phases(sums.sum(axis=-2))


def _one_group(prediction: Picked, target: np.ndarray) -> np.ndarray:
    return pick_sums(prediction, target, np.zeros(len(prediction), np.int64), 1)[0]


def pick_f1(*, prediction: Picked, target: np.ndarray) -> float:
    """Mean over phases of the F1 of picks within the tolerance; 0 to 1, higher is better.

    Args:
        prediction: picks on samples, as the module says.
        target: class of every sample; the true picks are in `prediction` already.

    >>> one_hit_one_missed = np.array([[[1.0, 1.0, 1.0, 0.02]], [[0.0, 1.0, 0.0, 0.0]]])
    >>> round(pick_f1(prediction=one_hit_one_missed, target=np.array([1, 1])), 4)
    0.6667
    """
    return float(pick_f1_of_sums(_one_group(prediction, target)))


def pick_precision(*, prediction: Picked, target: np.ndarray) -> float:
    """Mean over phases of the share of picks found that are hits."""
    return float(pick_precision_of_sums(_one_group(prediction, target)))


def pick_recall(*, prediction: Picked, target: np.ndarray) -> float:
    """Mean over phases of the share of true picks that are hit."""
    return float(pick_recall_of_sums(_one_group(prediction, target)))


def pick_bias(*, prediction: Picked, target: np.ndarray) -> float:
    """Mean residual of the hits, found minus true, in the unit of the axis; 0 is best."""
    return float(pick_bias_of_sums(_one_group(prediction, target)))


def pick_spread(*, prediction: Picked, target: np.ndarray) -> float:
    """Standard deviation of the residuals of the hits, in the unit of the axis; lower is better.

    >>> hits = np.array([[[1.0, 1.0, 1.0, 0.02]], [[1.0, 1.0, 1.0, 0.04]]])
    >>> round(pick_spread(prediction=hits, target=np.array([1, 1])), 4)
    0.01
    """
    return float(pick_spread_of_sums(_one_group(prediction, target)))
