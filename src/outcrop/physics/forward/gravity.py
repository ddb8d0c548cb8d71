r"""Gravity of bodies that do not change along strike: prisms, a grid of cells, a basin over its basement, polygons.

    g = 2 G rho int int z / (x^2 + z^2) dx dz      downwards, at the origin, z positive down

Lengths in metres, depth positive down, density contrasts in kg/m3, gravity in mGal (1e-5 m/s2), positive down.

Source: Blakely, R. J. (1995), Potential Theory in Gravity and Magnetic Applications, chapter 9,
doi:10.1017/CBO9780511549816; polygons: Talwani, M., Worzel, J. L., Landisman, M. (1959), doi:10.1029/JZ064i001p00049,
in the form of Won, I. J., Bevis, M. (1987), doi:10.1190/1.1442298.
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float
from scipy.constants import G

from outcrop.errors import DataError, message
from outcrop.physics.arguments import floating, positive, rising
from outcrop.physics.forward.section import cells_of

MGAL = 1e5
"""mGal in one m/s2."""


def prism_kernel(
    station_m: Float[Array, " station"],
    left_m: Float[Array, " prism"],
    right_m: Float[Array, " prism"],
    top_m: Float[Array, " prism"],
    bottom_m: Float[Array, " prism"],
    height_m: ArrayLike = 0.0,
) -> Float[Array, "station prism"]:
    """Gravity of rectangular prisms of unit density, mGal per kg/m3.

    Args:
        station_m: places along the profile.
        left_m, right_m: sides of the prisms.
        top_m, bottom_m: depths, positive down.
        height_m: of the stations above the datum of the depths, one number or one per station.
    """
    station, left, right, top, bottom, height = floating(station_m, left_m, right_m, top_m, bottom_m, height_m)
    height = jnp.broadcast_to(height, station.shape)[:, None]
    x1, x2 = left - station[:, None], right - station[:, None]
    z1, z2 = top + height, bottom + height
    return 2 * G * MGAL * (_side(x2, z1, z2) - _side(x1, z1, z2))


def _side(x: Array, z1: Array, z2: Array) -> Array:
    """1/2 x ln(x^2 + z^2) + z atan(x / z) from z1 to z2: its difference over x is the integral of z / (x^2 + z^2).

    The logarithms are taken together, or float32 would lose their difference far from the prism.
    """
    upper, lower = x**2 + z1**2, x**2 + z2**2
    at = (upper == 0) | (lower == 0)
    ratio = jnp.where(at, 0.0, (z2**2 - z1**2) / jnp.where(at, 1.0, upper))
    return 0.5 * x * jnp.log1p(ratio) + _angle(x, z2) - _angle(x, z1)


def _angle(x: Array, z: Array) -> Array:
    """z atan(x / z), 0 at z = 0."""
    return z * jnp.arctan(x / jnp.where(z == 0, 1.0, z))


def gravity_matrix(
    station_m: Float[Array, " station"],
    x_edges_m: Float[Array, " x_edge"],
    z_edges_m: Float[Array, " z_edge"],
    height_m: ArrayLike = 0.0,
) -> Float[Array, "station cell"]:
    """Gravity of every cell of a section, mGal per kg/m3; cells in C order of a section (z, x).

    Args:
        station_m: places along the profile.
        x_edges_m, z_edges_m: edges of the cells along the profile and in depth, rising.
        height_m: of the stations above the datum of the depths.

    Raises:
        DataError: edges that do not rise.
    """
    rising("x_edges_m", x_edges_m)
    rising("z_edges_m", z_edges_m)
    return prism_kernel(station_m, *cells_of(x_edges_m, z_edges_m), height_m)


def gravity_of_basin(
    station_m: Float[Array, " station"],
    x_edges_m: Float[Array, " edge"],
    basement_m: Float[Array, " column"],
    contrast: ArrayLike,
    top_m: ArrayLike = 0.0,
    height_m: ArrayLike = 0.0,
) -> Float[Array, " station"]:
    """Gravity (mGal) of sediments in columns from `top_m` to the basement.

    Args:
        station_m: places along the profile.
        x_edges_m: edges of the columns, rising.
        basement_m: depth of the basement below every column.
        contrast: density of the sediments less that of the basement, kg/m3, one number or one per column.
        top_m: depth of the ground.
        height_m: of the stations above the datum of the depths.

    Raises:
        DataError: edges that do not rise, or another number of columns than depths.

    >>> wide = jnp.array([-1e6, 1e6])  # a slab: 2 pi G rho thickness
    >>> round(float(gravity_of_basin(jnp.zeros(1), wide, jnp.array([1000.0]), -500.0)[0]), 2)
    -20.96
    """
    rising("x_edges_m", x_edges_m)
    edges, basement, contrast, top = floating(x_edges_m, basement_m, contrast, top_m)
    if edges.shape[0] != basement.shape[0] + 1:
        what = f"{basement.shape[0]} depths of the basement need {basement.shape[0] + 1} edges; got {edges.shape[0]}."
        raise DataError(message(what, fix="x_edges_m = np.linspace(0, 40e3, len(basement_m) + 1)"))
    top = jnp.broadcast_to(top, basement.shape)
    kernel = prism_kernel(station_m, edges[:-1], edges[1:], top, basement, height_m)
    return kernel @ jnp.broadcast_to(contrast, basement.shape)


def gravity_of_compacted_basin(
    station_m: Float[Array, " station"],
    x_edges_m: Float[Array, " edge"],
    basement_m: Float[Array, " column"],
    contrast: ArrayLike,
    decay_m: float,
    height_m: ArrayLike = 0.0,
    slabs: int = 8,
) -> Float[Array, " station"]:
    """Gravity (mGal) of sediments that are denser the deeper they lie: contrast * exp(-depth / decay_m).

    Every column is cut into slabs of one thickness, each with its mean density: differentiable in the basement.

    Args:
        station_m: places along the profile.
        x_edges_m: edges of the columns, rising.
        basement_m: depth of the basement below every column.
        contrast: density of the sediments at the ground less that of the basement, kg/m3.
        decay_m: depth over which the contrast falls to 1 / e, m.
        height_m: of the stations above the ground.
        slabs: of every column.

    Raises:
        ConfigError: a decay that is not positive.
        DataError: edges that do not rise, or another number of columns than depths.

    Source: Cordell, L. (1973), Gravity analysis using an exponential density-depth function,
    doi:10.1190/1.1440367.

    >>> wide = jnp.array([-1e6, 1e6])  # 2 pi G contrast decay (1 - 1 / e)
    >>> round(float(gravity_of_compacted_basin(jnp.zeros(1), wide, jnp.array([1000.0]), -500.0, 1000.0)[0]), 2)
    -13.25
    """
    positive("decay_m", decay_m)
    (basement,) = floating(basement_m)
    share = jnp.arange(slabs + 1, dtype=basement.dtype) / slabs
    total = jnp.zeros(())
    for slab in range(slabs):
        top, bottom = share[slab] * basement, share[slab + 1] * basement
        thick = (bottom - top) / decay_m
        safe = jnp.where(thick == 0, 1.0, thick)
        mean = jnp.exp(-top / decay_m) * jnp.where(thick == 0, 1.0, -jnp.expm1(-safe) / safe)
        total = total + gravity_of_basin(station_m, x_edges_m, bottom, contrast * mean, top, height_m)
    return total


def gravity_of_polygon(
    station_m: Float[Array, " station"],
    x_m: Float[Array, " corner"],
    z_m: Float[Array, " corner"],
    contrast: ArrayLike,
    height_m: ArrayLike = 0.0,
) -> Float[Array, " station"]:
    r"""Gravity (mGal) of a polygon in the section, of either sense of rotation; all corners below the stations.

    Green's theorem turns the area into its sides: g = 2 G rho |sum over sides of int (theta dz)|, theta = atan(x / z).

    Args:
        station_m: places along the profile.
        x_m, z_m: corners in order, not closed; depth positive down.
        contrast: density contrast, kg/m3.
        height_m: of the stations above the datum of the depths.
    """
    station, x, z, contrast, height = floating(station_m, x_m, z_m, contrast, height_m)
    area = 0.5 * jnp.sum(x * jnp.roll(z, -1) - jnp.roll(x, -1) * z)
    x = x - station[:, None]
    z = jnp.broadcast_to(z + jnp.broadcast_to(height, station.shape)[:, None], x.shape)
    dx, dz = jnp.roll(x, -1, 1) - x, jnp.roll(z, -1, 1) - z
    length = dx**2 + dz**2
    angle = jnp.arctan2(jnp.roll(x, -1, 1), jnp.roll(z, -1, 1)) - jnp.arctan2(x, z)
    log_ratio = 0.5 * jnp.log(jnp.roll(x**2 + z**2, -1, 1) / (x**2 + z**2))
    sides = (x * jnp.roll(z, -1, 1) - jnp.roll(x, -1, 1) * z) / length * (dz * log_ratio + dx * angle)
    return 2 * G * MGAL * contrast * jnp.sign(area) * jnp.sum(sides, axis=1)
