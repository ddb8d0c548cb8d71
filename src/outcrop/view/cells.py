"""All samples of all records laid end to end, and which of them an example touches: one geometry for every view.

A sample is a cell of its record's grid, numbered in C order. Splits colour samples, the audit compares what parts read,
and both ask the same two questions here: which samples do these footprints cover, and how many marked samples lie in
each footprint?
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import Any

import numpy as np

from outcrop.errors import DataError, message
from outcrop.records import Footprints, Record

FEW = 4096
"""Boxes up to which they are looked at one by one."""


@dataclass(frozen=True)
class Cells:
    """The grids of the records of a run. Built by `cells_of`.

    Attributes:
        names: record names.
        dims: dimensions that all these grids have, in C order.
        shapes: size of each record's grid, shape (record, dimension).
        periodic: dimensions that close on themselves.
        records: the records, for their coordinates; never for their values.
    """

    names: tuple[str, ...]
    dims: tuple[str, ...]
    shapes: np.ndarray
    periodic: tuple[str, ...]
    records: tuple[Record, ...]

    @cached_property
    def offsets(self) -> np.ndarray:
        """Record r holds the samples offsets[r]:offsets[r + 1]."""
        return np.cumsum([0, *(prod(shape) for shape in self.shapes.tolist())])

    @property
    def total(self) -> int:
        """Number of samples."""
        return int(self.offsets[-1])

    @cached_property
    def record_of(self) -> np.ndarray:
        """Index of the record of every sample."""
        return np.repeat(np.arange(len(self.names)), np.diff(self.offsets))

    def coordinate(self, name: str) -> np.ndarray:
        """A coordinate of every sample, shape (sample,): along a dimension, of a variable, or of whole records.

        Raises:
            DataError: a record does not have it.
        """
        parts = []
        for record in self.records:
            if name in record.data.coords or name in record.dims:
                parts.append(record.flat(name))
            elif name in record.position:
                parts.append(np.full(len(record), record.position[name]))
            elif name in record.groups:
                parts.append(np.full(len(record), record.groups[name], object))
            else:
                known = [*map(str, record.data.coords), *record.position, *record.groups]
                fix = (
                    f"it has {', '.join(known) or 'none'}; frame.easting and frame.northing name curves with positions"
                )
                raise DataError(message(f"There is no coordinate {name!r}.", where=record.name, fix=fix))
        return np.concatenate(parts)

    def has(self, name: str) -> bool:
        """Whether all records have a coordinate."""
        return all(name in r.data.coords or name in r.position or name in r.groups for r in self.records)

    def boxes(self, record: np.ndarray, prints: Footprints) -> tuple[np.ndarray, np.ndarray]:
        """Start and stop of each example along each dimension, each of shape (example, dimension).

        Scattered footprints are enclosed in their smallest box.
        """
        start = np.zeros((len(record), len(self.dims)), np.int64)
        stop = self.shapes[record].copy()
        for place, dim in enumerate(self.dims):
            if dim in prints.ranges:
                start[:, place], stop[:, place] = prints.ranges[dim].T
            elif dim in prints.members:
                members = prints.members[dim]
                first = np.array([own[0] if len(own) else 0 for own in members.sets], np.int64)
                last = np.array([own[-1] + 1 if len(own) else 0 for own in members.sets], np.int64)
                start[:, place], stop[:, place] = first[members.which], last[members.which]
        return start, stop

    def cover(self, record: np.ndarray, prints: Footprints, widen: tuple[int, int] = (0, 0)) -> np.ndarray:
        """True for every sample that one of these footprints touches, shape (sample,).

        Args:
            record: index of the record of each footprint.
            prints: of the same length.
            widen: samples before and after along the first dimension that count as touched too.
        """
        mask = np.zeros(self.total, bool)
        start, stop = self.boxes(record, prints)
        start[:, 0] -= widen[0]
        stop[:, 0] += widen[1]
        for which, mine, sets in self._alike(record, prints):
            shape, place = self._collapsed(which, sets)
            inner = np.zeros(shape, bool)
            for low, high in self._unwrapped(which, *_whole(start[mine], stop[mine], sets)):
                inner |= _covered(shape, low, high)
            own = mask[self.offsets[which] : self.offsets[which + 1]].reshape(self.shapes[which])
            own[place] |= inner
        return mask

    def count(self, mask: np.ndarray, record: np.ndarray, prints: Footprints) -> np.ndarray:
        """How many marked samples each footprint touches, shape (example,); `mask` has shape (sample,)."""
        found = np.zeros(len(record), np.int64)
        start, stop = self.boxes(record, prints)
        for which, mine, sets in self._alike(record, prints):
            _, place = self._collapsed(which, sets)
            own = mask[self.offsets[which] : self.offsets[which + 1]].reshape(self.shapes[which])
            marked = own[place].sum(axis=tuple(sets), keepdims=True) if sets else own
            for low, high in self._unwrapped(which, *_whole(start[mine], stop[mine], sets)):
                found[mine] += _counted(marked, low, np.maximum(high, low))
        return found

    def _alike(self, record: np.ndarray, prints: Footprints) -> Iterator[tuple[int, np.ndarray, dict[int, np.ndarray]]]:
        """Examples of one record and the same scattered places: record, examples, dimension number -> places."""
        scattered = {self.dims.index(dim): members for dim, members in prints.members.items()}
        columns = [np.asarray(record, np.int64), *(members.which for members in scattered.values())]
        code = np.zeros(len(record), np.int64)
        for column in columns:  # one number for each kind: rows are sorted much slower than numbers
            code = code * (int(column.max(initial=0)) + 1) + column
        _, first, kind = np.unique(code, return_index=True, return_inverse=True)
        kinds = np.stack([column[first] for column in columns], axis=1)
        order = np.argsort(kind, kind="stable")
        ends = np.cumsum(np.bincount(kind, minlength=len(kinds))).tolist()
        for (which, *sets), first, stop in zip(kinds.tolist(), [0, *ends], ends, strict=False):
            chosen = zip(scattered.items(), sets, strict=True)
            places = {place: np.asarray(members.sets[number]) for (place, members), number in chosen}
            yield which, order[first:stop], places

    def _collapsed(self, which: int, sets: Mapping[int, np.ndarray]) -> tuple[tuple[int, ...], Any]:
        """The grid of a record with scattered dimensions taken as one place, and where that place lies in the grid."""
        shape = [int(size) for size in self.shapes[which]]
        if not sets:
            return tuple(shape), (slice(None),) * len(shape)
        place = np.ix_(*(sets.get(number, np.arange(size)) for number, size in enumerate(shape)))
        return tuple(1 if number in sets else size for number, size in enumerate(shape)), place

    def samples(self, which: int, prints: Footprints) -> np.ndarray:
        """The samples that ONE footprint of record `which` touches, in C order."""
        shape = self.shapes[which]
        index = []
        for place, dim in enumerate(self.dims):
            if dim in prints.members:
                index.append(np.asarray(prints.members[dim][0]))
            else:
                first, stop = prints.ranges[dim][0] if dim in prints.ranges else (0, shape[place])
                rows = np.arange(first, stop)
                index.append(rows % shape[place] if dim in self.periodic else rows[(rows >= 0) & (rows < shape[place])])
        flat = np.zeros((1,) * len(index), np.int64)
        for place, rows in enumerate(index):
            flat = flat * shape[place] + rows.reshape([-1 if d == place else 1 for d in range(len(index))])
        return self.offsets[which] + flat.ravel()

    def runs(self, mask: np.ndarray) -> dict[str, list[tuple[int, int]]]:
        """Marked samples as half-open ranges inside each record; records without any are left out."""
        edges = np.flatnonzero(np.diff(np.r_[False, mask, False].astype(np.int8)))
        out: dict[str, list[tuple[int, int]]] = {}
        for first, stop in edges.reshape(-1, 2).tolist():
            which = int(np.searchsorted(self.offsets, first, side="right")) - 1
            while first < stop:
                end = min(stop, int(self.offsets[which + 1]))
                base = int(self.offsets[which])
                if end > first:
                    out.setdefault(self.names[which], []).append((first - base, end - base))
                first, which = end, which + 1
        return out

    def flat_mask(self, masks: Mapping[str, np.ndarray]) -> np.ndarray:
        """One mask over all samples from one mask per record, by name; a record without one has none marked."""
        parts = [masks.get(n, np.zeros(s, bool)) for n, s in zip(self.names, np.diff(self.offsets), strict=True)]
        return np.concatenate([np.asarray(part, bool).ravel() for part in parts])

    def _unwrapped(self, which: int, start: np.ndarray, stop: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The boxes inside the grid: those over the seam of a periodic dimension as two."""
        shape = self.shapes[which]
        choices = []
        for place, dim in enumerate(self.dims):
            size = int(shape[place])
            low, high = start[:, place], stop[:, place]
            if dim in self.periodic and (high > size).any() | (low < 0).any():
                full = high - low >= size
                low, high = np.where(full, 0, low % size), np.where(full, size, low % size + (high - low))
                first = low, np.minimum(high, size)
                second = np.zeros_like(low), np.maximum(high - size, 0)
                choices.append((first, second))
            else:
                choices.append(((np.clip(low, 0, size), np.clip(high, 0, size)),))
        for chosen in product(*choices):
            yield np.stack([c[0] for c in chosen], axis=1), np.stack([c[1] for c in chosen], axis=1)


