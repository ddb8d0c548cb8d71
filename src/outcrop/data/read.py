"""Any file to Records, and results back into a copy of the file: picks the format by name, then by content.

A format is one line in `FORMATS`. Everything a reader returns is checked here once more: names are unique.
"""

from __future__ import annotations

import glob
import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from outcrop.data.content import content, unpacked_name
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.records import Record


@dataclass(frozen=True)
class Format:
    """One line of the format table: where reader and writer are, how the files are known, and what writes by boxes."""

    reader: str
    writer: str
    suffixes: tuple[str, ...]
    starts: Callable[[bytes], bool]
    help: str
    stream: str = ""


def _starts_as_las(head: bytes) -> bool:
    lines = (line.strip() for line in head.removeprefix(b"\xef\xbb\xbf").splitlines())
    first = next((line for line in lines if line and not line.startswith(b"#")), b"")
    return first[:2].upper() == b"~V"


def _starts_as_segy(head: bytes) -> bool:
    """A text header of 40 lines that start with C, in EBCDIC or ASCII, before a known sample format."""
    if len(head) < 3600:
        return False
    cards = head[:3200:80]
    known = any(int.from_bytes(head[3224:3226], order) in (1, 2, 3, 5, 6, 8, 10, 11, 16) for order in ("big", "little"))
    return known and (cards.count(b"C") > 30 or cards.count(b"\xc3") > 30)


STORES = (".zgroup", ".zarray", "zarr.json")
"""Files that mark a directory as a Zarr store."""
FORMATS: dict[str, Format] = {
    "las": Format(
        "outcrop.data.las:read", "outcrop.data.las:write", (".las",), _starts_as_las, "well logs, LAS 1.2 and 2.0"
    ),
    "table": Format(
        "outcrop.data.table:read",
        "outcrop.data.table:write",
        (".csv", ".tsv", ".txt", ".parquet"),
        lambda head: head.startswith(b"PAR1"),
        "tables, CSV and Parquet",
    ),
    "segy": Format(
        "outcrop.data.segy:read",
        "outcrop.data.segy:write",
        (".sgy", ".segy", ".seg"),
        _starts_as_segy,
        "seismic cubes and lines, SEG-Y 0 to 2",
        stream="outcrop.data.segy:stream",
    ),
    "netcdf": Format(
        "outcrop.data.netcdf:read",
        "outcrop.data.netcdf_write:write",
        (".nc", ".nc4", ".cdf", ".h5", ".hdf5", ".he5"),
        lambda head: head[:3] == b"CDF" or head[:8] == b"\x89HDF\r\n\x1a\n",
        "NetCDF 3 and 4, HDF5",
        stream="outcrop.data.netcdf_write:stream",
    ),
    "zarr": Format(
        "outcrop.data.zarr_store:read",
        "outcrop.data.zarr_store:write",
        (".zarr",),
        lambda head: False,
        "Zarr stores",
        stream="outcrop.data.zarr_store:stream",
    ),
    "grib": Format(
        "outcrop.data.grib:read",
        "outcrop.data.grib:write",
        (".grib", ".grib2", ".grb", ".grb2"),
        lambda head: head[:4] == b"GRIB",
        "GRIB 1 and 2",
    ),
    "raster": Format(
        "outcrop.data.raster:read",
        "outcrop.data.raster:write",
        (".tif", ".tiff", ".png", ".jpg", ".jpeg"),
        lambda head: head[:4] in (b"II*\x00", b"MM\x00*", b"\x89PNG") or head[:3] == b"\xff\xd8\xff",
        "GeoTIFF, PNG and JPEG",
    ),
    "arrays": Format(
        "outcrop.data.arrays:read",
        "outcrop.data.arrays:write",
        (".npz", ".npy", ".pt", ".mat"),
        lambda head: head[:6] == b"\x93NUMPY" or head[:6] == b"MATLAB",
        "arrays: NumPy, PyTorch, MATLAB",
    ),
    "waveform": Format(
        "outcrop.data.waveform:read",
        "outcrop.data.waveform:write",
        (".mseed", ".miniseed", ".ms", ".sac"),
        lambda head: head[:6].isdigit() and head[6:7] in b"DRQM" and len(head) >= 48,
        "miniSEED and SAC",
    ),
    "dlis": Format(
        "outcrop.data.dlis:read",
        "outcrop.data.dlis:write",
        (".dlis",),
        lambda head: head[9:15] == b"RECORD",
        "well logs, DLIS",
    ),
    "mesh": Format(
        "outcrop.data.mesh:read",
        "outcrop.data.mesh:write",
        (".vtu", ".vtk", ".msh"),
        lambda head: b"<VTKFile" in head[:200],
        "meshes: VTU and others of meshio, UGRID, FESOM",
    ),
    "reservoir": Format(
        "outcrop.data.reservoir:read",
        "outcrop.data.reservoir:write",
        (".grdecl", ".roff", ".gri", ".irap"),
        lambda head: head[:8] == b"roff-bin",
        "reservoir grids and surfaces: GRDECL, ROFF, IRAP",
    ),
    "links": Format(
        "outcrop.data.links:read",
        "outcrop.data.links:write",
        (),
        lambda head: False,
        "links of a network, in tables or NetCDF",
    ),
    "vector": Format(
        "outcrop.data.vector:read",
        "outcrop.data.vector:write",
        (".shp", ".geojson", ".gpkg"),
        lambda head: b'"FeatureCollection"' in head[:400],
        "map features: Shapefile, GeoJSON, GeoPackage",
    ),
}


