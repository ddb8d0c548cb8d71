"""FESOM ocean meshes: nodes, triangles and levels in ASCII, fields in NetCDF beside them.

Source: Danilov et al. (2017), The Finite-volumE Sea ice-Ocean Model (FESOM2), GMD 10, 765-789,
doi:10.5194/gmd-10-765-2017; the files as in its documentation of mesh files.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from outcrop.data.content import content, fingerprint, stem
from outcrop.errors import ConfigError, DataError, message
from outcrop.records import Record


def read_fesom(path: Path, fields: str | None) -> list[Record]:
    """One Record (level, node) per field file; without fields the bare mesh as one Record (node).

    Values below the sea floor are missing. Longitudes and latitudes are those of nod2d.out; `coast` is its flag, and
    `bottom_depth` the depth of the sea floor (m, positive down) where aux3d.out gives it.

    Raises:
        DataError: files that do not fit each other, or are cut short.
    """
    import xarray as xr

    nodes = _numbers(path, 4)
    triangles = _numbers(path.with_name("elem2d.out"), 3).astype(np.int64) - 1
    if len(triangles) and (triangles.min() < 0 or triangles.max() >= len(nodes)):
        fix = "copy the folder again; both files must be of one mesh."
        raise DataError(message("A triangle names a node that does not exist.", where=str(path.parent), fix=fix))
    coords = {
        "node": np.arange(len(nodes)),
        "longitude": ("node", nodes[:, 1], {"units": "degrees"}),
        "latitude": ("node", nodes[:, 2], {"units": "degrees"}),
        "coast": ("node", nodes[:, 3].astype(np.int64), {"units": ""}),
    }
    elements = {"elements": (("element", "corner"), triangles)}
    if fields is None:
        data = xr.Dataset(elements, coords)
        return [
            Record(data, path.parent.name or "mesh", {}, str(path), fingerprint(content(path)), "mesh", dims=("node",))
        ]
    levels, floor = _levels(path.with_name("aux3d.out"), len(nodes))
    if len(floor):
        coords["bottom_depth"] = ("node", np.abs(floor), {"units": "m"})
    found = sorted(path.parent.glob(fields))
    if not found:
        there = ", ".join(sorted(p.name for p in path.parent.iterdir())[:8])
        raise ConfigError(
            message(f"No field file matches {fields!r}.", where=str(path.parent), fix=f"it holds {there}.")
        )
    return [_field(path, file, coords, elements, levels, len(nodes)) for file in found]


def _field(path: Path, file: Path, coords: dict, elements: dict, levels: np.ndarray, nodes: int) -> Record:
    from outcrop.data.netcdf import checked, opened

    sha256 = checked(file)
    source = opened(file).load()
    columns, leading, dims = {}, [], {}
    for name, array in source.data_vars.items():
        along = [dim for dim in array.dims if source.sizes[dim] == nodes]
        if not along or array.dtype.kind != "f":
            continue
        others = [dim for dim in array.dims if dim != along[0]]
        leading = [str(dim) for dim in others if source.sizes[dim] == 1]
        down = [dim for dim in others if source.sizes[dim] > 1]
        if len(down) > 1:
            fix = "split the file by time first."
            raise DataError(message(f"{name} has the dimensions {array.dims}.", where=str(file), fix=fix))
        values = array.squeeze(leading).transpose(*down, along[0]).to_numpy().astype(np.float32)
        about = {"units": str(array.attrs.get("units", "")), "long_name": str(array.attrs.get("long_name", ""))}
        dims = {"node": str(along[0])} | ({"level": str(down[0])} if down else {})
        if down:
            values = np.where(values == 0, np.nan, values)  # FESOM writes 0 below the sea floor
        columns[str(name)] = (("level", "node") if down else ("node",), values, about)
    if not columns:
        fix = f"its variables must run over the {nodes} nodes of the mesh."
        raise DataError(message("The file holds no field on this mesh.", where=str(file), fix=fix))
    deep = any("level" in spec[0] for spec in columns.values())
    if deep:
        size, *others = {spec[1].shape[0] for spec in columns.values() if "level" in spec[0]}
        if others:
            fix = "split the file by variable first."
            raise DataError(message("Its fields have different numbers of levels.", where=str(file), fix=fix))
        if size not in (len(levels), len(levels) - 1):
            what = f"The field has {size} levels; aux3d.out has {len(levels)}."
            raise DataError(message(what, where=str(file), fix="copy the folder again; all must be of one mesh."))
        depth = levels if len(levels) == size else (levels[1:] + levels[:-1]) / 2
        coords = {**coords, "level": np.arange(size), "depth": ("level", np.abs(depth), {"units": "m"})}
    attributes = {"field_file": str(file), "file_dims": dims, "leading": leading}
    import xarray as xr

    data = xr.Dataset({**columns, **elements}, coords, attributes)
    notes = ("values of exactly 0 lie below the sea floor and are missing",) if deep else ()
    grid = ("level", "node") if deep else ("node",)
    return Record(data, stem(file), {}, str(path), sha256, "mesh", notes=notes, dims=grid)


def _levels(path: Path, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Elevation of the levels, and of the sea floor at every node, in m, negative down, as aux3d.out has them.

    Its first number says how many levels follow; after them stands the floor at every node, or nothing.
    """
    words = content(path).split()
    try:
        count = int(words[0])
        if count < 1 or len(words) - 1 - count not in (0, nodes):
            raise ValueError(f"{count} levels and {nodes} depths make {count + nodes} numbers, {len(words) - 1} follow")
        return np.array(words[1 : count + 1], float), np.array(words[count + 1 :], float)
    except ValueError as error:
        raise DataError(
            message(f"The levels cannot be read ({error}).", where=str(path), fix="copy it again.")
        ) from None


def _numbers(path: Path, columns: int) -> np.ndarray:
    """The table of numbers below the count in the first line.

    Raises:
        DataError: the count is wrong, or a line has another number of columns.
    """
    words = content(path).split()
    try:
        count = int(words[0])
        values = np.array(words[1:], float)
    except ValueError as error:
        raise DataError(message(f"A number cannot be read ({error}).", where=str(path), fix="copy it again.")) from None
    if len(values) != count * columns:
        what = f"The first line says {count:,} rows of {columns} numbers; there are {len(values):,} numbers."
        raise DataError(message(what, where=str(path), fix="copy it again; it is cut short or another file."))
    if not np.isfinite(values).all():
        raise DataError(message("A number is not finite.", where=str(path), fix="copy it again."))
    return values.reshape(count, columns)
