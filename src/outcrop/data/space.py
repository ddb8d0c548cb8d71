"""Where samples are, as points between which straight distances can be taken: on a map, or on the sphere.

Longitudes and latitudes become points of a sphere in three dimensions, so that neighbours over the date line and at
the poles are neighbours; chords are turned back to distances along the surface.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from outcrop.records import Record

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius (IUGG, R1)."""
LONGITUDE = ("longitude", "lon")
LATITUDE = ("latitude", "lat")


def cartesian(position: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """Points in metres: (n, 2) from easting and northing, (n, 3) on the sphere from longitude and latitude.

    Returns:
        NaN where a position is missing; None where neither pair is given.

    >>> cartesian({"longitude": np.array([0.0]), "latitude": np.array([90.0])}).round(-3).tolist()
    [[0.0, 0.0, 6371000.0]]
    """
    if "easting" in position and "northing" in position:
        return np.stack([np.asarray(position["easting"], float), np.asarray(position["northing"], float)], axis=-1)
    longitude = next((position[name] for name in LONGITUDE if name in position), None)
    latitude = next((position[name] for name in LATITUDE if name in position), None)
    if longitude is None or latitude is None:
        return None
    east, north = np.radians(np.asarray(longitude, float)), np.radians(np.asarray(latitude, float))
    east, north = np.broadcast_arrays(east, north)
    point = np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)], axis=-1)
    return EARTH_RADIUS_M * point


def along_surface(chord_m: np.ndarray, dimension: int) -> np.ndarray:
    """The distance along the ground that belongs to a straight distance between points of `cartesian`."""
    if dimension == 2:
        return np.asarray(chord_m, float)
    return 2 * EARTH_RADIUS_M * np.arcsin(np.clip(np.asarray(chord_m, float) / (2 * EARTH_RADIUS_M), 0, 1))


def chord(distance_m: np.ndarray | float, dimension: int) -> np.ndarray:
    """The inverse of `along_surface`, for searches within a distance."""
    if dimension == 2:
        return np.asarray(distance_m, float)
    half = np.minimum(np.asarray(distance_m, float) / (2 * EARTH_RADIUS_M), np.pi / 2)
    return 2 * EARTH_RADIUS_M * np.sin(half)


def nearest(known: np.ndarray, wanted: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """The nearest known points of every wanted one and their distances along the ground, (wanted, at most `most`)."""
    from scipy.spatial import KDTree

    few = min(most, len(known))
    distance, near = KDTree(known).query(wanted, k=few)
    return near.reshape(len(wanted), few), along_surface(distance, known.shape[1]).reshape(len(wanted), few)


def periodic_dims(record: Record) -> tuple[str, ...]:
    """Dimensions that close on themselves: regular longitudes that go once around the globe."""
    found = []
    for dim in record.dims:
        if dim.lower() not in LONGITUDE or dim not in record.data.coords:
            continue
        values = np.asarray(record.data[dim].to_numpy(), float)
        if len(values) < 3:
            continue
        steps = np.diff(values)
        step = float(np.median(steps))
        if np.allclose(steps, step, rtol=1e-3, atol=1e-6) and abs(abs(step) * len(values) - 360) < 0.5 * abs(step):
            found.append(dim)
    return tuple(found)
