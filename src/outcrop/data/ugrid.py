"""UGRID: unstructured meshes in NetCDF. Source: UGRID conventions 1.0, ugrid-conventions.github.io."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.mesh import MISSING, corners
from outcrop.data.netcdf import checked, opened
from outcrop.errors import DataError, message
from outcrop.records import Record


def read_ugrid(path: Path, on: str) -> Record:
    """One Record: ([time,] [level,] node) or face, with `elements` from the connectivity of the faces.

    Raises:
        DataError: no mesh topology, or no variable on what is asked for.
    """
    import xarray as xr

    sha256 = checked(path)
    data = opened(path).load()
    mesh = next((a for a in data.variables.values() if a.attrs.get("cf_role") == "mesh_topology"), None)
    if mesh is None:
        fix = 'format = "netcdf" reads files without a mesh.'
        raise DataError(message("The file holds no mesh topology.", where=str(path), fix=fix))
    try:
        x, y = (data[name] for name in str(mesh.attrs["node_coordinates"]).split()[:2])
        faces = data[str(mesh.attrs["face_node_connectivity"])]
        start = int(faces.attrs.get("start_index", 0))
    except (KeyError, ValueError) as error:
        fix = "export it with node_coordinates and face_node_connectivity."
        raise DataError(message(f"The mesh topology is not whole ({error}).", where=str(path), fix=fix)) from None
    if x.ndim != 1 or x.dims != y.dims or faces.ndim != 2:
        shown = ", ".join(f"{array.name} {dict(array.sizes)}" for array in (x, y, faces))
        fix = "export it with one x and y per node, and one row of nodes per face."
        raise DataError(message(f"The parts of the mesh do not fit: {shown}.", where=str(path), fix=fix))
    raw = np.asarray(faces.to_numpy(), float)
    elements = np.where(np.isfinite(raw) & (raw >= start), raw - start, MISSING).astype(np.int64)
    elements = corners([elements], x.size, path)
    node, face = str(x.dims[0]), str(faces.dims[0])
    dim, old = ("node", node) if on == "nodes" else ("cell", face)
    columns: dict[str, Any] = {}
    order: tuple[str, ...] = ()
    for name, array in data.data_vars.items():
        if old in array.dims and array.dtype.kind in "fiu" and name not in (x.name, y.name, faces.name):
            dims = tuple(dim if d == old else str(d) for d in array.dims)
            columns[str(name)] = (dims, array.to_numpy(), {"units": str(array.attrs.get("units", ""))})
            order = dims if len(dims) > len(order) else order
    if not columns:
        other = "cells" if on == "nodes" else "nodes"
        raise DataError(message(f"No variable lies on the {on}.", where=str(path), fix=f'on = "{other}"'))
    px, py = x.to_numpy().astype(float), y.to_numpy().astype(float)
    if on == "cells":
        known = elements >= 0
        px, py = ((p[elements] * known).sum(axis=1) / known.sum(axis=1) for p in (px, py))
    degrees = "degree" in str(x.attrs.get("units", "")) or "lon" in str(x.attrs.get("standard_name", ""))
    names, unit = (("longitude", "latitude"), "degrees") if degrees else (("easting", "northing"), "m")
    coords = {dim: np.arange(len(px)), names[0]: (dim, px, {"units": unit}), names[1]: (dim, py, {"units": unit})}
    for name in order:
        if name != dim and name in data.coords:
            coords[name] = data[name].to_numpy()
    columns["elements"] = (("element", "corner"), elements)
    held = xr.Dataset(columns, coords, {"field_file": str(path), "file_dims": {dim: old}})
    return Record(held, path.stem, {}, str(path), sha256, "mesh", dims=order)
