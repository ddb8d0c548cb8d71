"""Test wells beside training wells are easier than the new well that the promise speaks of."""

from __future__ import annotations

import numpy as np

from outcrop.data.space import along_surface, cartesian
from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import Finding, Level
from outcrop.split.promise import named, plural

SAME_PLACE_M = 1.0


def close_neighbours(context: AuditContext) -> list[Finding]:
    """Sidetracks and records at one location are a violation; distances below the limit are an inflation.

    Uses the positions of records or, where the promised group is a coordinate of samples (stations along a dimension),
    of these groups; on a map or on the sphere. Lines and areas, which have an extent, are left to `copied_neighbours`.
    Applies to promises of new groups only: under others the same record may be on both sides.
    """
    if context.key is None:
        return []
    if context.key not in context.origins.groups:
        return _near(context, *_groups_of_samples(context))
    test = context.records_in(context.split.test)
    fitted = np.setdiff1d(context.records_in(context.split.fitted), test)
    names = np.asarray(context.origins.names)
    return _sidetracks(context, test, fitted) + _near(context, names, _record_places(context), test, fitted)


def _record_places(context: AuditContext) -> np.ndarray | None:
    """Where each record is, shape (record, 2 or 3) in metres; NaN for unknown ones and for those with an extent.

    Simulated realisations share their coordinates and lie nowhere.
    """
    if all(record.format == "simulation" for record in context.ordered):
        return None
    places = []
    for record in context.ordered:
        point = cartesian({name: np.array([value]) for name, value in record.position.items()})
        places.append(np.full(0, np.nan) if point is None else point[0])
    size = max(map(len, places))
    if size:
        return np.array([place if len(place) == size else np.full(size, np.nan) for place in places])
    return None if context.points is None else _centres(context, context.points, context.record_of, len(places))


def _groups_of_samples(
    context: AuditContext,
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray, np.ndarray]:
    """Names and places of the groups, and which are in the test part and in what was fitted."""
    key = context.key or "record"
    names, code = context.group_codes(key)
    test, fitted = (
        np.flatnonzero(np.isin(names, context.groups_in(part, key)))
        for part in (context.split.test, context.split.fitted)
    )
    places = None if context.points is None else _centres(context, context.points, code, len(names))
    return names, places, test, np.setdiff1d(fitted, test)


def _centres(context: AuditContext, points: np.ndarray, code: np.ndarray, count: int) -> np.ndarray:
    """Mean position of each group of samples; NaN where the group extends over more than the limit."""
    known = np.isfinite(points).all(axis=1)
    points, code = points[known], code[known]
    size = np.bincount(code, minlength=count)
    centre = np.stack([np.bincount(code, column, minlength=count) for column in points.T], axis=1)
    centre = centre / np.where(size, size, np.nan)[:, None]
    extent = np.zeros(count)
    np.maximum.at(extent, code, np.linalg.norm(points - centre[code], axis=1))
    wide = extent > context.neighbour_distance_m / 2
    centre[wide | (wide[size > 0].mean() > 0.5)] = np.nan  # among lines a short one is a line too
    return centre


def _sidetracks(context: AuditContext, test: np.ndarray, fitted: np.ndarray) -> list[Finding]:
    if context.key == "well_root" or "well_root" not in context.origins.groups:
        return []
    root = np.asarray(context.origins.groups["well_root"])
    known = set(root[fitted].tolist()) - {""}
    shared = [r for r in test if root[r] in known]
    if not shared:
        return []
    names = context.origins.names
    pairs = [f"{names[r]} beside {next(names[f] for f in fitted if root[f] == root[r])}" for r in shared]
    place = f"Test records are sidetracks of training wells: {named(pairs)}"
    size = f"{len(shared)} of {len(test)} test records"
    return [Finding("close_neighbours", "violation", place, size, '[promise] new = "well_root"')]


def _near(
    context: AuditContext, names: np.ndarray, place: np.ndarray | None, test: np.ndarray, fitted: np.ndarray
) -> list[Finding]:
    if place is None:
        return []
    test, fitted = test[np.isfinite(place[test]).all(axis=1)], fitted[np.isfinite(place[fitted]).all(axis=1)]
    if not len(test) or not len(fitted):
        return []
    from scipy.spatial import KDTree

    straight, nearest = KDTree(place[fitted]).query(place[test])
    metres = along_surface(straight, place.shape[1])
    same = metres < SAME_PLACE_M
    close = (metres < context.neighbour_distance_m) & ~same
    findings = []
    graded: tuple[tuple[Level, np.ndarray], ...] = (("violation", same), ("inflation", close))
    for level, chosen in graded:
        if not chosen.any():
            continue
        rows = np.flatnonzero(chosen)[np.argsort(metres[chosen])]
        pairs = [f"{names[test[i]]} to {names[fitted[nearest[i]]]}: {metres[i]:,.0f} m" for i in rows]
        what = "stand where a training record stands" if level == "violation" else "lie close to training records"
        size = f"{len(rows)} of {len(test)} test records, nearest {metres[rows[0]]:,.0f} m"
        fix = _fix(context, level)
        findings.append(
            Finding("close_neighbours", level, f"Test {plural('record')} {what}: {named(pairs)}", size, fix)
        )
    return findings


def _fix(context: AuditContext, level: Level) -> str:
    wider = next((k for k in ("well_root", "field") if k in context.origins.groups and k != context.key), None)
    if wider:
        return f'[promise] new = "{wider}"'
    if level == "violation":
        return f'give records of one place one value in data.groups, and promise it: new = "{context.key}"'
    return f"read the score as that of a {context.key} within {context.neighbour_distance_m:,.0f} m of a known one"
