"""What is scored, one row per prediction: a sample, and the sample whose inputs were the last ones known."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from outcrop.records import Origins
from outcrop.view import origins as columns
from outcrop.view.cells import Cells


class Rows(NamedTuple):
    """Predictions to be scored, in the order of records and samples.

    Attributes:
        record: index of the record, shape (row,).
        sample: number of the predicted sample inside its record.
        read: number of the last sample whose inputs were known; the sample itself where nothing is looked ahead. A
            forecast has one row for each lead at which a sample is predicted.
    """

    record: np.ndarray
    sample: np.ndarray
    read: np.ndarray

    def __len__(self) -> int:  # type: ignore[override]  # rows, not columns
        return len(self.record)

    def where(self, rows: np.ndarray) -> Rows:
        """Some of the rows, by mask or index."""
        return Rows(self.record[rows], self.sample[rows], self.read[rows])

    def flat(self, offsets: np.ndarray) -> np.ndarray:
        """Position of every predicted sample where all records lie end to end, record r at offsets[r]."""
        return offsets[self.record] + self.sample

    def flat_read(self, offsets: np.ndarray) -> np.ndarray:
        """The same for the samples that were read last."""
        return offsets[self.record] + self.read


class _Stitches(Protocol):
    @property
    def origins(self) -> Origins: ...
    @property
    def cells(self) -> Cells: ...
    def stitch(self, index: np.ndarray, values: np.ndarray) -> dict[str, np.ndarray]: ...
    def rows(self, index: np.ndarray) -> Rows: ...


class Covers:
    """What examples of a view touch, as ranges of samples."""

    def read_ranges(self: _Stitches, index: np.ndarray) -> dict[str, list[tuple[int, int]]]:
        """The union of what some examples read: record name -> [(start, stop), ...]."""
        return columns.ranges_of(self.cells, self.origins, self.origins.reads, index)

    def score_ranges(self: _Stitches, index: np.ndarray) -> dict[str, list[tuple[int, int]]]:
        """The union of what some examples are scored on."""
        return columns.ranges_of(self.cells, self.origins, self.origins.scores, index)


class OnePerSample(Covers):
    """The rows of views that blend all predictions of a sample to one, made from the sample's own surroundings."""

    def rows(self: _Stitches, index: np.ndarray) -> Rows:
        """Every sample that some examples are scored on, once."""
        index = np.asarray(index)
        cells, origins = self.cells, self.origins
        flat = np.flatnonzero(cells.cover(origins.record[index], origins.scores.take(index)))
        record = cells.record_of[flat]
        sample = flat - cells.offsets[record]
        return Rows(record, sample, sample)

    def answers(self: _Stitches, index: np.ndarray, values: np.ndarray) -> np.ndarray:
        """The outputs of some examples as one answer per row of `rows(index)`, shape (row, out)."""
        rows, stitched = self.rows(index), self.stitch(index, values)
        sizes = np.diff(self.cells.offsets)
        out = np.full((self.cells.total, values.shape[-1]), np.nan, np.result_type(values, np.float32))
        for which, name in enumerate(self.origins.names):
            if name in stitched:
                out[self.cells.offsets[which] :][: sizes[which]] = stitched[name]
        return out[rows.flat(self.cells.offsets)]

    def read_at(self: _Stitches, which: int) -> np.ndarray:
        """For every sample of a record, the sample whose inputs its stitched prediction rests on."""
        return np.arange(np.diff(self.cells.offsets)[which])
