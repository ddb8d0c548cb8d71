"""A new reservoir grid (GRDECL or ROFF) from a map or a cube: a box of equal cells through xtgeo, and its properties.

A map becomes one layer of a metre. Depth is positive down and the first layer the shallowest, the first row the
southernmost; `outcrop.data.reservoir` reads both formats back.
"""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from outcrop.data.content import Curve, replacing
from outcrop.errors import ConfigError, message, missing_extra
from outcrop.records import Record

DOWN = ("depth", "layer", "twt", "elevation")
LINES = (("northing", "easting"), ("inline", "crossline"), ("row", "column"))
"""Horizontal dimensions that count as rows and columns."""


def check(record: Record) -> None:
    """Whether a grid of boxes can hold a record.

    Raises:
        ConfigError: other dimensions than a map or a cube has, or cells of unequal size.
        MissingExtraError: xtgeo is not there.
    """
    _box(record)
    _library()


def _library() -> Any:
    """The module xtgeo."""
    try:
        import xtgeo
    except ImportError:
        raise missing_extra("xtgeo", "mesh", "Writing reservoir grids") from None
    return xtgeo


def write(record: Record, place: Path) -> Path:
    """Writes all variables of a record as properties of one grid; missing values become 0 in GRDECL.

    Args:
        record: a map or a cube along `LINES` and one of `DOWN`; numbers of lines and rows count as metres where it has
            no `easting` and `northing`. Integers with `attrs["classes"]` (JSON: code -> name) are discrete in ROFF.
        place: the file, ending in .grdecl or .roff.

    Raises:
        ConfigError, MissingExtraError: see `check`.
    """
    dims, axes = _box(record)
    steps = [abs(float(axis[1] - axis[0])) if len(axis) > 1 else 1.0 for axis in axes]  # down, north, east
    origin = [float(axis.min()) - step / 2 for axis, step in zip(axes, steps, strict=True)]
    size = tuple(len(axis) for axis in axes)
    grid: Any = _library().create_box_grid(size[::-1], origin=tuple(origin[::-1]), increment=tuple(steps[::-1]))
    values = {str(name): _ordered(record, str(name), dims, axes) for name in record.data.data_vars}
    (_grdecl if place.suffix == ".grdecl" else _roff)(grid, record, values, place)
    return place


def _box(record: Record) -> tuple[tuple[str, ...], list[np.ndarray]]:
    """The dimensions (down, rows, columns; none down of a map) and the centres along all three, depth positive down."""
    down = [dim for dim in record.dims if dim in DOWN]
    lines = [dim for dim in record.dims if dim not in down]
    pair = next((pair for pair in LINES if set(pair) == set(lines)), None)
    if pair is None or len(down) > 1:
        what = f"A reservoir grid holds maps and cubes, not values along {', '.join(record.dims) or 'nothing'}."
        raise ConfigError(message(what, where=record.name, fix='format = "netcdf"'))
    axes = [np.asarray(record.data[dim].to_numpy(), float) for dim in (*down, *pair)]
    if pair[0] == "inline" and {"easting", "northing"} <= set(record.data.coords):
        north, east = record.data["northing"].transpose(*pair), record.data["easting"].transpose(*pair)
        axes[-2:] = north.to_numpy()[:, 0].astype(float), east.to_numpy()[0].astype(float)
    if not down:
        axes.insert(0, np.array([0.5]))
    elif down[0] == "elevation":
        axes[0] = -axes[0]
    for axis, dim in zip(axes, (*(down or ["depth"]), *pair), strict=True):
        steps = np.diff(axis)
        if len(steps) and not (np.allclose(steps, steps[0], rtol=1e-3) and steps[0]):
            what = f"The cells along {dim} are not of one size, as those of a box are."
            raise ConfigError(message(what, where=record.name, fix='format = "netcdf"'))
    return (*down, *pair), axes


def _ordered(record: Record, name: str, dims: tuple[str, ...], axes: list[np.ndarray]) -> np.ndarray:
    """(layer, row, column), from the top, the south and the west."""
    values = record.data[name].transpose(*dims).to_numpy().reshape([len(axis) for axis in axes])
    backwards = [at for at, axis in enumerate(axes) if axis[0] > axis[-1]]
    return np.flip(values, backwards)


def _grdecl(grid: Any, record: Record, values: dict[str, np.ndarray], place: Path) -> None:
    """The geometry by xtgeo, and behind it every variable under a keyword of eight letters."""
    from outcrop.data.reservoir import write as add

    with TemporaryDirectory() as room:
        bare = Path(room) / place.name
        grid.to_file(bare, fformat="grdecl")
        about = {name: record.data[name].attrs for name in values}
        curves = [
            Curve(_ascii(name, "_"), array, about[name].get("units", ""), about[name].get("classes", ""))
            for name, array in values.items()
        ]
        add(bare, place.parent, curves)


def _roff(grid: Any, record: Record, values: dict[str, np.ndarray], place: Path) -> None:
    """Geometry and properties in one file."""
    import roffio

    with TemporaryDirectory() as room:
        part = Path(room) / "part.roff"
        grid.to_file(part, fformat="roff")
        *parts, end = roffio.read(part).items()
        for name, array in values.items():
            names = json.loads(record.data[name].attrs.get("classes", "{}"))
            codes = {"discrete": True, "codes": {int(code): _ascii(text) for code, text in names.items()}}
            turned = np.ascontiguousarray(np.transpose(array, (2, 1, 0)))
            turned = turned.astype(np.int32) if names else np.ma.masked_invalid(turned.astype(float))
            word = _ascii(name, "_")
            prop = _library().GridProperty(grid, values=turned, name=word, **(codes if names else {}))
            prop.to_file(part, fformat="roff", name=word)
            own = roffio.read(part)["parameter"]
            parts.append(("parameter", {key: _texts(value) for key, value in own.items()}))
    with replacing(place) as partial:
        roffio.write(partial, [*parts, end])


def _texts(value: Any) -> Any:
    """What roffio reads as an array of texts it writes as a list of them."""
    return value.tolist() if getattr(value, "dtype", np.dtype(float)).kind == "U" else value


def _ascii(text: str, other: str = "?") -> str:
    """Text without accents, as these formats want it; names of properties have `other` for all but letters and digits.

    >>> _ascii("Tón, mørk"), _ascii("probability Tón", "_")
    ('Ton, m?rk', 'probability_Ton')
    """
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    plain = plain.encode("ascii", "replace").decode("ascii")
    return plain if other == "?" else re.sub(r"\W", other, plain)
