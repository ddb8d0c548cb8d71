"""Time coordinates of gridded files: dates where they fit, else days with year, month, day and hour beside them.

Dates of the ordinary calendar become datetime64. Dates of a calendar without leap years all exist in the ordinary one
and keep their names; so do those of 360_day in steps of a month or more. Any other axis (30 February, years before
1678) becomes days since its first stamp, with the coordinates `year`, `month`, `day`, `day_of_year` and `hour`, which
a run file takes as variables, e.g. `variable.season = {from = ["month"], transform = "sin_cos:12"}`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from outcrop.errors import ConfigError, DataError, message, missing_extra

ORDINARY = ("standard", "gregorian", "proleptic_gregorian")
CALENDARS = (*ORDINARY, "noleap", "365_day", "all_leap", "366_day", "360_day", "julian")
TIME_NAMES = ("t", "time", "times", "time_counter", "valid_time", "date")
UNIT_US = {"day": 86_400e6, "hour": 3600e6, "minute": 60e6, "min": 60e6, "second": 1e6, "sec": 1e6} | {
    "d": 86_400e6, "h": 3600e6, "hr": 3600e6, "s": 1e6, "millisecond": 1e3, "msec": 1e3, "ms": 1e3, "microsecond": 1.0,
}  # fmt: skip
"""Microseconds in the units of time; with or without an s at the end."""
GREGORIAN = np.datetime64("1582-10-15", "us")
FIRST, LAST = np.datetime64("1678-01-01", "us"), np.datetime64("2262-01-01", "us")
"""What nanoseconds in 64 bits can hold."""
MONTH_DAYS = 28.0


def decoded_times(data: Any, path: Path, calendar: str | None = None) -> tuple[Any, tuple[str, ...]]:
    """Decodes every time coordinate; the only one along a dimension is called `time` afterwards.

    Args:
        data: an xarray Dataset with undecoded times.
        path: for messages.
        calendar: in place of the one that the file states.

    Raises:
        ConfigError: an unknown calendar.
        DataError: times that cannot be read, or a missing stamp.
    """
    if calendar is not None and calendar not in CALENDARS:
        fix = f"calendar = one of {', '.join(CALENDARS)}"
        raise ConfigError(message(f"There is no calendar {calendar!r}.", where=str(path), fix=fix))
    notes: list[str] = []
    decoded = []
    for name in list(data.coords):
        unit = str(data[name].attrs.get("units", ""))
        if " since " not in unit or data[name].dtype.kind not in "fiu":
            continue
        stated = str(data[name].attrs.get("calendar", "standard")).lower()
        data, note = _decoded(data, str(name), unit, calendar or stated, path)
        notes += [note] if note else []
        decoded += [str(name)] if name in data.dims else []
    times = decoded or [str(name) for name in data.dims if name in data.coords and data[name].dtype.kind == "M"]
    if len(times) == 1 and times[0].lower() in TIME_NAMES and times[0] != "time" and "time" not in data.variables:
        data = data.rename({times[0]: "time"})
        data.attrs["file_names"] = {**data.attrs.get("file_names", {}), "time": times[0]}
    return data, tuple(notes)


def seconds_of(unit: str) -> float | None:
    """Seconds in the unit before "since"; None for months and years.

    >>> seconds_of("hours since 1970-01-01"), seconds_of("months since 1970-01-01")
    (3600.0, None)
    """
    word = unit.split(" since ")[0].strip().lower()
    found = UNIT_US.get(word, UNIT_US.get(word.removesuffix("s")))
    return None if found is None else found / 1e6


def _decoded(data: Any, name: str, unit: str, calendar: str, path: Path) -> tuple[Any, str]:
    array = data[name]
    values = array.to_numpy()
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        if name in data.dims:
            what = f"{int((~np.isfinite(values)).sum())} of {values.size} stamps of {name!r} are missing."
            raise DataError(message(what, where=str(path), fix="remove these steps from the file."))
        return data.drop_vars(name), f"{name}: left out, some of its stamps are missing"
    attributes = {k: v for k, v in array.attrs.items() if k not in ("units", "calendar")}
    dates = _ordinary(values, unit) if calendar in ORDINARY else None
    if dates is not None:
        return data.assign_coords({name: (array.dims, dates, attributes)}), ""
    stamps = _stamps(values, unit, calendar, f"{path}, {name}")
    flat = np.atleast_1d(stamps).ravel()
    days = np.array([(stamp - flat[0]).total_seconds() / 86_400 for stamp in flat]).reshape(values.shape)
    dates = _same_names(flat, np.diff(days.ravel()), calendar)
    about = {**attributes, "calendar": calendar}
    if dates is not None:
        note = "" if calendar in ORDINARY else f"calendar {calendar}: {name} holds the ordinary dates of the same name"
        return data.assign_coords({name: (array.dims, dates.reshape(values.shape), about)}), note
    coords = {name: (array.dims, days, {**about, "units": "d", "since": flat[0].isoformat()})}
    if array.ndim == 1:
        for part in ("year", "month", "day", "hour"):
            coords[part] = (array.dims, np.array([getattr(stamp, part) for stamp in flat]), {"units": ""})
        coords["day_of_year"] = (array.dims, np.array([stamp.dayofyr for stamp in flat]), {"units": "d"})
    return data.assign_coords(coords), f"calendar {calendar}: {name} is days since {flat[0].isoformat()}"


def _stamps(values: np.ndarray, unit: str, calendar: str, where: str) -> np.ndarray:
    try:
        import cftime
    except ImportError:
        raise missing_extra("cftime", "geo", f"The calendar {calendar!r}") from None
    try:
        word, _, origin = unit.partition(" since ")
        if word.strip().lower() in ("month", "months") and calendar != "360_day" and np.all(values == np.round(values)):
            first = np.datetime64(cftime.num2date(0, f"days since {origin}", calendar).isoformat(), "s")
            month = first.astype("datetime64[M]")
            dates = (month + values.astype(np.int64)) + (first - month.astype("datetime64[s]"))
            values, unit = (dates - first).astype(np.int64), f"seconds since {origin}"
        return np.asarray(cftime.num2date(values, unit, calendar))
    except (ValueError, OverflowError, TypeError, KeyError) as error:
        fix = "correct the units of the time coordinate, e.g. days since 1850-01-01, or state calendar = ..."
        raise DataError(message(f"The times {unit!r} cannot be read ({error}).", where=where, fix=fix)) from None


def _ordinary(values: np.ndarray, unit: str) -> np.ndarray | None:
    """Stamps by plain arithmetic; None where the calendar before 1582 or the range of nanoseconds matters."""
    second = seconds_of(unit)
    origin = unit.partition(" since ")[2].strip().removesuffix("Z").removesuffix("UTC").strip()
    try:
        words = origin.replace("T", " ").split()
        year, month, day = (int(part) for part in words[0].split("-"))
        clock = [float(part) for part in words[1].split(":")] if len(words) > 1 else []
        start = np.datetime64(f"{year:04d}-{month:02d}-{day:02d}", "us")
        start += np.timedelta64(round(sum(part * 60 ** (2 - i) for i, part in enumerate(clock)) * 1e6), "us")
    except (ValueError, IndexError):
        return None
    if second is None or len(words) > 2 or len(clock) > 3 or not start >= GREGORIAN:
        return None
    steps = np.asarray(values, np.float64) * second
    if np.any(np.abs(steps) > 1e12):
        return None
    stamps = start + np.round(steps * 1e6).astype("timedelta64[us]")
    fits = bool(np.all((stamps >= FIRST) & (stamps < LAST)))
    return stamps.astype("datetime64[ns]") if fits else None


def _same_names(stamps: np.ndarray, steps: np.ndarray, calendar: str) -> np.ndarray | None:
    """The ordinary dates with the names of these, where all exist and their distances stay nearly true."""
    long = bool(len(steps)) and float(np.abs(steps).min()) >= MONTH_DAYS
    if calendar not in (*ORDINARY, "noleap", "365_day") and not long:
        return None
    if not all(1678 <= stamp.year < 2262 for stamp in stamps):
        return None
    try:
        return np.array([np.datetime64(stamp.isoformat(), "ns") for stamp in stamps])
    except ValueError:  # 30 February
        return None
