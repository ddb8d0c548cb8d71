"""Conditions that are built in hold for any network, to rounding."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from posed import HEAT, problem

from outcrop.physics.derivative import derivative

POINTS = np.random.default_rng(1).uniform(0, 1, (40, 3))


@pytest.fixture(autouse=True)
def _float64():
    with jax.enable_x64(True):
        yield


def wild(point):
    """A network that is nowhere near a solution."""
    return jnp.array([3.0 + jnp.sin(5 * point.sum()), jnp.cos(point[0])])


def field(own, name="u"):
    raw = lambda point: wild(point)[: len(own.outputs)]  # noqa: E731
    values = own.fields(raw, own.start())
    return lambda point: values(point)[own.names.index(name)]


def on(own, **fixed):
    low, high = np.array(list(own.domain.bounds.values())).T
    points = low + POINTS[:, : len(low)] * (high - low)
    for name, value in fixed.items():
        points[:, own.coordinates.index(name)] = value
    return jnp.asarray(points)


@pytest.mark.parametrize(
    ("fixed", "expected"),
    [
        ({"t": 0.0}, lambda p: jnp.sin(jnp.pi * p[:, 0]) + p[:, 0]),
        ({"x": 0.0}, lambda p: 0 * p[:, 0]),
    ],
)
def test_values_on_faces(fixed, expected):
    own = problem(HEAT.replace("2 + t", "2"))
    points = on(own, **fixed)
    assert np.allclose(jax.vmap(field(own))(points), expected(points), atol=1e-12)


def test_values_that_change_along_a_face():
    own = problem(HEAT)
    points = on(own, x=2.0)
    assert np.allclose(jax.vmap(field(own))(points), 2 + points[:, 1], atol=1e-12)


def test_between_the_faces_the_network_has_its_say():
    own = problem(HEAT)
    inside = jax.vmap(field(own))(on(own, x=1.0, t=0.5))
    lift = jax.vmap(own.ansatzes["u"].lift)(on(own, x=1.0, t=0.5))
    assert (np.abs(inside - lift) > 0.1).all()


def test_the_first_slope_in_time_of_a_wave():
    own = problem(
        'equation = "wave"\ndomain = {x = [0, 1], t = [0, 2]}\nparameter.speed = 1\n'
        'condition.start = {at = "t low", u = "x * (1 - x)", slope = {u = "sin(pi * x)"}}\n'
        'condition.edge = {at = "boundary", u = 0}'
    )
    points = on(own, t=0.0)
    slope = jax.vmap(lambda p: derivative(lambda q: field(own)(q)[None], p, (1,))[0])(points)
    assert np.allclose(slope, jnp.sin(jnp.pi * points[:, 0]), atol=1e-12)
    assert np.allclose(jax.vmap(field(own))(on(own, x=1.0)), 0, atol=1e-12)


def test_four_faces_of_a_plane():
    own = problem(
        'equation = "poisson"\ndomain = {x = [0, 1], z = [0, 3]}\n'
        'condition.a = {at = ["x low", "x high"], u = "x + z"}\ncondition.b = {at = ["z low", "z high"], u = "x + z"}'
    )
    for fixed in ({"x": 0.0}, {"x": 1.0}, {"z": 0.0}, {"z": 3.0}):
        points = on(own, **fixed)
        assert np.allclose(jax.vmap(field(own))(points), points.sum(axis=1), atol=1e-12)


def test_a_travel_time_is_zero_at_its_source_and_positive_elsewhere():
    own = problem(
        'equation = "eikonal"\ndomain = {x = [0, 100], z = [0, 50]}\nparameter.velocity = 2000\n'
        "condition.shot = {at = {x = 20, z = 10}, T = 0}"
    )
    travel = field(own, "T")
    assert abs(float(travel(jnp.array([20.0, 10.0])))) < 1e-12
    assert (jax.vmap(travel)(on(own)) > 0).all()
    assert np.isfinite(jax.grad(travel)(jnp.array([20.0, 10.0]))).all()


def test_soft_conditions_leave_the_network_free():
    own = problem(HEAT.replace("hard = true", "hard = false"))
    points = on(own, t=0.0)
    assert (np.abs(jax.vmap(field(own))(points) - jnp.sin(jnp.pi * points[:, 0]) - points[:, 0]) > 0.1).any()


def test_an_unknown_is_as_large_as_what_is_given_of_it():
    own = problem(HEAT)
    assert own.scale("u") == pytest.approx(3, rel=0.2)
    assert problem(HEAT + "scale = {u = 50}").scale("u") == 50
