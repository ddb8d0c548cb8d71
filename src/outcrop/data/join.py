"""Joins a second source to the records: core intervals, deviation surveys, tables at the same depth, one row per well.

Every join says how many of its rows matched, found no place, or were left out. Nothing is extrapolated: where the
second source says nothing, the new variable is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from outcrop.data.join_table import Table, open_table
from outcrop.data.survey import minimum_curvature
from outcrop.errors import ConfigError, DataError, message
from outcrop.records import Record

POSITION_KEYS = ("easting", "northing", "longitude", "latitude", "elevation")
"""Names that `attributes` puts in `Record.position` rather than in the groups."""
Columns = Sequence[str] | Mapping[str, str] | None


@dataclass(frozen=True)
class JoinReport:
    """What became of the rows of a joined table.

    Attributes:
        join, source: kind of join, and the file.
        matched: rows that gave a value to at least one sample.
        unmatched: rows of wells that are no record, or at depths without a sample.
        dropped: rows left out because a key or all values are missing, they repeat another, or a nearer row won.
        samples: samples that got a value.
        records_without: names of records without a matched row.
        per_record: record name -> matched rows, and samples that got a value.
    """

    join: str
    source: str
    matched: int
    unmatched: int
    dropped: int
    samples: int
    records_without: tuple[str, ...] = ()
    per_record: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The counts as a sentence.

        >>> JoinReport("interval", "core.csv", 40, 2, 1, 310, ("A-3",)).sentence
        'core.csv (interval): 40 rows matched, 2 without a place, 1 left out; 310 samples got a value; no row for: A-3.'
        """
        counts = f"{self.matched} rows matched, {self.unmatched} without a place, {self.dropped} left out"
        without = self.records_without
        lacking = f"; no row for: {', '.join(without[:5])}{' ...' if len(without) > 5 else ''}" if without else ""
        return f"{self.source} ({self.join}): {counts}; {self.samples} samples got a value{lacking}."

    def to_json(self) -> dict[str, Any]:
        """The report as a dictionary, counts first."""
        counts = {key: getattr(self, key) for key in ("join", "source", "matched", "unmatched", "dropped", "samples")}
        per_record = {name: dict(row) for name, row in self.per_record.items()}
        return {**counts, "records_without": list(self.records_without), "per_record": per_record}


def interval(
    records: Sequence[Record],
    table: Any,
    *,
    on: str = "well",
    top: str = "TOP",
    base: str = "BASE",
    columns: Columns = None,
) -> tuple[list[Record], JoinReport]:
    """Gives each sample the values of the interval it lies in, top included, base not.

    Args:
        records: with an axis in the unit of `top` and `base`.
        table: path of a CSV or Parquet file, a DataFrame, or Records of `data.read`.
        on: column with the record's group value (`well`).
        top, base: columns with the ends of each interval, in the unit of the records' axis, or converted to it where
            the table states another.
        columns: columns to take over, or column -> name of the new variable; by default all others.

    Raises:
        DataError: intervals that are empty, upside down, or overlap in one well.
    """
    source = open_table(table, on)
    names = source.values([top, base], columns)
    _check_new(records, names.values(), source)
    tops, bases = (source.lengths(column, _axis_unit(records)) for column in (top, base))
    empty = _empty_rows(source, names) | ~np.isfinite(tops) | ~np.isfinite(bases)
    wrong = np.flatnonzero(~empty & ~(bases > tops))
    if len(wrong):
        what = f"An interval ends at {bases[wrong[0]]:g}, above or at its top {tops[wrong[0]]:g}."
        raise DataError(message(what, where=source.place(wrong[0]), fix="exchange top and base, or remove the row."))
    joined, rows = [], _Rows(source)
    for record in records:
        mine = source.rows_of(record)
        good = mine[~empty[mine]]
        good = good[np.argsort(tops[good], kind="stable")]
        good, repeated = _without_repeats(source, [tops, bases], names, good)
        _check_overlap(source, tops, bases, good)
        axis = _numeric_axis(record)
        k = np.searchsorted(tops[good], axis, side="right") - 1
        inside = (k >= 0) & (axis < bases[good][np.maximum(k, 0)]) if len(good) else np.zeros(len(axis), bool)
        row = np.where(inside, good[np.maximum(k, 0)], -1) if len(good) else np.full(len(axis), -1)
        rows.count(record, np.unique(row[row >= 0]), np.r_[mine[empty[mine]], repeated], int((row >= 0).sum()))
        joined.append(_with_columns(record, source, names, row))
    return joined, rows.report("interval")


