"""Numbered lines of a survey, where the promise speaks of them: which line every sample lies on, and where on it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from outcrop.config.promise import PromiseSection
from outcrop.run.problem import Problem
from outcrop.split.audit.neighbours import UPWARD
from outcrop.view.view import View


class Lines(NamedTuple):
    """Of every sample of all records, end to end.

    Attributes:
        line: number of its line.
        cell: place on the line, in C order over the dimensions of a line.
        level: place along the vertical of the line, or along its first dimension.
    """

    line: np.ndarray
    cell: np.ndarray
    level: np.ndarray


def numbered_by(promise: PromiseSection) -> str | None:
    """The coordinate that a promise orders lines by."""
    if promise.between is not None:
        return promise.between.along
    if promise.wider is not None:
        return promise.wider.variable
    return promise.area.along if promise.area is not None else None


def line_key(problem: Problem) -> str | None:
    """The group key by which the promise numbers lines that are records of their own."""
    name = numbered_by(problem.config.promise)
    return name if name and all(name in record.groups for record in problem.records) else None


def lines_of(problem: Problem, view: View) -> Lines | None:
    """The lines, or None where the promise names no coordinate that numbers sections of at least two dimensions.

    Lines are records of one size with a number each, or the slices of one record along a dimension.
    """
    name, cells = numbered_by(problem.config.promise), view.cells
    if name is None or (cells.shapes != cells.shapes[0]).any():
        return None
    records = problem.records
    if all(name in r.position or name in r.groups for r in records):
        dims = cells.dims
    elif len(records) == 1 and name in cells.dims:
        dims = tuple(dim for dim in cells.dims if dim != name)
    else:
        return None
    if len(dims) < 2:
        return None
    try:
        line = np.asarray(cells.coordinate(name)).astype(float)
    except ValueError:
        return None
    shape = tuple(cells.shapes[0].tolist())
    place = np.indices(shape, np.int32).reshape(len(shape), -1)
    cell = np.zeros(place.shape[1], np.int32)
    for dim in dims:
        number = cells.dims.index(dim)
        cell = cell * shape[number] + place[number]
    vertical = next((dim for dim in dims if dim.lower() in UPWARD), dims[0])
    level = place[cells.dims.index(vertical)]
    return Lines(line, np.tile(cell, len(records)), np.tile(level, len(records)))
