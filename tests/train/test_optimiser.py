"""Optimisers and schedules by name."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from outcrop.errors import ConfigError
from outcrop.train.optimiser import DIRECTIONS, SCHEDULES, learning_rate_of, make

TARGET = jnp.array([[1.0, -2.0], [0.5, 3.0]])


def value_of(parameters):
    return jnp.sum((parameters["weight"] - TARGET) ** 2) + jnp.sum(parameters["bias"] ** 2)


def descend(optimiser, steps):
    parameters = {"weight": jnp.zeros((2, 2)), "bias": jnp.ones(2)}
    state, rates = optimiser.init(parameters), []

    @jax.jit
    def step(parameters, state):
        value, grad = jax.value_and_grad(value_of)(parameters)
        update, state = optimiser.update(grad, state, parameters, value=value, grad=grad, value_fn=value_of)
        return optax.apply_updates(parameters, update), state, learning_rate_of(state)

    for _ in range(steps):
        parameters, state, rate = step(parameters, state)
        rates.append(float(rate))
    return parameters, rates


@pytest.mark.parametrize("name", [name for name in DIRECTIONS if name != "gauss_newton"])  # asks for residuals
def test_every_optimiser_descends(name):
    parameters, _ = descend(make(name, steps=60, learning_rate=0.05, schedule="constant"), 60)
    assert value_of(parameters) < 0.7 * value_of({"weight": jnp.zeros((2, 2)), "bias": jnp.ones(2)})


def test_schedules_have_the_closed_form():
    assert set(SCHEDULES) == {"constant", "cosine", "step", "plateau"}
    rates = {name: descend(make("sgd", steps=8, learning_rate=0.1, schedule=name), 8)[1] for name in SCHEDULES}
    np.testing.assert_allclose(rates["constant"], 0.1, rtol=1e-6)
    np.testing.assert_allclose(rates["cosine"], [0.05 * (1 + np.cos(np.pi * k / 8)) for k in range(8)], rtol=1e-5)
    np.testing.assert_allclose(rates["step"], [0.1] * 4 + [0.01] * 2 + [0.001] * 2, rtol=1e-5)


def test_plateau_halves_when_the_loss_has_stopped_falling():
    optimiser = make("sgd", steps=50, learning_rate=0.1, schedule="plateau")
    parameters = {"weight": jnp.zeros((2, 2))}
    state = optimiser.init(parameters)
    for _ in range(20):
        _, state = optimiser.update(parameters, state, parameters, value=jnp.float32(1.0))
    assert float(learning_rate_of(state)) <= 0.05


def test_warm_up_rises_to_the_learning_rate_and_the_schedule_follows():
    rates = descend(make("sgd", steps=10, learning_rate=0.1, warmup_steps=4), 10)[1]
    np.testing.assert_allclose(rates[:5], [0.02, 0.04, 0.06, 0.08, 0.1], rtol=1e-5)
    assert rates[5] < rates[4] and 0 < rates[9] < 0.02


def test_decay_shrinks_matrices_and_leaves_biases_alone():
    optimiser = make("adamw", steps=5, learning_rate=0.1, schedule="constant", weight_decay=0.5)
    parameters = {"weight": jnp.ones((2, 2)), "bias": jnp.ones(2)}
    update, _ = optimiser.update(jax.tree.map(jnp.zeros_like, parameters), optimiser.init(parameters), parameters)
    np.testing.assert_allclose(update["weight"], -0.05, rtol=1e-6)
    np.testing.assert_allclose(update["bias"], 0.0)


def test_clipping_shortens_the_gradient():
    optimiser = make("sgd", steps=5, learning_rate=1.0, schedule="constant", clip_norm=1.0)
    parameters = {"weight": jnp.zeros(2)}
    update, _ = optimiser.update({"weight": jnp.array([3.0, 4.0])}, optimiser.init(parameters), parameters)
    np.testing.assert_allclose(update["weight"], [-0.6, -0.8], rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "fix"),
    [
        ({"name": "adamm"}, "did you mean 'adam'"),
        ({"schedule": "cos"}, "choose one of constant, cosine"),
        ({"learning_rate": -1.0}, "set learning_rate = 1e-3"),
        ({"warmup_steps": 10}, "warmup_steps below steps"),
    ],
)
def test_impossible_settings_are_named(arguments, fix):
    with pytest.raises(ConfigError, match=fix):
        make(**{"steps": 10} | arguments)
