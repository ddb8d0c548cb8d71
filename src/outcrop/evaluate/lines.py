"""Baselines on numbered lines (sections of a survey): a copy of the nearest one, and the usual answer at each level.

Each function is `(train, validation, task, seed) -> predict`, in physical units or classes, from `Table.line`, `cell`
and `level`. They look at no input: what they score is what the layout of the survey gives away.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from outcrop.errors import DataError, message
from outcrop.evaluate.tabular import majority, mean

if TYPE_CHECKING:
    from outcrop.evaluate.baselines import Table, Task

Predict = Callable[["Table"], np.ndarray]


def nearest_line(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """The label at the same place of the nearest line, validation lines included: where the model is used, all of them
    are known. Of two lines equally near the one of the lower number; where it has no label, what is usual.
    """
    parts = [train] if validation is None else [train, validation]
    line, cell = (np.concatenate([_column(part, name) for part in parts]) for name in ("line", "cell"))
    target = np.concatenate([np.asarray(part.target) for part in parts])
    lines, which = np.unique(line, return_inverse=True)
    copied = np.full((len(lines), int(cell.max()) + 1), np.nan)
    copied[which, cell] = target
    usual = _usual(train, task)

    def predict(test: Table) -> np.ndarray:
        place = _column(test, "cell")
        values = np.full(len(test), np.nan)
        inside = place < copied.shape[1]
        values[inside] = copied[_nearest(lines, _column(test, "line")[inside]), place[inside]]
        return _or_usual(values, usual(test), task)

    return predict


def level(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """The class frequencies, or the mean, of training lines at the same level; what is usual where there are none."""
    at, usual = _column(train, "level"), _usual(train, task)
    weight = np.ones(len(train)) if train.weight is None else np.asarray(train.weight, float)
    size, classes = int(at.max()) + 1, task.classes or 1
    if task.classes is None:
        sums = np.bincount(at, weights=weight * train.target, minlength=size)[:, None]
    else:
        cells = at.astype(np.int64) * classes + train.target
        sums = np.bincount(cells, weights=weight, minlength=size * classes).reshape(size, classes)
    total = np.bincount(at, weights=weight, minlength=size)[:, None]
    known = np.divide(sums, total, out=np.full(sums.shape, np.nan), where=total > 0)

    def predict(test: Table) -> np.ndarray:
        rows = _column(test, "level")
        values = np.where((rows < size)[:, None], known[np.minimum(rows, size - 1)], np.nan)
        found = usual(test).reshape(len(test), -1)
        found = np.where(np.isfinite(values), values, found)
        return found[:, 0] if task.classes is None else found

    return predict


def _column(table: Table, name: str) -> np.ndarray:
    column = getattr(table, name)
    if column is None:
        what = "A baseline on lines needs lines with numbers, all of one size, that the promise speaks of."
        fix = 'take it off the list, or promise = {wider = {variable = "crossline", above = 1550}}'
        raise DataError(message(what, where="[evaluate] baselines", fix=fix))
    return np.asarray(column)


def _nearest(lines: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Index of the nearest of some increasing numbers."""
    right = np.clip(np.searchsorted(lines, wanted), 1, max(len(lines) - 1, 1))
    left = right - 1
    right = np.minimum(right, len(lines) - 1)
    return np.where(wanted - lines[left] <= lines[right] - wanted, left, right)


def _usual(train: Table, task: Task) -> Predict:
    """The class frequencies, or the mean, of the whole training part."""
    return (majority if task.classes is not None else mean)(train, None, task, 0)


def _or_usual(values: np.ndarray, usual: np.ndarray, task: Task) -> np.ndarray:
    """Copied numbers, or certain classes as probabilities (row, class), where there are any; else what is usual."""
    there = np.isfinite(values)
    if task.classes is None:
        return np.where(there, values, usual)
    found = np.array(usual, np.float32)
    found[there] = 0
    found[there, values[there].astype(np.int64)] = 1
    return found
