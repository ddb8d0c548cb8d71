"""Unstructured meshes: VTU and what else meshio reads, UGRID NetCDF, and FESOM folders; and back.

Samples are nodes (or cells); the elements that link them stay in the record as the array `elements`, which views never
cut.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.content import Curve, check_curves, content, fingerprint, replacing, stem
from outcrop.data.isolated import call
from outcrop.errors import ConfigError, DataError, message, missing_extra
from outcrop.records import Record

ON = ("nodes", "cells")
MISSING = -1
"""Fills the corners that an element does not have."""


def read(
    path: str | Path,
    *,
    on: str = "nodes",
    geographic: bool = False,
    fields: str | None = None,
    units: Mapping[str, str] | None = None,
) -> list[Record]:
    """Reads a mesh with its data.

    Args:
        path: .vtu, .vtk, .msh ...; a UGRID .nc; or `nod2d.out` of a FESOM mesh.
        on: "nodes" or "cells": what a sample is.
        geographic: points are longitude and latitude in degrees.
        fields: FESOM: pattern of the NetCDF files with the fields, beside the mesh; one Record per file.
        units: variable -> unit.

    Raises:
        ConfigError: `on` is not known, or fields are wanted and none named.
        DataError: a damaged file, or elements that name nodes which do not exist.
    """
    path = Path(path)
    if on not in ON:
        raise ConfigError(message(f"on = {on!r} is not known.", where=str(path), fix='on = "nodes"  # or "cells"'))
    if path.name == "nod2d.out":
        from outcrop.data.fesom import read_fesom

        found = read_fesom(path, fields)
    elif path.suffix.lower() in (".nc", ".nc4"):
        from outcrop.data.ugrid import read_ugrid

        found = [read_ugrid(path, on)]
    else:
        found = [_meshio(path, on, geographic)]
    for record in found:
        for name, unit in (units or {}).items():
            if name in record.data.data_vars:
                record.data[name].attrs["units"] = unit
    return found


def load(path: str) -> Any:
    """The mesh as meshio reads it; called in a process of its own for files whose structure is in doubt."""
    try:
        import meshio
    except ImportError:
        raise missing_extra("meshio", "mesh", "Reading meshes") from None
    import contextlib
    import io

    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return meshio.read(path, file_format=_file_format(Path(path)))
    except SystemExit:
        raise DataError(message("The mesh cannot be read.", where=path, fix="export it again.")) from None
    except Exception as error:  # meshio and its parsers raise many kinds
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        fix = "export the mesh again; check that its ending says what it is."
        raise DataError(message(f"The mesh cannot be read: {reason}.", where=path, fix=fix)) from None


def _file_format(path: Path) -> str | None:
    """Gmsh and Ansys share an ending, which meshio takes for that of Ansys."""
    return "gmsh" if path.suffix.lower() == ".msh" and content(path).lstrip()[:1] == b"$" else None


def _meshio(path: Path, on: str, geographic: bool) -> Record:
    import xarray as xr

    raw = content(path)
    if _file_format(path) == "gmsh":
        sections = re.findall(rb"^\$(\w+)\s*$", raw, re.MULTILINE)
        if len(sections) < 2 or sections[-1] != b"End" + sections[-2]:
            what = "The mesh is cut short: its last section has no end."
            raise DataError(message(what, where=str(path), fix="copy it again."))
    whole = b"</VTKFile>" in raw[-400:]
    mesh = load(str(path)) if whole else call("outcrop.data.mesh:load", path, library="meshio")
    blocks = [np.asarray(block.data) for block in mesh.cells]
    if any(block.size and block.min() < 0 for block in blocks):
        what = "An element names a node below 0."
        raise DataError(message(what, where=str(path), fix="export the mesh again."))
    elements = corners(blocks, len(mesh.points), path)
    places = np.asarray(mesh.points, float)
    if places.ndim != 2 or places.shape[1] > 3 or not len(places):
        what = f"The points have the shape {places.shape}; 2 or 3 coordinates each are wanted."
        raise DataError(message(what, where=str(path), fix="export the mesh again."))
    if on == "cells":
        known = elements >= 0
        places = (places[elements] * known[..., None]).sum(axis=1) / known.sum(axis=1)[:, None]
    dim, values = ("node", mesh.point_data) if on == "nodes" else (
        "cell", {name: np.concatenate(parts) for name, parts in mesh.cell_data.items()}
    )  # fmt: skip
    columns: dict[str, Any] = {}
    for name, array in values.items():
        array = np.asarray(array)
        if array.ndim == 1:
            columns[name] = (dim, array, {"units": ""})
        else:
            flat = array.reshape(len(array), -1)
            columns |= {f"{name}_{k}": (dim, flat[:, k], {"units": ""}) for k in range(flat.shape[1])}
    columns["elements"] = (("element", "corner"), elements)
    names = ("longitude", "latitude", "elevation") if geographic else ("easting", "northing", "elevation")
    units = ("degrees", "degrees", "m") if geographic else ("m", "m", "m")
    coords = {name: (dim, places[:, k], {"units": units[k]}) for k, name in enumerate(names[: places.shape[1]])}
    data = xr.Dataset(columns, {dim: np.arange(len(places)), **coords})
    return Record(data, stem(path), {}, str(path), fingerprint(raw), "mesh", dims=(dim,))


def corners(blocks: list[np.ndarray], nodes: int, path: Path) -> np.ndarray:
    """The nodes of all elements, (element, corner), shorter ones filled with -1.

    Raises:
        DataError: an element names a node that does not exist.
    """
    most = max((block.shape[1] for block in blocks), default=0)
    parts = [np.pad(block, ((0, 0), (0, most - block.shape[1])), constant_values=MISSING) for block in blocks]
    found = np.concatenate(parts).astype(np.int64) if parts else np.zeros((0, 1), np.int64)
    if len(found) and (found.max() >= nodes or found.min() < MISSING):
        what = f"An element names node {int(found.max())}; the mesh has {nodes} nodes, counted from 0."
        raise DataError(message(what, where=str(path), fix="check whether nodes are counted from 0 or 1."))
    return found


def edges(elements: np.ndarray) -> np.ndarray:
    """Pairs of neighbouring corners of all elements, each once, the smaller number first, shape (2, edge).

    >>> edges(np.array([[0, 1, 2], [2, 1, 3]])).tolist()
    [[0, 0, 1, 1, 2], [1, 2, 2, 3, 3]]
    """
    pairs = []
    for row in range(elements.shape[1]):
        first = elements[:, row]
        following = elements[:, (row + 1) % elements.shape[1]]
        closes = (following < 0) & (first >= 0)
        pairs.append(np.stack([first, np.where(closes, elements[:, 0], following)], axis=1))
    both = np.concatenate(pairs) if pairs else np.zeros((0, 2), np.int64)
    both = np.sort(both[(both >= 0).all(axis=1) & (both[:, 0] != both[:, 1])], axis=1)
    return np.unique(both, axis=0).T


def write(source: str | Path, out: str | Path, curves: Any, *, on: str = "nodes", fields: str | None = None) -> Any:
    """A copy of the mesh file with the new data; fields of FESOM and UGRID as NetCDF with the new variables."""
    source, out = Path(source), Path(out)
    if source.name == "nod2d.out" or source.suffix.lower() in (".nc", ".nc4"):
        return _write_fields(source, out, curves, on, fields)
    mesh = load(str(source))
    sizes = [len(block.data) for block in mesh.cells]
    existing = [*mesh.point_data, *mesh.cell_data]
    check_curves(list(curves), len(mesh.points) if on == "nodes" else sum(sizes), existing, source)
    place = out / source.name
    with replacing(place) as partial:
        if source.suffix.lower() == ".vtu":
            from outcrop.data.vtu_write import with_arrays

            partial.write_bytes(with_arrays(content(source), curves, on, source))
            return place
        for curve in curves:
            values = np.asarray(curve.values, float)
            if on == "nodes":
                mesh.point_data[curve.mnemonic] = values
            else:
                mesh.cell_data[curve.mnemonic] = np.split(values, np.cumsum(sizes)[:-1])
        named = partial.with_suffix(source.suffix)
        _save(mesh, named, source)
        shutil.move(named, partial)
    return place


def _save(mesh: Any, place: Path, source: Path) -> None:
    """Writes a mesh in the format of its source; Gmsh in version 2.2, the one that meshio writes with all tags."""
    import meshio

    kind = _file_format(source)
    if kind == "gmsh":
        mesh.point_data.pop("gmsh:dim_tags", None)
        kind = "gmsh22"
    meshio.write(place, mesh, file_format=kind)


def _write_fields(source: Path, out: Path, curves: Any, on: str, fields: str | None) -> list[Path]:
    from outcrop.data.netcdf_write import append

    records = read(source, on=on, fields=fields)
    many = curves if isinstance(curves, Mapping) else {records[0].name: curves}
    written = []
    for record in records:
        if record.name not in many:
            continue
        names = record.data.attrs.get("file_dims", {})
        own = Path(record.data.attrs.get("field_file", record.source))
        check_curves(
            [Curve(c.mnemonic, np.zeros(0)) for c in many[record.name]],
            0,
            [str(name) for name in record.data.variables],
            own,
        )
        place = out / own.name
        with replacing(place) as partial:
            shutil.copyfile(own, partial)
            lead = record.data.attrs.get("leading", [])
            dims = [*lead, *(names.get(dim, dim) for dim in record.dims)]
            shape = (1,) * len(lead) + record.shape
            append(partial, [replace(c, values=np.reshape(c.values, shape)) for c in many[record.name]], dims)
        written.append(place)
    return written
