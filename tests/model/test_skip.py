"""A straight line past a network: it begins as the network, learns persistence, and says when it does not fit."""

import equinox as eqx
import jax
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.model import table as families

KEY = jax.random.key(0)


def made(**arguments):
    return families.build(
        "gru", in_channels=3, out=2, arguments={"width_size": 4, "dropout": 0.0, **arguments}, key=KEY
    )


def test_it_begins_as_the_network_alone_and_adds_a_line_per_step():
    x = jax.random.normal(KEY, (5, 3))
    alone, passed = made(), made(skip_steps=5)
    np.testing.assert_array_equal(alone(x), passed(x))
    weight = np.zeros((5, 3, 2), np.float32)
    weight[3, 1, 0] = 2
    moved = eqx.tree_at(lambda m: m.weight, passed, weight)
    more = np.array(moved(x) - alone(x))
    assert more[3, 0] == pytest.approx(2 * float(x[3, 1]), rel=1e-5)
    more[3, 0] = 0
    assert not more.any()


def test_of_a_map_every_place_has_the_same_line():
    arguments = {"width_size": 4, "skip_steps": 5, "dropout": 0.0}
    model = families.build("convlstm", in_channels=3, out=1, arguments=arguments, key=KEY)
    x = jax.random.normal(KEY, (5, 4, 2, 3))
    moved = eqx.tree_at(lambda m: m.weight, model, model.weight.at[3, 1, 0].set(2.0))
    more = np.array(moved(x) - model(x))[..., 0]
    np.testing.assert_allclose(more[3], 2 * x[3, ..., 1], rtol=1e-4, atol=1e-5)
    more[3] = 0
    assert not more.any()


def test_from_persistence_on_each_step_learns_how_much_the_network_adds_to_it():
    x = jax.random.normal(KEY, (5, 3))
    begun = made(skip_steps=5).as_persistence(1)
    np.testing.assert_array_equal(begun(x)[:, 0], x[:, 1])
    np.testing.assert_array_equal(begun(x)[:, 1], begun.network(x)[:, 1])
    slope = eqx.filter_grad(lambda m, x: m(x)[2, 0])(begun, x)
    assert np.flatnonzero(slope.gain[:, 0]).tolist() == [2] and not np.abs(slope.gain[:, 1]).any()


def test_the_line_can_be_learned():
    slope = eqx.filter_grad(lambda m, x: m(x)[:, 0].sum())(made(skip_steps=5), jax.random.normal(KEY, (5, 3)))
    assert np.abs(slope.weight[..., 0]).min() > 0 and not np.abs(slope.weight[..., 1]).any()


def test_steps_that_do_not_fit_and_families_without_time_are_named():
    with pytest.raises(ConfigError, match="skip_steps = 6"):
        made(skip_steps=5)(np.zeros((6, 3), np.float32))
    assert "skip_steps" in families.problems("autoencoder2d", {"skip_steps": 4})
    assert not families.problems("transformer", {"skip_steps": 4})
    assert "skip_steps" in families.problems("vae1d", {"skip_steps": 4})
