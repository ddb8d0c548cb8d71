"""Tables in CSV and Parquet: one Record per value of a group column, or one for the whole file; and back.

The writer copies every cell of a CSV file as text and adds columns; row numbers in `data.attrs["rows"]` say where each
record's samples stand in the file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.content import (
    Curve,
    check_curves,
    content,
    decode,
    fingerprint,
    replacing,
    shortest,
    stem,
    unpacked_name,
)
from outcrop.data.table_parquet import MAGIC, read_parquet, write_parquet
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.records import Record

Table = Any
"""A pandas DataFrame; pandas is imported where a table is read."""
Column = Any
"""A pandas Series."""
DEPTH_AXES = {"depth", "dept", "md", "depth_md", "tvd", "tvdss", "depth_m", "depth_ft"}
csv.field_size_limit(2**31 - 1)  # outlines of polygons in a cell are longer than the default
MISSING_WORDS = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "#N/A", "-nan")


def read(
    path: str | Path,
    *,
    group: str | None = None,
    axis: str | None = None,
    dim: str | None = None,
    units: Mapping[str, str] | None = None,
    null: Sequence[float] = (),
    text: Sequence[str] = (),
    separator: str | None = None,
    encoding: str | None = None,
    time_zone: str | None = None,
    flags: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Record]:
    """Reads a table into Records.

    Args:
        path: CSV (also .tsv, .txt, compressed) or Parquet file with column names in its first line.
        group: column whose values name the records (well, station); None makes the whole file one record.
        axis: column with depth or time along each record; ISO dates are parsed. None numbers the rows.
        dim: name of the dimension; by default `time` for dates, `depth` for a depth column, else the axis' name.
        units: column -> unit, for the columns whose unit is known.
        null: numbers that mean "missing".
        text: columns to keep as text though they look like numbers (codes such as "07").
        separator: of a CSV file; by default found from the header line (comma, semicolon, tab).
        encoding: text encoding; by default UTF-8, else Windows-1252 (noted).
        time_zone: zone of stamps that state none, e.g. "Europe/Amsterdam"; they are converted to UTC.
        flags: column -> `{column = "FLAG", keep = ["A", "V"]}`: values with other flags are missing, and counted.

    Raises:
        DataError: no rows, a named column does not exist or has gaps, or a number cannot be read.
    """
    path = Path(path)
    axis = "Unnamed: 0" if axis == "" else axis  # the nameless first column that pandas writes
    raw = content(path)
    table, note = _load(path, raw, separator, encoding, [*([group] if group else []), *text])
    for column in [name for name in (group, axis, *text, *(units or {})) if name is not None]:
        if column not in table.columns:
            fix = f"use one of its columns{did_you_mean(column, table.columns)}: {', '.join(table.columns[:12])}."
            raise DataError(message(f"The table has no column {column!r}.", where=str(path), fix=fix))
    if group is not None and group == axis:
        raise ConfigError(
            message("group and axis are the same column.", where=str(path), fix="name two different columns.")
        )
    sha256 = fingerprint(raw)
    notes = ((note,) if note else ()) + (() if axis else ("no axis is stated; samples are numbered rows",))
    notes += tuple(_flagged(table, name, rule, path) for name, rule in (flags or {}).items())
    if time_zone is not None and axis is not None:
        table[axis] = _in_utc(table[axis], time_zone, path)
        notes += (f"times of {time_zone} converted to UTC",)
    records = []
    for name, rows in _rows_by_group(table, group, path):
        data = _dataset(table.iloc[rows], rows, axis, dim, units or {}, null, path, skip=group)
        groups = {group: name} if group else {}
        records.append(Record(data, name, groups, str(path), sha256, "table", notes=notes))
    return records


def column_names(path: str | Path) -> list[str]:
    """Names of the columns, without the values."""
    raw = content(path)
    if raw.startswith(MAGIC):
        return [str(name).strip() for name in read_parquet(Path(path), raw).columns]
    text = decode(raw, path)[0].lstrip()
    return [name.strip() for name in next(csv.reader(io.StringIO(text), delimiter=_separator(text)))]


def _load(
    path: Path, raw: bytes, separator: str | None, encoding: str | None, as_text: Sequence[str]
) -> tuple[Table, str]:
    import pandas as pd

    if raw.startswith(MAGIC):
        return _checked(read_parquet(path, raw), path), ""
    text, _, note = decode(raw, path, encoding)
    if text[-1:] not in ("\n", "\r"):
        note = "; ".join([*([note] if note else []), "the last line has no end: it may have been cut"])
    separator = separator or _separator(text)
    try:
        header = next(csv.reader(io.StringIO(text.lstrip()), delimiter=separator, skipinitialspace=True))
        _no_double_names([name.strip() for name in header], path)
        table = pd.read_csv(
            io.StringIO(text),
            sep=separator,
            dtype=dict.fromkeys(as_text, str),
            keep_default_na=False,
            na_values=list(MISSING_WORDS),
            skipinitialspace=True,
        )
        _no_short_lines(text, separator, len(header), path)
    except DataError:
        raise
    except (csv.Error, ValueError, StopIteration) as error:
        reason = " ".join(str(error).split())[:160].rstrip(".") or "it has no line of names"
        raise DataError(
            message(f"The table cannot be read: {reason}.", where=str(path), fix="correct that line.")
        ) from None
    if not isinstance(table.index, pd.RangeIndex):
        fix = "give every column a name, and every line as many cells as the header."
        raise DataError(message("The lines have more cells than the header has names.", where=str(path), fix=fix))
    return _no_stray_words(_checked(table, path), as_text, path), note


def _checked(table: Table, path: Path) -> Table:
    if not len(table):
        raise DataError(
            message("The table has no rows.", where=str(path), fix="copy or export the file again, or leave it out.")
        )
    table.columns = [str(column).strip() for column in table.columns]
    _no_double_names(list(table.columns), path)
    return table


def _no_double_names(names: list[str], path: Path) -> None:
    double = [name for name in names if name and names.count(name) > 1]
    if double:
        raise DataError(message(f"Two columns are called {double[0]!r}.", where=str(path), fix="rename one of them."))


def _no_short_lines(text: str, separator: str, cells: int, path: Path) -> None:
    """A line with fewer cells than the header has names is cut: what it lacks is not known to be missing."""
    lines = text.count("\n") + (not text.endswith("\n"))
    if '"' not in text and text.count(separator) == lines * (cells - 1):
        return
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    for row in reader:
        if row and len(row) < cells and any(cell.strip() for cell in row):
            what = f"The line has {len(row)} cells, the header {cells} names."
            fix = "complete the line, with empty cells for missing values; or copy the file again."
            raise DataError(message(what, where=f"{path}, line {reader.line_num}", fix=fix))


def _no_stray_words(table: Table, as_text: Sequence[str], path: Path) -> Table:
    """A column of numbers with a few words in it is an error, not a column of text."""
    import pandas as pd

    for name in table.columns:
        column = table[name].dropna()
        if name in as_text or pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
            continue
        numbers: Column = pd.to_numeric(column, errors="coerce")
        words = column[numbers.isna()]
        if 0 < len(words) <= 0.1 * len(column):
            what = f"{words.iloc[0]!r} is not a number ({len(words)} such values in the column)."
            fix = f'correct it or leave it empty; or keep the column as text: text = ["{name}"].'
            raise DataError(message(what, where=f"{path}, line {words.index[0] + 2}, column {name}", fix=fix))
    return table


def _separator(text: str) -> str:
    """The candidate that divides the header line into most cells."""
    line = text.lstrip().split("\n", 1)[0]
    return max((",", ";", "\t"), key=line.count)


def _rows_by_group(table: Table, group: str | None, path: Path) -> list[tuple[str, np.ndarray]]:
    """Name and row numbers of each record, in order of first appearance."""
    if group is None:
        return [(stem(path), np.arange(len(table)))]
    column = table[group]
    if column.isna().any():
        row = int(np.flatnonzero(column.isna())[0]) + 2
        what = f"{int(column.isna().sum())} rows have no {group!r}, first in line {row}."
        raise DataError(message(what, where=str(path), fix="fill or remove these rows."))
    names = column.map(
        lambda value: str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
    )
    return [(str(name), np.sort(rows)) for name, rows in names.groupby(names, sort=False).indices.items()]


def _dataset(
    table: Table,
    rows: np.ndarray,
    axis: str | None,
    dim: str | None,
    units: Mapping[str, str],
    null: Sequence[float],
    path: Path,
    skip: str | None,
) -> Any:
    import xarray as xr

    stamps = _axis(table[axis], path) if axis else rows.copy()
    dim = dim or _dimension(axis, stamps)
    variables = {}
    for column in table.columns:
        if column not in (axis, skip):
            name = f"{column}_column" if column == dim else column
            variables[name] = (dim, _column(table[column], null), {"units": units.get(column, ""), "long_name": column})
    attributes = {"units": units.get(axis or "", ""), "long_name": axis or "row", "mnemonic": axis or ""}
    return xr.Dataset(variables, {dim: (dim, stamps, attributes)}, {"rows": rows})


def _flagged(table: Table, name: str, rule: Mapping[str, Any], path: Path) -> str:
    """Blanks the values of a column whose flag is not among those to keep; a note with their number."""
    flag, keep = rule.get("column"), [str(value) for value in rule.get("keep", ())]
    for column in (name, flag):
        if column not in table.columns:
            fix = f'flags = {{{name} = {{column = "FLAG", keep = ["A"]}}}}{did_you_mean(str(column), table.columns)}'
            raise DataError(message(f"The table has no column {column!r}.", where=str(path), fix=fix))
    bad = ~table[flag].astype(str).str.strip().isin(keep) & table[name].notna()
    table[name] = table[name].mask(bad)
    return f"{name}: {int(bad.sum()):,} values with a flag other than {', '.join(keep)} are missing"


def _in_utc(column: Column, zone: str, path: Path) -> Column:
    """Local stamps as UTC.

    Raises:
        DataError: an unknown zone, or a local time that occurs twice or never (clocks were changed).
    """
    import pandas as pd

    try:
        stamps = pd.to_datetime(column, format="ISO8601", utc=False)
        return stamps.dt.tz_localize(zone).dt.tz_convert("UTC") if stamps.dt.tz is None else stamps
    except Exception as error:  # pandas and zoneinfo raise kinds of their own
        reason = " ".join(str(error).split())[:160]
        fix = "write the stamps with their offset (2019-10-27T02:30+01:00), or in UTC."
        raise DataError(message(f"Times of {zone} cannot be read: {reason}.", where=str(path), fix=fix)) from None


def _axis(column: Column, path: Path) -> np.ndarray:
    import pandas as pd

    if column.isna().any():
        row = int(column.index[column.isna()][0]) + 2
        raise DataError(
            message(
                f"Axis {column.name!r} is missing, first in line {row}.", where=str(path), fix="fill or remove the row."
            )
        )
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return column.to_numpy(dtype=np.float64)
    if pd.api.types.is_datetime64_any_dtype(column):
        return _naive(column)
    try:
        return _naive(pd.to_datetime(column, format="ISO8601", utc=False))
    except (ValueError, TypeError) as error:
        what = f"Axis {column.name!r} is neither numbers nor ISO dates (2019-03-31, 2019-03-31T06:00)."
        reason = " ".join(str(error).split())[:120]
        raise DataError(message(what, where=f"{path}: {reason}", fix="write the dates as YYYY-MM-DD.")) from None


def _naive(stamps: Column) -> np.ndarray:
    """Time stamps without a zone; those with one are given in UTC."""
    if stamps.dt.tz is not None:
        stamps = stamps.dt.tz_convert("UTC").dt.tz_localize(None)
    return stamps.to_numpy(dtype="datetime64[ns]")


def _dimension(axis: str | None, stamps: np.ndarray) -> str:
    if axis is None:
        return "row"
    return "time" if stamps.dtype.kind == "M" else "depth" if axis.lower() in DEPTH_AXES else axis


def _column(column: Column, null: Sequence[float]) -> np.ndarray:
    """Numbers as float64 with NaN, dates as time stamps, anything else as text with "" for missing."""
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(column):
        return _naive(column)
    if pd.api.types.is_numeric_dtype(column) or column.isna().all():
        values = column.to_numpy(dtype=np.float64, na_value=np.nan).copy()
        for v in null:
            values[values == v] = np.nan
        return values
    return column.map(str, na_action="ignore").fillna("").to_numpy(dtype=object)


def write(
    source: str | Path,
    out: str | Path,
    curves: Mapping[str, Sequence[Curve]] | Sequence[Curve],
    *,
    group: str | None = None,
    separator: str | None = None,
    text: Sequence[str] = (),
    encoding: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    provenance: str = "",
) -> Path:
    """Writes a copy of a table with columns added; every original cell keeps its text (CSV) or value (Parquet).

    Args:
        source: the table the values belong to.
        out: file to write (`.csv` or `.parquet` like the source), or an existing directory.
        curves: columns for the whole file, or record name -> columns when the table was read by `group`.
        group, separator, text, encoding: as it was read.
        parameters, provenance: kept in the metadata of a Parquet file; CSV has no place for them.
    """
    source, out = Path(source), Path(out)
    raw = content(source)
    parquet = raw.startswith(MAGIC)
    out = out / unpacked_name(source) if out.is_dir() else out
    if out.exists() and out.samefile(source):
        raise DataError(
            message("The result would replace the original file.", where=str(source), fix="write into another folder.")
        )
    table, _ = _load(source, raw, separator, encoding, [*([group] if group else []), *text])
    parts = curves if isinstance(curves, Mapping) else {stem(source): curves}
    rows = dict(_rows_by_group(table, group, source))
    whole = _assembled(table, rows, parts, source)
    with replacing(out) as partial:
        if parquet:
            write_parquet(table, whole, partial, {**(parameters or {}), "provenance": provenance})
        else:
            _write_csv(raw, source, whole, partial, separator, encoding)
    return out


def _assembled(
    table: Table, rows: Mapping[str, np.ndarray], parts: Mapping[str, Sequence[Curve]], source: Path
) -> dict[str, np.ndarray]:
    """The new columns along the whole file; rows of records without values stay missing."""
    whole: dict[str, np.ndarray] = {}
    for name, curves in parts.items():
        if name not in rows:
            fix = f"use the record names it was read with{did_you_mean(name, rows)}."
            raise DataError(message(f"The table has no record {name!r}.", where=str(source), fix=fix))
        check_curves(list(curves), len(rows[name]), list(table.columns), source)
        for curve in curves:
            whole.setdefault(curve.mnemonic, np.full(len(table), np.nan))[rows[name]] = curve.values
    return whole


def _write_csv(
    raw: bytes,
    source: Path,
    columns: Mapping[str, np.ndarray],
    out: Path,
    separator: str | None,
    encoding: str | None,
) -> None:
    text, encoding, _ = decode(raw, source, encoding)
    separator = separator or _separator(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    cells = [shortest(values) for values in columns.values()]
    added = iter([list(columns), *(list(row) for row in zip(*cells, strict=True))])
    with out.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=separator, lineterminator=newline)
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True):
            writer.writerow([*row, *next(added)] if row else row)
