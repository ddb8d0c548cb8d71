"""A network that corrects an estimate: it begins as the estimate, learns the rest, and only where there is a graph."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.model import table as families
from outcrop.view.edges import ring

KEY, GRAPH = jax.random.key(0), ring(5)
X = jax.random.normal(KEY, (5, 3))


def made(out=1, **arguments):
    given = {"width_size": 4, "depth": 1, **arguments}
    return families.build("message_passing", in_channels=3, out=out, arguments=given, key=KEY)


def test_it_begins_as_the_estimate_and_its_further_outputs_as_the_network():
    np.testing.assert_array_equal(made(corrects=1)(X, GRAPH), X[:, -1:])
    both = made(2, corrects=1)(X, GRAPH)
    np.testing.assert_array_equal(both[:, 0], X[:, 2])
    np.testing.assert_array_equal(both[:, 1], made(2)(X, GRAPH)[:, 1])


def test_what_the_estimate_misses_can_be_learned():
    def loss(model):
        return jnp.mean((model(X, GRAPH)[:, 0] - X[:, 2] - X[:, 0]) ** 2)

    model = made(corrects=1)
    begin = float(loss(model))
    for _ in range(60):
        slope = eqx.filter_grad(loss)(model)
        model = eqx.apply_updates(model, jax.tree.map(lambda g: -0.1 * g, slope))
    assert float(loss(model)) < 0.5 * begin and float(model.gain[0]) != 0


def test_outputs_that_do_not_exist_and_families_without_a_graph_are_named():
    with pytest.raises(ConfigError, match="corrects = 1"):
        made(corrects=2)
    assert "corrects" in families.problems("gru", {"corrects": 1})
    assert "skip_steps" in families.problems("gat", {"skip_steps": 4})
