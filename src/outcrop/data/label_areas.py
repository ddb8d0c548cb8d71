"""Polygons and faults as classes of cells, on maps (easting, northing) and on sections (line, twt or depth).

A cell outside all polygons is unlabelled, unless the run file says that everything was mapped; within the sigma of a
boundary nobody can say on which side a cell lies, and it is unlabelled too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.join import JoinReport
from outcrop.errors import DataError, message
from outcrop.records import Record

MAPS = (("easting", "northing"), ("longitude", "latitude"))


def areas(
    records: Sequence[Record],
    files: Sequence[str | Path],
    *,
    column: str = "name",
    codes: Mapping[str, int] | None = None,
    axes: Sequence[str] | None = None,
    sigma: float = 0.0,
    width: float = 0.0,
    background: int | None = None,
    name: str = "AREA",
) -> tuple[list[Record], JoinReport]:
    """Adds the code of the polygon, or of the fault, that each cell lies in.

    Args:
        records: grids, images, sections or points.
        files: Shapefile, GeoJSON or GeoPackage; polygons, or lines where `width` is above 0.
        column: with the name of each class.
        codes: name -> code; by default numbered from 1 in order of the alphabet.
        axes: the two coordinates that the features are drawn in; by default easting and northing, or longitude and
            latitude. On a section: its two dimensions, e.g. ["trace", "twt"].
        sigma: uncertainty of boundaries in the unit of the coordinates: cells this near to one are unlabelled.
        width: cells within half of it from a line carry its code (faults), in the unit of the coordinates.
        background: code of cells outside all features where everything was mapped; None leaves them unlabelled.
        name: of the new variable.

    Raises:
        DataError: no coordinates, features that overlap with different codes, or none that touches any record.
    """
    from outcrop.data.vector import lines, polygons

    shapes: dict[str, Any] = {}
    for file in files:
        shapes |= lines(file, key=column) if width > 0 else polygons(file, key=column)
    numbers = dict(codes or {word: code for code, word in enumerate(sorted(shapes), start=1)})
    unknown = [word for word in shapes if word not in numbers]
    if unknown:
        fix = f"codes = {{{unknown[0]} = {max(numbers.values(), default=0) + 1}}}"
        raise DataError(message(f"The class {unknown[0]!r} has no code.", where=", ".join(map(str, files)), fix=fix))
    grown = {word: shape.buffer(width / 2) if width > 0 else shape for word, shape in shapes.items()}
    joined, counts, used = [], {}, set()
    for record in records:
        dims, x, y = _coordinates(record, axes)
        labels, touched = _labelled(x, y, grown, numbers, sigma, background, record)
        used |= touched
        about = {"units": "", "long_name": f"{column} of the features", "source": Path(files[0]).name}
        sizes = tuple(record.data.sizes[dim] for dim in dims)
        joined.append(record.with_data(record.data.assign({name: (dims, labels.reshape(sizes), about)})))
        counts[record.name] = {"rows": len(touched), "samples": int(np.isfinite(labels).sum())}
    if not used:
        fix = "check that both are in one coordinate system; axes = [...] names the coordinates they are drawn in."
        raise DataError(message("No feature touches a record.", where=", ".join(map(str, files)), fix=fix))
    without = tuple(key for key, row in counts.items() if not row["rows"])
    samples = sum(row["samples"] for row in counts.values())
    source = ", ".join(Path(file).name for file in files)
    return joined, JoinReport("areas", source, len(used), len(shapes) - len(used), 0, samples, without, counts)


def _coordinates(record: Record, axes: Sequence[str] | None) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """The dimensions that the features run over, and both coordinates of every cell of them, raveled."""
    import xarray as xr

    pairs = [tuple(axes)] if axes else list(MAPS)
    pair = next((p for p in pairs if all(name in record.data.variables for name in p)), None)
    if pair is None:
        known = ", ".join(map(str, record.data.coords)) or "none"
        fix = f"axes = [...] names two of its coordinates: {known}."
        raise DataError(message(f"{record.name} has no coordinates {pairs[0]}.", where=record.source, fix=fix))
    first, second = xr.broadcast(record.data[pair[0]], record.data[pair[1]])
    dims = tuple(dim for dim in record.dims if dim in first.dims)
    return dims, *(np.asarray(each.transpose(*dims).to_numpy(), float).ravel() for each in (first, second))


def _labelled(
    x: np.ndarray,
    y: np.ndarray,
    shapes: Mapping[str, Any],
    codes: Mapping[str, int],
    sigma: float,
    background: int | None,
    record: Record,
) -> tuple[np.ndarray, set[str]]:
    """The code of every cell, NaN where none can be said, and the names of the features that touch any."""
    import shapely

    labels = np.full(len(x), np.nan if background is None else float(background))
    owner = np.full(len(x), -1)
    near = np.zeros(len(x), bool)
    touched: set[str] = set()
    for number, (word, shape) in enumerate(shapes.items()):
        shapely.prepare(shape)
        inside = shapely.contains_xy(shape, x, y)
        if inside.any():
            touched.add(word)
            clash = inside & (owner >= 0) & (labels != codes[word])
            if clash.any():
                at = int(np.flatnonzero(clash)[0])
                other = list(shapes)[owner[at]]
                what = f"{int(clash.sum())} cells lie in {other!r} and in {word!r}, the first at {x[at]:g}, {y[at]:g}."
                raise DataError(message(what, where=record.name, fix="cut the features so that they do not overlap."))
            labels[inside], owner[inside] = codes[word], number
        if sigma > 0:
            west, south, east, north = shape.bounds
            box = (x >= west - sigma) & (x <= east + sigma) & (y >= south - sigma) & (y <= north + sigma)
            close = np.flatnonzero(box)
            near[close] |= shapely.distance(shape.boundary, shapely.points(x[close], y[close])) <= sigma
    labels[near] = np.nan
    return labels, touched
