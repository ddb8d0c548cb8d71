"""Flow samplers against the closed form for Gaussian data: samples, density, order of convergence."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.process.path import denoiser_of, velocity_of
from outcrop.sample.flow import flow, log_density

MEAN, SPREAD = np.array([1.0, -0.5]), np.array([0.4, 1.5])


def velocity(x, t):
    """The exact one for data ~ N(MEAN, SPREAD^2): E[data - noise | x_t]."""
    variance = (1 - t) ** 2 + (t * SPREAD) ** 2
    return MEAN + (t * SPREAD**2 - (1 - t)) / variance * (x - t * MEAN)


@pytest.mark.parametrize("solver", ["midpoint", "heun", "tsit5", "dopri5"])
def test_noise_becomes_data(solver):
    noise = jax.random.normal(jax.random.key(0), (3, 2))
    steps = None if solver in ("tsit5", "dopri5") else 200
    done = jax.vmap(lambda x: flow(velocity, x, solver=solver, steps=steps))(noise)
    np.testing.assert_allclose(done.x, MEAN + SPREAD * noise, atol=5e-4)
    back = jax.vmap(lambda x: flow(velocity, x, solver=solver, steps=steps, backwards=True).x)(done.x)
    np.testing.assert_allclose(back, noise, atol=2e-3)


@pytest.mark.parametrize(("solver", "order"), [("euler", 1), ("midpoint", 2), ("heun", 2)])
def test_order_of_convergence(solver, order):
    noise = np.array([0.7, -1.2], np.float32)
    ends = [np.asarray(flow(velocity, jnp.asarray(noise), solver=solver, steps=n).x) for n in (8, 16, 32)]
    errors = np.array([np.abs(end - (MEAN + SPREAD * noise)).max() for end in ends])
    assert (np.log2(errors[:-1] / errors[1:]) > order - 0.25).all()  # the midpoint rule gains one here by symmetry


def test_the_density_of_gaussian_data():
    x = MEAN + SPREAD * jnp.asarray([0.3, -2.0])
    exact = -0.5 * (0.3**2 + 2.0**2) - float(jnp.log(SPREAD).sum()) - np.log(2 * np.pi)
    assert float(log_density(velocity, x)) == pytest.approx(exact, abs=2e-3)
    estimates = jax.vmap(lambda key: log_density(velocity, x, key=key))(jax.random.split(jax.random.key(0), 8))
    np.testing.assert_allclose(estimates, exact, atol=2e-3)  # the Jacobian is diagonal: one direction is exact


def test_a_denoiser_of_the_velocity_samples_alike():
    again = velocity_of(denoiser_of(velocity))
    x = jnp.asarray([0.2, 0.9])
    for t in (0.1, 0.5, 0.9):
        np.testing.assert_allclose(again(x, jnp.asarray(t)), velocity(x, t), rtol=1e-3, atol=1e-4)


def test_evaluations_are_counted():
    assert int(flow(velocity, jnp.zeros(2), solver="midpoint", steps=10).evaluations) == 20
    with pytest.raises(ConfigError, match="steps = 64"):
        flow(velocity, jnp.zeros(2), solver="euler", steps=None)
    with pytest.raises(ConfigError, match="at least one step"):
        flow(velocity, jnp.zeros(2), steps=0)
    with pytest.raises(ConfigError, match="did you mean 'dopri5'"):
        flow(velocity, jnp.zeros(2), solver="dopri")
