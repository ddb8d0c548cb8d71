"""Pairs of functions that an operator links, solved to rounding: the integral (linear) and Burgers' equation (not).

An operator is what a solver does: a whole function goes in and a function comes out. Both simulations draw a random
input function on the unit interval and give it with its solution, at the places i / samples, so that more samples of
the same seed keep every old place.

Source: the antiderivative after Lu et al. (2021), arXiv:1910.03193, section 4.1; Burgers' equation and its initial
values after Li et al. (2021), arXiv:2010.08895, section 5.1, solved by the transform of Cole, J. D. (1951), On a
quasi-linear parabolic equation occurring in aerodynamics, Quarterly of Applied Mathematics 9, 225-236, and Hopf (1950).
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field
from scipy.fft import irfft, rfft
from scipy.integrate import cumulative_simpson

from outcrop.errors import ConfigError, message
from outcrop.simulate.gaussian import gaussian_field
from outcrop.simulate.grid import Positive, checked, labelled

FINEST = 2048
"""Samples that functions are made and solved on; those that are given back are every so many of them."""
Samples = Annotated[int, Field(ge=8, le=FINEST)]


@checked
def antiderivative(rng: np.random.Generator, *, samples: Samples = 64, correlation_range: Positive = 0.3) -> xr.Dataset:
    r"""A Gaussian `forcing` f and its integral, the `solution` u: du/dx = f, u(0) = 0.

    Args:
        rng: random numbers.
        samples: of the interval 0 to 1, a power of 2.
        correlation_range: distance at which the correlation of f has fallen to 0.05.

    Raises:
        ConfigError: samples that are no power of 2.
    """
    step = _step(samples)
    forcing = gaussian_field(rng, (FINEST,), (1 / FINEST,), (correlation_range,))
    solution = cumulative_simpson(forcing, dx=1 / FINEST, initial=0.0)
    return _curves(forcing[::step], solution[::step])


@checked
def burgers(
    rng: np.random.Generator,
    *,
    samples: Samples = 64,
    viscosity: Annotated[float, Field(ge=2e-3)] = 0.01,
    time: Positive = 1.0,
) -> xr.Dataset:
    r"""An initial velocity, the `forcing`, and the velocity at `time`, the `solution`, of Burgers' equation.

    u_t + u u_x = viscosity u_xx on a periodic interval 0 to 1. Initial values have mean 0 and the covariance
    625 (-d2/dx2 + 25)^-2, standard deviation about 0.6. With u = -2 viscosity phi_x / phi the function phi diffuses,
    which is solved exactly in its Fourier coefficients.

    Args:
        rng: random numbers.
        samples: of the interval, a power of 2.
        viscosity: fronts are about 4 viscosity / (their jump) wide.
        time: at which the solution is given.

    Raises:
        ConfigError: samples that are no power of 2.
    """
    step = _step(samples)
    wave = 2 * np.pi * np.arange(FINEST // 2 + 1)
    spread = np.where(wave > 0, 25.0 / (wave**2 + 25.0), 0.0)
    phase = rng.standard_normal((2, len(wave)))
    start = spread * (phase[0] + 1j * phase[1]) * FINEST / np.sqrt(2)
    initial = irfft(start)
    potential = irfft(np.divide(start, 1j * wave, out=np.zeros_like(start), where=wave > 0))
    lifted = rfft(np.exp(-(potential - potential.min()) / (2 * viscosity))) * np.exp(-viscosity * wave**2 * time)
    velocity = -2 * viscosity * irfft(1j * wave * lifted) / irfft(lifted)
    return _curves(initial[::step], velocity[::step])


def _step(samples: int) -> int:
    if FINEST % samples:
        low = 2 ** int(np.log2(samples))
        what = f"samples = {samples} is no power of 2, so that finer grids would not keep its places."
        raise ConfigError(message(what, fix=f"samples = {low}"))
    return FINEST // samples


def _curves(forcing: np.ndarray, solution: np.ndarray) -> xr.Dataset:
    variables = {
        "forcing": (("x",), forcing, "1", "input function"),
        "solution": (("x",), solution, "1", "output function"),
    }
    return labelled(variables, {"x": ("x", np.arange(len(forcing)) / len(forcing))})
