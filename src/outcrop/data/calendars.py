"""Time coordinates of gridded files: dates where they fit, else days with month and day of year beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from outcrop.errors import DataError, message


def decoded_times(data: Any, path: Path) -> tuple[Any, tuple[str, ...]]:
    """Decodes every time coordinate; a calendar such as 360_day becomes days since its first stamp.

    The dimension is called `time` afterwards where the file calls it otherwise ("t", "Time").
    """
    notes: list[str] = []
    for name in list(data.coords):
        unit = str(data[name].attrs.get("units", ""))
        if " since " not in unit or data[name].dtype.kind not in "fiu":
            continue
        data, note = _decoded(data, str(name), unit, path)
        notes += [note] if note else []
    times = [str(n) for n in data.dims if n in data.coords and data[n].dtype.kind == "M"]
    if len(times) == 1 and times[0].lower() in ("t", "time") and times[0] != "time" and "time" not in data.variables:
        data = data.rename({times[0]: "time"})
        data.attrs.setdefault("file_names", {})["time"] = times[0]
    return data, tuple(notes)


def _decoded(data: Any, name: str, unit: str, path: Path) -> tuple[Any, str]:
    import cftime

    array = data[name]
    calendar = str(array.attrs.get("calendar", "standard")).lower()
    values = np.asarray(array.to_numpy(), float)
    try:
        stamps = cftime.num2date(values, unit, calendar)
    except (ValueError, OverflowError, TypeError) as error:
        fix = "correct the units of the time coordinate, e.g. days since 1850-01-01."
        raise DataError(
            message(f"The times {unit!r} cannot be read ({error}).", where=f"{path}, {name}", fix=fix)
        ) from None
    flat = np.atleast_1d(np.ma.filled(stamps, None)).ravel()
    attributes = {k: v for k, v in array.attrs.items() if k not in ("units", "calendar")}
    if calendar in ("standard", "gregorian", "proleptic_gregorian") and all(
        s is not None and 1678 < s.year < 2261 for s in flat
    ):
        dates = np.array([np.datetime64(s.isoformat(), "ns") for s in flat]).reshape(values.shape)
        return data.assign_coords({name: (array.dims, dates, attributes)}), ""
    first = flat[0]
    days = np.array([(s - first).total_seconds() / 86_400 for s in flat]).reshape(values.shape)
    about = {**attributes, "units": "d", "calendar": calendar, "since": first.isoformat()}
    coords = {name: (array.dims, days, about)}
    if array.ndim == 1:
        coords["month"] = (array.dims, np.array([s.month for s in flat]), {"units": ""})
        coords["day_of_year"] = (array.dims, np.array([s.dayofyr for s in flat]), {"units": "d"})
    return data.assign_coords(coords), f"calendar {calendar}: {name} is days since {first.isoformat()}"
