"""Gradients, updates and weights by layer, and what the failure doctor reads from them."""

from __future__ import annotations

import jax
import numpy as np
import optax
import pytest
from parts import MLP, MSE, Convolution, table, windows

from outcrop.train.loop import fit
from outcrop.train.norms import by_layer
from outcrop.train.signs import signs

KEY = jax.random.key(3)


@pytest.mark.parametrize(("model", "data"), [(MLP(KEY), table()), (Convolution(KEY), windows())])
def test_norms_are_those_of_the_steps(model, data):
    """Plain descent on all examples: the update is the rate times the gradient, and the weights are the model's."""
    count = len(data.inputs)
    result = fit(model, MSE(), optax.sgd(0.1), data, key=KEY, steps=2, batch_size=count, evaluate_every=1)
    first, second = (row["norms"] for row in result.history)
    for name, own in first.items():
        assert own["update"] == pytest.approx(0.1 * own["gradient"], rel=1e-4), name
        assert abs(second[name]["weight"] - own["weight"]) <= own["update"] * 1.001
    layers = [leaf for leaf in jax.tree.leaves(model) if hasattr(leaf, "size") and leaf.ndim]
    assert sum(own["size"] for own in first.values()) == sum(leaf.size for leaf in layers)
    whole = sum(own["size"] * own["weight"] ** 2 for own in first.values())
    assert whole == pytest.approx(sum(float((leaf**2).sum()) for leaf in layers), rel=1e-5)


def test_a_row_is_the_root_mean_square_over_steps_and_numbers():
    squares = np.array([[[4.0, 12.0], [1.0, 3.0], [8.0, 8.0]], [[12.0, 4.0], [0.0, 4.0], [0.0, 16.0]]])
    told = by_layer(squares, ["a", "a"], [1, 3])
    assert told == {"a": {"gradient": 2.0, "update": 1.0, "weight": 2.0, "size": 4}}


def history(*columns, size=10):
    """A training of two layers from their gradients at each evaluation."""
    return [
        {"step": 10 * (i + 1), "norms": {f"layers.{k}": {"gradient": g, "size": size} for k, g in enumerate(gradients)}}
        for i, gradients in enumerate(zip(*columns, strict=True))
    ]


def test_healthy_gradients_are_not_talked_about():
    assert signs([history([0.1, 0.05, 0.02, 0.01], [0.01, 0.004, 0.002, 0.001])]) == []
    assert signs([[]]) == [] and signs([]) == []


def test_a_vanishing_gradient_is_named_with_its_fix():
    (sign,) = signs([history([1e-9] * 4, [1e-2] * 4), history([1e-2] * 4, [1e-2] * 4)])
    assert sign.id == "vanishing_gradient" and "residual = true" in sign.sentence
    assert "that of layers.0 is 10,000,000 times weaker than that of layers.1" in sign.sentence
    assert "in 1 of 2 trainings" in sign.sentence
    assert sign.values == {"norms.csv#layers.0/gradient": 1e-9, "norms.csv#layers.1/gradient": 1e-2}


def test_a_gradient_that_explodes_is_named_with_its_step():
    (sign,) = signs([history([0.1, 0.1, 0.1, 0.1, 80.0], [0.1] * 5)])
    assert sign.id == "exploding_gradient" and "before step 50 it was" in sign.sentence
    assert "train.learning_rate ten times lower" in sign.sentence


def test_a_layer_that_nothing_reaches_is_named():
    (sign,) = signs([history([0.1, 0.1, 0.1, 0.1], [0.1, 0.0, 0.0, 0.0])])
    assert sign.id == "dead_layer" and "the layer layers.1" in sign.sentence and "leaky_relu" in sign.sentence
