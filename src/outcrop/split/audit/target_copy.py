"""Inputs that are the target under another name: rescaled, recoded, or shifted by some samples.

A good predictor is no copy: the limits (rank correlation 0.995, balanced accuracy 0.98, on training and on test)
lie above what one measured quantity tells about another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import Finding
from outcrop.view.ranges import along_one

LARGEST_LAG = 20
RANK_CORRELATION, BALANCED_ACCURACY = 0.995, 0.98
FEWEST_PAIRS, MOST_PAIRS, FEWEST_OF_CLASS = 30, 10_000, 10


@dataclass(frozen=True)
class Copy:
    """How well one input, moved by `lag` samples, tells the target: input[t] stands for target[t + lag]."""

    name: str
    lag: int
    train: float
    test: float


def target_copy(context: AuditContext) -> list[Finding]:
    """A violation for each input that gives the target away, on raw values, at any lag up to 20 samples.

    Along time, an input that holds PAST values of the target is a note: it is fair if they are known at the time of
    use. Where examples read nothing at or after what they are scored on, a copy of the target is its own history.
    """
    if context.target is None or not context.inputs:
        return []
    train, test = context.scored(context.split.train), context.scored(context.split.test)
    if min(train.sum(), test.sum()) < FEWEST_PAIRS:
        return []
    copies = _class_copies(context, train, test) if context.is_class else _number_copies(context, train, test)
    nearest, furthest = _read_lags(context)
    findings = []
    for copy in copies:
        if nearest > 0 and not nearest <= copy.lag <= furthest:
            continue
        findings.append(_finding(context, copy, past=copy.lag < min(nearest, 0) and _along_time(context)))
    return findings


def _finding(context: AuditContext, copy: Copy, *, past: bool) -> Finding:
    target = context.target.name if context.target else ""
    shift = f" shifted by {copy.lag:+d} samples" if copy.lag else ""
    measure = "balanced accuracy of a rule on it alone" if context.is_class else "rank correlation"
    size = f"{measure} {copy.train:.3f} in training, {copy.test:.3f} in test"
    if past:
        place = f"Input {copy.name!r} holds past values of {target!r}{shift}"
        return Finding("target_copy", "note", place, size, f"keep it only if {target!r} is known up to the time of use")
    place = f"Input {copy.name!r} is a copy of the target {target!r}{shift}"
    return Finding("target_copy", "violation", place, size, f"remove variable.{copy.name} from [data]")


def _read_lags(context: AuditContext) -> tuple[int, int]:
    """The smallest and largest lag from a sample read to a sample scored, over all examples."""
    reads, scores = along_one(context.origins.reads), along_one(context.origins.scores)
    before, after = context.reach
    nearest = (scores[:, 0] - reads[:, 1] + 1).min() - after
    return int(nearest), int((scores[:, 1] - 1 - reads[:, 0]).max() + before)


def _along_time(context: AuditContext) -> bool:
    return np.issubdtype(context.ordered[0].axis.dtype, np.datetime64)


def _pairs(context: AuditContext, column: np.ndarray, lag: int, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(input[t], target[t + lag]) of one record each, where both are there and the target is in the part."""
    at = np.flatnonzero(part)
    source = at - lag
    inside = (source >= 0) & (source < len(column))
    at, source = at[inside], source[inside]
    both = (context.record_of[at] == context.record_of[source]) & np.isfinite(column[source])
    return column[source[both]], context.target_values[at[both]]


def _spread_columns(context: AuditContext, columns: np.ndarray) -> np.ndarray:
    """Rows of each record followed by LARGEST_LAG zeros, so that no product of a shift joins two records."""
    place = np.arange(len(columns)) + context.record_of * LARGEST_LAG
    out = np.zeros((len(columns) + LARGEST_LAG * len(context.ordered), columns.shape[1]), np.float32)
    out[place] = columns
    return out


def _standard(columns: np.ndarray) -> np.ndarray:
    """Zero mean, unit spread over the finite values, 0 where missing."""
    known = np.isfinite(columns)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, columns, 0).sum(axis=0) / count
    centred = np.where(known, columns - mean, 0)
    spread = np.sqrt(np.square(centred).sum(axis=0) / count)
    return centred / np.where(spread > 0, spread, 1)


