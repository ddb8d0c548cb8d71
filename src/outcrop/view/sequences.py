"""A history is read, and what follows it (a forecast) or its last part (a simulation) is predicted, step by step.

    forecast    read:  history ..............|                  known-future inputs only |
                scored:                      | lead - 1 samples | horizon ...............|
    simulation  read:  history ..............................|
                scored:        | all but the first `spin_up` |

An example is one array over the whole span, so that any network along time can be used: inputs whose future is not
known are 0, the training mean, after the history, or keep their last value (`unknown_future = "last"`), so that a
network need not carry it through all steps. On grids a sequence stands at one place, or over a box of places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.records import Batch, Footprints, Origins, Record
from outcrop.view import origins as columns
from outcrop.view.boxes import Boxes, blend, boxes, cell_area, take, without_target
from outcrop.view.cells import Cells, cells_of
from outcrop.view.rows import Covers, Rows
from outcrop.view.span import Span, check, default_stride, sequence_starts
from outcrop.view.taper import starts_over, tapered
from outcrop.view.view import by_record

if TYPE_CHECKING:
    from outcrop.data.normalise import Encoded


@dataclass(frozen=True)
class Sequences(Covers):
    """Examples along time. Built by `sequences`.

    Attributes:
        origins: one row per example; footprints end with the record.
        start: first step of each example along `along`; below 0 where it starts before its record.
        span: which steps are read and scored.
        stride: steps from one example to the next.
        along: dimension of the steps.
        size: samples of a box along the other dimensions of an example.
        cells: the grids of the records.
        area_weight: whether samples of a box count by the area of their cell on grids of degrees.
    """

    origins: Origins
    start: np.ndarray
    span: Span
    stride: int
    along: str
    size: Mapping[str, int]
    cells: Cells
    area_weight: bool = True
    kind: str = "sequences"

    @property
    def read_size(self) -> int:
        return self.span.length

    def input_shape(self, channels: int) -> tuple[int, ...]:
        """(step, *box, channel)."""
        return (self.span.length, *self.size.values(), channels)

    def _boxes(self, index: np.ndarray, start: np.ndarray | None = None) -> Boxes:
        first = {dim: self.origins.scores.ranges[dim][index, 0] for dim in self.cells.dims}
        first[self.along] = self.start[index] if start is None else start
        return boxes(self.cells, self.origins.record[index], first, {self.along: self.span.length, **self.size})

    def gather(
        self,
        tables: Mapping[str, Encoded],
        index: np.ndarray,
        *,
        rng: np.random.Generator | None = None,
        room: np.ndarray | None = None,
    ) -> Batch:
        """Inputs (example, step, *box, channel), target and weight (example, step, *box).

        Steps that are not scored have no target and weight 0; steps before the record have inputs 0; inputs that are
        not known in the future are 0, or as they were last, after the history, and their masks 0. A forecast counts
        only where the last sample read is usable. `rng` moves sequences in time inside `room`.
        """
        index, span = np.asarray(index), self.span
        start = None
        if rng is not None:
            low, high = (self.room(index) if room is None else room)[index].T
            start = rng.integers(low, high + 1)
        found = self._boxes(index, start)
        batch = take(found, self.origins.names, tables)
        if span.horizon and len(index):
            self._forget(batch.inputs, tables[self.origins.names[found.record[0]]])
        if batch.weight is None:
            return batch
        without_target(batch.target, batch.weight, _steps(batch.weight.shape) < span.first)
        if span.horizon:
            batch.weight[...] *= self._usable(tables, found)
        if self.size and self.area_weight:
            batch = batch._replace(weight=batch.weight * cell_area(self.cells, found))
        return batch

    def _forget(self, inputs: np.ndarray, table: Encoded) -> None:
        """Takes from the horizon, in place, what is not known there; a last value that is kept is no present one."""
        history, last = self.span.history, self.span.unknown_future == "last"
        unknown = ~np.isin(np.asarray(table.owners), self.span.known_future)
        pairs = zip(table.channels, table.owners, strict=True)
        kept = unknown & np.array([last and channel != f"{owner}_present" for channel, owner in pairs])
        inputs[:, history:][..., unknown & ~kept] = 0
        inputs[:, history:][..., kept] = inputs[:, history - 1 : history][..., kept]

    def _usable(self, tables: Mapping[str, Encoded], found: Boxes) -> np.ndarray:
        """Whether the last sample of each history has all inputs that are demanded, shape (example, 1, *box)."""
        last = found.samples[:, self.span.history - 1 : self.span.history]
        usable = np.empty(last.shape, np.float32)
        for which, place in by_record(found.record):
            usable[place] = tables[self.origins.names[which]].usable[last[place]]
        return usable * found.inside[:, self.span.history - 1 : self.span.history]

    def room(self, part: np.ndarray) -> np.ndarray:
        """First and last start each example may be moved to, at most half a stride, inside what `part` touches.

        Shape (all examples, 2). Boxes of several places move only as far as the whole way either side is free.
        """
        room = np.stack([self.start, self.start], axis=1)
        part, half = np.asarray(part), self.stride // 2
        if not len(part) or not half:
            return room
        origins, start = self.origins.take(part), self.start[part]
        mask = self.cells.cover(origins.record, origins.reads) | self.cells.cover(origins.record, origins.scores)
        low, high = self._free(mask, origins)
        free = low <= np.maximum(start, 0)  # else samples of others lie between what is read and what is scored
        room[part, 0] = np.where(free, np.clip(low, start - half, start), start)
        room[part, 1] = np.where(free, np.clip(high - self.span.length, start, start + half), start)
        return room

    def _free(self, mask: np.ndarray, origins: Origins) -> tuple[np.ndarray, np.ndarray]:
        """How far the marked samples around each example reach along time: first, and one past the last."""
        low, high = np.empty(len(origins), np.int64), np.empty(len(origins), np.int64)
        place = self.cells.dims.index(self.along)
        first, stop = self.cells.boxes(origins.record, origins.scores)
        for which, mine in by_record(origins.record):
            shape = tuple(self.cells.shapes[which].tolist())
            own = np.moveaxis(mask[self.cells.offsets[which] :][: int(np.prod(shape))].reshape(shape), place, -1)
            count = np.arange(shape[place])
            gap = np.maximum.accumulate(np.where(own, -1, count), axis=-1)  # last unmarked sample up to here
            ahead = np.minimum.accumulate(np.where(own, shape[place], count)[..., ::-1], axis=-1)[..., ::-1]
            others = [d for d in range(len(shape)) if d != place]
            at = [first[mine, d] % shape[d] for d in others] + [first[mine, place]]
            low[mine], high[mine] = gap[tuple(at)] + 1, ahead[tuple(at)]
            if any(size > 1 for size in self.size.values()):
                low[mine], high[mine] = self._free_of_boxes(gap, ahead, first[mine], stop[mine], place)
        return low, high

    def _free_of_boxes(
        self, gap: np.ndarray, ahead: np.ndarray, first: np.ndarray, stop: np.ndarray, place: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The same for boxes: as far as all of their places are free."""
        low, high = np.empty(len(first), np.int64), np.empty(len(first), np.int64)
        others = [d for d in range(len(self.cells.dims)) if d != place]
        for row, (a, b) in enumerate(zip(first.tolist(), stop.tolist(), strict=True)):
            at = np.ix_(*(np.arange(a[d], b[d]) % gap.shape[k] for k, d in enumerate(others)))
            low[row], high[row] = gap[(*at, a[place])].max() + 1, ahead[(*at, a[place])].min()
        return low, high

    def _scored(self, index: np.ndarray) -> tuple[np.ndarray, ...]:
        """For every step and place that is scored: record, sample, sample read last, example, taper of the box."""
        span, found = self.span, self._boxes(index)
        scored = slice(span.first, span.length)
        sample, inside = found.samples[:, scored], found.inside[:, scored]
        read = found.samples[:, span.history - 1 : span.history] if span.horizon else sample
        if span.horizon:
            inside = inside & found.inside[:, span.history - 1 : span.history]
        shape = sample.shape
        example = np.broadcast_to(np.arange(len(index)).reshape(-1, *(1,) * (len(shape) - 1)), shape)
        weight = np.broadcast_to(tapered([size for dim, size in self.size.items()]), shape)
        record = found.record[example]
        every = record, sample, np.broadcast_to(read, shape), example, weight
        return *(column[inside] for column in every), inside

    def rows(self, index: np.ndarray) -> Rows:
        """A forecast has one row per sample and lead; a simulation one per sample."""
        record, sample, read, *_ = self._scored(np.asarray(index))
        _, first = np.unique(self._key(record, sample, read), return_index=True)
        return Rows(record[first], sample[first], read[first])

    def _key(self, record: np.ndarray, sample: np.ndarray, read: np.ndarray) -> np.ndarray:
        """A number per row, in the order of records, samples and what was read last."""
        return (self.cells.offsets[record] + sample) * np.int64(self.cells.total) + read

    def answers(self, index: np.ndarray, values: np.ndarray) -> np.ndarray:
        """The outputs (example, step, *box, out) in the order of `rows(index)`; overlapping ones are blended."""
        record, sample, read, _, weight, inside = self._scored(np.asarray(index))
        kinds, row = np.unique(self._key(record, sample, read), return_inverse=True)
        scored = np.asarray(values)[:, self.span.first : self.span.length]
        return blend(row.ravel(), scored[inside], weight, len(kinds))

    def stitch(self, index: np.ndarray, values: np.ndarray) -> dict[str, np.ndarray]:
        """Predictions on their records: of a sample forecast at several leads, the one that knew most counts."""
        index = np.asarray(index)
        answers, rows = self.answers(index, values), self.rows(index)
        out: dict[str, np.ndarray] = {}
        for which, place in by_record(rows.record):
            column = np.full((int(np.diff(self.cells.offsets)[which]), answers.shape[-1]), np.nan, answers.dtype)
            column[rows.sample[place]] = answers[place]  # rows of a sample come in the order of what they knew
            out[self.origins.names[which]] = column
        return out

    def read_at(self, which: int) -> np.ndarray:
        """For every sample of a record, the last sample known to its stitched prediction; -1 where there is none."""
        read = np.full(int(np.diff(self.cells.offsets)[which]), -1)
        rows = self.rows(np.flatnonzero(self.origins.record == which))
        read[rows.sample] = rows.read
        return read


