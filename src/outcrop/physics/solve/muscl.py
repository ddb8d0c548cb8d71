r"""Conservation laws in one dimension: limited slopes in every cell, and Heun's method in time (MUSCL).

Second order where the solution is smooth, without new extremes where it is not. A cell sees two neighbours on each
side.

Source: van Leer, B. (1979), Towards the ultimate conservative difference scheme V, doi:10.1016/0021-9991(79)90145-1;
Gottlieb, S., Shu, C.-W. (1998), doi:10.1090/S0025-5718-98-00913-2, equation 3.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

State = TypeVar("State")
GHOSTS = 2


def at_faces(u: Float[Array, " cell_and_ghosts"]) -> tuple[Array, Array]:
    """The values on both sides of every face, from cells with two more at each end: one more than cells.

    The slope of a cell is the harmonic mean of the differences to its neighbours, 0 at an extreme (van Leer).
    """
    step = jnp.diff(u)
    before, after = step[:-1], step[1:]
    product = before * after
    same = product > 0
    slope = jnp.where(same, 2 * product / jnp.where(same, before + after, 1.0), 0.0)
    inner = u[1:-1]
    return (inner + slope / 2)[:-1], (inner - slope / 2)[1:]


def heun(rate: Callable[[State], State], u: State, dt: float, steps: int, every: int) -> State:
    """u after 0, `every`, 2 `every`, ... steps of Heun's method, which keeps what one Euler step does not enlarge.

    Args:
        rate: u -> du/dt; u may be a tuple of arrays.
        u: at the beginning.
        dt: time step.
        steps: how many in all, a multiple of `every`.
        every: steps between two results.
    """

    def step(u: State, _: None) -> tuple[State, None]:
        once = jax.tree.map(lambda a, b: a + dt * b, u, rate(u))
        return jax.tree.map(lambda a, b, c: (a + b + dt * c) / 2, u, once, rate(once)), None

    def some(u: State, _: None) -> tuple[State, State]:
        u, _ = jax.lax.scan(step, u, length=every)
        return u, u

    _, found = jax.lax.scan(some, u, length=steps // every)
    return jax.tree.map(lambda first, later: jnp.concatenate([first[None], later]), u, found)
