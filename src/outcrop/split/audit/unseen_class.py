"""Classes that occur in the test part only: no model trained on this split can ever predict them."""

from __future__ import annotations

import numpy as np

from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import Finding, share


def unseen_class(context: AuditContext) -> list[Finding]:
    """One note per class that is tested and was never trained on."""
    target = context.target
    if target is None or target.classes is None:
        return []
    value = context.target_values
    train = np.unique(value[context.scored(context.split.train)])
    tested = value[context.scored(context.split.test)]
    classes, counts = np.unique(tested, return_counts=True)
    findings = []
    for index, count in zip(classes.astype(int), counts, strict=True):
        if index in train:
            continue
        name, code = target.classes.names[index], target.classes.codes[index]
        place = f"Class {name!r} occurs in the test part and not in training"
        fix = f"add records with {name!r}, or target.{target.name} = {{ignore = [{code!r}]}}"
        findings.append(Finding("unseen_class", "note", place, f"{share(count, len(tested))} test samples", fix))
    return findings
