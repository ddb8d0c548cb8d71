"""Inputs that say which group, row, place or date a sample is: a model can look its answer up instead of learning."""

from __future__ import annotations

import re

import numpy as np

from outcrop.data.space import LATITUDE
from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import Finding, Level
from outcrop.split.audit.pairs import drawn, rank_correlation
from outcrop.split.promise import plural

FEWEST_GROUPS, MANY_GROUPS = 4, 50
DENSE = 2.0  # numbers up to this many times the number of groups
PURE = 0.99  # of the target told by the group
SAME = 0.99999
ID_NAME = re.compile(r"^(id|fid|gid|uid|objectid|index|.*[_ .-](id|no|nr|idx|number|code))$", re.IGNORECASE)
COUNTERS = ("row", "sample", "index", "trace", "node", "event", "record")


def identifiers(context: AuditContext) -> list[Finding]:
    """One finding per input at most; an attribute of many groups (elevation, rock type, area) is none of these.

    A violation where groups are on both sides, hold one target value each, and an input numbers them. An inflation for
    numbers of groups under a promise of new ones, for map coordinates under promises of new groups or areas (of fewer
    than 50 groups), and for row numbers and dates under random splits.
    """
    findings = []
    for k, variable in enumerate(context.inputs):
        if getattr(variable, "classes", None) is not None:
            continue
        column = context.input_values[:, k]
        found = (
            _place(context, variable.name, column)
            or _row(context, variable.name, column)
            or _date(context, variable.name, column)
            or _group(context, variable.name, column)
        )
        findings += [found] if found else []
    return findings


def _random(context: AuditContext) -> bool:
    return bool(context.promises & {"same_population", "random"})


def _finding(level: Level, name: str, what: str, size: str) -> Finding:
    return Finding("identifiers", level, f"Input {name!r} {what}", size, f"remove variable.{name} from [data]")


def _place(context: AuditContext, name: str, column: np.ndarray) -> Finding | None:
    """Horizontal coordinates as inputs: known places can be told apart, new ones lie outside what was learned."""
    if not context.promises & {"new", "area", "same_population", "random"}:
        return None
    for coordinate in context.position_names:
        value = context.cells.coordinate(coordinate).astype(float)
        if not _same(context, column, value):
            continue
        count = len(np.unique(value[np.isfinite(value)]))
        many = context.key is not None and count >= MANY_GROUPS
        level: Level = "note" if many or _latitude_alone(context, coordinate) else "inflation"
        what = f"is the coordinate {coordinate!r}: it tells training places apart and says nothing about new ones"
        return _finding(level, name, what, f"{count:,} different values in {len(value):,} samples")
    return None


def _latitude_alone(context: AuditContext, coordinate: str) -> bool:
    """Whether latitude is an input without longitude: it stands for climate, and names no place."""
    if coordinate not in LATITUDE:
        return False
    other = context.cells.coordinate(context.position_names[0]).astype(float)
    return not any(_same(context, column, other) for column in context.input_values.T)


def _same(context: AuditContext, column: np.ndarray, other: np.ndarray) -> bool:
    """Whether one is the other up to scale and offset."""
    at = drawn(np.isfinite(column) & np.isfinite(other))
    a, b = column[at], other[at]
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return False
    return bool(abs(np.corrcoef(a, b)[0, 1]) > SAME)


