"""Inputs that are copies of each other, in all records or by mistake in one."""

from __future__ import annotations

import numpy as np

from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import Finding
from outcrop.split.promise import named

SAME, DIFFERENT = 0.99999, 0.999  # correlation of a copy, and of two quantities elsewhere
MOST_SAMPLES, FEWEST_SAMPLES, MOST_INPUTS = 2_000, 30, 40


def same_inputs(context: AuditContext) -> list[Finding]:
    """Notes: two curves of a record with the same values (rescaled or not) that differ in the others, or everywhere.

    A copy under a wrong name reads as a measurement that is not there; the hour and the season of one time axis are
    two quantities, for their periods differ. Every record is looked at on 2,000 samples at
    most, and no more than 40 inputs.
    """
    names = [variable.name for variable in context.inputs][:MOST_INPUTS]
    if len(names) < 2:
        return []
    tables = [_correlation(context, which, len(names)) for which in range(len(context.ordered))]
    every = np.stack(tables)  # (record, input, input), NaN where not both are there
    findings = []
    for a in range(len(names)):
        for b in range(a + 1, len(names)):
            value = every[:, a, b]
            if _period(context, a) != _period(context, b):
                continue
            known, copies = np.isfinite(value), value > SAME
            if not copies.any():
                continue
            where = [context.origins.names[r] for r in np.flatnonzero(copies)]
            others = value[known & ~copies]
            pair = f"{names[a]!r} and {names[b]!r}"
            size = f"{len(where)} of {int(known.sum())} records that have both"
            if len(others) and np.median(others) < DIFFERENT:
                place = f"{pair} hold the same values in {named(where)} and differ elsewhere"
                fix = f"leave the wrong one out of that record: data.source, or variable.{names[b]}.sources"
                findings.append(Finding("same_inputs", "note", place, size, fix))
            elif copies.sum() == known.sum():
                fix = f"remove variable.{names[b]} from [data]"
                findings.append(Finding("same_inputs", "note", f"{pair} hold the same values", size, fix))
    return findings


def _period(context: AuditContext, which: int) -> float | None:
    return getattr(context.inputs[which], "period", None)


def _correlation(context: AuditContext, which: int, count: int) -> np.ndarray:
    """Pairwise correlations of the inputs of one record without their signs."""
    first, last = int(context.offsets[which]), int(context.offsets[which + 1])
    table = context.input_values[first : last : max(-(-(last - first) // MOST_SAMPLES), 1), :count]
    out = np.full((count, count), np.nan)
    for a in range(count):
        for b in range(a + 1, count):
            x, y = table[:, a], table[:, b]
            both = np.isfinite(x) & np.isfinite(y)
            if both.sum() >= FEWEST_SAMPLES and len(np.unique(x[both])) > 2 and len(np.unique(y[both])) > 2:
                out[a, b] = abs(np.corrcoef(x[both], y[both])[0, 1])
    return out
