"""Means of a grid over polygons: the weather of a catchment from a weather grid, brought to the steps of its gauge."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.join import Columns, JoinReport
from outcrop.data.join_grid import _check_new, _chosen, _from, _numbers, _only, _report, taken
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.records import Record

RULES = ("mean", "sum", "min", "max")


def polygon_mean(
    records: Sequence[Record],
    grids: Sequence[Record],
    *,
    polygons: str | Path,
    key: str = "name",
    on: str = "station",
    resample: str = "mean",
    stamp: str = "start",
    columns: Columns = None,
) -> tuple[list[Record], JoinReport]:
    """Adds the mean of a grid over each record's polygon, by the area that each cell has inside it.

    A cell of longitudes and latitudes counts by the cosine of its latitude. Cells without a value are left out of the
    mean of that step. Where the grid has finer steps than the record, the steps of each of the record's intervals are
    combined; coarser steps are not spread out.

    Args:
        records: along time, with the group key `on`.
        grids: one grid (time, y, x) in the coordinates of the polygons.
        polygons: Shapefile, GeoJSON or GeoPackage.
        key: its column with the value of the group key.
        on: group key of the records.
        resample: how finer steps are combined: "mean" (temperature, rates), "sum" (amounts), "min", "max".
        stamp: whether the record's time stamps stand at the "start" or the "end" of their intervals.
        columns: variables to take over, or variable -> new name.

    Raises:
        ConfigError: an unknown rule.
        DataError: a record without a polygon, a polygon off the grid, or a record that does not run along time.
    """
    from outcrop.data.vector import polygons as read_polygons

    for name, value, allowed in (("resample", resample, RULES), ("stamp", stamp, ("start", "end"))):
        if value not in allowed:
            fix = f"{name} = one of {', '.join(allowed)}{did_you_mean(value, allowed)}."
            raise ConfigError(message(f"{name} = {value!r} is not known.", where="join polygon_mean", fix=fix))
    grid, shapes = _only(grids), read_polygons(polygons, key=key)
    names, joined, counts = _chosen(grid, columns), [], {}
    for record in records:
        value = record.groups.get(on, record.name)
        if value not in shapes:
            fix = f"the polygons are called {', '.join(list(shapes)[:5])}{did_you_mean(value, shapes)}; key = COLUMN."
            raise DataError(message(f"There is no polygon {value!r} for {record.name}.", where=str(polygons), fix=fix))
        weight, dims = cell_weights(grid, shapes[value], f"{polygons}, {value}")
        arrays = {}
        for column, name in names.items():
            series = _mean(grid, column, weight, dims)
            values = _onto(record, grid, series, resample, stamp)
            arrays[name] = ((record.dim,), values, _from(grid.data[column].attrs, grid))
        _check_new(record, arrays, grid)
        joined.append(record.with_data(record.data.assign(arrays)))
        found = int(max((np.isfinite(a[1]).sum() for a in arrays.values()), default=0))
        counts[record.name] = {"rows": int((weight > 0).sum()), "samples": found}
    return joined, _report("polygon_mean", grids, 1, counts)


def cell_weights(grid: Record, polygon: Any, where: str) -> tuple[np.ndarray, tuple[str, str]]:
    """The share of each cell inside a polygon, times its area on the ground; and the two dimensions it runs over.

    Raises:
        DataError: a grid without one-dimensional coordinates, or a polygon that no cell touches.
    """
    from shapely import box, prepare

    pairs = (("latitude", "longitude"), ("northing", "easting"))
    pair = next((p for p in pairs if all(n in grid.data.coords and grid.data[n].ndim == 1 for n in p)), None)
    if pair is None:
        fix = "give the grid one-dimensional longitude and latitude, or easting and northing."
        raise DataError(message("Means over polygons need a regular grid.", where=grid.source, fix=fix))
    dims = (str(grid.data[pair[0]].dims[0]), str(grid.data[pair[1]].dims[0]))
    rows, columns = (_edges(np.asarray(grid.data[name].to_numpy(), float)) for name in pair)
    west, south, east, north = polygon.bounds
    if pair[1] == "longitude" and west < 0 and columns.min() >= -1 and columns.max() > 180:
        columns = np.where(columns > 180, columns - 360, columns)
    weight = np.zeros((len(rows), len(columns)))
    prepare(polygon)
    for i in np.flatnonzero((rows.max(axis=1) > south) & (rows.min(axis=1) < north)):
        for j in np.flatnonzero((columns.max(axis=1) > west) & (columns.min(axis=1) < east)):
            if abs(columns[j, 1] - columns[j, 0]) > 180:  # a cell over the seam
                continue
            cell = box(columns[j].min(), rows[i].min(), columns[j].max(), rows[i].max())
            if polygon.intersects(cell):
                weight[i, j] = polygon.intersection(cell).area
    if pair[0] == "latitude":
        weight *= np.cos(np.radians(rows.mean(axis=1)))[:, None]
    if not weight.any():
        fix = "check that both have one coordinate system, and longitudes one convention."
        what = f"No cell of the grid lies in the polygon (bounds {west:g} to {east:g}, {south:g} to {north:g})."
        raise DataError(message(what, where=where, fix=fix))
    return weight, dims


def _edges(centres: np.ndarray) -> np.ndarray:
    """Both edges of every cell, halfway to its neighbours, shape (cell, 2)."""
    middle = (centres[1:] + centres[:-1]) / 2
    first, last = 2 * centres[0] - middle[0], 2 * centres[-1] - middle[-1]
    return np.stack([np.r_[first, middle], np.r_[middle, last]], axis=1)


def _mean(grid: Record, column: str, weight: np.ndarray, dims: tuple[str, str]) -> np.ndarray:
    """The weighted mean of each step over the cells that have a value."""
    array = grid.data[column]
    rest = [dim for dim in array.dims if dim not in dims]
    if len(rest) > 1 or not set(dims) <= set(array.dims):
        what = f"{column} has the dimensions {array.dims}; a field in time over {', '.join(dims)} is wanted."
        raise DataError(message(what, where=grid.source, fix="take one level first."))
    inside = weight > 0
    rows, cells = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    part = {dims[0]: slice(rows[0], rows[-1] + 1), dims[1]: slice(cells[0], cells[-1] + 1)}
    values = np.asarray(array.isel(part).transpose(*rest, *dims).to_numpy(), np.float64)
    shares = weight[rows[0] : rows[-1] + 1, cells[0] : cells[-1] + 1]
    known = np.isfinite(values)
    total = (known * shares).sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, (np.where(known, values, 0) * shares).sum(axis=(-2, -1)) / total, np.nan)


def _onto(record: Record, grid: Record, series: np.ndarray, rule: str, stamp: str) -> np.ndarray:
    """A series of the grid at the steps of the record."""
    if np.ndim(series) == 0:
        return np.full(len(record), float(series))
    dim = next(d for d in grid.dims if d in ("time", record.dim))
    if record.axis.dtype.kind != grid.data[dim].dtype.kind:
        fix = "state the record's axis: axis = the column with its time stamps."
        raise DataError(message(f"{record.name} and the grid do not both run along time.", where=grid.source, fix=fix))
    fine, coarse = _numbers(grid.data[dim].to_numpy()), _numbers(record.axis)
    steps = [float(np.median(np.diff(axis))) if len(axis) > 1 else 0.0 for axis in (fine, coarse)]
    if steps[0] >= 0.99 * steps[1]:
        return taken(fine, series, coarse)
    starts = coarse if stamp == "start" else coarse - steps[1]
    place = np.searchsorted(starts, fine + (0 if stamp == "start" else -1e-6), side="right") - 1
    inside = (place >= 0) & (fine < starts[np.maximum(place, 0)] + steps[1] * (1 + 1e-9)) & np.isfinite(series)
    out = np.full(len(record), np.nan)
    expected = max(round(steps[1] / steps[0]), 1)
    count = np.bincount(place[inside], minlength=len(record))
    full = count >= expected  # an interval with a missing step has no sum and no mean
    if rule in ("mean", "sum"):
        total = np.bincount(place[inside], series[inside], minlength=len(record))
        out[full] = total[full] / (count[full] if rule == "mean" else 1)
        return out
    extreme = np.full(len(record), np.inf if rule == "min" else -np.inf)
    (np.minimum if rule == "min" else np.maximum).at(extreme, place[inside], series[inside])
    out[full] = extreme[full]
    return out
