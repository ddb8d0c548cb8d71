"""Labels that sit at the same place of every example: a predictor that never looks at the data scores perfectly."""

from __future__ import annotations

import numpy as np

from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import Finding, Level, share
from outcrop.split.promise import named

FEWEST_RECORDS = 8
MOST_CELLS = 20_000_000
PATTERNS = 0.25  # distinct masks, of the number of records; at least 1 and at most 3
PRESENT = 0.5  # of the examples that hold the class
EXPLAINED = 0.9999


def fixed_positions(context: AuditContext) -> list[Finding]:
    """Compares the labels of examples cell by cell from where each starts to read; moved examples are not fixed.

    A violation where one value is all there is, or where position alone tells the number or at least half of the
    classes beside the most frequent one; an inflation where it tells fewer. Of large data, as many examples as make 20
    million cells.
    """
    if context.target is None:
        return []
    train, test = context.scored(context.split.train), context.scored(context.split.test)
    if not train.any() or not test.any():
        return []
    known = np.unique(context.target_values[train | test][:1_000_000])
    if len(known) == 1 and (context.target_values[train | test] == known[0]).all():
        place = f"The target {context.target.name!r} has one value in all parts: there is nothing to learn"
        fix = f"another target than {context.target.name!r}, or cut windows at random places around its labels"
        return [
            Finding("fixed_positions", "violation", place, f"{known[0]:g} in {(train | test).sum():,} samples", fix)
        ]
    if any(context.jitter.values()):
        return []
    labels, records = _by_position(context)
    if len(np.unique(records)) < FEWEST_RECORDS or labels.shape[1] < 4:
        return []
    return _classes(context, labels, records) if context.is_class else _numbers(context, labels)


def _by_position(context: AuditContext) -> tuple[np.ndarray, np.ndarray]:
    """Targets of examples of one shape, (example, cell) counted from the start of each, and their records."""
    cells, origins = context.cells, context.origins
    nothing = np.empty((0, 0)), np.empty(0, np.int64)
    if origins.reads.members or origins.scores.members:
        return nothing
    chosen = np.concatenate([context.split.train, context.split.test])
    read, _ = cells.boxes(origins.record, origins.reads)
    start, stop = cells.boxes(origins.record, origins.scores)
    if np.median(np.prod((stop - start)[chosen], axis=1)) < 4:
        return nothing
    relative = np.column_stack([start - read, stop - start])[chosen]
    kinds, kind, count = np.unique(relative, axis=0, return_inverse=True, return_counts=True)
    best = int(count.argmax())
    shape = kinds[best, len(cells.dims) :]
    size = int(np.prod(shape))
    chosen = chosen[kind.ravel() == best]
    if size < 4:
        return nothing
    most = max(MOST_CELLS // size, FEWEST_RECORDS)
    if len(chosen) > most:
        chosen = np.sort(np.random.default_rng(0).choice(chosen, most, replace=False))
    inside = np.indices(tuple(shape)).reshape(len(shape), -1)
    labels = np.empty((len(chosen), size), np.float32)
    for row, example in enumerate(chosen.tolist()):
        which = int(origins.record[example])
        grid = tuple(cells.shapes[which].tolist())
        at = [(start[example, d] + inside[d]) % grid[d] for d in range(len(grid))]
        labels[row] = context.target_values[cells.offsets[which] + np.ravel_multi_index(at, grid)]
    return labels, origins.record[chosen]


def _classes(context: AuditContext, labels: np.ndarray, records: np.ndarray) -> list[Finding]:
    classes = np.unique(labels[np.isfinite(labels)])
    fixed, free = [], []
    for value in classes:
        mask = labels == value
        there = mask.any(axis=1)
        if mask[there].all():
            continue  # whole examples of one class: there is no position
        patterns = {np.packbits(row).tobytes() for row in mask[there]}
        count = len(np.unique(records[there]))
        limit = max(1, min(3, int(PATTERNS * count)))
        is_fixed = count >= FEWEST_RECORDS and there.mean() >= PRESENT and len(patterns) <= limit
        where = int(mask[there].argmax(axis=1)[0])
        (fixed if is_fixed else free).append((value, where, int(there.sum()), int(mask.sum())))
    if not fixed:
        return []
    names = getattr(context.target.classes, "names", ()) if context.target else ()
    shown = [str(names[int(v)]) if int(v) < len(names) else f"{v:g}" for v, *_ in fixed]
    rare = [sum(labels.size / 2 > count for *_, count in group) for group in (fixed, free)]  # the rest is background
    level: Level = "violation" if rare[0] >= max(rare[1], 1) else "inflation"
    place = f"Classes {named(shown)} lie at the same samples of every example, the first at {fixed[0][1]:,}"
    fix = "cut windows at random places: augmentation that shifts examples, or windows shorter than the records"
    return [Finding("fixed_positions", level, place, f"{share(fixed[0][2], len(labels))} examples", fix)]


def _numbers(context: AuditContext, labels: np.ndarray) -> list[Finding]:
    known = np.isfinite(labels).all(axis=0)
    labels = labels[:, known].astype(float)
    if labels.shape[1] < 4 or labels.var() == 0:
        return []
    told = 1 - labels.var(axis=0).mean() / labels.var()
    if told < EXPLAINED:
        return []
    name = context.target.name if context.target else ""
    place = f"The target {name!r} is the same in every example, sample by sample"
    fix = "cut windows at random places: augmentation that shifts examples, or windows shorter than the records"
    size = f"{100 * told:.3f} % of its variance told by position alone"
    return [Finding("fixed_positions", "violation", place, size, fix)]
