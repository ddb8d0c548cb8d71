"""NetCDF, HDF5 and Zarr through xarray, with CF units, fill values, calendars and encodings kept; and back.

Latitude and longitude get these names whatever the file calls them. Descending latitudes and longitudes from 0 to 360
stay as they are. A calendar that ordinary dates cannot hold (360_day, noleap) becomes days since its first stamp, with
month and day of year beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.accumulated import deaccumulated
from outcrop.data.content import Curve, check_curves, fingerprint, replacing, stem
from outcrop.data.isolated import call
from outcrop.data.restructure import restructured
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.records import Record

NAMES = {"lat": "latitude", "lon": "longitude", "nav_lat": "latitude", "nav_lon": "longitude"}
STANDARD = {
    "latitude": "latitude", "longitude": "longitude",
    "projection_x_coordinate": "easting", "projection_y_coordinate": "northing",
}  # fmt: skip
WHOLE_BYTES = 256 * 2**20
"""Larger files are fingerprinted by their size, beginning and end."""
LAZY_BYTES = 256 * 2**20
"""Arrays of more bytes in all stay on disk until they are asked for."""


def read(
    path: str | Path,
    *,
    variables: Sequence[str] | None = None,
    samples: Sequence[str] | None = None,
    records: str | None = None,
    fold: str | None = None,
    names: Sequence[str] | None = None,
    group: str | None = None,
    units: Mapping[str, str] | None = None,
    deaccumulate: Mapping[str, str] | None = None,
    stamp: str | None = None,
) -> list[Record]:
    """Reads a NetCDF or HDF5 file, or a Zarr directory, into Records.

    Args:
        path: NetCDF 3 or 4, HDF5, or a Zarr store.
        variables: those to take; by default all that have the dimensions of the largest.
        samples, records, fold, names: as for `restructured`.
        group: group inside the file.
        units: variable -> unit where the file states none.
        deaccumulate: variable -> "day" (since the start of the day) or "step" (since the start of the forecast): turns
            amounts that grow into amounts per interval.
        stamp: which end of its interval a time stamp marks: "start", "end" or "instant"; kept for the audit.

    Raises:
        ConfigError: an unknown variable, dimension or group.
        DataError: a damaged file, or units that are not what they seem.
    """
    path = Path(path)
    sha256 = checked(path)
    data = opened(path, group)
    record = record_of(data, path, sha256, "zarr" if path.is_dir() else "netcdf", variables, units)
    record = deaccumulated(record, deaccumulate or {}, stamp)
    return restructured(record, samples=samples, records=records, fold=fold, names=names)


def checked(path: Path) -> str:
    """The fingerprint of a file whose structure holds together.

    Raises:
        DataError: an empty, damaged or truncated file.
    """
    if path.is_dir():
        parts = sorted(p for p in path.rglob("*") if p.name in (".zgroup", ".zarray", ".zattrs", "zarr.json"))
        if not parts:
            fix = "name a Zarr store, or the files in the folder."
            raise DataError(message("The folder holds no Zarr metadata.", where=str(path), fix=fix))
        return fingerprint(b"".join(p.read_bytes() for p in parts))
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(64)
        if size <= WHOLE_BYTES:
            stream.seek(0)
            digest = fingerprint(stream.read())
        else:
            stream.seek(0)
            first = stream.read(2**20)
            stream.seek(-(2**20), 2)
            digest = "partial:" + fingerprint(str(size).encode() + first + stream.read())
    _check_structure(path, head, size)
    return digest


def _check_structure(path: Path, head: bytes, size: int) -> None:
    """The end of an HDF5 file that its first block states; the magic of both kinds."""
    if head[:3] == b"CDF" and head[3] in (1, 2, 5):
        return
    if head[:8] != b"\x89HDF\r\n\x1a\n":
        fix = "name a NetCDF or HDF5 file, or state format = ... of what it is."
        raise DataError(
            message("This is neither NetCDF nor HDF5: its first bytes are others.", where=str(path), fix=fix)
        )
    version = head[8]
    if version in (0, 1):
        width, at = head[13], 24 + (4 if version == 1 else 0)
        end = int.from_bytes(head[at + 2 * width : at + 3 * width], "little")
    elif version in (2, 3):
        width = head[9]
        end = int.from_bytes(head[12 + 2 * width : 12 + 3 * width], "little")
    else:
        raise DataError(message(f"HDF5 version {version} is not known.", where=str(path), fix="copy the file again."))
    if end > size:
        fix = "copy or download it again."
        raise DataError(message(f"The file is cut short: {size:,} of {end:,} bytes.", where=str(path), fix=fix))


def opened(path: Path, group: str | None = None) -> Any:
    """The file as a lazy Dataset, tried in a process of its own first where a library could crash on it."""
    import xarray as xr

    _probed(path, group)
    try:
        if path.is_dir():
            return xr.open_zarr(path, group=group, chunks=None, consolidated=None, decode_times=False)
        with path.open("rb") as stream:
            classic = stream.read(3) == b"CDF"
        if classic:
            return xr.open_dataset(path, engine="scipy", decode_times=False)
        return xr.open_dataset(path, engine="h5netcdf", group=group, decode_times=False, phony_dims="sort")
    except ImportError as error:
        from outcrop.errors import missing_extra

        raise missing_extra(str(error.name), "geo", "Reading this file") from None
    except Exception as error:  # the libraries raise many kinds; all mean that the file cannot be read
        reason = " ".join(str(error).split())[:160]
        if group is not None:
            raise ConfigError(
                message(f"The group {group!r} cannot be read: {reason}.", where=str(path), fix="check its name.")
            ) from None
        raise DataError(message(f"The file cannot be read: {reason}.", where=str(path), fix="copy it again.")) from None


_SOUND: set[tuple[str, int, float]] = set()


def _probed(path: Path, group: str | None) -> None:
    """Reads a small HDF5 file once in another process: a damaged one can crash or hang the library."""
    if path.is_dir() or path.stat().st_size > LAZY_BYTES:
        return
    key = (str(path.resolve()), path.stat().st_size, path.stat().st_mtime)
    if key in _SOUND:
        return
    with path.open("rb") as stream:
        if stream.read(3) == b"CDF":
            return
    call("outcrop.data.netcdf:probe", path)
    _SOUND.add(key)


def probe(path: str) -> int:
    """Reads every data set of an HDF5 file and says how many there were."""
    import h5py

    found = []
    with h5py.File(path, "r") as file:
        file.visititems(
            lambda name, item: found.append(np.asarray(item[()]).nbytes) if isinstance(item, h5py.Dataset) else None
        )
    return len(found)


def record_of(
    data: Any,
    path: Path,
    sha256: str,
    kind: str,
    variables: Sequence[str] | None,
    units: Mapping[str, str] | None,
) -> Record:
    """A Dataset as one Record: variables chosen, coordinates named, times decoded, bounds left out."""
    from outcrop.data.calendars import decoded_times

    if variables is not None:
        for name in variables:
            if name not in data.data_vars:
                known = ", ".join(map(str, list(data.data_vars)[:12]))
                fix = f"it has {known}{did_you_mean(name, map(str, data.data_vars))}."
                raise ConfigError(message(f"There is no variable {name!r}.", where=str(path), fix=fix))
        data = data[list(variables)]
    plain = [n for n, a in data.data_vars.items() if a.dtype.kind in "fiubMm" and a.ndim]
    if not plain:
        raise DataError(
            message("The file holds no numeric variable with dimensions.", where=str(path), fix="group = NAME")
        )
    bounds = {str(a.attrs["bounds"]) for a in data.variables.values() if "bounds" in a.attrs}
    data = data[[n for n in plain if str(n) not in bounds]]
    data, notes = _named(data)
    data, more = decoded_times(data, path)
    for name, array in data.data_vars.items():
        array.attrs.setdefault("units", "")
        if units and str(name) in units:
            array.attrs["units"] = units[str(name)]
        cell = str(array.attrs.get("cell_methods", ""))
        if "time: sum" in cell or "time: mean" in cell:
            array.attrs["cell"] = "accumulated" if "sum" in cell else "mean"
    if sum(a.nbytes for a in data.data_vars.values()) <= LAZY_BYTES:
        try:
            data = data.load()
        except Exception as error:
            reason = " ".join(str(error).split())[:160]
            raise DataError(
                message(f"The values cannot be read: {reason}.", where=str(path), fix="copy it again.")
            ) from None
    return Record(data, stem(path), {}, str(path), sha256, kind, notes=(*notes, *more))


def _named(data: Any) -> tuple[Any, tuple[str, ...]]:
    """Latitude, longitude, easting and northing under these names, with what the file called them in `file_names`."""
    rename = {}
    for name in [*data.coords, *[d for d in data.dims if d not in data.coords]]:
        array = data[name]
        standard = STANDARD.get(str(array.attrs.get("standard_name", "")))
        new = standard or NAMES.get(str(name).lower()) or (str(name).lower() if str(name).lower() in STANDARD else None)
        if new and new != name and new not in data.variables and new not in data.dims and new not in rename.values():
            rename[str(name)] = new
    data = data.rename(rename)
    data.attrs["file_names"] = {new: old for old, new in rename.items()}
    notes = []
    for name in ("latitude", "longitude"):
        if name in data.coords and data[name].ndim == 1 and data[name].size > 1:
            values = data[name].to_numpy()
            if name == "latitude" and values[0] > values[-1]:
                notes.append("latitudes descend, as in the file")
            if name == "longitude" and values.max() > 180:
                notes.append("longitudes run from 0 to 360")
    return data, tuple(notes)


def write(
    source: str | Path, out: str | Path, curves: Any, *, group: str | None = None, records: str | None = None
) -> Path:
    """A copy of the file with the new variables; everything that was there keeps its values, attributes and encoding.

    Args:
        source: the file that was read.
        out: folder.
        curves: list of Curves in the shape of the Record, or record name -> list where `records` made several.
        group, records: as for `read`.
    """
    import shutil

    source, out = Path(source), Path(out)
    several = read(source, group=group, records=records)
    many = curves if isinstance(curves, Mapping) else {several[0].name: curves}
    place = out / source.name
    existing = [str(n) for n in several[0].data.variables]
    first = next(iter(many.values()))
    check_curves([Curve(c.mnemonic, np.zeros(0)) for c in first], 0, existing, source)
    names = several[0].data.attrs.get("file_names", {})
    with replacing(place) as partial:
        if source.is_dir():
            shutil.copytree(source, partial)
        else:
            shutil.copyfile(source, partial)
        for number, curve in enumerate(first):
            arrays = [np.asarray(many[r.name][number].values) for r in several if r.name in many]
            dims = [names.get(dim, dim) for dim in several[0].dims]
            values = arrays[0] if records is None else np.stack(arrays)
            dims = dims if records is None else [names.get(records, records), *dims]
            _append(partial, curve, dims, values, group)
    return place


def _append(path: Path, curve: Curve, dims: Sequence[str], values: np.ndarray, group: str | None) -> None:
    attributes = {"units": curve.unit, "long_name": curve.description}
    if path.is_dir():
        import xarray as xr

        new = xr.Dataset({curve.mnemonic: (dims, values.astype(np.float32), attributes)})
        new.to_zarr(path, mode="a", group=group, consolidated=False)
        return
    with path.open("rb") as stream:
        classic = stream.read(3) == b"CDF"
    if classic:
        from scipy.io import netcdf_file

        with netcdf_file(str(path), "a", mmap=False) as file:
            variable = file.createVariable(curve.mnemonic, "f4", tuple(dims))
            variable[:] = values.astype(np.float32)
            for key, text in attributes.items():
                setattr(variable, key, text or " ")
            variable._FillValue = np.float32(np.nan)
        return
    import h5netcdf

    with h5netcdf.File(path, "a", phony_dims="sort") as file:
        place = file[group] if group else file
        packing = {"compression": "gzip", "compression_opts": 4} if values.size > 1000 else {}
        variable = place.create_variable(curve.mnemonic, tuple(dims), "f4", fillvalue=np.float32(np.nan), **packing)
        variable[...] = values.astype(np.float32)
        for key, text in attributes.items():
            variable.attrs[key] = text