def depth(
    records: Sequence[Record],
    table: Any,
    *,
    on: str = "well",
    axis: str = "DEPTH",
    columns: Columns = None,
    tolerance_m: float = 0.1,
    tolerance_s: float = 0.0,
) -> tuple[list[Record], JoinReport]:
    """Gives each row of a table to the nearest sample, within a tolerance; of several rows at one sample the nearest.

    Args:
        records, table, on, columns: as for `interval`.
        axis: column with the depth (in the unit of the records' axis) or the time stamp of each row.
        tolerance_m: largest distance along depth, in the unit of the records' axis.
        tolerance_s: largest distance along time, in seconds.
    """
    source = open_table(table, on)
    names = source.values([axis], columns)
    _check_new(records, names.values(), source)
    along_time = any(record.axis.dtype.kind == "M" for record in records)
    places = source.times(axis) if along_time else source.lengths(axis, _axis_unit(records))
    tolerance = tolerance_s if along_time else tolerance_m
    empty = _empty_rows(source, names) | ~np.isfinite(places)
    joined, rows = [], _Rows(source)
    for record in records:
        mine = source.rows_of(record)
        good = mine[~empty[mine]]
        order, sorted_axis = _sorted_axis(record)
        sample, distance = _nearest(sorted_axis, places[good])
        near = distance <= tolerance * (1 + 1e-9)
        row = np.full(len(record), -1)
        furthest_first = np.argsort(-distance[near], kind="stable")
        row[order[sample[near][furthest_first]]] = good[near][furthest_first]
        used = np.unique(row[row >= 0])
        beaten = np.setdiff1d(good[near], used)
        rows.count(record, used, np.r_[mine[empty[mine]], beaten], len(used))
        joined.append(_with_columns(record, source, names, row))
    return joined, rows.report("depth")


def survey(
    records: Sequence[Record],
    table: Any,
    *,
    on: str = "well",
    md: str = "MD",
    inclination: str = "INC",
    azimuth: str = "AZI",
    tie_in: str = "first",
) -> tuple[list[Record], JoinReport]:
    """Adds `tvd`, `northing_offset` and `easting_offset` along each well by minimum curvature, in the axis' unit.

    Args:
        records, table, on: as for `interval`; the records' axis is measured depth.
        md, inclination, azimuth: columns; degrees, azimuth clockwise from north.
        tie_in: "first" needs a station at measured depth 0; "surface" says that the well is vertical down to the
            first station.

    Raises:
        DataError: as `minimum_curvature`; a first station below 0 without `tie_in = "surface"`.
    """
    source = open_table(table, on)
    angles = [source.numbers(column) for column in (inclination, azimuth)]
    stations = np.stack([source.lengths(md, _axis_unit(records)), *angles], axis=1)
    complete = np.asarray(np.isfinite(stations).all(axis=1))
    names = ("tvd", "northing_offset", "easting_offset")
    _check_new(records, names, source)
    joined, rows = [], _Rows(source)
    for record in records:
        mine = source.rows_of(record)
        where = f"{record.name}, {source.name}"
        good = mine[complete[mine]]
        good = good[np.argsort(stations[good, 0], kind="stable")]
        offsets = np.full((len(record), 3), np.nan)
        if len(good):
            points = _tied(stations[good], tie_in, where)
            offsets = minimum_curvature(points[:, 0], points[:, 1], points[:, 2], _numeric_axis(record), where=where)
        found = int(np.isfinite(offsets[:, 0]).sum())
        rows.count(record, good if found else good[:0], mine[~complete[mine]], found)
        unit = record.data[record.dim].attrs.get("units", "") if record.dim in record.data.coords else ""
        about = {"units": unit, "source": source.name}
        columns = {name: (record.dim, offsets[:, i], {**about, "long_name": name}) for i, name in enumerate(names)}
        joined.append(record.with_data(record.data.assign(columns)))
    return joined, rows.report("survey")


