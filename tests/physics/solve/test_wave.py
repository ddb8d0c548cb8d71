"""Waves against d'Alembert's solution and Green's functions; energy, reciprocity, reflection of the layers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad

from orders import check_adjoint, check_gradient, order, relative
from outcrop.errors import ConfigError
from outcrop.physics.solve.staggered import STENCILS, to_halves, to_nodes
from outcrop.physics.solve.wave import largest_dt, wave_1d, wave_2d


@pytest.mark.parametrize("accuracy", STENCILS)
def test_derivatives_have_their_order_and_transpose(accuracy):
    errors = []
    for count in (20, 40):
        x = np.arange(count) * 2 * np.pi / count
        bump = np.exp(-2 * (x - np.pi) ** 2)
        middle = x[:-1] + np.pi / count
        wanted = -4 * (middle - np.pi) * np.exp(-2 * (middle - np.pi) ** 2)
        errors.append(relative(to_halves(jnp.asarray(bump), x[1], 0, accuracy)[1:-1], wanted))
    assert order(errors) == pytest.approx(accuracy, abs=0.12 * accuracy)
    rng = np.random.default_rng(0)
    u, v = rng.random((5, 7)), rng.random((5, 8))
    left = np.vdot(to_halves(jnp.asarray(u), 0.3, 1, accuracy), v)
    assert left == pytest.approx(-np.vdot(u, to_nodes(jnp.asarray(v), 0.3, 1, accuracy)), rel=1e-12)


def dalembert(count, accuracy, courant):
    """A pulse that splits in two, each half its height; observed while both are in the model."""
    x = np.linspace(-1, 1, count + 1)
    spacing, speed, end = 2 / count, 2.0, 0.2
    steps = int(np.ceil(end / (courant * spacing / speed)))

    def pulse(at):
        return np.exp(-200 * at**2)

    found = wave_1d(
        np.full(count + 1, speed), spacing, end / steps, np.zeros(steps + 1), 0, np.arange(count + 1),
        start=pulse(x), order=accuracy,
    )  # fmt: skip
    return relative(found.traces[-1], (pulse(x - speed * end) + pulse(x + speed * end)) / 2)


def test_second_order_in_time():
    errors = [dalembert(count, 8, 0.5) for count in (200, 400)]
    assert errors[-1] < 2e-3 and order(errors) == pytest.approx(2, abs=0.15)


def test_fourth_order_in_space():
    errors = [dalembert(count, 4, 0.5 * 0.2 / count * 100) for count in (100, 200)]  # dt falls as spacing squared
    assert errors[-1] < 1e-3 and order(errors) == pytest.approx(4, abs=0.3)


def test_a_source_on_a_line():
    """u = c / 2 int_0^(t - r / c) f: for f = g', u = c / 2 g(t - r / c)."""
    dt, speed = 0.0005, 1500.0
    t = dt * np.arange(600)

    def g(t):
        return np.exp(-((t - 0.06) ** 2) / 0.012**2)

    force = -2 * (t - 0.06) / 0.012**2 * g(t)
    found = wave_1d(np.full(201, speed), 2.0, dt, force, 100, np.array([120, 150]), order=8).traces
    wanted = speed / 2 * np.stack([g(t - 40 / speed), g(t - 100 / speed)], axis=1)
    assert relative(found, wanted) < 5e-3


def test_a_source_in_a_plane():
    """u = int f(t - tau) / (2 pi sqrt(tau^2 - r^2 / c^2)) dtau from tau = r / c, with tau = r / c cosh(s)."""
    dt, speed, distance = 0.001, 2000.0, 300.0
    t = dt * np.arange(350)

    def force(t):
        return (1 - 2 * (np.pi * 15 * (t - 0.1)) ** 2) * np.exp(-((np.pi * 15 * (t - 0.1)) ** 2))

    found = wave_2d(
        np.full((61, 101), speed), (10.0, 10.0), dt, force(t), (30, 30), np.array([[30, 60]]), order=8
    ).traces[:, 0]
    wanted = np.zeros(350)
    for row, now in enumerate(t):
        if now > distance / speed:
            last = np.arccosh(now * speed / distance)
            wanted[row] = quad(lambda s, now=now: force(now - distance / speed * np.cosh(s)), 0, last, limit=200)[0]
    assert relative(found, wanted / (2 * np.pi)) < 0.01


def test_layers_reflect_less_than_a_thousandth():
    """Compared with a model so large that nothing comes back."""
    dt, force = 0.001, np.zeros(500)
    t = dt * np.arange(100) - 0.05
    force[:100] = (1 - 2 * (np.pi * 25 * t) ** 2) * np.exp(-((np.pi * 25 * t) ** 2))
    receivers = np.array([[20, 35], [5, 5], [38, 2]])
    small = wave_2d(np.full((41, 41), 2000.0), (10.0, 10.0), dt, force, (20, 10), receivers).traces
    large = wave_2d(np.full((161, 161), 2000.0), (10.0, 10.0), dt, force, (80, 70), receivers + 60).traces
    walls = wave_2d(np.full((41, 41), 2000.0), (10.0, 10.0), dt, force, (20, 10), receivers, absorbing=0).traces
    largest = np.abs(large).max(axis=0)
    assert (np.abs(small - large).max(axis=0) < 1e-3 * largest).all()
    assert (np.abs(walls - large).max(axis=0) > 0.1 * largest).all()


