"""Two inputs that make up the target: their sum, difference, product or ratio."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import Finding
from outcrop.split.audit.pairs import drawn, rank_correlation

EXPLAINED = 0.9999  # of the target's variance, in training and in test
ALONE = 0.995  # an input that does it alone is named by `target_copy`
MOST_SAMPLES, FEWEST_SAMPLES = 2_000, 30


def target_parts(context: AuditContext) -> list[Finding]:
    """A violation for each pair of inputs from which the target follows by one line of arithmetic."""
    if context.target is None or context.is_class or len(context.inputs) < 2:
        return []
    train, test = (drawn(context.scored(part), MOST_SAMPLES) for part in (context.split.train, context.split.test))
    if min(len(train), len(test)) < FEWEST_SAMPLES:
        return []
    table, target = context.input_values, context.target_values
    usable = [k for k in range(table.shape[1]) if not _alone(table[train, k], target[train])]
    findings = []
    for first, second in combinations(usable, 2):
        for logarithms, word in ((False, "a sum or difference"), (True, "a product or ratio")):
            fit = _fit(table[train][:, [first, second]], target[train], logarithms)
            if fit is None or _explained(table[train][:, [first, second]], target[train], fit, logarithms) < EXPLAINED:
                continue
            score = _explained(table[test][:, [first, second]], target[test], fit, logarithms)
            if score >= EXPLAINED:
                names = context.inputs[first].name, context.inputs[second].name
                place = f"The target {context.target.name!r} is {word} of the inputs {names[0]!r} and {names[1]!r}"
                fix = f"remove variable.{names[0]} or variable.{names[1]} from [data]"
                size = f"{100 * score:.3f} % of the variance of the test explained"
                findings.append(Finding("target_parts", "violation", place, size, fix))
                break
    return findings


def _alone(column: np.ndarray, target: np.ndarray) -> bool:
    both = np.isfinite(column) & np.isfinite(target)
    return np.unique(column[both]).size < 3 or rank_correlation(column[both], target[both]) > ALONE


def _prepared(inputs: np.ndarray, target: np.ndarray, logarithms: bool) -> tuple[np.ndarray, np.ndarray]:
    if logarithms:
        with np.errstate(divide="ignore", invalid="ignore"):
            inputs, target = np.log(np.abs(inputs)), np.log(np.abs(target))
    known = np.isfinite(inputs).all(axis=1) & np.isfinite(target)
    return np.column_stack([inputs[known], np.ones(known.sum())]), target[known]


def _fit(inputs: np.ndarray, target: np.ndarray, logarithms: bool) -> np.ndarray | None:
    """Coefficients of both inputs, each of which must matter, and a constant."""
    if logarithms and (np.nanmin(np.abs(target)) == 0 or len(np.unique(np.sign(target))) > 1):
        return None
    matrix, wanted = _prepared(inputs, target, logarithms)
    if len(wanted) < FEWEST_SAMPLES:
        return None
    fit = np.linalg.lstsq(matrix, wanted, rcond=None)[0]
    share = np.abs(fit[:2]) * matrix[:, :2].std(axis=0) / max(wanted.std(), 1e-300)
    return fit if share.min() > 0.05 else None


def _explained(inputs: np.ndarray, target: np.ndarray, fit: np.ndarray, logarithms: bool) -> float:
    matrix, wanted = _prepared(inputs, target, logarithms)
    if len(wanted) < FEWEST_SAMPLES or wanted.var() == 0:
        return 0.0
    return float(1 - np.square(wanted - matrix @ fit).mean() / wanted.var())
