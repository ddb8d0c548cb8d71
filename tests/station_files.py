"""Small networks of stations in NetCDF files: a smooth field measured at scattered places, hour by hour."""

from pathlib import Path

import numpy as np

EDGE_KM = 100
"""Side of the square that the stations lie in."""


def field_at(east_km: np.ndarray, north_km: np.ndarray, hour: np.ndarray) -> np.ndarray:
    """A wave that moves over a slope, shape (hour, station)."""
    along = (east_km + 0.5 * north_km)[None] / 60 - hour[:, None] / 9
    return 10 + 3 * np.sin(along) + 0.03 * north_km[None]


def stations(path: Path, *, count: int = 12, hours: int = 60, seed: int = 0, unmeasured: int = 0) -> Path:
    """Writes `temp` (degC) and `wind` (m/s) on (time, station), with names and map coordinates.

    Args:
        unmeasured: stations, the last ones, where the temperature is missing.
    """
    import xarray as xr

    rng = np.random.default_rng(seed)
    east, north = rng.uniform(0, EDGE_KM, (2, count))
    hour = np.arange(hours)
    temp = field_at(east, north, hour)
    temp[rng.random(temp.shape) < 0.03] = np.nan
    temp[:, count - unmeasured :] = np.nan
    wind = np.gradient(field_at(east, north, hour), axis=0) + rng.normal(0, 0.1, temp.shape)
    coords = {
        "time": ("time", np.datetime64("2020-01-01T00", "ns") + hour.astype("timedelta64[h]")),
        "station": ("station", [f"{path.stem.upper()}{number}" for number in range(count)]),
        "easting": ("station", 1000 * east, {"units": "m"}),
        "northing": ("station", 1000 * north, {"units": "m"}),
    }
    columns = {
        "temp": (("time", "station"), temp.astype(np.float32), {"units": "degC"}),
        "wind": (("time", "station"), wind.astype(np.float32), {"units": "m/s"}),
    }
    xr.Dataset(columns, coords).to_netcdf(path, engine="h5netcdf")
    return path
