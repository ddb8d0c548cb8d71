"""From class probabilities along records to picks on samples, ready for `metric.picks`; thresholds from validation.

The class of code 0 is the background, every other one a phase. A true pick is the middle of the samples that carry its
phase. All contenders are read by the same rule; the network's thresholds are chosen on validation, one per phase.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int, Shaped

from outcrop.evaluate.interval import Bootstrap
from outcrop.evaluate.scored import MODEL
from outcrop.metric.picks import (
    FOUND,
    HIT,
    RESIDUAL,
    TRUE,
    Picked,
    bias_of_phases,
    paired,
    peaks,
    pick_sums,
    precision_of_phases,
    recall_of_phases,
    spread_of_phases,
)
from outcrop.metric.picks import f1_of_phases as f1

if TYPE_CHECKING:
    from outcrop.evaluate.breakdown import Part

GRID = np.round(np.arange(0.05, 0.96, 0.05), 2)
PLAIN_THRESHOLD = 0.3
"""Where no validation part tells a better one; that of Zhu and Beroza (2019), doi:10.1093/gji/ggy423."""
WIDE = 5.0
"""Pairs are formed up to so many tolerances, so that scores at a wider tolerance can be told too."""
APART = 10.0
"""Picks of one phase that lie closer than so many tolerances are one."""


@dataclass(frozen=True)
class Picking:
    """How probabilities are read as picks.

    Attributes:
        phases: class index of every phase.
        names: of the phases.
        tolerance: largest residual of a hit, in the unit of the axis (seconds).
        thresholds: of every phase.
    """

    phases: tuple[int, ...]
    names: tuple[str, ...]
    tolerance: float
    thresholds: tuple[float, ...] = ()


def seconds(position: Shaped[np.ndarray, " sample"]) -> Float[np.ndarray, " sample"]:
    """Places along an axis as numbers: time stamps in seconds, others as they are."""
    if position.dtype.kind != "M":
        return np.asarray(position, np.float64)
    return (position - position.min()) / np.timedelta64(1, "ns") / 1e9 if len(position) else np.zeros(0)


def picks_of(
    probability: Float[np.ndarray, " sample"], position: Float[np.ndarray, " sample"], threshold: float, apart: float
) -> Int[np.ndarray, " pick"]:
    """The picks of one phase in one record, as samples; those closer than `apart` (unit of the axis) are one."""
    step = float(np.median(np.diff(position))) if len(position) > 1 else 1.0
    return peaks(probability, threshold, max(1, round(apart / step)))


def true_picks(
    target: Int[np.ndarray, " sample"], record: Int[np.ndarray, " sample"]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First and last row of every stretch of one class in one record, and its class; also of the background."""
    change = np.flatnonzero((np.diff(target) != 0) | (np.diff(record) != 0)) + 1
    first = np.concatenate([[0], change]).astype(np.int64)[: len(target) and None]
    last = np.concatenate([change, [len(target)]]).astype(np.int64)[: len(first)] - 1
    return first, last, np.asarray(target)[first]


