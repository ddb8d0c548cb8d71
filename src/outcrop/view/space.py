"""Moved to `outcrop.data.space`."""

from outcrop.data.space import (  # noqa: F401
    EARTH_RADIUS_M,
    LATITUDE,
    LONGITUDE,
    along_surface,
    cartesian,
    chord,
    periodic_dims,
)