def _steps(shape: tuple[int, ...]) -> np.ndarray:
    """The number of the step of every entry of (example, step, *box)."""
    return np.broadcast_to(np.arange(shape[1]).reshape(1, -1, *(1,) * (len(shape) - 2)), shape)


def sequences(
    records: Sequence[Record],
    history: int,
    *,
    stride: int | None = None,
    ragged: bool = False,
    along: str | None = None,
    size: Mapping[str, int] | None = None,
    area_weight: bool = True,
    labelled: Mapping[str, np.ndarray] | None = None,
    **steps: Any,
) -> Sequences:
    """Sequences over every record; the last one is shifted back to end with the record.

    Args:
        records: only their grids, names, groups, coordinates and positions are used.
        history: samples read.
        stride: samples from one example to the next; by default all that are scored, or a little less where whole
            days of them would let each lead meet one hour of the day only.
        ragged: also sequences that start before their record, so that its first samples are predicted too.
        along: dimension of the steps; by default the first one.
        size: a box of places per example, dimension -> samples; without it one place.
        area_weight: samples of a box count by the area of their cell on grids of degrees.
        labelled: record name -> mask per sample; examples without a label to be scored on are left out.
        steps: fields of `Span`: horizon, lead, spin_up, known_future, unknown_future; a horizon of 0 simulates, from
            inputs alone.

    Raises:
        ConfigError: impossible lengths, or an unknown dimension.
        DataError: no record is long enough.
    """
    cells = cells_of(records)
    along = cells.dims[0] if along is None else along
    box = {dim: int((size or {})[dim]) for dim in cells.dims if dim in (size or {})}
    _check_dimensions(cells, [along, *(size or {})])
    span = Span(history, **steps)
    stride = default_stride(cells, span, along) if stride is None else int(stride)
    check(span, stride, along, cells, box)
    record, start, sides = _laid(cells, span, stride, along, box, ragged)
    limit = cells.shapes[record, cells.dims.index(along)][:, None]
    at = start[:, None]
    reads = {**sides, along: np.clip(np.concatenate([at, at + span.read], axis=1), 0, limit)}
    scores = {**sides, along: np.clip(np.concatenate([at + span.first, at + span.length], axis=1), 0, limit)}
    mask = columns.labelled_flat(records, labelled)
    if mask is not None:
        keep = np.flatnonzero(cells.count(mask, record, Footprints(scores)))
        record, start = record[keep], start[keep]
        reads, scores = ({dim: rows[keep] for dim, rows in prints.items()} for prints in (reads, scores))
    if not len(record):
        longest = int(cells.shapes[:, cells.dims.index(along)].max())
        what = f"No record has the {span.length} samples of a sequence along {along}; the longest has {longest}."
        raise DataError(message(what, where="data.view", fix="a shorter history or horizon, or ragged = true"))
    origins = columns.build(cells, record, Footprints(reads), Footprints(scores))
    if span.known_future:
        stop = np.minimum(reads[along][:, 1], np.maximum(start + span.history, 0))
        past = Footprints({**reads, along: np.stack([reads[along][:, 0], stop], axis=1)})
        origins = replace(origins, past=past, future=span.known_future)
    return Sequences(origins, start, span, stride, along, box, cells, area_weight)


