"""Pairs of functions against their equations: differences of the integral, another solver of Burgers' equation."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from outcrop.errors import ConfigError
from outcrop.simulate.table import simulate


def pair(name, **options):
    data = simulate(name, count=1, seed=4, **options)[0].data
    return (data[part].to_numpy().astype(float) for part in ("forcing", "solution"))


def test_the_slope_of_the_integral_is_the_forcing():
    forcing, solution = pair("antiderivative", samples=512)
    assert solution[0] == 0
    np.testing.assert_allclose((solution[2:] - solution[:-2]) * 256, forcing[1:-1], atol=1e-3)


def test_burgers_equation_is_solved_as_a_solver_in_time_solves_it():
    viscosity, samples = 0.03, 256
    initial, solution = pair("burgers", samples=samples, viscosity=viscosity, time=0.5)
    wave = 2 * np.pi * np.arange(samples // 2 + 1)

    def slope(_, u):
        flux = np.fft.rfft(u**2 / 2)
        flux[samples // 3 :] = 0
        return np.fft.irfft(-1j * wave * flux - viscosity * wave**2 * np.fft.rfft(u))

    found = solve_ivp(slope, (0, 0.5), initial, method="LSODA", rtol=1e-7, atol=1e-9, t_eval=[0.5]).y[:, 0]
    np.testing.assert_allclose(solution, found, atol=1e-4)
    assert abs(solution.mean()) < 1e-6 and solution.std() < initial.std()


@pytest.mark.parametrize("name", ["antiderivative", "burgers"])
def test_a_finer_grid_keeps_every_place(name):
    coarse, fine = (np.stack([*pair(name, samples=n)]) for n in (32, 128))
    np.testing.assert_array_equal(fine[:, ::4], coarse)


def test_samples_that_finer_grids_would_not_keep_are_refused():
    with pytest.raises(ConfigError, match="Fix: samples = 64"):
        simulate("antiderivative", samples=100)
