"""GRIB 1 and 2 through cfgrib, without index files beside the user's data; predictions go to a NetCDF of that name.

A GRIB message names its quantity by a number of an international table. A prediction has no such number, so that a copy
of the file with invented ones would be read as something else: the grid, its coordinates and the fields go to NetCDF.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.accumulated import deaccumulated
from outcrop.data.content import Curve, content, fingerprint, replacing, stem
from outcrop.data.isolated import call
from outcrop.data.netcdf import record_of
from outcrop.data.restructure import restructured
from outcrop.errors import DataError, message, missing_extra
from outcrop.records import Record


def read(
    path: str | Path,
    *,
    filter: Mapping[str, Any] | None = None,
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

    Args:
        path: the file.
        filter: GRIB keys that choose messages, e.g. {typeOfLevel = "surface"}, where levels or steps are mixed.
        variables, samples, records, fold, names, units, deaccumulate, stamp: as for `netcdf.read`.

    Raises:
        DataError: a broken chain of messages, or kinds of messages that make no one grid.
    """
    path = Path(path)
    raw = content(path)
    _check_chain(path, raw)
    data = call("outcrop.data.grib:load", path, filter=dict(filter or {}))
    record = record_of(data, path, fingerprint(raw), "grib", variables, units)
    record = deaccumulated(record, deaccumulate or {}, stamp)
    return restructured(record, samples=samples, records=records, fold=fold, names=names)


def load(path: str, *, filter: Mapping[str, Any]) -> Any:
    """All chosen messages as one Dataset in memory; called in a process of its own, since eccodes may crash."""
    try:
        import cfgrib
    except ImportError:
        raise missing_extra("cfgrib", "geo", "Reading GRIB") from None
    import logging

    logging.getLogger("cfgrib").setLevel(logging.CRITICAL)
    try:
        data = cfgrib.open_dataset(path, indexpath="", filter_by_keys=dict(filter), decode_times=True)
    except Exception as error:  # cfgrib raises its own kinds, all about what the messages hold
        reason = " ".join(str(error).split())[:200]
        fix = 'choose messages: filter = {typeOfLevel = "surface"}; or copy the file again.'
        raise DataError(message(f"The messages make no grid: {reason}.", where=path, fix=fix)) from None
    single = [n for n in data.coords if data[n].ndim == 0 and n not in ("latitude", "longitude")]
    data = data.drop_vars([*single, *(["valid_time"] if "valid_time" in data.coords else [])]).load()
    for array in data.variables.values():
        array.attrs = {k: v for k, v in array.attrs.items() if isinstance(v, str | int | float)}
        array.encoding = {}
    return data


def _check_chain(path: Path, raw: bytes) -> None:
    """Messages from GRIB to 7777, one after the other, to the end of the file."""
    place, count = raw.find(b"GRIB"), 0
    if place < 0:
        fix = "state format = ... of what it is."
        raise DataError(message("The file holds no GRIB message.", where=str(path), fix=fix))
    while 0 <= place < len(raw):
        edition = raw[place + 7] if place + 8 <= len(raw) else 0
        if edition not in (1, 2):
            what = f"Message {count + 1} at byte {place:,} has edition {edition}; 1 and 2 are known."
            raise DataError(message(what, where=str(path), fix="copy or download the file again."))
        length = int.from_bytes(raw[place + 4 : place + 7] if edition == 1 else raw[place + 8 : place + 16], "big")
        end = place + length
        if length < 12 or end > len(raw) or raw[end - 4 : end] != b"7777":
            what = f"Message {count + 1} at byte {place:,} of {len(raw):,} does not end as it says."
            raise DataError(message(what, where=str(path), fix="copy or download the file again."))
        count, place = count + 1, raw.find(b"GRIB", end)


def write(source: str | Path, out: str | Path, curves: list[Curve], *, filter: Mapping[str, Any] | None = None) -> Path:
    """Writes the fields and the new ones as NetCDF `NAME.nc`; see above why not as GRIB."""
    import xarray as xr

    record = read(source, filter=filter)[0]
    new = {
        c.mnemonic: (record.dims, np.asarray(c.values, np.float32), {"units": c.unit, "long_name": c.description})
        for c in curves
    }
    attributes = {k: v for k, v in record.data.attrs.items() if isinstance(v, str | int | float)}
    data = xr.Dataset({**record.data.data_vars, **new}, record.data.coords, attributes)
    place = Path(out) / f"{stem(source)}.nc"
    with replacing(place) as partial:
        data.to_netcdf(partial, engine="h5netcdf", encoding={n: {"zlib": True, "complevel": 4} for n in data.data_vars})
    return place
