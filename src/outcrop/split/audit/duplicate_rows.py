"""The same rows on both sides of the split, under the same name or another, exact or as a resampled copy."""

from __future__ import annotations

import numpy as np

from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import Finding, share
from outcrop.split.promise import named

DISTINCT = 3  # values a row needs before its repetition means anything
IGNORE_SHARE, IGNORE_ROWS = 0.001, 10
BY_NATURE = 1.5  # times the share of training rows that recur in other training records
COARSE_SHARE = 0.01  # rows that recur within their own record: the inputs are coarse, not copied
QUANTILES = np.linspace(0.05, 0.95, 19)
SAME_QUANTILE, SAME_TARGET = 0.01, 0.03  # of the spread; for classes, of the samples
SAME_VALUE = 2e-3  # of the spread, for records of one length
FEWEST_ROWS = 50


def duplicate_rows(context: AuditContext) -> list[Finding]:
    """Exact rows first; records whose distributions agree in every variable are taken for resampled copies."""
    exact, common = _exact_rows(context)
    return exact if any(finding.level != "note" for finding in exact) else exact + _same_records(context, common)


def _exact_rows(context: AuditContext) -> tuple[list[Finding], np.ndarray]:
    """Scored test rows whose inputs also occur among the rows that were fitted.

    Rows repeated by their neighbour (a stuck tool) and rows with fewer than three distinct values do not count.
    Inputs alone are no leak where several records share one forcing: the targets must agree more than by chance.
    Returns the finding, and the test records whose inputs are common to others.
    """
    telling = _telling(context.input_values, context.record_of)
    code = row_codes(context.input_values)
    test = np.flatnonzero(telling & context.scored(context.split.test))
    fitted = np.flatnonzero(telling & context.scored(context.split.fitted))
    fitted = np.setdiff1d(fitted, test, assume_unique=True)
    nothing = np.empty(0, np.int64)
    if not len(test) or not len(fitted):
        return [], nothing
    order = fitted[np.argsort(code[fitted], kind="stable")]
    at = np.minimum(np.searchsorted(code[order], code[test]), len(order) - 1)
    found = code[order[at]] == code[test]
    twins, rows = order[at[found]], test[found]
    total = int(context.scored(context.split.test).sum())
    if len(rows) < 2 or (len(rows) < IGNORE_ROWS and len(rows) < IGNORE_SHARE * total):
        return [], nothing
    size = f"{share(len(rows), total)} test rows"
    names = context.origins.names
    tested, known = context.record_of[rows], context.record_of[twins]
    pairs = dict.fromkeys(f"{names[a]} = {names[b]}" for a, b in np.unique(np.stack([tested, known], 1), axis=0))
    if _agreement(context.target_values, rows, twins) <= 0.5:
        place = f"Test rows have inputs of training rows, with other targets (a common forcing?): {named(pairs)}"
        fix = "nothing, if the inputs are common to these records"
        return [Finding("duplicate_rows", "note", place, size, fix)], np.unique(tested)
    in_order = (np.diff(rows) == np.diff(twins)).mean() > 0.5
    if not in_order and len(rows) / total <= BY_NATURE * _between_records(code, fitted, context.record_of):
        place = f"Test rows recur in training as training rows do among themselves (coarse inputs): {named(pairs)}"
        return [Finding("duplicate_rows", "note", place, size, "nothing, if values of the inputs are few")], nothing
    level = "inflation" if _recurrence(code, test, context.record_of) >= COARSE_SHARE else "violation"
    place = f"Test rows are copies of training rows: {named(pairs)}"
    return [Finding("duplicate_rows", level, place, size, _fix(context, names[int(tested[0])]))], nothing


def row_codes(values: np.ndarray) -> np.ndarray:
    """A 64-bit code per row, equal for rows that agree to about five digits; NaN equals NaN."""
    single = np.where(np.isnan(values), np.inf, values + 0.0).astype(np.float32)
    bits = (single.view(np.uint32) + np.uint32(0x80)) & np.uint32(0xFFFFFF00)
    code = np.zeros(len(values), np.uint64)
    for column in bits.T.astype(np.uint64):
        mixed = (code ^ column) * np.uint64(0x9E3779B97F4A7C15)
        code = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
    return code


