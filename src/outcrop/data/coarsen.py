"""Coarse copies of a variable: the mean of every block of cells, repeated on all cells of the block.

What a coarser instrument or model would say of the same field, on the grid of the fine one: the condition of
super-resolution (downscaling).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.records import Record


def coarsened(values: np.ndarray, record: Record, size: Mapping[str, int], where: str) -> np.ndarray:
    """The mean of each block, shape (sample,) as `values`, over the cells that have a value; NaN where none has.

    Blocks begin at the first cell of the grid; the last ones may hold fewer cells. Cells count alike.

    Args:
        values: one per sample of the record's grid; NaN is missing.
        record: for its grid.
        size: dimension -> cells of a block along it; other dimensions are not averaged over.
        where: place in the run file, for errors.

    Raises:
        ConfigError: the record has no such dimension.

    >>> import xarray as xr
    >>> line = Record(xr.Dataset({"t": ("x", [1.0, 3.0, np.nan, 5.0, 7.0])}), "line")
    >>> coarsened(line.flat("t"), line, {"x": 2}, "variable.t").tolist()
    [2.0, 2.0, 5.0, 5.0, 7.0]
    """
    for dim in size:
        if dim not in record.dims:
            what = f"{record.name} has no dimension {dim!r}{did_you_mean(dim, record.dims)}."
            fix = f"its dimensions are {', '.join(record.dims)}."
            raise ConfigError(message(what, where=f"{where}.coarsen", fix=fix))
    grid = values.reshape(record.shape)
    total, count = np.nan_to_num(grid), np.isfinite(grid).astype(float)
    for axis, dim in enumerate(record.dims):
        if dim in size:
            starts = np.arange(0, grid.shape[axis], size[dim])
            total, count = (np.add.reduceat(part, starts, axis=axis) for part in (total, count))
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    for axis, dim in enumerate(record.dims):
        if dim in size:
            mean = mean.repeat(size[dim], axis=axis).take(range(grid.shape[axis]), axis=axis)
    return mean.reshape(values.shape)
