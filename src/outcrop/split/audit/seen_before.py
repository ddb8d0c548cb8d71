"""Records that the network was trained on before this run: its score on them is no score on something new."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from outcrop.data.seen import mask_of
from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import Finding
from outcrop.split.promise import named

FIX = "start from a model that was trained without them; or hold out others: promise.test = [...]"


def seen_before(context: AuditContext) -> list[Finding]:
    """An inflation where test samples lie in what the model file, from which this run starts, was trained on.

    A record is known again by the hash of its file, or by its name. Of the same file with as many samples only the
    ranges that training saw count: an earlier time of a record may be known when a later one is scored.
    """
    if not context.trained_on:
        return []
    scored = context.scored(context.split.test)
    found: dict[str, int] = {}
    for number in context.records_in(context.split.test).tolist():
        start, stop = context.offsets[number], context.offsets[number + 1]
        mine = scored[start:stop]
        seen = np.zeros(len(mine), bool)
        words = ""
        for entry in context.trained_on:
            how = _known_again(context, number, entry)
            if how:
                whole = how != "same file" or entry["samples"] != len(mine)
                seen |= True if whole else mask_of(len(mine), [(int(a), int(b)) for a, b in entry["ranges"]])
                words = words or how
        if (seen & mine).any():
            found[f"{context.origins.names[number]} ({words})"] = int((seen & mine).sum())
    if not found:
        return []
    place = f"The network was trained on test records before this run: {named(list(found))}"
    count = len(context.records_in(context.split.test))
    size = f"{len(found)} of {count} test records, {sum(found.values()):,} samples"
    return [Finding("seen_before", "inflation", place, size, FIX)]


def _known_again(context: AuditContext, number: int, entry: Mapping[str, Any]) -> str:
    """How a record is recognised: "same file", "same name", or not at all."""
    record = context.ordered[number]
    alike = sum(other.get("sha256") == entry["sha256"] for other in context.trained_on)
    alone = alike == 1 == sum(other.sha256 == record.sha256 for other in context.ordered)
    if entry["sha256"] and entry["sha256"] == record.sha256 and (alone or entry["name"] == record.name):
        return "same file"
    return "same name" if entry["name"] == record.name else ""