def _telling(values: np.ndarray, record: np.ndarray) -> np.ndarray:
    """Rows with several distinct values that differ from the rows before and after."""
    if values.shape[1] < DISTINCT:
        return np.zeros(len(values), bool)
    ranked = np.sort(values, axis=1)  # NaN last
    distinct = np.isfinite(ranked[:, 0]) + ((np.diff(ranked, axis=1) > 0) & np.isfinite(ranked[:, 1:])).sum(axis=1)
    same = (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
    repeated = same.all(axis=1) & (record[1:] == record[:-1])
    return (distinct >= DISTINCT) & ~np.r_[False, repeated] & ~np.r_[repeated, False]


def _agreement(target: np.ndarray, rows: np.ndarray, twins: np.ndarray) -> float:
    """Share of equal targets beyond chance (Cohen's kappa); 1 where no pair has both."""
    a, b = target[rows], target[twins]
    both = np.isfinite(a) & np.isfinite(b)
    if not both.any():
        return 1.0
    equal = np.isclose(a[both], b[both], rtol=1e-4, atol=0).mean()
    share_of_value = np.unique(b[both], return_counts=True)[1] / both.sum()
    chance = np.square(share_of_value).sum()
    return 1.0 if chance > 0.99 else float((equal - chance) / (1 - chance))


def _recurrence(code: np.ndarray, test: np.ndarray, record: np.ndarray) -> float:
    """Share of the test rows that recur within their own record."""
    within = code[test] ^ (record[test].astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    return 1.0 - len(np.unique(within)) / len(test)


def _between_records(code: np.ndarray, rows: np.ndarray, record: np.ndarray) -> float:
    """Share of these rows that recur in another record among them."""
    order = rows[np.lexsort((record[rows], code[rows]))]
    same = (code[order][1:] == code[order][:-1]) & (record[order][1:] != record[order][:-1])
    first = np.flatnonzero(np.r_[True, code[order][1:] != code[order][:-1]])
    shared = np.add.reduceat(np.r_[same, False], first) > 0 if len(first) else np.zeros(0, bool)
    return float(np.diff(np.r_[first, len(order)])[shared].sum() / max(len(order), 1))


def _same_records(context: AuditContext, common: np.ndarray) -> list[Finding]:
    """Test records, save the `common`, whose variables have the quantiles of a fitted record of another name."""
    test, fitted = context.records_in(context.split.test), context.records_in(context.split.fitted)
    test, fitted = np.setdiff1d(test, common), np.setdiff1d(fitted, test)
    if not len(test) or not len(fitted) or len(context.inputs) < 2:
        return []
    signature = _signatures(context, context.input_values)
    gap = _distance(signature, test, fitted)  # (test, fitted, input)
    known = np.isfinite(gap)
    alike = (np.where(known, gap, 0) < SAME_QUANTILE).all(axis=-1) & (known.sum(axis=-1) >= 2)
    alike &= (np.isfinite(signature[test][:, None, :, 0]) == np.isfinite(signature[fitted][None, :, :, 0])).all(axis=-1)
    alike &= _same_target(context, test, fitted)
    for i, j in np.argwhere(alike):
        alike[i, j] = _same_sorted(context, int(test[i]), int(fitted[j]))
    pairs = [f"{context.origins.names[test[i]]} = {context.origins.names[fitted[j]]}" for i, j in np.argwhere(alike)]
    if not pairs:
        return []
    place = f"Test records have the same distributions as training records in every variable: {named(pairs)}"
    size = f"{int(alike.any(axis=1).sum())} of {len(test)} test records"
    name = context.origins.names[int(test[np.flatnonzero(alike.any(axis=1))[0]])]
    return [Finding("duplicate_rows", "violation", place, size, _fix(context, name))]


def _same_sorted(context: AuditContext, a: int, b: int) -> bool:
    """Whether two records of equal length hold the same values, in any order; fields alike by nature do not.

    Of few different values (a clipped image, a row number) any two records hold about as many each: they are compared
    place by place.
    """
    if (context.cells.shapes[a] != context.cells.shapes[b]).any():
        return True
    for column in context.input_values.T:
        first, second = (column[context.offsets[r] : context.offsets[r + 1]] for r in (a, b))
        if len(np.unique(first)) > COARSE_SHARE * len(first):
            first, second = np.sort(first), np.sort(second)
        both = np.isfinite(first) & np.isfinite(second)
        gap = np.abs(first - second)[both]
        if len(gap) and np.quantile(gap, 0.9) > SAME_VALUE * max(np.std(first[both]), 1e-300):
            return False
    return True


def _signatures(context: AuditContext, values: np.ndarray) -> np.ndarray:
    """Quantiles of every record, (record, variable, quantile); NaN for constants and gaps."""
    out = np.full((len(context.ordered), values.shape[1], len(QUANTILES)), np.nan)
    scored = context.labelled
    for k in range(values.shape[1]):
        finite = np.isfinite(values[:, k]) & scored
        if not finite.any():
            continue
        for r, (a, b) in enumerate(zip(context.offsets[:-1], context.offsets[1:], strict=True)):
            own = values[a:b, k][finite[a:b]]
            if len(own) >= FEWEST_ROWS and own.min() < own.max():
                out[r, k] = np.quantile(own, QUANTILES)
    return out


def _distance(signature: np.ndarray, test: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    """Largest difference of quantiles in units of the records' own spread, (test, fitted, variable)."""
    own = np.maximum(signature[..., -1] - signature[..., 0], 1e-300)
    smaller = np.minimum(own[test][:, None], own[fitted][None])
    return np.abs(signature[test][:, None] - signature[fitted][None]).max(axis=-1) / smaller


def _same_target(context: AuditContext, test: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    """Whether the targets of two records are alike too: records may share a forcing."""
    if not context.is_class:
        signature = _signatures(context, context.target_values[:, None])[:, 0]
        return ~(_distance(signature[:, None], test, fitted)[..., 0] >= SAME_TARGET)
    known = np.isfinite(context.target_values)
    if not known.any():
        return np.ones((len(test), len(fitted)), bool)
    classes, inverse = np.unique(context.target_values[known], return_inverse=True)
    flat = context.record_of[known] * len(classes) + inverse
    counts = np.bincount(flat, minlength=len(context.ordered) * len(classes)).reshape(-1, len(classes))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return np.abs(shares[test][:, None] - shares[fitted][None]).sum(axis=-1) < 2 * SAME_TARGET


def _fix(context: AuditContext, name: str) -> str:
    if context.key is None:
        return 'remove the repeated rows: data.frame = {duplicates = "first"}'
    return f"leave {name!r} out of data.source, or give both records one value of data.groups.{context.key}"
