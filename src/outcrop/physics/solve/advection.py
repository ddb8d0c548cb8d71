r"""What is carried along in one dimension: u_t + (velocity u)_x = 0, sharp and without oscillations.

Source: see `muscl.py`; the upwind flux is that of Courant, R., Isaacson, E., Rees, M. (1952),
doi:10.1002/cpa.3160050303.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Float

from outcrop.errors import ConfigError, message
from outcrop.physics.arguments import floating, positive
from outcrop.physics.solve.etdrk4 import whole
from outcrop.physics.solve.muscl import GHOSTS, at_faces, heun


def advection_1d(
    u: Float[Array, " cell"],
    velocity: ArrayLike,
    spacing: float,
    dt: float,
    steps: int,
    *,
    inflow: ArrayLike | None = None,
    every: int = 1,
) -> Float[Array, "time cell"]:
    """u after 0, `every`, 2 `every`, ... steps, as means over the cells; second order away from extremes.

    Args:
        u: at the beginning.
        velocity: m/s, one number, or one per face, which are one more than cells.
        spacing: width of a cell, m.
        dt: time step, s; at most `spacing` over the largest speed.
        steps: how many in all, a multiple of `every`.
        inflow: the value that enters where the velocity points inwards; None closes the axis to a ring.
        every: steps between two results.

    Raises:
        ConfigError: dt too large, or spacing or dt not positive.
    """
    spacing, dt = positive("spacing", spacing), positive("dt", dt)
    whole(steps, every)
    u, velocity = floating(u, velocity)
    stable = dt * jnp.max(jnp.abs(velocity)) <= spacing * (1 + 1e-6)
    if not isinstance(velocity, Tracer) and not bool(stable):
        most = spacing / float(jnp.max(jnp.abs(velocity)))
        what = f"dt = {dt:g} s is unstable: {float(np.abs(velocity).max()):g} m/s allow at most {most:.6g} s."
        raise ConfigError(message(what, where="dt", fix=f"dt = {0.99 * most:.3g}"))
    entering = None if inflow is None else jnp.asarray(inflow, u.dtype)
    velocity = jnp.broadcast_to(velocity, (len(u) + 1,))
    return jnp.where(stable, _carried(u, velocity, spacing, dt, entering, steps, every), jnp.nan)


@functools.partial(jax.jit, static_argnames=("steps", "every"))
def _carried(
    u: Array, velocity: Array, spacing: float, dt: float, inflow: Array | None, steps: int, every: int
) -> Array:
    def rate(u: Array) -> Array:
        wide = jnp.pad(u, GHOSTS, mode="wrap") if inflow is None else jnp.pad(u, GHOSTS, constant_values=0) + _ends(u)
        before, after = at_faces(wide)
        flux = jnp.where(velocity > 0, velocity * before, velocity * after)
        return -jnp.diff(flux) / spacing

    def _ends(u: Array) -> Array:
        low = jnp.where(velocity[0] > 0, inflow, u[0])
        high = jnp.where(velocity[-1] > 0, u[-1], inflow)
        return jnp.zeros(len(u) + 2 * GHOSTS, u.dtype).at[:GHOSTS].set(low).at[-GHOSTS:].set(high)

    return heun(rate, u, dt, steps, every)
