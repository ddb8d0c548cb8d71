"""Windows of equal length along a record; predictions of overlapping windows are blended with a taper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from outcrop.errors import ConfigError, message
from outcrop.records import Batch, Footprints, Origins, Record
from outcrop.view import origins as columns
from outcrop.view.boxes import without_target
from outcrop.view.cells import Cells, cells_of
from outcrop.view.ranges import Ranges, along_one, union
from outcrop.view.rows import OnePerSample
from outcrop.view.taper import hann, starts_over
from outcrop.view.view import blank_target, by_record, take_rows

if TYPE_CHECKING:
    from outcrop.data.normalise import Encoded
    from outcrop.view.patches import Patches


@dataclass(frozen=True)
class Windows(OnePerSample):
    """Examples of `length` samples in a row. Built by `windows`.

    Attributes:
        origins: one row per example; footprints end with the record where a window is longer than it.
        length: samples per window.
        stride: samples from one window to the next.
        lengths: samples per record.
        cells: the grids of the records.
    """

    origins: Origins
    length: int
    stride: int
    lengths: np.ndarray
    cells: Cells
    kind: str = "windows"

    @property
    def read_size(self) -> int:
        return self.length

    def input_shape(self, channels: int) -> tuple[int, ...]:
        """(length, channel)."""
        return (self.length, channels)

    def room(self, part: np.ndarray) -> np.ndarray:
        """The first and last start that each example may be moved to without leaving what `part` reads.

        Shape (all examples, 2); examples outside `part` stay where they are. Moving a training window further would
        let it read beyond the border of its part.
        """
        reads = along_one(self.origins.reads)
        room = np.repeat(reads[:, :1], 2, axis=1)
        part = np.asarray(part)
        if not len(part):
            return room
        record = self.origins.record[part]
        merged = union(Ranges(record, reads[part, 0], reads[part, 1]))
        far = self.lengths.max() + 1
        inside = np.searchsorted(merged.record * far + merged.start, record * far + reads[part, 0], side="right") - 1
        last = merged.stop[inside] - self.length
        room[part, 0] = np.minimum(np.maximum(merged.start[inside], reads[part, 0] - self.stride // 2), reads[part, 0])
        room[part, 1] = np.maximum(np.minimum(last, reads[part, 0] + self.stride // 2), reads[part, 0])
        return room

    def gather(
        self,
        tables: Mapping[str, Encoded],
        index: np.ndarray,
        *,
        rng: np.random.Generator | None = None,
        room: np.ndarray | None = None,
    ) -> Batch:
        """Inputs (example, length, channel), target and weight (example, length).

        Samples beyond the end of a short record have inputs 0, weight 0 and no target: -1 (classes) or NaN (numbers).

        Args:
            tables: record name -> encoded table.
            index: examples.
            rng: moves each window by up to half a stride (training augmentation).
            room: where windows may be moved to, from `room(training part)`; by default what `index` itself reads.
        """
        index = np.asarray(index)
        names, record = self.origins.names, self.origins.record[index]
        start = along_one(self.origins.reads)[index, 0]
        if rng is not None:
            low, high = (self.room(index) if room is None else room)[index].T
            start = rng.integers(low, high + 1)
        first = tables[names[record[0]]] if len(index) else next(iter(tables.values()))
        inputs = np.empty((len(index), self.length, first.inputs.shape[1]), first.inputs.dtype)
        steps, parts = np.arange(self.length), by_record(record)
        blank = blank_target(tables, [names[which] for which, _ in parts], inputs.shape[:2])
        outside = steps >= self.lengths[record][:, None]
        for which, place in parts:
            table, rows = tables[names[which]], start[place][:, None] + steps
            take_rows(table.inputs, rows, inputs, place)
            if blank and table.target is not None and table.weight is not None:
                take_rows(table.target, rows, blank[0], place)
                take_rows(table.weight.astype(np.float32, copy=False), rows, blank[1], place)
        if outside.any():
            inputs[outside] = 0
            if blank:
                without_target(blank[0], blank[1], outside)
        return Batch(inputs, *(blank or ()))

    def stitch(self, index: np.ndarray, values: np.ndarray) -> dict[str, np.ndarray]:
        """Values (example, length, out) on their records; overlaps are averaged with Hann weights that sum to one."""
        index, values = np.asarray(index), np.asarray(values)
        record, scores = self.origins.record[index], along_one(self.origins.scores)[index]
        touched, local = np.unique(record, return_inverse=True)
        offsets = np.cumsum(np.r_[0, self.lengths[touched]])
        rows = scores[:, :1] + np.arange(self.length)
        inside = rows < scores[:, 1:]
        flat = (offsets[local][:, None] + rows)[inside]
        taper = np.broadcast_to(hann(self.length), rows.shape)[inside]
        total = np.bincount(flat, taper, minlength=offsets[-1])
        out = np.full((offsets[-1], values.shape[-1]), np.nan, np.result_type(values, np.float32))
        seen = total > 0
        for k in range(values.shape[-1]):
            column = np.bincount(flat, taper * values[..., k][inside], minlength=offsets[-1])
            out[seen, k] = column[seen] / total[seen]
        names = self.origins.names
        return {names[r]: out[a:b] for r, a, b in zip(touched, offsets[:-1], offsets[1:], strict=True)}


def windows(
    records: Sequence[Record],
    length: int,
    stride: int | None = None,
    *,
    labelled: Mapping[str, np.ndarray] | None = None,
    along: str | None = None,
) -> Windows | Patches:
    """Windows over each record; the last one is shifted back to end with the record.

    A record shorter than `length` gives one window, padded when gathered.

    Args:
        records: only their lengths, names, groups, axes and positions are used.
        length: samples per window.
        stride: samples from window to window; half the length by default.
        labelled: record name -> mask per sample; windows without any label are left out.
        along: dimension of the windows on grids, e.g. every trace of a cube along twt; by default the last one.

    Raises:
        ConfigError: a length or stride that leaves samples uncovered.
    """
    stride = max(length // 2, 1) if stride is None else stride
    _check_sizes(length, stride)
    cells = cells_of(records)
    if len(cells.dims) > 1:
        from outcrop.view.patches import patches

        return patches(records, {along or cells.dims[-1]: length}, stride, labelled=labelled)
    lengths = np.array([len(record) for record in records])
    starts = [starts_over(int(size), length, stride) for size in lengths]
    record = np.repeat(np.arange(len(records)), [len(s) for s in starts])
    start = np.concatenate(starts)
    stop = np.minimum(start + length, lengths[record])
    mask = columns.labelled_flat(records, labelled)
    if mask is not None:
        offsets = np.cumsum(np.r_[0, lengths])
        count = np.r_[0, np.cumsum(mask)]
        keep = count[offsets[record] + stop] > count[offsets[record] + start]
        record, start, stop = record[keep], start[keep], stop[keep]
    prints = Footprints({cells.dims[0]: np.stack([start, stop], axis=1)})
    return Windows(columns.build(cells, record, prints, prints), length, stride, lengths, cells)


def _check_sizes(length: int, stride: int) -> None:
    if length < 1 or not 1 <= stride <= length:
        raise ConfigError(
            message(
                f"Windows need length >= 1 and 1 <= stride <= length, got {length} and {stride}.",
                where="data.view",
                fix='view = {kind = "windows", length = 256, stride = 128}',
            )
        )
