"""Means, spreads and class counts must come from the training part alone."""

from __future__ import annotations

from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import Finding, share
from outcrop.split.promise import named
from outcrop.view.ranges import cover, from_names

FIX = "Normaliser.fit(records, variables, view.read_ranges(split.train))"


def statistics(context: AuditContext) -> list[Finding]:
    """A violation when the normaliser saw test samples, an inflation when it saw others outside training.

    Variables scaled by each record's own statistics are an inflation where a record is on both sides of the split.
    """
    return _outside(context) + _own_scale(context)


def _outside(context: AuditContext) -> list[Finding]:
    saw = cover(from_names(context.normaliser_saw, context.origins.names), context.offsets)
    split = context.split
    train = context.read(split.train) | context.scored(split.train)
    outside = saw & ~train
    if not outside.any():
        return []
    test = outside & (context.read(split.test) | context.scored(split.test))
    level, seen, where = (
        ("violation", test, "the test part") if test.any() else ("inflation", outside, "outside training")
    )
    names = [context.origins.names[r] for r in dict.fromkeys(context.record_of[seen].tolist())]
    place = f"Statistics of the normaliser were fitted on samples of {where}, in {named(names)}"
    return [Finding("statistics", level, place, f"{share(seen.sum(), saw.sum())} samples it saw", FIX)]


def _own_scale(context: AuditContext) -> list[Finding]:
    own = [variable.name for variable in context.variables if getattr(variable, "scope", "training") != "training"]
    if not own:
        return []
    train = set(context.records_in(context.split.train).tolist())
    both = [context.origins.names[r] for r in context.records_in(context.split.test).tolist() if r in train]
    if not both:
        place = f"{named(own)} scaled by each record's own values: a new record must be complete before it is predicted"
        return [
            Finding("statistics", "note", place, f"{len(own)} variables", f'variable.{own[0]} = {{scope = "training"}}')
        ]
    place = f"{named(own)} scaled by each record's own values, which include its test samples, in {named(both)}"
    fix = "; ".join(f'variable.{name}.scope = "training"' for name in own[:3])
    return [Finding("statistics", "inflation", place, f"{len(both)} records on both sides", fix)]
