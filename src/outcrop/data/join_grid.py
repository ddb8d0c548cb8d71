"""Joins a grid to records: on the very same grid (images and masks), or its nearest cell or trace to each record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.join import Columns, JoinReport
from outcrop.errors import DataError, message
from outcrop.records import Record

SAME = 1e-6
"""Coordinates that differ by less than this share of a step are the same."""


def same_grid(
    records: Sequence[Record], others: Sequence[Record], *, on: str = "record", columns: Columns = None
) -> tuple[list[Record], JoinReport]:
    """Adds the variables of records that lie on the same grid, or on some of its dimensions (a map beside a series).

    Args:
        records: the samples.
        others: records with the same value of the group key `on`; where both sides have one record, that one.
        on: group key, by default the name of the record.
        columns: variables to take over, or variable -> new name; by default all.

    Raises:
        DataError: grids that differ in size or coordinates, or a variable that the record already has.
    """
    known = {other.groups.get(on, other.name): other for other in others}
    single = len(records) == len(others) == 1
    joined, used, samples = [], set(), {}
    for record in records:
        other = others[0] if single else known.get(record.groups.get(on, record.name))
        if other is None:
            joined.append(record)
            samples[record.name] = {"rows": 0, "samples": 0}
            continue
        new = {name: other.data[column] for column, name in _chosen(other, columns).items()}
        _check_same(record, other)
        _check_new(record, new, other)
        dims = [dim for dim in other.dims if dim in record.dims]
        added = {name: array.variable.copy(deep=False) for name, array in new.items()}  # stays on disk
        for array in added.values():
            array.attrs = _from(array.attrs, other)
        joined.append(record.with_data(record.data.assign(added)))
        used.add(other.name)
        samples[record.name] = {"rows": 1, "samples": int(np.prod([record.data.sizes[dim] for dim in dims]))}
    return joined, _report("same_grid", others, len(used), samples)


def along(
    records: Sequence[Record],
    others: Sequence[Record],
    *,
    on: str = "record",
    columns: Columns = None,
    tolerance: float = 0.0,
) -> tuple[list[Record], JoinReport]:
    """Adds the variables of series that run along the same axis, where their times or depths agree.

    Weekly heads beside daily weather give a value on their own days and none between.

    Args:
        records, others, on, columns: as for `same_grid`, with one dimension each.
        tolerance: largest difference, in seconds or in the unit of the axis.

    Raises:
        DataError: axes of different kinds, or a variable that the record already has.
    """
    known = {other.groups.get(on, other.name): other for other in others}
    single = len(records) == len(others) == 1
    joined, used, counts = [], set(), {}
    for record in records:
        other = others[0] if single else known.get(record.groups.get(on, record.name))
        counts[record.name] = {"rows": 0, "samples": 0}
        if other is None:
            joined.append(record)
            continue
        if other.axis.dtype.kind != record.axis.dtype.kind:
            fix = "state `axis` for both: the column with the time stamps or depths."
            what = f"{record.name} runs along {record.dim}, {other.name} along {other.dim}."
            raise DataError(message(what, where=f"{record.source} and {other.source}", fix=fix))
        axis, places = _numbers(record.axis), _numbers(other.axis)
        order = np.argsort(places, kind="stable")
        at = np.clip(np.searchsorted(places[order], axis - tolerance), 0, max(len(places) - 1, 0))
        row = order[at] if len(places) else np.zeros(len(axis), int)
        fits = np.abs(places[row] - axis) <= tolerance + 1e-9 if len(places) else np.zeros(len(axis), bool)
        new = {}
        for column, name in _chosen(other, columns).items():
            values = np.asarray(other.flat(column), float)
            new[name] = ((record.dim,), np.where(fits, values[row], np.nan), _from(other.data[column].attrs, other))
        _check_new(record, new, other)
        joined.append(record.with_data(record.data.assign(new)))
        used.add(other.name)
        counts[record.name] = {"rows": len(np.unique(row[fits])), "samples": int(fits.sum())}
    rows = sum(row["rows"] for row in counts.values())
    report = _report("along", others, len(used), counts)
    return joined, replace(report, matched=rows, unmatched=max(sum(map(len, others)) - rows, 0))


def nearest(
    records: Sequence[Record],
    grids: Sequence[Record],
    *,
    distance_m: float,
    along: Mapping[str, str] | None = None,
    columns: Columns = None,
) -> tuple[list[Record], JoinReport]:
    """Adds, to each record with a position, the values of the nearest place of a grid: a weather cell, a trace.

    Args:
        records: with `position` (easting, northing; or longitude, latitude).
        grids: one grid with the same kind of coordinates.
        distance_m: farthest place that is taken, in metres.
        along: dimension of the grid -> curve of the record that runs along it, e.g. {twt = "TWT"} for a trace at a
            well; a dimension the record has itself (time) needs no entry. Samples farther than half a step of the
            grid from any of its values get none.
        columns: variables to take over, or variable -> new name.

    Raises:
        DataError: several grids, no positions, or a dimension that no curve of the record runs along.
    """
    from outcrop.data.space import along_surface, cartesian

    grid = _only(grids)
    places, spatial = _grid_places(grid, cartesian)
    names = _chosen(grid, columns)
    joined, counts = [], {}
    for record in records:
        here = cartesian({key: np.array([value]) for key, value in record.position.items()})
        if here is None or here.shape[1] != places.shape[1]:
            fix = 'join the positions first: join = "attributes" with longitude and latitude, or easting and northing.'
            what = f"{record.name} has no position of the kind the grid has."
            raise DataError(message(what, where=f"{record.source}, joined with {grid.source}", fix=fix))
        gap = np.linalg.norm(places - here, axis=1)
        place = int(np.nanargmin(gap))
        far = float(along_surface(gap[place], places.shape[1])) > distance_m
        arrays = {}
        for column, name in names.items():
            values = np.full(len(record), np.nan) if far else _along(record, grid, column, spatial, place, along or {})
            arrays[name] = (record.dims, values.reshape(record.shape), _from(grid.data[column].attrs, grid))
        _check_new(record, arrays, grid)
        joined.append(record.with_data(record.data.assign(arrays)))
        found = int(max((np.isfinite(a[1]).sum() for a in arrays.values()), default=0))
        counts[record.name] = {"rows": int(not far), "samples": found}
    return joined, _report("nearest", grids, sum(row["rows"] for row in counts.values()), counts)


def _grid_places(grid: Record, cartesian: Any) -> tuple[np.ndarray, tuple[str, ...]]:
    """All places of a grid in metres, and the dimensions they run over."""
    pairs = (("easting", "northing"), ("longitude", "latitude"))
    pair = next((pair for pair in pairs if all(name in grid.data.coords for name in pair)), None)
    if pair is None:
        fix = "a grid needs easting and northing, or longitude and latitude."
        raise DataError(message("The grid has no map coordinates.", where=grid.source, fix=fix))
    spatial = tuple(d for d in grid.data.dims if any(d in grid.data[name].dims for name in pair))
    import xarray as xr

    first, second = xr.broadcast(grid.data[pair[0]], grid.data[pair[1]])
    order = [first.transpose(*spatial).to_numpy().ravel(), second.transpose(*spatial).to_numpy().ravel()]
    return cartesian(dict(zip(pair, order, strict=True))), spatial


def _along(
    record: Record, grid: Record, column: str, spatial: tuple[str, ...], place: int, along: Mapping[str, str]
) -> np.ndarray:
    """The values of one place of the grid at each sample of the record."""
    at = np.unravel_index(place, [grid.data.sizes[dim] for dim in spatial])
    series = grid.data[column].isel(
        {d: int(i) for d, i in zip(spatial, at, strict=True) if d in grid.data[column].dims}
    )
    if not series.dims:
        return np.full(len(record), float(series))
    if len(series.dims) > 1:
        fix = "take one of its levels first."
        raise DataError(message(f"{column} has the dimensions {series.dims} at one place.", where=grid.source, fix=fix))
    dim = str(series.dims[0])
    curve = along.get(dim, dim)
    if curve not in record.data.variables:
        fix = f'along = {{{dim} = "curve of the record"}}'
        raise DataError(message(f"{record.name} has no {curve!r} to find {dim} by.", where=record.source, fix=fix))
    return taken(np.asarray(grid.data[dim].to_numpy()), series.to_numpy(), record.flat(curve))


def taken(axis: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Values at the nearest points of an axis within half a step; NaN elsewhere.

    >>> taken(np.array([0.0, 4.0, 8.0]), np.array([1.0, 2.0, 3.0]), np.array([3.0, 11.0]))
    array([ 2., nan])
    """
    axis, wanted = (_numbers(each) for each in (axis, wanted))
    order = np.argsort(axis, kind="stable")
    axis, values = axis[order], np.asarray(values, float)[order]
    half = 0.5 * float(np.median(np.diff(axis))) if len(axis) > 1 else 0.0
    right = np.clip(np.searchsorted(axis, wanted), 1, max(len(axis) - 1, 1))
    left, right = right - 1, np.minimum(right, len(axis) - 1)
    near = np.where(np.abs(wanted - axis[left]) <= np.abs(axis[right] - wanted), left, right)
    fits = np.abs(axis[near] - wanted) <= half * (1 + SAME) + 1e-9
    return np.where(fits, values[near], np.nan)