def attributes(
    records: Sequence[Record], table: Any, *, on: str = "well", columns: Columns = None
) -> tuple[list[Record], JoinReport]:
    """Adds group keys and positions from a table with one row per well, field or station.

    Args:
        records, table, on: as for `interval`.
        columns: columns to take over under their own names, or column -> group key. `easting`, `northing`,
            `longitude`, `latitude` and `elevation` become the record's position, everything else a group key. By
            default all columns of text, and of the others those with these five names.

    Raises:
        DataError: a record without a row (its group would be unknown), or two rows that disagree.
    """
    source = open_table(table, on)
    names = source.values([], columns)
    if columns is None:
        text = [column for column in names if source.columns[column].dtype.kind not in "fiub"]
        names = {c: name for c, name in names.items() if name.casefold() in POSITION_KEYS or c in text}
    joined, rows = [], _Rows(source)
    for record in records:
        mine = source.rows_of(record)
        if not len(mine):
            fix = f"add a row with {source.key} = {source.value_of(record)!r}, or leave the record out."
            raise DataError(message(f"There is no row for {record.name!r}.", where=source.name, fix=fix))
        groups, position = dict(record.groups), dict(record.position)
        for column, name in names.items():
            value = source.single(column, mine)
            if name.casefold() in POSITION_KEYS:
                position |= {name.casefold(): source.coordinate(column, value, mine[0])} if value else {}
            elif value == "":
                fix = "fill it in, or leave the column out."
                raise DataError(message(f"{column} of {record.name!r} is empty.", where=source.place(mine[0]), fix=fix))
            else:
                groups[name] = str(value)
        rows.count(record, mine[:1], mine[1:], len(record))
        joined.append(replace(record, groups=groups, position=position))
    return joined, rows.report("attributes")


class _Rows:
    """Counts what becomes of the rows of a table, record by record; a row may serve several records."""

    def __init__(self, source: Table) -> None:
        self.source = source
        self.per_record: dict[str, dict[str, int]] = {}
        self.matched: set[int] = set()
        self.dropped: set[int] = set()

    def count(self, record: Record, used: np.ndarray, dropped: np.ndarray, samples: int) -> None:
        """Rows that gave this record a value, rows left out, and samples that got a value."""
        self.per_record[record.name] = {"rows": len(used), "samples": samples}
        self.matched |= set(used.tolist())
        self.dropped |= set(dropped.tolist())

    def report(self, join: str) -> JoinReport:
        """The counts of the whole table."""
        dropped = len(self.dropped - self.matched)
        return JoinReport(
            join=join,
            source=self.source.name,
            matched=len(self.matched),
            unmatched=len(self.source.keys) - len(self.matched) - dropped,
            dropped=dropped,
            samples=sum(row["samples"] for row in self.per_record.values()),
            records_without=tuple(name for name, row in self.per_record.items() if not row["rows"]),
            per_record=self.per_record,
        )


def _empty_rows(source: Table, names: Mapping[str, str]) -> np.ndarray:
    """Rows without any value."""
    empty = np.ones(len(source.keys), bool)
    for column in names:
        empty &= source.missing(column)
    return empty


def _check_new(records: Sequence[Record], names: Any, source: Table) -> None:
    for record in records:
        taken = [name for name in names if name in record.data.variables]
        if taken:
            what = f"{record.name} already has a variable {taken[0]!r}."
            fix = f'take it over under another name: columns = {{{taken[0]} = "{taken[0]}_2"}}.'
            raise DataError(message(what, where=source.name, fix=fix))


