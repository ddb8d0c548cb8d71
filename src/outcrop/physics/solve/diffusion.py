r"""Heat and pressure in time: capacity du/dt = div(kappa grad u) + source, in one and two dimensions.

Crank-Nicolson: second order in time and space, stable for every step. Its first two steps are each taken as two half
steps of backward Euler, which damp what a rough beginning would leave oscillating, at no loss of order.

Heat: kappa W/m/K, capacity J/m3/K, source W/m3, u K. Groundwater: kappa transmissivity m2/s, capacity storativity,
source m/s, u head m. With capacity 1, kappa is the diffusivity m2/s.

Source: Crank, J., Nicolson, P. (1947), doi:10.1017/S0305004100023197; Rannacher, R. (1984), Finite element solution of
diffusion problems with irregular data, Numer. Math. 43, doi:10.1007/BF01390130.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from outcrop.physics.arguments import floating, positive
from outcrop.physics.solve.elliptic import solve_2d
from outcrop.physics.solve.steady import tridiagonal
from outcrop.physics.solve.volumes import HELD, Faces, along, checked, outflow

DAMPED = 2
"""Steps at the beginning that are taken by backward Euler, each in two halves."""


def diffusion_1d(
    u: Float[Array, " cell"],
    kappa: ArrayLike,
    spacing: float,
    dt: float,
    steps: int,
    x: Faces = HELD,
    *,
    source: ArrayLike = 0.0,
    capacity: ArrayLike = 1.0,
) -> Float[Array, "time cell"]:
    """u after 0, 1, ..., `steps` steps, at the middle of every cell.

    Args:
        u: at the beginning.
        kappa: conductivity, one positive number or one per cell.
        spacing: width of a cell.
        dt: time step.
        steps: how many.
        x: conditions at the low and the high end, constant in time.
        source: what is released per unit length and time, one number or one per cell.
        capacity: what one unit of u takes per unit length, one positive number or one per cell.

    Raises:
        ConfigError: spacing, dt, kappa or capacity is not positive.
    """
    spacing = checked(spacing, x)
    return _diffusion_1d(*_prepared(u, kappa, source, capacity), spacing, positive("dt", dt), steps, x)


@functools.partial(jax.jit, static_argnames="steps")
def _diffusion_1d(
    u: Array, kappa: Array, source: Array, capacity: Array, spacing: float, dt: float, steps: int, x: Faces
) -> Array:
    axis = along(kappa, spacing, x, 0)
    source = source + axis.inflow

    def step(u: Array, dt: float, theta: float) -> Array:
        held = capacity / (dt * theta)
        return tridiagonal(axis, held, held * u + (source - (1 - theta) * outflow(u, axis.conductance, 0)) / theta)

    return marched(step, u, dt, steps)


def diffusion_2d(
    u: Float[Array, "y x"],
    kappa: ArrayLike,
    spacing: tuple[float, float],
    dt: float,
    steps: int,
    y: Faces = HELD,
    x: Faces = HELD,
    *,
    source: ArrayLike = 0.0,
    capacity: ArrayLike = 1.0,
) -> Float[Array, "time y x"]:
    """u after 0, 1, ..., `steps` steps, at the middle of every cell; the arguments of `diffusion_1d`, per axis.

    Raises:
        ConfigError: spacing, dt, kappa or capacity is not positive.
    """
    sides = checked(spacing[0], y), checked(spacing[1], x)
    return _diffusion_2d(*_prepared(u, kappa, source, capacity), sides, positive("dt", dt), steps, y, x)


@functools.partial(jax.jit, static_argnames="steps")
def _diffusion_2d(
    u: Array, kappa: Array, source: Array, capacity: Array, spacing: tuple, dt: float, steps: int, y: Faces, x: Faces
) -> Array:
    rows, columns = along(kappa, spacing[0], y, 0), along(kappa, spacing[1], x, 1)
    source = source + rows.inflow + columns.inflow

    def step(u: Array, dt: float, theta: float) -> Array:
        held = capacity / (dt * theta)
        leaving = outflow(u, rows.conductance, 0) + outflow(u, columns.conductance, 1)
        right = held * u + (source - (1 - theta) * leaving) / theta
        return solve_2d(rows, columns, right, spacing, (y, x), held)

    return marched(step, u, dt, steps)


def marched(step: Callable[[Array, float, float], Array], u: Array, dt: float, steps: int) -> Float[Array, "time ..."]:
    """u after every step, the first of them damped.

    Args:
        step: (u, dt, theta) -> u one step later; theta = 1 is backward Euler, 1/2 Crank-Nicolson.
        u: at the beginning.
        dt: time step.
        steps: how many.
    """
    found = [u]
    for _ in range(min(DAMPED, steps)):
        found.append(step(step(found[-1], dt / 2, 1.0), dt / 2, 1.0))

    def one(u: Array, _: None) -> tuple[Array, Array]:
        u = step(u, dt, 0.5)
        return u, u

    _, later = jax.lax.scan(one, found[-1], length=max(steps - DAMPED, 0))
    return jnp.concatenate([jnp.stack(found), later])


def _prepared(u: Array, kappa: ArrayLike, source: ArrayLike, capacity: ArrayLike) -> tuple[Array, ...]:
    """Checked, of one dtype; one number per cell."""
    for name, value in (("kappa", kappa), ("capacity", capacity)):
        positive(name, value)
    u, kappa, source, capacity = floating(u, kappa, source, capacity)
    return u, jnp.broadcast_to(kappa, u.shape), jnp.broadcast_to(source, u.shape), capacity
