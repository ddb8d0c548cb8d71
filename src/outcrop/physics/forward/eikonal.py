r"""First arrivals in a section of any velocity: |grad T| = slowness, T = 0 at the source, along bent rays.

T = T0 tau, where T0 is the time at the slowness of the source: tau is smooth where T is not, so constant velocity is
exact and other ones are of first order in the spacing. The upwind scheme is solved as a fixed point; its derivative is
that of the fixed point (implicit differentiation), at the cost of one more solution and no memory of the way there.

Metres, seconds, s/m; nodes of the section (z, x) lie at (row dz, column dx), depth positive down; points are (x, z).

Source: Zhao, H. (2005), A fast sweeping method for eikonal equations, Math. Comp. 74, doi:10.1090/S0025-5718-04-01678-3
(here all nodes at once instead of in sweeps, as suits compiled arrays); Fomel, S., Luo, S., Zhao, H. (2009), Fast
sweeping method for the factored eikonal equation, doi:10.1016/j.jcp.2009.05.029.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.scipy.ndimage import map_coordinates
from jaxtyping import Array, ArrayLike, Float

from outcrop.errors import DataError, message
from outcrop.physics.arguments import floating, positive

TURNS = 12
"""Iterations allowed, in rows plus columns: rays that wind more often back and forth give NaN."""


class _Start(NamedTuple):
    """T0 (s), its derivatives along z and x (s/m), and the nodes around the source, where tau = 1."""

    time: Array
    slope: tuple[Array, Array]
    fixed: Array


def first_arrivals(
    slowness: Float[Array, "z x"], spacing_m: tuple[float, float], source_m: Float[Array, " 2"]
) -> Float[Array, "z x"]:
    """Times of the first arrivals at every node, s; NaN where the iteration has not ended.

    Args:
        slowness: at every node, s/m, positive.
        spacing_m: between nodes along z and x.
        source_m: its place (x, z), anywhere in the section.

    Raises:
        ConfigError: slowness or spacing that is not positive.
        DataError: a source outside of the section.
    """
    positive("slowness", slowness)
    sides = positive("spacing_m", spacing_m[0]), positive("spacing_m", spacing_m[1])
    slowness, source = floating(slowness, source_m)
    _inside("source_m", slowness.shape, sides, source)
    return _first_arrivals(slowness, sides, source)


@jax.jit
def _first_arrivals(slowness: Array, spacing_m: tuple[float, float], source: Array) -> Array:
    start = _around(slowness, spacing_m, source)

    def residual(tau: Array) -> Array:
        return tau - _upwind(tau, slowness, spacing_m, start)

    most = TURNS * sum(slowness.shape)
    bound = jax.lax.stop_gradient(jnp.max(slowness) / _interpolated(slowness, spacing_m, source))
    guess = jnp.where(start.fixed, 1.0, jnp.maximum(bound, 1.0)) * jnp.ones_like(slowness)
    tau = jax.lax.custom_root(
        residual,
        guess,
        lambda f, x: _iterated(lambda x: x - f(x), x, most),
        lambda f, y: jax.lax.custom_linear_solve(f, y, _neumann(most), _neumann(most)),
    )
    return start.time * tau


def travel_times(
    slowness: Float[Array, "z x"],
    spacing_m: tuple[float, float],
    sources_m: Float[Array, "source 2"],
    receivers_m: Float[Array, "receiver 2"],
) -> Float[Array, "source receiver"]:
    """First arrivals from every source at every receiver, s, interpolated between the nodes.

    Args:
        slowness: at every node, s/m, positive.
        spacing_m: between nodes along z and x.
        sources_m, receivers_m: places (x, z) in the section.

    Raises:
        ConfigError: slowness or spacing that is not positive.
        DataError: a place outside of the section.
    """
    _inside("receivers_m", np.shape(slowness), spacing_m, receivers_m)
    _inside("sources_m", np.shape(slowness), spacing_m, sources_m)
    sources, receivers = floating(sources_m, receivers_m)

    def shot(source: Array) -> Array:
        times = first_arrivals(slowness, spacing_m, source)
        return jax.vmap(lambda place: _interpolated(times, spacing_m, place))(receivers)

    return jax.vmap(shot)(sources)


def _interpolated(field: Array, spacing_m: tuple[float, float], place: Array) -> Array:
    """The value at a point (x, z), linear between nodes."""
    rows, columns = place[1] / spacing_m[0], place[0] / spacing_m[1]
    return map_coordinates(field, [rows[None], columns[None]], order=1, mode="nearest")[0]


def _around(slowness: Array, spacing_m: tuple[float, float], source: Array) -> _Start:
    dz, dx = spacing_m
    z = dz * jnp.arange(slowness.shape[0], dtype=slowness.dtype)[:, None] - source[1]
    x = dx * jnp.arange(slowness.shape[1], dtype=slowness.dtype)[None, :] - source[0]
    squared = x**2 + z**2
    at = squared == 0
    distance = jnp.where(at, 0.0, jnp.sqrt(jnp.where(at, 1.0, squared)))
    own = _interpolated(slowness, spacing_m, source)
    over = own / jnp.where(at, 1.0, distance)
    near = (jnp.abs(z) < dz * (1 - 1e-5)) & (jnp.abs(x) < dx * (1 - 1e-5))
    return _Start(own * distance, (over * z, over * x), near)


def _upwind(tau: Array, slowness: Array, spacing_m: tuple[float, float], start: _Start) -> Array:
    """tau of every node from its neighbours: Godunov's scheme for T0 tau."""
    (a, b), (c, d) = (_axis(tau, start, axis, spacing_m[axis]) for axis in (0, 1))
    # (a tau - b)^2 + (c tau - d)^2 = slowness^2, both terms flowing away from the source
    square = a**2 + c**2
    room = slowness**2 * square - (a * d - c * b) ** 2
    both = (a * b + c * d + jnp.sqrt(jnp.where(room > 0, room, 1.0))) / jnp.where(square > 0, square, 1.0)
    slack = 1e-6 * slowness
    valid = (room > 0) & (a * both - b >= -slack) & (c * both - d >= -slack)
    least = 1e-6 * slowness
    alone = jnp.minimum(*(_ratio(slowness + right, left, least) for left, right in ((a, b), (c, d))))
    return jnp.where(start.fixed, 1.0, jnp.where(valid, both, alone))


