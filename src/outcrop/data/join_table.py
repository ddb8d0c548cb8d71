"""A table to be joined: its columns, and which of its rows belong to which record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.classes import plain_code
from outcrop.data.units import convert, has_unit
from outcrop.errors import DataError, did_you_mean, message
from outcrop.records import Record


@dataclass(frozen=True)
class Table:
    """Columns of equal length.

    Attributes:
        columns: name -> numbers (float64, NaN missing), time stamps, or text ("" missing).
        units: column -> unit, where known.
        key: column whose value says which record a row belongs to.
        name: file, for messages.
    """

    columns: Mapping[str, np.ndarray]
    units: Mapping[str, str]
    key: str
    name: str

    @cached_property
    def keys(self) -> np.ndarray:
        """Group value of each row as text."""
        return np.array([_text(value) for value in self.columns[self.key].tolist()], dtype=object)

    @cached_property
    def _rows(self) -> dict[str, np.ndarray]:
        found: dict[str, list[int]] = {}
        for row, key in enumerate(self.keys.tolist()):
            found.setdefault(key, []).append(row)
        return {key: np.array(rows) for key, rows in found.items()}

    def value_of(self, record: Record) -> str:
        """The record's value of the group key this table is joined on."""
        matches = [key for key in record.groups if key == self.key] or [
            key for key in record.groups if key.casefold() == self.key.casefold()
        ]
        if matches:
            return str(record.groups[matches[0]]).strip()
        likely = did_you_mean(self.key.casefold(), record.groups)
        fix = f"on = one of {', '.join(record.groups)} (as a column of the table){likely}."
        what = f"{record.name} has no group {self.key.casefold()!r} to join on."
        raise DataError(message(what, where=f"{record.source}, joined with {self.name}", fix=fix))

    def rows_of(self, record: Record) -> np.ndarray:
        """Rows that belong to a record, in the order of the table."""
        return self._rows.get(self.value_of(record), np.empty(0, np.int64))

    def values(self, used: Iterable[str], columns: Sequence[str] | Mapping[str, str] | None) -> dict[str, str]:
        """Column -> name of the new variable: those asked for, else all but the keys."""
        skip = {self.key, *(self.find(column) for column in used)}
        if columns is None:
            return {column: column for column in self.columns if column not in skip}
        pairs = columns.items() if isinstance(columns, Mapping) else ((column, column) for column in columns)
        return {self.find(column): name for column, name in pairs}

    def find(self, column: str) -> str:
        """The column of that name, in any case if there is no exact one."""
        matches = [name for name in self.columns if name == column] or [
            name for name in self.columns if name.casefold() == column.casefold()
        ]
        if matches:
            return matches[0]
        known = ", ".join(list(self.columns)[:12])
        fix = f"use one of its columns{did_you_mean(column, self.columns)}: {known}."
        raise DataError(message(f"The table has no column {column!r}.", where=self.name, fix=fix))

    def numbers(self, column: str) -> np.ndarray:
        """A column as float64; NaN where empty."""
        values = self.columns[self.find(column)]
        if values.dtype.kind in "fiub":
            return values.astype(np.float64)
        codes = [plain_code(value) for value in values.tolist()]
        words = [row for row, code in enumerate(codes) if isinstance(code, str)]
        if words or values.dtype.kind == "M":
            row = words[0] if words else 0
            raise DataError(
                message(
                    f"{values[row]!r} is not a number.",
                    where=self.place(row, column),
                    fix="correct it or leave it empty.",
                )
            )
        return np.array([np.nan if code is None else code for code in codes], np.float64)

    def lengths(self, column: str, unit: str) -> np.ndarray:
        """A column of depths in the unit of the records' axis; as they are where the table states no unit."""
        stated = self.units.get(self.find(column), "")
        values = self.numbers(column)
        return convert(values, stated, unit)[0] if has_unit(stated) and has_unit(unit) else values

    def times(self, column: str) -> np.ndarray:
        """A column of time stamps as seconds since 1970; NaN where empty."""
        values = self.columns[self.find(column)]
        try:
            stamps = (
                np.array([value or "NaT" for value in values.tolist()], "datetime64[ns]")
                if values.dtype.kind == "O"
                else values
            )
            stamps = stamps.astype("datetime64[ns]")
        except ValueError as error:
            raise DataError(
                message(f"Not a time stamp: {error}.", where=f"{self.name}, column {column}", fix="write YYYY-MM-DD.")
            ) from None
        return np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64) / 1e9)

    def missing(self, column: str) -> np.ndarray:
        """Rows where a column is empty."""
        values = self.columns[column]
        if values.dtype.kind == "f":
            return np.isnan(values)
        return (
            np.isnat(values)
            if values.dtype.kind == "M"
            else np.array([value in ("", None) for value in values.tolist()], bool)
        )

    def at(self, column: str, rows: np.ndarray) -> np.ndarray:
        """Values at some rows; missing where a row is -1."""
        values = self.columns[column]
        values = values.astype(np.float64) if values.dtype.kind in "iub" else values
        empty = np.nan if values.dtype.kind == "f" else np.datetime64("NaT") if values.dtype.kind == "M" else ""
        taken = np.full(len(rows), empty, dtype=values.dtype)
        taken[rows >= 0] = values[rows[rows >= 0]]
        return taken

    def single(self, column: str, rows: np.ndarray) -> str:
        """The one value that all these rows agree on, as text.

        Raises:
            DataError: they do not.
        """
        found = sorted({_text(value) for value in self.columns[column][rows].tolist()})
        if len(found) > 1:
            what = f"{len(rows)} rows of {self.keys[rows[0]]!r} disagree on {column}: {', '.join(found[:4])}."
            raise DataError(message(what, where=self.place(rows[1]), fix="keep one row per value of the key."))
        return found[0]

    def coordinate(self, column: str, value: str, row: int) -> float:
        """A coordinate from its text."""
        try:
            return float(value)
        except ValueError:
            what = f"{value!r} is not a coordinate."
            raise DataError(message(what, where=self.place(row, column), fix="state a number.")) from None

    def place(self, row: int | np.integer, column: str = "") -> str:
        """A row in words, counted from 1 without the header."""
        return f"{self.name}, row {int(row) + 1} ({self.key} {self.keys[row]!r})" + (
            f", column {column}" if column else ""
        )


