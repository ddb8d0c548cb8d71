"""Whether files hold a network: stations with places that measure at the same times, or links between named nodes.

Says with which reader options they are read as one (`network` of tables in time, `format = "links"`); used where
outcrop takes stock of files, so that a draft can propose a network on a graph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from outcrop.data import aliases
from outcrop.data.links import ENDS
from outcrop.data.side_by_side import place_columns, side_by_side
from outcrop.data.structure import structure
from outcrop.errors import DataError
from outcrop.records import Record

END_COLUMNS = (ENDS, ("from_node", "to_node"), ("start_node", "end_node"), ("fnode", "tnode"), ("sender", "receiver"))
"""Columns that name the two nodes of a link, in small letters."""
LINK_COLUMNS = ("link", "reach", "pipe", "segment", "edge", "name", "id")
"""Columns that may name a link."""
FEWEST_NODES = 4


def link_options(table: Record) -> dict[str, Any]:
    """Options that read a table as links; empty where it is none.

    Depths from and to in a hole are no links: a table with a hole, a depth or a time is taken for something else.
    """
    columns = {str(name).lower(): str(name) for name in table.data.data_vars}
    ends = next((pair for pair in END_COLUMNS if set(pair) <= set(columns)), None)
    if ends is None or {name.upper() for name in columns} & {*aliases.GROUP_COLUMNS, *aliases.AXIS_COLUMNS}:
        return {}
    named = [columns[end] for end in ends]
    values = [table.data[name].to_numpy() for name in named]
    if any(value.dtype.kind == "f" and not np.all(value == np.round(value)) for value in values):
        return {}
    found: dict[str, Any] = {"format": "links"} | ({"ends": named} if tuple(named) != ENDS else {})
    for name in (columns[name] for name in LINK_COLUMNS if name in columns):
        if len(np.unique(table.data[name].to_numpy().astype(str))) == len(table):
            return found | ({"link": name} if name != "link" else {})
    return found


def as_network(records: list[Record], options: Mapping[str, Any]) -> tuple[list[Record], dict[str, Any]]:
    """The series of several stations as one network, and the options that make it; unchanged where they are none.

    Stations are one network where most share their times and each has a place of its own in its columns.
    """
    tables = all(record.format == "table" and record.dims == ("time",) for record in records)
    asked = options.get("network")
    if not tables or (asked is None and not _placed(records)):
        return records, {}
    group = str(options.get("group") or "station")
    dim = str(asked or ("well" if any(word in group.upper() for word in ("WELL", "HOLE", "UWI")) else "station"))
    try:
        return [side_by_side(records, dim, options.get("places"))], {"network": dim}
    except DataError:
        if asked is not None:
            raise
        return records, {}


def _placed(records: Sequence[Record]) -> bool:
    """Whether several series share their times and stand at different places."""
    if len(records) < FEWEST_NODES or structure(records) != "stations":
        return False
    pairs = {place_columns([str(name) for name in record.data.data_vars]) for record in records}
    pair = next(iter(pairs))
    if len(pairs) != 1 or pair is None:
        return False
    places = [tuple(np.unique(record.data[name].to_numpy()) for name in pair) for record in records]
    if any(len(values) != 1 or values.dtype.kind != "f" for place in places for values in place):
        return False
    return len({(float(x[0]), float(y[0])) for x, y in places}) == len(records)


def nodes_of(record: Record) -> str:
    """The dimension along which a record holds the nodes of a network of stations, or its links; "" where none."""
    named = [dim for dim in record.dims if dim in ("station", "gauge", "site", "sensor", "link")]
    return str(record.data.attrs.get("network") or (named[-1] if named else ""))


def edges_of(records: Sequence[Record]) -> str:
    """How links meet: "downstream" where each leads on to one other at most, as reaches of a river do."""
    return "downstream" if all(_drains(record) for record in records) else "adjacent"


def _drains(record: Record) -> bool:
    begins, ends = (record.data[end].to_numpy() for end in ENDS)
    once = len(np.unique(begins)) == len(begins)
    return bool(once and len(np.setdiff1d(ends, begins)) and len(np.unique(ends)) < len(ends))
