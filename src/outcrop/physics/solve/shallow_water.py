r"""Shallow water in one dimension: depth h and discharge q = h u over a bed of any shape, dry places allowed.

    h_t + q_x = 0,    q_t + (q^2 / h + g h^2 / 2)_x = -g h bed_x

Finite volumes of second order with the flux of Harten, Lax and van Leer; the bed enters through the hydrostatic
reconstruction, so that water at rest stays at rest. Metres, seconds, m2/s.

Source: Audusse, E., et al. (2004), A fast and stable well-balanced scheme, SIAM J. Sci. Comput. 25(6),
doi:10.1137/S1064827503431090; Toro, E. F. (2001), Shock-Capturing Methods for Free-Surface Shallow Flows, section 10.3.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Float
from scipy.constants import g as STANDARD_GRAVITY

from outcrop.errors import ConfigError, message
from outcrop.physics.arguments import floating, positive
from outcrop.physics.solve.etdrk4 import whole
from outcrop.physics.solve.muscl import GHOSTS, at_faces, heun

DRY_M = 1e-6
"""Depth below which water does not move."""
COURANT = 0.5
"""Largest share of a cell that the fastest wave may cross in a step."""


class Water(NamedTuple):
    """Depth h (m) and discharge q (m2/s)."""

    h: Array
    q: Array


def shallow_water(
    h: Float[Array, " cell"],
    q: ArrayLike,
    spacing: float,
    dt: float,
    steps: int,
    *,
    bed: ArrayLike = 0.0,
    walls: bool = False,
    gravity: float = STANDARD_GRAVITY,
    every: int = 1,
) -> Water:
    """Depth and discharge after 0, `every`, 2 `every`, ... steps, each (time, cell).

    Args:
        h: depth at the beginning, m, not negative.
        q: discharge at the beginning, m2/s, one number or one per cell.
        spacing: width of a cell, m.
        dt: time step, s; at most half of `spacing` over the fastest wave, |u| + sqrt(g h), at any time.
        steps: how many in all, a multiple of `every`.
        bed: height of the bed, m, one number or one per cell.
        walls: at both ends; otherwise water leaves and enters as beyond the ends it is as at the ends.
        gravity: m/s2.
        every: steps between two results.

    Raises:
        ConfigError: dt too large for the waves that arose (NaN where JAX traces), or spacing or dt not positive.
    """
    spacing, dt = positive("spacing", spacing), positive("dt", dt)
    whole(steps, every)
    h, q, bed = floating(h, q, bed)
    q, bed = jnp.broadcast_to(q, h.shape), jnp.broadcast_to(bed, h.shape)
    found = _flow(Water(h, q), bed, spacing, dt, gravity, walls, steps, every)
    fastest = jnp.max(jnp.abs(_velocity(*found)) + jnp.sqrt(gravity * jnp.maximum(found.h, 0.0)))
    stable = dt * fastest <= COURANT * spacing * (1 + 1e-6)
    if not isinstance(stable, Tracer) and not bool(stable):
        most = COURANT * spacing / float(fastest) if np.isfinite(fastest) else dt / 4
        what = f"dt = {dt:g} s is too long: the fastest wave allows about {most:.4g} s."
        raise ConfigError(message(what, where="dt", fix=f"dt = {0.9 * most:.2g}"))
    return Water(*(jnp.where(stable, part, jnp.nan) for part in found))


def _velocity(h: Array, q: Array) -> Array:
    wet = h > DRY_M
    return jnp.where(wet, q / jnp.where(wet, h, 1.0), 0.0)


@functools.partial(jax.jit, static_argnames=("walls", "steps", "every"))
def _flow(
    water: Water, bed: Array, spacing: float, dt: float, gravity: float, walls: bool, steps: int, every: int
) -> Water:
    mode = "symmetric" if walls else "edge"
    wide_bed = jnp.pad(bed, GHOSTS, mode=mode)

    def wide(part: Array, sign: float) -> Array:
        padded = jnp.pad(part, GHOSTS, mode=mode)
        return padded if not walls else padded.at[:GHOSTS].multiply(sign).at[-GHOSTS:].multiply(sign)

    def rate(water: Water) -> Water:
        h = jnp.maximum(water.h, 0.0)
        depth, speed = at_faces(wide(h, 1.0)), at_faces(wide(_velocity(h, water.q), -1.0))
        level = at_faces(wide(h, 1.0) + wide_bed)
        ground = level[0] - depth[0], level[1] - depth[1]
        top = jnp.maximum(*ground)
        held = [jnp.maximum(side - top, 0.0) for side in level]
        mass, momentum = _hll(*held, *speed, gravity)
        # What the step of the bed at a face takes from either side, and the slope of the bed inside the cells.
        low, high = (momentum + gravity / 2 * (own**2 - cut**2) for own, cut in zip(depth, held, strict=True))
        slope = gravity / 2 * (depth[1][:-1] + depth[0][1:]) * (ground[1][:-1] - ground[0][1:])
        return Water(-jnp.diff(mass) / spacing, (high[:-1] - low[1:] + slope) / spacing)

    return heun(rate, water, dt, steps, every)


def _hll(h_low: Array, h_high: Array, u_low: Array, u_high: Array, gravity: float) -> tuple[Array, Array]:
    """Fluxes of mass and momentum between two states (Toro, equations 10.18 and 10.22)."""
    wave_low, wave_high = jnp.sqrt(gravity * h_low + 1e-12), jnp.sqrt(gravity * h_high + 1e-12)
    slow = jnp.minimum(u_low - wave_low, u_high - wave_high)
    fast = jnp.maximum(u_low + wave_low, u_high + wave_high)
    slow, fast = jnp.minimum(slow, 0.0), jnp.maximum(fast, 0.0)
    low, high = (h_low, h_low * u_low), (h_high, h_high * u_high)
    flux_low = h_low * u_low, h_low * u_low**2 + gravity / 2 * h_low**2
    flux_high = h_high * u_high, h_high * u_high**2 + gravity / 2 * h_high**2
    mass, momentum = (
        (fast * fl - slow * fh + slow * fast * (b - a)) / (fast - slow)
        for fl, fh, a, b in zip(flux_low, flux_high, low, high, strict=True)
    )
    return mass, momentum


def dam_break(
    x: np.ndarray, t: float, h_left: float, h_right: float, gravity: float = STANDARD_GRAVITY
) -> tuple[np.ndarray, np.ndarray]:
    """Depth (m) and velocity (m/s) after a dam at x = 0 between two depths at rest has vanished, each of shape x.

    Args:
        x: places, m.
        t: time since, s, positive.
        h_left, h_right: depths before, m, the left one larger; the right one may be 0.
        gravity: m/s2.

    Raises:
        ConfigError: the left depth is not the larger one, or a time that is not positive.

    Source: Ritter (1892) and Stoker (1957), as given by Delestre, O., et al. (2013), SWASHES, doi:10.1002/fld.3741,
    sections 4.1.1 and 4.1.2.
    """
    positive("t", t)
    if not h_left > h_right >= 0:
        what = f"The water stands at {h_left:g} m left of the dam and at {h_right:g} m right of it."
        raise ConfigError(message(what, fix="h_left = 2.0, h_right = 1.0"))
    x = np.asarray(x, float)
    left = np.sqrt(gravity * h_left)
    middle = _middle(left, gravity * h_right) if h_right > 0 else 0.0
    fan_end = t * (2 * left - 3 * middle)
    front = t * 2 * middle**2 * (left - middle) / (middle**2 - gravity * h_right) if h_right > 0 else 2 * left * t
    where = [x <= -left * t, x <= fan_end, x <= front]
    depth = np.select(where, [h_left, 4 / (9 * gravity) * (left - x / (2 * t)) ** 2, middle**2 / gravity], h_right)
    speed = np.select(where, [0.0, 2 / 3 * (x / t + left), 2 * (left - middle)], 0.0)
    return depth, speed


def _middle(left: float, right_squared: float) -> float:
    """Wave speed behind the shock."""
    from scipy.optimize import brentq

    def jump(c: float) -> float:
        drop = 8 * right_squared * c**2 * (left - c) ** 2
        return (c**2 - right_squared) ** 2 * (c**2 + right_squared) - drop

    return float(brentq(jump, np.sqrt(right_squared), left, xtol=1e-14))
