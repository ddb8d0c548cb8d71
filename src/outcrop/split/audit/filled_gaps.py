"""Values that were put into gaps by a line between two measurements hold the later one before its time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import Finding, Level, share
from outcrop.split.audit.target_copy import read_lags
from outcrop.split.promise import named

SHORTEST = 5  # samples on a line, ends included
STRAIGHT = 1e-5  # second difference, of the usual step from sample to sample
DISTINCT_SLOPES = 3
RARE, CHANCE = 1e-3, 0.05  # straight triples by rounding; runs of them to be expected in a record
TESTED_SHARE = 0.05


class Runs(NamedTuple):
    """Stretches on a straight line: samples `first` to `last`, both measured; what lies between was filled in."""

    first: np.ndarray
    last: np.ndarray


def filled_gaps(context: AuditContext) -> list[Finding]:
    """Straight stretches, along time or the first dimension, of a variable that is not straight by nature.

    Target: an inflation where one crosses a border between the parts, or where many tested values lie on one.
    Inputs: an inflation where examples read a filled value made from a measurement as late as what is scored.
    Level stretches in time that cross a border (filled forwards or backwards) are an inflation for the target, else a
    note.
    """
    both = np.intersect1d(context.records_in(context.split.test), context.records_in(context.split.fitted))
    if not len(both) and not any(read_lags(context, variable.name)[0] > 0 for variable in context.inputs):
        return []
    findings: list[Finding] = []
    variables = [v for v in context.variables if v.role in ("input", "target") and getattr(v, "classes", None) is None]
    for variable in variables:
        column = context.column(variable.name)
        for level_ones in (False, True) if context.is_dated else (False,):
            runs = _runs(context, column, level_ones)
            if len(runs.first):
                findings += _judge(context, variable.name, runs, variable.role == "target", level_ones)
    return findings


def _judge(context: AuditContext, name: str, runs: Runs, is_target: bool, level_ones: bool) -> list[Finding]:
    test, fitted = context.scored(context.split.test), context.scored(context.split.fitted)
    step = _step(context, runs.first)
    ends_test, begins_fitted = _any(context, test, runs, step), _any(context, fitted, runs, step)
    crossing = np.flatnonzero(ends_test & begins_fitted)
    filled = int(((runs.last - runs.first) // step - 1)[crossing].sum())
    how = "level (filled forwards or backwards?)" if level_ones else "on a straight line (interpolated?)"
    findings = []
    fix = f"leave gaps of {name!r} missing (do not fill before the split), or a gap between the parts longer than them"
    if len(crossing) and (is_target or level_ones):
        where = [context.origins.names[r] for r in np.unique(context.record_of[runs.first[crossing]])]
        what = (
            f"{'Target' if is_target else 'Input'} {name!r} is {how} across the border of the parts in {named(where)}"
        )
        grade: Level = "inflation" if is_target else "note"
        findings.append(Finding("filled_gaps", grade, what, f"{len(crossing)} stretches, {filled} values between", fix))
    elif is_target and not level_ones:
        inside = _inside(context, runs, step) & test
        if inside.sum() > TESTED_SHARE * test.sum():
            what = f"The test is scored on values of {name!r} that lie {how}"
            findings.append(Finding("filled_gaps", "inflation", what, f"{share(inside.sum(), test.sum())} values", fix))
    if not (level_ones or is_target) and read_lags(context, name)[0] > 0:
        ahead = _ahead(context, name, runs, step)
        if ahead.sum() > 0.01 * len(ahead):
            what = f"Examples read values of {name!r} {how} whose later end is no earlier than what is scored"
            size = f"{share(ahead.sum(), len(ahead))} test examples"
            findings.append(Finding("filled_gaps", "inflation", what, size, fix))
    return findings


def _step(context: AuditContext, rows: np.ndarray) -> np.ndarray:
    """Samples, end to end, from one to the next along the dimension of interest."""
    return np.prod(context.cells.shapes[:, context.along + 1 :], axis=1)[context.record_of[rows]]


def _runs(context: AuditContext, column: np.ndarray, level_ones: bool) -> Runs:
    """The straight (or level) stretches of a variable that is elsewhere neither, nor straight as a whole."""
    cells, first, last = context.cells, [], []
    for which in range(len(context.ordered)):
        shape = tuple(cells.shapes[which].tolist())
        base = int(cells.offsets[which])
        place = np.moveaxis(np.arange(base, base + int(np.prod(shape))).reshape(shape), context.along, 0)
        place = place.reshape(shape[context.along], -1)
        for k in range(0, place.shape[1], -(-place.shape[1] // 64)):  # of many columns 64
            a, b = _straight(column[place[:, k]], level_ones)
            first.append(place[a, k])
            last.append(place[b, k])
    return Runs(np.concatenate(first), np.concatenate(last))


def _straight(values: np.ndarray, level_ones: bool) -> tuple[np.ndarray, np.ndarray]:
    nothing = np.empty(0, np.int64)
    step = np.diff(values)
    known = np.isfinite(step)
    if known.sum() < 4 * SHORTEST or not (step[known] != 0).any():
        return nothing, nothing
    usual = np.median(np.abs(step[known & (step != 0)]))
    bend = np.abs(np.diff(step))
    scale = np.maximum(usual, 1e-6 * np.abs(values[1:-1]))  # float32 does not resolve less
    flat = np.abs(step[1:]) <= 1e-12 * scale
    straight = (bend <= STRAIGHT * scale + 3e-7 * np.abs(values[1:-1])) & (flat if level_ones else ~flat)
    edges = np.flatnonzero(np.diff(np.r_[False, straight, False].astype(np.int8))).reshape(-1, 2)
    edges = edges[edges[:, 1] - edges[:, 0] >= _shortest(edges, len(values))]
    if not level_ones:
        edges = edges[~_on_grid(values, straight, step[edges[:, 0]])]
    first, last = edges[:, 0], edges[:, 1] + 1
    if not len(first):
        return nothing, nothing
    on_lines = np.zeros(len(values), bool)
    for a, b in edges.tolist():
        on_lines[a : b + 2] = True
    if level_ones:
        elsewhere = step[~(on_lines[1:] & on_lines[:-1])] != 0
        common = np.unique(values[first]).size < 0.5 * len(first) or len(first) > 0.05 * len(values)
        return (nothing, nothing) if common or not len(elsewhere) or elsewhere.mean() < 0.95 else (first, last)
    slopes = np.unique(np.round(step[first + 1] / usual, 3)).size
    by_nature = slopes < DISTINCT_SLOPES and (on_lines.mean() > 0.9 or len(first) >= DISTINCT_SLOPES)  # a counter
    return (nothing, nothing) if by_nature else (first, last)


def _on_grid(values: np.ndarray, straight: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Whether slopes are whole multiples of the last decimal of rounded values; a line put into a gap seldom is."""
    measured = values[1:-1][~straight & np.isfinite(values[1:-1])]
    for decimals in range(-2, 5):
        unit = 10.0**-decimals
        if len(measured) and np.mean(np.abs(measured / unit - np.round(measured / unit)) < 1e-3) > 0.98:
            return (np.abs(slope / unit - np.round(slope / unit)) < 1e-2) & (np.abs(slope) < 50 * unit)
    return np.zeros(len(slope), bool)


