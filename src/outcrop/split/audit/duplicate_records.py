"""Whole records, or stretches of them, that are on both sides of the split under other names."""

from __future__ import annotations

import numpy as np

from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.duplicate_rows import DISTINCT, row_codes
from outcrop.split.audit.finding import Finding, share
from outcrop.split.promise import named

FEWEST = 50  # samples of a record that can be recognised
MOST_CELLS = 2048  # compared per record
ALIKE, USUAL = 0.9999, 0.99  # correlation of a copy; correlation of records that are alike by nature
FINE = 0.98  # correlation of steps from cell to cell, asked of records that are alike by nature
SAME_TARGET = 0.99
RUN, RUN_DISTINCT, RUN_SHARE = 16, 12, 0.02
MOST_RUNS = 1_000_000


def duplicate_records(context: AuditContext) -> list[Finding]:
    """Violations: the same file under two names; records equal up to scale, offset and rounding; copied stretches.

    Stretches are looked for where there are fewer than three inputs: with three and more `duplicate_rows` finds them.
    Targets must agree as well, since records may share a forcing.
    """
    test = context.records_in(context.split.test)
    fitted = np.setdiff1d(context.records_in(context.split.fitted), test)
    if not len(test) or not len(fitted):
        return []
    pairs = _same_file(context, test, fitted)
    what = "Test records are files of the training part under other names"
    if not pairs and context.inputs:
        pairs = _same_values(context, test, fitted)
        what = "Test records are copies of training records (rescaled or rounded ones included)"
    if pairs:
        names = context.origins.names
        shown = [f"{names[a]} = {names[b]}" for a, b in pairs]
        size = f"{len({a for a, _ in pairs})} of {len(test)} test records"
        return [Finding("duplicate_records", "violation", f"{what}: {named(shown)}", size, _fix(context, pairs[0][0]))]
    return _same_stretches(context, test, fitted) if 0 < len(context.inputs) < DISTINCT else []


def _same_file(context: AuditContext, test: np.ndarray, fitted: np.ndarray) -> list[tuple[int, int]]:
    """Records from files of one hash at different places; of files with several records those of equal values."""
    records = context.ordered
    content = [record.sha256 for record in records]
    source = [record.source for record in records]
    found = []
    for a in test:
        for b in fitted:
            if content[a] and content[a] == content[b] and source[a] != source[b]:
                alone = source.count(source[a]) == source.count(source[b]) == 1
                if alone or _equal_values(context, a, b):
                    found.append((int(a), int(b)))
    return found


def _equal_values(context: AuditContext, a: int, b: int) -> bool:
    if (context.cells.shapes[a] != context.cells.shapes[b]).any():
        return False
    first, second = (context.input_values[context.offsets[r] : context.offsets[r + 1]] for r in (a, b))
    return bool(np.array_equal(first, second, equal_nan=True))


