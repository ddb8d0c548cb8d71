"""What training reads or is scored on must not touch the samples the model is tested on."""

from __future__ import annotations

import numpy as np

from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import Finding, Level, share
from outcrop.split.promise import named


def overlapping_windows(context: AuditContext) -> list[Finding]:
    """Compares footprints sample by sample within each record.

    A violation when training reads or scores a sample that the test scores; an inflation when the test only reads
    samples that training saw, or when validation overlaps training. Of a later time the past is known and may be read,
    and of a graph the nodes that are known. What a network sees beyond is `network_reach`'s.
    """
    split = context.split
    touched = context.read(split.fitted, reach=False) | context.scored(split.fitted)
    test, read = context.scored(split.test), context.read(split.test, reach=False)
    findings = []
    if (touched & test).any():
        findings.append(
            _finding(context, "violation", touched & test, test, "Training sees samples that the test scores")
        )
    elif (touched & read).any() and "later" not in context.promises and not context.origins.reads.members:
        findings.append(
            _finding(context, "inflation", touched & read, read, "The test reads samples that training saw")
        )
    validation = context.scored(split.validation)
    both = validation & (context.read(split.train, reach=False) | context.scored(split.train))
    if both.any():
        what = "Training sees samples that validation scores, so it stops late"
        findings.append(_finding(context, "inflation", both, validation, what))
    return findings


def _finding(context: AuditContext, level: Level, both: np.ndarray, whole: np.ndarray, what: str) -> Finding:
    names = [context.origins.names[r] for r in np.unique(context.record_of[both])]
    key = context.key or next((k for k in context.origins.groups if k != "record"), "record")
    fix = f'[promise] new = "{key}", or later = DATE with gap_samples = {int(_longest(context))}'
    size = f"{share(both.sum(), whole.sum())} samples"
    return Finding("overlapping_windows", level, f"{what} in {named(names)}", size, fix)


def _longest(context: AuditContext) -> int:
    """The longest read footprint along the first dimension: a gap of this many samples always separates."""
    start, stop = context.cells.boxes(context.origins.record, context.origins.reads)
    before, after = context.reach_along(context.cells.dims[0])
    return int((stop[:, 0] - start[:, 0]).max()) + before + after
