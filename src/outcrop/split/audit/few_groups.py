"""A score that rests on a handful of groups has no interval worth printing."""

from __future__ import annotations

from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import Finding
from outcrop.split.promise import plural

TOO_FEW, FEW = 5, 10


def few_groups(context: AuditContext) -> list[Finding]:
    """An inflation below 5 groups held out over the whole rotation, a note below 10."""
    if context.key is None:
        return []
    held = context.held_out if context.held_out is not None else len(context.groups_in(context.split.test, context.key))
    if held >= FEW:
        return []
    total = len(
        set(context.groups_in(context.split.fitted, context.key))
        | set(context.groups_in(context.split.test, context.key))
    )
    place = f"The score rests on few {plural(context.key)}, so its interval is wide and itself uncertain"
    level = "inflation" if held < TOO_FEW else "note"
    fix = f"[promise] folds = {total} without promise.test" if total > held else f"add {plural(context.key)}"
    return [Finding("few_groups", level, place, f"{held} {plural(context.key)} held out", fix)]
