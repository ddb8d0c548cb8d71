"""Turns dimensions of a Record into records or variables, and many Records into one along a new dimension.

Pure functions on Records, shared by all readers of gridded formats: a file says how its numbers are stored, the run
file says what a sample is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.records import Record


def restructured(
    record: Record,
    *,
    samples: Sequence[str] | None = None,
    records: str | None = None,
    fold: str | None = None,
    names: Sequence[str] | None = None,
) -> list[Record]:
    """One Record as the run file wants it: dimensions folded into variables, then spread over records.

    Args:
        samples: dimensions of the grid of samples, in C order; by default those of the variable with most.
        records: dimension whose every index becomes a Record of its own (a station, a simulation, a member).
        fold: dimension whose every index becomes a variable of its own (a level, a component, a date).
        names: of the entries of `fold`; by default its coordinate, else numbers.

    Raises:
        ConfigError: a dimension that the file does not have.
    """
    for key, dims in (
        ("samples", samples or ()),
        ("records", [records] if records else ()),
        ("fold", [fold] if fold else ()),
    ):
        for dim in dims:
            if dim not in record.data.dims:
                known = ", ".join(map(str, record.data.dims))
                fix = f"its dimensions are {known}{did_you_mean(dim, map(str, record.data.dims))}."
                raise ConfigError(
                    message(f"{key} names {dim!r}, which the file does not have.", where=record.source, fix=fix)
                )
    spare = [d for d, n in record.data.sizes.items() if n == 1 and d not in (*(samples or ()), records, fold)]
    if spare and len(spare) < len(record.data.sizes):
        record = replace(record, data=record.data.squeeze(spare, drop=True), dims=())
    if fold:
        record = per_variable(record, fold, names)
    parts = per_record(record, records) if records else [record]
    return [replace(part, dims=tuple(samples or _most_dims(part))) for part in parts]


def _most_dims(record: Record) -> tuple[str, ...]:
    arrays = list(record.data.data_vars.values())
    largest = max(arrays, key=lambda array: (array.ndim, array.size), default=None)
    if largest is None or not largest.ndim:
        return (str(next(iter(record.data.sizes))),)
    return tuple(map(str, largest.dims))


def labels_of(record: Record, dim: str) -> list[str]:
    """The entries of a dimension as short texts: names, dates, numbers."""
    coordinate = record.data[dim].to_numpy()
    if coordinate.dtype.kind == "M":
        return [np.datetime_as_string(stamp, unit="auto") for stamp in coordinate]
    if coordinate.dtype.kind == "f" and np.all(coordinate == np.round(coordinate)):
        coordinate = coordinate.astype(np.int64)
    return [str(value) for value in coordinate.tolist()]


def per_record(record: Record, dim: str) -> list[Record]:
    """One Record per index of a dimension, named by its entry, which is also a group key.

    Coordinates along that dimension alone (longitude and latitude of a station) become the record's position.
    """
    found = []
    entries = labels_of(record, dim)
    plain = record.data[dim].dtype.kind in "OUS" and len(set(entries)) == len(entries)
    for number, entry in enumerate(entries):
        data = record.data.isel({dim: number}, drop=False)
        position = dict(record.position)
        for key in ("easting", "northing", "longitude", "latitude", "elevation"):
            if key in data.coords and data[key].ndim == 0:
                position[key] = float(data[key])
        scalars = [str(name) for name, value in data.coords.items() if value.ndim == 0]
        name = entry if plain else f"{record.name} {dim} {entry}"
        groups = {**{k: v for k, v in record.groups.items() if k != "record"}, dim: entry}
        data = data.drop_vars(scalars).assign_attrs(index={**record.data.attrs.get("index", {}), dim: number})
        rest = tuple(d for d in record.dims if d != dim) or tuple(str(d) for d in data.dims)[:1]
        found.append(replace(record, data=data, name=name, groups=groups, position=position, dims=rest))
    return found


def per_variable(record: Record, dim: str, names: Sequence[str] | None = None) -> Record:
    """Every variable along a dimension as one variable per index: NAME_ENTRY, or ENTRY where there is one variable.

    Raises:
        DataError: another number of names than entries, or two entries of one name.
    """
    entries = [str(name) for name in names] if names is not None else labels_of(record, dim)
    size = record.data.sizes[dim]
    if len(entries) != size or len(set(entries)) != size:
        what = f"{dim} has {size} entries and {len(set(entries))} different names."
        fix = "names = [one name per entry]"
        raise DataError(message(what, where=record.source, fix=fix))
    along = [str(name) for name, array in record.data.data_vars.items() if dim in array.dims]
    textual = names is not None or record.data[dim].dtype.kind in "OUS"
    columns = {}
    for name, array in record.data.data_vars.items():
        if dim not in array.dims:
            columns[str(name)] = array
            continue
        for number, entry in enumerate(entries):
            label = entry if len(along) == 1 and textual else f"{name}_{entry}"
            units = array.attrs.get("units_by_entry", {}).get(entry, array.attrs.get("units", ""))
            own = {k: v for k, v in array.attrs.items() if k != "units_by_entry"}
            columns[label] = array.isel({dim: number}, drop=True).assign_attrs({**own, "units": units})
    data = record.data.drop_vars([*record.data.data_vars, *([dim] if dim in record.data.coords else [])])
    extra = [n for n, c in data.coords.items() if dim in c.dims]
    data = data.drop_vars(extra).assign(columns).assign_attrs(record.data.attrs)
    return replace(
        record,
        data=data,
        dims=tuple(d for d in record.dims if d != dim) or _most_dims(replace(record, data=data, dims=())),
    )


def stack(records: Sequence[Record], dim: str, coordinate: Sequence[float] | None = None) -> Record:
    """Many equal Records as one along a new first dimension, sorted by its coordinate.

    Args:
        records: with the same dimensions, sizes and variables.
        dim: name of the new dimension.
        coordinate: one number per record; by default the last number in each file name (images/1534.png -> 1534).

    Raises:
        DataError: records that differ, a file name without a number, or a number that occurs twice.
    """
    import xarray as xr

    first = records[0]
    for other in records[1:]:
        if (
            other.dims != first.dims
            or other.shape != first.shape
            or set(other.data.data_vars) != set(first.data.data_vars)
        ):
            sizes = [f"{r.name}: {dict(zip(r.dims, r.shape, strict=True))}" for r in (first, other)]
            raise DataError(
                message(
                    "Only equal records can be stacked.", where="; ".join(sizes), fix="leave the odd file out of files."
                )
            )
    numbers = list(coordinate) if coordinate is not None else [_number(record) for record in records]
    order = np.argsort(numbers, kind="stable")
    twice = [numbers[a] for a, b in pairwise(order) if numbers[a] == numbers[b]]
    if twice:
        fix = "give each file a number of its own."
        raise DataError(message(f"Two files have the number {twice[0]}.", where=f"stack = {dim!r}", fix=fix))
    chosen = [records[i] for i in order]
    alike = {"combine_attrs": "drop_conflicts", "compat": "override", "join": "override"}
    data = xr.concat([r.data for r in chosen], dim=dim, coords="minimal", data_vars="all", **alike)
    data = data.assign_coords({dim: (dim, np.array([numbers[i] for i in order]))})
    data.attrs["sources"] = [r.source for r in chosen]
    data.attrs["stacked"] = dim
    digest = "".join(r.sha256 for r in chosen)
    folder = Path(first.source).parent.name or first.name
    return replace(
        first,
        data=data,
        name=folder,
        groups={},
        dims=(dim, *first.dims),
        sha256=hashlib.sha256(digest.encode()).hexdigest(),
        notes=(f"{len(chosen)} files stacked along {dim}", *first.notes),
    )


def numbered(records: Sequence[Record], key: str) -> list[Record]:
    """Records named by the last number in their file's name, their position and group key: lines/1534.png.

    Raises:
        DataError: a file name without a number.
    """
    numbers = [_number(record) for record in records]
    return [
        replace(
            one,
            name=f"{key} {n}",
            position={**one.position, key: float(n)},
            groups={**{k: v for k, v in one.groups.items() if k != "record"}, key: str(n)},
        )
        for one, n in zip(records, numbers, strict=True)
    ]


def _number(record: Record) -> int:
    digits = re.findall(r"\d+", Path(record.source).stem)
    if not digits:
        fix = "number the files, e.g. images/1534.png."
        raise DataError(message("The file name holds no number.", where=record.source, fix=fix))
    return int(digits[-1])
