"""One example per sample: reads a few samples around it, is scored on one; for tables, trees, MLPs, forecasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.records import Batch, Footprints, Origins, Record
from outcrop.view import origins as columns
from outcrop.view.cells import Cells, cells_of
from outcrop.view.rows import Covers, Rows
from outcrop.view.view import blank_target, by_record, take_rows

if TYPE_CHECKING:
    from outcrop.data.normalise import Encoded


@dataclass(frozen=True)
class Points(Covers):
    """Examples of single samples with context. Built by `points`.

    Attributes:
        origins: one row per example.
        context: offsets read, in samples, ascending; (-23, ..., 0) is a history of 24.
        lead: samples from the example's sample to its target.
        cells: the grids of the records.
        along: dimension that context and lead run along.
    """

    origins: Origins
    context: tuple[int, ...]
    lead: int
    cells: Cells
    along: str
    kind: str = "points"

    @property
    def read_size(self) -> int:
        return self.context[-1] - self.context[0] + 1

    def input_shape(self, channels: int) -> tuple[int, ...]:
        """(feature,): offset by offset, and within an offset channel by channel."""
        return (len(self.context) * channels,)

    def gather(
        self,
        tables: Mapping[str, Encoded],
        index: np.ndarray,
        *,
        rng: np.random.Generator | None = None,
        room: np.ndarray | None = None,
    ) -> Batch:
        """Inputs (example, feature), target and weight (example,).

        Context beyond the ends of a record repeats its first or last sample. A target `lead` samples ahead counts
        only where the example's own sample is usable. Missing values stay as the table has them. `rng` and `room`
        are taken for the sake of other views: points are never moved.
        """
        index = np.asarray(index)
        names, record = self.origins.names, self.origins.record[index]
        read, scored, size, step = self._rows(index)
        first = tables[names[record[0]]] if len(index) else next(iter(tables.values()))
        offsets, channels = np.asarray(self.context), first.inputs.shape[1]
        inputs = np.empty((len(index), len(offsets), channels), first.inputs.dtype)
        parts = by_record(record)
        blank = blank_target(tables, [names[which] for which, _ in parts], (len(index),))
        for which, place in parts:
            table, sample = tables[names[which]], scored[place]
            at = (read[place] // step[which]) % size[which]  # position along the dimension of the context
            moved = np.clip(at[:, None] + offsets, 0, size[which] - 1) - at[:, None]
            take_rows(table.inputs, read[place][:, None] + moved * step[which], inputs, place)
            if blank and table.target is not None and table.weight is not None:
                blank[0][place] = table.target[sample]
                usable = table.usable[read[place]].reshape(-1, *[1] * (table.weight.ndim - 1))
                blank[1][place] = table.weight[sample] * usable
        return Batch(inputs.reshape(len(index), len(offsets) * channels), *(blank or ()))

    def _rows(self, index: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Sample each example is read around and scored on; and per record, size and step in samples of `along`."""
        place = self.cells.dims.index(self.along)
        size, step = self.cells.shapes[:, place], self.cells.shapes[:, place + 1 :].prod(axis=1)
        record = self.origins.record[index]
        scored = np.zeros(len(index), np.int64)
        for number, dim in enumerate(self.cells.dims):
            scored = scored * self.cells.shapes[record, number] + self.origins.scores.ranges[dim][index, 0]
        return scored - self.lead * step[record], scored, size, step

    def room(self, part: np.ndarray) -> np.ndarray:
        """Points stay where they are: first and last start of every example, shape (all examples, 2)."""
        return np.repeat(self.origins.reads.ranges[self.along][:, :1], 2, axis=1)

    def stitch(self, index: np.ndarray, values: np.ndarray) -> dict[str, np.ndarray]:
        """Values (example, out) on the samples they were scored on, for the records that `index` touches."""
        index, values = np.asarray(index), np.asarray(values)
        _, scored, _, _ = self._rows(index)
        sizes = np.diff(self.cells.offsets)
        out: dict[str, np.ndarray] = {}
        for which, place in by_record(self.origins.record[index]):
            column = np.full((sizes[which], values.shape[-1]), np.nan, np.result_type(values, np.float32))
            column[scored[place]] = values[place]
            out[self.origins.names[which]] = column
        return out

    def rows(self, index: np.ndarray) -> Rows:
        """What these examples are scored on, in the order of records and samples."""
        record = self.origins.record[np.asarray(index)]
        read, scored, _, _ = self._rows(np.asarray(index))
        order = np.lexsort((scored, record))
        return Rows(record[order], scored[order], read[order])

    def answers(self, index: np.ndarray, values: np.ndarray) -> np.ndarray:
        """The outputs (example, out) in the order of `rows(index)`."""
        index = np.asarray(index)
        return values[np.lexsort((self._rows(index)[1], self.origins.record[index]))]

    def read_at(self, which: int) -> np.ndarray:
        """For every sample of a record, the sample it is predicted from; -1 where there is none."""
        read = np.full(int(np.diff(self.cells.offsets)[which]), -1)
        last, scored, _, _ = self._rows(np.flatnonzero(self.origins.record == which))
        read[scored] = last
        return read


