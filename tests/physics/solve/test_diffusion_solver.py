"""Diffusion in time against eigenmodes, an error function and the steady state."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import erf

from orders import check_gradient, order, relative
from outcrop.errors import ConfigError
from outcrop.physics.solve.diffusion import diffusion_1d, diffusion_2d
from outcrop.physics.solve.steady import steady_2d
from outcrop.physics.solve.volumes import Dirichlet, Neumann


def middles(count):
    return (np.arange(count) + 0.5) / count


def mode_1d(count, steps):
    at = middles(count)
    found = diffusion_1d(np.sin(np.pi * at), 0.3, 1 / count, 0.5 / steps, steps)
    return found[-1], np.exp(-0.3 * np.pi**2 * 0.5) * np.sin(np.pi * at)


def mode_2d(count, steps):
    y, x = np.meshgrid(2 * middles(count), middles(2 * count), indexing="ij")
    shape, rate = np.cos(np.pi * y / 2) * np.sin(np.pi * x), 0.3 * np.pi**2 * 1.25
    closed = (Neumann(), Neumann())
    found = diffusion_2d(shape, 0.6, (2 / count, 0.5 / count), 0.5 / steps, steps, y=closed, capacity=2.0)
    return found[-1], np.exp(-rate * 0.5) * shape


@pytest.mark.parametrize("mode", [mode_1d, mode_2d])
def test_second_order_in_space_and_time(mode):
    errors = [relative(*mode(n, n)) for n in (12, 24, 48)]
    assert errors[-1] < 3e-3 and order(errors) == pytest.approx(2, abs=0.15)


def test_a_step_spreads_as_an_error_function():
    """Rough beginnings leave no oscillation, though the time step is 50 times what an explicit method could take."""
    at = middles(400) - 0.5
    found = diffusion_1d(np.sign(at), 1.0, 1 / 400, 2e-4, 10, (Dirichlet(-1.0), Dirichlet(1.0)))
    np.testing.assert_allclose(found[-1], erf(at / np.sqrt(4 * 2e-3)), atol=3e-3)
    assert np.all(np.diff(found[1:], axis=1) > -1e-12)


def test_closed_box_keeps_its_content_and_open_one_reaches_the_steady_state():
    rng = np.random.default_rng(0)
    u, kappa, capacity = rng.random((7, 5)), np.exp(rng.standard_normal((7, 5))), 1 + rng.random((7, 5))
    closed = (Neumann(), Neumann())
    found = diffusion_2d(u, kappa, (0.1, 0.2), 0.05, 9, closed, closed, capacity=capacity)
    np.testing.assert_allclose((found * capacity).sum((1, 2)), (u * capacity).sum(), rtol=1e-10)
    faces = (Dirichlet(1.0), Neumann(0.3))
    late = diffusion_2d(u, kappa, (0.1, 0.2), 1.0, 300, faces, closed, source=0.5, capacity=capacity)
    np.testing.assert_allclose(late[-1], steady_2d(kappa, 0.5, (0.1, 0.2), faces, closed), rtol=1e-5)


def test_gradient_and_dtype():
    rng = np.random.default_rng(1)
    u, log_kappa, weight = rng.random(9), rng.standard_normal(9), rng.random((6, 9))
    check_gradient(
        lambda u, k: jnp.sum(weight * diffusion_1d(u, jnp.exp(k), 0.1, 0.01, 5)), jnp.asarray(u), jnp.asarray(log_kappa)
    )
    check_gradient(
        lambda u, k: jnp.sum(
            weight[:, 0, None, None] * diffusion_2d(u.reshape(3, 3), jnp.exp(k).reshape(3, 3), (0.3, 0.4), 0.01, 5)
        ),
        jnp.asarray(u), jnp.asarray(log_kappa),
    )  # fmt: skip
    batch = jax.jit(jax.vmap(lambda u: diffusion_1d(u, 1.0, 0.1, 0.01, 3)))(np.stack([u, 2 * u]).astype(np.float32))
    assert batch.dtype == jnp.float32
    np.testing.assert_allclose(batch[1], 2 * batch[0], rtol=1e-6)


def test_few_steps_and_impossible_ones():
    assert diffusion_1d(np.ones(4), 1.0, 0.25, 0.1, 0).shape == (1, 4)
    assert diffusion_1d(np.ones(4), 1.0, 0.25, 0.1, 1).shape == (2, 4)
    with pytest.raises(ConfigError, match=r"dt = 1\.0"):
        diffusion_1d(np.ones(4), 1.0, 0.25, -0.1, 1)
