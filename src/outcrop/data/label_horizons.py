"""Horizons of a cube or a line as labels: the unit between two horizons, or the horizon itself as a map.

Unlabelled is not background: where a horizon was not picked, nothing is said about the units it bounds, and within a
pick's sigma nobody can say on which side a sample lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from outcrop.data.join import JoinReport
from outcrop.errors import ConfigError, DataError, message
from outcrop.records import Record

LINES = {"inline": ("inline", "il"), "crossline": ("crossline", "xline", "xl"), "trace": ("trace", "cdp", "cmp")}


def horizons(
    records: Sequence[Record],
    table: Any,
    *,
    on: str = "record",
    horizon: str = "horizon",
    z: str = "twt",
    xy: Sequence[str] | None = None,
    order: Sequence[str] | None = None,
    sigma: float = 0.0,
    distance_m: float | None = None,
    name: str = "UNIT",
    as_map: bool = False,
) -> tuple[list[Record], JoinReport]:
    """Adds the unit number of every sample, 0 above the first horizon; or each horizon's depth or time as a map.

    Args:
        records: cubes (inline, crossline, twt or depth) or lines (trace, twt or depth).
        table: one row per picked trace and horizon, with inline and crossline (or trace) numbers, or with map
            coordinates. Rows are those of every record where the table has no column `on`.
        on: group key whose value a row belongs to.
        horizon: column with the name of the horizon.
        z: column with its time or depth, in the unit of the records' vertical axis.
        xy: the columns with easting and northing; rows go to the nearest trace within `distance_m`.
        order: names of the horizons from top to bottom; by default sorted by their median z.
        sigma: standard deviation of the picks in the unit of z; samples within it of a horizon are unlabelled.
        distance_m: farthest trace that takes a row; by default half the distance between traces.
        name: of the new variable.
        as_map: adds one map per horizon, of its name, instead.

    Raises:
        ConfigError: an order that names a horizon twice.
        DataError: horizons that cross, no vertical axis, or rows that match no trace.
    """
    listed, z_values = _names(table, horizon), table.numbers(z)
    levels = _ordered(listed, z_values, order)
    joined, counts, matched, dropped = [], {}, np.zeros(len(z_values), bool), ~np.isfinite(z_values)
    for record in records:
        vertical = _vertical(record)
        rows = np.arange(len(z_values)) if on == "record" and on not in table.columns else table.rows_of(record)
        rows = rows[~dropped[rows]]
        trace = _traces(record, table, rows, xy, distance_m)
        matched[rows[trace >= 0]] = True
        surfaces = _surfaces(record, levels, listed[rows], z_values[rows], trace)
        joined.append(_as_maps(record, levels, surfaces, table, vertical) if as_map
                      else _as_units(record, surfaces, sigma, name, table))  # fmt: skip
        found = int(np.isfinite(surfaces).sum())
        counts[record.name] = {"rows": int((trace >= 0).sum()), "samples": found}
    return joined, _report(table, matched, dropped, counts)


def _report(table: Any, matched: np.ndarray, dropped: np.ndarray, counts: dict[str, dict[str, int]]) -> JoinReport:
    """What became of the rows.

    Raises:
        DataError: none of them matches a trace.
    """
    if not matched.any():
        fix = "check the columns inline and crossline, or xy = [...] with distance_m."
        raise DataError(message("No row of the horizons matches a trace.", where=table.name, fix=fix))
    unmatched, samples = int((~matched & ~dropped).sum()), sum(row["samples"] for row in counts.values())
    without = tuple(key for key, row in counts.items() if not row["rows"])
    done = int(matched.sum())
    return JoinReport("horizons", table.name, done, unmatched, int(dropped.sum()), samples, without, counts)


def _ordered(listed: np.ndarray, z: np.ndarray, order: Sequence[str] | None) -> list[str]:
    """Names of the horizons from top to bottom."""
    known = [word for word in dict.fromkeys(listed.tolist()) if word]
    if order is not None and len(set(order)) < len(order):
        raise ConfigError(message("order names a horizon twice.", where="join horizons", fix=f"order = {known}"))
    return list(order or sorted(known, key=lambda word: float(np.nanmedian(z[listed == word]))))


def _vertical(record: Record) -> str:
    """The vertical dimension of a cube or line."""
    vertical = record.dims[-1]
    if len(record.dims) < 2 or record.data[vertical].dtype.kind not in "fiu":
        fix = "horizons are joined to cubes (inline, crossline, twt) and lines (trace, twt)."
        raise DataError(message(f"{record.name} has no vertical axis.", where=record.source, fix=fix))
    return vertical


def _names(table: Any, column: str) -> np.ndarray:
    return np.array([str(value).strip() for value in table.columns[table.find(column)].tolist()], object)


def _traces(record: Record, table: Any, rows: np.ndarray, xy: Any, distance_m: float | None) -> np.ndarray:
    """The trace (raveled over all but the vertical dimension) that each row lies at, -1 for none."""
    shape = record.shape[:-1]
    if xy is not None:
        x, y = (table.numbers(column)[rows] for column in xy)
        return _nearest_traces(record, x, y, distance_m)
    flat = np.zeros(len(rows), np.int64)
    good = np.ones(len(rows), bool)
    for dim, size in zip(record.dims[:-1], shape, strict=True):
        names = {str(column).casefold(): column for column in table.columns}
        column = next((names[word] for word in LINES.get(dim, (dim,)) if word in names), None)
        if column is None:
            fix = f"give it one, or xy = [...]; it has {', '.join(list(table.columns)[:8])}."
            raise DataError(message(f"The horizons have no column {dim!r}.", where=table.name, fix=fix))
        wanted = table.numbers(column)[rows]
        numbers = np.asarray(record.data[dim].to_numpy(), float)
        place = np.clip(np.searchsorted(numbers, wanted), 0, size - 1)
        good &= numbers[place] == wanted
        flat = flat * size + place
    return np.where(good, flat, -1)


def _nearest_traces(record: Record, x: np.ndarray, y: np.ndarray, distance_m: float | None) -> np.ndarray:
    from scipy.spatial import cKDTree

    if "easting" not in record.data.coords:
        fix = "join them by inline and crossline."
        raise DataError(message(f"{record.name} has no map coordinates.", where=record.source, fix=fix))
    east, north = (np.broadcast_to(record.data[key].to_numpy(), record.shape[:-1]).ravel()
                   for key in ("easting", "northing"))  # fmt: skip
    places = np.stack([east, north], axis=1)
    tree = cKDTree(places)
    limit = distance_m
    if limit is None:
        some = places[:: max(1, len(places) // 1000)]
        limit = 0.75 * float(np.median(tree.query(some, k=2)[0][:, 1]))
    gap, trace = tree.query(np.stack([x, y], axis=1), distance_upper_bound=limit * (1 + 1e-9))
    return np.where(np.isfinite(gap), trace, -1)


def _surfaces(
    record: Record, levels: Sequence[str], listed: np.ndarray, z: np.ndarray, trace: np.ndarray
) -> np.ndarray:
    """Mean z of every horizon at every trace, NaN where it was not picked, shape (horizon, trace).

    Raises:
        DataError: a horizon lies above the one before it in the order.
    """
    traces = int(np.prod(record.shape[:-1]))
    surfaces = np.full((len(levels), traces), np.nan)
    for number, word in enumerate(levels):
        mine = (listed == word) & (trace >= 0)
        count = np.bincount(trace[mine], minlength=traces)
        with np.errstate(invalid="ignore"):
            surfaces[number] = np.bincount(trace[mine], z[mine], minlength=traces) / np.where(count > 0, count, np.nan)
    for upper, lower in zip(range(len(levels)), range(1, len(levels)), strict=False):
        crossed = np.flatnonzero(surfaces[lower] < surfaces[upper])
        if len(crossed):
            what = f"{levels[lower]} lies above {levels[upper]} at {len(crossed)} traces of {record.name}."
            at = np.unravel_index(crossed[0], record.shape[:-1])
            where = ", ".join(f"{d} {record.data[d].to_numpy()[i]}" for d, i in zip(record.dims, at, strict=False))
            raise DataError(message(what, where=where, fix="correct the picks, or order = [names from top to bottom]"))
    return surfaces


def _as_units(record: Record, surfaces: np.ndarray, sigma: float, name: str, table: Any) -> Record:
    """The number of horizons above each sample; missing where one of its two bounds was not picked, or within sigma."""
    axis = np.asarray(record.data[record.dims[-1]].to_numpy(), float)
    units = np.full((surfaces.shape[1], len(axis)), np.nan, np.float32)
    known = np.isfinite(surfaces)
    for number in range(len(surfaces) + 1):
        top = surfaces[number - 1] if number > 0 else np.full(surfaces.shape[1], -np.inf)
        base = surfaces[number] if number < len(surfaces) else np.full(surfaces.shape[1], np.inf)
        bounded = (known[number - 1] if number > 0 else True) & (known[number] if number < len(surfaces) else True)
        inside = (axis >= (top + sigma)[:, None]) & (axis < (base - sigma)[:, None])
        units[inside & np.broadcast_to(bounded, surfaces.shape[1:])[:, None]] = number
    about = {"units": "", "long_name": f"number of horizons above, of {len(surfaces)}", "source": table.name}
    return record.with_data(record.data.assign({name: (record.dims, units.reshape(record.shape), about)}))


def _as_maps(record: Record, levels: Sequence[str], surfaces: np.ndarray, table: Any, vertical: str) -> Record:
    unit = str(record.data[vertical].attrs.get("units", ""))
    about = {"units": unit, "source": table.name}
    maps = {
        word: (record.dims[:-1], surface.reshape(record.shape[:-1]), {**about, "long_name": f"horizon {word}"})
        for word, surface in zip(levels, surfaces, strict=True)
    }
    return record.with_data(record.data.assign(maps))
