"""Inputs and classes that are distributed otherwise in the test part than in what was fitted."""

from __future__ import annotations

import numpy as np

from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import Finding
from outcrop.split.audit.pairs import drawn
from outcrop.split.promise import named

OUTSIDE = 0.9  # share of test values beyond all that was fitted
DISTANCE = 0.7  # Kolmogorov-Smirnov distance worth a note
PROPORTIONS = 0.6  # share of test samples whose class would have to change
FEWEST_VALUES, FEWEST_GROUPS = 30, 5


def distribution_shift(context: AuditContext) -> list[Finding]:
    """An inflation where nearly all test values of an input lie outside what was fitted (a unit? a scale?).

    Notes for a large Kolmogorov-Smirnov distance and for other class proportions. Left out: map coordinates, inputs
    that run with the axis, attributes of fewer than five records in a part, and promises to extrapolate.
    Of large data 10,000 samples of each part, drawn with a fixed seed.
    """
    fitted, test = (drawn(context.scored(part)) for part in (context.split.fitted, context.split.test))
    if min(len(fitted), len(test)) < FEWEST_VALUES:
        return []
    findings = []
    expected = bool(context.promises & {"later", "wider"})
    places = [context.cells.coordinate(name).astype(float) for name in context.position_names]
    shifted = []
    for k, variable in enumerate(context.inputs):
        column = context.input_values[:, k]
        if getattr(variable, "classes", None) is not None or _follows(context, column, places):
            continue
        known, new = column[fitted], column[test]
        known, new = known[np.isfinite(known)], new[np.isfinite(new)]
        if min(len(known), len(new)) < FEWEST_VALUES or np.ptp(known) == 0 or not _varies(context, column, test):
            continue
        outside = float(((new < known.min()) | (new > known.max())).mean())
        distance = _distance(known, new)
        if outside >= OUTSIDE and not expected:
            place = f"Nearly all test values of {variable.name!r} lie outside what was fitted: another unit or scale?"
            size = (
                f"{100 * outside:.0f} % of them; fitted {known.min():.4g} to {known.max():.4g}, "
                f"test {new.min():.4g} to {new.max():.4g}"
            )
            fix = f"check the units: variable.{variable.name} = {{unit = ..., assume_unit = ...}}"
            findings.append(Finding("distribution_shift", "inflation", place, size, fix))
        elif distance > DISTANCE:
            shifted.append((variable.name, distance))
    if shifted:
        place = f"Inputs are distributed otherwise in the test part: {named(name for name, _ in shifted)}"
        size = f"Kolmogorov-Smirnov distance up to {max(d for _, d in shifted):.2f}"
        fix = "nothing if the promise means it; else look at the units and at what the test part lacks"
        findings.append(Finding("distribution_shift", "note", place, size, fix))
    return findings + _proportions(context, fitted, test)


def _follows(context: AuditContext, column: np.ndarray, places: list[np.ndarray]) -> bool:
    """Whether it is a map coordinate, or grows or falls all along every record (time, depth, row number)."""
    at = drawn(np.isfinite(column))
    for place in places:
        both = at[np.isfinite(place[at])]
        a, b = column[both], place[both]
        if len(a) > 2 and np.ptp(a) > 0 and np.ptp(b) > 0 and abs(np.corrcoef(a, b)[0, 1]) > 0.999:
            return True
    steps = []
    for which, shape in enumerate(context.cells.shapes.tolist()):
        part = column[context.offsets[which] : context.offsets[which + 1]].reshape(shape)
        steps.append(np.diff(np.moveaxis(part, context.along, 0).reshape(shape[context.along], -1)[:, 0]))
    step = np.concatenate(steps)
    step = step[np.isfinite(step) & (step != 0)]
    return bool(len(step) and max((step > 0).mean(), (step < 0).mean()) > 0.999)


def _varies(context: AuditContext, column: np.ndarray, test: np.ndarray) -> bool:
    """Whether the test part holds more than a few values of it, as an attribute of few records does."""
    return len(np.unique(column[test])) >= FEWEST_GROUPS


def _distance(known: np.ndarray, new: np.ndarray) -> float:
    """Largest difference of the two cumulative distributions (Kolmogorov-Smirnov)."""
    known, new = np.sort(known), np.sort(new)
    both = np.concatenate([known, new])
    return float(
        np.abs(
            np.searchsorted(known, both, "right") / len(known) - np.searchsorted(new, both, "right") / len(new)
        ).max()
    )


def _proportions(context: AuditContext, fitted: np.ndarray, test: np.ndarray) -> list[Finding]:
    if not context.is_class or "wider" in context.promises:
        return []
    count = int(np.nanmax(context.target_values)) + 1
    shares = [
        np.bincount(context.target_values[part].astype(int), minlength=count) / len(part) for part in (fitted, test)
    ]
    moved = 0.5 * float(np.abs(shares[0] - shares[1]).sum())
    if moved < PROPORTIONS or (shares[1] > 0).sum() < 2:  # single classes: degenerate_groups
        return []
    place = "The classes have other proportions in the test part than in training"
    size = f"{100 * moved:.0f} % of the test samples would have to change their class"
    fix = "report per-class metrics, and class weights from training only"
    return [Finding("distribution_shift", "note", place, size, fix)]