def _same_values(context: AuditContext, test: np.ndarray, fitted: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of records of one shape of which every input that varies is the same up to scale and offset."""
    shapes, found = context.cells.shapes, []
    for shape in np.unique(shapes[test], axis=0):
        same = (shapes == shape).all(axis=1)
        ours, theirs = test[same[test]], fitted[same[fitted]]
        if np.prod(shape) < FEWEST or not len(ours) or not len(theirs):
            continue
        closeness = _closeness(context, np.concatenate([ours, theirs]), int(np.prod(shape)), len(ours))
        for i, j in np.argwhere(closeness > ALIKE):
            a, b = int(ours[i]), int(theirs[j])
            told = len(context.inputs) >= DISTINCT and _equal_values(context, a, b)  # by duplicate_rows
            if not told and _same_target(context, _samples(context, a), _samples(context, b)):
                found.append((a, b))
    return found


def _closeness(context: AuditContext, records: np.ndarray, size: int, ours: int) -> np.ndarray:
    """Smallest correlation over the inputs of each of `ours` with each other record; 0 where they are alike anyway."""
    at = np.unique(np.linspace(0, size - 2, min(size - 1, MOST_CELLS)).astype(int))
    rows = context.offsets[records][:, None] + at
    lowest = np.full((ours, len(records) - ours), np.inf)
    for k in range(context.input_values.shape[1]):
        column = context.input_values[:, k]
        value, step = column[rows], column[rows + 1] - column[rows]
        flat = _rowwise(value)
        correlation = flat[:ours] @ flat[ours:].T / len(at)
        varies = flat.any(axis=1)
        neither = ~varies[:ours, None] & ~varies[None, ours:]
        if np.median(correlation[~neither]) > USUAL if (~neither).any() else False:
            fine = _rowwise(step)
            correlation = np.where(fine[:ours] @ fine[ours:].T / len(at) > FINE, correlation, 0)
        lowest = np.where(neither, lowest, np.minimum(lowest, correlation))
    return np.where(np.isfinite(lowest), lowest, 0)


def _rowwise(values: np.ndarray) -> np.ndarray:
    """Each row with zero mean and unit spread, 0 where missing or constant."""
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    centred = np.where(known, values - np.where(known, values, 0).sum(axis=1, keepdims=True) / count, 0)
    spread = np.sqrt(np.square(centred).mean(axis=1, keepdims=True))
    largest = np.abs(np.where(known, values, 0)).max(axis=1, keepdims=True)
    return np.where(spread > 1e-7 * np.maximum(largest, 1e-30), centred / np.where(spread > 0, spread, 1), 0)


def _samples(context: AuditContext, record: int) -> np.ndarray:
    return np.arange(context.offsets[record], context.offsets[record + 1])


def _same_target(context: AuditContext, rows: np.ndarray, twins: np.ndarray) -> bool:
    """Whether the targets at these samples tell the same too; true where there are none to compare."""
    a, b = context.target_values[rows], context.target_values[twins]
    both = np.isfinite(a) & np.isfinite(b)
    a, b = a[both], b[both]
    if len(a) < 10:
        return True
    if context.is_class or np.ptp(a) == 0 or np.ptp(b) == 0:
        return bool((a == b).mean() > SAME_TARGET)
    return bool(np.corrcoef(a, b)[0, 1] > SAME_TARGET)


def _same_stretches(context: AuditContext, test: np.ndarray, fitted: np.ndarray) -> list[Finding]:
    """Runs of 16 samples along the last dimension with the same values up to scale and offset in another record."""
    ours, our_code = _runs(context, test)
    theirs, their_code = _runs(context, fitted)
    if not len(ours) or not len(theirs):
        return []
    order = np.argsort(their_code, kind="stable")
    at = np.minimum(np.searchsorted(their_code[order], our_code), len(order) - 1)
    same = their_code[order[at]] == our_code
    rows, twins = ours[same], theirs[order[at[same]]]
    if len(rows) < RUN or len(rows) < RUN_SHARE * len(ours) or not _same_target(context, rows, twins):
        return []
    names, tested, known = context.origins.names, context.record_of[rows], context.record_of[twins]
    shown = [f"{names[a]} = {names[b]}" for a, b in np.unique(np.stack([tested, known], 1), axis=0)]
    place = f"Stretches of test records are copies of training records: {named(dict.fromkeys(shown))}"
    size = f"{share(len(rows), len(ours))} runs of {RUN} samples"
    return [Finding("duplicate_records", "violation", place, size, _fix(context, int(tested[0])))]


def _runs(context: AuditContext, records: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First samples of the runs of these records with structure of their own, and a code of each run's shape."""
    last = context.cells.shapes[:, -1]
    starts = []
    for record in records.tolist():
        rows = _samples(context, record)
        within = (rows - context.offsets[record]) % last[record]
        starts.append(rows[within + RUN <= last[record]])
    rows = np.concatenate(starts)[:MOST_RUNS]
    codes, rich = np.zeros(len(rows), np.uint64), np.zeros(len(rows), bool)
    for k in range(context.input_values.shape[1]):
        column = context.input_values[:, k]
        for block in range(0, len(rows), 100_000):
            part = slice(block, block + 100_000)
            values = column[rows[part, None] + np.arange(RUN)]
            spread = np.ptp(values, axis=1, keepdims=True)
            shape = np.round((values - values.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1), 4)
            distinct = (np.diff(np.sort(shape, axis=1), axis=1) > 0).sum(axis=1) + 1
            bent = np.abs(np.diff(shape, 2, axis=1)).max(axis=1) > 0.02
            rich[part] |= (distinct >= RUN_DISTINCT) & bent & np.isfinite(values).all(axis=1)
            codes[part] = codes[part] * np.uint64(31) + row_codes(shape)
    return rows[rich], codes[rich]


def _fix(context: AuditContext, record: int) -> str:
    name = context.origins.names[record]
    if context.key is None:
        return f"leave {name!r} out of data.source"
    return f"leave {name!r} out of data.source, or give both records one value of data.groups.{context.key}"
