"""Inputs that are the target under another name: rescaled, recoded, or shifted by some samples.

A good predictor is no copy: the limits (rank correlation 0.995, balanced accuracy 0.98, on training and on test)
lie above what one measured quantity tells about another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import Finding
from outcrop.split.audit.pairs import Shift, drawn, moved, pairs, rank_correlation, ranked, shifts, standard

RANK_CORRELATION, BALANCED_ACCURACY = 0.995, 0.98
FEWEST_PAIRS, FEWEST_OF_CLASS, FEWEST_INSIDE = 30, 10, 0.3


@dataclass(frozen=True)
class Copy:
    """How well one input, moved by `shift`, tells the target."""

    name: str
    shift: Shift
    train: float
    test: float


def target_copy(context: AuditContext) -> list[Finding]:
    """A violation for each input that gives the target away, on raw values, at any lag up to 20 samples.

    Along time, an input that holds PAST values of the target is a note: it is fair if they are known at the time of
    use. Where examples read nothing at or after what they are scored on, a copy of the target is its own history.
    """
    if context.target is None or not context.inputs:
        return []
    train, test = (drawn(context.scored(part)) for part in (context.split.train, context.split.test))
    if min(len(train), len(test)) < FEWEST_PAIRS:
        return []
    copies = _class_copies(context, train, test) if context.is_class else _number_copies(context, train, test)
    findings = []
    for copy in copies:
        nearest, furthest = read_lags(context, copy.name)
        lag = copy.shift.lag if copy.shift.place == context.along else 0
        if nearest > 0 and not nearest <= lag <= furthest:
            continue
        findings.append(_finding(context, copy, past=lag < min(nearest, 0) and context.is_dated))
    return findings


def _finding(context: AuditContext, copy: Copy, *, past: bool) -> Finding:
    target = context.target.name if context.target else ""
    along = f" along {context.cells.dims[copy.shift.place]}" if len(context.cells.dims) > 1 else ""
    shift = f" shifted by {copy.shift.lag:+d} samples{along}" if copy.shift.lag else ""
    measure = "balanced accuracy of a rule on it alone" if context.is_class else "rank correlation"
    size = f"{measure} {copy.train:.3f} in training, {copy.test:.3f} in test"
    if past:
        place = f"Input {copy.name!r} holds past values of {target!r}{shift}"
        return Finding("target_copy", "note", place, size, f"keep it only if {target!r} is known up to the time of use")
    place = f"Input {copy.name!r} is a copy of the target {target!r}{shift}"
    return Finding("target_copy", "violation", place, size, f"remove variable.{copy.name} from [data]")


def read_lags(context: AuditContext, name: str) -> tuple[int, int]:
    """The smallest and largest lag, along time or the first dimension, from where it is read to what is scored."""
    origins, place = context.origins, context.along
    reads, scores = (context.cells.boxes(origins.record, p) for p in (origins.reads_of(name), origins.scores))
    before, after = context.reach_along(context.cells.dims[place])
    nearest = (scores[0][:, place] - reads[1][:, place] + 1).min() - after
    return int(nearest), int((scores[1][:, place] - 1 - reads[0][:, place]).max() + before)


def _best_shifts(context: AuditContext, inputs: np.ndarray, targets: np.ndarray, at: np.ndarray) -> list[Shift]:
    """For each input (sample, input) the shift at which it tells most about any of the target's columns (at, k)."""
    every = shifts(context)
    total = np.empty((len(every), inputs.shape[1]))
    for row, shift in enumerate(every):
        source, inside = moved(context, at, shift)
        products = np.where(inside[:, None], inputs[source], 0).T @ targets
        told = np.square(products).sum(axis=1) / max(inside.mean(), FEWEST_INSIDE) ** 2
        total[row] = told * (1 - 1e-6 * abs(shift.lag))  # of two equal lags the shorter
    return [every[row] for row in total.argmax(axis=0)]


def _number_copies(context: AuditContext, train: np.ndarray, test: np.ndarray) -> list[Copy]:
    at = np.concatenate([train, test])
    inputs = standard(ranked(context.input_values, at))
    target = standard(ranked(context.target_values[at][:, None], np.arange(len(at))))
    best = _best_shifts(context, inputs, target, at)
    copies = []
    for k, variable in enumerate(context.inputs):
        column = context.input_values[:, k]
        for shift in dict.fromkeys([Shift(0, 0), best[k]]):
            value = [rank_correlation(*pairs(context, column, shift, part)) for part in (train, test)]
            copies.append(Copy(variable.name, shift, *value))
    return _strongest(copies, RANK_CORRELATION)


def _class_copies(context: AuditContext, train: np.ndarray, test: np.ndarray) -> list[Copy]:
    at = np.concatenate([train, test])
    target = context.target_values[at]
    classes, counts = np.unique(target, return_counts=True)
    if len(classes) < 2:
        return []
    member = (target[:, None] == classes).astype(float)
    scaled = (member - member.mean(axis=0)) / np.sqrt(counts)
    best = _best_shifts(context, np.clip(standard(context.input_values), -5, 5), scaled, at)
    copies = []
    for k, variable in enumerate(context.inputs):
        column = context.input_values[:, k]
        for shift in dict.fromkeys([Shift(0, 0), best[k]]):
            both = (pairs(context, column, shift, part) for part in (train, test))
            copies.append(Copy(variable.name, shift, *rule_accuracy(*both)))
    return _strongest(copies, BALANCED_ACCURACY)


def rule_accuracy(known: tuple[np.ndarray, np.ndarray], tested: tuple[np.ndarray, np.ndarray]) -> tuple[float, float]:
    """Balanced accuracy of a rule with two leaves per class on one input, in training and in test."""
    from sklearn.tree import DecisionTreeClassifier

    if min(len(known[0]), len(tested[0])) < FEWEST_PAIRS or np.ptp(known[0]) == 0:
        return 0.0, 0.0
    leaves = 2 * len(np.unique(known[1]))
    rule = DecisionTreeClassifier(max_leaf_nodes=max(leaves, 2), class_weight="balanced", random_state=0)
    rule.fit(known[0][:, None], known[1])
    train_score, test_score = (_balanced_accuracy(rule.predict(x[:, None]), y) for x, y in (known, tested))
    return train_score, test_score


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
