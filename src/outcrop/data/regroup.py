"""Group keys a record did not come with: from its header, a constant column, or what a pattern finds in another key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.records import Record


def regroup(records: Sequence[Record], groups: Mapping[str, str]) -> list[Record]:
    """Adds group keys from a header item or a constant column of each record, e.g. `{"operator": "COMP"}`.

    In a table of points a column that varies becomes a coordinate of the samples under the name of the key: the
    flight line of every reading. `"KEY ~ PATTERN"` takes what a regular expression finds in another group key:
    `{"station": "name ~ ^[A-Z]+_[A-Z0-9]+"}`.

    Raises:
        DataError: a record has neither header item nor column of that name, or the column is not constant.
    """
    found = []
    for record in records:
        varies = {key: item for key, item in groups.items() if record.dim == "row" and _varies(record, item)}
        if varies:
            labels = {key: (record.dims, _labels(record.flat(item))) for key, item in varies.items()}
            record = record.with_data(record.data.assign_coords(labels))
        rest = {key: item for key, item in groups.items() if key not in varies}
        found.append(replace(record, groups={**record.groups, **_group_values(record, rest)}))
    return found


def _labels(values: np.ndarray) -> np.ndarray:
    """Values of a column as names: whole numbers without a decimal point."""
    whole = values.dtype.kind == "f" and np.all(values[np.isfinite(values)] == np.round(values[np.isfinite(values)]))
    texts = [f"{value:.0f}" if whole and np.isfinite(value) else str(value) for value in values.tolist()]
    return np.array(["" if text == "nan" else text for text in texts])


def _varies(record: Record, item: str) -> bool:
    return item in record.data.data_vars and len({str(v) for v in record.data[item].to_numpy().tolist()}) > 1


def _found(record: Record, key: str, pattern: str) -> str:
    """What a pattern finds in a group key: its first group where it has one, else all that matches."""
    text = record.groups.get(key, record.name if key == "name" else "")
    try:
        match = re.search(pattern, text)
    except re.error as error:
        fix = 'station = "record ~ ^[A-Z]+_[A-Z0-9]+"'
        what = f"{pattern!r} is no regular expression ({error})."
        raise ConfigError(message(what, where="[data.groups]", fix=fix)) from None
    if match is None:
        what = f"{pattern!r} finds nothing in {key} = {text!r}."
        fix = f"the group keys of this record are {', '.join(record.groups)}."
        raise DataError(message(what, where=record.name, fix=fix))
    return match.group(match.lastindex or 0)


def _group_values(record: Record, groups: Mapping[str, str]) -> dict[str, str]:
    header: Mapping[str, str] = record.data.attrs.get("header", {})
    values = {}
    for key, item in groups.items():
        if " ~ " in item:
            values[key] = _found(record, *item.split(" ~ ", 1))
        elif item in record.groups:
            values[key] = record.groups[item]
        elif header.get(item, "").strip():
            values[key] = " ".join(header[item].split())
        elif item in record.data.data_vars:
            values[key] = _constant(record, item, key)
        elif item == "WELL" and "well" in record.groups:  # an empty item: the reader took the file name and noted it
            values[key] = record.groups["well"]
        else:
            names = (
                [name for name in header if header[name].strip()]
                + [str(column) for column in record.data.data_vars]
                + list(record.groups)
            )
            fix = f"use one of its header items or columns in groups.{key}{did_you_mean(item, names)}."
            raise DataError(
                message(f"There is no {item!r} to group by.", where=f"{record.name} ({record.source})", fix=fix)
            )
    return values


def _constant(record: Record, column: str, key: str) -> str:
    values = {str(value) for value in record.data[column].to_numpy().tolist() if value == value and value != ""}
    if len(values) != 1:
        what = f"Column {column!r} holds {len(values)} values within one record, so it cannot be the group {key!r}."
        fix = f'split the table by it: group = "{column}" in the source.'
        raise DataError(message(what, where=f"{record.name} ({record.source})", fix=fix))
    value = values.pop()
    return value.removesuffix(".0") if value.removesuffix(".0").lstrip("-").isdigit() else value
