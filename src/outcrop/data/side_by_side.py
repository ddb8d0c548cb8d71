"""Series of many stations as one record on (time, station): the nodes of one network, and back into their files.

A table, or a folder of tables, holds one series per station; networks of stations (`view.kind = "graphs"`) read all of
them at one time. Times that a station lacks are missing there. Columns of places that do not change within a station
(easting and northing, longitude and latitude), or a table of places beside the files, say where the nodes are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data import aliases, table
from outcrop.data.content import Curve
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.records import Record

PLACES = (
    ("longitude", "latitude", aliases.LONGITUDE, aliases.LATITUDE),
    ("easting", "northing", aliases.EASTING, aliases.NORTHING),
)
"""Names of two coordinates, and the columns that hold them, in capitals."""


def side_by_side(records: Sequence[Record], dim: str, places: str | None = None) -> Record:
    """Many series in time as one record along (time, `dim`), whose nodes are called as the series were.

    Args:
        records: tables along time, each with a name of its own.
        dim: the new dimension, such as "station".
        places: a table beside the files with a column of names, and one for each coordinate; by default columns of
            the series that hold one value each.

    Raises:
        ConfigError: `dim` is taken, or the table of places does not exist or lacks a column.
        DataError: a record is no series in time, repeats a time, or has no place in the table.

    >>> import xarray as xr
    >>> days = np.array(["2020-01-01", "2020-01-02"], "datetime64[ns]")
    >>> one = Record(xr.Dataset({"head": ("time", [1.0, 2.0])}, {"time": days}), "A")
    >>> two = Record(xr.Dataset({"head": ("time", [3.0])}, {"time": days[1:]}), "B")
    >>> side_by_side([one, two], "well").flat("head").tolist()
    [1.0, nan, 2.0, 3.0]
    """
    import xarray as xr

    for record in records:
        _check_series(record, dim)
    times = np.unique(np.concatenate([record.axis for record in records]))
    names = [record.name for record in records]
    told = _places(records, _table_of_places(records[0], places, dim, names) if places else None)
    skipped = {column for _, column, _ in told}
    columns = _columns(records, times, dim, [] if places else skipped)
    first = records[0].data[records[0].dim]
    coords: dict[str, Any] = {"time": ("time", times, dict(first.attrs)), dim: (dim, names)}
    coords |= {
        name: (dim, values, {"units": "m"} if name in ("easting", "northing") else {}) for name, _, values in told
    }
    rows = [np.searchsorted(times, record.axis) for record in records]
    files = [(record.source, record.name, at) for record, at in zip(records, rows, strict=True)]
    data = xr.Dataset(columns, coords, {"side_by_side": files, "network": dim})
    digest = hashlib.sha256("".join(record.sha256 for record in records).encode()).hexdigest()
    folder = Path(records[0].source)
    name = folder.stem if len({record.source for record in records}) == 1 else folder.parent.name
    notes = tuple(dict.fromkeys(note for record in records for note in record.notes))
    beside = f"{len(records)} series stand side by side along {dim}"
    return replace(
        records[0], data=data, name=name or dim, groups={}, sha256=digest, dims=("time", dim), notes=(beside, *notes)
    )


def apart(record: Record, curves: Sequence[Curve]) -> dict[str, dict[str, list[Curve]]]:
    """Curves on (time, node) of such a record as source -> name of the series -> curves on the rows of its file."""
    found: dict[str, dict[str, list[Curve]]] = {}
    for node, (source, name, rows) in enumerate(record.data.attrs["side_by_side"]):
        own = [replace(curve, values=np.asarray(curve.values)[rows, node]) for curve in curves]
        found.setdefault(source, {})[name] = own
    return found


def write(record: Record, folder: Path, curves: Sequence[Curve], **options: Any) -> list[Path]:
    """Copies of all tables that the record came from, with the curves added; `options` as of `table.write`."""
    written = []
    for source, parts in apart(record, curves).items():
        added: Any = parts if "group" in options else next(iter(parts.values()))
        written.append(table.write(source, folder, added, **options))
    return written


def place_columns(columns: Sequence[str]) -> tuple[str, str] | None:
    """The two columns that may hold places, by their names; longitude and latitude come first.

    >>> place_columns(["Lat", "Lon", "head"])
    ('Lon', 'Lat')
    """
    known = {name.upper(): name for name in columns}
    for _, _, across, along in PLACES:
        for x, y in zip(across, along, strict=True):
            if x in known and y in known:
                return known[x], known[y]
    return None


def _check_series(record: Record, dim: str) -> None:
    what = fix = ""
    if record.dims != ("time",):
        what, fix = f"Series in time can stand side by side, and this runs along {record.dim}.", 'axis = "DATE"'
    elif len(np.unique(record.axis)) < len(record):
        stamps, count = np.unique(record.axis, return_counts=True)
        what, fix = f"The time {str(stamps[count.argmax()])[:19]} occurs {count.max()} times.", 'group = "STATION"'
    elif dim in record.data.variables and dim != record.dim:
        what, fix = f"There is a column {dim!r} already.", f'group = "{dim}", or network = another name'
    if what:
        raise DataError(message(what, where=f"{record.name} ({record.source})", fix=fix))


def _columns(
    records: Sequence[Record], times: np.ndarray, dim: str, skipped: Sequence[str] | set[str]
) -> dict[str, Any]:
    """Every column on (time, node); NaN, or no text, where a series lacks a time or the column."""
    columns: dict[str, Any] = {}
    for node, record in enumerate(records):
        rows = np.searchsorted(times, record.axis)
        for name, array in record.data.data_vars.items():
            if name in skipped or array.dtype.kind == "M":
                continue
            values = array.to_numpy()
            if name not in columns:
                empty = np.nan if values.dtype.kind == "f" else ""
                whole = np.full((len(times), len(records)), empty, values.dtype)
                columns[str(name)] = (("time", dim), whole, dict(array.attrs))
            if columns[str(name)][1].dtype.kind != values.dtype.kind:
                fix = f'text = ["{name}"], or leave the odd file out.'
                raise DataError(message(f"Column {name!r} holds numbers and words.", where=record.source, fix=fix))
            columns[str(name)][1][rows, node] = values
    return columns


def _table_of_places(record: Record, name: str, dim: str, names: Sequence[str]) -> list[Mapping[str, Any]]:
    """The row of every node in the table of places."""
    path = Path(record.source).parent / name
    if not path.is_file():
        raise ConfigError(
            message(f"There is no table {name!r} beside the files.", where=record.source, fix="places = a table there")
        )
    found = table.read(path, text=[c for c in table.column_names(path) if c.upper() in (dim.upper(), "NAME")])[0].data
    keys = [c for c in map(str, found.data_vars) if c.upper() in (dim.upper(), "NAME", *aliases.GROUP_COLUMNS)]
    if not keys or place_columns(list(map(str, found.data_vars))) is None:
        fix = f"name its columns {dim}, longitude, latitude (or easting, northing)."
        raise ConfigError(message("The table needs names and places.", where=str(path), fix=fix))
    rows = {str(value).strip().removesuffix(".0"): row for row, value in enumerate(found[keys[0]].to_numpy().tolist())}
    for node in names:
        if node not in rows:
            fix = f"add its row{did_you_mean(node, rows)}."
            raise DataError(message(f"{node!r} has no place.", where=f"{path}, column {keys[0]}", fix=fix))
    return [{str(c): found[c].to_numpy()[rows[node]] for c in found.data_vars} for node in names]


def _places(records: Sequence[Record], told: Sequence[Mapping[str, Any]] | None) -> list[tuple[str, str, np.ndarray]]:
    """Coordinate, its column, and its value at every node; nothing where no pair of columns holds one value each."""
    rows = told if told is not None else [_constant(record) for record in records]
    pair = place_columns(sorted(set.intersection(*(set(row) for row in rows))))
    if pair is None:
        return []
    kinds = next(names[:2] for names in PLACES if pair[0].upper() in names[2])
    return [
        (kind, column, np.array([float(row[column]) for row in rows])) for kind, column in zip(kinds, pair, strict=True)
    ]


def _constant(record: Record) -> dict[str, float]:
    """Columns of numbers that hold one value."""
    found = {}
    for name, array in record.data.data_vars.items():
        values = array.to_numpy()
        if values.dtype.kind == "f" and len(np.unique(values[np.isfinite(values)])) == 1:
            found[str(name)] = float(values[np.isfinite(values)][0])
    return found
