r"""Two periodic equations in one dimension: Korteweg and de Vries (solitons), Allen and Cahn (phases that part).

    u_t + nonlinearity u u_x + dispersion u_xxx = 0,          u_t = diffusion u_xx + rate (u - u^3) + source

Spectral in space, fourth order in time (`etdrk4.py`). Nodes are those of one period without its end.

Source: Kassam, A.-K., Trefethen, L. N. (2005), doi:10.1137/S1064827502410633; Zabusky, N. J., Kruskal, M. D. (1965),
doi:10.1103/PhysRevLett.15.240; Allen, S. M., Cahn, J. W. (1979), doi:10.1016/0001-6160(79)90196-2.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from outcrop.physics.arguments import floating, positive
from outcrop.physics.solve.etdrk4 import integrate, kept, wave_numbers, whole


def kdv(
    u: Float[Array, " x"],
    spacing: float,
    dt: float,
    steps: int,
    *,
    nonlinearity: ArrayLike = 6.0,
    dispersion: ArrayLike = 1.0,
    every: int = 1,
) -> Float[Array, "time x"]:
    """The equation of Korteweg and de Vries: u after 0, `every`, 2 `every`, ... steps.

    Args:
        u: at the beginning, m/s where the other numbers are in SI units.
        spacing: between nodes, m.
        dt: time step, s; well below `spacing` over the largest nonlinearity * u.
        steps: how many in all, a multiple of `every`.
        nonlinearity: dimensionless.
        dispersion: m3/s.
        every: steps between two results.

    Raises:
        ConfigError: spacing or dt is not positive, or `steps` no multiple of `every`.
    """
    spacing, dt = positive("spacing", spacing), positive("dt", dt)
    whole(steps, every)
    u, nonlinearity, dispersion = floating(u, nonlinearity, dispersion)
    return _kdv(u, spacing, dt, nonlinearity, dispersion, steps, every)


@functools.partial(jax.jit, static_argnames=("steps", "every"))
def _kdv(u: Array, spacing: float, dt: float, nonlinearity: Array, dispersion: Array, steps: int, every: int) -> Array:
    count = len(u)
    k = jnp.asarray(wave_numbers(count, count), u.dtype) / spacing
    gradient = -0.5j * nonlinearity * k * jnp.asarray(kept(count), u.dtype)

    def nonlinear(v: Array) -> Array:
        return gradient * jnp.fft.rfft(jnp.fft.irfft(v, n=count) ** 2)

    return integrate(1j * dispersion * k**3, nonlinear, u, dt, steps, every)


def soliton(x: np.ndarray, t: float, speed: float, *, nonlinearity: float = 6.0, dispersion: float = 1.0) -> np.ndarray:
    """The wave of one hump that moves unchanged, at x = 0 for t = 0, shape of x.

    Args:
        x: places, m.
        t: time, s.
        speed: m/s, positive.
        nonlinearity, dispersion: of the equation.

    >>> float(soliton(np.array(4.0), 2.0, 2.0))  # the height of the hump is 3 speed / nonlinearity
    1.0
    """
    half = 0.5 * np.sqrt(speed / dispersion)
    return 3 * speed / nonlinearity / np.cosh(half * (np.asarray(x) - speed * t)) ** 2


def allen_cahn(
    u: Float[Array, " x"],
    spacing: float,
    dt: float,
    steps: int,
    *,
    diffusion: ArrayLike = 1e-4,
    rate: ArrayLike = 5.0,
    source: ArrayLike = 0.0,
    every: int = 1,
) -> Float[Array, "time x"]:
    """The equation of Allen and Cahn: u after 0, `every`, 2 `every`, ... steps.

    Args:
        u: at the beginning, dimensionless; -1 and 1 are the phases.
        spacing: between nodes, m; the border between phases is about 2 sqrt(2 diffusion / rate) wide.
        dt: time step, s; well below 1 / rate.
        steps: how many in all, a multiple of `every`.
        diffusion: m2/s.
        rate: 1/s.
        source: 1/s, added to du/dt: one number, or one per node.
        every: steps between two results.

    Raises:
        ConfigError: spacing or dt is not positive, or `steps` no multiple of `every`.
    """
    spacing, dt = positive("spacing", spacing), positive("dt", dt)
    whole(steps, every)
    u, diffusion, rate, source = floating(u, diffusion, rate, source)
    return _allen_cahn(u, spacing, dt, diffusion, rate, source, steps, every)


@functools.partial(jax.jit, static_argnames=("steps", "every"))
def _allen_cahn(
    u: Array, spacing: float, dt: float, diffusion: Array, rate: Array, source: Array, steps: int, every: int
) -> Array:
    count = len(u)
    k = jnp.asarray(wave_numbers(count, count), u.dtype) / spacing

    added = jnp.fft.rfft(jnp.broadcast_to(source, u.shape))

    def nonlinear(v: Array) -> Array:
        return added - rate * jnp.fft.rfft(jnp.fft.irfft(v, n=count) ** 3)

    return integrate(rate - diffusion * k**2 + 0j, nonlinear, u, dt, steps, every)
