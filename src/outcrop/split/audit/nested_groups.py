"""Test catchments that hold, or lie in, training catchments; stations that record what a training station records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import Finding
from outcrop.split.audit.neighbours import side_by_side
from outcrop.split.promise import named, plural

SAME_LEVEL, SAME_STEPS = 0.98, 0.95
FEWEST_SAMPLES = 100
MOST_SERIES, MOST_STAMPS = 400, 20_000


def nested_groups(context: AuditContext) -> list[Finding]:
    """A violation for groups that `context.upstream` puts in one river; an inflation for nearly the same series.

    Series count as the same where both their values and their steps correlate above 0.98 and 0.95: the same water,
    not the same weather. Applies to promises of new groups; gauges of one declared group are on one side anyway.
    """
    if not context.promises & {"new", "area"}:
        return []
    return _upstream(context) or _same_series(context)


def containing(polygons: Mapping[str, np.ndarray]) -> dict[str, list[str]]:
    """For each catchment those whose outline lies within it: what `AuditContext.upstream` wants.

    Args:
        polygons: name -> outline, shape (vertex, 2), closed or not.

    >>> outer, inner = np.array([[0, 0], [4, 0], [4, 4], [0, 4]]), np.array([[1, 1], [2, 1], [2, 2]])
    >>> containing({"river": outer, "brook": inner})
    {'river': ['brook'], 'brook': []}
    """
    return {
        name: [
            other
            for other, inner in polygons.items()
            if other != name and _area(inner) <= _area(outer) and _inside(inner, outer).mean() > 0.95
        ]
        for name, outer in polygons.items()
    }


def _area(polygon: np.ndarray) -> float:
    x, y = np.asarray(polygon, float).T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def _inside(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """Points inside a polygon, by the number of edges crossed to the east (Shimrat 1962)."""
    x, y = np.asarray(points, float).T
    (ax, ay), (bx, by) = np.asarray(polygon, float).T, np.roll(np.asarray(polygon, float), -1, axis=0).T
    over = (ay[None] > y[:, None]) != (by[None] > y[:, None])
    slope = (bx - ax) / np.where(by == ay, 1, by - ay)
    return (over & (x[:, None] < slope * (y[:, None] - ay) + ax)).sum(axis=1) % 2 == 1


def _names(context: AuditContext) -> tuple[Sequence[str], set[str], set[str]]:
    """Names of groups (and records) in the test part and in what was fitted."""
    key = context.key or "record"
    names = [set(map(str, context.groups_in(part, key))) for part in (context.split.test, context.split.fitted)]
    if key in context.origins.groups:
        records = [context.records_in(part) for part in (context.split.test, context.split.fitted)]
        names = [own | {context.origins.names[r] for r in which} for own, which in zip(names, records, strict=True)]
    return (key, *names)


def _upstream(context: AuditContext) -> list[Finding]:
    if not context.upstream:
        return []
    key, test, fitted = _names(context)
    pairs = []
    for name in context.upstream:
        for above in _all_above(context.upstream, name):
            pairs += [(name, above)] if name in test and above in fitted and above not in test else []
            pairs += [(above, name)] if above in test and name in fitted and name not in test else []
    pairs = list(dict.fromkeys(pairs))
    if not pairs:
        return []
    shown = [f"{a} with {b}" for a, b in pairs]
    place = f"Test {plural(str(key))} share water with training {plural(str(key))}: {named(shown)}"
    size = f"{len({a for a, _ in pairs})} of {len(test)} nested"
    fix = 'give nested ones one value of a group key and promise that: [promise] new = "river"'
    return [Finding("nested_groups", "violation", place, size, fix)]


def _all_above(upstream: Mapping[str, Sequence[str]], name: str) -> set[str]:
    found: set[str] = set()
    waiting = list(upstream.get(name, ()))
    while waiting:
        one = str(waiting.pop())
        if one not in found and one != name:
            found.add(one)
            waiting += upstream.get(one, ())
    return found


def _same_series(context: AuditContext) -> list[Finding]:
    table = _series(context)
    if table is None:
        return []
    names, values, test, fitted = table
    values = values[:, :MOST_STAMPS]
    level, steps = _correlation(values), _correlation(np.diff(values, axis=1))
    alike = (level > SAME_LEVEL) & (steps > SAME_STEPS) & test[:, None] & (fitted & ~test)[None]
    pairs = [f"{names[a]} with {names[b]}" for a, b in np.argwhere(alike)]
    if not pairs:
        return []
    key = context.key or "record"
    place = f"Test {plural(key)} record nearly what training {plural(key)} record (nested? one sensor?): {named(pairs)}"
    highest = np.where(alike, level, 0).max()
    size = f"{int(alike.any(axis=1).sum())} of {int(test.sum())} {plural(key)}, correlation up to {highest:.4f}"
    fix = "declare them as one group: data.groups, and promise that key"
    return [Finding("nested_groups", "inflation", place, size, fix)]


def _series(context: AuditContext) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray] | None:
    """Names, targets (series, stamp) and parts of the series, one per record or per group along a dimension."""
    if context.is_class or context.target is None or not context.is_dated:
        return None
    test, fitted = context.scored(context.split.test), context.scored(context.split.fitted)
    if len(context.cells.dims) == 1 and 1 < len(context.ordered) <= MOST_SERIES:
        values = side_by_side(context, test | fitted)
        count = len(context.ordered)
        parts = [np.bincount(context.record_of[mask], minlength=count) > 0 for mask in (test, fitted)]
        return None if values is None else (list(context.origins.names), values, *parts)
    if len(context.cells.dims) == 2 and len(context.ordered) == 1 and context.key is not None:
        shape = tuple(context.cells.shapes[0].tolist())
        if context.key in context.origins.groups or shape[1 - context.along] > MOST_SERIES:
            return None
        names, code = context.group_codes(context.key)
        turned = [np.moveaxis(a.reshape(shape), context.along, 1) for a in (context.target_values, code, test, fitted)]
        if np.ptp(turned[1], axis=1).any():
            return None
        return [str(names[c]) for c in turned[1][:, 0]], turned[0], turned[2].any(axis=1), turned[3].any(axis=1)
    return None


def _correlation(values: np.ndarray) -> np.ndarray:
    """Correlation of every two rows over the columns both have; 0 where there are fewer than 100."""
    known = np.isfinite(values).astype(float)
    filled = np.where(known > 0, values, 0)
    filled = filled - filled.sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1) * known
    count = np.maximum(known @ known.T, 1)
    total = filled @ known.T  # of each row, over the columns it shares with another
    squares = np.square(filled) @ known.T - total**2 / count
    spread = squares * squares.T
    product = filled @ filled.T - total * total.T / count
    return np.where((count >= FEWEST_SAMPLES) & (spread > 0), product / np.sqrt(np.maximum(spread, 1e-300)), 0)
