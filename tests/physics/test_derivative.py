"""Derivatives of fields at a point against closed forms."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest

from outcrop.physics.derivative import At, derivative


@pytest.fixture(autouse=True)
def _float64():
    with jax.enable_x64(True):
        yield


def fields(point):
    x, z, t = point
    return jnp.stack([jnp.sin(2 * x) * z**2 * jnp.exp(-t), x * z])


def at(point):
    return At(fields, jnp.array(point), fields=("u", "k"), coordinates=("x", "z", "t"))


def test_values_and_first_derivatives():
    here, (x, z, t) = at([0.3, 0.7, 0.2]), (0.3, 0.7, 0.2)
    u = jnp.sin(2 * x) * z**2 * jnp.exp(-t)
    assert here.d("u") == pytest.approx(float(u), rel=1e-12)
    assert here.d("u", "t") == pytest.approx(float(-u), rel=1e-12)
    assert here.d("k", "z") == pytest.approx(float(x), rel=1e-12)


def test_mixed_derivatives_do_not_depend_on_the_order_of_mention():
    here = at([0.3, 0.7, 0.2])
    expected = -2 * jnp.cos(0.6) * 2 * 0.7 * jnp.exp(-0.2)
    assert here.d("u", "x", "z", "t") == pytest.approx(float(expected), rel=1e-12)
    assert here.d("u", "t", "z", "x") == here.d("u", "x", "z", "t")


def test_the_laplacian_leaves_time_out():
    here = at([0.3, 0.7, 0.2])
    expected = (-4 * 0.7**2 + 2) * jnp.sin(0.6) * jnp.exp(-0.2)
    assert here.laplacian("u") == pytest.approx(float(expected), rel=1e-12)
    assert here.space == ("x", "z")


@pytest.mark.parametrize("order", [3, 4, 5])
def test_high_orders_by_taylor_arithmetic(order):
    found = derivative(lambda p: jnp.tanh(p[:1] * p[1]), jnp.array([0.4, 1.3]), (0,) * order)
    function = lambda x: jnp.tanh(x * 1.3)  # noqa: E731
    for _ in range(order):
        function = jax.grad(function)
    assert found[0] == pytest.approx(float(function(0.4)), rel=1e-9)
