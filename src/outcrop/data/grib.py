"""GRIB 1 and 2 through cfgrib, without index files beside the user's data; predictions go to a NetCDF of that name.

A GRIB message names its quantity by a number of an international table and packs it to a few bits. A prediction has no
such number, so that a copy of the file with invented ones would be read as something else: the fields, their grid and
the new quantities go to NetCDF, where they have names and units.
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.accumulated import RUN, deaccumulated
from outcrop.data.cf import LAZY_BYTES, fitting, record_of
from outcrop.data.content import replacing, stem
from outcrop.data.gridded_write import check_names, on_grid
from outcrop.data.isolated import call
from outcrop.data.netcdf_structure import file_fingerprint
from outcrop.data.restructure import restructured
from outcrop.errors import DataError, message, missing_extra
from outcrop.records import Record

FIX = "copy or download the file again."
HORIZONTAL = ("latitude", "longitude", "y", "x", "values")
SIZED = 0x800000
"""GRIB 1 messages of more than 8 MB give their length in another way; the chain is then searched for its ends."""


def read(
    path: str | Path,
    *,
    filter: Mapping[str, Any] | None = None,
    valid_time: bool = False,
    variables: Sequence[str] | None = None,
    samples: Sequence[str] | None = None,
    records: str | None = None,
    fold: str | None = None,
    names: Sequence[str] | None = None,
    units: Mapping[str, str] | None = None,
    deaccumulate: Mapping[str, str] | None = None,
    stamp: str | None = None,
) -> list[Record]:
    """Reads a GRIB file into Records.

    `time` is the time a field is valid for. A file of several forecasts, each with several steps, keeps both
    dimensions: `time` is then that of the start of the forecast, and `valid_time` a coordinate along both.

    Args:
        path: the file.
        filter: GRIB keys that choose messages, e.g. {typeOfLevel = "surface"}, where levels or steps are mixed.
        valid_time: puts the forecasts of a file end to end along the time they are valid for.
        variables, samples, records, fold, names, units, deaccumulate, stamp: as for `netcdf.read`.

    Raises:
        DataError: a broken chain of messages, or kinds of messages that make no one grid.
    """
    path = Path(path)
    sha256 = file_fingerprint(path)
    count = _check_chain(path)
    data = _loaded(path, filter)
    if not filter:
        _check_count(data, count, path)
    data, note = _along_valid_time(data, path, valid_time)
    record = record_of(data, path, sha256, "grib", variables, units)
    record = record.with_data(record.data, *([note] if note else []))
    record = deaccumulated(record, deaccumulate or {}, stamp)
    shaped = restructured(record, samples=samples, records=records, fold=fold, names=names)
    return [fitting(part, variables if fold is None else None) for part in shaped]


def _loaded(path: Path, filter: Mapping[str, Any] | None) -> Any:
    """The messages as a Dataset: in memory, through another process; of a large file, left on disk."""
    if path.stat().st_size > LAZY_BYTES // 2:  # two bytes per value in most files, four in memory
        return opened(str(path), filter=dict(filter or {}))
    return call("outcrop.data.grib:load", path, filter=dict(filter or {}))


def load(path: str, *, filter: Mapping[str, Any]) -> Any:
    """All chosen messages as one Dataset in memory; called in a process of its own, since eccodes may crash."""
    data = opened(path, filter=filter).load()
    for array in data.variables.values():
        array.encoding = {}
    return data


def opened(path: str, *, filter: Mapping[str, Any]) -> Any:
    """The chosen messages as one lazy Dataset.

    Raises:
        DataError: they make no one grid; the fix names keys that tell them apart.
    """
    with suppress(ImportError):
        import pyproj  # noqa: F401  # eccodes brings a PROJ of its own; loaded first, it breaks that of pyproj
    try:
        import cfgrib
    except ImportError:
        raise missing_extra("cfgrib", "geo", "Reading GRIB") from None
    import logging

    logging.getLogger("cfgrib").setLevel(logging.CRITICAL)
    try:
        data = cfgrib.open_dataset(
            path, indexpath="", filter_by_keys=dict(filter), errors="raise", decode_times=True, cache=False
        )
    except Exception as error:  # cfgrib raises its own kinds, all about what the messages hold
        raise DataError(_why(path, error, filter)) from None
    if not data.data_vars:
        known = f"filter = {dict(filter)}" if filter else "the file"
        raise DataError(message(f"{known} holds no field.", where=path, fix="leave filter out, or name other keys."))
    for array in data.variables.values():
        array.attrs = {k: v for k, v in array.attrs.items() if isinstance(v, str | int | float)}
        if array.attrs.get("standard_name") == "unknown":
            del array.attrs["standard_name"]
    data.attrs.pop("history", None)  # holds the time of reading
    return data.drop_vars([n for n in ("number", "surface") if n in data.coords and data[n].ndim == 0])


def _why(path: str, error: Exception, filter: Mapping[str, Any]) -> str:
    """What keeps the messages from one grid, and the filters that choose among them."""
    import re

    text = " ".join(str(error).split())
    keys = re.findall(r"filter_by_keys=(\{[^}]*\})", text)
    if keys:
        shown = " or ".join(f"filter = {key}".replace("': ", "' = ").replace("'", '"') for key in keys[:4])
        shown = re.sub(r'"(\w+)" =', r"\1 =", shown)
        return message("The file mixes messages that make no one grid.", where=path, fix=f"choose some: {shown}")
    if "key" in text.lower() and "multiple values" in text.lower():
        key = re.search(r"'(\w+)'", text)
        fix = f"choose some: filter = {{{key.group(1) if key else 'shortName'} = ...}}"
        return message(f"The file mixes messages that make no one grid: {text[:120]}.", where=path, fix=fix)
    fix = 'choose messages: filter = {shortName = "2t"}; or copy the file again.'
    chosen = f" of {dict(filter)}" if filter else ""
    return message(f"The messages{chosen} make no grid: {text[:160] or type(error).__name__}.", where=path, fix=fix)


def _along_valid_time(data: Any, path: Path, flatten: bool) -> tuple[Any, str]:
    """`time` as the time that fields are valid for, where one dimension can hold it; and what was done."""
    if "valid_time" not in data.coords:
        return data, ""
    dims = [dim for dim in ("time", "step") if dim in data.dims]
    if len(dims) == 2 and not flatten:
        return data, "time is the start of each forecast; valid_time = true puts forecasts end to end"
    start, stamps = data["time"], data["valid_time"]
    data = data.drop_vars(["time", "valid_time", "step"], errors="ignore")
    if not dims:
        return data.assign_coords(time=stamps.drop_vars(["time", "step"], errors="ignore").variable), ""
    if dims == ["time"]:
        apart = bool((start.to_numpy() != stamps.to_numpy()).any())
        about = {RUN: ("time", start.to_numpy())} if apart else {}
        note = "time is the time that the forecasts are valid for" if apart else ""
        return data.assign_coords({"time": ("time", stamps.to_numpy()), **about}), note
    if dims == ["step"]:
        data = data.rename({"step": "time"}).assign_coords(time=("time", stamps.to_numpy()))
        return data.assign_coords({RUN: start.to_numpy()}), "time is the time that the forecast is valid for"
    run = np.broadcast_to(start.to_numpy()[:, None], stamps.shape).ravel()
    valid = stamps.transpose("time", "step").to_numpy().ravel()
    flat = data.load().transpose("time", "step", ...).stack(at=("time", "step"), create_index=False)
    flat = flat.rename({"at": "time"}).transpose("time", ...)
    there = np.zeros(len(valid), bool)
    for array in flat.data_vars.values():
        there |= array.notnull().any([dim for dim in array.dims if dim != "time"]).to_numpy()
    order = np.flatnonzero(there)[np.argsort(valid[there], kind="stable")]
    if len(np.unique(valid[order])) < len(order):
        what = "Several forecasts hold the same time, so they cannot lie end to end."
        raise DataError(message(what, where=str(path), fix='choose steps: filter = {step = 24}, or records = "time"'))
    flat = flat.isel(time=order).assign_coords({"time": ("time", valid[order]), RUN: ("time", run[order])})
    return flat, "forecasts put end to end along the time they are valid for"


def _check_count(data: Any, count: int, path: Path) -> None:
    """No two messages became one field: of those with the same keys only the last would be seen."""
    fields = sum(
        int(np.prod([data.sizes[dim] for dim in array.dims if dim not in HORIZONTAL], dtype=int))
        for array in data.data_vars.values()
    )
    if count > fields:
        what = (
            f"{count:,} messages hold {fields:,} different fields: some occur twice, or differ in a key not looked at."
        )
        fix = 'choose messages: filter = {expver = "1"}, or another key that tells them apart.'
        raise DataError(message(what, where=str(path), fix=fix))


def _check_chain(path: Path) -> int:
    """Messages from GRIB to 7777, one after the other, to the end of the file; how many there are."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as raw:
        place, count = raw.find(b"GRIB"), 0
        if place < 0:
            fix = "state format = ... of what it is."
            raise DataError(message("The file holds no GRIB message.", where=str(path), fix=fix))
        while 0 <= place < len(raw):
            edition = raw[place + 7] if place + 8 <= len(raw) else 0
            if edition not in (1, 2):
                what = f"Message {count + 1} at byte {place:,} has edition {edition}; 1 and 2 are known."
                raise DataError(message(what, where=str(path), fix=FIX))
            length = int.from_bytes(raw[place + 4 : place + 7] if edition == 1 else raw[place + 8 : place + 16], "big")
            end = raw.find(b"7777GRIB", place) + 4 if edition == 1 and length >= SIZED else place + length
            end = len(raw) if edition == 1 and length >= SIZED and end < 4 else end
            if end < place + 12 or end > len(raw) or raw[end - 4 : end] != b"7777":
                what = f"Message {count + 1} at byte {place:,} of {len(raw):,} does not end as it says."
                raise DataError(message(what, where=str(path), fix=FIX))
            count, place = count + 1, raw.find(b"GRIB", end)
        return count


