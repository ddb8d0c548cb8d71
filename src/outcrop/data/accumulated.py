"""Amounts that grow through a day or a forecast, turned into amounts per interval; and what a time stamp marks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.records import Record

SINCE = ("day", "step")
STAMPS = ("start", "end", "instant")
RUN = "forecast_reference_time"
LONGER = 1.5
"""An amount that covers more than this many usual intervals is missing: it would be more than one interval's."""


def deaccumulated(record: Record, rules: Mapping[str, str], stamp: str | None) -> Record:
    """The record with the amount of each interval in place of sums since the start of the day or the forecast.

    With "day" a window runs from after 00:00 to 00:00 of the next day, whose stamp belongs to the day before (as in
    ERA5-Land); with "step" it is one forecast. The first stamp of a window keeps its value, which is the amount since
    the start of the window. Where that start, or the stamp before, lies more than one interval back, the amount of
    the one interval is not known and becomes missing. Units stay: metres since midnight become metres per interval.

    Args:
        record: with dimension `time`, and `step` or the coordinate `forecast_reference_time` for "step".
        rules: variable -> "day" or "step".
        stamp: "start", "end" or "instant"; written to `attrs["stamp"]` of every variable.

    Raises:
        ConfigError: an unknown variable or rule.
        DataError: no time axis, or one that does not increase.
    """
    if stamp is not None:
        if stamp not in STAMPS:
            fix = f"stamp = one of {', '.join(STAMPS)}{did_you_mean(stamp, STAMPS)}."
            raise ConfigError(message(f"stamp = {stamp!r} is not known.", where=record.source, fix=fix))
        for array in record.data.data_vars.values():
            array.attrs["stamp"] = stamp
    notes = []
    data = record.data
    for name, rule in rules.items():
        if rule not in SINCE or name not in data.data_vars:
            known = SINCE if name in data.data_vars else [str(n) for n in data.data_vars]
            wrong = rule if name in data.data_vars else name
            fix = f'deaccumulate = {{{name} = "day"}}, of {", ".join(known)}{did_you_mean(str(wrong), known)}.'
            raise ConfigError(message(f"deaccumulate cannot use {wrong!r}.", where=record.source, fix=fix))
        dim, since_s, starts = _windows(record, name, rule)
        array = data[name].load()
        place = array.dims.index(dim)
        amounts, lost = per_interval(np.moveaxis(array.to_numpy(), place, 0), since_s, starts)
        about = {**array.attrs, "cell": "accumulated", "interval_s": _interval(since_s, starts)}
        about["stamp"] = stamp or "end"
        data = data.assign({name: (array.dims, np.moveaxis(amounts, 0, place).astype(array.dtype), about)})
        size = np.nanmax(np.abs(amounts), initial=0.0)
        negative = float((amounts < -1e-3 * size).mean())
        low = f"; {negative:.1%} of the amounts are negative, so it may not grow through the window" if negative else ""
        gone = f"; {lost} stamps without the one before are missing" if lost else ""
        what = "day" if rule == "day" else "forecast"
        notes.append(f"{name}: sums since the start of the {what} made amounts per interval{gone}{low}")
    return record.with_data(data, *notes)


def per_interval(sums: np.ndarray, since_s: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, int]:
    """Amounts of each interval from sums since the start of each window.

    Args:
        sums: running sums, time first, shape (time, ...).
        since_s: seconds from the start of its window to each stamp, shape (time,).
        starts: True for the first stamp of each window, shape (time,).

    Returns:
        amounts of the shape of `sums`, NaN where the interval before is not there, and how many stamps that are.

    >>> amounts, lost = per_interval(
    ...     np.array([1.0, 3.0, 6.0, 2.0]), np.array([3600.0, 7200, 10800, 3600]), np.array([True, False, False, True])
    ... )
    >>> amounts.tolist(), lost
    ([1.0, 2.0, 3.0, 2.0], 0)
    """
    values = np.asarray(sums, np.float64)
    amounts = np.diff(values, axis=0, prepend=0)
    amounts[starts] = values[starts]
    covered = np.where(starts, since_s, np.diff(since_s, prepend=0))
    unknown = covered > LONGER * _interval(since_s, starts)
    amounts[unknown] = np.nan
    return amounts, int(unknown.sum())


def _interval(since_s: np.ndarray, starts: np.ndarray) -> float:
    """The usual time between stamps of one window; with one stamp per window, its length."""
    inner = np.diff(since_s)[~starts[1:]]
    return float(np.median(inner if len(inner) else since_s[since_s > 0])) if len(since_s) else 0.0


def _windows(record: Record, name: str, rule: str) -> tuple[str, np.ndarray, np.ndarray]:
    """Dimension, seconds since the start of the window, and which stamps are the first of theirs."""
    data = record.data
    dim = "step" if rule == "step" and "step" in data[name].dims else "time"
    kind = data[dim].dtype.kind if dim in data.coords else ""
    if dim not in data[name].dims or kind not in ("M", "m", "f"):
        fix = "leave it out of deaccumulate."
        raise DataError(message(f"{name} does not run along a time axis.", where=record.source, fix=fix))
    axis = data[dim].to_numpy()
    if dim == "step":
        hours = axis / np.timedelta64(1, "h") if kind == "m" else axis
        return dim, np.asarray(hours, float) * 3600, np.arange(len(axis)) == 0
    second = axis.astype("datetime64[ns]").astype(np.int64) / 1e9 if kind == "M" else axis.astype(float) * 86_400
    if len(second) > 1 and not np.all(np.diff(second) > 0):
        what = "The time axis does not increase, so sums along it cannot be undone."
        raise DataError(message(what, where=record.source, fix="sort the file by time."))
    if rule == "step" and RUN in data.coords:
        run = np.broadcast_to(data[RUN].to_numpy().astype("datetime64[ns]").astype(np.int64) / 1e9, second.shape)
    elif rule == "step":
        run = np.full(len(second), second[:1].sum())  # one forecast, whose first stamp is its start
    else:
        offset = _clock(data[dim]) if kind == "f" else 0.0  # days count from the first stamp, not from midnight
        run = np.ceil((second + offset) / 86_400 - 1e-9) * 86_400 - 86_400 - offset
    starts = np.r_[True, run[1:] != run[:-1]][: len(run)]
    return dim, second - run, starts


def _clock(axis: Any) -> float:
    """Seconds after midnight of the first stamp of an axis of days."""
    clock = str(axis.attrs.get("since", "")).partition("T")[2] or "00:00:00"
    return float(sum(float(part) * 60 ** (2 - place) for place, part in enumerate(clock.split(":"))))