def _with_columns(record: Record, source: Table, names: Mapping[str, str], row: np.ndarray) -> Record:
    """The record with the columns of the table at the rows chosen for its samples."""
    new = {}
    for column, name in names.items():
        attributes = {"units": source.units.get(column, ""), "long_name": column, "source": source.name}
        new[name] = (record.dim, source.at(column, row), attributes)
    return record.with_data(record.data.assign(new))


def _axis_unit(records: Sequence[Record]) -> str:
    """The unit of the records' axis, "" where none is stated."""
    first = records[0] if records else None
    known = first is not None and first.dim in first.data.coords
    return str(first.data[first.dim].attrs.get("units", "") or "") if first is not None and known else ""


def _numeric_axis(record: Record) -> np.ndarray:
    if record.axis.dtype.kind not in "fiu":
        fix = 'join = "depth" joins by time stamps.'
        raise DataError(
            message(
                f"{record.name} has no depth axis: {record.dim} is {record.axis.dtype}.", where=record.source, fix=fix
            )
        )
    return record.axis.astype(np.float64)


def _sorted_axis(record: Record) -> tuple[np.ndarray, np.ndarray]:
    """Order of the samples along the axis, and the axis in it (seconds for time)."""
    axis = record.axis
    along_time = axis.dtype.kind == "M"
    numbers = axis.astype("datetime64[ns]").astype(np.int64) / 1e9 if along_time else axis.astype(np.float64)
    order = np.argsort(numbers, kind="stable")
    return order, numbers[order]


def _nearest(axis: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Index of the nearest value of an increasing axis, and its distance."""
    if not len(axis) or not len(places):
        return np.zeros(len(places), np.int64), np.full(len(places), np.inf)
    right = np.clip(np.searchsorted(axis, places), 0, len(axis) - 1)
    left = np.maximum(right - 1, 0)
    nearest = np.where(np.abs(places - axis[left]) <= np.abs(axis[right] - places), left, right)
    return nearest, np.abs(places - axis[nearest])


def _without_repeats(
    source: Table, keys: list[np.ndarray], names: Mapping[str, str], rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The rows without exact copies, and the copies."""
    seen: set[tuple[float | str, ...]] = set()
    kept, copies = [], []
    for row in rows.tolist():
        content = (*(float(key[row]) for key in keys), *(str(source.columns[column][row]) for column in names))
        (copies if content in seen else kept).append(row)
        seen.add(content)
    return np.array(kept, np.int64), np.array(copies, np.int64)


def _check_overlap(source: Table, tops: np.ndarray, bases: np.ndarray, rows: np.ndarray) -> None:
    overlap = np.flatnonzero(tops[rows][1:] < np.maximum.accumulate(bases[rows])[:-1]) if len(rows) > 1 else []
    if len(overlap):
        a, b = (int(rows[overlap[0] + i]) for i in (0, 1))
        what = f"Intervals overlap: {tops[a]:g} to {bases[a]:g}, and {tops[b]:g} to {bases[b]:g}."
        raise DataError(
            message(what, where=source.place(b), fix="correct their ends, so that every depth has one value.")
        )


def _tied(stations: np.ndarray, tie_in: str, where: str) -> np.ndarray:
    """The stations from measured depth 0 on."""
    if tie_in not in ("first", "surface"):
        raise ConfigError(
            message(f"tie_in = {tie_in!r} is not known.", where=where, fix='tie_in = "first"  # or "surface"')
        )
    if stations[0, 0] <= 0:
        return stations
    if tie_in == "first":
        what = f"The first survey station is at {stations[0, 0]:g}; how the well gets there is not said."
        fix = 'add a station at 0 to the survey; or tie_in = "surface" (vertical down to the first station).'
        raise DataError(message(what, where=where, fix=fix))
    bottom = [[stations[0, 0], 0.0, stations[0, 2]]] if stations[0, 1] == 0 else []
    return np.concatenate([[[0.0, 0.0, stations[0, 2]]], bottom, stations[len(bottom) :]])