def _axis(tau: Array, start: _Start, axis: int, spacing: float) -> tuple[Array, Array]:
    """(a, b) of the difference a tau - b to the earlier neighbour along an axis, positive away from it."""
    pad = [(1, 1) if number == axis else (0, 0) for number in range(2)]
    times = jnp.pad(start.time * tau, pad, constant_values=jnp.inf)
    around = jnp.pad(tau, pad, constant_values=1.0)
    count = tau.shape[axis]

    def side(field: Array, first: int) -> Array:
        return jax.lax.slice_in_dim(field, first, first + count, axis=axis)

    earlier = side(times, 0) <= side(times, 2)
    neighbour = jnp.where(earlier, side(around, 0), side(around, 2))
    sign = jnp.where(earlier, 1.0, -1.0)
    return sign * start.slope[axis] + start.time / spacing, start.time * neighbour / spacing


def _ratio(top: Array, bottom: Array, least: Array) -> Array:
    """top / bottom, very large where bottom is not clearly positive."""
    usable = bottom > least
    return jnp.where(usable, top / jnp.where(usable, bottom, 1.0), 1e6)


def _iterated(step: Callable[[Array], Array], start: Array, most: int) -> Array:
    """step(step(...)) until nothing changes but rounding; NaN where it goes on changing."""
    close = 16 * float(jnp.finfo(start.dtype).eps)

    def going(state: tuple[Array, Array, Array]) -> Array:
        count, change, size = state[0], state[1], jnp.max(jnp.abs(state[2]))
        return (count < most) & (change > close * size)

    def turn(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        new = step(state[2])
        return state[0] + 1, jnp.max(jnp.abs(new - state[2])), new

    first = (jnp.zeros((), int), jnp.full((), jnp.inf, start.dtype), start)
    _, change, found = jax.lax.while_loop(going, turn, first)
    return jnp.where(change <= 1e3 * close * jnp.max(jnp.abs(found)), found, jnp.nan)


def _neumann(most: int) -> Callable[[Callable[[Array], Array], Array], Array]:
    """Solves x - J x = y by x = y + J x; times depend on earlier ones only, so J is nilpotent and the series ends."""
    return lambda f, y: _iterated(lambda x: y + x - f(x), y, most)


def _inside(name: str, shape: tuple[int, ...], spacing_m: tuple[float, float], places: ArrayLike) -> None:
    """Checks that points lie in the section; points being traced by JAX pass."""
    if isinstance(places, Tracer):
        return
    end = np.array([(shape[1] - 1) * spacing_m[1], (shape[0] - 1) * spacing_m[0]])
    found = np.reshape(np.asarray(places, float), (-1, 2))
    if (found < -1e-6 * end).any() or (found > (1 + 1e-6) * end).any():
        what = f"{name} must lie from (0, 0) to ({end[0]:g}, {end[1]:g}) m (x, z)."
        raise DataError(message(what, where=name, fix=f"{name} = ({end[0] / 2:g}, {end[1] / 2:g})"))
