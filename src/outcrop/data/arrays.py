"""Named arrays in .npz, .npy, .pt and .mat files: numbers whose meaning the run file states.

Such files have no dimension names, units or coordinates. `dims` is therefore required, and the error that asks for it
shows what is in the file. Pickled objects are refused: reading data must not run code.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.content import (
    Curve,
    check_curves,
    check_declared,
    content,
    fingerprint,
    replacing,
    stem,
    unpacked_name,
)
from outcrop.data.isolated import call
from outcrop.data.restructure import restructured
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.records import Record

HDF5 = b"\x89HDF\r\n\x1a\n"
NUMERIC = "biufc"
MATLAB = ("double", "single", "logical", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64",
          "char")  # fmt: skip
"""Classes of MATLAB arrays that are taken; cells, structures and functions are left out."""


def read(
    path: str | Path,
    *,
    dims: Mapping[str, Sequence[str]] | Sequence[str] | None = None,
    coords: Mapping[str, Any] | None = None,
    units: Mapping[str, str] | None = None,
    samples: Sequence[str] | None = None,
    records: str | None = None,
    fold: str | None = None,
    names: Sequence[str] | None = None,
    null: Sequence[float] = (),
    variable: str | None = None,
) -> list[Record]:
    """Reads arrays into Records.

    Args:
        path: .npz, .npy, .pt (tensors, without PyTorch) or .mat file.
        dims: array -> names of its dimensions, `{data = ["station", "time", "column"]}`; for a file of one array the
            list alone. Arrays that are not named are left out.
        coords: dimension -> its coordinate: a list; `{from = "ARRAY"}` of the file; or
            `{start = "2013-03-01", step = "1h", zone = "Asia/Shanghai"}` or `{start = 0, step = 0.01, unit = "s"}`.
        units: variable -> unit, also of variables made by `fold`.
        samples, records, fold, names: as for `restructured`.
        null: numbers that mean "missing".
        variable: name of the variable of a file with one array; by default the file's name.

    Raises:
        ConfigError: dims or coords that do not fit the file.
        DataError: a damaged file, pickled objects, or no array.
    """
    path = Path(path)
    raw = content(path)
    arrays = load(path, raw, variable)
    wanted = _dims(arrays, dims, path)
    import xarray as xr

    columns = {n: (tuple(d), _clean(arrays[n], null), {"units": (units or {}).get(n, "")}) for n, d in wanted.items()}
    _check_sizes(columns, path)
    data = xr.Dataset(columns).assign_coords(_coords(coords or {}, arrays, xr.Dataset(columns).sizes, path))
    data.attrs["arrays"] = {name: list(d) for name, d in wanted.items()}
    record = Record(data, stem(path), {}, str(path), fingerprint(raw), "arrays")
    found = restructured(record, samples=samples, records=records, fold=fold, names=names)
    for one in found:
        for name, unit in (units or {}).items():
            if name in one.data.variables:
                one.data[name].attrs["units"] = unit
    return found


def load(path: Path, raw: bytes, variable: str | None = None) -> dict[str, np.ndarray]:
    """The arrays of a file by name."""
    suffix = Path(unpacked_name(path)).suffix.lower()
    alone = variable or stem(path)
    if raw[:6] == b"\x93NUMPY" or suffix == ".npy":
        return {alone: _npy(path, raw)}
    if suffix == ".mat":
        return _mat(path)
    if suffix in (".pt", ".pth"):
        from outcrop.data.torch_tensor import read_tensors

        found = read_tensors(path, raw)
        return {alone: found["data"]} if set(found) == {"data"} else found
    return _npz(path, raw)


def _npy(path: Path, raw: bytes, name: str = "") -> np.ndarray:
    """The array of one .npy, which fills its bytes to the end."""
    where = str(path) + (name and f", array {name}")
    stream = io.BytesIO(raw)
    try:
        array = np.lib.format.read_array(stream, allow_pickle=False)
    except Exception as error:  # NumPy evaluates the header as Python, with all the kinds of error that can raise
        reason = " ".join(str(error).split())[:120]
        fix = "save plain numbers with numpy.save; objects are not read, since that would run code."
        raise DataError(message(f"The array cannot be read: {reason}.", where=where, fix=fix)) from None
    if rest := len(raw) - stream.tell():
        what = f"{rest:,} bytes follow the array, whose header says {array.dtype} of shape {array.shape}."
        raise DataError(message(what, where=where, fix="copy it again, or save it with numpy.save."))
    return array


def _npz(path: Path, raw: bytes) -> dict[str, np.ndarray]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            check_declared(sum(item.file_size for item in archive.infolist()), path)
            members = {name: archive.read(name) for name in archive.namelist()}  # all: their checksums guard the names
    except DataError:
        raise
    except Exception as error:  # a damaged zip raises six kinds of error
        fix = "copy it again, or save it with numpy.savez."
        reason = " ".join(str(error).split())[:120]
        raise DataError(message(f"This is no file of arrays ({reason}).", where=str(path), fix=fix)) from None
    found = {n.removesuffix(".npy"): _npy(path, held, n) for n, held in members.items() if n.endswith(".npy")}
    if not found:
        fix = "save arrays with numpy.savez(path, name=array)."
        raise DataError(message("The file holds no array.", where=str(path), fix=fix))
    return found


def _mat(path: Path) -> dict[str, np.ndarray]:
    found = call("outcrop.data.arrays:load_mat", path, library="scipy.io")
    if not found:
        raise DataError(message("The file holds no numeric array.", where=str(path), fix="save numbers."))
    return found


def load_mat(path: str) -> dict[str, np.ndarray]:
    """The arrays of a MATLAB file; called in a process of its own, since damaged ones crash both libraries."""
    raw = content(path)
    try:
        if raw[:8] == HDF5 or raw[512:520] == HDF5:
            import h5py

            with h5py.File(io.BytesIO(raw), "r") as file:
                sets = {name: item for name, item in file.items() if isinstance(item, h5py.Dataset)}
                return {name: np.asarray(item).T for name, item in sets.items() if item.dtype.kind in NUMERIC}
        return _mat5(raw, path)
    except DataError:
        raise
    except Exception as error:  # both libraries raise many kinds; all mean a damaged file
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        fix = "save it again, with plain numeric arrays."
        raise DataError(message(f"The MATLAB file cannot be read: {reason}.", where=path, fix=fix)) from None


def _mat5(raw: bytes, path: str) -> dict[str, np.ndarray]:
    """The arrays of numbers and text of MATLAB 4 to 7; their sizes are looked at before any is read."""
    from scipy.io import loadmat, whosmat

    held = {name: (shape, kind) for name, shape, kind in whosmat(io.BytesIO(raw)) if kind in MATLAB}
    for name, (shape, _) in held.items():
        check_declared(prod(map(int, shape)), path, f"array {name}")
    read_ = loadmat(io.BytesIO(raw), squeeze_me=False, variable_names=list(held)) if held else {}
    found = {name: np.asarray(read_[name]) for name in held}
    for name, (shape, kind) in held.items():
        if kind != "char" and (found[name].shape != tuple(shape) or found[name].dtype.kind not in NUMERIC):
            what = f"The array has the shape {found[name].shape}, and its header says {tuple(shape)}."
            raise DataError(message(what, where=f"{path}, array {name}", fix="save it again."))
    return found


def _dims(arrays: Mapping[str, np.ndarray], dims: Any, path: Path) -> dict[str, list[str]]:
    shown = ", ".join(f"{name} {array.shape}" for name, array in list(arrays.items())[:8])
    largest = max(arrays, key=lambda name: arrays[name].ndim)
    example = ", ".join(f'"{"xyzt"[i] if i < 4 else i}"' for i in range(arrays[largest].ndim))
    fix = f"dims = {{{largest} = [{example}]}}, one name per dimension."
    if dims is None:
        raise ConfigError(message(f"What do the dimensions mean? The file holds {shown}.", where=str(path), fix=fix))
    if not isinstance(dims, Mapping):
        if len(arrays) > 1:
            raise ConfigError(message(f"The file holds several arrays: {shown}.", where=str(path), fix=fix))
        dims = {next(iter(arrays)): dims}
    for name, own in dims.items():
        if name not in arrays:
            what = f"There is no array {name!r}{did_you_mean(name, arrays)}; the file holds {shown}."
            raise ConfigError(message(what, where=str(path), fix=fix))
        if len(own) != arrays[name].ndim or len(set(own)) != len(own):
            what = f"{name} has the shape {arrays[name].shape}; dims names {len(own)} dimensions: {', '.join(own)}."
            raise ConfigError(message(what, where=str(path), fix=f"name {arrays[name].ndim} different dimensions."))
    return {name: [str(dim) for dim in own] for name, own in dims.items()}


def _check_sizes(columns: Mapping[str, tuple], path: Path) -> None:
    sizes: dict[str, tuple[int, str]] = {}
    for name, (dims, values, _) in columns.items():
        for dim, size in zip(dims, values.shape, strict=True):
            other = sizes.setdefault(dim, (size, name))
            if other[0] != size:
                what = f"{dim} has {other[0]} entries in {other[1]} and {size} in {name}."
                raise ConfigError(message(what, where=str(path), fix="give the dimensions different names."))


def _clean(values: np.ndarray, null: Sequence[float]) -> np.ndarray:
    if values.dtype.kind == "f" and null:
        return np.where(np.isin(values, np.asarray(null, values.dtype)), np.nan, values)
    if values.dtype.kind in "iu" and null:
        return np.where(np.isin(values, null), np.nan, values)
    return values.astype(np.int8) if values.dtype.kind == "b" else values


def _coords(coords: Mapping[str, Any], arrays: Mapping[str, np.ndarray], sizes: Mapping[Any, int], path: Path) -> dict:
    found = {}
    for dim, stated in coords.items():
        attributes: dict[str, str] = {}
        if isinstance(stated, Mapping):
            attributes = {"units": str(stated.get("unit", ""))}
            values = _regular(dim, stated, sizes, path) if "start" in stated else _taken(dim, stated, arrays, path)
        else:
            values = np.asarray(stated)
        on = dim if dim in sizes else (stated.get("along") if isinstance(stated, Mapping) else None)
        if on not in sizes or len(values) != sizes[on]:
            what = f"The coordinate {dim} has {len(values)} entries; the dimensions are {dict(sizes)}."
            raise ConfigError(
                message(
                    what, where=str(path), fix="give one entry per index; along = DIMENSION if it is named otherwise."
                )
            )
        found[dim] = (on, values, attributes)
    return found


def _taken(dim: str, stated: Mapping[str, Any], arrays: Mapping[str, np.ndarray], path: Path) -> np.ndarray:
    name = stated.get("from", stated.get("values"))
    if isinstance(name, list):
        return np.asarray(name)
    if name not in arrays:
        fix = f'{dim} = {{from = "ARRAY"}} names one of {", ".join(arrays)}{did_you_mean(str(name), arrays)}.'
        raise ConfigError(message(f"The coordinate {dim} cannot be found.", where=str(path), fix=fix))
    held = arrays[name]
    return held.ravel() if max(held.shape, default=0) == held.size else held  # MATLAB keeps lists as columns


def _regular(dim: str, stated: Mapping[str, Any], sizes: Mapping[Any, int], path: Path) -> np.ndarray:
    """A coordinate of equal steps: dates where the start is one, else numbers."""
    import pandas as pd

    count = sizes.get(stated.get("along", dim), 0)
    if not isinstance(stated["start"], str):
        return float(stated["start"]) + float(stated.get("step", 1)) * np.arange(count)
    try:
        start, step = pd.Timestamp(stated["start"]), pd.Timedelta(str(stated.get("step", "1h")))
        zone = stated.get("zone")
        if zone and zone != "UTC":
            start = start.tz_localize(zone).tz_convert("UTC").tz_localize(None)
        return pd.date_range(start, periods=count, freq=step).to_numpy()
    except (ValueError, KeyError, TypeError, pd.errors.OutOfBoundsDatetime) as error:
        fix = f'{dim} = {{start = "2013-03-01T00:00", step = "1h", zone = "UTC"}}'
        raise ConfigError(message(f"The times of {dim} cannot be made: {error}.", where=str(path), fix=fix)) from None


def write(source: str | Path, out: str | Path, curves: Any, *, variable: str | None = None) -> Path:
    """Writes all arrays of the file and the new ones to a .npz of the same name.

    Args:
        source: the file that was read.
        out: folder.
        curves: list of Curves, or record name -> list for files that hold several records: arrays of one record each,
            stacked in the order of the records.
    """
    source, out = Path(source), Path(out)
    arrays = load(source, content(source), variable)
    many = curves if isinstance(curves, Mapping) else {"": curves}
    new: dict[str, list[np.ndarray]] = {}
    for each in many.values():
        for curve in each:
            new.setdefault(curve.mnemonic, []).append(np.asarray(curve.values))
    plain = [Curve(name, np.zeros(0)) for name in new]
    check_curves(plain, 0, list(arrays), source)
    stacked = {name: parts[0] if len(parts) == 1 else np.stack(parts) for name, parts in new.items()}
    place = out / f"{stem(source)}.npz"
    with replacing(place) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, values in {**arrays, **stacked}.items():  # an array may have any name, also that of an argument
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, values, allow_pickle=False)
    return place