def _best_lags(context: AuditContext, inputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """For each input the lag at which it tells most about any of the target's columns."""
    x, y = _spread_columns(context, inputs), _spread_columns(context, targets)
    lags = np.arange(-LARGEST_LAG, LARGEST_LAG + 1)
    total = np.empty((len(lags), inputs.shape[1]))
    n = len(x)
    for row, lag in enumerate(lags):
        products = x[max(-lag, 0) : n - max(lag, 0)].T @ y[max(lag, 0) : n - max(-lag, 0)]
        total[row] = np.square(products).sum(axis=1) * (1 - 1e-6 * abs(lag))  # of two equal lags the shorter
    return lags[total.argmax(axis=0)]


def _number_copies(context: AuditContext, train: np.ndarray, test: np.ndarray) -> list[Copy]:
    from scipy.stats import rankdata

    target = np.where(train | test, context.target_values, np.nan)
    both = np.column_stack([context.input_values, target])
    ranks = _standard(rankdata(both, axis=0, nan_policy="omit"))
    best = _best_lags(context, ranks[:, :-1], ranks[:, -1:])
    copies = []
    for k, variable in enumerate(context.inputs):
        column = context.input_values[:, k]
        for lag in dict.fromkeys([0, int(best[k])]):
            value = [_rank_correlation(*_pairs(context, column, lag, part)) for part in (train, test)]
            copies.append(Copy(variable.name, lag, *value))
    return _strongest(copies, RANK_CORRELATION)


def _rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's rank correlation without its sign, 0 for too few pairs or a constant."""
    from scipy.stats import rankdata

    if len(a) < FEWEST_PAIRS or np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(abs(np.corrcoef(rankdata(a), rankdata(b))[0, 1]))


def _class_copies(context: AuditContext, train: np.ndarray, test: np.ndarray) -> list[Copy]:
    target = np.where(train | test, context.target_values, np.nan)
    classes = np.unique(target[np.isfinite(target)])
    if len(classes) < 2:
        return []
    member = np.where(np.isfinite(target)[:, None], target[:, None] == classes, np.nan).astype(float)
    share = np.maximum(np.nansum(member, axis=0), 1)
    scaled = np.nan_to_num(member - np.nanmean(member, axis=0)) / np.sqrt(share)
    best = _best_lags(context, np.clip(_standard(context.input_values), -5, 5), scaled)
    copies = []
    for k, variable in enumerate(context.inputs):
        column = context.input_values[:, k]
        for lag in dict.fromkeys([0, int(best[k])]):
            copies.append(Copy(variable.name, lag, *_rule_accuracy(context, column, lag, train, test)))
    return _strongest(copies, BALANCED_ACCURACY)


def _rule_accuracy(
    context: AuditContext, column: np.ndarray, lag: int, train: np.ndarray, test: np.ndarray
) -> tuple[float, float]:
    """Balanced accuracy of a rule with two leaves per class on one input, in training and in test."""
    from sklearn.tree import DecisionTreeClassifier

    known, tested = _pairs(context, column, lag, train), _pairs(context, column, lag, test)
    if min(len(known[0]), len(tested[0])) < FEWEST_PAIRS or np.ptp(known[0]) == 0:
        return 0.0, 0.0
    known, tested = (_thin(*pairs) for pairs in (known, tested))
    leaves = 2 * len(np.unique(known[1]))
    rule = DecisionTreeClassifier(max_leaf_nodes=max(leaves, 2), class_weight="balanced", random_state=0)
    rule.fit(known[0][:, None], known[1])
    train_score, test_score = (_balanced_accuracy(rule.predict(x[:, None]), y) for x, y in (known, tested))
    return train_score, test_score


def _thin(value: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At most MOST_PAIRS pairs, evenly taken."""
    step = -(-len(value) // MOST_PAIRS)
    return value[::step], target[::step]


def _balanced_accuracy(prediction: np.ndarray, target: np.ndarray) -> float:
    """Mean recall of the classes with enough samples; 0 where fewer than two have them."""
    classes, counts = np.unique(target, return_counts=True)
    classes = classes[counts >= FEWEST_OF_CLASS]
    return float(np.mean([(prediction[target == c] == c).mean() for c in classes])) if len(classes) > 1 else 0.0


def _strongest(copies: list[Copy], limit: float) -> list[Copy]:
    """For each input its strongest lag, where training and test both pass the limit."""
    best: dict[str, Copy] = {}
    for copy in copies:
        if min(copy.train, copy.test) > limit:
            held = best.get(copy.name)
            best[copy.name] = max([copy, held], key=lambda c: min(c.train, c.test)) if held else copy
    return list(best.values())
