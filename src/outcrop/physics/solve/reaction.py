r"""Diffusion and reaction in one dimension: u_t = (kappa u_x)_x + reaction(u).

Strang's splitting: half a step of reaction, one of diffusion, half a step of reaction; second order in time and space.
The reaction is integrated by the classical method of Runge and Kutta, so its own time scale must be resolved; the step
of diffusion is not limited.

Source: Strang, G. (1968), On the construction and comparison of difference schemes, SIAM J. Numer. Anal. 5(3),
doi:10.1137/0705041.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from outcrop.physics.arguments import floating, positive
from outcrop.physics.solve.diffusion import marched
from outcrop.physics.solve.steady import tridiagonal
from outcrop.physics.solve.volumes import HELD, Faces, along, checked, outflow


def diffusion_reaction_1d(
    u: Float[Array, " cell"],
    kappa: ArrayLike,
    reaction: Callable[[Array], Array],
    spacing: float,
    dt: float,
    steps: int,
    x: Faces = HELD,
) -> Float[Array, "time cell"]:
    """u after 0, 1, ..., `steps` steps, at the middle of every cell.

    Args:
        u: at the beginning, a concentration.
        kappa: diffusivity, m2/s, one positive number or one per cell.
        reaction: u -> rate of change of u, in its unit per second. A function defined once compiles once.
        spacing: width of a cell, m.
        dt: time step, s.
        steps: how many.
        x: conditions at the low and the high end.

    Raises:
        ConfigError: spacing, dt or kappa is not positive.
    """
    spacing, dt = checked(spacing, x), positive("dt", dt)
    positive("kappa", kappa)
    u, kappa = floating(u, kappa)
    return _solved(u, jnp.broadcast_to(kappa, u.shape), spacing, dt, x, reaction, steps)


@functools.partial(jax.jit, static_argnames=("reaction", "steps"))
def _solved(
    u: Array, kappa: Array, spacing: float, dt: float, x: Faces, reaction: Callable[[Array], Array], steps: int
) -> Array:
    axis = along(kappa, spacing, x, 0)

    def react(u: Array, dt: float) -> Array:
        first = reaction(u)
        second = reaction(u + dt / 2 * first)
        third = reaction(u + dt / 2 * second)
        return u + dt / 6 * (first + 2 * second + 2 * third + reaction(u + dt * third))

    def step(u: Array, dt: float, theta: float) -> Array:
        u = react(u, dt / 2)
        held = jnp.ones_like(u) / (dt * theta)
        right = held * u + (axis.inflow - (1 - theta) * outflow(u, axis.conductance, 0)) / theta
        return react(tridiagonal(axis, held, right), dt / 2)

    return marched(step, u, dt, steps)
