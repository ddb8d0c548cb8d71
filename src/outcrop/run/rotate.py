"""Every split of the promise solved in turn: network, validity and baselines, gathered into one table of samples."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import equinox as eqx
import numpy as np

from outcrop.evaluate.picks import Picking
from outcrop.evaluate.scored import Scored
from outcrop.run import generate, parts, reconstruct
from outcrop.run.area import area_of, distances
from outcrop.run.folder import plain, write_atomic
from outcrop.run.ladder import Ladder, leads, names_of, samples_of
from outcrop.run.lines import line_key
from outcrop.run.picking import pick_columns, pick_unit, picking_of, settled
from outcrop.run.problem import Problem
from outcrop.run.solve import Solved, Tell, solve
from outcrop.run.uncertain import PROBABILITY, columns_on, held_scores, model_columns
from outcrop.split.promise import Split
from outcrop.train.checkpoint import load_checkpoint, save_checkpoint
from outcrop.view.rows import Rows
from outcrop.view.view import View


@dataclass(frozen=True)
class Fold:
    """What one split leaves behind, as arrays and plain numbers.

    Attributes:
        record, sample, read: the scored predictions, as in `Rows`.
        columns: contender -> predictions; `probability:NAME` -> (sample, class); `distance`, `inside`.
        notes: best step, stop reasons, history, validity threshold, normaliser, seconds.
        solved: the networks, where they are still in memory.
        held: `record`, `sample` and `score` of the rows that intervals can be calibrated on, where one split has them.
    """

    record: np.ndarray
    sample: np.ndarray
    read: np.ndarray
    columns: Mapping[str, np.ndarray]
    notes: Mapping[str, Any] = field(default_factory=dict)
    solved: Solved | None = None
    held: Mapping[str, np.ndarray] = field(default_factory=dict)


def solve_fold(
    problem: Problem,
    view: View,
    split: Split,
    *,
    number: int,
    folder: Path | None = None,
    resume: bool = False,
    tell: Tell | None = None,
    title: str = "training",
    ladder: bool = True,
) -> Fold:
    """Solves one split, or reads it back when a resumed run had finished it.

    Args:
        number: of the fold; part of its seed.
        folder: where checkpoints go; None keeps nothing on disk.
        ladder: whether to fit the baselines too.
    """
    begun = time.monotonic()
    labels = parts.with_labels(split, parts.labelled_examples(problem, view))
    seed = problem.config.train.seed * 1000 + number
    done = folder / f"fold-{number}.npz" if folder else None
    if resume and done is not None and done.is_file():
        return _read(done)
    checkpoint = folder / f"fold-{number}.ckpt" if folder else None
    solved = solve(problem, view, labels, seed=seed, tell=tell, title=title, checkpoint=checkpoint, resume=resume)
    trained = time.monotonic() - begun
    if problem.generates:
        loss = parts.loss_of(problem.config, problem, solved.normaliser)
        test, columns, known = generate.fold_columns(problem, view, labels, solved, loss, ladder=ladder, tell=tell)
    else:
        test = samples_of(problem, view, labels.test, problem.labelled())
        columns, known = _answers(problem, view, split, labels, solved, test, seed, ladder, tell)
    area = area_of(problem, view, labels, solved.tables)
    columns["distance"] = distances(area, problem, view, solved.tables, labels.test, test)
    columns["inside"] = area.inside(columns["distance"])
    notes = {
        "best_steps": [fit.best_step for fit in solved.fits],
        "stage_steps": [_of_every_stage(problem, fit.stage_steps) for fit in solved.fits],
        "stop_reasons": [fit.stop_reason for fit in solved.fits],
        "history": [{"member": m, **row} for m, fit in enumerate(solved.fits) for row in fit.history],
        "threshold": area.threshold,
        "normaliser": solved.normaliser.to_json() | {"saw": {}},
        "waited_seconds": sum(fit.waited for fit in solved.fits),
        "train_seconds": trained,  # members may train side by side: their own times do not add up
        "seconds": time.monotonic() - begun,
        **known,
    }
    held = {} if problem.reconstructs or problem.generates else held_scores(problem, view, labels, solved)
    fold = Fold(*test, columns, notes, solved, held)
    if done is not None and checkpoint is not None:
        _write(done, fold)
        for left in checkpoint.parent.glob(f"{checkpoint.stem}*{checkpoint.suffix}"):  # one per member, or one for all
            left.unlink()
    return fold


def _answers(
    problem: Problem,
    view: View,
    split: Split,
    labels: Split,
    solved: Solved,
    test: Rows,
    seed: int,
    ladder: bool,
    tell: Tell | None,
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """What the network and the baselines say of the test part, and what was settled on validation to read it."""
    if problem.reconstructs:
        columns = reconstruct.fold_columns(problem, view, labels, solved, test, ladder=ladder, tell=tell)
        usual = reconstruct.usual_of(problem, view, labels, solved)
        return columns, {"pick_thresholds": [], "usual": None if usual is None else asdict(usual)}
    columns = model_columns(problem, view, split, solved, test)
    if ladder:
        columns |= _baseline_columns(problem, view, labels, solved, test, seed, tell)
    how = _picks(problem, view, labels, solved)
    if how is not None:
        columns |= pick_columns(problem, test, columns, how)
    return columns, {"pick_thresholds": [] if how is None else list(how.thresholds), "usual": None}


def _picks(problem: Problem, view: View, labels: Split, solved: Solved) -> Picking | None:
    """How picks are read, with thresholds from the validation part; None where the target is not picks."""
    how = picking_of(problem)
    if how is None or not len(labels.validation):
        return how and settled(how, problem, None, None)
    rows = samples_of(problem, view, labels.validation, problem.labelled())
    return settled(how, problem, rows, columns_on(problem, view, solved, labels.validation, rows)[PROBABILITY])


def _of_every_stage(problem: Problem, steps: Sequence[int]) -> list[int]:
    """Steps of each stage up to the best model; stages that were not begun have none."""
    return [*steps, *[0] * (len(problem.config.train.stages) - len(steps))]


def _baseline_columns(
    problem: Problem, view: View, labels: Split, solved: Solved, test: Rows, seed: int, tell: Tell | None
) -> dict[str, np.ndarray]:
    ladder = Ladder(problem, view, labels, solved.normaliser, solved.tables)
    columns: dict[str, np.ndarray] = {}
    names = names_of(problem, view)
    for done, name in enumerate(names):
        if tell is not None:
            tell("baselines", done, len(names), name.replace("_", " "))
        prediction = ladder.predict(name, test, seed)
        columns[name] = prediction.values
        if prediction.probabilities is not None:
            columns[f"probability:{name}"] = prediction.probabilities
    return columns


def rows_of(folds: Sequence[Fold]) -> tuple[Rows, np.ndarray]:
    """The rows of all folds, and their order by records, samples and what was read last."""
    rows = Rows(*(np.concatenate([getattr(fold, name) for fold in folds]) for name in Rows._fields))
    return rows, np.lexsort((rows.read, rows.sample, rows.record))


def scored_of(problem: Problem, view: View, folds: Sequence[Fold], split: Split | None = None) -> Scored:
    """All folds' predictions as one table, in order; blocks and lines as `split` has them."""
    rows, order = rows_of(folds)
    number = np.concatenate([np.full(len(fold.record), i) for i, fold in enumerate(folds)])
    names = tuple(r.name for r in problem.records)
    columns = {name: np.concatenate([fold.columns[name] for fold in folds])[order] for name in folds[0].columns}
    flat = np.concatenate([r.flat(problem.target.name) for r in problem.records])
    at = rows.flat(view.cells.offsets)[order]
    lead = leads(view, rows)[order]
    position = np.concatenate([r.axis for r in problem.records])[at]
    contenders = {k: v for k, v in columns.items() if ":" not in k and k not in ("distance", "inside")}
    probabilities, quantiles, picks = (
        {k.partition(":")[2]: v for k, v in columns.items() if k.startswith(prefix)}
        for prefix in ("probability:", "quantiles:", "picks:")
    )
    groups = {key: np.array([r.groups.get(key, "") for r in problem.records]) for key in problem.records[0].groups}
    unit = pick_unit(problem) if picks else problem.target.unit or ""
    members = {} if split is None or split.unit is None else {unit_key(problem, split): split.unit[at]}
    if problem.reconstructs:
        target = contenders.pop(reconstruct.TARGET)
        table = Scored(
            rows.record[order],
            names,
            position,
            flat[at],
            contenders,
            fold=number[order],
            groups=groups,
            members=members,
        )
        return reconstruct.flat_scored(problem, table, target)
    table = Scored(
        rows.record[order], names, position, flat[at], contenders, probabilities, fold=number[order],
        classes=None if problem.generates else problem.classes, groups=groups, unit=unit, members=members,
        lead=lead if len(np.unique(lead)) > 1 else None, quantiles=quantiles, picks=picks,
    )  # fmt: skip
    return generate.scored_examples(table) if problem.generates else table


