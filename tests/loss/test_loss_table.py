"""The table of losses: what a run file's [loss] becomes."""

import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.loss.table import LOSSES, build, resolve

SECTION = {"class_weights": "none", "label_smoothing": 0.1, "cross_entropy_share": 0.5, "delta": 1.0}


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_is_built_from_a_whole_section(name):
    kind = LOSSES[name].kinds[0]
    loss = build(name, kind, cost=np.ones((3, 3)), arguments=SECTION)
    scores = jnp.zeros((2, 3)) if kind == "class" else jnp.zeros((2, 1))
    assert np.isfinite(float(loss.score(scores, jnp.asarray([1, 1] if kind == "class" else [1.0, 1.0])).value))
    assert LOSSES[name].help


def test_auto_follows_the_target():
    assert (resolve("auto", "class"), resolve("auto", "number")) == ("cross_entropy", "mse")


def test_class_weights_come_from_the_training_counts():
    loss = build("cross_entropy", "class", class_counts=[10, 30], arguments={"class_weights": "balanced"})
    value = loss.score(jnp.zeros((4, 2)), jnp.asarray([0, 1, 1, 1]))
    np.testing.assert_allclose(value.weight, 4.0, rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "target", "text"),
    [
        ("crossentropy", "class", r"did you mean 'cross_entropy'\?\)[\s\S]*Fix: choose one of auto, cross_entropy"),
        ("mse", "class", "Fix: choose one of auto, cross_entropy, expected_cost"),
        ("expected_cost", "class", r"Fix: target.NAME.cost = \"penalty.csv\""),
    ],
)
def test_what_cannot_be_is_refused_with_a_fix(kind, target, text):
    with pytest.raises(ConfigError, match=text):
        build(kind, target)
