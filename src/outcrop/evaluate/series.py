"""Baselines of a forecast in time: persistence, monthly climatology, damped persistence.

Each function is `(train, validation, task, seed) -> predict`, in physical units. Times are NumPy `datetime64`.
Climatology is the training mean of the calendar month; months never seen in training get the training mean. Damped
persistence after van den Dool (2007), Empirical Methods in Short-Term Climate Prediction, chapter 8.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from outcrop.errors import DataError, message

if TYPE_CHECKING:
    from outcrop.evaluate.baselines import Table, Task

Predict = Callable[["Table"], np.ndarray]
MONTHS = 12


def _column(table: Table, name: str) -> np.ndarray:
    column = getattr(table, name)
    if column is None:
        raise DataError(
            message(
                f"A time-series baseline needs the column {name!r} of its table.",
                where="[evaluate] baselines",
                fix="remove persistence and climatology from the list, or give the records a time axis.",
            )
        )
    return np.asarray(column)


def month(time: np.ndarray) -> np.ndarray:
    """Calendar month, 0 = January.

    >>> month(np.array(["1990-01-01", "1990-12-31"], dtype="datetime64[D]")).tolist()
    [0, 11]
    """
    return time.astype("datetime64[M]").astype(np.int64) % MONTHS


def monthly_means(time: np.ndarray, value: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    """Mean value of the twelve calendar months; NaN values are skipped."""
    there = np.isfinite(value)
    kept = there.astype(np.float64) if weight is None else there * np.asarray(weight)
    which, value = month(time), np.where(there, value, 0.0)
    total = np.bincount(which, weights=value * kept, minlength=MONTHS)
    size = np.bincount(which, weights=kept, minlength=MONTHS)
    return np.divide(total, size, out=np.full(MONTHS, total.sum() / size.sum()), where=size > 0)


def persistence(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """The last value known when the forecast is made; the training mean where there is none."""
    level = float(np.average(train.target, weights=train.weight))

    def predict(test: Table) -> np.ndarray:
        last = _column(test, "last_value")
        return np.where(np.isfinite(last), last, level)

    return predict


def climatology(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """The training mean of the target's calendar month."""
    means = monthly_means(_column(train, "time"), train.target, train.weight)
    return lambda test: means[month(_column(test, "time"))]


def damped_persistence(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """Climatology plus r times the last known anomaly; r is the least-squares slope on the training part."""
    means = monthly_means(_column(train, "time"), train.target, train.weight)

    def last_anomaly(table: Table) -> np.ndarray:
        anomaly = _column(table, "last_value") - means[month(_column(table, "last_time"))]
        return np.nan_to_num(anomaly)

    before = last_anomaly(train)
    after = np.asarray(train.target) - means[month(_column(train, "time"))]
    kept = np.ones(len(train)) if train.weight is None else np.asarray(train.weight)
    power = float((kept * before**2).sum())
    slope = float((kept * before * after).sum()) / power if power > 0 else 0.0
    return lambda test: means[month(_column(test, "time"))] + slope * last_anomaly(test)
