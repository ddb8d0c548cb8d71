r"""Acoustic waves of constant density in one and two dimensions, recorded by receivers.

    u_tt = c^2 (div grad u + f(t) delta(x - source))

Finite differences of order 2 in time and 2 to 8 in space on nodes of a regular grid. Outside of the model lie perfectly
matched layers, with the velocity of the edge: 20 nodes of them send back less than a thousandth of the amplitude, for
wavelengths of 8 nodes and obliquely too. At the node of the source itself u is not converged.

Metres, seconds, m/s; u in the unit of f times m (two dimensions: of f).

Source: Alford, R. M., Kelly, K. R., Boore, D. M. (1974), doi:10.1190/1.1440470; layers: Grote, M. J., Sim, I. (2010),
Efficient PML for the wave equation, arXiv:1001.0319, equation 15, here with c^2 in front of the derivatives.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Float

from outcrop.errors import ConfigError, message
from outcrop.physics.arguments import floating, positive
from outcrop.physics.solve.staggered import damping, stencil, to_halves, to_nodes

REFLECTED = 1e-4
"""Amplitude that an ideal layer would send back at right angles; it sets the damping."""


class Waves(NamedTuple):
    """What a simulation of waves gives.

    Attributes:
        traces: u at the receivers, (time, receiver), beginning at time 0.
        fields: u on the grid of the model after 0, `every`, 2 `every`, ... steps; None where not asked for.
    """

    traces: Array
    fields: Array | None


def largest_dt(velocity: ArrayLike, spacing: tuple[float, ...], order: int = 4) -> float:
    """The largest stable time step, s.

    Args:
        velocity: m/s; the largest counts.
        spacing: between nodes along every axis, m.
        order: in space.

    >>> round(largest_dt(2000.0, (10.0, 10.0), order=2), 5)  # 10 / (2000 sqrt(2))
    0.00354
    """
    return _farthest(spacing, order) / float(np.max(np.asarray(velocity)))


def _farthest(spacing: tuple[float, ...], order: int) -> float:
    """How far a wave may run in one stable step, m."""
    return 1 / (sum(abs(weight) for weight in stencil(order)) * sum(1 / side**2 for side in spacing) ** 0.5)


def wave_1d(
    velocity: Float[Array, " x"],
    spacing: float,
    dt: float,
    wavelet: Float[Array, " time"],
    source: ArrayLike,
    receivers: ArrayLike,
    *,
    start: Float[Array, " x"] | None = None,
    order: int = 4,
    absorbing: int = 20,
    every: int = 0,
) -> Waves:
    """Waves along a line.

    Args:
        velocity: of every node, m/s.
        spacing: between nodes, m.
        dt: time step, s; at most `largest_dt`.
        wavelet: f at times 0, dt, 2 dt, ...; its length is the length of the traces.
        source: number of the node of the source.
        receivers: numbers of the nodes of the receivers, (receiver,).
        start: u at time 0, at rest; 0 by default.
        order: in space: 2, 4, 6 or 8.
        absorbing: nodes in the layer outside each end; 0 leaves a wall where u = 0.
        every: steps between two fields; 0 keeps none.

    Raises:
        ConfigError: dt too large, an unknown order, or velocity or spacing not positive.
    """
    place = jnp.reshape(jnp.asarray(source), (1,))
    return _waves(
        velocity, (spacing,), dt, wavelet, place, jnp.asarray(receivers)[:, None], start, order, absorbing, every
    )


def wave_2d(
    velocity: Float[Array, "y x"],
    spacing: tuple[float, float],
    dt: float,
    wavelet: Float[Array, " time"],
    source: ArrayLike,
    receivers: ArrayLike,
    *,
    start: Float[Array, "y x"] | None = None,
    order: int = 4,
    absorbing: int = 20,
    every: int = 0,
) -> Waves:
    """Waves in a plane, of one shot; several shots by `jax.vmap` over `source`.

    Args:
        velocity: of every node, m/s.
        spacing: between nodes along y and x, m.
        dt: time step, s; at most `largest_dt`.
        wavelet: f at times 0, dt, 2 dt, ...; its length is the length of the traces.
        source: numbers of row and column of the source, (2,).
        receivers: numbers of row and column of the receivers, (receiver, 2).
        start: u at time 0, at rest; 0 by default.
        order: in space: 2, 4, 6 or 8.
        absorbing: nodes in the layer outside each side; 0 leaves a wall where u = 0.
        every: steps between two fields; 0 keeps none.

    Raises:
        ConfigError: dt too large, an unknown order, or velocity or spacing not positive.
    """
    place = jnp.asarray(source)
    return _waves(velocity, spacing, dt, wavelet, place, jnp.asarray(receivers), start, order, absorbing, every)


class _Layer(NamedTuple):
    """Damping (1/s) along one axis at nodes and half way between them, shaped to multiply the field."""

    nodes: Array
    halves: Array


def _waves(
    velocity: Array,
    spacing: tuple[float, ...],
    dt: float,
    wavelet: Array,
    source: Array,
    receivers: Array,
    start: Array | None,
    order: int,
    absorbing: int,
    every: int,
) -> Waves:
    positive("velocity", velocity)
    spacing, dt = tuple(positive("spacing", side) for side in spacing), positive("dt", dt)
    velocity, wavelet = floating(velocity, wavelet)
    first = jnp.zeros_like(velocity) if start is None else jnp.asarray(start, velocity.dtype)
    stable = _stable(jnp.max(velocity), spacing, dt, order)
    waves = _propagated(velocity, spacing, dt, wavelet, source, receivers, first, order, absorbing, every)
    return jax.tree.map(lambda u: jnp.where(stable, u, jnp.nan), waves)


@functools.partial(jax.jit, static_argnames=("order", "absorbing", "every"))
def _propagated(
    velocity: Array,
    spacing: tuple[float, ...],
    dt: float,
    wavelet: Array,
    source: Array,
    receivers: Array,
    first: Array,
    order: int,
    absorbing: int,
    every: int,
) -> Waves:
    fastest = jnp.max(velocity)
    squared = jnp.pad(velocity, absorbing, mode="edge") ** 2
    layers = [_layer(axis, squared.shape, absorbing, spacing[axis], fastest) for axis in range(velocity.ndim)]
    step, begin = _stepper(squared, spacing, dt, order, layers)
    inside = tuple(slice(absorbing, absorbing + count) for count in velocity.shape)
    place, recorded = tuple(source + absorbing), tuple(jnp.moveaxis(receivers + absorbing, -1, 0))
    force = wavelet / math.prod(spacing)

    def advance(state: tuple, strength: Array) -> tuple[tuple, Array]:
        return step(state, place, strength), state[0][recorded]

    # Segments whose steps are recomputed in the backward pass: memory grows with the root of their number.
    length = every or max(int(np.sqrt(len(force))), 1)
    segments = -(-len(force) // length)
    force = jnp.pad(force, (0, segments * length - len(force))).reshape(segments, length)

    @jax.checkpoint
    def segment(state: tuple, force: Array) -> tuple[tuple, tuple[Array, Array | None]]:
        field = state[0][inside] if every else None
        state, traces = jax.lax.scan(advance, state, force)
        return state, (traces, field)

    _, (traces, fields) = jax.lax.scan(segment, begin(jnp.pad(first, absorbing)), force)
    traces = traces.reshape(segments * length, -1)[: len(wavelet)]
    return Waves(traces, fields)


def _stable(fastest: Array, spacing: tuple[float, ...], dt: float, order: int) -> Array | bool:
    """Checks the time step; a velocity being traced by JAX cannot be looked at, and makes results NaN instead.

    Raises:
        ConfigError: the step is too large.
    """
    farthest = _farthest(spacing, order) * (1 + 1e-6)
    if isinstance(fastest, Tracer):
        return fastest * dt <= farthest
    if float(fastest) * dt > farthest:
        most = largest_dt(fastest, spacing, order)
        what = f"dt = {dt:g} s is unstable: waves of {float(fastest):g} m/s allow at most {most:.6g} s."
        raise ConfigError(message(what, where="dt", fix=f"dt = {0.99 * most:.3g}"))
    return True


def _layer(axis: int, shape: tuple[int, ...], width: int, spacing: float, fastest: Array) -> _Layer:
    most = 1.5 * fastest * math.log(1 / REFLECTED) / (max(width, 1) * spacing)
    side = tuple(-1 if number == axis else 1 for number in range(len(shape)))
    nodes, halves = (jnp.asarray(part, fastest.dtype).reshape(side) for part in damping(shape[axis], width))
    return _Layer(most * nodes, most * halves)


def _stepper(squared: Array, spacing: tuple[float, ...], dt: float, order: int, layers: list[_Layer]) -> tuple:
    """(step, begin): one leapfrog step of (u, u before, slopes, memories), and the state at rest."""
    axes = range(squared.ndim)
    total = sum((layer.nodes for layer in layers[1:]), layers[0].nodes)
    product = layers[0].nodes * layers[1].nodes if len(layers) == 2 else 0.0
    across = [sum(other.nodes for number, other in enumerate(layers) if number != axis) for axis in axes]

    def slopes_of(u: Array) -> list[Array]:
        return [to_halves(u, spacing[axis], axis, order) for axis in axes]

    def spread(flows: list[Array]) -> Array:
        parts = [to_nodes(flow, spacing[axis], axis, order) for axis, flow in zip(axes, flows, strict=True)]
        return sum(parts[1:], parts[0])

    def step(state: tuple, place: tuple, strength: Array) -> tuple:
        u, before, slopes, memories = state
        pushed = spread([slope + memory for slope, memory in zip(slopes, memories, strict=True)])
        pushed = squared * pushed.at[place].add(strength)
        after = 2 * u - (1 - total * dt / 2) * before + dt**2 * (pushed - product * u)
        after = after / (1 + total * dt / 2)
        new = slopes_of(after)
        kept = [
            ((1 - layer.halves * dt / 2) * memory + dt * (other - layer.halves) * (old + fresh) / 2)
            / (1 + layer.halves * dt / 2)
            for layer, other, memory, old, fresh in zip(layers, across, memories, slopes, new, strict=True)
        ]
        return after, u, new, kept

    def begin(u: Array) -> tuple:
        slopes = slopes_of(u)
        return u, u + dt**2 / 2 * squared * spread(slopes), slopes, [jnp.zeros_like(slope) for slope in slopes]

    return step, begin
