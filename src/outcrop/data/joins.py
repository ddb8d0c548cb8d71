"""The table of joins: how a second source is brought to the records, by the name the run file uses.

A join takes the records and its second source (a table, Records of another file, or a path) and returns the records
with more variables and a `JoinReport` of what matched. A new join is one function and one entry here.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from outcrop.data.join import JoinReport
from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.records import Record


@dataclass(frozen=True)
class Join:
    """One line of the table.

    Attributes:
        address: import string of the function.
        takes: what its second argument is: "table" (columns), "records" (any format), or "path".
        help: one line for the docs.
    """

    address: str
    takes: str
    help: str


JOINS: dict[str, Join] = {
    "interval": Join("outcrop.data.join:interval", "table", "values of intervals (top, base) of each well"),
    "depth": Join("outcrop.data.join:depth", "table", "rows to the nearest depth or time within a tolerance"),
    "survey": Join("outcrop.data.join:survey", "table", "deviation surveys: tvd and offsets along each well"),
    "attributes": Join(
        "outcrop.data.join:attributes", "table", "group keys and positions, one row per well or station"
    ),
    "same_grid": Join("outcrop.data.join_grid:same_grid", "records", "further variables on the same grid"),
    "along": Join("outcrop.data.join_grid:along", "records", "further variables at the same times or depths"),
    "nearest": Join("outcrop.data.join_grid:nearest", "records", "the nearest cell or trace of a grid"),
    "polygon_mean": Join("outcrop.data.join_polygon:polygon_mean", "records", "means of a grid over a polygon"),
    "picks": Join("outcrop.data.label_picks:picks", "table", "picks with their sigma, as classes along each record"),
    "horizons": Join("outcrop.data.label_horizons:horizons", "table", "horizons of a cube, as the units between them"),
    "areas": Join("outcrop.data.label_areas:areas", "path", "polygons and faults on maps and sections, as classes"),
}


PATHS = ("polygons",)
"""Options that name files, relative to the run file."""


def join(
    kind: str, records: Sequence[Record], files: Sequence[Path], options: Mapping[str, Any], *, name: str = ""
) -> tuple[list[Record], JoinReport]:
    """Joins a second source to the records.

    Args:
        kind: a key of `JOINS`.
        files: of the second source; one for tables, any number for records.
        options: keyword arguments of the join; what it does not know goes to the reader of the second source.
        name: of the source in the run file, for messages.

    Raises:
        ConfigError: an unknown join or option, or no file where one is needed.
    """
    if kind not in JOINS:
        fix = f"join = one of {', '.join(JOINS)}{did_you_mean(kind, JOINS)}."
        raise ConfigError(message(f"There is no join {kind!r}.", where=f"source.{name}", fix=fix))
    entry = JOINS[kind]
    module, function = entry.address.split(":")
    call = getattr(import_module(module), function)
    known = [p.name for p in inspect.signature(call).parameters.values() if p.kind is p.KEYWORD_ONLY]
    own = {key: value for key, value in options.items() if key in known}
    rest = {key: value for key, value in options.items() if key not in known}
    if entry.takes == "path":
        _refuse(rest, known, kind, name)
        return call(records, list(files), **own)
    if entry.takes == "records":
        from outcrop.data.read import read

        return call(records, read(files, **rest), **own)
    on = own.get("on", inspect.signature(call).parameters["on"].default)
    return call(records, _table(files, on, rest, name, kind), **own)


def _table(files: Sequence[Path], on: str, rest: Mapping[str, Any], name: str, kind: str) -> Any:
    from outcrop.data.join_table import open_table

    if not files and kind == "picks":
        return None
    if len(files) != 1:
        raise ConfigError(message("A join takes one table.", where=f"source.{name}", fix='files = "core.csv"'))
    taken = ("null", "encoding", "units", "text", "separator", "format")
    _refuse({key: value for key, value in rest.items() if key not in taken}, taken, kind, name)
    options = {key: value for key, value in rest.items() if key != "format"}
    if kind == "horizons" and on == "record" and on not in _header(files[0], options):
        on = _header(files[0], options)[0]  # rows of every record
    return open_table(files[0], on, **options)


def _header(path: Path, options: Mapping[str, Any]) -> list[str]:
    """Names of the columns of a table."""
    from outcrop.data.table import read

    return [str(name) for name in read(path, **options)[0].data.data_vars]


def _refuse(rest: Mapping[str, Any], known: Sequence[str], kind: str, name: str) -> None:
    for key in rest:
        fix = f"use {', '.join(known)}{did_you_mean(key, known)}."
        raise ConfigError(message(f"The join {kind!r} has no option {key!r}.", where=f"source.{name}", fix=fix))