def open_table(table: Any, on: str, **options: Any) -> Table:
    """A table from a path, a DataFrame, a mapping of columns, or the Records of a reader; a Table passes through.

    Args:
        table: what holds the columns.
        on: column that says which record a row belongs to.
        options: of the table reader, for a path: `units`, `text`, `separator`, `encoding`, `null`.
    """
    if isinstance(table, Table):
        return table
    if isinstance(table, str | Path):
        from outcrop.data.table import read

        first = _from_records(read(table, **options), on, str(table))
        if first.columns[first.key].dtype.kind == "O":
            return first
        options["text"] = [*options.get("text", ()), first.key]  # codes such as 007 keep their zeros
        return _from_records(read(table, **options), on, Path(table).name)
    if isinstance(table, Record):
        return _from_records([table], on, table.source)
    if isinstance(table, Sequence):
        return _from_records(table, on, table[0].source if table else "the table")
    columns = {str(name): np.asarray(table[name]) for name in table}
    columns = {name: _clean(values) for name, values in columns.items()}
    return _keyed(columns, {}, on, "the table")


def _clean(values: np.ndarray) -> np.ndarray:
    """Numbers as they are, anything else as text with "" for missing."""
    if values.dtype.kind in "fiubM":
        return values
    return np.array([_text(value) for value in values.tolist()], dtype=object)


def _from_records(records: Sequence[Record], on: str, name: str) -> Table:
    columns: dict[str, list[np.ndarray]] = {}
    units: dict[str, str] = {}
    for record in records:
        arrays = {str(key): array for key, array in record.data.data_vars.items()}
        if record.dim != "row":
            mnemonic = str(record.data[record.dim].attrs.get("mnemonic") or record.dim)
            arrays[mnemonic] = record.data[record.dim]
        for key, array in arrays.items():
            columns.setdefault(key, []).append(_clean(array.to_numpy()))
            units.setdefault(key, str(array.attrs.get("units", "") or ""))
        for key, value in record.groups.items():
            if key.casefold() == on.casefold() and not any(k.casefold() == on.casefold() for k in arrays):
                columns.setdefault(key, []).append(np.full(len(record), value, dtype=object))
    whole = {key: np.concatenate(parts) for key, parts in columns.items() if len(parts) == len(records)}
    return _keyed(whole, units, on, Path(name).name)


def _keyed(columns: Mapping[str, np.ndarray], units: Mapping[str, str], on: str, name: str) -> Table:
    if not columns:
        raise DataError(message("The table to join has no columns.", where=name, fix="check the file."))
    draft = Table(columns, units, next(iter(columns)), name)
    return Table(columns, units, draft.find(on), name)


def _text(value: Any) -> str:
    code = plain_code(value)
    if isinstance(value, str):
        return value.strip()
    return "" if code is None else str(code)
