"""Learned interpolation: weights that add to 1 over the links there are, and an answer linear in what is sent."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from outcrop.model.graph_interpolation import GraphInterpolation
from outcrop.view.edges import graph

POINTS = np.array([[0.0, 0], [1, 0], [3, 0], [0, 2], [9, 9]])
SENDERS, RECEIVERS = np.array([1, 2, 3, 0, 0, 1]), np.array([0, 0, 0, 1, 2, 3])  # the last node hears nobody


def network():
    return GraphInterpolation(3, 1, width_size=8, key=jax.random.key(0))


def test_weights_add_to_one_over_links_that_are_present():
    links, x = graph(SENDERS, RECEIVERS, POINTS), jax.random.normal(jax.random.key(1), (5, 3))
    links = links._replace(present=np.array([1, 0, 1, 1, 1, 1], np.float32))
    weights = network().weights(x, links)
    total = np.zeros(5)
    np.add.at(total, links.receivers, np.asarray(weights)[:, 0])
    np.testing.assert_allclose(total, [1, 1, 1, 1, 0], atol=1e-6)
    assert weights[1, 0] == 0


def test_without_correction_the_answer_is_a_mean_of_what_neighbours_send():
    model = network()
    zero = eqx.tree_at(lambda m: (m.last.weight, m.last.bias), model, (jnp.zeros((1, 8)), jnp.zeros(1)))
    links, x = graph(SENDERS, RECEIVERS, POINTS), jax.random.normal(jax.random.key(1), (5, 3))
    answer, sent = np.asarray(zero(x, links))[:, 0], np.asarray(x @ model.value.weight[0])
    heard = sent[[1, 2, 3]]
    assert heard.min() <= answer[0] <= heard.max()
    np.testing.assert_allclose(answer[[1, 2, 3]], sent[[0, 0, 1]], rtol=1e-5)
    assert answer[4] == 0
