r"""Burgers' equation u_t + u u_x = nu u_xx in one dimension: steepening against diffusion.

Between walls, where u = 0, the solution is half of an odd periodic one: reflected, it stays smooth across the walls,
and Fourier series converge as fast as for a periodic problem. The grid must resolve the shock, whose width is about
4 nu / jump.

Source: Basdevant, C., et al. (1986), Spectral and finite difference solutions of the Burgers equation, Computers and
Fluids 14(1), doi:10.1016/0045-7930(86)90036-8.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Float

from outcrop.errors import ConfigError, DataError, message
from outcrop.physics.arguments import floating, positive
from outcrop.physics.solve.etdrk4 import integrate, kept, wave_numbers, whole

QUADRATURE = 4001
"""Points of the trapezoidal rule of `burgers_exact`; its integrands are analytic and die away, so it converges fast."""


def burgers(
    u: Float[Array, " x"],
    nu: ArrayLike,
    spacing: float,
    dt: float,
    steps: int,
    *,
    every: int = 1,
    periodic: bool = False,
) -> Float[Array, "time x"]:
    """u (m/s) after 0, `every`, 2 `every`, ... steps; fourth order in time, spectral in space.

    Args:
        u: at the beginning, m/s; on the nodes from wall to wall, the walls included, where it must be 0; or, periodic,
            on the nodes of one period without its end.
        nu: viscosity, m2/s, positive.
        spacing: between nodes, m.
        dt: time step, s; about `spacing` over the largest velocity.
        steps: how many in all, a multiple of `every`.
        every: steps between two results.
        periodic: instead of walls.

    Raises:
        ConfigError: nu, spacing or dt is not positive, or `steps` no multiple of `every`.
        DataError: u is not 0 at the walls.
    """
    positive("nu", nu)
    spacing, dt = positive("spacing", spacing), positive("dt", dt)
    whole(steps, every)
    u, nu = floating(u, nu)
    if periodic:
        return _periodic(u, nu, spacing, dt, steps, every)
    if not isinstance(u, Tracer):
        _zero_at_walls(np.asarray(u))
    inner, edge = u[1:-1], jnp.zeros_like(u[:1])
    reflected = jnp.concatenate([edge, inner, edge, -inner[::-1]])
    return _periodic(reflected, nu, spacing, dt, steps, every)[:, : len(u)].at[:, -1].set(0.0)


def _zero_at_walls(u: np.ndarray) -> None:
    if max(abs(u[0]), abs(u[-1])) > 1e-5 * np.abs(u).max():
        what = f"Between walls u is 0 at both ends; it is {u[0]:g} and {u[-1]:g}."
        raise DataError(message(what, where="u", fix="periodic = True, or u - the straight line between its ends"))


@functools.partial(jax.jit, static_argnames=("steps", "every"))
def _periodic(u: Array, nu: Array, spacing: float, dt: float, steps: int, every: int) -> Float[Array, "time x"]:
    count = len(u)
    k = jnp.asarray(wave_numbers(count, count * spacing), u.dtype)
    gradient = -0.5j * k * jnp.asarray(kept(count), u.dtype)

    def nonlinear(v: Array) -> Array:
        return gradient * jnp.fft.rfft(jnp.fft.irfft(v, n=count) ** 2)

    return integrate((-nu * k**2).astype(gradient.dtype), nonlinear, u, dt, steps, every)


def burgers_exact(x: np.ndarray, t: np.ndarray, nu: float) -> np.ndarray:
    r"""The solution for u(x, 0) = -sin(pi x), u(-1, t) = u(1, t) = 0, by the transformation of Cole and Hopf.

    u = -int sin(pi y) w dy / int w dy,   w = exp(-cos(pi y) / (2 pi nu) - (x - y)^2 / (4 nu t)),   y = x - eta

    Args:
        x: places, in [-1, 1].
        t: times, not negative.
        nu: viscosity, positive.

    Returns:
        Shape (time, x), float64.

    Raises:
        ConfigError: nu is not positive, or a time is negative.

    Source: Cole, J. D. (1951), doi:10.1090/qam/42889; Basdevant et al. (1986), equation 2.5.

    >>> burgers_exact(np.array([0.25]), np.array([0.0]), 0.1).round(4).tolist()
    [[-0.7071]]
    """
    positive("nu", nu)
    x, t = np.asarray(x, float), np.asarray(t, float)
    if (t < 0).any():
        raise ConfigError(message(f"There is no solution at t = {t.min():g}.", fix="t = np.linspace(0, 1, 101)"))
    found = np.empty((len(t), len(x)))
    for row, time in enumerate(t):
        if time == 0:
            found[row] = -np.sin(np.pi * x)
            continue
        reach = np.sqrt(4 * nu * time * (40 + 1 / (np.pi * nu)))  # beyond it the weight is below 1e-17 of the largest
        eta = np.linspace(-reach, reach, QUADRATURE)
        y = x[:, None] - eta
        log_weight = -np.cos(np.pi * y) / (2 * np.pi * nu) - eta**2 / (4 * nu * time)
        weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
        found[row] = -(np.sin(np.pi * y) * weight).sum(axis=1) / weight.sum(axis=1)
    return found
