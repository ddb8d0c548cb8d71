"""The samples that statistics are taken from: a union of ranges, their values, and a fingerprint of both."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from outcrop.data.space import LATITUDE, LONGITUDE
from outcrop.data.variable import Variable
from outcrop.errors import DataError, did_you_mean, message
from outcrop.records import Record

Ranges = Mapping[str, Sequence[tuple[int, int]]]


def union(ranges: Iterable[tuple[int, int]], length: int) -> tuple[tuple[int, int], ...]:
    """Half-open ranges inside 0..length, sorted, merged where they overlap or touch.

    >>> union([(5, 9), (-2, 3), (8, 20), (3, 4), (6, 6)], 10)
    ((0, 4), (5, 10))
    """
    merged: list[tuple[int, int]] = []
    for start, stop in sorted((max(int(a), 0), min(int(b), length)) for a, b in ranges):
        if stop <= start:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], stop))
        else:
            merged.append((start, stop))
    return tuple(merged)


def seen(records: Sequence[Record], ranges: Ranges) -> dict[str, tuple[tuple[int, int], ...]]:
    """Record name -> the union of its ranges, for the records that have any.

    Raises:
        DataError: a range of an unknown record, or no sample at all.
    """
    lengths = {record.name: len(record) for record in records}
    unknown = [name for name in ranges if name not in lengths]
    if unknown:
        what = f"Training ranges name {len(unknown)} records that were not given: {', '.join(map(repr, unknown[:4]))}."
        raise DataError(message(what, fix=f"pass all records of the view{did_you_mean(unknown[0], lengths)}."))
    saw = {name: union(ranges[name], lengths[name]) for name in sorted(ranges)}
    saw = {name: pairs for name, pairs in saw.items() if pairs}
    if not saw:
        raise DataError(
            message("The training part has no sample to take statistics from.", fix="give more groups to training.")
        )
    return saw


def mask_of(length: int, pairs: Iterable[tuple[int, int]]) -> np.ndarray:
    """True for the samples inside the ranges."""
    mask = np.zeros(length, bool)
    for start, stop in pairs:
        mask[start:stop] = True
    return mask


def column(record: Record, variable: Variable) -> np.ndarray:
    """One variable of a resolved record: float64, or int class index."""
    if variable.name not in record.data:
        known = [str(name) for name in record.data.data_vars]
        fix = f"resolve the record with the same variables first{did_you_mean(variable.name, known)}."
        raise DataError(
            message(f"The record has no variable {variable.name!r}.", where=f"{record.name} ({record.source})", fix=fix)
        )
    return record.flat(variable.name)


def grid_of(record: Record) -> str:
    """SHA-256 of the places of a record: its dimensions but the first, and the coordinates that say where they are."""
    digest, dims = hashlib.sha256(), record.dims[1:]
    for dim in dims:
        digest.update(f"{dim}:{record.data.sizes[dim]}:".encode())
    for name in sorted(map(str, record.data.coords)):
        coordinate, where = record.data[name], name in dims or name in (*LONGITUDE, *LATITUDE, "easting", "northing")
        if where and coordinate.dims and set(coordinate.dims) <= set(dims):
            digest.update(f"{name}=".encode() + "|".join(map(str, coordinate.to_numpy().ravel().tolist())).encode())
    return digest.hexdigest()


def gather(records: Sequence[Record], masks: Mapping[str, np.ndarray], variable: Variable) -> np.ndarray:
    """One variable at the samples of the masks, record by record; a target or weight that is not there is missing."""
    parts = []
    for record in records:
        mask = masks[record.name]
        if variable.role != "input" and variable.name not in record.data:
            parts.append(np.full(int(mask.sum()), np.nan if variable.classes is None else -1))
        else:
            parts.append(column(record, variable)[mask])
    return np.concatenate(parts)


def is_missing(values: np.ndarray, variable: Variable) -> np.ndarray:
    """Where a resolved variable has no value."""
    return values < 0 if variable.classes is not None else ~np.isfinite(values)


def fingerprint(variables: Sequence[Variable], saw: Ranges, gathered: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of the definitions, the ranges and the values in them, in an order of their own."""
    content = {"variables": [v.to_json() for v in variables], "saw": {name: list(pairs) for name, pairs in saw.items()}}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
    for variable in variables:
        values = gathered[variable.name].astype("<f8")
        digest.update(np.where(np.isnan(values), np.nan, values).tobytes())
    return digest.hexdigest()
