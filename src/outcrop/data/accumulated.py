"""Amounts that grow through a day or a forecast, turned into amounts per interval; and what a time stamp marks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.records import Record

SINCE = ("day", "step")


def deaccumulated(record: Record, rules: Mapping[str, str], stamp: str | None) -> Record:
    """The record with the amounts of each interval in place of sums since the start of the day or the forecast.

    The first stamp of a window keeps its value: it is the amount since the start of the window. With "day" a window
    runs from after 00:00 to 00:00 of the next day, whose stamp belongs to the day before (as in ERA5).

    Args:
        rules: variable -> "day" or "step".
        stamp: "start", "end" or "instant"; written to `attrs["stamp"]` of every variable.

    Raises:
        ConfigError: an unknown variable or rule, or no time axis.
    """
    if stamp is not None:
        if stamp not in ("start", "end", "instant"):
            raise ConfigError(message(f"stamp = {stamp!r} is not known.", where=record.source, fix='stamp = "end"'))
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
        dim = "step" if rule == "step" and "step" in data[name].dims else "time"
        if dim not in data[name].dims:
            raise ConfigError(message(f"{name} does not run along time.", where=record.source, fix="leave it out."))
        array = data[name].load()
        values = np.moveaxis(np.asarray(array.to_numpy(), float), array.dims.index(dim), 0)
        starts = _starts(data[dim].to_numpy(), rule, dim)
        amounts = np.diff(values, axis=0, prepend=0)
        amounts[starts] = values[starts]
        negative = int((amounts < -1e-6 * np.nanmax(np.abs(values))).sum())
        about = {**array.attrs, "cell": "accumulated", "stamp": array.attrs.get("stamp", "end")}
        data = data.assign({name: (array.dims, np.moveaxis(amounts, 0, array.dims.index(dim)), about)})
        low = f"; {negative} intervals came out negative" if negative else ""
        notes.append(f"{name}: sums since the start of the {'day' if rule == 'day' else 'forecast'} made amounts{low}")
    return record.with_data(data, *notes)


def _starts(axis: np.ndarray, rule: str, dim: str) -> np.ndarray:
    """Which stamps are the first of their window."""
    first = np.zeros(len(axis), bool)
    first[:1] = True
    if rule == "day" and axis.dtype.kind == "M":
        day = (axis - np.timedelta64(1, "ns")).astype("datetime64[D]")  # 00:00 closes the day before
        first[1:] = day[1:] != day[:-1]
    return first
