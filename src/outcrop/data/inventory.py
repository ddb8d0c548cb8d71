"""What is in a set of files: curves by record with units and ranges, likely targets, positions, axes, faults.

`inventory(files)` reads everything once and never stops at a bad file; `.table()` shows it, `.draft_run_file()` writes
the run file that `outcrop new --from FILES` proposes (see `draft.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from outcrop.data import aliases
from outcrop.data.frame import IRREGULAR, STEP_TOLERANCE, axis_m
from outcrop.data.networks import as_network, edges_of, link_options, nodes_of
from outcrop.data.read import format_of, matching, read, unique_names
from outcrop.data.structure import structure
from outcrop.data.units import has_unit
from outcrop.errors import DataError
from outcrop.records import Record

if TYPE_CHECKING:
    from rich.console import Group

    from outcrop.data.draft import Proposal

MAX_CLASSES = 40


@dataclass(frozen=True)
class CurveStats:
    """One curve in one record; shares from 0 to 1, values in the file's unit, NaN where the curve holds none.

    Attributes:
        present: share of samples with a value.
        gaps: stretches without values between the first and the last value.
        values: value -> count, when there are few distinct whole numbers or words; else empty.
    """

    unit: str
    present: float
    gaps: int
    minimum: float = np.nan
    p1: float = np.nan
    median: float = np.nan
    p99: float = np.nan
    maximum: float = np.nan
    values: dict[Any, int] = field(default_factory=dict)


@dataclass(frozen=True)
class AxisStats:
    """The axis of one record, in `unit` (m for depth where it is known).

    Attributes:
        unit, first, last: for display.
        step: median distance of samples.
        descending: some step goes backwards.
        repeated: samples at the place of the one before.
        unequal: intervals that differ from the median step.
    """

    unit: str
    first: str
    last: str
    step: float
    descending: bool
    repeated: int
    unequal: int


@dataclass(frozen=True)
class RecordStats:
    """One record: its axis, its curves, and what the reader noted."""

    name: str
    source: str
    samples: int
    axis: AxisStats
    groups: dict[str, str]
    curves: dict[str, CurveStats]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Inventory:
    """All records, what they share, and what could not be read.

    Attributes:
        files: the patterns asked for.
        format: "las" or "table".
        dim: depth, time or row.
        axis: name of the depth or time curve in the files.
        options: reader options that were needed (`null`, `group`, `axis`), for the run file.
        problems: what could not be read or had to be assumed, one sentence each, with the file.
        structure: what the samples lie on, a key of `structure.STRUCTURES`.
        sizes: dimension -> samples along it, those of the smallest record.
        places: whether the samples have coordinates on the map.
        nodes: dimension along which the stations or the links of one network stand; "" where there is none.
        edges: of links, how they meet ("adjacent", "downstream").
    """

    files: tuple[str, ...]
    format: str
    dim: str
    axis: str
    records: tuple[RecordStats, ...]
    options: dict[str, Any]
    problems: tuple[str, ...]
    structure: str = "table"
    sizes: dict[str, int] = field(default_factory=dict)
    places: bool = False
    nodes: str = ""
    edges: str = ""

    def curves(self) -> dict[str, list[CurveStats]]:
        """Curve name -> its statistics in the records that have values of it, most frequent first."""
        found: dict[str, list[CurveStats]] = {}
        for record in self.records:
            for name, stats in record.curves.items():
                found.setdefault(name, []).extend([stats] if stats.present else [])
        return dict(sorted(found.items(), key=lambda item: -len(item[1])))

    def units(self, curve: str) -> Counter[str]:
        """Unit in the files -> number of records; "" counts those that state none."""
        stats = self.curves().get(curve, [])
        return Counter(s.unit if has_unit(s.unit) else "" for s in stats)

    def targets(self) -> list[str]:
        """Curves that look like a class target by name: few distinct values, and a name with LITH, FACIES, CLASS ..."""
        return [name for name in self.labels() if any(word in name.upper() for word in aliases.TARGET_WORDS)]

    def labels(self) -> list[str]:
        """All curves with few distinct whole numbers or words that are no flags."""
        return [
            name
            for name, stats in self.curves().items()
            if stats
            and all(s.values for s in stats)
            and 2 <= len(self.classes(name)) <= MAX_CLASSES
            and not any(word in name.upper() for word in aliases.QUALITY_WORDS)
            and aliases.family_of(name) is None
        ]

    def quality(self) -> list[str]:
        """Curves that may say how sure the label is."""
        return [
            n for n, stats in self.curves().items() if stats and all(s.values for s in stats) and "CONF" in n.upper()
        ]

    def classes(self, curve: str) -> Counter[Any]:
        """Value -> count over all records."""
        total: Counter[Any] = Counter()
        for stats in self.curves().get(curve, []):
            total.update(stats.values)
        return total

    def position(self) -> tuple[str, str] | None:
        """Names of the easting and northing curves, when both are there; x and y of simulations are mostly fields."""
        if self.structure == "fields":
            return None
        names = {name.upper(): name for name, stats in self.curves().items() if stats and not np.isnan(stats[0].median)}
        pairs = zip(aliases.EASTING, aliases.NORTHING, strict=True)
        return next(((names[x], names[y]) for x, y in pairs if x in names and y in names), None)

    def usual_step(self) -> float:
        """Median over the records of their steps."""
        return float(np.median([record.axis.step for record in self.records])) if self.records else float("nan")

    def other_steps(self) -> list[RecordStats]:
        """Records whose step differs from the usual one."""
        usual = self.usual_step()
        return [record for record in self.records if abs(record.axis.step - usual) > STEP_TOLERANCE * usual]

    def draft_run_file(self, folder: str | Path | None = None, proposal: Proposal | None = None) -> str:
        """A commented run file for these files; paths relative to `folder`, where it will be written."""
        from outcrop.data.draft import draft

        return draft(self, folder, proposal)

    def table(self) -> Group:
        """The inventory for the terminal."""
        from outcrop.data.inventory_table import tables

        return tables(self)


def inventory(files: str | Path | Iterable[str | Path], **options: Any) -> Inventory:
    """Takes stock of files.

    Args:
        files: a path, a pattern, or a list of both.
        options: reader options; for tables, `group` and `axis` are looked for among the usual column names.

    Raises:
        ConfigError: nothing matches.
        DataError: not one file can be read.
    """
    return taken_stock(files, **options)[0]


def taken_stock(files: str | Path | Iterable[str | Path], **options: Any) -> tuple[Inventory, list[Record]]:
    """As `inventory`; also returns the records that it was made from."""
    requests = [files] if isinstance(files, str | Path) else list(files)
    paths = matching(requests)
    records: list[Record] = []
    problems: list[str] = []
    used = dict(options)
    for path in paths:
        try:
            records += _read_leniently(path, used, problems)
        except DataError as error:
            problems.append(f"not read: {' '.join(str(error).split())}")
            if len(paths) == 1:
                raise
    if not records:
        first = problems[0].removeprefix("not read: ") if problems else ""
        raise DataError(f"None of {len(paths)} files can be read. The first: {first}")
    try:
        unique_names(records)
    except DataError as error:
        problems.append(" ".join(str(error).split()))
    records, more = as_network(records, used)
    used |= more
    problems += [f"{record.name}: {note}" for record in records for note in record.notes]
    kinds = Counter(record.format for record in records)
    first = records[0]
    axis = first.data[first.dim].attrs.get("mnemonic", "") if first.dim in first.data.coords else ""
    same = [record for record in records if record.dims == first.dims]
    return Inventory(
        tuple(str(request) for request in requests),
        kinds.most_common(1)[0][0],
        first.dim,
        axis,
        tuple(_record_stats(record) for record in records),
        used,
        tuple(problems),
        structure(records),
        {dim: min(record.shape[at] for record in same) for at, dim in enumerate(first.dims)},
        any({"easting", "northing"} <= {*map(str, r.data.coords)} or _on_globe(r) for r in records),
        nodes_of(first),
        edges_of(records) if first.format == "links" else "",
    ), records


def _on_globe(record: Record) -> bool:
    return {"longitude", "latitude"} <= {*map(str, record.data.coords)}


def _read_leniently(path: Path, options: dict[str, Any], problems: list[str]) -> list[Record]:
    """Reads one file; undeclared null codes, and group and axis of a table, are found and kept in `options`."""
    if format_of(path, options.get("format")) == "table":
        _table_options(path, options)
    alone = {key: value for key, value in options.items() if key not in ("network", "places")}
    for _ in range(4):
        try:
            return read(path, **alone)
        except DataError as error:
            from outcrop.data.las import WrongNullError

            if not isinstance(error, WrongNullError):
                raise
            options["null"] = alone["null"] = sorted({*options.get("null", ()), error.null})
            problems.append(" ".join(str(error).split()))
    return read(path, **alone)


def _table_options(path: Path, options: dict[str, Any]) -> None:
    if "group" in options or "axis" in options:
        return
    alone = {key: value for key, value in options.items() if key not in ("network", "places")}
    whole = read(path, **alone)[0]
    if found := link_options(whole):
        options.update(found)
        return
    columns = {str(name).upper(): str(name) for name in whole.data.data_vars}
    for key, names in (("group", aliases.GROUP_COLUMNS), ("axis", aliases.AXIS_COLUMNS)):
        if (name := next((columns[n] for n in names if n in columns), None)) is not None:
            options[key] = name


def _record_stats(record: Record) -> RecordStats:
    along = {name: data for name, data in record.data.data_vars.items() if set(data.dims) & set(record.dims)}
    curves = {str(name): _curve_stats(data.to_numpy(), data.attrs) for name, data in along.items()}
    return RecordStats(
        record.name, record.source, len(record), _axis_stats(record), dict(record.groups), curves, record.notes
    )


def _axis_stats(record: Record) -> AxisStats:
    axis, unit = record.axis, ""
    if record.dim == "depth":
        try:
            axis, unit = axis_m(record), "m"
        except DataError:
            unit = "?"
    axis = np.arange(len(axis)) if axis.dtype.kind in "OUS" else axis  # names of links
    dates = axis.dtype.kind == "M"
    numbers = axis.astype("datetime64[s]").astype(np.float64) if dates else axis.astype(np.float64)
    steps = np.diff(numbers)
    usual = float(np.median(np.abs(steps))) if len(steps) else float("nan")
    first, last = (str(value)[:19] if dates else f"{float(value):.1f}" for value in (axis[0], axis[-1]))
    unequal = int(np.count_nonzero(np.abs(np.abs(steps) - usual) > IRREGULAR * usual))
    return AxisStats(unit, first, last, usual, bool((steps < 0).any()), int(np.count_nonzero(steps == 0)), unequal)


def _curve_stats(values: np.ndarray, attributes: dict[str, Any]) -> CurveStats:
    unit = str(attributes.get("units", ""))
    if values.dtype.kind == "M":
        return CurveStats(unit, float(np.mean(~np.isnat(values))), 0)
    values = values.astype(np.float64) if values.dtype.kind in "iub" else values
    if values.dtype.kind != "f":
        present = values != ""
        words = Counter(values[present].tolist())
        return CurveStats(
            unit, float(np.mean(present)), _gaps(present), values=dict(words) if len(words) <= MAX_CLASSES else {}
        )
    present = np.isfinite(values)
    finite = values[present]
    if not finite.size:
        return CurveStats(unit, 0.0, 0)
    low, p1, median, p99, high = np.percentile(finite, (0, 1, 50, 99, 100)).tolist()
    return CurveStats(unit, float(np.mean(present)), _gaps(present), low, p1, median, p99, high, _few_integers(finite))


def _gaps(present: np.ndarray) -> int:
    where = np.flatnonzero(present)
    return int(np.count_nonzero(np.diff(where) > 1)) if len(where) else 0


def _few_integers(finite: np.ndarray) -> dict[Any, int]:
    """Value -> count, when all values are whole numbers and few are distinct."""
    if np.any(finite[:1000] % 1) or np.any(finite % 1):
        return {}
    distinct, counts = np.unique(finite, return_counts=True)
    return {int(v): int(n) for v, n in zip(distinct, counts, strict=True)} if len(distinct) <= MAX_CLASSES else {}


def shares(inventory: Inventory, curve: str) -> tuple[int, float]:
    """Number of records with values of a curve, and its mean share of their samples."""
    stats: Sequence[CurveStats] = inventory.curves().get(curve, [])
    return len(stats), float(np.mean([s.present for s in stats])) if stats else 0.0