def _numbers(axis: np.ndarray) -> np.ndarray:
    """Time stamps as seconds since 1970; other axes as they are."""
    axis = np.asarray(axis)
    if axis.dtype.kind == "M":
        return np.where(np.isnat(axis), np.nan, axis.astype("datetime64[ns]").astype(np.int64) / 1e9)
    return axis.astype(np.float64)


def _chosen(other: Record, columns: Columns) -> dict[str, str]:
    names = [str(n) for n, a in other.data.data_vars.items() if set(a.dims) <= set(other.dims)]
    if columns is None:
        return {name: name for name in names}
    chosen = dict(columns) if isinstance(columns, Mapping) else {name: name for name in columns}
    for name in chosen:
        if name not in other.data.data_vars:
            fix = f"it has {', '.join(names[:12])}."
            raise DataError(message(f"There is no variable {name!r} to join.", where=other.source, fix=fix))
    return chosen


def _check_same(record: Record, other: Record) -> None:
    for dim in other.dims:
        if dim not in record.dims or other.data.sizes[dim] != record.data.sizes[dim]:
            sizes = (dict(zip(r.dims, r.shape, strict=True)) for r in (record, other))
            what = "The grids differ: {} and {}.".format(*sizes)
            fix = 'bring both to one grid first, or join = "nearest".'
            raise DataError(message(what, where=f"{record.source} and {other.source}", fix=fix))
        one, two = (np.asarray(_numbers(r.data[dim].to_numpy())) for r in (record, other))
        step = float(np.median(np.abs(np.diff(one)))) if len(one) > 1 else 1.0
        if not np.allclose(one, two, rtol=0, atol=max(SAME * step, 1e-9)):
            first = int(np.flatnonzero(~np.isclose(one, two, rtol=0, atol=SAME * step))[0])
            what = f"The grids differ along {dim}: {one[first]:g} and {two[first]:g} at number {first + 1}."
            fix = "bring both to one grid first."
            raise DataError(message(what, where=f"{record.source} and {other.source}", fix=fix))


