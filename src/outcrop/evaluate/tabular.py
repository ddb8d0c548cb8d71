"""Baselines on inputs in a table: frequencies or mean, nearest neighbours, linear models, gradient-boosted trees.

Each function is `(train, validation, task, seed) -> predict`, where `predict(test)` gives probabilities (row, class) or
numbers. scikit-learn does the work (Pedregosa et al. 2011); the trees are LightGBM-like histograms (Ke et al. 2017).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from outcrop.evaluate.baselines import Table, Task

Predict = Callable[["Table"], np.ndarray]

NEIGHBOURS = 15
TREES: dict[str, Any] = {"max_iter": 40, "learning_rate": 0.1, "min_samples_leaf": 100, "n_iter_no_change": 10}
FEWEST_TO_HOLD_OUT = 1000
"""Rows from which trees without validation groups keep a tenth to stop on: with rare classes boosting diverges."""
WIDE, SHARE_OF_WIDE = 40, 0.2
"""Above `WIDE` features each split of a tree looks at a random fifth of them: neighbours repeat each other."""


def _frequencies(train: Table, task: Task) -> np.ndarray:
    counts = np.bincount(train.target, weights=train.weight, minlength=task.classes or 0)
    return counts / counts.sum()


def majority(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """The weighted class frequencies of the training part, for every sample."""
    frequencies = _frequencies(train, task)
    return lambda test: np.tile(frequencies, (len(test), 1))


def mean(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """The weighted mean of the training targets, for every sample."""
    level = float(np.average(train.target, weights=train.weight))
    return lambda test: np.full(len(test), level)


def _spread(model: Any, task: Task) -> Predict:
    """Predictions of a fitted estimator: numbers, or probabilities with a column for every class of the table."""
    size = task.classes
    if size is None:
        return lambda test: model.predict(test.inputs)

    def probabilities(test: Table) -> np.ndarray:
        known = model.predict_proba(test.inputs)
        every = np.zeros((len(known), size))
        every[:, model.classes_] = known
        return every

    return probabilities


def _constant(train: Table, task: Task) -> Predict | None:
    """Class models need two classes; with one in the training part its frequencies are all there is to say."""
    only_one = task.classes is not None and len(np.unique(train.target)) < 2
    return majority(train, None, task, 0) if only_one else None


def nearest_neighbours(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """The 15 nearest training samples in standardised inputs, equally weighted."""
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    if constant := _constant(train, task):
        return constant
    family = KNeighborsRegressor if task.classes is None else KNeighborsClassifier
    model = family(min(NEIGHBOURS, len(train)), algorithm="brute" if train.inputs.shape[1] > 3 else "auto")
    return _spread(model.fit(np.asarray(train.inputs, dtype=np.float32), train.target), task)


def logistic(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """Multinomial logistic regression with unit ridge penalty."""
    from sklearn.linear_model import LogisticRegression

    if constant := _constant(train, task):
        return constant
    model = LogisticRegression(max_iter=200, tol=1e-3)
    return _spread(
        _quietly(model.fit, np.asarray(train.inputs, dtype=np.float64), train.target, sample_weight=train.weight), task
    )


def _quietly(fit: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Stopping at the iteration limit is a stated bound on cost here, not a fault: its warning is dropped."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return fit(*arguments, **options)


def linear(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """Ridge regression, one for each lead of a forecast; its strength by generalised cross-validation."""
    from sklearn.linear_model import RidgeCV

    def fitted(rows: Table) -> Predict:
        model = RidgeCV(alphas=np.logspace(-2, 4, 13))
        return _spread(
            model.fit(np.asarray(rows.inputs, dtype=np.float64), rows.target, sample_weight=rows.weight), task
        )

    return per_lead(train, fitted)


def per_lead(train: Table, fitted: Callable[[Table], Predict]) -> Predict:
    """A predictor for each lead that training knows; other leads get the one of the nearest."""
    if train.lead is None:
        return fitted(train)
    known = np.unique(train.lead)
    models = [fitted(train.where(train.lead == lead)) for lead in known]

    def predict(test: Table) -> np.ndarray:
        nearest = np.abs(np.asarray(test.lead)[:, None] - known).argmin(axis=1)
        out = np.empty(len(test))
        for number in np.unique(nearest):
            out[nearest == number] = models[number](test.where(nearest == number))
        return out

    return predict


def boosted_trees(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """Histogram gradient boosting, up to 40 rounds; stopped on the validation groups, or on a tenth of the rows.

    One thread: on cores shared with other work scikit-learn's threads wait for each other by spinning, measured at
    103 s against 3 s with one thread for 10 rounds on 215,000 rows.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    if constant := _constant(train, task):
        return constant
    family = HistGradientBoostingRegressor if task.classes is None else HistGradientBoostingClassifier
    share = SHARE_OF_WIDE if train.inputs.shape[1] > WIDE else 1.0
    leaf = int(np.clip(len(train) // 50, 5, TREES["min_samples_leaf"]))
    settings = TREES | {"min_samples_leaf": leaf, "max_features": share}
    held = _validation_rows(train, validation, task)
    settings["early_stopping"] = bool(held) or len(train) > FEWEST_TO_HOLD_OUT
    model = family(**settings, random_state=seed)
    with threadpool_limits(1, user_api="openmp"):
        model.fit(_without_empty(train.inputs, leaf), train.target, sample_weight=train.weight, **held)

    def predict(test: Table) -> np.ndarray:
        with threadpool_limits(1, user_api="openmp"):
            return _spread(model, task)(test)

    return predict


def _without_empty(inputs: np.ndarray, leaf: int) -> np.ndarray:
    """Inputs in which a column with fewer known values than a leaf needs is constant: no tree could split on it.

    A curve that no training well has is such a column; scikit-learn cannot bin a column without any value.
    """
    empty = (~np.isnan(inputs)).sum(axis=0) < leaf
    return np.where(empty, np.zeros((), dtype=inputs.dtype), inputs) if empty.any() else inputs


def _validation_rows(train: Table, validation: Table | None, task: Task) -> dict[str, np.ndarray | None]:
    """The validation rows the trees may stop on: those of classes that training has seen."""
    if validation is None:
        return {}
    seen = (
        np.isin(validation.target, train.target) if task.classes is not None else np.ones(len(validation), dtype=bool)
    )
    held = validation.where(seen)
    if not len(held):
        return {}
    weight = None if train.weight is None else (np.ones(len(held)) if held.weight is None else held.weight)
    return {"X_val": held.inputs, "y_val": held.target, "sample_weight_val": weight}
