"""One split of a reconstruction: what network and baselines give back, and the table of scored numbers.

A scored sample has one number per reconstructed variable, and per ratio of signal to noise where noise was added. A
fold keeps them as columns (row, ratio * variable), ratio by ratio; the table of scored samples has a row for each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import prod
from typing import Any

import jax
import numpy as np

from outcrop.data.normalise import Encoded
from outcrop.evaluate import reconstruction
from outcrop.evaluate.anomaly import Usual, calibrated
from outcrop.evaluate.reconstruction import Pair
from outcrop.evaluate.scored import MODEL, Scored
from outcrop.run.ladder import samples_of
from outcrop.run.own_target import examples_of
from outcrop.run.problem import Problem
from outcrop.run.solve import PREDICT_BATCH, Solved
from outcrop.split.promise import Split
from outcrop.train.predict import predict
from outcrop.view.corrupted import Corrupted
from outcrop.view.rows import Rows
from outcrop.view.view import View

NOISE_UNITS = "units of the added noise"
STANDARD = "standard units"
TARGET = "reconstructed"
"""Column of what is to be given back."""


def ratios_of(problem: Problem) -> tuple[float | None, ...]:
    """The ratios that held-out examples are scored at; one None where no noise is added."""
    noise = problem.section.noise
    return (None,) if noise is None else tuple(float(r) for r in noise.snr_db)


def restored(
    members: Sequence[Any], view: Corrupted, tables: Mapping[str, Encoded], index: np.ndarray, snr_db: float | None
) -> np.ndarray:
    """What the networks give back of some examples, (example, *size, variable), standard units."""
    batch, scale = view.at(tables, index, snr_db)
    found = np.mean([predict(model, batch, batch_size=PREDICT_BATCH[view.kind]) for model in members], axis=0)
    return found * scale.reshape(-1, *[1] * (found.ndim - 1))


def network_columns(
    problem: Problem, view: View, split: Split, solved: Solved, index: np.ndarray, wanted: Rows
) -> np.ndarray:
    """What the networks give back on the wanted rows, (row, ratio * variable), standard units."""
    own = examples_of(problem, view, split, solved.normaliser, solved.tables)

    def given(ratio: float | None) -> np.ndarray:
        return restored(solved.members, own, solved.tables, index, ratio)

    return _on_rows(problem, view, index, wanted, given)


def _on_rows(problem: Problem, view: View, index: np.ndarray, wanted: Rows, given: Any) -> np.ndarray:
    """What `given(ratio)` says of whole examples, blended on the wanted rows."""
    rows = view.rows(index)
    place = np.searchsorted(rows.flat(view.cells.offsets), wanted.flat(view.cells.offsets))
    parts = []
    for ratio in ratios_of(problem):
        values = np.asarray(given(ratio))
        variables = values.shape[-1]
        parts.append(view.answers(index, values).reshape(len(rows), variables)[place])
    return np.concatenate(parts, axis=1).astype(np.float32)


def names_of(problem: Problem, view: View, model: Any, channels: int) -> tuple[str, ...]:
    """The baselines of a reconstruction: those asked for, or all that fit. A code as large as what is given back has no
    linear rival: so many components give everything back."""
    along_one = view.kind == "windows" and len(view.cells.dims) == 1
    noise = problem.section.noise is not None
    variables = len(problem.reconstructs)
    numbers = variables if view.kind == "points" else prod(view.input_shape(variables))
    coded = 0 < code_size(model, view.input_shape(channels)) < numbers
    fitting = reconstruction.names_for(noise=noise, along_one=along_one, coded=coded)
    asked = problem.config.evaluate.baselines
    return fitting if asked == "auto" else reconstruction.check(tuple(asked), fitting)


def code_size(model: Any, shape: Sequence[int]) -> int:
    """Numbers of the code of one example of a network that has one; 0 for others."""
    if not hasattr(model, "encode"):
        return 0
    code = jax.eval_shape(model.encode, jax.ShapeDtypeStruct(tuple(shape), np.float32))
    return prod((code[0] if isinstance(code, tuple) else code).shape)


def baseline_columns(
    problem: Problem, view: View, split: Split, solved: Solved, wanted: Rows, tell: Any = None
) -> dict[str, np.ndarray]:
    """What every baseline gives back on the wanted rows, fitted and chosen for each ratio apart."""
    own = examples_of(problem, view, split, solved.normaliser, solved.tables)
    model = solved.members[0]
    size = code_size(model, view.input_shape(solved.normaliser.in_channels))
    validation = split.validation if len(split.validation) else split.train
    train, held, test = (
        {ratio: _pair(own, solved.tables, index, ratio) for ratio in ratios_of(problem)}
        for index in (split.train, validation, split.test)
    )
    columns = {}
    names = names_of(problem, view, model, solved.normaliser.in_channels)
    for done, name in enumerate(names):
        if tell is not None:
            tell("baselines", done, len(names), name.replace("_", " "))

        def given(ratio: float | None, name: str = name) -> np.ndarray:
            restore = reconstruction.fit(name, train[ratio][0], held[ratio][0], size)
            pair, scale = test[ratio]
            return restore(pair.noisy) * scale.reshape(-1, *[1] * (pair.noisy.ndim - 1))

        columns[name] = _on_rows(problem, view, split.test, wanted, given)
    return columns


def _pair(view: Corrupted, tables: Mapping[str, Encoded], index: np.ndarray, ratio: float | None) -> tuple[Pair, Any]:
    """Noisy and clean examples as the network gets them, weighted as in the score, and the scale of each."""
    batch, scale = view.at(tables, index, ratio)
    return Pair(batch.inputs[..., list(view.columns)], np.nan_to_num(batch.target), batch.weight), scale


def truth(problem: Problem, tables: Mapping[str, Encoded], rows: Rows, offsets: np.ndarray) -> np.ndarray:
    """The reconstructed variables on some rows, (row, variable), standard units; NaN where missing."""
    every = np.concatenate([np.asarray(tables[record.name].target) for record in problem.records])
    return every[rows.flat(offsets)]


def unit_of_noise(problem: Problem, view: View, split: Split, solved: Solved, rows: Rows) -> np.ndarray | None:
    """Root mean square of the noise added to each row, (row, ratio); None where none is."""
    own = examples_of(problem, view, split, solved.normaliser, solved.tables)
    if own.noise is None:
        return None
    factor = 10 ** (-np.asarray(own.noise.snr_db) / 20)
    return own.noise.amplitude[rows.record][:, None] * factor


def fold_columns(
    problem: Problem, view: View, split: Split, solved: Solved, wanted: Rows, *, ladder: bool, tell: Any = None
) -> dict[str, np.ndarray]:
    """The target and what everybody gives back, (row, ratio * variable), in units of the noise or standard units."""
    ratios, variables = ratios_of(problem), len(problem.reconstructs)
    columns = {MODEL: network_columns(problem, view, split, solved, split.test, wanted)}
    if ladder:
        columns |= baseline_columns(problem, view, split, solved, wanted, tell)
    target = truth(problem, solved.tables, wanted, view.cells.offsets)
    columns[TARGET] = np.tile(target, (1, len(ratios)))
    unit = unit_of_noise(problem, view, split, solved, wanted)
    if unit is not None:
        wide = np.repeat(unit, variables, axis=1)
        columns = {name: (values / wide).astype(np.float32) for name, values in columns.items()}
    return columns


def usual_of(problem: Problem, view: View, split: Split, solved: Solved) -> Usual | None:
    """What errors are usual on validation; None where noise is added, or nothing was held out."""
    if problem.section.noise is not None or not len(split.validation):
        return None
    rows = samples_of(problem, view, split.validation, problem.labelled())
    given = network_columns(problem, view, split, solved, split.validation, rows)
    error = given - truth(problem, solved.tables, rows, view.cells.offsets)
    return calibrated(error, groups_of(problem)[1][rows.record], problem.section.false_alarms)


def groups_of(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Names of the groups (of the promise, or the records themselves), and the number of each record's group."""
    key = problem.config.promise.new
    names = [str(record.groups.get(key, record.name)) if key else record.name for record in problem.records]
    return np.unique(names, return_inverse=True)


