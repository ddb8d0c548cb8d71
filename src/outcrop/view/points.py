"""One example per sample: reads a few samples around it, is scored on one; for tables, trees, MLPs, forecasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from outcrop.errors import ConfigError, message
from outcrop.records import Batch, Origins, Record
from outcrop.view import origins as columns
from outcrop.view.ranges import along_one
from outcrop.view.view import blank_target, by_record, take_rows

if TYPE_CHECKING:
    from outcrop.data.normalise import Encoded


@dataclass(frozen=True)
class Points:
    """Examples of single samples with context. Built by `points`.

    Attributes:
        origins: one row per example.
        context: offsets read, in samples, ascending; (-23, ..., 0) is a history of 24.
        lead: samples from the example's sample to its target.
        lengths: samples per record.
    """

    origins: Origins
    context: tuple[int, ...]
    lead: int
    lengths: np.ndarray
    kind: str = "points"

    @property
    def read_size(self) -> int:
        return self.context[-1] - self.context[0] + 1

    def input_shape(self, channels: int) -> tuple[int, ...]:
        """(feature,): offset by offset, and within an offset channel by channel."""
        return (len(self.context) * channels,)

    def feature_names(self, channels: Sequence[str]) -> list[str]:
        """Names of the features in order: `GR@-2`, and plain `GR` at offset 0."""
        return [f"{name}@{offset:+d}" if offset else name for offset in self.context for name in channels]

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
        scored = along_one(self.origins.scores)[index, 0]
        first = tables[names[record[0]]] if len(index) else next(iter(tables.values()))
        offsets, channels = np.asarray(self.context), first.inputs.shape[1]
        inputs = np.empty((len(index), len(offsets), channels), first.inputs.dtype)
        parts = by_record(record)
        blank = blank_target(tables, [names[which] for which, _ in parts], (len(index),))
        for which, place in parts:
            table, sample = tables[names[which]], scored[place]
            take_rows(table.inputs, (sample - self.lead)[:, None] + offsets, inputs, place)
            if blank and table.target is not None and table.weight is not None:
                blank[0][place] = table.target[sample]
                blank[1][place] = table.weight[sample] * table.usable[sample - self.lead]
        return Batch(inputs.reshape(len(index), len(offsets) * channels), *(blank or ()))

    def room(self, part: np.ndarray) -> np.ndarray:
        """Points stay where they are: first and last start of every example, shape (all examples, 2)."""
        return np.repeat(along_one(self.origins.reads)[:, :1], 2, axis=1)

    def stitch(self, index: np.ndarray, values: np.ndarray) -> dict[str, np.ndarray]:
        """Values (example, out) on the samples they were scored on, for the records that `index` touches."""
        index, values = np.asarray(index), np.asarray(values)
        scored = along_one(self.origins.scores)[index, 0]
        out: dict[str, np.ndarray] = {}
        for which, place in by_record(self.origins.record[index]):
            column = np.full((self.lengths[which], values.shape[-1]), np.nan, np.result_type(values, np.float32))
            column[scored[place]] = values[place]
            out[self.origins.names[which]] = column
        return out

    def read_ranges(self, index: np.ndarray) -> dict[str, list[tuple[int, int]]]:
        """The union of what these examples read, offsets that lie between two of the context included."""
        return columns.ranges_of(self.origins, self.origins.reads, index)

    def score_ranges(self, index: np.ndarray) -> dict[str, list[tuple[int, int]]]:
        """The union of the samples these examples are scored on."""
        return columns.ranges_of(self.origins, self.origins.scores, index)


def points(
    records: Sequence[Record],
    context: Sequence[int] = (0,),
    lead: int = 0,
    *,
    labelled: Mapping[str, np.ndarray] | None = None,
    edge: str = "nearest",
) -> Points:
    """One example for each sample that has a sample `lead` later in its record.

    Args:
        records: only their lengths, names, groups, axes and positions are used.
        context: offsets in samples that an example reads, e.g. (-4, -2, -1, 0, 1, 2, 4).
        lead: samples from an example's own sample to its target; negative is allowed (looking back).
        labelled: record name -> mask per sample; examples without a label are left out.
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
    columns.check_records(records)
    lengths = np.array([len(record) for record in records])
    starts = np.cumsum(np.r_[0, lengths])
    record = np.repeat(np.arange(len(records)), lengths)
    sample = np.arange(starts[-1]) - starts[record]
    size = lengths[record]
    scored = sample + lead
    keep = (scored >= 0) & (scored < size)
    mask = columns.labelled_flat(records, labelled)
    if mask is not None:
        keep &= mask[starts[record] + np.clip(scored, 0, size - 1)]
    if edge == "drop":
        keep &= (sample + offsets[0] >= 0) & (sample + offsets[-1] < size)
    record, sample, scored, size = record[keep], sample[keep], scored[keep], size[keep]
    first = np.clip(sample + offsets[0], 0, size - 1)
    last = np.clip(sample + offsets[-1], 0, size - 1)
    reads, scores = np.stack([first, last + 1], axis=1), np.stack([scored, scored + 1], axis=1)
    return Points(columns.build(records, record, reads, scores), offsets, int(lead), lengths)


def context_offsets(length: int) -> tuple[int, ...]:
    """Offsets that quadruple, within half of `length` on either side: far sight for few features.

    >>> context_offsets(16)
    (-4, -1, 0, 1, 4)
    """
    steps = [4**power for power in range((max(int(length) // 2, 0).bit_length() + 1) // 2)]
    return tuple([-step for step in reversed(steps)] + [0] + steps)
