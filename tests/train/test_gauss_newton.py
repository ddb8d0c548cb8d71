"""Damped Gauss-Newton: linear problems in few steps, the valley of Rosenbrock, and no step that makes things worse."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from outcrop.train.gauss_newton import gauss_newton


def descend(residuals, start, steps):
    optimiser = gauss_newton()
    state, values = optimiser.init(start), []

    def value_of(x):
        return (residuals(x) ** 2).sum()

    for _ in range(steps):
        value, gradient = jax.value_and_grad(value_of)(start)
        values.append(float(value))
        linearise = lambda x: (residuals(x), jax.jacobian(residuals)(x))  # noqa: E731
        step, state = optimiser.update(gradient, state, start, value=value, value_fn=value_of, linearise=linearise)
        start = optax.apply_updates(start, step)
    return start, values


@pytest.mark.parametrize("shape", [(20, 5), (4, 9)])
def test_linear_least_squares(shape):
    """More rows than parameters, and fewer: both normal equations."""
    rng = np.random.default_rng(0)
    matrix, data = (jnp.asarray(rng.normal(size=s), jnp.float32) for s in (shape, shape[:1]))
    found, values = descend(lambda x: matrix @ x - data, jnp.zeros(shape[1]), 25)
    best = np.linalg.lstsq(np.asarray(matrix), np.asarray(data), rcond=None)[0]
    assert np.allclose(matrix @ found, matrix @ best, atol=1e-3)
    assert values == sorted(values, reverse=True)


def test_the_valley_of_rosenbrock():
    found, values = descend(lambda x: jnp.stack([10 * (x[1] - x[0] ** 2), 1 - x[0]]), jnp.array([-1.2, 1.0]), 60)
    assert np.allclose(found, 1, atol=1e-3)
    assert all(after <= before for before, after in itertools.pairwise(values))


def test_a_step_that_would_not_lower_the_loss_is_not_taken():
    """At the minimum there is nowhere to go: the damping grows and the parameters stay."""
    start = jnp.array([0.0])
    optimiser = gauss_newton()
    state = optimiser.init(start)
    residuals = lambda x: jnp.stack([jnp.cosh(x[0]), jnp.cosh(x[0])])  # noqa: E731
    value = (residuals(start) ** 2).sum()
    step, after = optimiser.update(
        jnp.zeros(1), state, start, value=value, value_fn=lambda x: (residuals(x) ** 2).sum(),
        linearise=lambda x: (residuals(x), jnp.ones((2, 1))),
    )  # fmt: skip
    assert float(step[0]) == 0
    assert float(after.damping) > float(state.damping)
