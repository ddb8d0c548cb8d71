"""A history in a few numbers, for baselines that read tables: means over spans that quadruple backwards, and what
linear reservoirs of many time constants hold."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from outcrop.view.cells import Cells
from outcrop.view.view import by_record

if TYPE_CHECKING:
    from outcrop.data.normalise import Encoded

CASCADE, TIME_CONSTANTS = 2, 24
RESERVOIRS = CASCADE * TIME_CONSTANTS
"""How many responses `reservoirs` gives of every input."""


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


def reservoirs(cells: Cells, tables: Mapping[str, Encoded], read: np.ndarray, history: int, along: str) -> np.ndarray:
    """What linear reservoirs fed by every input hold, shape (row, reservoir * channel).

    A reservoir loses its content in proportion to it: h[t] = a h[t - 1] + (1 - a) x[t], a = exp(-1 / T), with time
    constants T from 1 sample to `history`, equally far apart in their logarithm. The first `TIME_CONSTANTS` stand alone
    (an exponential response), the others are fed by one like them (a gamma response of shape 2; Nash, 1957, IASH
    Publication 45, 114-121). They read the whole past of their record and begin with the training mean, 0.

    Args:
        cells: the grids of the records.
        tables: encoded records, nothing missing.
        read: the last sample known of each row, counted over all records end to end.
        history: samples of the longest time constant.
        along: dimension of the history.
    """
    from scipy.signal import lfilter

    place, which = cells.dims.index(along), cells.record_of[read]
    channels = next(iter(tables.values())).inputs.shape[1]
    out = np.zeros((len(read), CASCADE, TIME_CONSTANTS, channels), np.float32)
    for record, rows in by_record(which):
        size, inner = int(cells.shapes[record, place]), int(cells.shapes[record, place + 1 :].prod())
        values = np.asarray(tables[cells.names[record]].inputs, np.float64).reshape(-1, size, inner, channels)
        local = read[rows] - cells.offsets[record]
        for number, constant in enumerate(np.geomspace(1, max(history, 2), TIME_CONSTANTS)):
            keeps, held = np.exp(-1 / constant), values
            for stage in range(CASCADE):
                held = lfilter([1 - keeps], [1, -keeps], held, axis=1)
                out[rows, stage, number] = held.reshape(-1, channels)[local]
    return out.reshape(len(read), -1)


def _summed(values: np.ndarray) -> np.ndarray:
    """Running sums along axis 1, beginning with 0."""
    return np.concatenate([np.zeros_like(values[:, :1]), np.cumsum(values, axis=1)], axis=1)
