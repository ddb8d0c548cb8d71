"""The measured side of a run: from the folds' samples to the content of metrics.json and findings.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from outcrop.data.space import along_surface, cartesian
from outcrop.evaluate import findings as sentences
from outcrop.evaluate.breakdown import Extras, Held
from outcrop.evaluate.gap import optimism_gap
from outcrop.evaluate.ledger import Ledger
from outcrop.evaluate.resample import NOUNS
from outcrop.evaluate.scored import MODEL, Scored
from outcrop.evaluate.summary import Question, assemble, plain
from outcrop.evaluate.summary import summarise as summarise_promise
from outcrop.metric.table import primary
from outcrop.run import gap, parts
from outcrop.run.check import Check
from outcrop.run.folder import fingerprint
from outcrop.run.generate import entry_of
from outcrop.run.ledger import ledger_of
from outcrop.run.lines import numbered_by
from outcrop.run.picking import picking_of
from outcrop.run.problem import Problem
from outcrop.run.reconstruct import alarms
from outcrop.run.rotate import Fold, rows_of, unit_key
from outcrop.run.solve import Tell
from outcrop.run.uncertain import Intervals
from outcrop.split.promise import Split
from outcrop.train.signs import signs
from outcrop.view.view import View


def summarise(
    checked: Check, folds: Sequence[Fold], scored: Scored, held: Intervals | None, *, tell: Tell | None = None
) -> tuple[str, dict[str, Any]]:
    """One promise and its entry of metrics.json: scores, intervals, verdicts, breakdowns and the optimism gap."""
    problem, section = checked.problem, checked.problem.config.evaluate
    asked = parts.metrics_of(problem)
    key = unit_key(problem, checked.splits[0])
    question = Question(
        checked.splits[0].promise, key=key, metrics=asked, in_time=_in_time(problem, key), noun=NOUNS.get(key),
        draws=section.bootstrap,
    )  # fmt: skip
    extras = Extras(
        high_confidence=None if held is None else _high_confidence(problem, checked.view, folds),
        valid=None if problem.generates else _valid(scored, folds),
        distances=distances(problem, checked.splits) or line_distances(problem, checked.view, checked.splits),
        gap=_gap(checked, scored, asked, tell),
        intervals=None if scored.picks or held is None else _held(held, rows_of(folds)[1]),
        picking=picking_of(problem),
        ledger=_ledger(problem, checked.view, folds),
        quantities=section.quantities,
    )
    entry = summarise_promise(scored, question, extras)
    if problem.reconstructs:
        entry["anomaly"] = plain(alarms(problem, folds))
    if problem.generates:
        entry |= plain(entry_of(folds))
    return question.promise, entry


def _valid(scored: Scored, folds: Sequence[Fold]) -> np.ndarray:
    """Which rows lie inside the area of validity; a scored sample may have several."""
    rows = max(len(rows_of(folds)[1]), 1)
    return np.repeat(_ordered(folds, "inside"), max(len(scored), 1) // rows)


def _ledger(problem: Problem, view: View, folds: Sequence[Fold]) -> Ledger | None:
    """The declared checks, with the rows in the order of the scored table."""
    rows, order = rows_of(folds)
    return ledger_of(problem, view, rows.where(order))


def _in_time(problem: Problem, key: str) -> bool:
    """Whether a score rests on blocks of time: a later time, in records that share their time axis."""
    dated = all(record.axis.dtype.kind == "M" for record in problem.records)
    return dated and key == "record" and problem.config.promise.kinds == ("later",)


def _held(held: Intervals, order: np.ndarray) -> Held:
    """The intervals in the order of the scored table."""
    size = held.sets.sum(axis=1) if held.sets is not None else np.subtract(held.high, held.low)
    return Held(held.inside[order], np.asarray(size, float)[order], held.calibration, held.method)


def assembled(checked: Check, entries: Mapping[str, Any], folds: Sequence[Fold]) -> dict[str, Any]:
    """The content of metrics.json, from the entries of all promises and the folds of all of them."""
    timing = {
        "train_seconds": sum(fold.notes["train_seconds"] for fold in folds),
        "data_wait_seconds": sum(fold.notes.get("waited_seconds", 0.0) for fold in folds),
        "folds_seconds": sum(fold.notes["seconds"] for fold in folds),
    }
    return assemble(entries, effective_samples=asdict(checked.effective), timing=timing)


def findings(metrics: Mapping[str, Any], checked: Check, folds: Sequence[Fold] = ()) -> list[dict[str, Any]]:
    """The content of findings.json: what the metrics, the audit and the gradients of the trainings say."""
    told = sentences.findings(metrics, checked.findings)
    told += [sign._asdict() for sign in signs([own for fold in folds for own in histories(fold)])]
    before = metrics.get("scored_before", 0)
    if before:
        text = (
            f"This test part had been scored {before} time{'s' * (before > 1)} before in this project; "
            "settings chosen since then have seen it."
        )
        told.append({"id": "scored_before", "sentence": text, "values": {"/scored_before": before}})
    return told


def histories(fold: Fold) -> list[list[dict[str, Any]]]:
    """The rows of the history of each member."""
    rows: dict[int, list[dict[str, Any]]] = {}
    for row in fold.notes["history"]:
        rows.setdefault(row["member"], []).append(row)
    return list(rows.values())


def test_fingerprint(checked: Check) -> str:
    """Names a test part: the data's fingerprint and the samples that are tested, whatever the model."""
    spans = [
        f"{name}:{span}"
        for split in checked.splits
        for name, span in sorted(checked.view.score_ranges(split.test).items())
    ]
    files = [f"{r.name}:{r.sha256}" for r in checked.problem.records]
    return fingerprint([*sorted(files), checked.problem.target.name, *sorted(spans)])


