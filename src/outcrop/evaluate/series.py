"""Baselines in time: persistence, climatology, damped persistence, a linear reservoir.

Each function is `(train, validation, task, seed) -> predict`, in physical units. Times are NumPy `datetime64`.
Climatology is the training mean of the calendar month, and of the hour of the day where there are several, of each
place of a grid; a month that training has not seen gets the mean of its hour. Damped persistence after van den Dool
(2007), Empirical Methods in Short-Term Climate Prediction, chapter 8.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from outcrop.errors import DataError, message
from outcrop.evaluate.tabular import per_lead
from outcrop.view.history import RESERVOIRS

if TYPE_CHECKING:
    from outcrop.evaluate.baselines import Table, Task

Predict = Callable[["Table"], np.ndarray]
MONTHS, HOURS = 12, 24


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


def phase(time: np.ndarray) -> np.ndarray:
    """Calendar month (0 = January) times 24, plus the hour of the day.

    >>> phase(np.array(["1990-01-01T05", "1990-12-31T00"], dtype="datetime64[h]")).tolist()
    [5, 264]
    """
    month = time.astype("datetime64[M]").astype(np.int64) % MONTHS
    return month * HOURS + time.astype("datetime64[h]").astype(np.int64) % HOURS


def usual_values(table: Table) -> Callable[[Table, str], np.ndarray]:
    """(table, name of a column of times) -> mean value in training of that phase of the calendar, at that place.

    NaN values are skipped; a place that training lacks has the mean of all places.
    """
    value = np.asarray(table.target, np.float64)
    there = np.isfinite(value)
    kept = there.astype(np.float64) if table.weight is None else there * np.asarray(table.weight)
    place = np.zeros(len(table), np.int64) if table.place is None else np.asarray(table.place)
    shape = (int(place.max()) + 1, MONTHS, HOURS)
    which, value = place * MONTHS * HOURS + phase(_column(table, "time")), np.where(there, value, 0.0)
    total = np.bincount(which, weights=value * kept, minlength=np.prod(shape)).reshape(shape)
    size = np.bincount(which, weights=kept, minlength=np.prod(shape)).reshape(shape)
    usual = total.sum() / size.sum()
    for axes in ((0, 1), (1,), ()):  # of the hour anywhere, of the hour at the place, of the month and hour there
        counted = size.sum(axis=axes, keepdims=True)
        usual = np.divide(
            total.sum(axis=axes, keepdims=True),
            counted,
            out=np.broadcast_to(usual, counted.shape).copy(),
            where=counted > 0,
        )
    means = np.concatenate([usual.reshape(shape[0], -1), usual.reshape(shape[0], -1).mean(axis=0, keepdims=True)])

    def at(table: Table, name: str) -> np.ndarray:
        own = np.zeros(len(table), np.int64) if table.place is None else np.asarray(table.place)
        return means[np.minimum(own, shape[0]), phase(_column(table, name))]

    return at


def persistence(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """The last value known when the forecast is made; the training mean where there is none."""
    level = float(np.average(train.target, weights=train.weight))

    def predict(test: Table) -> np.ndarray:
        last = _column(test, "last_value")
        return np.where(np.isfinite(last), last, level)

    return predict


def climatology(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """The training mean of the target's calendar month, and hour of the day."""
    usual = usual_values(train)
    return lambda test: usual(test, "time")


def anomaly_persistence(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """Climatology plus the last known anomaly."""
    usual = usual_values(train)
    return lambda test: usual(test, "time") + np.nan_to_num(_column(test, "last_value") - usual(test, "last_time"))


def damped_persistence(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """Climatology plus r times the last known anomaly; r is the least-squares slope in training, one for each lead."""
    usual = usual_values(train)

    def last_anomaly(table: Table) -> np.ndarray:
        anomaly = _column(table, "last_value") - usual(table, "last_time")
        return np.nan_to_num(anomaly)

    def fitted(rows: Table) -> Predict:
        before = last_anomaly(rows)
        after = np.asarray(rows.target) - usual(rows, "time")
        kept = np.ones(len(rows)) if rows.weight is None else np.asarray(rows.weight)
        power = float((kept * before**2).sum())
        slope = float((kept * before * after).sum()) / power if power > 0 else 0.0
        return lambda test: usual(test, "time") + slope * last_anomaly(test)

    return per_lead(train, fitted)


def linear_reservoir(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """A constant plus a share of what one kind of reservoir, fed by each input, holds; least squares in training.

    The time constant and the shape of the response (exponential or gamma), shared by all inputs, are those that leave
    the smallest error in training; the share of each input is then linear. This is how heads answer to rain and
    evaporation in von Asmuth, Bierkens and Maas (2002), doi:10.1029/2001WR001136, equations 1 to 5, there with a
    continuous time constant and an autoregressive noise, which a forecast from weather alone cannot use.
    """
    target = np.asarray(train.target, np.float64)
    root = np.ones(len(train)) if train.weight is None else np.sqrt(np.asarray(train.weight, np.float64))

    def columns(table: Table, number: int) -> np.ndarray:
        held = np.asarray(table.inputs, np.float64).reshape(len(table), RESERVOIRS, -1)[:, number]
        return np.column_stack([np.ones(len(table)), held])

    def fitted(number: int) -> tuple[float, int, np.ndarray]:
        x = columns(train, number)
        shares = np.linalg.lstsq(x * root[:, None], target * root, rcond=1e-6)[0]
        return float(np.sum((root * (target - x @ shares)) ** 2)), number, shares

    _, best, shares = min((fitted(number) for number in range(RESERVOIRS)), key=lambda found: found[0])
    return lambda test: columns(test, best) @ shares
