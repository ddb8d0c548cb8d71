"""Adversarial losses by hand, with a linear critic and a generator that shifts its noise."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.loss.adversarial import OBJECTIVES, adversarial
from outcrop.loss.table import build
from outcrop.records import Batch

KEY = jax.random.key(3)
SLOPE = (3.0, 4.0)


class Shift(eqx.Module):
    by: jax.Array

    def __call__(self, z, condition, *, key=None):
        return 0.0 * z + self.by


class Linear(eqx.Module):
    slope: jax.Array

    def __call__(self, x, condition, *, key=None):
        return jnp.vdot(self.slope, x)


class Pair(eqx.Module):
    generator: Shift
    critic: Linear
    latent_size: int = eqx.field(static=True)


@pytest.fixture(autouse=True)
def strict():
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield


def pair(made=(0.0, 1.0), slope=SLOPE):
    return Pair(Shift(jnp.asarray(made)), Linear(jnp.asarray(slope)), 2)


def data(weight=None):
    return Batch(None, jnp.asarray([[1.0, 0.0], [-1.0, 0.0]]), jnp.ones((2, 2)) if weight is None else weight)


def softplus(x):
    return np.log1p(np.exp(x))


EXPECTED = {  # the critic gives 3 and -3 for the data, 4 for what is made
    "non_saturating": ((softplus(-3.0) + softplus(3.0)) / 2 + softplus(4.0), softplus(-4.0)),
    "least_squares": ((4 + 16) / 4 + 8.0, 4.5),
    "wgan_gp": (4.0 + 10 * (5.0 - 1) ** 2, -4.0),
}


@pytest.mark.parametrize("name", OBJECTIVES)
def test_values_by_hand(name):
    loss = adversarial(objective=name)
    critic, generator = (loss.loss(pair(), None, data(), KEY, group) for group in loss.groups)
    np.testing.assert_allclose([float(critic.value), float(generator.value)], EXPECTED[name], rtol=1e-5)
    assert float(critic.parts["gap"]) == pytest.approx(-4.0)
    if name != "wgan_gp":
        assert float(critic.parts["accuracy"]) == pytest.approx(0.25)  # one of two data, none of the made
    assert float(critic.weight) == 2


def test_the_penalty_of_slopes_at_the_data():
    value = adversarial(r1_weight=0.2).loss(pair(), None, data(), KEY)
    assert float(value.parts["r1"]) == pytest.approx(0.5 * 0.2 * 25)
    assert float(value.value) == pytest.approx(EXPECTED["non_saturating"][0] + 2.5, rel=1e-5)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_each_group_lowers_its_own_loss_and_moves_its_own_network(name):
    loss = adversarial(objective=name)
    assert [group.name for group in loss.groups] == ["critic", "generator"]
    assert loss.groups[0].turns == (5 if name == "wgan_gp" else 1)
    for group in loss.groups:
        which = group.where(pair())
        assert (which.critic, which.generator) == (group.name == "critic", group.name == "generator")
    slope = eqx.filter_grad(lambda model: loss.loss(model, None, data(), KEY, loss.groups[0]).value)(pair())
    assert not slope.generator.by.any() and slope.critic.slope.any()
    slope = eqx.filter_grad(lambda model: loss.loss(model, None, data(), KEY, loss.groups[1]).value)(
        pair(made=(0.0, 0.0))
    )
    assert bool((slope.generator.by < 0).all())  # towards what the critic takes for data


def test_what_is_missing_is_hidden_in_what_is_made():
    weight = jnp.asarray([[1.0, 0.0], [0.0, 0.0]])
    batch = data(weight)._replace(target=jnp.asarray([[1.0, jnp.nan], [jnp.nan, jnp.nan]]))
    loss = adversarial()
    value = loss.loss(pair(), None, batch, KEY, loss.groups[0])
    assert float(value.value) == pytest.approx(
        softplus(-3.0) + softplus(0.0), rel=1e-5
    )  # made (0, 1) looks like (0, 0)
    assert float(value.weight) == 0.5
    assert bool(jnp.isfinite(loss.loss(pair(), None, batch, None, loss.groups[1]).value))


def test_without_a_key_the_draws_are_the_same():
    loss = adversarial(objective="wgan_gp")
    first, again = (float(loss.loss(pair(), None, data()).value) for _ in range(2))
    assert first == again


@pytest.mark.parametrize(
    ("arguments", "fix"),
    [
        ({"objective": "wgan"}, "Fix: choose one of non_saturating, least_squares, wgan_gp"),
        ({"r1_weight": -1.0}, "r1_weight = 0"),
    ],
)
def test_what_cannot_be_is_refused_with_a_fix(arguments, fix):
    with pytest.raises(ConfigError, match=fix):
        build("adversarial", "number", arguments=arguments)
