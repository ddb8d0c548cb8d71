"""The table of losses: what a run file's [loss] becomes."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.loss.table import LOSSES, build, outputs, resolve
from outcrop.model import table as families
from outcrop.model.vae import VAE
from outcrop.records import Batch

SECTION = {"class_weights": "none", "label_smoothing": 0.1, "cross_entropy_share": 0.5, "delta": 1.0,
           "beta": 0.5, "levels": [0.1, 0.5, 0.9]}  # fmt: skip

GENERATIVE = {"denoising": "time_mlp", "flow": "time_mlp", "adversarial": "gan_mlp"}


class Constant(eqx.Module):
    value: jax.Array

    def __call__(self, x, *, key=None):
        return self.value


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_is_built_from_a_whole_section(name):
    kind = LOSSES[name].kinds[0]
    loss = build(name, kind, cost=np.ones((3, 3)), arguments=SECTION)
    size = outputs(name, kind, classes=3, levels=SECTION["levels"])
    key, batch = jax.random.key(0), None
    if name == "elbo":
        model = VAE(4, size, latent_size=2, width_size=4, depth=1, key=key)
    elif name in GENERATIVE:
        model = families.build(GENERATIVE[name], in_size=4, out=2, arguments={"width_size": 4}, key=key)
        batch = Batch(jnp.ones((2, 4)), jnp.ones((2, 2)), jnp.ones((2, 2)))
    else:
        model = Constant(jnp.zeros(size))
    batch = batch or Batch(jnp.ones((2, 4)), jnp.asarray([1, 1] if kind == "class" else [1.0, 1.0]), jnp.ones(2))
    state = loss.init(model, jax.random.key(1))
    assert np.isfinite(float(loss.loss(model, state, batch, None, loss.groups[0]).value))
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


def test_a_composite_is_the_weighted_sum_of_its_parts():
    scores, target = jnp.asarray([[1.0, 0.0, -1.0], [0.2, 0.1, 0.0]]), jnp.asarray([0, 2])
    both = build("composite", "class", arguments={**SECTION, "parts": {"cross_entropy": 2.0, "dice": 0.5}})
    alone = [build(name, "class", arguments=SECTION).score(scores, target).value for name in ("cross_entropy", "dice")]
    value = both.score(scores, target)
    np.testing.assert_allclose(value.value, 2 * alone[0] + 0.5 * alone[1], rtol=1e-6)
    assert set(value.parts) == {"cross_entropy", "dice"} and float(value.weight) == 2


@pytest.mark.parametrize("parts", [{}, {"mse": 1.0}, {"mse": 1.0, "gaussian": 1.0}])
def test_a_composite_needs_parts_on_the_same_outputs(parts):
    with pytest.raises(ConfigError, match=r"Fix: kind = \"composite\", parts = "):
        build("composite", "number", arguments={**SECTION, "parts": parts})