def load_object(address: str) -> Any:
    """The object behind an import string `package.module:name`."""
    module, name = address.split(":")
    return getattr(import_module(module), name)


def read(
    files: str | Path | Iterable[str | Path],
    *,
    format: str | None = None,
    stack: str | None = None,
    number: str | None = None,
    network: str | None = None,
    places: str | None = None,
    **options: Any,
) -> list[Record]:
    """Reads files into Records, in the order of the file names.

    Args:
        files: one path, a pattern with `*`, or a list of both.
        format: reader to use, a key of `FORMATS`; by default chosen from each file's name, then from its content.
        stack: makes one Record of all files along a new dimension of this name, numbered by the file names.
        number: names every Record by the last number in its file's name, which becomes a position and group key too:
            `number = "crossline"` makes "crossline 1534" of lines/1534.png.
        network: makes one Record on (time, `network`) of all series of tables: the stations of one network.
        places: table beside the files with the places of these stations; see `side_by_side.py`.
        options: passed to the reader where not None, e.g. `null=(-999.25,)` for logs or `group="station"` for tables.

    Raises:
        ConfigError: nothing matches, or the format or an option does not exist.
        DataError: a file is not what it should be, or two records have one name.
    """
    options = {key: value for key, value in options.items() if value is not None}
    paths = matching(files)
    kinds = [format_of(path, format) for path in paths]
    for kind in dict.fromkeys(kinds):
        _check_options(kind, options)
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        jobs = [
            pool.submit(load_object(FORMATS[kind].reader), path, **options)
            for path, kind in zip(paths, kinds, strict=True)
        ]
        try:
            records = [record for job in jobs for record in job.result()]
        finally:
            pool.shutdown(cancel_futures=True)
    if stack is not None:
        from outcrop.data.restructure import stack as stacked

        if number is not None:
            fix = "stack numbers the files by their names already; leave number out."
            raise ConfigError(message("Stacked files become one record, which has no number.", where="number", fix=fix))

        return [stacked(records, stack)]
    if number is not None:
        from outcrop.data.restructure import numbered

        records = numbered(records, number)
    unique_names(records)
    if network is not None:
        from outcrop.data.side_by_side import side_by_side

        return [side_by_side(records, network, places)]
    return records


def write(source: str | Path, out: str | Path, curves: Any, *, format: str | None = None, **options: Any) -> Path:
    """Writes a copy of `source` with the curves added, in its own format; see `las.write` and `table.write`."""
    return load_object(FORMATS[format_of(Path(source), format)].writer)(source, out, curves, **options)


