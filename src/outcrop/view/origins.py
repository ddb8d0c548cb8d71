"""The columns of an `Origins` table that do not depend on how examples are cut: names, groups, positions.

Views use records only for their length, name, groups, axis and position, never for their values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from outcrop.errors import DataError, message
from outcrop.records import Footprints, Origins, Record
from outcrop.view.ranges import Ranges, along_one, by_name, union


def check_records(records: Sequence[Record]) -> str:
    """The one dimension all records are cut along; names must be unique.

    Raises:
        DataError: no records, two records of one name, or records along different dimensions.
    """
    if not records:
        raise DataError(
            message("There is no record to cut into examples.", fix="name at least one file in data.source.")
        )
    names = [record.name for record in records]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        where = ", ".join(record.source or "?" for record in records if record.name == twice[0])
        raise DataError(
            message(f"Two records are called {twice[0]!r}.", where=where, fix="rename or remove one of them.")
        )
    dims = {record.dim: record.name for record in records}
    if len(dims) > 1:
        where = ", ".join(f"{name}: {dim}" for dim, name in dims.items())
        raise DataError(
            message(
                "Records run along different dimensions.", where=where, fix="set the same `axis` in each data.source."
            )
        )
    return next(iter(dims))


def group_columns(records: Sequence[Record]) -> dict[str, np.ndarray]:
    """Group key -> value per record; an empty text where a record has no value for a key."""
    keys = dict.fromkeys(key for record in records for key in record.groups)
    return {key: np.array([str(record.groups.get(key, "")) for record in records]) for key in keys}


def build(records: Sequence[Record], record: np.ndarray, reads: np.ndarray, scores: np.ndarray) -> Origins:
    """Origins of n examples of the given records.

    Args:
        record: index into `records`, shape (example,).
        reads, scores: start and stop, shape (example, 2); already clipped to the record.
    """
    dim = check_records(records)
    offsets = np.cumsum([0] + [len(r) for r in records])
    axis = np.concatenate([np.asarray(r.axis) for r in records])
    middle = offsets[record] + (scores[:, 0] + scores[:, 1] - 1) // 2
    position = {dim: axis[middle]}
    for key in dict.fromkeys(key for r in records for key in r.position):
        position.setdefault(key, np.array([r.position.get(key, np.nan) for r in records], float)[record])
    names = tuple(r.name for r in records)
    return Origins(record, names, group_columns(records), Footprints({dim: reads}), Footprints({dim: scores}), position)


def labelled_flat(records: Sequence[Record], labelled: Mapping[str, np.ndarray] | None) -> np.ndarray | None:
    """One mask over all records end to end; a record that `labelled` does not name has no label.

    Raises:
        DataError: a mask has another length than its record.
    """
    if labelled is None:
        return None
    masks = [np.asarray(labelled.get(r.name, np.zeros(len(r), bool)), bool) for r in records]
    for record, mask in zip(records, masks, strict=True):
        if len(mask) != len(record):
            what = f"The label mask has {len(mask)} samples, the record {len(record)}."
            raise DataError(
                message(what, where=f"record {record.name!r}", fix="make the mask from the resolved record.")
            )
    return np.concatenate(masks)


def ranges_of(origins: Origins, prints: Footprints, index: np.ndarray) -> dict[str, list[tuple[int, int]]]:
    """The union of one kind of footprint over some examples: record name -> [(start, stop), ...]."""
    index = np.asarray(index)
    rows = along_one(prints)[index]
    return by_name(union(Ranges(origins.record[index], rows[:, 0], rows[:, 1])), origins.names)