def test_energy_between_walls_is_kept():
    rng = np.random.default_rng(1)
    velocity = 1000 + 500 * rng.random((21, 16))
    start = np.zeros((21, 16))
    start[8:12, 5:9] = 1.0
    dt = 0.9 * largest_dt(velocity, (10.0, 12.0))
    fields = wave_2d(
        velocity, (10.0, 12.0), dt, np.zeros(400), (0, 0), np.array([[0, 0]]), start=start, absorbing=0, every=1
    ).fields
    speed = np.diff(fields, axis=0) / dt
    energy = np.sum(speed**2 / velocity**2, axis=(1, 2))
    for axis, side in ((0, 10.0), (1, 12.0)):
        slope = jax.vmap(lambda u, axis=axis, side=side: to_halves(u, side, axis, 4))(fields)
        energy += np.sum(slope[1:] * slope[:-1], axis=(1, 2))
    np.testing.assert_allclose(energy, energy[0], rtol=1e-9)


def test_reciprocity_of_source_and_receiver():
    rng = np.random.default_rng(2)
    velocity = 1500 + 1000 * rng.random((24, 30))
    t = 0.001 * np.arange(300) - 0.06
    force = np.exp(-((t / 0.015) ** 2))
    shots = jnp.array([[4, 5], [20, 24]])
    both = jax.vmap(lambda source: wave_2d(velocity, (8.0, 8.0), 0.001, force, source, shots).traces)(shots)
    assert relative(both[0, :, 1], np.asarray(both[1, :, 0])) < 1e-10


def test_gradient_adjoint_and_dtype():
    rng = np.random.default_rng(3)
    velocity, force, weight = 1500 + 300 * rng.random((8, 9)), rng.random(40), rng.random((40, 2))
    receivers = np.array([[1, 1], [6, 7]])

    def traces(velocity, force):
        return wave_2d(velocity, (10.0, 10.0), 0.002, force, (4, 4), receivers, absorbing=4).traces

    check_adjoint(lambda f: traces(velocity, f), jnp.asarray(force), jnp.asarray(weight))
    check_gradient(lambda v, f: jnp.sum(weight * traces(1000 * v, f)), jnp.asarray(velocity / 1000), jnp.asarray(force))
    check_gradient(
        lambda v: jnp.sum(weight * wave_1d(1000 * v, 10.0, 0.003, force, 4, receivers[:, 1], absorbing=4).traces),
        jnp.asarray(velocity[0] / 1000),
    )
    assert traces(velocity.astype(np.float32), force.astype(np.float32)).dtype == jnp.float32


def test_fields_are_what_receivers_see():
    velocity, force = np.full((6, 7), 1000.0), np.ones(20)
    everywhere = np.stack(np.meshgrid(np.arange(6), np.arange(7), indexing="ij"), axis=-1).reshape(-1, 2)
    waves = wave_2d(velocity, (10.0, 10.0), 0.003, force, (2, 3), everywhere, every=5)
    assert waves.fields.shape == (4, 6, 7) and waves.traces.shape == (20, 42)
    np.testing.assert_allclose(waves.fields.reshape(4, -1), waves.traces[::5])


def test_a_step_that_is_too_large():
    velocity = np.full((6, 6), 2000.0)
    most = largest_dt(velocity, (10.0, 10.0))
    with pytest.raises(ConfigError, match=rf"at most {most:.6g} s(.|\n)*Fix: dt = {0.99 * most:.3g}"):
        wave_2d(velocity, (10.0, 10.0), 1.01 * most, np.ones(5), (3, 3), np.array([[1, 1]]))
    wave_2d(velocity, (10.0, 10.0), most, np.ones(5), (3, 3), np.array([[1, 1]]))
    traced = jax.jit(lambda v: wave_2d(v, (10.0, 10.0), 1.01 * most, np.ones(5), (3, 3), np.array([[1, 1]])).traces)
    assert np.isnan(traced(velocity)).all()
    with pytest.raises(ConfigError, match="order = one of 2, 4, 6, 8"):
        wave_1d(velocity[0], 10.0, 0.001, np.ones(5), 3, np.array([1]), order=3)


def test_the_largest_step_is_stable_and_a_larger_one_is_not():
    """Random noise excites the fastest mode; growth shows within 400 steps."""
    velocity = np.full(50, 1000.0)
    start = np.random.default_rng(4).standard_normal(50)
    most = largest_dt(velocity, (10.0,), 8)
    run = jax.jit(
        lambda dt_share: (
            wave_1d(
                velocity / dt_share, 10.0, most * 1, np.zeros(400), 0, np.arange(50), start=start, order=8, absorbing=0
            ).traces
        )
    )
    assert np.abs(run(1.0)).max() < 1e3 and np.isnan(run(0.97)).all()
