"""Small gridded files with known numbers for the tests of NetCDF, HDF5, Zarr and GRIB."""

import os
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest


def need(library: str) -> None:
    """Skips a test without an optional library; in CI, where all are installed, it fails."""
    if find_spec(library) is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{library} is not installed")


def sample(name: str) -> Path:
    """A file of the package iris-sample-data (Open Government Licence)."""
    need("iris_sample_data")
    return Path(import_module("iris_sample_data").path) / name


def weather(times: int = 4, calendar: str = "standard"):
    """Daily temperature in K and rain, (time, lat, lon) of 4 x 3 x 5, one value missing; and a land mask."""
    import xarray as xr

    values = 280 + np.arange(times * 15, dtype=np.float32).reshape(times, 3, 5) / 8
    values[1, 2, 3] = np.nan
    about = {"units": "K", "standard_name": "air_temperature", "cell_methods": "time: mean", "grid_mapping": "crs"}
    columns = {
        "tas": (("time", "lat", "lon"), values, about),
        "pr": (
            ("time", "lat", "lon"),
            values / 100,
            {"units": "mm", "cell_methods": "area: mean time: sum", "grid_mapping": "crs"},
        ),
        "land": (("lat", "lon"), np.arange(15, dtype=np.int16).reshape(3, 5) % 2, {"flag_meanings": "sea land"}),
        "time_bnds": (("time", "bnds"), np.stack([np.arange(times), np.arange(times) + 1.0], 1)),
        "crs": ((), np.int32(0), {"grid_mapping_name": "latitude_longitude", "earth_radius": 6371229.0}),
    }
    since = {"units": "days since 2001-02-27", "calendar": calendar, "bounds": "time_bnds", "standard_name": "time"}
    coords = {
        "time": ("time", np.arange(times) + 1.0, since),
        "lat": ("lat", np.array([52.0, 51.0, 50.0], np.float32), {"units": "degrees_north"}),
        "lon": ("lon", np.array([0.0, 72, 144, 216, 288], np.float32), {"units": "degrees_east"}),
    }
    return xr.Dataset(columns, coords, {"title": "weather", "numbers": np.array([1, 2], np.int32)})


PACKED = {"dtype": "int16", "scale_factor": 0.125, "add_offset": 280.0, "_FillValue": np.int16(-99), "zlib": True}


def write_nc4(path: Path, **options) -> Path:
    """Weather as NetCDF 4, temperature packed into 16 bits in chunks of one step."""
    encoding = {"tas": {**PACKED, "chunksizes": (1, 3, 5)}, "pr": {"_FillValue": np.float32(1e20)}}
    weather(**options).to_netcdf(path, engine="h5netcdf", encoding=encoding)
    return path


def write_nc3(path: Path, **options) -> Path:
    """Weather as NetCDF 3, without a record dimension."""
    packed = {key: value for key, value in PACKED.items() if key != "zlib"}
    weather(**options).to_netcdf(path, engine="scipy", encoding={"tas": packed})
    return path


def write_zarr(path: Path, version: int = 2, consolidated: bool = False) -> Path:
    """Weather as a Zarr store in chunks of one step."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that consolidated metadata are no standard in version 3
        chunks = {"tas": {"chunks": (1, 3, 5)}, "pr": {"chunks": (1, 3, 5)}}
        weather().to_zarr(path, zarr_format=version, consolidated=consolidated, encoding=chunks)
    return path


def grib_message(values, **keys) -> bytes:
    """One GRIB 1 message on a grid of 3 x 4 degrees, 52 to 50 north, 0 to 3 east."""
    with suppress(ImportError):
        import pyproj  # noqa: F401  # before eccodes, as in outcrop.data.grib
    import eccodes

    grid = {"Ni": 4, "Nj": 3, "latitudeOfFirstGridPointInDegrees": 52.0, "latitudeOfLastGridPointInDegrees": 50.0}
    grid |= {"longitudeOfFirstGridPointInDegrees": 0.0, "longitudeOfLastGridPointInDegrees": 3.0}
    grid |= {"iDirectionIncrementInDegrees": 1.0, "jDirectionIncrementInDegrees": 1.0, "bitsPerValue": 16}
    handle = eccodes.codes_grib_new_from_samples("regular_ll_sfc_grib1")
    for key, value in {**grid, "dataDate": 20200101, "dataTime": 0, **keys}.items():
        eccodes.codes_set(handle, key, value)
    eccodes.codes_set_values(handle, np.asarray(values, float).ravel())
    message = eccodes.codes_get_message(handle)
    eccodes.codes_release(handle)
    return message


def write_grib(path: Path, hours: int = 3) -> Path:
    """Temperature, first value 270 K, one more every hour; a third of a kelvin from cell to cell."""
    field = 270 + np.arange(12) / 4
    days = [grib_message(field + hour, dataTime=100 * hour, shortName="2t") for hour in range(hours)]
    path.write_bytes(b"".join(days))
    return path


def dies(path: str) -> None:
    """What a library does on some damaged files; called in a process of its own."""
    os.abort()
