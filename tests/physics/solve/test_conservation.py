"""Advection, shallow water and diffusion with reaction against what is known of them exactly."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from orders import check_gradient, order, relative
from outcrop.errors import ConfigError
from outcrop.physics.solve.advection import advection_1d
from outcrop.physics.solve.reaction import diffusion_reaction_1d
from outcrop.physics.solve.shallow_water import dam_break, shallow_water
from outcrop.physics.solve.volumes import Dirichlet


def middles(count):
    return (np.arange(count) + 0.5) / count


def carried(count):
    """A smooth hump once around, as means over the cells; the error in the mean norm, extremes being clipped."""
    edges = np.linspace(0, 1, count + 1)
    whole = lambda at: at / 2 - np.sin(4 * np.pi * at) / (8 * np.pi)  # noqa: E731
    start = np.diff(whole(edges)) * count
    found = advection_1d(start, 1.0, 1 / count, 0.5 / count, 2 * count, every=2 * count)[-1]
    return float(np.mean(np.abs(np.asarray(found) - start)))


def test_second_order_away_from_extremes():
    errors = [carried(count) for count in (64, 128, 256)]
    assert errors[-1] < 3e-3 and order(errors) == pytest.approx(2, abs=0.4)


def test_steps_stay_between_their_values_and_keep_their_content():
    start = (np.abs(middles(100) - 0.3) < 0.1).astype(float)
    for speed in (1.0, -1.0):
        found = np.asarray(advection_1d(start, speed, 0.01, 0.005, 100))
        assert found.min() > -1e-12 and found.max() < 1 + 1e-12
        np.testing.assert_allclose(found.sum(axis=1), start.sum(), rtol=1e-12)
        assert np.abs(found[-1] - np.roll(start, int(50 * speed))).mean() < 0.04


def test_inflow_fills_the_axis_from_its_upwind_end():
    for speed, order_of_cells in ((1.0, 1), (-1.0, -1)):
        found = advection_1d(np.zeros(50), speed, 0.02, 0.01, 150, inflow=2.0)
        np.testing.assert_allclose(found[-1], 2.0, atol=1e-3)
        assert (np.diff(np.asarray(found[30])[::order_of_cells]) <= 1e-12).all()


def test_a_velocity_that_grows_thins_what_it_carries():
    """velocity = 1 + x: u = exp(-t) u0(x at the foot of the characteristic), (1 + x) exp(-t) - 1."""
    errors = []
    for count in (50, 100, 200):
        x, edges = middles(count), np.linspace(0, 1, count + 1)
        start = lambda at: np.where(at > 0, np.sin(np.pi * np.clip(at, 0, None)) ** 2, 0.0)  # noqa: E731
        found = advection_1d(start(x), 1 + edges, 1 / count, 0.2 / count, int(1.5 * count), inflow=0.0)[-1]
        wanted = np.exp(-0.3) * start((1 + x) * np.exp(-0.3) - 1)
        errors.append(float(np.mean(np.abs(np.asarray(found) - wanted))))
    assert errors[-1] < 1e-3 and order(errors) > 1.6


def dam(count, h_right):
    """Ten seconds after the dam broke, on 400 m."""
    x = 400 * (middles(count) - 0.5)
    steps = 4 * count // 5
    found = shallow_water(np.where(x < 0, 4.0, h_right), 0.0, 400 / count, 10 / steps, steps, every=steps)
    h, u = dam_break(x, 10.0, 4.0, h_right)
    return np.mean(np.abs(np.asarray(found.h[-1]) - h)), np.mean(np.abs(np.asarray(found.q[-1]) - h * u)), found


@pytest.mark.parametrize("h_right", [1.0, 0.0])
def test_dam_break_of_stoker_and_ritter(h_right):
    errors = [dam(count, h_right)[:2] for count in (200, 400)]
    assert errors[-1][0] < 0.012 and errors[-1][1] < 0.1
    assert errors[0][0] / errors[1][0] > 1.6  # first order, as for all shocks
    _, _, found = dam(200, h_right)
    assert np.asarray(found.h).min() > -1e-9
    np.testing.assert_allclose(np.asarray(found.h).sum(axis=1), np.asarray(found.h)[0].sum(), rtol=1e-9)


def test_exact_dam_break_obeys_the_jump_conditions():
    """Mass and momentum across the shock; depth and velocity without a jump at the ends of the fan."""
    x = np.linspace(-200, 200, 400_001)
    h, u = dam_break(x, 10.0, 4.0, 1.0)
    shock = int(np.argmax(np.abs(np.diff(h))))
    (h1, h2), (u1, u2) = h[[shock, shock + 1]], u[[shock, shock + 1]]
    speed = x[shock] / 10
    assert h1 * (u1 - speed) == pytest.approx(h2 * (u2 - speed), rel=1e-4)
    gravity = 9.80665
    assert h1 * u1 * (u1 - speed) + gravity / 2 * h1**2 == pytest.approx(
        h2 * u2 * (u2 - speed) + gravity / 2 * h2**2, rel=1e-4
    )
    rest = np.delete(np.abs(np.diff(h)), shock)
    assert rest.max() < 1e-3


def test_water_at_rest_over_a_bed_with_an_island_stays():
    x = middles(60)
    bed = 1.2 * np.exp(-(((x - 0.5) / 0.1) ** 2))
    start = np.maximum(1.0 - bed, 0.0)
    found = shallow_water(start, 0.0, 1 / 60, 0.002, 100, bed=bed, walls=True, every=100)
    np.testing.assert_allclose(found.h[-1], start, atol=1e-10)
    np.testing.assert_allclose(found.q[-1], 0.0, atol=1e-10)


def test_waves_between_walls_keep_their_water():
    x = middles(80)
    found = shallow_water(1 + 0.2 * (x < 0.3), 0.0, 1 / 80, 0.0015, 400, walls=True, every=40)
    np.testing.assert_allclose(np.asarray(found.h).sum(axis=1), 80 + 0.2 * 24, rtol=1e-10)


def fisher(count):
    """The front of Ablowitz and Zeppetella (1979), u = (1 + exp((x - 5 t / sqrt 6) / sqrt 6))^-2."""
    x = 60 * (middles(count) - 0.4)

    def at(t):
        return (1 + np.exp((x - 5 * t / np.sqrt(6)) / np.sqrt(6))) ** -2

    faces = (Dirichlet(1.0), Dirichlet(0.0))
    found = diffusion_reaction_1d(at(0), 1.0, grows, 60 / count, 320 / count / 8, count // 10, faces)
    return relative(found[-1], at(4.0))


def grows(u):
    return u * (1 - u)


def test_fisher_front_to_second_order():
    errors = [fisher(count) for count in (80, 160, 320)]
    assert errors[-1] < 1e-3 and order(errors) == pytest.approx(2, abs=0.2)


def test_gradients_and_dtypes():
    rng = np.random.default_rng(0)
    u, weight = 1 + rng.random(12), rng.random(12)
    check_gradient(
        lambda u, v: jnp.sum(weight * advection_1d(u, v, 0.1, 0.02, 5)[-1]), jnp.asarray(u), jnp.asarray(1.3), rtol=1e-5
    )
    check_gradient(
        lambda h, q: jnp.sum(weight * shallow_water(h, q, 0.1, 0.005, 5).q[-1]), jnp.asarray(u), jnp.asarray(weight),
        rtol=1e-5,
    )  # fmt: skip
    check_gradient(
        lambda u, k: jnp.sum(weight * diffusion_reaction_1d(u, k, grows, 0.1, 0.01, 4)[-1]), jnp.asarray(u),
        jnp.asarray(0.3),
    )  # fmt: skip
    single = u.astype(np.float32)
    assert advection_1d(single, 1.0, 0.1, 0.02, 5).dtype == jnp.float32
    assert shallow_water(single, 0.0, 0.1, 0.005, 5).h.dtype == jnp.float32
    assert diffusion_reaction_1d(single, 0.3, grows, 0.1, 0.01, 4).dtype == jnp.float32


def test_steps_that_are_too_large():
    with pytest.raises(ConfigError, match=r"at most 0\.05 s(.|\n)*dt = 0\.0495"):
        advection_1d(np.ones(5), -2.0, 0.1, 0.06, 1)
    with pytest.raises(ConfigError, match=r"dt = 0\.01"):
        shallow_water(np.ones(5), 0.0, 0.1, 0.1, 1)
    assert np.isnan(jax.jit(lambda u: shallow_water(u, 0.0, 0.1, 0.1, 1).h)(np.ones(5))).all()
    assert np.isnan(jax.jit(lambda v: advection_1d(np.ones(5), v, 0.1, 0.06, 1))(2.0)).all()
    with pytest.raises(ConfigError, match=r"h_left = 2\.0"):
        dam_break(np.zeros(3), 1.0, 1.0, 2.0)
