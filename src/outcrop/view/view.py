"""What every view offers, and the table of views: records -> examples, predictions -> records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.records import Batch, Origins, Record

if TYPE_CHECKING:
    from outcrop.data.normalise import Encoded
    from outcrop.view.cells import Cells
    from outcrop.view.rows import Rows

VIEWS = {
    "points": "outcrop.view.points:points",
    "windows": "outcrop.view.windows:windows",
    "patches": "outcrop.view.patches:patches",
    "sequences": "outcrop.view.sequences:sequences",
    "graphs": "outcrop.view.graphs:graphs",
}


class View(Protocol):
    """Cuts records into examples. `index` always means examples: positions in `origins`.

    Attributes:
        kind: key in VIEWS.
        origins: where each example comes from.
        cells: the grids of the records.
        read_size: samples between the first and the last one that an example reads, both included.
    """

    @property
    def kind(self) -> str: ...

    @property
    def origins(self) -> Origins: ...

    @property
    def cells(self) -> Cells: ...

    @property
    def read_size(self) -> int: ...

    def input_shape(self, channels: int) -> tuple[int, ...]:
        """Shape of one example's inputs."""
        ...

    def gather(
        self,
        tables: Mapping[str, Encoded],
        index: np.ndarray,
        *,
        rng: np.random.Generator | None = None,
        room: np.ndarray | None = None,
    ) -> Batch:
        """The arrays of some examples, by record name from encoded tables. `rng` moves examples (augmentation)."""
        ...

    def room(self, part: np.ndarray) -> np.ndarray:
        """First and last start each example may be moved to inside what `part` reads, shape (all examples, 2)."""
        ...

    def stitch(self, index: np.ndarray, values: np.ndarray) -> dict[str, np.ndarray]:
        """Predictions of some examples back on their records: name -> (sample, out), NaN where none was made."""
        ...

    def rows(self, index: np.ndarray) -> Rows:
        """What some examples are scored on: one row per prediction, in the order of records and samples."""
        ...

    def answers(self, index: np.ndarray, values: np.ndarray) -> np.ndarray:
        """The outputs of some examples as one answer per row of `rows(index)`, shape (row, out)."""
        ...

    def read_at(self, which: int) -> np.ndarray:
        """For every sample of a record, the sample its stitched prediction is made from; -1 where there is none."""
        ...

    def read_ranges(self, index: np.ndarray) -> dict[str, list[tuple[int, int]]]:
        """The union of what some examples read: record name -> [(start, stop), ...]."""
        ...

    def score_ranges(self, index: np.ndarray) -> dict[str, list[tuple[int, int]]]:
        """The union of what some examples are scored on."""
        ...


def make(kind: str, records: Sequence[Record], **arguments: Any) -> View:
    """Builds the view of one kind, e.g. `make("windows", records, length=256)`.

    Raises:
        ConfigError: `kind` is not in VIEWS.
    """
    if kind not in VIEWS:
        what = f"There is no view {kind!r}{did_you_mean(kind, VIEWS)}."
        raise ConfigError(message(what, where="data.view", fix=f"kind = one of {', '.join(VIEWS)}"))
    module, name = VIEWS[kind].split(":")
    return getattr(import_module(module), name)(records, **arguments)


def by_record(record: np.ndarray) -> list[tuple[int, np.ndarray | slice]]:
    """Splits rows by record: (record, rows), rows as a slice when they already lie together (no copy then)."""
    if not len(record):
        return []
    breaks = np.flatnonzero(np.diff(record)) + 1
    edges = np.r_[0, breaks, len(record)]
    heads = record[edges[:-1]]
    if len(np.unique(heads)) == len(heads):
        return [(int(r), slice(int(a), int(b))) for r, a, b in zip(heads, edges[:-1], edges[1:], strict=True)]
    order = np.argsort(record, kind="stable")
    edges = np.r_[0, np.flatnonzero(np.diff(record[order])) + 1, len(record)]
    return [(int(record[order[a]]), order[a:b]) for a, b in pairwise(edges)]


def blank_target(
    tables: Mapping[str, Encoded], names: Iterable[str], shape: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray] | None:
    """A missing target and zero weights to be filled in, or None where no table of these records has a target.

    A target of several numbers per sample adds their axis to `shape`.
    """
    first = next((table.target for table in map(tables.__getitem__, names) if table.target is not None), None)
    if first is None:
        return None
    missing, shape = -1 if np.issubdtype(first.dtype, np.integer) else np.nan, (*shape, *first.shape[1:])
    return np.full(shape, missing, first.dtype), np.zeros(shape, np.float32)


def take_rows(table: np.ndarray, rows: np.ndarray, out: np.ndarray, place: np.ndarray | slice) -> None:
    """out[place] = table[rows], with rows beyond the ends replaced by the nearest sample."""
    if isinstance(place, slice):
        np.take(table, rows, axis=0, mode="clip", out=out[place])
    else:
        out[place] = np.take(table, rows, axis=0, mode="clip")
