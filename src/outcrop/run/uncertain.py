"""The network's predictions with their uncertainty: columns of a fold, and intervals calibrated over all folds.

Scores of calibration are taken in scaled units of the target, so that a logarithm widens by factors. In a rotation each
fold is calibrated on what the other folds held out; with one split on its calibration part, else on validation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from outcrop.data.normalise import Normaliser
from outcrop.evaluate.conformal import Calibration, calibrate, fewest_groups, missed, outside, sets
from outcrop.evaluate.decisions import decide
from outcrop.evaluate.distribution import LEVELS
from outcrop.evaluate.resample import NOUNS, default_length, step_noun
from outcrop.evaluate.scored import MODEL
from outcrop.evaluate.words import count
from outcrop.records import Record
from outcrop.run.ladder import samples_of
from outcrop.run.problem import Problem
from outcrop.run.solve import Mixture, Solved, predict_rows
from outcrop.split.promise import Split
from outcrop.view.rows import Rows
from outcrop.view.view import View

if TYPE_CHECKING:
    from outcrop.run.rotate import Fold

SCALED, QUANTILES, PROBABILITY = f"scaled:{MODEL}", f"quantiles:{MODEL}", f"probability:{MODEL}"


def bounds(level: float) -> tuple[float, float]:
    """Levels of the quantiles that bound an interval.

    >>> tuple(round(b, 3) for b in bounds(0.9))
    (0.05, 0.95)
    """
    return (1 - level) / 2, (1 + level) / 2


def mixture_of(problem: Problem, members: Sequence[Any]) -> Mixture:
    """The networks of a run with what it asks of them: quantiles for scoring, then those of the interval."""
    section = problem.config.evaluate
    return Mixture(members, problem.head, section.mc_dropout, (*LEVELS, *bounds(section.interval)))


def model_columns(problem: Problem, view: View, split: Split, solved: Solved, test: Rows) -> dict[str, np.ndarray]:
    """The network's predictions on the scored rows, stitched from all test examples."""
    return columns_on(problem, view, solved, split.test, test)


def held_scores(problem: Problem, view: View, split: Split, solved: Solved) -> dict[str, np.ndarray]:
    """Scores of calibration on the calibration part, else on validation; empty where there is neither."""
    index = split.calibration if len(split.calibration) else split.validation
    if not len(index):
        return {}
    rows = samples_of(problem, view, index, problem.labelled())
    columns = columns_on(problem, view, solved, index, rows)
    return {"record": rows.record, "sample": rows.sample, "score": _scores(problem, columns, rows, view)}


def columns_on(problem: Problem, view: View, solved: Solved, index: np.ndarray, wanted: Rows) -> dict[str, np.ndarray]:
    """The network's predictions on some rows, stitched from the examples `index`."""
    found = predict_rows(mixture_of(problem, solved.members), view, solved.tables, index, problem.records)
    values = matching(view, *found, wanted)
    if problem.classes is not None:
        labels = decide(values, problem.classes.cost, problem.config.evaluate.decide)
        return {MODEL: labels, PROBABILITY: values.astype(np.float32)}
    flat = wanted.flat(view.cells.offsets)
    physical = decoded(solved.normaliser, values, problem.records, flat)
    target = np.concatenate([np.asarray(solved.tables[record.name].target) for record in problem.records])[flat]
    edges = values[:, -2:] if values.shape[1] > 1 else np.repeat(values, 2, axis=1)
    columns = {MODEL: physical[:, 0], SCALED: np.column_stack([edges, target]).astype(np.float32)}
    if values.shape[1] > 1:
        columns[QUANTILES] = physical[:, 1 : 1 + len(LEVELS)].astype(np.float32)
    return columns


def decoded(
    normaliser: Normaliser, values: np.ndarray, records: Sequence[Record], flat: np.ndarray | slice = slice(None)
) -> np.ndarray:
    """Scaled values (row, column) in the unit of the target; `flat` says which samples of all records end to end."""
    axis, place = (np.concatenate([getattr(r, name) for r in records])[flat, None] for name in ("axis", "place"))
    return normaliser.decode_target(values, *(np.broadcast_to(column, values.shape) for column in (axis, place)))


def matching(view: View, rows: Rows, values: np.ndarray, wanted: Rows) -> np.ndarray:
    """The values of the rows that are wanted; both lie in the order of samples and what was read last."""
    offsets, total = view.cells.offsets, np.int64(view.cells.total)
    have, want = (one.flat(offsets) * total + one.flat_read(offsets) for one in (rows, wanted))
    return values[np.searchsorted(have, want)]


def _scores(problem: Problem, columns: Mapping[str, np.ndarray], rows: Rows, view: View) -> np.ndarray:
    """How far each true value lies outside; or, for classes, how improbable the true one was."""
    if problem.classes is None:
        return outside(*columns[SCALED].T)
    target = np.concatenate([record.flat(problem.target.name) for record in problem.records])
    return missed(columns[PROBABILITY], target[rows.flat(view.cells.offsets)])


