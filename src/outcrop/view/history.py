"""A history in a few numbers: means over spans that quadruple backwards, for baselines that read tables."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from outcrop.view.cells import Cells
from outcrop.view.view import by_record

if TYPE_CHECKING:
    from outcrop.data.normalise import Encoded


def spans(history: int) -> list[tuple[int, int]]:
    """Half-open spans of samples before the last one known, which is number 0.

    >>> spans(20)
    [(0, 1), (1, 4), (4, 16), (16, 20)]
    """
    edges = [0, 1]
    while edges[-1] < history:
        edges.append(min(4 * edges[-1], history))
    return list(pairwise(edges))


def span_means(cells: Cells, tables: Mapping[str, Encoded], read: np.ndarray, history: int, along: str) -> np.ndarray:
    """Means of every input over the spans before some samples, shape (row, span * channel); NaN where none is known.

    Args:
        cells: the grids of the records.
        tables: encoded records; missing inputs may be NaN.
        read: the last sample known of each row, counted over all records end to end.
        history: samples read.
        along: dimension of the history.
    """
    place, parts = cells.dims.index(along), spans(history)
    which = cells.record_of[read]
    channels = next(iter(tables.values())).inputs.shape[1]
    out = np.full((len(read), len(parts), channels), np.nan, np.float32)
    for record, rows in by_record(which):
        inner = int(cells.shapes[record, place + 1 :].prod())
        size = int(cells.shapes[record, place])
        values = tables[cells.names[record]].inputs.reshape(-1, size, inner, channels)
        known = np.isfinite(values)
        total = _summed(np.where(known, values, 0).astype(np.float64))
        count = _summed(known.astype(np.int32))
        local = read[rows] - cells.offsets[record]
        outer, at, within = local // (size * inner), local // inner % size, local % inner
        for number, (first, stop) in enumerate(parts):
            top, bottom = np.maximum(at + 1 - first, 0), np.maximum(at + 1 - stop, 0)
            summed = total[outer, top, within] - total[outer, bottom, within]
            there = count[outer, top, within] - count[outer, bottom, within]
            mean = np.divide(summed, there, out=np.full(summed.shape, np.nan), where=there > 0)
            out[rows, number] = mean
    out = out.reshape(len(read), -1)
    filled = all(np.isfinite(table.inputs).all() for table in tables.values())
    return np.nan_to_num(out) if filled else out  # before the record begins the training mean, 0, is as good as any


def _summed(values: np.ndarray) -> np.ndarray:
    """Running sums along axis 1, beginning with 0."""
    return np.concatenate([np.zeros_like(values[:, :1]), np.cumsum(values, axis=1)], axis=1)