def _row(context: AuditContext, name: str, column: np.ndarray) -> Finding | None:
    """Integers that count samples from 0 or 1, within each record or through all of them."""
    dim = context.cells.dims[-1] if len(context.cells.dims) == 1 else ""
    if len(column) < 10 or not np.isfinite(column).all() or not dim:
        return None
    within = np.arange(len(column)) - context.offsets[context.record_of]
    through = np.ptp(column - np.arange(len(column))) == 0 and len(context.ordered) > 1
    each = column - within
    starts = each[context.offsets[:-1]]
    counts = np.ptp(each - starts[context.record_of]) == 0 and np.isin(starts, (0, 1)).all()
    axis = np.concatenate([record.axis for record in context.ordered])
    is_axis = dim.lower() not in COUNTERS and axis.dtype.kind in "iuf" and np.array_equal(axis.astype(float), column)
    if not (through or counts) or is_axis:
        return None
    if through and "new" in context.promises:
        what = "is the row number through all records, which tells training records apart"
        return _finding("inflation", name, what, f"{len(column):,} samples numbered")
    level: Level = "inflation" if _random(context) else "note"
    what = "is the row number" + (": with random rows held out it tells which training rows are near" if _random(
        context) else "")  # fmt: skip
    return _finding(level, name, what, f"{len(column):,} samples numbered")


def _date(context: AuditContext, name: str, column: np.ndarray) -> Finding | None:
    if not context.is_dated or not _random(context):
        return None
    stamp = context.cells.coordinate(context.cells.dims[context.along])
    if stamp.dtype.kind != "M":
        return None
    at = drawn(np.isfinite(column))
    if rank_correlation(column[at], stamp[at].astype("datetime64[s]").astype(float)) <= SAME:
        return None
    what = "runs with time: with random samples held out it tells which training samples are near"
    return _finding("inflation", name, what, f"{len(np.unique(column[at])):,} different values")


def _group(context: AuditContext, name: str, column: np.ndarray) -> Finding | None:
    key = context.key or _finest_key(context)
    names, code = context.group_codes(key)
    known = np.isfinite(column)
    low, high = np.full(len(names), np.inf), np.full(len(names), -np.inf)
    np.minimum.at(low, code[known], column[known])
    np.maximum.at(high, code[known], column[known])
    used = np.isfinite(low)
    values = low[used]
    if used.sum() < FEWEST_GROUPS or (low[used] != high[used]).any() or len(np.unique(values)) < 0.9 * used.sum():
        return None
    size = f"{len(np.unique(values))} values for {used.sum()} {plural(key)}"
    purity = _purity(context, code, len(names))
    if purity > PURE:
        what = f"tells {plural(key)} apart, and the target is the same all through each: the answer can be looked up"
        return _finding("violation", name, what, f"{size}, {100 * purity:.1f} % of the target told by the {key}")
    whole = (values == np.round(values)).all()
    dense = np.ptp(values) + 1 <= DENSE * len(values)
    if not whole or not (dense or ID_NAME.match(name)):
        return None
    level: Level = "inflation" if "new" in context.promises else "note"
    what = f"numbers the {plural(key)}: it tells known ones apart and says nothing about a new one"
    return _finding(level, name, what, size)


def _finest_key(context: AuditContext) -> str:
    return max(context.origins.groups, key=lambda key: len(np.unique(np.asarray(context.origins.groups[key]))))


def _purity(context: AuditContext, code: np.ndarray, count: int) -> float:
    """Share of the test target that is known from training samples of the same group; 0 where groups are apart."""
    train, test = context.scored(context.split.fitted), context.scored(context.split.test)
    value = context.target_values
    size = np.bincount(code[train], minlength=count)
    shared = test & (size[code] > 0)
    if not train.any() or shared.sum() < 0.5 * max(test.sum(), 1):
        return 0.0
    if context.is_class:
        width = int(np.nanmax(value)) + 1
        table = np.bincount(code[train] * width + value[train].astype(int), minlength=count * width)
        best = table.reshape(count, width).argmax(axis=1)
        chance = np.bincount(value[shared].astype(int)).max() / shared.sum()
        return float((best[code[shared]] == value[shared]).mean()) if chance < PURE else 0.0
    mean = np.bincount(code[train], value[train], minlength=count) / np.maximum(size, 1)
    spread = value[shared].var()
    return float(1 - np.square(value[shared] - mean[code[shared]]).mean() / spread) if spread > 0 else 0.0
