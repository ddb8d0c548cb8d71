"""Inputs that are running means or sums of the target and so hold values of it that are to be predicted."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import Finding
from outcrop.split.audit.pairs import rank_correlation
from outcrop.split.audit.target_copy import read_lags

LENGTHS = (2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 15, 20, 21, 24, 28, 30, 31, 36, 48, 60, 72, 90, 120, 168, 365)
CORRELATION, ALONE = 0.999, 0.995
MOST_SAMPLES, MOST_SERIES, SHORTEST, FEWEST_PAIRS = 40_000, 100, 30, 100


class Window(NamedTuple):
    """Samples from `first` to `last` around the input's own, both included."""

    first: int
    last: int


def target_means(context: AuditContext) -> list[Finding]:
    """A violation where a running mean of the target among the inputs covers what is scored; past ones are a note.

    Looks along time, or the first dimension, at windows of 2 to 365 samples that end at, start at, or lie around the
    input's own sample; of large data at the first 40,000 samples or 100 series.
    """
    if context.target is None or context.is_class:
        return []
    series = _series(context)
    findings = []
    for variable, (best, value) in zip(context.inputs, _best(series, len(context.inputs)), strict=True):
        if best is None:
            continue
        nearest, furthest = read_lags(context, variable.name)
        size = f"correlation {value:.4f} with the mean over samples {best.first:+d} to {best.last:+d}"
        target, fix = context.target.name, f"remove variable.{variable.name} from [data], or end its window before"
        if max(best.first, nearest) <= min(best.last, furthest):
            place = f"Input {variable.name!r} is a running mean of the target {target!r} that covers what is scored"
            findings.append(Finding("target_means", "violation", place, size, fix))
        elif best.last < 0:
            place = f"Input {variable.name!r} is a running mean of past values of {target!r}"
            fix = f"keep it only if {target!r} is known up to the time of use"
            findings.append(Finding("target_means", "note", place, size, fix))
    return findings


def _series(context: AuditContext) -> list[tuple[np.ndarray, np.ndarray]]:
    """Target (length,) and inputs (length, input) of single series along the dimension of interest."""
    place, room = context.along, MOST_SAMPLES
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for which in range(len(context.ordered)):
        shape = tuple(context.cells.shapes[which].tolist())
        if shape[place] < SHORTEST:
            continue
        rows = np.arange(context.offsets[which], context.offsets[which + 1]).reshape(shape)
        rows = np.moveaxis(rows, place, 0).reshape(shape[place], -1)
        columns = max(min(room // max(shape[place], 1), 50), 1)
        for k in range(0, rows.shape[1], -(-rows.shape[1] // columns)):
            one = rows[:MOST_SAMPLES, k]
            if np.isfinite(context.target_values[one]).any():
                found.append((context.target_values[one], context.input_values[one]))
                room -= len(one)
        if room <= 0 or len(found) >= MOST_SERIES:
            break
    return found


def _best(series: list[tuple[np.ndarray, np.ndarray]], count: int) -> list[tuple[Window | None, float]]:
    """For each input the window whose mean of the target it equals, unless it equals the target itself."""
    best: list[tuple[Window | None, float]] = [(None, CORRELATION)] * count
    for length in LENGTHS:
        for first in dict.fromkeys([-length, -length + 1, -(length // 2), 0, 1]):
            for k, value in enumerate(_correlations(series, first, length, count)):
                if value > best[k][1] + 1e-9:
                    best[k] = Window(first, first + length - 1), float(value)
    for k, (window, _) in enumerate(best):
        if window is not None:
            x, y = np.concatenate([t[1][:, k] for t in series]), np.concatenate([t[0] for t in series])
            both = np.isfinite(x) & np.isfinite(y)
            if rank_correlation(x[both], y[both]) > ALONE:
                best[k] = None, 0.0
    return best


def _correlations(series: list[tuple[np.ndarray, np.ndarray]], first: int, length: int, count: int) -> np.ndarray:
    """Correlation of each input at t with the mean of the target over t + first ... t + first + length - 1."""
    sums = np.zeros((6, count))  # number, x, y, xx, yy, xy
    for target, inputs in series:
        size = len(target)
        if size < 2 * length + abs(first):
            continue
        start = slice(max(0, -first), min(size, size - first - length + 1))
        x = inputs[start]
        y = np.broadcast_to(_means(target, length)[start.start + first : start.stop + first, None], x.shape)
        known = np.isfinite(x) & np.isfinite(y)
        x, y = np.where(known, x, 0), np.where(known, y, 0)
        for row, part in enumerate((known, x, y, x * x, y * y, x * y)):
            sums[row] += part.sum(axis=0)
    n = np.maximum(sums[0], 1)
    spread = (sums[3] - sums[1] ** 2 / n) * (sums[4] - sums[2] ** 2 / n)
    usable = (sums[0] >= FEWEST_PAIRS) & (spread > 1e-20 * sums[3] * sums[4])
    return np.where(usable, (sums[5] - sums[1] * sums[2] / n) / np.sqrt(np.where(usable, spread, 1)), 0)


def _means(target: np.ndarray, length: int) -> np.ndarray:
    """Mean of each run of `length` samples by its first one; NaN where one is missing."""
    known = np.isfinite(target)
    total = np.cumsum(np.r_[0, np.where(known, target - target[known].mean(), 0)])
    count = np.cumsum(np.r_[0, known])
    complete = count[length:] - count[:-length] == length
    return np.where(complete, (total[length:] - total[:-length]) / length, np.nan)