def points(
    records: Sequence[Record],
    context: Sequence[int] = (0,),
    lead: int = 0,
    *,
    labelled: Mapping[str, np.ndarray] | None = None,
    edge: str = "nearest",
    along: str | None = None,
) -> Points:
    """One example for each sample that has a sample `lead` later along its dimension.

    Args:
        records: only their lengths, names, groups, axes and positions are used.
        context: offsets in samples that an example reads, e.g. (-4, -2, -1, 0, 1, 2, 4).
        lead: samples from an example's own sample to its target; negative is allowed (looking back).
        labelled: record name -> mask per sample; examples without a label are left out.
        along: dimension that context and lead run along; by default the first one.
        edge: "nearest" repeats the end samples where the context leaves the record, "drop" leaves such examples out.

    Raises:
        ConfigError: an empty context, or an unknown `edge`.
    """
    offsets = tuple(sorted({int(offset) for offset in context}))
    if not offsets:
        raise ConfigError(message("The context is empty.", where="data.view.context", fix="context = [0]"))
    if edge not in ("nearest", "drop"):
        raise ConfigError(
            message(f"Unknown edge rule {edge!r}.", where="data.view.edge", fix='edge = "nearest" or "drop"')
        )
    cells = cells_of(records)
    along = cells.dims[0] if along is None else along
    if along not in cells.dims:
        fix = f'along = "{cells.dims[0]}"{did_you_mean(along, cells.dims)}'
        raise ConfigError(message(f"Records do not run along {along!r}.", where="data.view.along", fix=fix))
    place = cells.dims.index(along)
    record, shape = cells.record_of, cells.shapes
    sample = np.arange(cells.total) - cells.offsets[record]
    size, step = shape[:, place], shape[:, place + 1 :].prod(axis=1)
    at = (sample // step[record]) % size[record]
    keep = (at + lead >= 0) & (at + lead < size[record])
    mask = columns.labelled_flat(records, labelled)
    if mask is not None:
        moved = np.clip(at + lead, 0, size[record] - 1) - at
        keep &= mask[cells.offsets[record] + sample + moved * step[record]]
    if edge == "drop":
        keep &= (at + offsets[0] >= 0) & (at + offsets[-1] < size[record])
    record, sample, at = record[keep], sample[keep], at[keep]
    last = size[record] - 1
    reads, scores = {}, {}
    rest = sample
    for number in reversed(range(len(cells.dims))):
        rest, here = np.divmod(rest, shape[record, number]) if number else (rest, rest)
        one = np.stack([here, here + 1], axis=1)
        reads[cells.dims[number]] = scores[cells.dims[number]] = one
    reads[along] = np.stack([np.clip(at + offsets[0], 0, last), np.clip(at + offsets[-1], 0, last) + 1], axis=1)
    scores[along] = np.stack([at + lead, at + lead + 1], axis=1)
    prints = Footprints(reads), Footprints(scores)
    return Points(columns.build(cells, record, *prints), offsets, int(lead), cells, along)


def context_offsets(length: int) -> tuple[int, ...]:
    """Offsets that quadruple, within half of `length` on either side: far sight for few features.

    >>> context_offsets(16)
    (-4, -1, 0, 1, 4)
    """
    steps = [4**power for power in range((max(int(length) // 2, 0).bit_length() + 1) // 2)]
    return tuple([-step for step in reversed(steps)] + [0] + steps)