def distances(problem: Problem, splits: Sequence[Split]) -> dict[str, float]:
    """Record -> metres along the ground to the nearest training record of its fold, where both have a position."""
    key = problem.config.promise.new
    if not key or any(key not in record.groups for record in problem.records):
        return {}
    places = {r.name: cartesian({k: np.array([v]) for k, v in r.position.items()}) for r in problem.records}
    at = {name: place[0] for name, place in places.items() if place is not None and np.isfinite(place).all()}
    group = {r.name: str(r.groups.get(key, "")) for r in problem.records}
    found: dict[str, float] = {}
    for split in splits:
        train = np.array([at[name] for name in at if group[name] in split.groups["train"]])
        for name, place in at.items():
            if group[name] in split.groups["test"] and len(train) and train.shape[1] == len(place):
                found[name] = float(along_surface(np.linalg.norm(train - place, axis=1).min(), len(place)))
    return found


def line_distances(problem: Problem, view: View, splits: Sequence[Split]) -> dict[str, float]:
    """Record -> metres from its number to that of the nearest training record, where numbers have a spacing."""
    name = numbered_by(problem.config.promise) or ""
    spacing = problem.frame.spacing_m.get(name)
    if spacing is None or any(name not in record.position for record in problem.records):
        return {}
    number = np.array([record.position[name] for record in problem.records]) * spacing
    found: dict[str, float] = {}
    for split in splits:
        train, test = (np.unique(view.origins.record[part]) for part in (split.train, split.test))
        gap = np.abs(number[test][:, None] - number[train]).min(axis=1)
        found |= {problem.records[which].name: float(metres) for which, metres in zip(test, gap, strict=True)}
    return found


def _ordered(folds: Sequence[Fold], column: str) -> np.ndarray:
    """A column of all folds in the order of the scored table."""
    return np.concatenate([fold.columns[column] for fold in folds])[rows_of(folds)[1]]


def _high_confidence(problem: Problem, view: View, folds: Sequence[Fold]) -> np.ndarray | None:
    """Which scored samples carry a label of the stated quality."""
    flat = parts.trusted_samples(problem)
    rows, order = rows_of(folds)
    return None if flat is None else flat[rows.flat(view.cells.offsets)[order]]


def _gap(checked: Check, scored: Scored, asked: tuple[str, ...], tell: Tell | None) -> dict[str, Any] | None:
    problem = checked.problem
    if problem.generates or not gap.wanted(problem, checked.view, checked.splits):
        return None
    metric = primary(scored.kind, cost=scored.cost is not None, wanted=asked[0] if asked else None)
    random = gap.random_score(problem, checked.view, checked.splits[0], metric, tell)
    noun = problem.config.promise.new or {"later": "period"}.get(problem.config.promise.kind, "record")
    return optimism_gap(
        random, scored.scorable().value(metric, MODEL), metric, unit=scored.unit, noun=NOUNS.get(noun, noun)
    )
