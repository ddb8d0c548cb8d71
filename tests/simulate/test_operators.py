"""Pairs of functions against their equations: differences of the integral, other solvers of the other two."""

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


def test_diffusion_and_reaction_are_solved_as_a_solver_in_time_solves_them():
    source, solution = pair("diffusion_reaction", samples=256, rate=2.0, diffusion=5e-3, time=0.7)
    wave = 2 * np.pi * np.arange(129)

    def slope(_, u):
        return np.fft.irfft(-5e-3 * wave**2 * np.fft.rfft(u)) + 2.0 * (u - u**3) + source

    found = solve_ivp(slope, (0, 0.7), np.zeros(256), method="LSODA", rtol=1e-8, atol=1e-10, t_eval=[0.7]).y[:, 0]
    np.testing.assert_allclose(solution, found, atol=2e-4)  # the source has waves that 256 samples do not hold


def test_steps_are_one_simulation_in_pairs():
    long, short = (simulate("burgers", seed=4, steps=n, time=0.5 / n, samples=32)[0].data for n in (5, 1))
    assert long["forcing"].dims == ("step", "x") and long["forcing"].shape == (5, 32)
    np.testing.assert_array_equal(long["forcing"][1:], long["solution"][:-1])
    np.testing.assert_array_equal(long["forcing"][0], short["forcing"])
    np.testing.assert_allclose(long["solution"][-1], short["solution"], atol=1e-6)


def test_a_range_of_viscosities_draws_one_for_each_simulation():
    pairs = simulate("burgers", count=20, seed=4, viscosity=(0.01, 0.1), samples=16)
    drawn = np.array([p.data["viscosity"].to_numpy() for p in pairs])
    assert np.ptp(drawn, axis=1).max() == 0 and 0.01 <= drawn.min() < 0.02 and 0.05 < drawn.max() <= 0.1
    nu = float(drawn[3, 0])
    again = simulate("burgers", count=4, seed=4, viscosity=nu, samples=16)[3].data
    np.testing.assert_allclose(again["solution"], pairs[3].data["solution"], atol=1e-5)
    np.testing.assert_array_equal(again["forcing"], pairs[3].data["forcing"])


@pytest.mark.parametrize("name", ["antiderivative", "diffusion_reaction", "burgers"])
def test_a_finer_grid_keeps_every_place(name):
    coarse, fine = (np.stack([*pair(name, samples=n)]) for n in (32, 128))
    np.testing.assert_array_equal(fine[:, ::4], coarse)


def test_samples_that_finer_grids_would_not_keep_are_refused():
    with pytest.raises(ConfigError, match="Fix: samples = 64"):
        simulate("antiderivative", samples=100)
