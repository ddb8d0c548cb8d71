"""First arrivals against closed forms, symmetries and head waves; gradients against finite differences and rays."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from orders import check_gradient, order, relative
from outcrop.errors import ConfigError, DataError
from outcrop.physics.forward.eikonal import first_arrivals, travel_times


def nodes(shape, spacing):
    return np.meshgrid(spacing[0] * np.arange(shape[0]), spacing[1] * np.arange(shape[1]), indexing="ij")


@pytest.mark.parametrize("source", [(40.0, 30.0), (0.0, 0.0), (43.7, 21.1), (95.0, 60.0)])
def test_constant_velocity_is_exact(source):
    z, x = nodes((31, 20), (2.0, 5.0))
    found = first_arrivals(np.full((31, 20), 5e-4), (2.0, 5.0), np.array(source))
    np.testing.assert_allclose(found, 5e-4 * np.hypot(x - source[0], z - source[1]), atol=1e-15)


def gradient_of_velocity(count, source):
    spacing = (100.0 / (count - 1), 150.0 / (count - 1))
    z, x = nodes((count, count), spacing)
    velocity, own = 1000 + 20 * z, 1000 + 20 * source[1]
    squared = (x - source[0]) ** 2 + (z - source[1]) ** 2
    wanted = np.arccosh(1 + 20**2 * squared / (2 * own * velocity)) / 20
    return relative(first_arrivals(1 / velocity, spacing, np.array(source)), wanted)


@pytest.mark.parametrize("source", [(30.0, 10.0), (31.0, 17.0)])
def test_velocity_that_grows_with_depth(source):
    """Rays are circles: T = arccosh(1 + k^2 r^2 / (2 v v0)) / k (Slotnick, 1959)."""
    errors = [gradient_of_velocity(count, source) for count in (26, 51, 101)]
    assert errors[-1] < 4e-3 and order(errors) > 0.8


def test_a_head_wave_overtakes_the_direct_one():
    spacing, depth, slow, fast = (1.0, 1.0), 10.0, 1 / 1000.0, 1 / 3000.0
    z, _ = nodes((31, 161), spacing)
    found = first_arrivals(np.where(z > depth, fast, slow), spacing, np.array([0.0, 0.0]))[0]
    x = np.arange(161.0)
    head = x * fast + 2 * (depth + 0.5) * np.sqrt(slow**2 - fast**2)
    wanted = np.minimum(x * slow, head)
    np.testing.assert_allclose(found, wanted, rtol=0.03, atol=1e-4)
    assert found[160] < 0.55 * slow * 160


def test_source_and_receiver_can_be_exchanged():
    rng = np.random.default_rng(0)
    smooth = np.cumsum(np.cumsum(rng.standard_normal((41, 51)), axis=0), axis=1)
    slowness = 1 / (2000 + 500 * np.sin(smooth / np.abs(smooth).max() * 6))
    places = np.array([[4.0, 6.0], [45.0, 33.0], [20.0, 38.0]])
    times = np.asarray(travel_times(slowness, (1.0, 1.0), places, places))
    off = ~np.eye(3, dtype=bool)
    np.testing.assert_allclose(times[off], times.T[off], rtol=0.01)


def test_the_derivative_is_the_path_of_the_ray():
    """dT / ds sums to the length of the ray: straight in a constant velocity; T is homogeneous in slowness."""
    slowness = jnp.full((21, 31), 1 / 1500.0)
    source, receiver = np.array([[2.0, 3.0]]), np.array([[27.0, 15.0]])
    time, back = jax.jit(jax.value_and_grad(lambda s: travel_times(s, (1.0, 1.0), source, receiver)[0, 0]))(slowness)
    assert float(jnp.vdot(back, slowness)) == pytest.approx(float(time), rel=1e-6)
    assert float(back.sum()) == pytest.approx(np.hypot(25, 12), rel=1e-3)
    z, x = nodes((21, 31), (1.0, 1.0))
    away = np.abs((x - 2) * 12 - (z - 3) * 25) / np.hypot(25, 12)
    assert np.abs(np.asarray(back))[away > 6].sum() < 0.05 * float(back.sum())


def test_gradient_against_differences():
    rng = np.random.default_rng(1)
    z, x = nodes((12, 15), (1.0, 1.5))
    slowness = jnp.asarray(1 + 0.3 * np.sin(x / 4) * np.cos(z / 3) + 0.02 * rng.random((12, 15)))
    sources, receivers = np.array([[3.2, 4.1], [20.0, 0.0]]), np.array([[18.0, 9.0], [0.5, 10.5], [10.0, 1.0]])
    weight = rng.random((2, 3))
    check_gradient(
        lambda s: jnp.sum(weight * travel_times(s, (1.0, 1.5), sources, receivers)), slowness, rtol=1e-5, step=1e-7
    )
    forward, backward = (
        jax.jit(jacobian(lambda s: travel_times(s, (1.0, 1.5), sources, receivers)))(slowness)
        for jacobian in (jax.jacfwd, jax.jacrev)
    )
    np.testing.assert_allclose(forward, backward, atol=1e-10)


def test_float32_and_compiled():
    z, _ = nodes((41, 41), (5.0, 5.0))
    slowness = 1 / (1500 + 5 * z)
    wanted = first_arrivals(slowness, (5.0, 5.0), np.array([12.0, 30.0]))
    single = jax.jit(lambda s, p: first_arrivals(s, (5.0, 5.0), p))
    found = single(slowness.astype(np.float32), np.array([12.0, 30.0], np.float32))
    assert found.dtype == jnp.float32
    np.testing.assert_allclose(found, wanted, rtol=1e-4)


def test_impossible_arguments():
    with pytest.raises(DataError, match=r"receivers_m = \(2\.5, 2\)"):
        travel_times(np.ones((5, 6)), (1.0, 1.0), np.zeros((1, 2)), np.array([[6.0, 0.0]]))
    with pytest.raises(DataError, match="source_m = "):
        first_arrivals(np.ones((5, 6)), (1.0, 1.0), np.array([-1.0, 0.0]))
    with pytest.raises(ConfigError, match="slowness = 1"):
        first_arrivals(np.zeros((5, 6)), (1.0, 1.0), np.array([1.0, 0.0]))
