r"""Magnetic anomaly of induced, rectangular prisms that do not change along strike.

    B_i = -(mu0 / 2 pi) M_j d_i d_j int int ln r dx dz,     anomaly = B along the main field

M = chi F / mu0 is the induced magnetisation; only its part in the section acts, and only that part of B is seen.
Lengths in metres, depth positive down, susceptibility in SI units (dimensionless), main field and anomaly in nT.

Source: Blakely, R. J. (1995), Potential Theory in Gravity and Magnetic Applications, sections 5.2 and 9.3,
doi:10.1017/CBO9780511549816.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from outcrop.physics.arguments import floating, rising
from outcrop.physics.forward.section import cells_of


class MainField(NamedTuple):
    """The Earth's field where a profile lies.

    Attributes:
        strength_nt: total field, nT.
        inclination_deg: below the horizontal, degrees, positive down.
        declination_deg: of magnetic north, clockwise from geographic north, degrees.
        azimuth_deg: direction of growing x along the profile, clockwise from geographic north, degrees.
    """

    strength_nt: ArrayLike = 50_000.0
    inclination_deg: ArrayLike = 65.0
    declination_deg: ArrayLike = 0.0
    azimuth_deg: ArrayLike = 0.0

    def in_section(self) -> tuple[Array, Array]:
        """The part of its unit vector along the profile and the one downwards."""
        inclination, declination, azimuth = (
            jnp.deg2rad(jnp.asarray(angle, float))
            for angle in (self.inclination_deg, self.declination_deg, self.azimuth_deg)
        )
        return jnp.cos(inclination) * jnp.cos(azimuth - declination), jnp.sin(inclination)


def prism_kernel(
    station_m: Float[Array, " station"],
    left_m: Float[Array, " prism"],
    right_m: Float[Array, " prism"],
    top_m: Float[Array, " prism"],
    bottom_m: Float[Array, " prism"],
    field: MainField,
    height_m: ArrayLike = 0.0,
) -> Float[Array, "station prism"]:
    """Total-field anomaly of prisms of unit susceptibility, nT; stations must lie outside of them.

    Args:
        station_m: places along the profile.
        left_m, right_m: sides of the prisms.
        top_m, bottom_m: depths, positive down.
        field: the main field.
        height_m: of the stations above the datum of the depths, one number or one per station.
    """
    station, left, right, top, bottom, height = floating(station_m, left_m, right_m, top_m, bottom_m, height_m)
    height = jnp.broadcast_to(height, station.shape)[:, None]
    x1, x2 = left - station[:, None], right - station[:, None]
    z1, z2 = top + height, bottom + height

    def upright(x: Array) -> Array:
        """int x / (x^2 + z^2) dz over one side, 0 on its own line."""
        inside = jnp.where(x == 0, 1.0, x)
        return jnp.where(x == 0, 0.0, jnp.arctan(z2 / inside) - jnp.arctan(z1 / inside))

    def log_ratio(x: Array) -> Array:
        return 0.5 * jnp.log((x**2 + z2**2) / (x**2 + z1**2))

    along = upright(x2) - upright(x1)  # d_x d_x of int int ln r, and -d_z d_z outside of the prism
    across = log_ratio(x2) - log_ratio(x1)  # d_x d_z
    unit_x, unit_z = (part.astype(station.dtype) for part in field.in_section())
    strength = jnp.asarray(field.strength_nt, station.dtype)
    return -strength / (2 * jnp.pi) * ((unit_x**2 - unit_z**2) * along + 2 * unit_x * unit_z * across)


def magnetic_matrix(
    station_m: Float[Array, " station"],
    x_edges_m: Float[Array, " x_edge"],
    z_edges_m: Float[Array, " z_edge"],
    field: MainField,
    height_m: ArrayLike = 0.0,
) -> Float[Array, "station cell"]:
    """Total-field anomaly of every cell of a section, nT per unit of susceptibility; cells in C order of (z, x).

    Args:
        station_m: places along the profile.
        x_edges_m, z_edges_m: edges of the cells along the profile and in depth, rising.
        field: the main field.
        height_m: of the stations above the datum of the depths; more than the least depth.

    Raises:
        DataError: edges that do not rise.
    """
    rising("x_edges_m", x_edges_m)
    rising("z_edges_m", z_edges_m)
    return prism_kernel(station_m, *cells_of(x_edges_m, z_edges_m), field, height_m)
