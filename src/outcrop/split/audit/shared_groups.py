"""Groups that the promise holds apart must not be on both sides of the split."""

from __future__ import annotations

from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import Finding, share
from outcrop.split.promise import named, plural


def shared_groups(context: AuditContext) -> list[Finding]:
    """A violation when the test part shares a group with what was fitted, an inflation when validation does."""
    if context.key is None:
        return []
    key, split = context.key, context.split
    what, fix = plural(key), f'[promise] new = "{key}" (remove a hand-made split)'
    test, validation = context.groups_in(split.test, key), context.groups_in(split.validation, key)
    fitted, train = set(context.groups_in(split.fitted, key)), set(context.groups_in(split.train, key))
    both = [group for group in test if group in fitted]
    seen = [group for group in validation if group in train]
    findings = []
    if both:
        place = f"The test part shares {what} with training: {named(both)}"
        findings.append(Finding("shared_groups", "violation", place, f"{share(len(both), len(test))} {what}", fix))
    if seen:
        place = f"Validation shares {what} with training, so training stops late: {named(seen)}"
        findings.append(
            Finding("shared_groups", "inflation", place, f"{share(len(seen), len(validation))} {what}", fix)
        )
    return findings
