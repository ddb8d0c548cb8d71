"""The area of validity of a split: fitted on its training part, calibrated on validation, and how far rows lie from it.

Samples are told by the values read there; where every example is a whole field, fields are told as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from outcrop.data.normalise import Encoded
from outcrop.evaluate.field_validity import FieldValidity
from outcrop.evaluate.validity import Validity
from outcrop.run.ladder import samples_of
from outcrop.run.problem import Problem
from outcrop.run.solve import shown
from outcrop.split.promise import Split
from outcrop.view.patches import Patches
from outcrop.view.rows import Rows
from outcrop.view.view import View

Area: TypeAlias = Validity | FieldValidity
Tables: TypeAlias = Mapping[str, Encoded]


def area_of(problem: Problem, view: View, labels: Split, tables: Tables) -> Area:
    """Distance to training samples or fields, calibrated on those of other records.

    Those are the validation part; without any, each half of the training records is calibrated on the other half.
    """
    kind = FieldValidity if of_fields(problem, view) else Validity
    mine, record = inputs_of(problem, view, tables, labels.train)
    area = kind.fit(mine, seed=0)
    if len(labels.validation):
        return area.calibrate(inputs_of(problem, view, tables, labels.validation)[0])
    records = np.unique(record)
    half = np.isin(record, records[::2]) if len(records) > 1 else np.arange(len(record)) % 2 == 0
    thresholds = [kind.fit(mine[part], seed=0).calibrate(mine[~part]).threshold for part in (half, ~half)]
    return area.within(float(np.mean([t for t in thresholds if t is not None])))


def area_of_all(problem: Problem, view: View, tables: Tables, threshold: float) -> Area:
    """The area of all that is labelled, for a refit, with a threshold from elsewhere."""
    kind = FieldValidity if of_fields(problem, view) else Validity
    every = inputs_of(problem, view, tables, np.arange(len(view.origins)))[0]
    return kind.fit(every, seed=0).within(threshold)


def of_fields(problem: Problem, view: View) -> bool:
    """Whether whole fields are told from each other, and not samples."""
    return bool(getattr(view, "of_fields", False)) and not (problem.reconstructs or problem.generates)


def inputs_of(problem: Problem, view: View, tables: Tables, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What an area is fitted on: inputs of whole examples, or of the samples they are scored on; the record of each."""
    if of_fields(problem, view):
        return np.asarray(view.gather(tables, index).inputs), view.origins.record[index]
    samples = samples_of(problem, view, index, problem.labelled())
    return read_inputs(problem, view, tables, samples), samples.record


def read_inputs(problem: Problem, view: View, tables: Tables, samples: Rows) -> np.ndarray:
    """The inputs of the last sample that each prediction knows."""
    inputs = np.concatenate([shown(tables[record.name], view) for record in problem.records])
    return inputs[samples.flat_read(view.cells.offsets)]


def distances(area: Area, problem: Problem, view: View, tables: Tables, index: np.ndarray, rows: Rows) -> np.ndarray:
    """The distance of rows of some examples, float32."""
    if isinstance(area, FieldValidity):
        return of_samples(area, view, tables, index)[rows.flat(view.cells.offsets)].astype(np.float32)
    return area.score(read_inputs(problem, view, tables, rows)).astype(np.float32)


def of_samples(area: FieldValidity, view: View, tables: Tables, index: np.ndarray) -> np.ndarray:
    """The distance of the field that every sample belongs to, all records end to end; NaN outside of these examples."""
    assert isinstance(view, Patches)
    found = np.full(view.cells.total, np.nan)
    if len(index):
        each = area.score(np.asarray(view.gather(tables, index).inputs))
        found[view.numbers(index).reshape(len(index), -1)] = each[:, None]
    return found
