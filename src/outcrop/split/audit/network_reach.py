"""A model that looks beyond what its examples read can see across the border between the parts."""

from __future__ import annotations

import numpy as np

from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import Finding, share
from outcrop.split.promise import named


def network_reach(context: AuditContext) -> list[Finding]:
    """Uses `context.reach`: state carried along a record, or a receptive field wider than the footprint read.

    A violation when only through its reach training sees samples that the test scores; an inflation when the test
    sees samples that were fitted (unless they are its past), or training sees samples that validation scores.
    """
    dims = context.cells.dims
    if not any(any(context.reach_along(dim)) for dim in dims):
        return []
    split = context.split
    cases = (
        ("violation", split.fitted, context.scored(split.test), "Training sees samples that the test scores"),
        ("inflation", split.test, context.scored(split.fitted), "The test sees samples that training was scored on"),
        ("inflation", split.train, context.scored(split.validation), "Training sees samples that validation scores"),
    )
    reach = ", ".join(f"{sum(context.reach_along(dim))} along {dim}" for dim in dims if any(context.reach_along(dim)))
    for level, part, scored, what in cases:
        if part is split.test and "later" in context.promises:
            continue
        seen = context.read(part) & scored & ~context.read(part, reach=False)
        if seen.any():
            names = [context.origins.names[r] for r in np.unique(context.record_of[seen])]
            place = f"{what} through the reach of the network ({reach} samples) in {named(names)}"
            gap = max(max(context.reach_along(dim)) for dim in dims)
            fix = f"[promise] gap_samples = {gap} (or buffer_m of the same length), or a network of less reach"
            return [Finding("network_reach", level, place, f"{share(seen.sum(), scored.sum())} samples", fix)]
    return []
