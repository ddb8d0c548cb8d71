"""The table of layers, for the families and for a module of the user's own."""

import equinox as eqx
import jax
import jax.numpy as jnp

from outcrop.model.summary import Layer, layers
from outcrop.model.table import build
from outcrop.model.trainable import Buffer, parameter_count, trainable


class Own(eqx.Module):
    linear: eqx.nn.Linear
    gain: jax.Array
    table: Buffer

    def __call__(self, x, *, key=None):
        return self.gain * self.linear(self.linear(x)) + self.table.value


def own():
    return Own(eqx.nn.Linear(3, 3, key=jax.random.key(0)), jnp.ones(3), Buffer(jnp.ones(3)))


def test_rows_of_an_mlp():
    model = build("mlp", in_size=3, out=2, arguments={"width_size": 4, "depth": 1}, key=jax.random.key(0))
    assert layers(model, (3,)) == [
        Layer("layers.0", "Linear", (4,), 16),
        Layer("last", "Linear", (2,), 10),
    ]


def test_a_layer_that_runs_twice_counts_once_and_own_arrays_come_last():
    assert layers(own(), (3,)) == [
        Layer("linear", "Linear", (3,), 12),
        Layer("linear", "Linear", (3,), 0),
        Layer("(own arrays)", "Own", (), 3),
    ]


def test_a_unet_shows_its_halved_lengths():
    model = build("unet1d", in_channels=3, out=2, arguments={"widths": (4, 6)}, key=jax.random.key(0))
    shapes = {row.layer: row.output for row in layers(model, (10, 3))}
    assert shapes["first"] == (10, 4)
    assert shapes["halve.0.linear"] == (5, 6)
    assert shapes["last"] == (10, 2)


def test_buffers_do_not_move_and_do_not_count():
    model = own()
    assert trainable(model).table.value is False
    assert trainable(model).gain is True
    assert parameter_count(model) == 15