def _check_dimensions(cells: Cells, asked: Sequence[str]) -> None:
    for dim in asked:
        if dim not in cells.dims:
            fix = f"the dimensions are {', '.join(cells.dims)}{did_you_mean(dim, cells.dims)}."
            raise ConfigError(message(f"Records do not run along {dim!r}.", where="data.view", fix=fix))


def _laid(
    cells: Cells, span: Span, stride: int, along: str, box: Mapping[str, int], ragged: bool
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Record and first step of every example, and its ranges along the other dimensions."""
    place = cells.dims.index(along)
    sides: dict[str, list[np.ndarray]] = {dim: [] for dim in cells.dims if dim != along}
    record, start = [], []
    for which, shape in enumerate(cells.shapes.tolist()):
        every = []
        for dim, extent in zip(cells.dims, shape, strict=True):
            if dim == along:
                every.append(sequence_starts(extent, span, stride, ragged))
            elif dim not in box:
                every.append(np.arange(extent))
            elif dim in cells.periodic and extent >= box[dim]:
                every.append(np.arange(0, extent, max(box[dim] // 2, 1)))
            else:
                every.append(starts_over(extent, box[dim], max(box[dim] // 2, 1)))
        mesh = np.meshgrid(*every, indexing="ij")
        record.append(np.full(mesh[0].size, which))
        start.append(mesh[place].ravel())
        for dim, first, extent in zip(cells.dims, mesh, shape, strict=True):
            if dim != along:
                stop = first.ravel() + box.get(dim, 1)
                around = dim in cells.periodic and extent >= box.get(dim, 1)
                sides[dim].append(np.stack([first.ravel(), stop if around else np.minimum(stop, extent)], axis=1))
    return np.concatenate(record), np.concatenate(start), {dim: np.concatenate(rows) for dim, rows in sides.items()}
