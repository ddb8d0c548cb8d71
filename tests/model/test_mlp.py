"""The multilayer perceptron by hand."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.model.mlp import MLP


def test_equals_its_matrices():
    model = MLP(3, 2, width_size=4, depth=1, activation="tanh", key=jax.random.key(0))
    x = jnp.asarray([0.5, -1.0, 2.0])
    first, last = model.layers[0], model.last
    by_hand = last.weight @ np.tanh(first.weight @ x + first.bias) + last.bias
    np.testing.assert_allclose(model(x), by_hand, rtol=1e-5)


def test_residual_adds_the_input_of_equal_widths():
    model = MLP(3, 2, width_size=4, depth=2, residual=True, key=jax.random.key(0))
    silent = eqx.tree_at(lambda m: (m.layers[1].weight, m.layers[1].bias), model, replace_fn=jnp.zeros_like)
    x = jnp.asarray([0.5, -1.0, 2.0])
    np.testing.assert_allclose(silent(x), model.last(jax.nn.gelu(model.layers[0](x))), rtol=1e-5)


@pytest.mark.parametrize(("output", "low", "high"), [("positive", 0.0, np.inf), ("bounded", 0.0, 1.0)])
def test_output_stays_in_its_range(output, low, high):
    model = MLP(3, 2, output=output, key=jax.random.key(0))
    y = jax.vmap(model)(10 * jax.random.normal(jax.random.key(1), (50, 3)))
    assert low < float(y.min()) <= float(y.max()) < high
