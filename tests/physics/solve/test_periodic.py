"""Solitons and fronts that move unchanged, conserved quantities, order in time."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from orders import check_gradient, order, relative
from outcrop.errors import ConfigError
from outcrop.physics.solve.periodic import allen_cahn, kdv, soliton


def moved_soliton(steps, **of):
    """A soliton after a third of the way round a ring of 40 m."""
    x = 40 * np.arange(128) / 128 - 20
    found = kdv(soliton(x, 0.0, 1.5, **of), 40 / 128, 4.0 / steps, steps, every=steps, **of)
    return relative(found[-1], soliton(x, 4.0, 1.5, **of))


def test_a_soliton_moves_unchanged_to_fourth_order():
    errors = [moved_soliton(steps) for steps in (100, 200)]
    assert errors[-1] < 1e-3 and order(errors) == pytest.approx(4, abs=0.3)
    assert moved_soliton(800, nonlinearity=1.0, dispersion=2.0) < 2e-5


def test_two_solitons_pass_through_each_other():
    """The fast one overtakes; mass and energy stay, and both heights are those of the beginning."""
    x = 60 * np.arange(256) / 256 - 30
    start = soliton(x + 15, 0.0, 3.0) + soliton(x, 0.0, 1.0)
    found = np.asarray(kdv(start, 60 / 256, 0.004, 3500, every=700))
    np.testing.assert_allclose(found.sum(axis=1), start.sum(), rtol=1e-9)
    np.testing.assert_allclose((found**2).sum(axis=1), (start**2).sum(), rtol=1e-5)
    last = found[-1]
    peaks = np.sort(last[(last > np.roll(last, 1)) & (last > np.roll(last, -1)) & (last > 0.1)])
    np.testing.assert_allclose(peaks, [0.5, 1.5], rtol=0.03)


def front(steps):
    """Two mirrored fronts between the phases 0 and 1, at speed 3 sqrt(rate diffusion / 2)."""
    diffusion, rate, end = 0.02, 2.0, 2.0
    x = 16 * np.arange(512) / 512 - 8
    width, speed = 2 * np.sqrt(2 * diffusion / rate), 3 * np.sqrt(rate * diffusion / 2)

    def at(t):
        return 0.5 - 0.5 * np.tanh((np.abs(x) - 3 - speed * t) / width)

    found = allen_cahn(at(0), 16 / 512, end / steps, steps, diffusion=diffusion, rate=rate, every=steps)
    return relative(found[-1], at(end))


def test_a_front_moves_unchanged_to_fourth_order():
    errors = [front(steps) for steps in (16, 32)]
    assert errors[-1] < 1e-5 and order(errors) == pytest.approx(4, abs=0.4)
    assert front(100) < 1e-6


def test_a_border_between_equal_phases_stays():
    x = 2 * np.arange(1024) / 1024 - 1
    still = np.tanh((0.5 - np.abs(x)) * np.sqrt(5.0 / 2e-4))
    found = allen_cahn(still, 2 / 1024, 0.05, 20, every=20)
    np.testing.assert_allclose(found[-1], still, atol=1e-6)


def test_gradient_and_dtype():
    x = 40 * np.arange(32) / 32 - 20
    weight = np.random.default_rng(0).random(32)
    check_gradient(
        lambda u, a, d: jnp.sum(weight * kdv(u, 1.25, 0.05, 6, nonlinearity=a, dispersion=d, every=6)[-1]),
        jnp.asarray(soliton(x, 0, 0.5)), jnp.asarray(6.0), jnp.asarray(1.0),
    )  # fmt: skip
    check_gradient(
        lambda u, d, r: jnp.sum(weight * allen_cahn(u, 0.1, 0.05, 6, diffusion=d, rate=r, every=6)[-1]),
        jnp.asarray(np.sin(x)), jnp.asarray(0.01), jnp.asarray(2.0),
    )  # fmt: skip
    single = jax.jit(jax.vmap(lambda u: kdv(u, 0.3125, 0.01, 100, every=100)[-1]))
    start = soliton(40 * np.arange(128) / 128 - 20, 0.0, 1.5)[None].astype(np.float32)
    found = single(start)
    assert found.dtype == jnp.float32
    assert relative(found[0], soliton(40 * np.arange(128) / 128 - 20, 1.0, 1.5)) < 1e-4


def test_impossible_arguments():
    with pytest.raises(ConfigError, match="steps = 10"):
        kdv(np.zeros(8), 1.0, 0.1, 9, every=5)
    with pytest.raises(ConfigError, match=r"dt = 1\.0"):
        allen_cahn(np.zeros(8), 1.0, 0.0, 9)