def matching(files: str | Path | Iterable[str | Path]) -> list[Path]:
    """The paths that a path, a pattern or a list of both stands for; sorted within a pattern, each once.

    Raises:
        ConfigError: a pattern matches nothing, or names a directory.
    """
    requests = [files] if isinstance(files, str | Path) else list(files)
    if not requests:
        raise ConfigError(message("No file is named.", fix='state files, e.g. files = "wells/*.las".'))
    return list(dict.fromkeys(path for request in requests for path in _matching_one(request)))


def _matching_one(request: str | Path) -> list[Path]:
    path = Path(request).expanduser()
    if path.is_file():
        return [path]
    if is_store(path):
        return [path]
    if path.is_dir():
        fix = f'write "{path}/*.las" (or another ending) for the files in it.'
        raise ConfigError(message("A directory is named where files are needed.", where=str(path), fix=fix))
    names = map(Path, sorted(glob.glob(str(path), recursive=True)))
    found = [name for name in names if name.is_file() or is_store(name)]
    if not found:
        near = did_you_mean(path.name, os.listdir(path.parent)) if path.parent.is_dir() else ""
        folder = f"{path.parent.resolve()}" + ("" if path.parent.is_dir() else ", which does not exist")
        fix = f"check the spelling{near} and the folder."
        raise ConfigError(message(f"No file matches {str(request)!r}.", where=f"looked in {folder}", fix=fix))
    return found


def under(base: Path, pattern: str) -> Path:
    """A path of the run file: environment variables and `~` filled in, relative to the run file's folder.

    One that begins with a variable is relative to the working folder, as the shell that set it would read it.
    """
    path = Path(os.path.expandvars(pattern)).expanduser()
    return Path.cwd() / path if pattern.startswith("$") else base / path


def is_store(path: Path) -> bool:
    """Whether a directory is a Zarr store, which counts as a file."""
    return path.is_dir() and any((path / name).is_file() for name in STORES)


def format_of(path: Path, format: str | None = None) -> str:
    """Which line of `FORMATS` reads a file.

    Raises:
        ConfigError: the stated format does not exist.
        DataError: neither name nor content is known.
    """
    if format is not None:
        if format not in FORMATS:
            fix = f"use one of {', '.join(FORMATS)}{did_you_mean(format, FORMATS)}."
            raise ConfigError(message(f"There is no format {format!r}.", fix=fix))
        return format
    if is_store(path):
        return "zarr"
    if path.name == "nod2d.out":
        return "mesh"
    suffix = Path(unpacked_name(path)).suffix.lower()
    for name, entry in FORMATS.items():
        if suffix in entry.suffixes and suffix != ".txt":
            return name
    head = content(path)[:4096]
    for name, entry in FORMATS.items():
        if entry.starts(head):
            return name
    if suffix == ".txt":
        return "table"
    known = ", ".join(f"{name} ({', '.join(entry.suffixes)})" for name, entry in FORMATS.items())
    fix = f'rename it, or state format = "las" or "table"; known: {known}.'
    raise DataError(message("Neither name nor content of the file is known.", where=str(path), fix=fix))


def options_of(address: str) -> list[str]:
    """The keyword options of a reader or writer, by its import string."""
    parameters = inspect.signature(load_object(address)).parameters.values()
    return [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]


def _check_options(kind: str, options: Mapping[str, Any]) -> None:
    known = options_of(FORMATS[kind].reader)
    for option in options:
        if option not in known:
            fix = f"use {', '.join(known)}{did_you_mean(option, known)}."
            raise ConfigError(message(f"The {kind} reader has no option {option!r}.", fix=fix))


def unique_names(records: Sequence[Record]) -> None:
    """Two records with one name would be taken for one well.

    Raises:
        DataError: naming both files.
    """
    seen: dict[str, Record] = {}
    for record in records:
        other = seen.setdefault(record.name, record)
        if other is not record:
            same = " with the same content" if record.sha256 == other.sha256 and record.source != other.source else ""
            what = f"Two records{same} have the name {record.name!r}."
            fix = "leave one file out, or correct the name (WELL in a LAS header, the group column of a table)."
            raise DataError(message(what, where=f"{other.source} and {record.source}", fix=fix))
