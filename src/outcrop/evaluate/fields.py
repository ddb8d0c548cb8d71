"""Baselines from field to field: linear maps from a whole input field to a whole output field, and the mean field.

Each function is `(train, validation, task, seed) -> predict` on rows of single samples, which `Table.fields` puts
together to fields. They know the grid of training, so that they answer on no other one.

Source: principal components in and out with ridge regression between, after Bhattacharya et al. (2021), Model reduction
and neural networks for parametric PDEs, SMAI Journal of Computational Mathematics 7, 121-157, doi:10.5802/smai-jcm.74,
section 2.2, where the map between them is a network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from outcrop.errors import DataError, message

if TYPE_CHECKING:
    from outcrop.evaluate.baselines import Table, Task

Predict = Callable[["Table"], np.ndarray]

WEIGHTS = np.logspace(-4, 6, 21)
"""Ridge weights that generalised cross-validation chooses from, for inputs of unit variance."""
COMPONENTS = (2, 4, 8, 16, 32, 64, 128, 256)
"""Numbers of components of the targets that validation chooses from."""
EXPLAINED = 0.99
"""Share of the variance that components explain where nothing is held out to choose their number on."""


@dataclass(frozen=True)
class Fields:
    """Which field and which of its cells every row is, and what goes in.

    Attributes:
        inputs: the whole input field of every example, standardised, (example, number).
        example: of every row.
        cell: number of the row's sample inside its field.
        cells: samples of a field.
    """

    inputs: np.ndarray
    example: np.ndarray
    cell: np.ndarray
    cells: int

    def where(self, rows: np.ndarray) -> Fields:
        """The fields of some of the rows."""
        return replace(self, example=self.example[rows], cell=self.cell[rows])


def _fields(table: Table) -> Fields:
    if table.fields is None:
        what = "A baseline from field to field needs examples that are whole records of one size."
        fix = 'take it off the list, or set data.view = {kind = "patches", size = "whole"}'
        raise DataError(message(what, where="[evaluate] baselines", fix=fix))
    return table.fields


def whole(table: Table) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (example, number) and targets (example, cell) of the examples of a table; gaps hold the cell's mean."""
    fields = _fields(table)
    used, number = np.unique(fields.example, return_inverse=True)
    target = np.full((len(used), fields.cells), np.nan)
    target[number, fields.cell] = table.target
    return fields.inputs[used], np.where(np.isfinite(target), target, _mean(target))


def _mean(target: np.ndarray) -> np.ndarray:
    """Mean of every cell; the mean of all where a cell has no value."""
    there = np.isfinite(target)
    count = there.sum(axis=0)
    total = np.where(there, target, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), total.sum() / max(count.sum(), 1))


def mean_field(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """The training mean of every cell."""
    level = whole(train)[1].mean(axis=0)
    return lambda test: level[_fields(test).cell]


def ridge_operator(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """The linear map from input field to output field, its ridge weight chosen by generalised cross-validation."""
    return _predict(_Linear(*whole(train)).answer)


def pod(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """The same through the leading principal components of the targets, as many as suit the validation fields."""
    inputs, target = whole(train)
    found = _Linear(inputs, target)
    explained = np.cumsum(found.spread**2) / max(float(np.sum(found.spread**2)), 1e-300)
    count = int(np.searchsorted(explained, EXPLAINED)) + 1
    if validation is not None and len(validation):
        given, wanted = whole(validation)
        errors = {n: np.square(found.answer(given, n) - wanted).mean() for n in COMPONENTS if n <= len(found.spread)}
        count = min(errors, key=lambda n: errors[n]) if errors else count
    return _predict(lambda given: found.answer(given, count))


def _predict(answer: Callable[[np.ndarray], np.ndarray]) -> Predict:
    def predict(test: Table) -> np.ndarray:
        fields = _fields(test)
        used, number = np.unique(fields.example, return_inverse=True)
        return answer(fields.inputs[used])[number, fields.cell]

    return predict


class _Linear:
    """Ridge regression between principal components: all of the inputs, and all of the targets.

    Turning both sides changes neither the regression nor its cross-validation, and leaves at most as many numbers as
    there are examples, whatever the size of the fields.
    """

    def __init__(self, inputs: np.ndarray, target: np.ndarray) -> None:
        from sklearn.linear_model import RidgeCV

        self.centre, self.level = inputs.mean(axis=0, dtype=np.float64), target.mean(axis=0)
        *_, self.axes = np.linalg.svd(inputs - self.centre, full_matrices=False)
        left, self.spread, self.components = np.linalg.svd(target - self.level, full_matrices=False)
        model = RidgeCV(alphas=WEIGHTS, fit_intercept=False)
        self.model = model.fit((inputs - self.centre) @ self.axes.T, left * self.spread)

    def answer(self, inputs: np.ndarray, count: int | None = None) -> np.ndarray:
        """The output fields (example, cell), from the leading `count` components of the targets."""
        told = self.model.predict((inputs - self.centre) @ self.axes.T).reshape(len(inputs), -1)
        return self.level + told[:, :count] @ self.components[:count]