@dataclass(frozen=True)
class Intervals:
    """Calibrated intervals or sets of all scored rows, in the order of the folds.

    Attributes:
        calibration: for later predictions.
        low, high: in the unit of the target, shape (row,); NaN where there is no interval; None for classes.
        sets: which classes belong to each set (row, class); None for numbers.
        inside: whether the true value is held, shape (row,).
        method: how it was calibrated, in words.
    """

    calibration: Calibration
    low: np.ndarray | None
    high: np.ndarray | None
    sets: np.ndarray | None
    inside: np.ndarray
    method: str


def intervals(problem: Problem, view: View, splits: Sequence[Split], folds: Sequence[Fold]) -> Intervals:
    """Calibrates every fold and applies it to what that fold held out."""
    level, rotation = problem.config.evaluate.interval, len(folds) > 1
    rows = [Rows(fold.record, fold.sample, fold.read) for fold in folds]
    scores = [_scores(problem, fold.columns, own, view) for fold, own in zip(folds, rows, strict=True)]
    unit, noun = units_of(problem, view, splits[0], rows)
    if rotation:
        each = [
            calibrate(np.concatenate(_but(scores, k)), np.concatenate(_but(unit, k)), level, noun)
            for k in range(len(folds))
        ]
        final = calibrate(np.concatenate(scores), np.concatenate(unit), level, noun)
        method = "on what the other folds held out"
    else:
        held = folds[0].held
        none = np.empty(0, np.int64)
        own = Rows(held.get("record", none), held.get("sample", none), held.get("sample", none))
        which, noun = units_of(problem, view, splits[0], [own])
        final = calibrate(held.get("score", np.empty(0)), which[0], level, noun)
        each = [final]
        method = "on the calibration part" if len(splits[0].calibration) else "on validation, which training stops on"
    applied = [_applied(problem, view, *one) for one in zip(folds, rows, scores, each, strict=True)]
    low, high, held_sets, inside = (
        None if column[0] is None else np.concatenate(column) for column in zip(*applied, strict=True)
    )
    return Intervals(final, low, high, held_sets, inside, method)


def _but(parts: Sequence[np.ndarray], k: int) -> list[np.ndarray]:
    return [part for number, part in enumerate(parts) if number != k]


def _applied(
    problem: Problem, view: View, fold: Fold, rows: Rows, scores: np.ndarray, calibration: Calibration
) -> tuple[Any, Any, Any, np.ndarray]:
    """Low, high, sets and whether the truth is inside, of one fold."""
    nothing = np.zeros(len(rows), bool)
    if problem.classes is not None:
        probabilities = fold.columns[PROBABILITY]
        if calibration.margin is None:
            return None, None, np.zeros(probabilities.shape, bool), nothing
        chosen = sets(probabilities, calibration.margin)
        target = np.concatenate([record.flat(problem.target.name) for record in problem.records])
        own = target[rows.flat(view.cells.offsets)]
        return None, None, chosen, chosen[np.arange(len(own)), np.maximum(own, 0)] & (own >= 0)
    if calibration.margin is None:
        return np.full(len(rows), np.nan), np.full(len(rows), np.nan), None, nothing
    edges = fold.columns[SCALED][:, :2] + calibration.margin * np.array([-1.0, 1.0])
    normaliser, flat = Normaliser.from_json(fold.notes["normaliser"]), rows.flat(view.cells.offsets)
    low, high = decoded(normaliser, np.sort(edges, axis=1), problem.records, flat).T
    return low, high, None, scores <= calibration.margin


def block_length(steps: np.ndarray, level: float) -> int:
    """Steps per block of calibration: as for the score's own interval, or down to half of that where the level needs
    more blocks.

    >>> [block_length(np.arange(209.0), level) for level in (0.9, 0.95, 0.99)]
    [14, 11, 7]
    """
    usual = default_length(steps)
    return min(usual, max((usual + 1) // 2, len(steps) // fewest_groups(level)))


def units_of(problem: Problem, view: View, split: Split, rows: Sequence[Rows]) -> tuple[list[np.ndarray], str]:
    """The exchangeable unit of every row, per fold: the promised group, the block or line, blocks of time, records."""
    offsets, promise = view.cells.offsets, problem.config.promise
    flat = [own.flat(offsets) for own in rows]
    if promise.new and all(promise.new in record.groups for record in problem.records):
        names = [str(record.groups[promise.new]) for record in problem.records]
        code = np.unique(names, return_inverse=True)[1]
        return [code[own.record] for own in rows], NOUNS.get(promise.new, promise.new.replace("_", " "))
    if split.unit is not None:
        return [split.unit[at] for at in flat], split.noun
    axis = np.concatenate([record.axis for record in problem.records])
    if axis.dtype.kind == "M" and "later" in promise.kinds:
        steps = np.unique(axis[np.concatenate(flat)])
        if len(steps) > 1:
            length = block_length(steps, problem.config.evaluate.interval)
            found = [np.searchsorted(steps, axis[at]) // length for at in flat]
            return found, f"block of {count(length, step_noun(steps))}"
    return [own.record for own in rows], "record"
