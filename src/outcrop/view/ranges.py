"""Half-open index ranges inside records: their union, and the samples they cover. Views and audit share it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from outcrop.errors import ConfigError, message
from outcrop.records import Footprints


class Ranges(NamedTuple):
    """Columns of equal length: index of the record, first sample, one past the last sample."""

    record: np.ndarray
    start: np.ndarray
    stop: np.ndarray


def along_one(prints: Footprints) -> np.ndarray:
    """The (example, 2) ranges of footprints along a single dimension.

    Raises:
        ConfigError: the footprints run along several dimensions, or are scattered.
    """
    if len(prints.ranges) == 1 and not prints.members:
        return next(iter(prints.ranges.values()))
    dims = [*prints.ranges, *prints.members]
    raise ConfigError(
        message(
            f"Footprints are wanted as ranges along one dimension, got {dims}.",
            fix='data.view = {kind = "points"} or {kind = "windows", length = 256}',
        )
    )


def union(ranges: Ranges) -> Ranges:
    """Merges ranges that overlap or touch, record by record, sorted; empty ranges vanish.

    >>> union(Ranges(np.array([0, 0, 1]), np.array([0, 3, 0]), np.array([4, 6, 2])))
    Ranges(record=array([0, 1]), start=array([0, 0]), stop=array([6, 2]))
    """
    keep = ranges.stop > ranges.start
    record, start, stop = (np.asarray(column, np.int64)[keep] for column in ranges)
    if not len(record):
        return Ranges(record, start, stop)
    base = record * (stop.max() + 2)  # one axis for all records, with room between them
    order = np.argsort(base + start, kind="stable")
    record, first, last = record[order], (base + start)[order], (base + stop)[order]
    reached = np.maximum.accumulate(last)
    opens = np.flatnonzero(np.r_[True, first[1:] > reached[:-1]])
    closes = np.r_[opens[1:], len(first)] - 1
    shift = base[order][opens]
    return Ranges(record[opens], first[opens] - shift, reached[closes] - shift)


def by_name(ranges: Ranges, names: Sequence[str]) -> dict[str, list[tuple[int, int]]]:
    """Ranges as a mapping record name -> [(start, stop), ...]; records without a range are left out."""
    out: dict[str, list[tuple[int, int]]] = {}
    for record, start, stop in np.stack(ranges, axis=1).tolist():
        out.setdefault(names[int(record)], []).append((start, stop))
    return out


def from_names(ranges: Mapping[str, Sequence[tuple[int, int]]], names: Sequence[str]) -> Ranges:
    """The inverse of `by_name`; records that are not in `names` are left out."""
    place = {name: i for i, name in enumerate(names)}
    rows = [(place[name], a, b) for name, pairs in ranges.items() if name in place for a, b in pairs]
    columns = np.asarray(rows, np.int64).reshape(-1, 3)
    return Ranges(columns[:, 0], columns[:, 1], columns[:, 2])


def cover(ranges: Ranges, offsets: np.ndarray) -> np.ndarray:
    """True for each sample that a range covers; records lie end to end, record r at offsets[r]:offsets[r + 1].

    >>> cover(Ranges(np.array([1]), np.array([1]), np.array([9])), np.array([0, 2, 5]))
    array([False, False, False,  True,  True])
    """
    total, length = int(offsets[-1]), np.diff(offsets)[ranges.record]
    start = offsets[ranges.record] + np.clip(ranges.start, 0, length)
    stop = offsets[ranges.record] + np.clip(ranges.stop, 0, length)
    steps = np.bincount(start, minlength=total + 1) - np.bincount(stop, minlength=total + 1)
    return np.cumsum(steps[:total]) > 0
