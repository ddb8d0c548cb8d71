"""Reservoir grids (GRDECL, ROFF) and surfaces (IRAP) through xtgeo; and back."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.content import Curve, content, fingerprint, replacing, shortest, stem
from outcrop.data.isolated import call
from outcrop.data.surface_structure import check_surface
from outcrop.errors import DataError, message, missing_extra
from outcrop.records import Record

SURFACES = {".gri": "irap_binary", ".irap": "irap_ascii", ".irapasc": "irap_ascii", ".fgr": "irap_ascii"}
ACTIVE = {"ACTNUM"}


def read(
    path: str | Path, *, properties: Sequence[str] | None = None, unit: str = "", variable: str = "z"
) -> list[Record]:
    """Reads a grid with its properties (layer, row, column), or a surface (row, column), into one Record.

    Args:
        path: .grdecl or .roff (geometry and properties in one file), or .gri / .irap surfaces.
        properties: names of the properties to take; by default all of a ROFF file, and of a GRDECL file those keywords
            that have one value per cell.
        unit, variable: of the values of a surface.

    Raises:
        DataError: a damaged file, or a property that is not there.
    """
    path = Path(path)
    raw = content(path)
    if path.suffix.lower() in SURFACES:
        check_surface(path, raw, SURFACES[path.suffix.lower()] == "irap_binary")
    names = list(properties) if properties else None
    loaded = call("outcrop.data.reservoir:load", path, library="xtgeo", properties=names)
    return [_surface(loaded, path, raw, unit, variable) if loaded["kind"] == "surface" else _grid(loaded, path, raw)]


def load(path: str, *, properties: list[str] | None) -> dict[str, Any]:
    """Geometry and values as plain arrays; called in a process of its own, since xtgeo's C code may crash."""
    try:
        import xtgeo
    except ImportError:
        raise missing_extra("xtgeo", "mesh", "Reading reservoir grids") from None
    suffix = Path(path).suffix.lower()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            if suffix in SURFACES:
                surface: Any = xtgeo.surface_from_file(path, fformat=SURFACES[suffix])
                x, y = surface.get_xy_values()
                return {"kind": "surface", "x": np.ma.getdata(x), "y": np.ma.getdata(y),
                        "z": np.ma.filled(surface.values.astype(float), np.nan)}  # fmt: skip
            grid = xtgeo.grid_from_file(path, fformat="roff" if suffix == ".roff" else "grdecl")
            names = properties if properties is not None else _listed(path, suffix)
            values = {}
            for name in names:
                which: dict[str, Any] = {"name": name, "grid": grid}
                prop = xtgeo.gridproperty_from_file(path, fformat="roff" if suffix == ".roff" else "grdecl", **which)
                codes = {int(k): str(v) for k, v in (prop.codes or {}).items()} if prop.isdiscrete else {}
                values[name] = (np.ma.filled(prop.values.astype(float), np.nan), codes)
            x, y, z = (np.ma.filled(p.values.astype(float), np.nan) for p in grid.get_xyz(asmasked=True))
            return {"kind": "grid", "x": x, "y": y, "z": z, "values": values}
    except Exception as error:  # xtgeo raises many kinds
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise DataError(message(f"The grid cannot be read: {reason}.", where=path, fix="export it again.")) from None


def _listed(path: str, suffix: str) -> list[str]:
    """Names of the properties in a file."""
    if suffix == ".roff":
        import xtgeo

        return [str(name) for name in xtgeo.list_gridproperties(path)]
    geometry = {"SPECGRID", "DIMENS", "COORD", "ZCORN", "MAPAXES", "MAPUNITS", "GRIDUNIT", "GDORIENT", "COORDSYS"}
    words = []
    for line in Path(path).read_text(errors="replace").splitlines():
        word = line.strip().split(" ")[0]
        if word.isupper() and word[0].isalpha() and word.replace("_", "").isalnum() and word not in geometry | ACTIVE:
            words.append(word)
    return words