def flat_scored(problem: Problem, table: Scored, target: np.ndarray) -> Scored:
    """The table of samples as one of numbers: a row for each ratio and variable of every sample.

    Args:
        table: a row per sample, whose predictions are (row, ratio * variable).
        target: of the same shape.
    """
    ratios, names = ratios_of(problem), problem.reconstructs
    faces = len(ratios) * len(names)
    members = {key: np.repeat(np.asarray(value), faces) for key, value in table.members.items()}
    members["variable"] = np.tile(np.array(names), len(ratios) * len(target))
    if ratios[0] is not None:
        members["snr_db"] = np.tile(np.repeat(np.array(ratios, float), len(names)), len(target))
    return Scored(
        np.repeat(table.record, faces), table.names, np.repeat(table.position, faces), target.ravel().astype(float),
        {name: values.ravel().astype(float) for name, values in table.predictions.items()},
        fold=None if table.fold is None else np.repeat(table.fold, faces), groups=table.groups, members=members,
        unit=STANDARD if ratios[0] is None else NOISE_UNITS,
    )  # fmt: skip


def usual_of_folds(notes: Sequence[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    """What is usual for the model file: of one fold, or the median over folds; None where noise is added."""
    known = [Usual.from_json(note) for note in notes if note]
    if not known:
        return None
    spread = np.median([one.spread for one in known], axis=0)
    threshold = float(np.median([one.threshold for one in known]))
    groups = sum(one.groups for one in known)
    return asdict(Usual(tuple(spread.tolist()), threshold, known[0].false_alarms, groups))


def alarms(problem: Problem, folds: Sequence[Any]) -> dict[str, Any] | None:
    """How often the threshold of validation flags held-out samples, against the share that was asked for."""
    (names, groups), rates = groups_of(problem), {}
    for fold in folds:
        if not fold.notes["usual"]:
            return None
        usual = Usual.from_json(fold.notes["usual"])
        flags = usual.flags(usual.score(fold.columns[MODEL] - fold.columns[TARGET]))
        for group in np.unique(groups[fold.record]):
            own = flags[groups[fold.record] == group]
            if np.isfinite(own).any():
                rates[str(names[group])] = float(np.nanmean(own))
    shares = np.array(list(rates.values()))
    return {
        "asked": problem.section.false_alarms,
        "flagged": float(shares.mean()) if len(shares) else None,
        "lowest": float(shares.min()) if len(shares) else None,
        "highest": float(shares.max()) if len(shares) else None,
        "groups": rates,
    }
