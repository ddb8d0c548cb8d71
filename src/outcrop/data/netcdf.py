"""NetCDF 3 and 4 and HDF5 through xarray as Records, with CF units, fill values, calendars and positions (`cf`).

HDF5 without dimension scales has none but sizes: its dimensions are called phony_dim_0, phony_dim_1 and so on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.accumulated import deaccumulated
from outcrop.data.cf import LAZY_BYTES, fitting, record_of
from outcrop.data.isolated import call
from outcrop.data.netcdf_structure import checked
from outcrop.data.restructure import restructured
from outcrop.errors import ConfigError, DataError, did_you_mean, message, missing_extra
from outcrop.records import Record

FIX = "copy or download the file again."


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
    calendar: str | None = None,
    deaccumulate: Mapping[str, str] | None = None,
    stamp: str | None = None,
) -> list[Record]:
    """Reads a NetCDF or HDF5 file into Records.

    Args:
        path: NetCDF 3 or 4, or HDF5.
        variables: those to take; by default all numeric ones on the grid of the largest.
        samples: dimensions of the grid of samples, in C order; by default those of the variable with most.
        records: dimension whose every index becomes a Record (a member, a simulation, a station).
        fold: dimension whose every index becomes a variable NAME_ENTRY (a level, a channel).
        names: of the entries of `fold`.
        group: group inside the file, or one data set of an HDF5 file.
        units: variable -> unit, where the file states none or a wrong one.
        calendar: of the times, in place of what the file says, e.g. "360_day".
        deaccumulate: variable -> "day" (since the start of the day) or "step" (since the start of the forecast): turns
            amounts that grow into amounts per interval.
        stamp: which end of its interval a time stamp marks: "start", "end" or "instant"; kept for the audit.

    Raises:
        ConfigError: an unknown variable, dimension, group or calendar.
        DataError: a damaged file, or times that cannot be read.
    """
    path = Path(path)
    sha256 = checked(path)
    with _closing(opened(path, group)) as data:
        chosen = dataset_names(path, group) or variables
        record = record_of(data, path, sha256, "netcdf", chosen, units, calendar=calendar)
    record = deaccumulated(record, deaccumulate or {}, stamp)
    shaped = restructured(record, samples=samples, records=records, fold=fold, names=names)
    return [fitting(part, variables if fold is None else None) for part in shaped]


@contextmanager
def _closing(data: Any) -> Iterator[Any]:
    """Closes a Dataset that was read to the end; one whose values stay on disk stays open."""
    done = True
    try:
        yield data
        done = sum(array.nbytes for array in data.data_vars.values()) <= LAZY_BYTES
    finally:
        if done:
            data.close()


def is_classic(path: Path) -> bool:
    """Whether a file is NetCDF 3."""
    with path.open("rb") as stream:
        return stream.read(3) == b"CDF"


def opened(path: Path, group: str | None = None) -> Any:
    """The file as a lazy Dataset, fill values and scales decoded, times not; box by box, nothing is kept in memory.

    An HDF5 file is tried in a process of its own first: the library can crash or hang on a damaged one.

    Raises:
        ConfigError: there is no such group.
        DataError: the file cannot be read.
    """
    import xarray as xr

    try:
        if is_classic(path):
            if group is not None:
                fix = "leave group out; NetCDF 3 has none."
                raise ConfigError(message(f"There is no group {group!r}.", where=str(path), fix=fix))
            large = path.stat().st_size > LAZY_BYTES
            return xr.open_dataset(
                path, engine=xr.backends.ScipyBackendEntrypoint, decode_times=False, cache=False, mmap=large
            )
        _probed(path)
        place = _parent(path, group)
        engine = xr.backends.H5netcdfBackendEntrypoint  # by name, xarray imports every engine there is: see `grib`
        return xr.open_dataset(path, engine=engine, group=place, decode_times=False, phony_dims="sort", cache=False)
    except ImportError as error:
        raise missing_extra(str(error.name), "geo", "Reading this file") from None
    except (ConfigError, DataError):
        raise
    except Exception as error:  # the libraries raise many kinds; all mean that the file cannot be read
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise DataError(message(f"The file cannot be read: {reason}.", where=str(path), fix=FIX)) from None


def _parent(path: Path, group: str | None) -> str | None:
    """The group that a path inside an HDF5 file names, or that holds the data set it names.

    Raises:
        ConfigError: there is neither, or the file holds variables in groups only and none is named.
    """
    import h5py

    with h5py.File(path, "r") as file:
        inside: list[str] = []
        file.visititems(lambda name, item: inside.append(name) if isinstance(item, h5py.Group) else None)
        if group is None:
            if inside and not any(isinstance(item, h5py.Dataset) for item in file.values()):
                fix = f"group = one of {', '.join(repr(name) for name in inside[:8])}"
                raise ConfigError(message("All variables of the file lie in groups.", where=str(path), fix=fix))
            return None
        held = file.get(group)
        if held is None:
            fix = f"it has {', '.join(inside[:8]) or 'none'}{did_you_mean(group, inside)}."
            raise ConfigError(message(f"There is no group {group!r}.", where=str(path), fix=fix))
        return str(held.parent.name if isinstance(held, h5py.Dataset) else held.name)


def dataset_names(path: Path, group: str | None) -> list[str] | None:
    """The one variable to take where `group` names a data set; None where it names a group."""
    if group is None or is_classic(path):
        return None
    import h5py

    with h5py.File(path, "r") as file:
        return [group.strip("/").rpartition("/")[2]] if isinstance(file.get(group), h5py.Dataset) else None


_SOUND: set[tuple[str, int, float]] = set()
"""Files that the library has read to the end without harm: path, size, time of change."""


def _probed(path: Path) -> None:
    status = path.stat()
    key = (str(path.resolve()), status.st_size, status.st_mtime)
    if key not in _SOUND:
        call("outcrop.data.netcdf:probe", path)
        _SOUND.add(key)


def probe(path: str) -> int:
    """Looks at every data set of an HDF5 file, reads those that are not large, and says how many there were.

    Called in a process of its own.
    """
    import h5py

    found = []

    def look(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found.append(name)
            _ = dict(item.attrs)
            if item.size is not None and item.size * item.dtype.itemsize <= LAZY_BYTES:
                np.asarray(item[()])

    if Path(path).stat().st_size > LAZY_BYTES:
        with h5py.File(path, "r") as file:
            file.visititems(lambda name, item: found.append(name))
        return len(found)
    with h5py.File(path, "r") as file:
        file.visititems(look)
    return len(found)
