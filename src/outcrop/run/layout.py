"""Which part every sample is in, laid out for a picture: on the map, on a section, or along each record."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from outcrop.data.space import LATITUDE, LONGITUDE
from outcrop.run.check import Check
from outcrop.run.folder import write_atomic
from outcrop.split.promise import Split
from outcrop.view.cells import Cells

PARTS = ("left out", "training", "validation", "calibration", "test")
"""Codes 0 to 4."""
MOST_POINTS = 20_000
MOST_ROWS = 60
FEWEST_PLACES = 3
"""Records at fewer different places than this are drawn along their axes, not on a map."""


@dataclass(frozen=True)
class Layout:
    """What the picture of a split shows.

    Attributes:
        kind: "map" (points), "section" (an image of the first two dimensions) or "spans" (one row per record).
        x, y: coordinates of the points, of the columns and rows, or the positions and row numbers of spans.
        part: code of `PARTS` per point; per row and column of a section; per sample of a span.
        labels: of the x and the y axis, with units.
        rows: names of the rows of spans.
        title: promise and fold.
    """

    kind: str
    x: np.ndarray
    y: np.ndarray
    part: np.ndarray
    labels: tuple[str, str]
    rows: tuple[str, ...] = ()
    title: str = ""


def write_layouts(folder: Path, checked: Check) -> None:
    """layout.npz, and layout-NAME.npz for every further promise: the first fold's parts, for the report."""
    for name, one in checked.promises.items():
        columns = {key: np.asarray(value) for key, value in asdict(layout(one)).items()}
        path = folder / (f"layout-{name}.npz" if name else "layout.npz")
        write_atomic(path, lambda place, columns=columns: np.savez_compressed(place, **columns))


def layout(checked: Check, fold: int = 0) -> Layout:
    """The parts of one fold, on the map where samples have places, else along their records.

    A sample that is read for training and lies in no other part is training; what nothing touches was left out.
    """
    cells, split = checked.view.cells, checked.splits[fold]
    part = parts_of_samples(checked, split)
    many = len(checked.splits) > 1
    title = split.promise + (f", fold {fold + 1} of {len(checked.splits)}" if many else "")
    x, y, labels = _places(cells)
    if len(x) and len(np.unique(np.round(np.stack([x, y]), 6), axis=1).T) >= FEWEST_PLACES:
        return _map(x, y, part, labels, title)
    if len(cells.dims) >= 2 and len(cells.names) == 1:
        return _section(cells, part, title)
    return _spans(cells, part, title)


def parts_of_samples(checked: Check, split: Split) -> np.ndarray:
    """Code of `PARTS` for every sample, shape (sample,)."""
    view = checked.view
    code = np.zeros(view.cells.total, np.int8)
    for name, index in (("train", split.train), ("validation", split.validation), ("calibration", split.calibration)):
        origins = view.origins.take(index)
        prints = origins.reads if name == "train" else origins.scores
        code[view.cells.cover(origins.record, prints)] = PARTS.index("training" if name == "train" else name)
    origins = view.origins.take(split.test)
    code[view.cells.cover(origins.record, origins.scores)] = PARTS.index("test")
    return code


def _places(cells: Cells) -> tuple[np.ndarray, np.ndarray, tuple[str, str]]:
    pairs = [("easting", "northing", " (m)"), *((a, b, " (degrees)") for a, b in zip(LONGITUDE, LATITUDE, strict=True))]
    for east, north, unit in pairs:
        if cells.has(east) and cells.has(north):
            x, y = (np.asarray(cells.coordinate(name), float) for name in (east, north))
            known = np.isfinite(x) & np.isfinite(y)
            return np.where(known, x, np.nan), np.where(known, y, np.nan), (east + unit, north + unit)
    return np.empty(0), np.empty(0), ("", "")


def _map(x: np.ndarray, y: np.ndarray, part: np.ndarray, labels: tuple[str, str], title: str) -> Layout:
    """One point per place; where several samples share it (a well, a trace) the highest code is shown."""
    known = np.isfinite(x)
    places, which = np.unique(np.stack([x[known], y[known]], axis=1), axis=0, return_inverse=True)
    code = np.zeros(len(places), np.int8)
    np.maximum.at(code, which.ravel(), part[known])
    if len(places) > MOST_POINTS:
        chosen = np.sort(np.random.default_rng(0).choice(len(places), MOST_POINTS, replace=False))
        places, code = places[chosen], code[chosen]
    return Layout("map", places[:, 0], places[:, 1], code, labels, title=title)


def _section(cells: Cells, part: np.ndarray, title: str) -> Layout:
    """The first two dimensions of one record; along the others the highest code is shown."""
    record, shape = cells.records[0], tuple(cells.shapes[0].tolist())
    image = part.reshape(shape)
    image = image.reshape(shape[0], shape[1], -1).max(axis=2)
    first, second = record.dims[:2]
    x, y = (_numbered(record.data[dim].to_numpy()) for dim in (first, second))
    units = [
        str(record.data[dim].attrs.get("units", "")) if dim in record.data.coords else "" for dim in (first, second)
    ]
    labels = tuple(f"{dim} ({unit})" if unit else dim for dim, unit in zip((first, second), units, strict=True))
    steps = [max(1, size // 600) for size in image.shape]
    return Layout("section", x[:: steps[0]], y[:: steps[1]], image[:: steps[0], :: steps[1]].T, labels, title=title)


def _numbered(axis: np.ndarray) -> np.ndarray:
    """An axis that can be drawn: of names (stations, links) their numbers."""
    return np.arange(len(axis)) if axis.dtype.kind in "UO" else axis


def _spans(cells: Cells, part: np.ndarray, title: str) -> Layout:
    """Each record as a row of runs of one part: start and stop in x (run, 2), row number in y (run,)."""
    x, y, code, names = [], [], [], []
    for row, record in enumerate(cells.records[:MOST_ROWS]):
        mine = part[cells.offsets[row] : cells.offsets[row + 1]]
        axis = _numbered(record.axis)
        edges = np.flatnonzero(np.r_[True, mine[1:] != mine[:-1], True])
        starts, stops = edges[:-1], np.minimum(edges[1:], len(axis) - 1)
        x += (
            list(zip(axis[starts].tolist(), axis[stops].tolist(), strict=True))
            if axis.dtype.kind != "M"
            else list(zip(axis[starts], axis[stops], strict=True))
        )
        y += [row] * len(starts)
        code += mine[starts].tolist()
        names.append(record.name)
    record = cells.records[0]
    unit = str(record.data[record.dim].attrs.get("units", "")) if record.dim in record.data.coords else ""
    label = f"{record.dim} ({unit})" if unit and record.axis.dtype.kind != "M" else record.dim
    return Layout("spans", np.array(x), np.array(y), np.array(code, np.int8), (label, ""), tuple(names), title)