def _grid(loaded: dict[str, Any], path: Path, raw: bytes) -> Record:
    """xtgeo has (column, row, layer); a Record has layers first."""
    import xarray as xr

    def turned(values: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(np.transpose(values, (2, 1, 0)))

    dims = ("layer", "row", "column")
    x, y, z = (turned(loaded[key]) for key in "xyz")
    columns = {
        n: (dims, turned(v), {"units": "", **({"codes": c} if c else {})}) for n, (v, c) in loaded["values"].items()
    }
    coords = {dim: np.arange(1, size + 1) for dim, size in zip(dims, x.shape, strict=True)}
    coords |= {
        "easting": (dims, x, {"units": "m"}),
        "northing": (dims, y, {"units": "m"}),
        "depth": (dims, z, {"units": "m"}),
    }
    data = xr.Dataset(columns, coords)
    if not columns:
        data["active"] = (dims, np.isfinite(x).astype(float), {"units": ""})
    inactive = int(np.isnan(x).sum())
    notes = (f"{inactive:,} inactive cells are missing values",) if inactive else ()
    return Record(data, stem(path), {}, str(path), fingerprint(raw), "reservoir", notes=notes, dims=dims)


def _surface(loaded: dict[str, Any], path: Path, raw: bytes, unit: str, variable: str) -> Record:
    import xarray as xr

    dims = ("column", "row")
    coords = {dim: np.arange(size) for dim, size in zip(dims, loaded["z"].shape, strict=True)}
    coords |= {"easting": (dims, loaded["x"], {"units": "m"}), "northing": (dims, loaded["y"], {"units": "m"})}
    data = xr.Dataset({variable: (dims, loaded["z"], {"units": unit})}, coords)
    return Record(data, stem(path), {}, str(path), fingerprint(raw), "reservoir", dims=dims)


def _keywords(source: Path, curves: list[Curve]) -> list[str]:
    """A keyword of eight letters per curve, each once: FACIES_PRED and FACIES_PROB become FACIES_P and FACIES_2."""
    taken = {line.strip() for line in source.read_text(errors="replace").splitlines()}
    found: list[str] = []
    for curve in curves:
        name = curve.mnemonic.upper()
        tries = [name[:8], *(f"{name[: 8 - len(str(k))]}{k}" for k in range(2, 100))]
        found.append(next(word for word in tries if word not in taken and word not in found))
    return found


def write(
    source: str | Path, out: str | Path, curves: list[Curve], *, properties: Sequence[str] | None = None
) -> list[Path]:
    """A GRDECL copy with the new keywords after the original text; a ROFF property file per quantity; or one surface
    per quantity with the geometry of the original. Keywords have eight letters, a comment before them says the whole
    name. GRDECL has no missing values: they become 0.
    """
    import xtgeo

    source, out = Path(source), Path(out)
    out.mkdir(parents=True, exist_ok=True)
    suffix = source.suffix.lower()
    written = []
    if suffix in SURFACES:
        for curve in curves:
            surface = xtgeo.surface_from_file(source, fformat=SURFACES[suffix])
            surface.values = np.ma.masked_invalid(np.asarray(curve.values, float))
            place = out / f"{stem(source)}_{curve.mnemonic}{source.suffix}"
            with replacing(place) as partial:
                surface.to_file(partial, fformat=SURFACES[suffix])
            written.append(place)
        return written
    if suffix == ".grdecl":
        place = out / source.name
        with replacing(place) as partial:
            shutil.copyfile(source, partial)
            with partial.open("a") as stream:
                for keyword, curve in zip(_keywords(source, curves), curves, strict=True):
                    stream.write(f"\n-- {curve.mnemonic} {curve.unit} {curve.description}".rstrip() + f"\n{keyword}\n")
                    # layers, rows, columns: column fastest
                    texts = shortest(np.asarray(curve.values).ravel(), "0")
                    for first in range(0, len(texts), 6):
                        stream.write("  " + "  ".join(texts[first : first + 6]) + "\n")
                    stream.write("/\n")
        return [place]
    grid = xtgeo.grid_from_file(source, fformat="roff")
    for curve in curves:
        values = np.transpose(np.asarray(curve.values, float), (2, 1, 0))
        prop = xtgeo.GridProperty(grid, values=np.ma.masked_invalid(values), name=curve.mnemonic)
        place = out / f"{stem(source)}_{curve.mnemonic}.roff"
        with replacing(place) as partial:
            prop.to_file(partial, fformat="roff", name=curve.mnemonic)
        written.append(place)
    return written
