"""Samplers of diffusion against closed forms: Gaussian data, and a mixture of two Gaussians."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.process.noise import karras_levels
from outcrop.sample.diffusion import ancestral, euler, heun, start, stochastic

SPREAD = 0.5
WEIGHTS, MEANS, WIDTH = (0.3, 0.7), (-1.0, 0.6), 0.2


def gaussian(x, sigma):
    return SPREAD**2 / (SPREAD**2 + sigma**2) * x


def mixture(x, sigma):
    """The exact denoiser of a mixture of two Gaussians, number by number."""
    variance = WIDTH**2 + sigma**2
    log = jnp.stack([jnp.log(w) - (x - m) ** 2 / (2 * variance) for w, m in zip(WEIGHTS, MEANS, strict=True)])
    share = jax.nn.softmax(log, axis=0)
    guesses = jnp.stack([m + WIDTH**2 / variance * (x - m) for m in MEANS])
    return jnp.sum(share * guesses, axis=0)


@pytest.mark.parametrize(("sampler", "order"), [(euler, 1), (heun, 2)])
def test_order_of_convergence(sampler, order):
    """x(sigma) = x(sigma0) sqrt((s^2 + sigma^2) / (s^2 + sigma0^2)) solves the equation for Gaussian data."""
    high, low = 2.0, 0.1
    exact = np.sqrt((SPREAD**2 + low**2) / (SPREAD**2 + high**2))
    errors = []
    with jax.enable_x64(True):
        for steps in (16, 32, 64):
            levels = np.linspace(high, low, steps + 1)
            errors.append(abs(float(sampler(gaussian, jnp.asarray(1.0), levels)) - exact))
    rates = np.log2(np.array(errors[:-1]) / errors[1:])
    np.testing.assert_allclose(rates, order, atol=0.25)


@pytest.mark.parametrize("name", ["euler", "heun", "stochastic", "ancestral"])
def test_samples_of_a_mixture_have_its_modes(name):
    count, levels = 4000, karras_levels(60, 0.005, 40.0)

    def one(key):
        first, second = jax.random.split(key)
        x = start(first, (), levels)
        further = {"key": second} if name in ("stochastic", "ancestral") else {}
        sampler = {"euler": euler, "heun": heun, "stochastic": stochastic, "ancestral": ancestral}[name]
        return sampler(mixture, x, levels, **further)

    drawn = np.asarray(jax.jit(jax.vmap(one))(jax.random.split(jax.random.key(0), count)))
    left = drawn < -0.3
    assert left.mean() == pytest.approx(WEIGHTS[0], abs=0.03)
    for own, mean in ((drawn[left], MEANS[0]), (drawn[~left], MEANS[1])):
        assert own.mean() == pytest.approx(mean, abs=0.02)
        assert own.std() == pytest.approx(WIDTH, rel=0.12)


def test_deterministic_samplers_are_limits_of_the_random_ones():
    levels, x, key = karras_levels(12, 0.01, 10.0), jnp.asarray([3.0, -2.0]), jax.random.key(0)
    np.testing.assert_allclose(ancestral(mixture, x, levels, key=key, eta=0.0), euler(mixture, x, levels), rtol=1e-4)
    np.testing.assert_allclose(stochastic(mixture, x, levels, key=key, churn=0.0), heun(mixture, x, levels), rtol=1e-4)
