"""Boxes of equal size inside grids: which samples they hold, their values, and overlapping answers blended back.

Patches and sequences share this geometry. On a periodic dimension a box goes over the seam; elsewhere what lies beyond
the grid is marked and gets no value and no weight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from outcrop.data.space import LATITUDE
from outcrop.records import Batch
from outcrop.view.cells import Cells
from outcrop.view.view import blank_target, by_record

if TYPE_CHECKING:
    from outcrop.data.normalise import Encoded


class Boxes(NamedTuple):
    """Boxes of some examples.

    Attributes:
        record: index of the record of every example.
        samples: number inside its record of every sample, shape (example, *size).
        inside: which of them lie inside the grid, of the same shape.
    """

    record: np.ndarray
    samples: np.ndarray
    inside: np.ndarray


def boxes(cells: Cells, record: np.ndarray, first: Mapping[str, np.ndarray], size: Mapping[str, int]) -> Boxes:
    """The samples of boxes.

    Args:
        cells: the grids.
        record: index of the record of each example.
        first: first index along EVERY dimension, shape (example,); may lie beyond the grid.
        size: extent along the dimensions of a box; the others are taken at one index.
    """
    dims = tuple(dim for dim in cells.dims if dim in size)
    shapes, tail = cells.shapes[record], (1,) * len(dims)
    flat = np.zeros((len(record), *tail), np.int64)
    inside = np.ones((len(record), *tail), bool)
    for place, dim in enumerate(cells.dims):
        limit = shapes[:, place].reshape(-1, *tail)
        rows = first[dim].reshape(-1, *tail)
        if dim in size:
            steps = [-1 if other == dim else 1 for other in dims]
            rows = rows + np.arange(size[dim]).reshape(steps)
        if dim in cells.periodic:
            rows = rows % limit
        else:
            inside = inside & (rows >= 0) & (rows < limit)
            rows = np.clip(rows, 0, limit - 1)
        flat = flat * limit + rows
    shape = (len(record), *(size[dim] for dim in dims))
    return Boxes(record, np.broadcast_to(flat, shape), np.broadcast_to(inside, shape))


def take(found: Boxes, names: Sequence[str], tables: Mapping[str, Encoded]) -> Batch:
    """Inputs (example, *size, channel), target and weight (example, *size); beyond the grid 0, none and 0."""
    shape = found.samples.shape
    first = tables[names[found.record[0]]] if len(found.record) else next(iter(tables.values()))
    inputs = np.zeros((*shape, first.inputs.shape[1]), first.inputs.dtype)
    parts = by_record(found.record)
    blank = blank_target(tables, [names[which] for which, _ in parts], shape)
    for which, place in parts:
        table, rows = tables[names[which]], found.samples[place]
        inputs[place] = table.inputs[rows]
        if blank and table.target is not None and table.weight is not None:
            blank[0][place] = table.target[rows]
            blank[1][place] = table.weight[rows]
    outside = ~found.inside
    if outside.any():
        inputs[outside] = 0
        if blank:
            without_target(blank[0], blank[1], outside)
    return Batch(inputs, *(blank or ()))


def without_target(target: np.ndarray, weight: np.ndarray, where: np.ndarray) -> None:
    """Marks samples as having nothing to be compared with: target -1 or NaN, weight 0; in place."""
    target[where] = -1 if np.issubdtype(target.dtype, np.integer) else np.nan
    weight[where] = 0


def cell_area(cells: Cells, found: Boxes) -> np.ndarray | float:
    """The area of each sample's cell relative to one at the equator; 1 where the grid is not one of degrees."""
    dim = next((d for d in cells.dims if d.lower() in LATITUDE), None)
    if dim is None:
        return 1.0
    place = cells.dims.index(dim)
    area = np.empty(found.samples.shape, np.float32)
    for which, rows in by_record(found.record):
        shape = cells.shapes[which]
        latitude = np.asarray(cells.records[which].data[dim].to_numpy(), np.float32)
        at = (found.samples[rows] // int(shape[place + 1 :].prod())) % shape[place]
        area[rows] = np.cos(np.radians(latitude))[at]
    return area


def blend(rows: np.ndarray, values: np.ndarray, weight: np.ndarray, size: int) -> np.ndarray:
    """Weighted means of the values that fall on each row, shape (size, out); NaN on rows without any.

    Args:
        rows: row of each value, shape (n,).
        values: shape (n, out).
        weight: shape (n,).
        size: number of rows.
    """
    total = np.bincount(rows, weight, minlength=size)
    column = np.full((size, values.shape[-1]), np.nan, np.result_type(values, np.float32))
    seen = total > 0
    for k in range(values.shape[-1]):
        summed = np.bincount(rows, weight * values[:, k], minlength=size)
        column[seen, k] = summed[seen] / total[seen]
    return column
