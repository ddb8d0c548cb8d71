"""Pairs of functions that an operator links, solved to rounding: integral, diffusion and reaction, Burgers' equation.

An operator is what a solver does: a whole function goes in and a function comes out. All simulations draw a random
input function on the unit interval and give it with its solution, at the places i / samples, so that more samples of
the same seed keep every old place. The integral is linear, the other two are not.

Source: the antiderivative after Lu et al. (2021), arXiv:1910.03193, section 4.1; Burgers' equation and its initial
values after Li et al. (2021), arXiv:2010.08895, section 5.1, solved by the transform of Cole, J. D. (1951), On a
quasi-linear parabolic equation occurring in aerodynamics, Quarterly of Applied Mathematics 9, 225-236, and Hopf (1950);
diffusion and reaction from a source after Lu et al. (2021), section 4.3, with the reaction of Allen and Cahn (1979).
"""

from __future__ import annotations

from typing import Annotated

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from pydantic import Field
from scipy.fft import irfft, rfft
from scipy.integrate import cumulative_simpson

from outcrop.errors import ConfigError, message
from outcrop.physics.solve.periodic import allen_cahn
from outcrop.simulate.gaussian import gaussian_field
from outcrop.simulate.grid import Positive, checked, labelled

FINEST = 2048
"""Samples that functions are made and solved on; those that are given back are every so many of them."""
REACTING = 512
"""Samples on which diffusion and reaction are solved, in steps of `REACTION_DT`: interfaces are about 0.03 wide."""
REACTION_DT = 0.01
Samples = Annotated[int, Field(ge=8, le=FINEST)]
Viscosity = Annotated[float, Field(ge=2e-3)]


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
def diffusion_reaction(
    rng: np.random.Generator,
    *,
    samples: Annotated[int, Field(ge=8, le=REACTING)] = 64,
    diffusion: Annotated[float, Field(ge=5e-4)] = 2e-3,
    rate: Positive = 3.0,
    time: Positive = 1.0,
) -> xr.Dataset:
    r"""A source f(x), the `forcing`, and what it has made of u = 0 at `time`, the `solution`.

    u_t = diffusion u_xx + rate (u - u^3) + f on a periodic interval 0 to 1: where the source is positive u grows
    towards 1, elsewhere towards -1, and diffusion keeps the borders smooth. Sources have the covariance of the initial
    values of `burgers`.

    Args:
        rng: random numbers.
        samples: of the interval, a power of 2.
        diffusion: borders are about sqrt(2 diffusion / rate) wide.
        rate: of the reaction; with it the operator becomes nonlinear.
        time: at which the solution is given.

    Raises:
        ConfigError: samples that are no power of 2.
    """
    step = _step(samples, REACTING)
    source = np.asarray(irfft(_rough(rng), n=FINEST))[:: FINEST // REACTING]
    count = max(round(time / REACTION_DT), 1)
    with jax.enable_x64(True):
        found = allen_cahn(
            jnp.zeros(REACTING), 1 / REACTING, time / count, count,
            diffusion=diffusion, rate=rate, source=source, every=count,
        )  # fmt: skip
        solution = np.asarray(found[-1])
    return _curves(source[::step], solution[::step])


@checked
def burgers(
    rng: np.random.Generator,
    *,
    samples: Samples = 64,
    viscosity: Viscosity | tuple[Viscosity, Viscosity] = 0.01,
    time: Positive = 1.0,
    steps: Annotated[int, Field(ge=1)] = 1,
) -> xr.Dataset:
    r"""An initial velocity, the `forcing`, and the velocity at `time`, the `solution`, of Burgers' equation.

    u_t + u u_x = viscosity u_xx on a periodic interval 0 to 1. Initial values have mean 0 and the covariance
    625 (-d2/dx2 + 25)^-2, standard deviation about 0.6. With u = -2 viscosity phi_x / phi the function phi diffuses,
    which is solved exactly in its Fourier coefficients.

    Args:
        rng: random numbers.
        samples: of the interval, a power of 2.
        viscosity: fronts are about 4 viscosity / (their jump) wide; two numbers draw it between them, evenly in the
            logarithm, and give it as a variable, one number for each simulation.
        time: at which the solution is given.
        steps: more than 1 gives the simulation as so many pairs along a dimension `step`, `time` apart: the `solution`
            of a pair is the `forcing` of the next one.

    Raises:
        ConfigError: samples that are no power of 2.
    """
    step = _step(samples)
    wave = 2 * np.pi * np.arange(FINEST // 2 + 1)
    start = _rough(rng)
    nu = viscosity if isinstance(viscosity, float) else float(np.exp(rng.uniform(*np.log(viscosity))))
    potential = irfft(np.divide(start, 1j * wave, out=np.zeros_like(start), where=wave > 0))
    lifted = rfft(np.exp(-(potential - potential.min()) / (2 * nu)))

    def velocity(at: float) -> np.ndarray:
        phi = lifted * np.exp(-nu * wave**2 * at)
        return -2 * nu * irfft(1j * wave * phi) / irfft(phi)

    states = np.stack([irfft(start), *(velocity(time * (1 + k)) for k in range(steps))])[:, ::step]
    pairs = _curves(states[0], states[1]) if steps == 1 else _curves(states[:-1], states[1:])
    if isinstance(viscosity, float):
        return pairs
    number = np.full(pairs["forcing"].shape, nu, np.float32)
    return pairs.assign(viscosity=(pairs["forcing"].dims, number, {"units": "1", "long_name": "viscosity"}))


def _rough(rng: np.random.Generator) -> np.ndarray:
    """Fourier coefficients, as of `rfft` on the finest grid, of a random function of mean 0 (Li et al. 2021)."""
    wave = 2 * np.pi * np.arange(FINEST // 2 + 1)
    phase = rng.standard_normal((2, len(wave)))
    return np.where(wave > 0, 25.0 / (wave**2 + 25.0), 0.0) * (phase[0] + 1j * phase[1]) * FINEST / np.sqrt(2)


def _step(samples: int, finest: int = FINEST) -> int:
    if finest % samples:
        low = 2 ** int(np.log2(samples))
        what = f"samples = {samples} is no power of 2, so that finer grids would not keep its places."
        raise ConfigError(message(what, fix=f"samples = {low}"))
    return finest // samples


def _curves(forcing: np.ndarray, solution: np.ndarray) -> xr.Dataset:
    dims = ("step", "x")[-forcing.ndim :]
    variables = {
        "forcing": (dims, forcing, "1", "input function"),
        "solution": (dims, solution, "1", "output function"),
    }
    axes = {"step": np.arange(forcing.shape[0]), "x": np.arange(forcing.shape[-1]) / forcing.shape[-1]}
    return labelled(variables, {dim: (dim, axes[dim]) for dim in dims})
