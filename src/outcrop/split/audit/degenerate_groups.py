"""Test groups without labels, with one class only, or with a target that hardly varies tell nothing about skill."""

from __future__ import annotations

import numpy as np

from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import Finding, share
from outcrop.split.promise import named, plural

NEAR_CONSTANT = 0.01  # of the spread of the training target


def degenerate_groups(context: AuditContext) -> list[Finding]:
    """A violation without any test label; an inflation where most scored samples lie in such groups; else a note."""
    key = context.key or "record"
    names, group_of_sample = context.group_codes(key)
    scored = context.scored(context.split.test)
    if not scored.any():
        fix = f"[promise] test = [...] with labelled {plural(key)}"
        return [Finding("degenerate_groups", "violation", "No test sample has a label", share(0, len(scored)), fix)]
    trained = context.scored(context.split.train)
    spread = float(np.std(context.target_values[trained])) if trained.any() else 0.0
    empty, flat, flat_samples = [], [], 0
    tested = context.cells.cover(
        context.origins.record[context.split.test], context.origins.scores.take(context.split.test)
    )
    values, codes = context.target_values[scored], group_of_sample[scored]
    order = np.argsort(codes, kind="stable")
    values, edges = values[order], np.searchsorted(codes[order], np.arange(len(names) + 1))
    for group in np.unique(group_of_sample[tested]):
        value = values[edges[group] : edges[group + 1]]
        if not len(value):
            empty.append(names[group])
        elif _is_flat(value, context.is_class, spread):
            flat.append(names[group])
            flat_samples += len(value)
    findings = []
    if empty:
        size, fix = f"{len(empty)} {plural(key)}", f"remove them from promise.test: {named(empty)}"
        place = f"Test {plural(key)} without a label: {named(empty)}"
        findings.append(Finding("degenerate_groups", "note", place, size, fix))
    if flat:
        kind = "a single class" if context.is_class else "a target that hardly varies"
        alone = flat_samples > scored.sum() / 2 and not _by_nature(context, group_of_sample, scored, spread)
        level = "inflation" if alone else "note"
        place = f"Test {plural(key)} with {kind}: {named(flat)}"
        fix = f"judge by the pooled score and per-class metrics, not by the score of these {plural(key)}"
        size = f"{share(flat_samples, scored.sum())} scored samples"
        findings.append(Finding("degenerate_groups", level, place, size, fix))
    return findings


def _by_nature(context: AuditContext, group: np.ndarray, scored: np.ndarray, spread: float) -> bool:
    """Whether training groups hold one value each too (scenes with one label), and the test as a whole several."""
    if _is_flat(context.target_values[scored], context.is_class, spread):
        return False
    train = context.scored(context.split.train)
    order = np.argsort(group[train], kind="stable")
    parts = np.split(context.target_values[train][order], np.flatnonzero(np.diff(group[train][order])) + 1)
    return bool(np.mean([_is_flat(part, context.is_class, spread) for part in parts]) > 0.5)


def _is_flat(value: np.ndarray, is_class: bool, spread: float) -> bool:
    if is_class:
        return bool((value == value[0]).all())
    return bool(np.std(value) < NEAR_CONSTANT * spread)
