"""Test wells beside training wells are easier than the new well that the promise speaks of."""

from __future__ import annotations

import numpy as np

from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import Finding, Level
from outcrop.split.promise import named, plural

SAME_PLACE_M = 1.0


def close_neighbours(context: AuditContext) -> list[Finding]:
    """Sidetracks and records at one location are a violation; distances below the limit are an inflation.

    Uses `Record.position` (easting, northing in metres) and the group key `well_root`. Applies to promises of new
    groups only: under others the same record may be on both sides.
    """
    if context.key is None:
        return []
    test = context.records_in(context.split.test)
    fitted = np.setdiff1d(context.records_in(context.split.fitted), test)
    return _sidetracks(context, test, fitted) + _near(context, test, fitted)


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


def _near(context: AuditContext, test: np.ndarray, fitted: np.ndarray) -> list[Finding]:
    place = np.array([[r.position.get("easting", np.nan), r.position.get("northing", np.nan)] for r in context.ordered])
    test, fitted = test[np.isfinite(place[test]).all(axis=1)], fitted[np.isfinite(place[fitted]).all(axis=1)]
    if not len(test) or not len(fitted):
        return []
    distance = np.linalg.norm(place[test][:, None] - place[fitted][None], axis=-1)
    nearest = distance.argmin(axis=1)
    metres = distance[np.arange(len(test)), nearest]
    same = metres < SAME_PLACE_M
    close = (metres < context.neighbour_distance_m) & ~same
    names, findings = context.origins.names, []
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