def write(
    source: str | Path,
    out: str | Path,
    curves: Any,
    *,
    filter: Mapping[str, Any] | None = None,
    valid_time: bool = False,
    variables: Sequence[str] | None = None,
    samples: Sequence[str] | None = None,
    records: str | None = None,
    fold: str | None = None,
) -> Path:
    """Writes the fields and the new ones as NetCDF `NAME.nc`; see above why not as GRIB.

    Args:
        source: the file that was read.
        out: folder.
        curves: list of Curves in the shape of the Record, or record name -> list where `records` made several.
        filter, valid_time, variables, samples, records, fold: as for `read`.

    Raises:
        DataError: a name that the file already has, or another shape than the grid.
    """
    import xarray as xr

    source = Path(source)
    whole = read(source, filter=filter, valid_time=valid_time, variables=variables)[0]
    parts = restructured(whole, samples=samples, records=records, fold=fold)
    placed, dims = on_grid(parts, curves, records, source)
    check_names(placed, map(str, whole.data.variables), source)
    new = {
        c.mnemonic: (dims, np.asarray(c.values, np.float32), {"units": c.unit, "long_name": c.description})
        for c in placed
    }
    attributes = {k: v for k, v in whole.data.attrs.items() if isinstance(v, str | int | float)}
    data = xr.Dataset({**whole.data.data_vars, **new}, whole.data.coords, attributes)
    place = Path(out) / f"{stem(source)}.nc"
    packing: dict[Any, Any] = {name: {"zlib": True, "complevel": 4} for name in data.data_vars}
    with replacing(place) as partial:
        data.to_netcdf(partial, engine="h5netcdf", encoding=packing)
    return place