def _check_new(record: Record, new: Mapping[str, Any], other: Record) -> None:
    for name in new:
        if name in record.data.variables:
            fix = f'take it over under another name: columns = {{{name} = "{name}_2"}}.'
            raise DataError(message(f"{record.name} already has a variable {name!r}.", where=other.source, fix=fix))


def _only(grids: Sequence[Record]) -> Record:
    if len(grids) != 1:
        fix = "name one file; several in time can be combined before."
        raise DataError(message(f"One grid is wanted, {len(grids)} were read.", where=grids[0].source, fix=fix))
    return grids[0]


def _from(attributes: Mapping[Any, Any], other: Record) -> dict[Any, Any]:
    return {"units": "", **dict(attributes), "source": Path(other.source).name}


def _report(kind: str, others: Sequence[Record], used: int, counts: Mapping[str, Mapping[str, int]]) -> JoinReport:
    """Counts in records of the second source."""
    return JoinReport(
        join=kind,
        source=Path(others[0].source).name if len(others) == 1 else f"{len(others)} records",
        matched=used,
        unmatched=max(len(others) - used, 0),
        dropped=0,
        samples=sum(row["samples"] for row in counts.values()),
        records_without=tuple(name for name, row in counts.items() if not row["rows"]),
        per_record=counts,
    )