def picked(
    probabilities: Float[np.ndarray, "sample class"],
    target: Int[np.ndarray, " sample"],
    record: Int[np.ndarray, " sample"],
    position: Float[np.ndarray, " sample"],
    how: Picking,
) -> Picked:
    """Found and true picks of every phase on the samples, (sample, phase, 4), paired up to `WIDE` tolerances.

    Args:
        probabilities: of samples in order along their records, each record in one piece.
        target: class index.
        record: number of each sample's record.
        position: along the axis, in its unit.
        how: phases, thresholds and tolerance.
    """
    table = np.zeros((len(target), len(how.phases), 4), np.float32)
    first, last, kind = true_picks(target, record)
    edges = np.flatnonzero(np.diff(record, prepend=-1, append=-1))
    for number, (phase, threshold) in enumerate(zip(how.phases, how.thresholds, strict=True)):
        rows, places = ((first + last) // 2)[kind == phase], ((position[first] + position[last]) / 2)[kind == phase]
        table[rows, number, TRUE] = 1
        for start, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            along = position[start:stop]
            found = start + picks_of(probabilities[start:stop, phase], along, threshold, APART * how.tolerance)
            mine = (rows >= start) & (rows < stop)
            _enter(table[:, number], found, position[found], rows[mine], places[mine], how.tolerance)
    return table


def _enter(
    table: np.ndarray, found: np.ndarray, found_at: np.ndarray, rows: np.ndarray, places: np.ndarray, tolerance: float
) -> None:
    """Enters the picks found in one record: pairs on the true pick's sample, the others on their own."""
    pairs = paired(found_at, places, WIDE * tolerance)
    for i, j in pairs.tolist():
        residual = found_at[i] - places[j]
        table[rows[j], [FOUND, HIT, RESIDUAL]] = 1, abs(residual) <= tolerance * (1 + 1e-6), residual
    alone = np.setdiff1d(np.arange(len(found)), pairs[:, 0])
    table[found[alone], FOUND] += 1


def chosen_thresholds(
    probabilities: Float[np.ndarray, "sample class"],
    target: Int[np.ndarray, " sample"],
    record: Int[np.ndarray, " sample"],
    position: Float[np.ndarray, " sample"],
    how: Picking,
) -> tuple[float, ...]:
    """For every phase the threshold of highest F1, smoothed over neighbouring ones: few picks make it jump."""
    every = [
        f1(pick_sums(picked(probabilities, target, record, position, at), target, np.zeros(len(target), int), 1)[0])
        for at in (Picking(how.phases, how.names, how.tolerance, (float(t),) * len(how.phases)) for t in GRID)
    ]
    scores = np.nan_to_num(np.array(every))  # (threshold, phase)
    padded = np.concatenate([scores[:1], scores, scores[-1:]])
    smooth = (padded[:-2] + padded[1:-1] + padded[2:]) / 3
    return tuple(float(GRID[int(np.median(np.flatnonzero(column >= column.max() - 1e-9)))]) for column in smooth.T)


def widened(table: Picked, factor: float, tolerance: float) -> Picked:
    """The same pairs with hits counted up to `factor` tolerances (`WIDE` at most)."""
    wide = np.array(table)
    near = np.abs(wide[..., RESIDUAL]) <= factor * tolerance * (1 + 1e-6)
    wide[..., HIT] = (wide[..., FOUND] > 0) & (wide[..., TRUE] > 0) & near
    return wide


def of_phases(part: Part) -> list[dict[str, object]] | None:
    """One row per phase and tolerance: precision, recall, F1 and residuals of the network and of every baseline."""
    scored, how = part.scored, part.extras.picking
    if how is None:
        return None
    rows: list[dict[str, object]] = []
    for factor in (1.0, WIDE):
        tables = {name: widened(table, factor, how.tolerance) for name, table in scored.picks.items()}
        sums = {
            name: pick_sums(table, scored.target, part.units.member, len(part.units)) for name, table in tables.items()
        }
        for number, phase in enumerate(how.names):
            row: dict[str, object] = {"phase": phase, "tolerance": factor * how.tolerance}
            row["model"] = _scores(sums[MODEL][:, number], part.bootstrap)
            row["baselines"] = {
                name: _scores(each[:, number], part.bootstrap, sums[MODEL][:, number])
                for name, each in sums.items()
                if name != MODEL
            }
            rows.append(row)
    return rows


def _scores(sums: np.ndarray, bootstrap: Bootstrap, model: np.ndarray | None = None) -> dict[str, object]:
    """Scores of one phase from sums (group, 5); F1 with its interval, and the network's lead over it with its own."""
    total, drawn = sums.sum(axis=0), f1(bootstrap.draws @ sums)
    ends = bootstrap.bounded(float(f1(total)), drawn)
    row: dict[str, object] = {
        "f1": float(f1(total)),
        "precision": float(precision_of_phases(total)),
        "recall": float(recall_of_phases(total)),
        "mean_residual": float(bias_of_phases(total)),
        "sd_residual": float(spread_of_phases(total)),
        "found": int(total[0]),
        "true": int(total[1]),
        "hits": int(total[2]),
    }
    row["f1_low"], row["f1_high"] = ends.low, ends.high
    if model is not None:
        lead = float(f1(model.sum(axis=0)) - f1(total))
        ends = bootstrap.bounded(lead, f1(bootstrap.draws @ model) - drawn)
        row["lead"], row["lead_low"], row["lead_high"] = lead, ends.low, ends.high
    return row
