"""Means and sums over an interval hold what came after a stamp at its start, and what came before one at its end."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import Finding
from outcrop.split.audit.target_copy import read_lags

LONGEST, FEWEST = 400, 400
UNDONE = (-0.6, -0.4)  # correlation of steps one window apart in a running mean; nothing else makes it so sharp


class Cover(NamedTuple):
    """Samples before and after its stamp that a value covers."""

    before: float
    after: float


def interval_ends(context: AuditContext) -> list[Finding]:
    """Uses `attrs["cell"]` ("mean", "accumulated"), `attrs["stamp"]` ("start", "end") and `attrs["interval_s"]`.

    A violation where the interval of an input runs on into that of the target to be forecast; an inflation where
    intervals of training targets and test targets overlap at the border. A target that was made a running mean
    without saying so is recognised by its steps.
    """
    if context.target is None or not context.is_dated:
        return []
    findings = []
    target = _cover(context, context.target.name)
    for variable in context.inputs:
        nearest, _ = read_lags(context, variable.name)
        after = _cover(context, variable.name).after
        if nearest > 0 and after > nearest - target.before:
            place = f"Input {variable.name!r} is stamped at the start of its interval and runs on into what is scored"
            size = f"{after:g} samples after its stamp, {nearest} samples ahead are scored"
            fix = f"stamp it at its end (read option stamp), or lead = {int(np.ceil(after + target.before))} or more"
            findings.append(Finding("interval_ends", "violation", place, size, fix))
    return findings + _border(context, target)


def _cover(context: AuditContext, name: str) -> Cover:
    """What a value of this variable covers, in samples along time; nothing for instant values."""
    record = next((record for record in context.ordered if name in record.data), None)
    attributes = record.data[name].attrs if record is not None else {}
    methods = str(attributes.get("cell_methods", ""))
    words = {"mean": "mean", "sum": "accumulated", "maximum": "maximum", "minimum": "minimum"}
    told = next((word for key, word in words.items() if f"time: {key}" in methods), "instant")
    cell, stamp = attributes.get("cell", told), attributes.get("stamp", "end")
    if record is None or cell in ("instant", "point", "") or stamp == "instant":
        return Cover(0, 0)
    width = 1.0
    if "interval_s" in attributes:
        axis = record.data[context.cells.dims[context.along]].to_numpy()
        step = np.median(np.diff(axis.astype("datetime64[s]")).astype(float)) if len(axis) > 1 else np.nan
        width = float(attributes["interval_s"]) / step
    return Cover(0, width) if stamp == "start" else Cover(width, 0)


def _border(context: AuditContext, target: Cover) -> list[Finding]:
    """Targets on the two sides of the border of a split in time whose intervals share samples."""
    if "later" not in context.promises:
        return []
    width, told = max(target), "covers"
    if width <= 1:
        width, told = _running(context), "looks like a running mean over"
    if width <= 1:
        return []
    gap = _gap(context)
    if gap is None or gap >= width - 1:
        return []
    name = context.target.name if context.target else ""
    place = f"The target {name!r} {told} {width:g} samples, so values on both sides of the border hold the same days"
    size = f"{width - 1 - gap:g} samples at the border, {gap} are left out now"
    fix = f"[promise] gap_samples = {int(np.ceil(width - 1))}"
    return [Finding("interval_ends", "inflation", place, size, fix)]


def _gap(context: AuditContext) -> int | None:
    """Fewest samples between the last fitted and the first tested target of a record; None where no record has both."""
    place, gaps = context.along, []
    test, fitted = context.scored(context.split.test), context.scored(context.split.fitted)
    for which in np.intersect1d(context.records_in(context.split.test), context.records_in(context.split.fitted)):
        part = slice(context.offsets[which], context.offsets[which + 1])
        shape = tuple(context.cells.shapes[which].tolist())
        others = tuple(d for d in range(len(shape)) if d != place)
        first = np.flatnonzero(test[part].reshape(shape).any(axis=others))
        last = np.flatnonzero(fitted[part].reshape(shape).any(axis=others))
        if len(first) and len(last) and last[0] < first[0]:
            before = last[last < first[0]][-1]
            gaps.append(int(first[0] - before - 1))
    return min(gaps, default=None)


def _running(context: AuditContext) -> int:
    """Length of the running mean that the target is, or 1.

    The steps of a running mean over N samples are (x[t + N] - x[t]) / N: correlated by -0.5 at lag N alone.
    """
    if context.is_class:
        return 1
    which = int(np.argmax(np.diff(context.offsets)))
    shape = tuple(context.cells.shapes[which].tolist())
    part = slice(context.offsets[which], context.offsets[which + 1])
    table = np.moveaxis(context.target_values[part].reshape(shape), context.along, 0).reshape(shape[context.along], -1)
    series = table[:, int(np.isfinite(table).sum(axis=0).argmax())]
    step = np.diff(series)
    known = np.isfinite(step)
    if known.sum() < FEWEST or known.mean() < 0.5:
        return 1
    step = np.where(known, step - step[known].mean(), 0)
    size = 2 ** int(np.ceil(np.log2(2 * len(step))))
    raw = np.fft.irfft(np.square(np.abs(np.fft.rfft(step, size))), size)[: min(LONGEST, len(step) // 4)]
    pairs = np.fft.irfft(np.square(np.abs(np.fft.rfft(known.astype(float), size))), size)[: len(raw)]
    correlation = raw / np.maximum(pairs, 1) / (raw[0] / max(pairs[0], 1))
    lag = int(correlation[3:].argmin()) + 3
    rest = np.delete(np.abs(correlation), np.r_[: min(lag // 3 + 2, lag), lag - lag // 8 - 1 : lag + lag // 8 + 2])
    sharp = UNDONE[0] <= correlation[lag] <= UNDONE[1] and (rest.max() if len(rest) else 1.0) < 0.2
    return lag if sharp else 1
