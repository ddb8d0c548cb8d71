"""Records larger than the memory allowed, as boxes of one example each, side by side: a cutout of a Record is a Record.

A cube of many gigabytes cannot be held whole. A random sample of its boxes is read and becomes records of their own;
statistics, audit, baselines, validation and scores rest on that sample, which is uniform over the boxes, and training
streams through all of them (`stream.py`). Memory is bounded by the number of boxes held at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from outcrop.config.schema import Config
from outcrop.data.variable import Variable
from outcrop.errors import ConfigError, DataError, message
from outcrop.records import Record
from outcrop.run.freed import give_back_freed_memory
from outcrop.view.patches import WHOLE

BYTES_PER_SAMPLE = 700
"""What a sample takes at most on the way: values, encodings, examples of the baselines, columns of the audit."""
SHARE_OF_SAMPLE = 0.5
"""Of `data.memory_mb` for the sample that is held; the rest is for what streams through."""
TRIES = 30
"""Boxes looked at, per box wanted, before a record counts as unlabelled."""
MOST_BOXES = 1_000_000
SLAB_SAMPLES = 500_000
"""Samples read at a time when a record is gone through."""


@dataclass(frozen=True)
class Tiled:
    """A record larger than memory, as boxes of equal size side by side; what does not fill a box is left out.

    Attributes:
        record: the whole, read when asked for.
        used: the variables of its file that the run needs.
        side: samples of a box along every dimension.
        drawn: numbers of the boxes in the sample, ascending; boxes are numbered in C order.
        labelled: which boxes hold a label, where that had to be looked up; None where they all may.
    """

    record: Record
    used: tuple[str, ...]
    side: tuple[int, ...]
    drawn: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    labelled: np.ndarray | None = None

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Boxes along every dimension."""
        return tuple(extent // side for extent, side in zip(self.record.shape, self.side, strict=True))

    def __len__(self) -> int:
        return prod(self.counts)

    def box(self, number: int) -> tuple[slice, ...]:
        """Where a box lies in the record."""
        place = np.unravel_index(number, self.counts)
        return tuple(slice(int(p) * s, int(p) * s + s) for p, s in zip(place, self.side, strict=True))

    def skeleton(self, drawn: Sequence[Record], names: Sequence[str]) -> Record:
        """The corners of all boxes as a record: their coordinates, and the values of those that were drawn.

        A promise that can be kept with the corners of a box can be kept with the box.

        Args:
            drawn: the resolved records of the sample, in order.
            names: variables to keep, NaN (or -1) in boxes that were not drawn.
        """
        ends = {
            dim: _ends(count, side) for dim, count, side in zip(self.record.dims, self.counts, self.side, strict=True)
        }
        coords = self.record.data.drop_vars(list(self.record.data.data_vars)).isel(ends)
        shape = tuple(len(ends[dim]) for dim in self.record.dims)
        columns = {}
        for name in names:
            kind = drawn[0].data[name].dtype
            values = np.full(shape, -1 if kind.kind in "iu" else np.nan, kind)
            for number, record in zip(self.drawn.tolist(), drawn, strict=True):
                inner = record.flat(name).reshape(record.shape)[tuple(_corner(s) for s in self.side)]
                at = np.unravel_index(number, self.counts)
                steps = [min(s, 2) for s in self.side]
                values[tuple(slice(a * n, a * n + n) for a, n in zip(at, steps, strict=True))] = inner
            columns[name] = (self.record.dims, values)
        groups = {**self.record.groups, "source_record": self.record.name}
        return replace(self.record, data=coords.assign(columns), groups=groups, dims=self.record.dims)


def known_boxes(tiled: Sequence[Tiled]) -> np.ndarray:
    """Which boxes of all records may hold a label, shape (box,)."""
    return np.concatenate([np.ones(len(one), bool) if one.labelled is None else one.labelled for one in tiled])


def drawn_boxes(tiled: Sequence[Tiled]) -> np.ndarray:
    """Numbers of the boxes in the sample, counted over all records, in the order of the sample's records."""
    offsets = np.cumsum([0, *map(len, tiled)])
    return np.concatenate([one.drawn + offset for one, offset in zip(tiled, offsets[:-1], strict=True)])


def _ends(count: int, side: int) -> np.ndarray:
    """First and last index of every box along one dimension; one index where a box has one sample."""
    first = np.arange(count) * side
    return first if side == 1 else np.stack([first, first + side - 1], axis=1).ravel()


def _corner(side: int) -> slice:
    return slice(None) if side == 1 else slice(None, None, side - 1)


def bytes_of(record: Record) -> int:
    """Bytes of all variables of a record, read or not."""
    return sum(int(array.size) * array.dtype.itemsize for array in record.data.data_vars.values())


def cut(config: Config, records: Sequence[Record], variables: Sequence[Variable]) -> tuple[list[Record], list[Tiled]]:
    """The records; where one is larger than `data.memory_mb`, a random sample of boxes of all of them instead.

    Raises:
        ConfigError: a view whose examples have no box.
        DataError: no box of a record holds a label.
    """
    limit = config.data.memory_mb * 1e6
    if not any(bytes_of(record) > limit for record in records):
        return list(records), []
    give_back_freed_memory()
    names = {name for variable in variables for name in (variable.name, *variable.sources)}
    target = next(variable for variable in variables if variable.role == "target")
    whole = sum(map(bytes_of, records))
    found, tiled = [], []
    for record in records:
        used = tuple(str(name) for name in record.data.data_vars if str(name) in names)
        one = Tiled(record, used, _box(config, record))
        if not 0 < len(one) <= MOST_BOXES:
            what = f"{record.name} makes {len(one):,} boxes of {' x '.join(map(str, one.side))} samples."
            fix = f"a view.size with which there are 1 to {MOST_BOXES:,}."
            raise ConfigError(message(what, where="data.view", fix=fix))
        share = SHARE_OF_SAMPLE * limit * bytes_of(record) / whole
        count = max(int(share / (BYTES_PER_SAMPLE * prod(one.side))), 12)
        one = _drawn(one, count, target, config.train.seed)
        tiled.append(one)
        note = (
            f"{len(one.drawn):,} of {len(one):,} boxes of {' x '.join(map(str, one.side))} drawn at random "
            f"({bytes_of(record) / 1e9:.3g} GB); training streams through all of them"
        )
        boxes = [cutout(record, one.box(number), used) for number in one.drawn.tolist()]
        found += [boxes[0].with_data(boxes[0].data, note), *boxes[1:]]
    return found, tiled


def _box(config: Config, record: Record) -> tuple[int, ...]:
    """Samples of one box along every dimension."""
    view = config.data.view
    if view.size and (isinstance(view.size, str) or WHOLE in view.size.values()):
        what = f"{record.name} is larger than data.memory_mb, and an example would take it whole."
        fix = f"data.memory_mb = {bytes_of(record) / 1e6 + 1:.0f}, or a view.size in samples."
        raise ConfigError(message(what, where="data.view.size", fix=fix))
    if view.size:
        wanted: Mapping[str, Any] = view.size
    elif view.kind in ("auto", "windows"):
        wanted = {view.along or record.dims[-1]: view.length}
    else:
        fix = 'view = {kind = "patches", size = {...}}'
        raise ConfigError(
            message("Records larger than memory are cut into patches or windows.", where="data.view", fix=fix)
        )
    return tuple(min(wanted.get(dim, 1), extent) for dim, extent in zip(record.dims, record.shape, strict=True))


def _drawn(one: Tiled, count: int, target: Variable, seed: int) -> Tiled:
    """A random sample of the boxes that hold a label; where labels are rare, all boxes are looked at once."""
    order = np.random.default_rng(seed).permutation(len(one))
    known = [name for name in one.used if name in (target.name, *target.sources)]
    chosen: list[int] = []
    looked = 0
    for number in order[: min(count * TRIES, 4 * count + 200)].tolist():
        looked += 1
        if _labelled(one.record, known, one.box(number)):
            chosen.append(number)
        if len(chosen) == count:
            break
    labelled = None
    if len(chosen) < 0.9 * looked:
        labelled = _look(one, known)
        chosen = order[labelled[order]][:count].tolist()
    if not chosen:
        what = f"None of {len(one):,} boxes of {one.record.name} holds a value of {target.name}."
        raise DataError(message(what, where=one.record.source, fix="check the names of the target."))
    return replace(one, drawn=np.sort(np.array(chosen, np.int64)), labelled=labelled)


def _look(one: Tiled, known: Sequence[str]) -> np.ndarray:
    """Which boxes hold a label, shape (box,): goes once through the target of the whole record."""
    found = np.zeros(one.counts, bool)
    for slab in slabs(one):
        box = tuple(slice(s.start * n, s.stop * n) for s, n in zip(slab, one.side, strict=True))
        inside = np.zeros(tuple(s.stop - s.start for s in slab), bool)
        for name in known:
            values = one.record.data[name].isel(dict(zip(one.record.dims, box, strict=True)), missing_dims="ignore")
            there = np.isfinite(values.to_numpy()) if values.dtype.kind == "f" else np.ones(values.shape, bool)
            if values.dims != one.record.dims:
                return np.ones(len(one), bool)
            split = [size for count, side in zip(inside.shape, one.side, strict=True) for size in (count, side)]
            inside |= there.reshape(split).any(axis=tuple(range(1, 2 * len(one.side), 2)))
        found[slab] = inside
    return found.ravel()


def slabs(one: Tiled, most: int = SLAB_SAMPLES) -> list[tuple[slice, ...]]:
    """Groups of neighbouring boxes that are read together, as ranges of boxes along every dimension.

    They hold whole chunks of the store where it has chunks, and at most about `most` samples.
    """
    arrays = [one.record.data[name] for name in one.used]
    stored = next((a.encoding.get("chunks") for a in arrays if a.encoding.get("chunks")), None)
    chunks = stored if stored is not None and len(stored) == len(one.side) else (1,) * len(one.side)
    sides = [min(-(-chunk // side), count) for chunk, side, count in zip(chunks, one.side, one.counts, strict=True)]
    for place in reversed(range(len(sides))):
        room = max(1, most // (prod(sides) * prod(one.side)))
        sides[place] = min(sides[place] * room, one.counts[place])
    starts = [range(0, count, side) for count, side in zip(one.counts, sides, strict=True)]
    corners = np.stack(np.meshgrid(*starts, indexing="ij"), axis=-1).reshape(-1, len(sides)).tolist()
    return [
        tuple(slice(a, min(a + side, count)) for a, side, count in zip(corner, sides, one.counts, strict=True))
        for corner in corners
    ]


def _labelled(record: Record, known: Sequence[str], box: tuple[slice, ...]) -> bool:
    for name in known:
        values = record.data[name].isel(dict(zip(record.dims, box, strict=True)), missing_dims="ignore").to_numpy()
        if values.dtype.kind != "f" or np.isfinite(values).any():
            return True
    return not known


def cutout(record: Record, box: Sequence[slice], used: Sequence[str] | None = None) -> Record:
    """A box of a record, in memory.

    The group key `record` stays that of the whole: boxes of one cube are no independent records.
    """
    data = record.data if used is None else record.data[list(used)]
    data = data.isel(dict(zip(record.dims, box, strict=True))).load()
    place = ", ".join(f"{s.start}:{s.stop}" for s in box)
    groups = {**record.groups, "source_record": record.name}
    groups.pop("record")
    return replace(record, data=data, name=f"{record.name} [{place}]", groups=groups, notes=record.notes)
