"""Burgers' equation against the exact solution, a travelling wave and published reference values."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from orders import check_gradient, order, relative
from outcrop.errors import ConfigError, DataError
from outcrop.physics.solve.burgers import burgers, burgers_exact

NU = 0.01 / np.pi


def between_walls(count, steps, nu, end, every):
    x = np.linspace(-1, 1, count + 1)
    return x, burgers(-np.sin(np.pi * x), nu, 2 / count, end / steps, steps, every=every)


def test_the_sharp_shock_of_the_reference(data_dir):
    """The data of Raissi et al. (2019): nu = 0.01 / pi, 256 places, 100 times."""
    from scipy.io import loadmat

    given = loadmat(data_dir / "pde/burgers_shock.mat")
    x, t, wanted = given["x"].ravel(), given["t"].ravel(), given["usol"].T
    nodes, found = between_walls(2048, 990, NU, 0.99, 10)
    at_places = np.stack([np.interp(x, nodes, row) for row in found])
    assert relative(at_places, wanted) < 1e-3
    assert relative(burgers_exact(x, t[::11], NU), wanted[::11]) < 1e-3


def test_the_sharp_shock_is_exact():
    nodes, found = between_walls(2048, 500, NU, 1.0, 100)
    assert relative(found, burgers_exact(nodes, np.linspace(0, 1, 6), NU)) < 1e-6


def test_fourth_order_in_time():
    errors = []
    for steps in (20, 40, 80):
        nodes, found = between_walls(128, steps, 0.05, 1.0, steps)
        errors.append(relative(found[-1], burgers_exact(nodes, np.ones(1), 0.05)[0]))
    assert errors[-1] < 1e-6 and order(errors) == pytest.approx(4, abs=0.3)


def test_spectral_in_space():
    errors = []
    for count in (32, 64, 128):
        nodes, found = between_walls(count, 400, 0.05, 1.0, 400)
        errors.append(relative(found[-1], burgers_exact(nodes, np.ones(1), 0.05)[0]))
    assert errors[1] < errors[0] / 50 and errors[2] < 1e-8


def test_peak_of_the_slope():
    """Basdevant et al. (1986), table 5: the steepest slope at x = 0 is 152.00516, at t = 1.6037 / pi."""
    times = 1.6037 / np.pi
    close = np.array([-1e-5, 1e-5])
    slope = np.diff(burgers_exact(close, np.array([times]), NU))[0, 0] / 2e-5
    assert -slope == pytest.approx(152.00516, rel=1e-4)


def test_periodic_keeps_its_mean_and_moves_with_it():
    """u + c solves the equation in a frame that moves with c (Galilean invariance)."""
    x = np.arange(128) / 128
    u = np.sin(2 * np.pi * x)
    still = burgers(u, 0.02, 1 / 128, 0.005, 100, periodic=True)
    moving = burgers(u + 0.5, 0.02, 1 / 128, 0.005, 100, periodic=True)
    np.testing.assert_allclose(moving.mean(axis=1), 0.5, rtol=1e-12)
    np.testing.assert_allclose(moving[-1], 0.5 + np.roll(still[-1], 32), atol=1e-6)


def test_gradient_and_dtype():
    x = np.linspace(-1, 1, 33)
    weight = np.random.default_rng(0).random((3, 33))

    def score(u, nu):
        return jnp.sum(weight * burgers(u * (1 - x**2), nu, 1 / 16, 0.02, 20, every=10))

    check_gradient(score, jnp.asarray(-np.sin(np.pi * x)), jnp.asarray(0.1))
    single = jax.jit(jax.vmap(lambda nu: burgers(-np.sin(np.pi * x).astype(np.float32), nu, 1 / 16, 0.02, 50)[-1]))
    found = single(np.array([0.1, 0.2], np.float32))
    assert found.dtype == jnp.float32
    for row, nu in zip(found, (0.1, 0.2), strict=True):
        assert relative(row, burgers_exact(x, np.ones(1), nu)[0]) < 1e-4


def test_impossible_arguments():
    with pytest.raises(DataError, match="periodic = True"):
        burgers(np.cos(np.linspace(0, 1, 9)), 0.1, 0.1, 0.01, 1)
    with pytest.raises(ConfigError, match=r"nu = 1\.0"):
        burgers(np.zeros(9), 0.0, 0.1, 0.01, 1)
    with pytest.raises(ConfigError, match="steps = 8"):
        burgers(np.zeros(9), 0.1, 0.1, 0.01, 9, every=4)
    with pytest.raises(ConfigError, match="linspace"):
        burgers_exact(np.zeros(1), np.array([-1.0]), 0.1)
