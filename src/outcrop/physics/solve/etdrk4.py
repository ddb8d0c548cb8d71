r"""Periodic equations u_t = L u + N(u) in time: exponential time differencing of fourth order in Fourier space.

The stiff linear part L (diffusion, dispersion) is integrated exactly, the rest by a Runge-Kutta method; the step is
limited by accuracy and by the speed of N alone.

Source: Cox, S. M., Matthews, P. C. (2002), doi:10.1006/jcph.2002.6995, equations 26 to 29; coefficients by means over a
circle: Kassam, A.-K., Trefethen, L. N. (2005), Fourth-order time-stepping for stiff PDEs, SIAM J. Sci. Comput. 26(4),
doi:10.1137/S1064827502410633.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from outcrop.errors import ConfigError, message

CIRCLE = 32
"""Points of the circle around every h L over which the coefficients are averaged."""


class Coefficients(NamedTuple):
    """The functions of h L that a step needs; E = exp(h L), half = exp(h L / 2)."""

    full: Array
    half: Array
    q: Array
    f1: Array
    f2: Array
    f3: Array


def coefficients(linear: Array, dt: float) -> Coefficients:
    """Coefficients of one step, by Kassam and Trefethen's means, which lose no digits where h L is small.

    Args:
        linear: L, one complex number per wave number.
        dt: time step h.
    """
    angle = 2j * np.pi * (np.arange(CIRCLE) + 0.5) / CIRCLE
    z = (dt * linear)[..., None] + jnp.asarray(np.exp(angle), linear.dtype)
    e = jnp.exp(z)

    def mean(values: Array) -> Array:
        return dt * jnp.mean(values, axis=-1)

    return Coefficients(
        full=jnp.exp(dt * linear),
        half=jnp.exp(dt * linear / 2),
        q=mean((jnp.exp(z / 2) - 1) / z),
        f1=mean((-4 - z + e * (4 - 3 * z + z**2)) / z**3),
        f2=mean((2 + z + e * (z - 2)) / z**3),
        f3=mean((-4 - 3 * z - z**2 + e * (4 - z)) / z**3),
    )


def integrate(
    linear: Complex[Array, " wave"],
    nonlinear: Callable[[Array], Array],
    u: Float[Array, " x"],
    dt: float,
    steps: int,
    every: int = 1,
) -> Float[Array, "time x"]:
    """u after 0, `every`, 2 `every`, ... steps.

    Args:
        linear: L for the wave numbers of `numpy.fft.rfft`, in inverse time units.
        nonlinear: spectrum of u -> spectrum of N(u).
        u: at the beginning, on a periodic grid.
        dt: time step.
        steps: how many in all, a multiple of `every`.
        every: steps between two results.
    """
    c = coefficients(linear, dt)

    def step(v: Array, _: None) -> tuple[Array, None]:
        n = nonlinear(v)
        a = c.half * v + c.q * n
        n_a = nonlinear(a)
        b = c.half * v + c.q * n_a
        n_b = nonlinear(b)
        n_c = nonlinear(c.half * a + c.q * (2 * n_b - n))
        return c.full * v + c.f1 * n + 2 * c.f2 * (n_a + n_b) + c.f3 * n_c, None

    def some(v: Array, _: None) -> tuple[Array, Array]:
        v, _ = jax.lax.scan(step, v, length=every)
        return v, jnp.fft.irfft(v, n=len(u))

    _, found = jax.lax.scan(some, jnp.fft.rfft(u), length=steps // every)
    return jnp.concatenate([u[None], found])


def whole(steps: int, every: int) -> None:
    """Checks that results fall on steps.

    Raises:
        ConfigError: `steps` is no multiple of `every`.
    """
    if every < 1 or steps < 0 or steps % every:
        what = f"{steps} steps are no multiple of every = {every}."
        raise ConfigError(message(what, fix=f"steps = {max(every, 1) * max(round(steps / max(every, 1)), 1)}"))


def wave_numbers(count: int, length: float) -> np.ndarray:
    """2 pi n / length for the terms of `numpy.fft.rfft`, in inverse length units, shape (wave,)."""
    return 2 * np.pi / length * np.arange(count // 2 + 1)


def kept(count: int) -> np.ndarray:
    """1 for wave numbers that a product of two factors leaves without aliases, 0 above, shape (wave,).

    Source: Orszag, S. A. (1971), doi:10.1175/1520-0469(1971)028<1074:OTEOAI>2.0.CO;2, the 2/3 rule.

    >>> kept(12).tolist()
    [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    """
    return (np.arange(count // 2 + 1) < count / 3).astype(float)
