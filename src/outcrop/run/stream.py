"""Training examples from records larger than memory: every box once per epoch, in an order that mixes far-apart ones.

Boxes are read in slabs, whole chunks of the store, because single boxes would read each chunk many times. Slabs come in
random order; a box of the slab in place j is visited at the time j + depth * u, u uniform in 0 to 1, so that about
`depth` slabs are open at any time and a batch draws from all of them. The order depends on the seed and the epoch
alone, so a resumed run sees the same batches. A finished slab is forgotten: memory is bounded by `depth`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from outcrop.data.normalise import Encoded, Normaliser
from outcrop.data.resolve import resolve
from outcrop.records import Batch
from outcrop.run.cutouts import SLAB_SAMPLES, Tiled, cutout, slabs
from outcrop.run.problem import Problem
from outcrop.view.view import View, make

SHARE = 0.25
"""Of `data.memory_mb` for open slabs."""
FEWEST_OPEN = 4


@dataclass(frozen=True)
class Slab:
    """Boxes of one record that are read together.

    Attributes:
        tiled: number of the record.
        place: ranges of boxes along every dimension.
        boxes: numbers of the boxes that train, counted over all records.
        local: where each of them stands in the slab.
    """

    tiled: int
    place: tuple[slice, ...]
    boxes: np.ndarray
    local: np.ndarray


class Stream:
    """A `Source` for the training loop."""

    def __init__(self, problem: Problem, normaliser: Normaliser, view: dict[str, Any], boxes: np.ndarray) -> None:
        """Lays out the slabs; reads nothing.

        Args:
            problem: with the records larger than memory.
            normaliser: fitted on the sample.
            view: kind and arguments of the view, as a bundle keeps them.
            boxes: numbers of the training boxes, counted over all records.
        """
        self.problem, self.normaliser, self.view = problem, normaliser, view
        self.boxes = np.sort(np.asarray(boxes, np.int64))
        bytes_per_sample = 4 * normaliser.in_channels + 8
        budget = SHARE * problem.config.data.memory_mb * 1e6
        samples = int(min(SLAB_SAMPLES, budget / FEWEST_OPEN / bytes_per_sample))
        self.slabs = _laid_out(problem.tiled, self.boxes, samples)
        largest = max(prod(self._size(slab)) for slab in self.slabs)
        self.depth = max(FEWEST_OPEN, min(len(self.slabs), int(budget / (largest * bytes_per_sample))))
        self.slab_of = np.empty(len(self.boxes), np.int64)
        for number, slab in enumerate(self.slabs):
            self.slab_of[np.searchsorted(self.boxes, slab.boxes)] = number
        self._open: OrderedDict[int, tuple[View, dict[str, Encoded]]] = OrderedDict()
        self.read = 0
        """Slabs read so far."""

    def __len__(self) -> int:
        return len(self.boxes)

    def _size(self, slab: Slab) -> list[int]:
        sides = self.problem.tiled[slab.tiled].side
        return [(s.stop - s.start) * side for s, side in zip(slab.place, sides, strict=True)]

    def order(self, rng: np.random.Generator) -> np.ndarray:
        """The examples of one epoch in the order they are visited."""
        place = rng.permutation(len(self.slabs))
        time = place[self.slab_of] + self.depth * rng.random(len(self.boxes))
        return np.argsort(time, kind="stable").astype(np.int32)

    def batch(self, index: np.ndarray, rng: np.random.Generator) -> Batch:
        """Inputs, target and weight of some boxes; reads the slabs they lie in, unless they are open."""
        wanted = self.boxes[np.asarray(index)]
        parts: list[Batch] = []
        rows: list[np.ndarray] = []
        for number in np.unique(self.slab_of[np.asarray(index)]).tolist():
            slab = self.slabs[number]
            mine = np.flatnonzero(self.slab_of[np.asarray(index)] == number)
            view, tables = self._opened(number)
            parts.append(view.gather(tables, slab.local[np.searchsorted(slab.boxes, wanted[mine])]))
            rows.append(mine)
        back = np.argsort(np.concatenate(rows), kind="stable")
        columns = zip(*((part.inputs, part.target, part.weight) for part in parts), strict=True)
        return Batch(*(np.concatenate(column)[back] for column in columns))

    def _opened(self, number: int) -> tuple[View, dict[str, Encoded]]:
        if number in self._open:
            self._open.move_to_end(number)
            return self._open[number]
        while len(self._open) > self.depth + 1:
            self._open.popitem(last=False)
        slab = self.slabs[number]
        one = self.problem.tiled[slab.tiled]
        box = [slice(s.start * n, s.stop * n) for s, n in zip(slab.place, one.side, strict=True)]
        records, _ = resolve([cutout(one.record, box, one.used)], self.problem.variables)
        self._open[number] = (
            side_by_side(self.view, records, one.side),
            {record.name: self.normaliser.encode(record) for record in records},
        )
        self.read += 1
        return self._open[number]

    def describe(self, example: int, field: str, place: tuple[int, ...]) -> str:
        """Names a training value for the doctor: record, box and place in it."""
        number = int(self.boxes[example])
        for one in self.problem.tiled:
            if number < len(one):
                channels = self.normaliser.channels
                what = f"variable {channels[place[-1]]}" if field == "inputs" and place else field
                at = ", ".join(
                    f"{dim} {one.record.data[dim].to_numpy()[s.start + step]}"
                    for dim, s, step in zip(one.record.dims, one.box(number), _steps(place, one.side), strict=True)
                )
                return f"{what}, record {one.record.name!r}, {at}"
            number -= len(one)
        return field


def _steps(place: Sequence[int], side: Sequence[int]) -> list[int]:
    """The place inside a box along every dimension of the record, from that along the dimensions of the example."""
    rest = list(place)
    return [rest.pop(0) if n > 1 and rest else 0 for n in side]


def side_by_side(view: dict[str, Any], records: Sequence[Any], side: Sequence[int]) -> View:
    """The view of some records whose examples are boxes that do not overlap."""
    arguments = {key: value for key, value in view.items() if key != "kind"}
    if view["kind"] == "windows":
        return make("windows", records, **{**arguments, "stride": view["length"]})
    return make(view["kind"], records, **{**arguments, "stride": dict(view["size"])})


def _laid_out(tiled: Sequence[Tiled], boxes: np.ndarray, samples: int) -> list[Slab]:
    """The slabs that hold at least one training box."""
    found, offset = [], 0
    for number, one in enumerate(tiled):
        for place in slabs(one, samples):
            mesh = np.meshgrid(*(np.arange(s.start, s.stop) for s in place), indexing="ij")
            every = offset + np.ravel_multi_index([axis.ravel() for axis in mesh], one.counts)
            local = np.flatnonzero(np.isin(every, boxes, assume_unique=True))
            if len(local):
                order = np.argsort(every[local])
                found.append(Slab(number, place, every[local][order], local[order]))
        offset += len(one)
    return found