def _covered(shape: tuple[int, ...], low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """True for every place that one of the boxes covers: slice by slice, or for many boxes by steps and their sums."""
    keep = (high > low).all(axis=1)
    low, high = low[keep], high[keep]
    if len(low) <= FEW:
        inner = np.zeros(shape, bool)
        for first, stop in zip(low.tolist(), high.tolist(), strict=True):
            inner[tuple(map(slice, first, stop))] = True
        return inner
    steps = np.zeros(tuple(size + 1 for size in shape), np.int32)
    for corner in product((0, 1), repeat=len(shape)):
        np.add.at(steps, tuple(np.where(np.array(corner), high, low).T), (-1) ** sum(corner))
    for dim in range(len(shape)):
        np.cumsum(steps, axis=dim, out=steps)
    return steps[tuple(slice(0, size) for size in shape)] > 0


def _counted(marked: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The sum of `marked` in each box: slice by slice, or for many boxes from a summed-area table."""
    if len(low) <= FEW and (high - low).prod(axis=1).sum() < 4 * marked.size:
        boxes = zip(low.tolist(), high.tolist(), strict=True)
        return np.array([np.sum(marked[tuple(map(slice, first, stop))]) for first, stop in boxes], np.int64)
    table = np.zeros(tuple(size + 1 for size in marked.shape), np.int32 if marked.size < 2**31 else np.int64)
    table[tuple(slice(1, None) for _ in marked.shape)] = marked
    for dim in range(marked.ndim):
        np.cumsum(table, axis=dim, out=table)
    found = np.zeros(len(low), np.int64)
    for corner in product((0, 1), repeat=marked.ndim):
        at = tuple(np.where(np.array(corner), high, low).T)
        found += (-1) ** (marked.ndim - sum(corner)) * table[at].astype(np.int64)
    return found


def _whole(start: np.ndarray, stop: np.ndarray, sets: Mapping[int, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The boxes with the one place that a scattered dimension was collapsed to."""
    start, stop = start.copy(), stop.copy()
    for number, places in sets.items():
        start[:, number], stop[:, number] = 0, min(1, len(places))
    return start, stop


def cells_of(records: Sequence[Record]) -> Cells:
    """The grids of some records.

    Raises:
        DataError: no records, two of one name, or records on different dimensions.
    """
    from outcrop.data.space import periodic_dims
    from outcrop.view.origins import check_records

    check_records(records)
    dims = records[0].dims
    return Cells(
        names=tuple(record.name for record in records),
        dims=dims,
        shapes=np.array([record.shape for record in records], np.int64).reshape(len(records), len(dims)),
        periodic=periodic_dims(records[0]),
        records=tuple(records),
    )
