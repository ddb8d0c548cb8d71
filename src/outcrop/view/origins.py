"""The columns of an `Origins` table that do not depend on how examples are cut: names, groups, positions.

Views use records only for their grid, name, groups, coordinates and position, never for their values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from outcrop.data.space import LATITUDE, LONGITUDE
from outcrop.errors import DataError, message
from outcrop.records import Footprints, Origins, Record
from outcrop.view.cells import Cells
from outcrop.view.ranges import Ranges, along_one, by_name, union

PLACES = ("easting", "northing", *LONGITUDE, *LATITUDE)


def check_records(records: Sequence[Record]) -> str:
    """The first dimension of the grid that all records share; names must be unique.

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
    dims = {record.dims: record.name for record in records}
    if len(dims) > 1:
        where = ", ".join(f"{name}: {' x '.join(dim)}" for dim, name in dims.items())
        raise DataError(
            message(
                "Records run along different dimensions.", where=where, fix="set the same `axis` in each data.source."
            )
        )
    return records[0].dim


def group_columns(records: Sequence[Record]) -> dict[str, np.ndarray]:
    """Group key -> value per record; an empty text where a record has no value for a key."""
    keys = dict.fromkeys(key for record in records for key in record.groups)
    return {key: np.array([str(record.groups.get(key, "")) for record in records]) for key in keys}


def build(cells: Cells, record: np.ndarray, reads: Footprints, scores: Footprints) -> Origins:
    """Origins of n examples.

    Args:
        cells: the grids of the records.
        record: index into the records, shape (example,).
        reads, scores: boxes, already clipped to the record (on a periodic dimension they may wrap).
    """
    names = tuple(record.name for record in cells.records)
    position = _positions(cells, record, scores)
    return Origins(record, names, group_columns(cells.records), reads, scores, position)


def _positions(cells: Cells, record: np.ndarray, scores: Footprints) -> dict[str, np.ndarray]:
    """Coordinates of the sample in the middle of what each example is scored on."""
    start, stop = cells.boxes(record, scores)
    middle = ((start + stop - 1) // 2) % np.maximum(cells.shapes[record], 1)
    position: dict[str, np.ndarray] = {}
    for place, dim in enumerate(cells.dims):
        parts = [np.asarray(r.data[dim].to_numpy()) for r in cells.records]
        offsets = np.cumsum([0, *map(len, parts)])
        position[dim] = np.concatenate(parts)[offsets[record] + middle[:, place]]
    for name in PLACES:
        if name not in position and cells.has(name):
            flat = np.zeros(len(record), np.int64)
            for place in range(len(cells.dims)):
                flat = flat * cells.shapes[record, place] + middle[:, place]
            position[name] = _at(cells, name, record, flat)
    for key in dict.fromkeys(key for r in cells.records for key in r.position):
        position.setdefault(key, np.array([r.position.get(key, np.nan) for r in cells.records], float)[record])
    return position


def _at(cells: Cells, name: str, record: np.ndarray, flat: np.ndarray) -> np.ndarray:
    """A coordinate at one sample of each example, without spreading it over all samples of all records."""
    if all(name in r.position and name not in r.data for r in cells.records):
        return np.array([r.position[name] for r in cells.records], float)[record]
    return np.asarray(cells.coordinate(name), float)[cells.offsets[record] + flat]


def labelled_flat(records: Sequence[Record], labelled: Mapping[str, np.ndarray] | None) -> np.ndarray | None:
    """One mask over all records end to end; a record that `labelled` does not name has no label.

    Raises:
        DataError: a mask has another length than its record.
    """
    if labelled is None:
        return None
    masks = [np.asarray(labelled.get(r.name, np.zeros(len(r), bool)), bool).ravel() for r in records]
    for record, mask in zip(records, masks, strict=True):
        if len(mask) != len(record):
            what = f"The label mask has {len(mask)} samples, the record {len(record)}."
            raise DataError(
                message(what, where=f"record {record.name!r}", fix="make the mask from the resolved record.")
            )
    return np.concatenate(masks)


def ranges_of(
    cells: Cells, origins: Origins, prints: Footprints, index: np.ndarray
) -> dict[str, list[tuple[int, int]]]:
    """The union of one kind of footprint over some examples: record name -> [(start, stop), ...] of samples."""
    index = np.asarray(index)
    if len(cells.dims) == 1 and not prints.members and not cells.periodic:
        rows = along_one(prints)[index]
        return by_name(union(Ranges(origins.record[index], rows[:, 0], rows[:, 1])), origins.names)
    return cells.runs(cells.cover(origins.record[index], prints.take(index)))