def _shortest(edges: np.ndarray, count: int) -> int:
    """Straight triples in a row that are no chance: rounded values lie on lines by themselves, singly for the most."""
    single = (edges[:, 1] - edges[:, 0] == 1).sum() / max(count - (edges[:, 1] - edges[:, 0]).sum(), 1)
    least = SHORTEST - 2
    if single < RARE:
        return least
    return max(least, int(np.ceil(np.log(CHANCE / count) / np.log(min(np.cbrt(single), 0.9)))))


def _any(context: AuditContext, mask: np.ndarray, runs: Runs, step: np.ndarray) -> np.ndarray:
    """Whether a stretch, ends included, holds a marked sample."""
    return np.array([mask[a : b + 1 : s].any() for a, b, s in zip(runs.first, runs.last, step, strict=True)], bool)


def _inside(context: AuditContext, runs: Runs, step: np.ndarray) -> np.ndarray:
    out = np.zeros(context.cells.total, bool)
    for a, b, s in zip(runs.first, runs.last, step, strict=True):
        out[a + s : b : s] = True
    return out


def _ahead(context: AuditContext, name: str, runs: Runs, step: np.ndarray) -> np.ndarray:
    """For each test example whether its last sample read is filled in from one no earlier than its first scored."""
    cells, place, test = context.cells, context.along, context.split.test
    record = context.origins.record[test]
    read_first, read_last = cells.boxes(record, context.origins.reads_of(name).take(test))
    score_first, _ = cells.boxes(record, context.origins.scores.take(test))
    later_end = np.full(cells.total, -1)
    for a, b, s in zip(runs.first, runs.last, step, strict=True):
        later_end[a + s : b : s] = b
    inner = np.array([[int(np.prod(shape[d + 1 :])) for d in range(len(shape))] for shape in cells.shapes])[record]
    last = np.where(np.arange(len(cells.dims)) == place, read_last - 1, read_first)
    sample = cells.offsets[record] + (last * inner).sum(axis=1)
    lead = (score_first[:, place] - last[:, place]) * inner[:, place]
    return later_end[sample] >= sample + lead
