"""A Dataset that follows the CF conventions, as one Record: names, positions, times, units, cells and masks.

What the file says is kept; what is brought to one form is noted. Latitude, longitude, easting and northing get these
names, whatever the file calls them, and `attrs["file_names"]` says what that was. Descending latitudes and longitudes
from 0 to 360 stay as they are.

Source: NetCDF Climate and Forecast (CF) Metadata Conventions 1.11, cfconventions.org.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.calendars import decoded_times, seconds_of
from outcrop.data.content import stem
from outcrop.data.units import has_unit, same
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.records import Record

LAZY_BYTES = 256 * 2**20
"""Arrays of more bytes in all stay on disk until they are asked for."""
NAMES = {
    "lat": "latitude", "lon": "longitude", "nav_lat": "latitude", "nav_lon": "longitude", "xlat": "latitude",
    "xlong": "longitude", "lats": "latitude", "lons": "longitude", "latitude": "latitude", "longitude": "longitude",
}  # fmt: skip
UNITS = {
    "degrees_north": "latitude", "degree_north": "latitude", "degree_n": "latitude", "degrees_n": "latitude",
    "degrees_east": "longitude", "degree_east": "longitude", "degree_e": "longitude", "degrees_e": "longitude",
}  # fmt: skip
PROJECTED = {"projection_x_coordinate": "easting", "projection_y_coordinate": "northing"}
METRES = {"m": 1.0, "metre": 1.0, "metres": 1.0, "meter": 1.0, "meters": 1.0, "km": 1000.0, "kilometers": 1000.0}
CELLS = {"point": "instant", "mean": "mean", "sum": "accumulated", "maximum": "maximum", "minimum": "minimum"}
STEP_TYPES = {"instant": "instant", "avg": "mean", "accum": "accumulated", "max": "maximum", "min": "minimum"}
"""What GRIB calls them."""
TIME_WORDS = ("time", "t", "month", "year", "day", "days", "hour", "years", "time_counter")
IDENTIFIERS = ("timeseries_id", "trajectory_id", "profile_id")
AGAIN = "copy or download the file again."


def record_of(
    data: Any,
    path: Path,
    sha256: str,
    kind: str,
    variables: Sequence[str] | None = None,
    units: Mapping[str, str] | None = None,
    *,
    calendar: str | None = None,
    load: bool = True,
) -> Record:
    """One Record of the numeric variables of a Dataset whose times are not decoded.

    Args:
        data: as xarray opens it, fill values and scales decoded.
        path, sha256, kind: of the file.
        variables: those to take; by default all.
        units: variable -> unit, where the file has none or a wrong one, which is noted.
        calendar: in place of the one of the file.
        load: False leaves the values on disk; otherwise they are read where they take at most LAZY_BYTES.

    Raises:
        ConfigError: an unknown variable or calendar.
        DataError: no numeric variable, or values or times that cannot be read.
    """
    _load_coordinates(data, path)
    data, widths = _identified(data), _intervals(data)
    mappings = {str(n): _plain(a.attrs) for n, a in data.variables.items() if "grid_mapping_name" in a.attrs}
    data = _positions_as_coordinates(_chosen(data, variables, path))
    data, notes = _named(data)
    data.attrs.update({"grid_mappings": mappings} if mappings else {})
    data = _unrotated(data, mappings)
    data, more = decoded_times(data, path, calendar)
    notes += list(more)
    for name, array in data.data_vars.items():
        notes += _with_unit(str(name), array, (units or {}).get(str(name)))
        cell = _cell(array.attrs)
        array.attrs.update({"cell": cell} if cell else {})
        if cell not in (None, "instant") and "time" in array.dims and widths:
            array.attrs.update(widths)
    if load:
        data, masked = _loaded(data, path)
        notes += masked
    data.attrs = _plain(data.attrs)
    position = {}
    for name in ("latitude", "longitude", "easting", "northing", "elevation"):
        if name in data.coords and data[name].size == 1:
            position[name] = float(data[name].to_numpy().ravel()[0])
    return Record(data, stem(path), {}, str(path), sha256, kind, position, tuple(notes))


def fitting(record: Record, variables: Sequence[str] | None) -> Record:
    """The Record without the variables that do not lie on its grid, which is noted.

    Raises:
        ConfigError: one of them was asked for by name.
    """
    odd = {str(n): a.dims for n, a in record.data.data_vars.items() if not set(a.dims) <= set(record.dims)}
    asked = [name for name in odd if name in (variables or ())]
    if asked:
        what = f"{asked[0]!r} has the dimensions {odd[asked[0]]}; a sample has {record.dims}."
        fix = f"state samples = {list(odd[asked[0]])}, or records = or fold = the further dimension."
        raise ConfigError(message(what, where=record.source, fix=fix))
    if not odd:
        return record
    note = f"left out, on other dimensions than {', '.join(record.dims)}: {', '.join(odd)}"
    return replace(record, data=record.data.drop_vars(list(odd)), notes=(*record.notes, note))


def _chosen(data: Any, variables: Sequence[str] | None, path: Path) -> Any:
    """The numeric variables with dimensions, less the bounds of coordinates; text coordinates as str."""
    unknown = [name for name in variables or () if name not in data.data_vars]
    if unknown:
        known = ", ".join(map(str, list(data.data_vars)[:12]))
        fix = f"it has {known}{did_you_mean(unknown[0], map(str, data.data_vars))}."
        raise ConfigError(message(f"There is no variable {unknown[0]!r}.", where=str(path), fix=fix))
    keys = ("bounds", "climatology")
    bounds = {str(a.attrs[key]) for a in data.variables.values() for key in keys if key in a.attrs}
    names = [str(n) for n, a in data.data_vars.items() if a.dtype.kind in "fiubMm" and a.ndim and str(n) not in bounds]
    if variables is not None:
        names = list(variables)
        odd = [name for name in names if data[name].dtype.kind not in "fiubMm" or not data[name].ndim]
        if odd:
            fix = "leave it out of variables."
            raise ConfigError(message(f"{odd[0]!r} holds no numbers along dimensions.", where=str(path), fix=fix))
    if not names:
        what = "The file holds no numeric variable with dimensions."
        raise DataError(message(what, where=str(path), fix="group = the group or data set that holds it."))
    data = data[names]
    text = {str(n): c.astype(str) for n, c in data.coords.items() if c.dtype.kind == "S"}
    return data.drop_vars([str(n) for n in data.coords if str(n) in bounds]).assign_coords(text)


def _identified(data: Any) -> Any:
    """Stations, profiles and trajectories numbered by their identifier where the file has one (CF, chapter 9)."""
    for name, array in list(data.variables.items()):
        dims = array.dims
        if array.attrs.get("cf_role") in IDENTIFIERS and len(dims) == 1 and dims[0] not in data.variables:
            entries = array.to_numpy()
            data = data.drop_vars(name).assign_coords(
                {dims[0]: entries.astype(str) if entries.dtype.kind in "SO" else entries}
            )
    return data


def _intervals(data: Any) -> dict[str, Any]:
    """Length of the intervals that the bounds of the time axis state, and which end of them its stamps mark."""
    for name, axis in data.variables.items():
        second = seconds_of(str(axis.attrs.get("units", "")))
        bounds = data.variables.get(axis.attrs.get("bounds"))
        if second is None or bounds is None or " since " not in str(axis.attrs["units"]) or axis.dims != (name,):
            continue
        if bounds.shape != (axis.size, 2) or not axis.size:
            continue
        low, high = np.sort(np.asarray(bounds.to_numpy(), float), axis=1).T
        stamps = np.asarray(axis.to_numpy(), float)
        width = float(np.median(high - low))
        ends = {"start": low, "end": high, "middle": (low + high) / 2}
        marks = next((end for end, at in ends.items() if np.abs(stamps - at).max() <= 0.1 * width), None)
        return {"interval_s": width * second} | ({"stamp": marks} if marks else {})
    return {}


def _positions_as_coordinates(data: Any) -> Any:
    """Latitudes and longitudes that the file lists among its variables become coordinates."""
    found = {str(n): _standard(str(n), a.attrs) for n, a in data.data_vars.items() if a.ndim in (1, 2)}
    places = [name for name, new in found.items() if new in ("latitude", "longitude")]
    return data.set_coords(places) if len(places) < len(data.data_vars) else data


def _standard(name: str, attributes: Mapping[str, Any]) -> str | None:
    """The name of a coordinate here; None where it keeps its own."""
    standard, unit = str(attributes.get("standard_name", "")), str(attributes.get("units", "")).strip()
    if standard in ("latitude", "longitude"):
        return standard
    if standard in PROJECTED:
        return PROJECTED[standard] if unit.lower() in METRES else None
    if standard:
        return None
    return UNITS.get(unit.lower()) or NAMES.get(name.lower())


def _named(data: Any) -> tuple[Any, list[str]]:
    """Positions under our names, in degrees or metres, with what the file called them in `file_names`."""
    rename: dict[str, str] = {}
    notes = []
    for name in [*data.coords, *[d for d in data.dims if d not in data.coords]]:
        array = data[name]
        new = _standard(str(name), array.attrs)
        if new is None or (name not in data.coords and new in data.coords):
            continue
        factor = METRES.get(str(array.attrs.get("units", "")).lower(), 1.0)
        if new in ("easting", "northing") and factor != 1.0:
            about = {**array.attrs, "units": "m"}
            data = data.assign_coords({name: (array.dims, array.to_numpy() * factor, about)})
            notes.append(f"{name}: km to m")
        if new != name and new not in data.variables and new not in data.dims and new not in rename.values():
            rename[str(name)] = new
    data = data.rename(rename)
    data.attrs["file_names"] = {new: old for old, new in rename.items()}
    for name in ("latitude", "longitude"):
        if name in data.dims and name in data.coords and data[name].size > 1:
            values = data[name].to_numpy()
            if name == "latitude" and values[0] > values[-1]:
                notes.append("latitudes descend, as in the file")
            if name == "longitude" and values.max() > 180:
                notes.append("longitudes run from 0 to 360" if values.min() >= 0 else "longitudes run beyond 180")
    return data, notes


def _unrotated(data: Any, mappings: Mapping[str, Mapping[str, Any]]) -> Any:
    """Latitude and longitude of a grid with a rotated pole that states neither (CF, appendix F)."""
    rotated = next((m for m in mappings.values() if m["grid_mapping_name"] == "rotated_latitude_longitude"), None)
    axes = {str(c.attrs.get("standard_name", "")): str(n) for n, c in data.coords.items() if c.ndim == 1}
    if rotated is None or "latitude" in data.coords or not {"grid_latitude", "grid_longitude"} <= set(axes):
        return data
    try:
        pole = [float(rotated[f"grid_north_pole_{part}"]) for part in ("latitude", "longitude")]
        own = float(rotated.get("north_pole_grid_longitude", 0.0))
    except (KeyError, TypeError, ValueError):
        return data
    rows, columns = axes["grid_latitude"], axes["grid_longitude"]
    north, east = np.radians(pole)
    lat = np.radians(np.asarray(data[rows].to_numpy(), float))[:, None]
    lon = np.radians(np.asarray(data[columns].to_numpy(), float) - own)[None, :]
    up = np.sin(north) * np.sin(lat) + np.cos(north) * np.cos(lat) * np.cos(lon)
    side = -np.cos(lat) * np.sin(lon)
    along = np.cos(north) * np.sin(lat) - np.sin(north) * np.cos(lat) * np.cos(lon)
    longitude = np.degrees(east + np.arctan2(side, along))
    about = {"units": "degrees_east"}, {"units": "degrees_north"}
    return data.assign_coords(
        longitude=((rows, columns), (longitude + 180) % 360 - 180, about[0]),
        latitude=((rows, columns), np.degrees(np.arcsin(np.clip(up, -1, 1))), about[1]),
    )


def _with_unit(name: str, array: Any, stated: str | None) -> list[str]:
    found = str(array.attrs.get("units", ""))
    array.attrs["units"] = found if stated is None else stated
    if stated is None or not has_unit(found) or same(found, stated):
        return []
    return [f"{name}: the file says {found!r}, the run file {stated!r}, which is used"]


def _cell(attributes: Mapping[str, Any]) -> str | None:
    """What a value stands for along time: instant, mean, accumulated, maximum or minimum; None where not stated.

    >>> _cell({"cell_methods": "area: mean time: sum (interval: 1 hour)"}), _cell({"GRIB_stepType": "avg"})
    ('accumulated', 'mean')
    """
    if "GRIB_stepType" in attributes:
        return STEP_TYPES.get(str(attributes["GRIB_stepType"]))
    methods = re.sub(r"\([^)]*\)", " ", str(attributes.get("cell_methods", "")))
    for dims, method in re.findall(r"((?:\w+:\s*)+)(\w+)", methods):
        if set(re.findall(r"\w+", dims)) & set(TIME_WORDS):
            return CELLS.get(method)
    return None


def _load_coordinates(data: Any, path: Path) -> None:
    """Coordinates, bounds and identifiers in memory."""
    named = {str(a.attrs.get(key)) for a in data.variables.values() for key in ("bounds", "climatology")}
    for name, array in data.variables.items():
        if name in data.coords or name in named or "cf_role" in array.attrs:
            _load(array, f"{path}, {name}")


def _load(array: Any, where: str) -> None:
    try:
        array.load()
    except Exception as error:  # the libraries raise many kinds; all mean that the values cannot be read
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise DataError(message(f"The values cannot be read: {reason}.", where=where, fix=AGAIN)) from None


def _loaded(data: Any, path: Path) -> tuple[Any, list[str]]:
    """Values in memory unless they are many; those outside the range that the file declares valid are missing."""
    lazy = sum(array.nbytes for array in data.data_vars.values()) > LAZY_BYTES
    notes = ["values stay on disk and are read as they are needed"] if lazy else []
    for name, array in () if lazy else data.variables.items():
        _load(array, f"{path}, {name}")
    for name, array in list(data.data_vars.items()):
        limits = [array.attrs.get("valid_min", -np.inf), array.attrs.get("valid_max", np.inf)]
        limits = array.attrs.get("valid_range", limits)
        try:
            low, high = np.sort(np.asarray(limits, float).ravel())
        except (TypeError, ValueError):
            continue
        if array.dtype.kind != "f" or (np.isinf(low) and np.isinf(high)):
            continue
        scale, offset = (float(array.encoding.get(key, d)) for key, d in (("scale_factor", 1.0), ("add_offset", 0.0)))
        low, high = np.sort([low * scale + offset, high * scale + offset])
        if lazy:
            notes.append(f"{name}: values outside {low:g} to {high:g} are not valid, and are not masked")
            continue
        largest = max(abs(limit) for limit in (low, high) if np.isfinite(limit))
        slack = abs(scale) / 2 if "scale_factor" in array.encoding else 1e-6 * largest
        outside = (array < low - slack) | (array > high + slack)
        count = int(outside.sum())
        if count:
            data[name] = array.where(~outside).assign_attrs(array.attrs)
            notes.append(f"{name}: {count} values outside its valid range {low:g} to {high:g} are missing")
    return data, notes


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as JSON can hold them."""
    plain = {}
    for name, value in attributes.items():
        if isinstance(value, np.ndarray | np.generic):
            value = value.tolist()
        plain[str(name)] = value if isinstance(value, str | int | float | bool | list | dict | None) else str(value)
    return plain