def unit_key(problem: Problem, split: Split) -> str:
    """The group key over which scores are resampled: that of the promise, or the blocks and lines of its split."""
    if problem.config.promise.new:
        return problem.config.promise.new
    return line_key(problem) or "record" if split.unit is None else split.noun


def _write(path: Path, fold: Fold) -> None:
    """One file with the fold's columns, one with its networks: a resumed run takes both from there."""
    notes = np.frombuffer(json.dumps(plain(fold.notes)).encode(), np.uint8)
    if fold.solved is not None:
        arrays = [eqx.filter(member, eqx.is_array) for member in fold.solved.members]
        save_checkpoint(path.with_suffix(".members"), arrays, {"members": len(arrays)})
    columns: dict[str, Any] = {f"column:{name}": value for name, value in fold.columns.items()}
    columns |= {f"held:{name}": value for name, value in fold.held.items()}
    rows = {name: getattr(fold, name) for name in Rows._fields}
    write_atomic(path, lambda p: np.savez(p, **rows, notes=notes, **columns))


def _read(path: Path) -> Fold:
    with np.load(path, allow_pickle=False) as held:
        columns, scores = (
            {name.partition(":")[2]: held[name] for name in held.files if name.startswith(prefix)}
            for prefix in ("column:", "held:")
        )
        notes = json.loads(held["notes"].tobytes().decode())
        return Fold(*(held[name] for name in Rows._fields), columns, notes, None, scores)


def members_of(problem: Problem, view: View, fold: Fold, path: Path, normaliser: Any) -> list[Any]:
    """The networks of a fold: from memory, or from the file that a resumed run finds."""
    if fold.solved is not None:
        return fold.solved.members
    like = parts.outline(problem, view, normaliser)
    arrays, static = eqx.partition(like, eqx.is_array)
    count = problem.config.model.members
    members, _ = load_checkpoint(path, [arrays] * count)
    return [eqx.combine(member, static) for member in members]
