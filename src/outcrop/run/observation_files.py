"""Observations of a given file as rows: read from tables, well logs or lines, each with its place on the grid.

Logs bring their depths (metres, whatever the unit of the file) and the name of their well; where it stands on the grid
is said by `heads`, or by columns and curves called as the dimensions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from outcrop.config.given import ObservationSection
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.records import Record
from outcrop.run.on_grid import Grid
from outcrop.run.surrogate import Model

WHERE = "[observations]"
WELL, GROUP = "well", "group"
"""Columns of the gathered rows: the name of the well, and of what is left out together; "" where there is none."""


@dataclass(frozen=True)
class Rows:
    """Observations before they are blocked.

    Attributes:
        table: a column for each dimension, each observed variable (in its unit; classes as index, NaN missing), and
            `WELL` and `GROUP`.
        names: of the observed variables.
        notes: conversions, and values that were removed.
    """

    table: pd.DataFrame
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def names_of(self, column: str) -> list[str]:
        """Names of the wells or groups, in the order of the files."""
        return [name for name in self.table[column].unique().tolist() if name]

    def where(self, rows: np.ndarray) -> Rows:
        """Some of the rows."""
        return replace(self, table=self.table[rows])


def gather(model: Model, section: ObservationSection, grid: Grid, base: Path, *, group: str | None = None) -> Rows:
    """Reads all files of the section.

    Args:
        model: a generator; it says which variables there are, their units and ranges.
        section: of the given file.
        grid: dimension -> coordinates.
        base: folder that paths are relative to.
        group: column that says what is left out together; by default the wells.

    Raises:
        ConfigError: a file is not there, or noise of a variable that is not observed.
        DataError: no column of a dimension or of a variable, unknown classes, units that do not fit, no value at all.
    """
    from outcrop.data.read import format_of, matching, under

    stated = [section.files] if isinstance(section.files, str) else section.files
    paths = matching([str(under(base, name)) for name in stated])
    heads = None if section.heads is None else _heads(under(base, section.heads), section.well, grid)
    frames, notes = [], []
    for path in paths:
        kind = format_of(path)
        for record in _records(path, kind, section, model, group):
            frame, told = _frame(model, record, grid, heads, (section.well, group), table=kind == "table")
            frames.append(frame)
            notes += told
    table = pd.concat(frames, ignore_index=True)
    names = tuple(name for name in _names(model) if name in table)
    unknown = sorted(set(section.noise_sd) - set(names))
    if unknown:
        fix = f"noise_sd is for {', '.join(names)}{did_you_mean(unknown[0], names)}."
        raise ConfigError(message(f"{unknown[0]!r} is not observed.", where="observations.noise_sd", fix=fix))
    if not len(table.dropna(subset=list(names), how="all")):
        what = f"All {len(table):,} observations of {', '.join(names)} are missing or out of range."
        raise DataError(message(what, where=str(paths[0]), fix="leave [observations] out, or correct the file."))
    rows = Rows(table, names, tuple(dict.fromkeys(notes)))
    if section.line_gap and not rows.names_of(WELL):
        what = f"line_gap joins the rows of a well, and there is no column {section.well!r}."
        raise ConfigError(message(what, where=WHERE, fix='well = "the column with the names of wells"'))
    return rows


def _names(model: Model) -> list[str]:
    """What can be observed, under its name in the gathered rows."""
    return [model.target.name] if model.target.classes else list(model.bundle.provenance["generates"])


def _spellings(model: Model, name: str) -> tuple[str, ...]:
    """Names that a variable may have in files, by preference."""
    inputs = {variable.name: variable for variable in model.inputs}
    if model.target.classes:
        (own,) = model.bundle.provenance["generates"]
        return tuple(dict.fromkeys((name, own, *inputs[own].sources)))
    return tuple(dict.fromkeys((name, *inputs[name].sources)))


def _records(path: Path, kind: str, section: ObservationSection, model: Model, group: str | None) -> list[Record]:
    from outcrop.data.read import read
    from outcrop.data.table import column_names

    if kind != "table":
        return read(path)
    columns = column_names(path)
    words = {section.well.casefold(), (group or section.well).casefold()}
    if model.target.classes:
        words |= {name.casefold() for name in _spellings(model, model.target.name)}
    text = [name for name in columns if name.casefold() in words]
    units = {name: unit for name, unit in section.units.items() if name in columns}
    return read(path, format="table", text=text, units=units)


def _frame(
    model: Model, record: Record, grid: Grid, heads: pd.DataFrame | None, keys: tuple[str, str | None], *, table: bool
) -> tuple[pd.DataFrame, list[str]]:
    """The samples of one record as rows, and what was done to them; `keys` are columns of the well and the group."""
    well, group = keys
    wells, groups = (_keys(record, key) for key in (well, group or well))
    names = wells if any(wells) else groups
    columns: dict[str, Any] = {WELL: names, GROUP: groups}
    lacking = []
    for dim in grid:
        values = _along(record, dim, heads, names)
        if values is None:
            lacking.append(dim)
        columns[dim] = values
    found, notes = {}, []
    for name in _names(model):
        spelled = next((curve for alias in _spellings(model, name) if (curve := _curve(record, alias))), None)
        if spelled is None:
            continue
        if model.target.classes:
            found[name] = class_index(model, record.flat(spelled), str(record.source))
        else:
            found[name], told = _numbers(model, record, name)
            notes += told
    if lacking or not found:
        wanted = [*lacking, *([] if found else [" or ".join(_names(model))])]
        there = ", ".join(str(name) for name in [*record.data.data_vars, *record.data.coords][:12])
        what = f"The {'table has no column' if table else 'file has no curve'} {', '.join(wanted)}."
        fix = f"it has {there}."
        if lacking and not table:
            fix += f' Say where wells stand: heads = "heads.csv", with columns {well}, {", ".join(lacking)}.'
        raise DataError(message(what, where=str(record.source), fix=fix))
    return pd.DataFrame({**columns, **found}), notes


def _curve(record: Record, name: str) -> str | None:
    """A variable or coordinate of that name, in any case if there is no exact one."""
    known = [str(key) for key in [*record.data.data_vars, *record.data.coords]]
    same = [key for key in known if key == name] or [key for key in known if key.casefold() == name.casefold()]
    return same[0] if same else None


def _keys(record: Record, key: str) -> np.ndarray:
    """The name of the well, or another key, of every sample; "" where there is none."""
    column = _curve(record, key)
    if column is not None:
        return np.array([str(value).strip() for value in record.flat(column).tolist()], dtype=object)
    groups = {key.casefold(): value for key, value in record.groups.items() if key != "record"}
    return np.full(len(record), str(groups.get(key.casefold(), "")), dtype=object)


def _along(record: Record, dim: str, heads: pd.DataFrame | None, wells: np.ndarray) -> np.ndarray | None:
    """The coordinate of every sample along a dimension of the grid; None where nothing says it."""
    from outcrop.data.frame import axis_m
    from outcrop.data.table import DEPTH_AXES

    if dim == record.dim == "depth" and len(record.dims) == 1:
        return np.asarray(axis_m(record), float)
    aliases = sorted(DEPTH_AXES) if dim == "depth" else []
    name = next((found for alias in (dim, *aliases) if (found := _curve(record, alias))), None)
    if name is not None:
        values = record.flat(name)
        try:
            return values.astype(float)
        except ValueError:
            word = next(value for value in values.tolist() if not str(value).replace(".", "").isdigit())
            what, fix = f"{word!r} is no place along {dim}.", "correct the column, or leave the row out."
            raise DataError(message(what, where=f"{record.source}, column {name}", fix=fix)) from None
    if dim in record.position:
        return np.full(len(record), float(record.position[dim]))
    if heads is None or dim not in heads:
        return None
    unknown = sorted(set(wells.tolist()) - set(heads.index))
    if unknown:
        fix = f"add a row for it{did_you_mean(unknown[0], heads.index)}."
        raise DataError(message(f"The table of heads has no well {unknown[0]!r}.", where=WHERE, fix=fix))
    return heads.loc[wells.tolist(), dim].to_numpy(float)


def _heads(path: Path, well: str, grid: Grid) -> pd.DataFrame:
    """Where wells stand: well -> dimensions."""
    from outcrop.data.read import read
    from outcrop.data.table import column_names

    column = next((name for name in column_names(path) if name.casefold() == well.casefold()), None)
    if column is None:
        what = f"The table of heads has no column {well!r}."
        raise DataError(message(what, where=str(path), fix='well = "the column with the names of wells"'))
    (record,) = read(path, format="table", text=[column])
    dims = [dim for dim in grid if dim in record.data]
    names = [str(value).strip() for value in record.data[column].to_numpy().tolist()]
    table = pd.DataFrame({dim: record.data[dim].to_numpy() for dim in dims}, index=names)
    twice = table.index[table.index.duplicated()].tolist()
    if twice:
        what = f"The table of heads has the well {twice[0]!r} twice."
        raise DataError(message(what, where=str(path), fix="keep one row of every well."))
    return table


def _numbers(model: Model, record: Record, name: str) -> tuple[np.ndarray, list[str]]:
    """Values of a variable in its unit and range, by the rules of training; NaN where missing."""
    from outcrop.data.resolve import resolve

    variable = next(v for v in model.inputs if v.name == name)
    plain = replace(
        variable, sources=_spellings(model, name), missing="impute", assume_unit=variable.assume_unit or variable.unit
    )
    (found,), (about,) = resolve([record], [plain], training=False)
    notes = [f"{record.name}: {about.conversion}."] if about.conversion and "assumed" not in about.conversion else []
    if about.out_of_range:
        notes.append(f"{record.name}: {about.out_of_range:,} values of {name} are out of range and were left aside.")
    return found.flat(name), notes


def class_index(model: Model, column: np.ndarray, where: str) -> np.ndarray:
    """Codes or names of classes as indices, NaN where there is none.

    Raises:
        DataError: one that is neither.
    """
    classes = model.target.classes
    assert classes is not None
    known = {str(code): i for i, code in enumerate(classes.codes)} | {name: i for i, name in enumerate(classes.names)}
    known |= {str(gone): known[str(into)] for gone, into in classes.merges.items()}
    texts = [_code(value, known) for value in column.tolist()]
    missing = {"", "nan", *(str(code) for code in classes.ignore)}
    unknown = sorted(set(texts) - set(known) - missing)
    if unknown:
        what = f"{unknown[0]!r} is no class{did_you_mean(unknown[0], known)}."
        raise DataError(message(what, where=where, fix=f"classes are {', '.join(classes.names)}."))
    return np.array([known.get(text, np.nan) for text in texts], float)


def _code(value: Any, known: Mapping[str, int]) -> str:
    """A code or name as text; numbers that are whole without their decimals ("1.0" is "1")."""
    text = str(value).strip()
    if text in known:
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    return str(int(number)) if number.is_integer() else text
