"""Would copying the nearest training place already earn the score? The copy baseline against what is promised."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from outcrop.data.space import along_surface, cartesian
from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.copy_curve import CopyStep, copy_curve, copy_score
from outcrop.split.audit.finding import Finding, Level, share
from outcrop.split.audit.neighbours import Units, units_of
from outcrop.split.promise import named, plural

NEAR_COPY = 0.85  # of the way from the score of copying a far place to a perfect one
LIKE = 0.6  # the same for places dealt at random, where nothing but nearness can explain it
ADJACENT = 2.5  # times the usual distance to the nearest place
FEWEST_TEST, FEWEST_CELLS, MOST_NAMED = 5, 50, 300


class CopyBaseline(NamedTuple):
    """Copying the nearest fitted unit into every test unit.

    Attributes:
        units: the places compared.
        score: mean intersection over union (classes) or Nash-Sutcliffe efficiency (numbers), pooled.
        far: the same between places further apart than half of all pairs.
        test, nearest, distance: test units, the fitted unit closest to each, and how far it is.
        spacing: usual distance from a place to the nearest other one (of another group).
        curve: score over distance among all places.
    """

    units: Units
    score: float
    far: float
    test: np.ndarray
    nearest: np.ndarray
    distance: np.ndarray
    spacing: float
    curve: list[CopyStep]

    def gain(self, score: float) -> float:
        """0 for a score that copying a far place earns too, 1 for a perfect one."""
        low = max(self.far, 0.0)
        return (score - low) / (1 - low) if low < 1 else 0.0


def copy_baseline(context: AuditContext) -> CopyBaseline | None:
    """The copy baseline of a split and its curve over distance; None where places cannot be told or compared."""
    if context.target is None:
        return None
    units = units_of(context)
    if units is None:
        return None
    classes = _classes(context)
    test, nearest, distance = units.nearest()
    spread = float(np.nanvar(units.values))
    if len(units.values) < FEWEST_TEST or not (spread > 0):
        return None
    score = copy_score(
        units.values, nearest, units.values, test, classes=classes, variance=spread, most_cells=20_000_000
    )
    curve = copy_curve(units.values, units.position, classes=classes)
    middle = len(curve) // 2
    far = [step.score for step in curve[middle:] if np.isfinite(step.score)]
    if not np.isfinite(score) or not far:
        return None
    return CopyBaseline(units, score, float(np.mean(far)), test, nearest, distance, units.spacing(), curve)


def copied_neighbours(context: AuditContext) -> list[Finding]:
    """Compares copying at the distance of this split with copying at the distance that the promise speaks of.

    New area: a violation where most test places lie beside training places of which they are near copies, an
    inflation where they are like them or single ones are near copies. New group: an inflation where test groups lie
    much closer to training than groups usually do. Random splits: an inflation where neighbours are alike. Between: a
    note with the bar to beat.
    """
    kinds = context.promises
    if not kinds & {"new", "area", "between", "wider", "same_population", "random"}:
        return []
    alone = kinds & {"same_population", "random"}
    baseline = copy_baseline(context)
    if baseline is None or (baseline.units.unit == "samples" and not alone):
        return []
    if alone:
        return _random(context, baseline)
    if "between" in kinds:
        return [_bar(context, baseline)]
    if "new" in kinds and "area" not in kinds:
        return _group(context, baseline)
    return _area(context, baseline)


def _random(context: AuditContext, baseline: CopyBaseline) -> list[Finding]:
    if baseline.gain(baseline.score) < LIKE:
        return []
    what = plural(baseline.units.what)
    place = f"Test {what} are near copies of the training {what} beside them, so a random split measures interpolation"
    fix = _wider_fix(context, baseline)
    return [Finding("copied_neighbours", "inflation", place, _size(context, baseline), fix)]


def _group(context: AuditContext, baseline: CopyBaseline) -> list[Finding]:
    """New stations, lines or surveys, judged by how far such groups usually are from each other."""
    expected = _promised_distance(context, baseline)
    usual = baseline.gain(_at(baseline.curve, expected))
    close = float(np.median(baseline.distance)) < expected / 2
    if close and baseline.gain(baseline.score) > usual + 0.2:
        what = plural(baseline.units.what)
        place = f"Test {what} lie closer to training than the {what} they stand for"
        size = f"{_size(context, baseline)}; {_length(baseline, expected)} is to be expected"
        return [Finding("copied_neighbours", "inflation", place, size, _wider_fix(context, baseline))]
    return [_bar(context, baseline)]


def _area(context: AuditContext, baseline: CopyBaseline) -> list[Finding]:
    units, adjacent = baseline.units, baseline.distance <= ADJACENT * baseline.spacing
    metres = units.unit == "m"
    beyond = metres & (context.buffer_m > 0) & (_ground(baseline, baseline.distance) >= 0.99 * context.buffer_m)
    gains = np.array([baseline.gain(s) for s in _each(context, baseline)])
    copies = (gains >= NEAR_COPY) & ~beyond
    findings: list[Finding] = []
    gain = baseline.gain(baseline.score)
    if (adjacent & ~beyond).mean() >= 0.5 and gain >= LIKE:
        what = plural(units.what)
        level: Level = "violation" if gain >= NEAR_COPY else "inflation"
        place = (
            f"Test {what} lie beside training {what} and are {'near copies of' if gain >= NEAR_COPY else 'like'} them"
        )
        fix = _wider_fix(context, baseline)
        return [Finding("copied_neighbours", level, f"{place}: this is no new area", _size(context, baseline), fix)]
    if copies.any():
        findings.append(_near_ones(context, baseline, copies))
    return [*findings, _bar(context, baseline)]


def _near_ones(context: AuditContext, baseline: CopyBaseline, copies: np.ndarray) -> Finding:
    units = baseline.units
    rows = np.flatnonzero(copies)
    which = ""
    named_ones = bool(units.names) and len(units.names) <= MOST_NAMED
    if named_ones:
        pairs = [f"{units.names[baseline.test[i]]} (beside {units.names[baseline.nearest[i]]})" for i in rows]
        which = f": {named(pairs)}"
    low, high = (_length(baseline, end) for end in (baseline.distance[rows].min(), baseline.distance[rows].max()))
    span = low if low == high else f"{low.split()[0]} to {high}" if units.unit != "m" else f"{low} to {high}"
    what = plural(units.what)
    place = f"Test {what} are near copies of training {what}{which}"
    size = f"{share(len(rows), len(baseline.test))} test {what}, {span} from training"
    fix = "leave them out of the test part, or keep a buffer: [promise] buffer_m, wider than this distance"
    level: Level = "inflation" if named_ones or len(rows) > 0.2 * len(baseline.test) else "note"
    return Finding("copied_neighbours", level, place, size, fix)


def _bar(context: AuditContext, baseline: CopyBaseline) -> Finding:
    what = baseline.units.what
    place = f"Copying the nearest training {what.replace('_', ' ')} is the bar to beat"
    return Finding("copied_neighbours", "note", place, _size(context, baseline), "compare the score with this one")


def _each(context: AuditContext, baseline: CopyBaseline) -> list[float]:
    """Score of copying into each test unit alone; for units of few cells of the curve at their distance."""
    units = baseline.units
    if not units.names or units.values.shape[1] < FEWEST_CELLS:
        return [_at(baseline.curve, distance) for distance in baseline.distance]
    spread, classes = float(np.nanvar(units.values)), _classes(context)
    return [
        copy_score(units.values, near[None], units.values, test[None], classes=classes, variance=spread)
        for near, test in zip(baseline.nearest, baseline.test, strict=True)
    ]


def _at(curve: list[CopyStep], distance: float) -> float:
    known = [step for step in curve if np.isfinite(step.score)]
    return float(np.interp(distance, [step.distance for step in known], [step.score for step in known]))


def _promised_distance(context: AuditContext, baseline: CopyBaseline) -> float:
    """Distance from files to be predicted to known places where they are given, else the usual spacing."""
    from scipy.spatial import KDTree

    points = cartesian(context.deploy) if context.deploy else None
    if points is None or baseline.units.unit != "m":
        return baseline.spacing
    return float(np.median(KDTree(baseline.units.position).query(points)[0]))


def _classes(context: AuditContext) -> int | None:
    return int(np.nanmax(context.target_values)) + 1 if context.is_class else None


def _ground(baseline: CopyBaseline, distance: np.ndarray) -> np.ndarray:
    return along_surface(distance, baseline.units.position.shape[1])


def _length(baseline: CopyBaseline, distance: float) -> str:
    unit = baseline.units.unit
    if unit != "m":
        return f"{distance:,.0f} {unit}"
    metres = float(_ground(baseline, np.asarray(distance)))
    return f"{metres:,.0f} m" if metres < 10_000 else f"{metres / 1000:,.0f} km"


def _size(context: AuditContext, baseline: CopyBaseline) -> str:
    measure = "mIoU" if context.is_class else "NSE"
    middle = _length(baseline, float(np.median(baseline.distance)))
    return (
        f"copying scores {measure} {baseline.score:.3f} at {middle} from training (median), "
        f"{baseline.far:.3f} between far {plural(baseline.units.what)}"
    )


def _wider_fix(context: AuditContext, baseline: CopyBaseline) -> str:
    what = baseline.units.what
    if baseline.units.unit == "m":
        return "[promise] area = {block_m = ..., buffer_m = ...}, with blocks wider than the distance of likeness"
    if what in ("sample", "column"):
        return "hold out whole records, a later part or blocks: [promise] new = ..., later = ... or area = ..."
    return f'hold out a block of {plural(what)} with a buffer, or promise what this measures: between = "{what}"'
