"""The convolutional LSTM: equal to a plain scan, an LSTM where maps are one place, causal, moved with its input."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.model.conv import convolved
from outcrop.model.conv_lstm import ConvLSTM
from outcrop.model.lstm import LSTM
from outcrop.model.reach import reach
from outcrop.model.table import build
from outcrop.train.step import slow_in_scan

BATCH, STEP, Y, X, CHANNEL, WIDTH = 3, 5, 6, 4, 2, 3


@pytest.fixture(autouse=True)
def strict():
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield


def network(**arguments):
    settings = {"width_size": WIDTH, "depth": 1, "dropout": 0.0} | arguments
    return ConvLSTM(CHANNEL, 4, **settings, key=jax.random.key(0))


def maps(*shape, key=1):
    return jax.random.normal(jax.random.key(key), shape or (STEP, Y, X, CHANNEL))


def plain(layer, x):
    """Equation 3 of Shi et al. without peepholes, step by step, differentiated as it stands."""

    def step(carry, now):
        h, c = carry
        z = convolved(now, layer.weight) + convolved(h, layer.recurrent) + layer.bias.reshape(1, 1, -1)
        i, f, g, o = jnp.split(z, 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    zero = jnp.zeros((*x.shape[1:-1], WIDTH), x.dtype)
    return jax.lax.scan(step, (zero, zero), x)[1]


def test_outputs_and_gradients_equal_a_plain_scan():
    layer, x = network().layers[0], maps(BATCH, STEP, Y, X, CHANNEL)

    def both(outputs):
        arrays, rest = eqx.partition((layer, x), eqx.is_array)

        def value(arrays):
            layer, x = eqx.combine(arrays, rest)
            return jnp.sum(jnp.sin(jax.vmap(lambda one: outputs(layer, one))(x)))

        return jax.jit(jax.value_and_grad(value))(arrays)

    ours, theirs = both(lambda layer, x: layer(x)), both(plain)
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_on_a_map_of_one_place_it_is_an_lstm():
    model = network(kernel_size=3)
    dense = LSTM(CHANNEL, 4, width_size=WIDTH, dropout=0.0, key=jax.random.key(0)).layers[0][0]
    ours, middle = model.layers[0], (1, 1)
    parts = (ours.weight[middle], ours.recurrent[middle], ours.bias)
    dense = eqx.tree_at(lambda one: (one.weight, one.recurrent, one.bias), dense, parts)
    x = maps(STEP, 1, 1, CHANNEL)
    np.testing.assert_allclose(ours(x)[:, 0, 0], dense(x[:, 0, 0]), rtol=1e-5, atol=1e-6)


def test_later_maps_change_nothing_before_them_and_a_kernel_sees_one_place_further_per_step():
    model, x = network(), maps(STEP, 9, 9, CHANNEL)
    run = eqx.filter_jit(model)
    later = x.at[3:].set(7.0)
    np.testing.assert_array_equal(run(later)[:3], run(x)[:3])
    moved = np.abs(run(x.at[0, 4, 4].add(1.0)) - run(x)).max(axis=-1) > 0
    for step in range(STEP):
        rows = np.flatnonzero(moved[step].any(axis=1))
        assert (rows.min(), rows.max()) == (max(3 - step, 0), min(5 + step, 8))
    assert reach(model, (STEP, 3, 3, CHANNEL)) == (STEP - 1, 0)


def test_a_moved_field_is_forecast_moved():
    model = network(depth=2)
    field = jnp.zeros((STEP, 24, 24, CHANNEL)).at[:, 10:14, 10:13].set(maps(STEP, 4, 3, CHANNEL))
    run = eqx.filter_jit(model)
    moved = jnp.roll(run(jnp.roll(field, 3, axis=2)), -3, axis=2)
    np.testing.assert_allclose(moved[:, 10:14, 10:13], run(field)[:, 10:14, 10:13], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("patch", [1, 2])
def test_pieces_of_a_record_equal_the_whole_and_sizes_need_not_be_multiples(patch):
    model, x = network(depth=2, patch=patch), maps(STEP, 5, 3, CHANNEL)
    first, carry = model.scan(x[:2], model.initial_carry(5, 3))
    second, _ = model.scan(x[2:], carry)
    assert first.shape == (2, 5, 3, 4)
    np.testing.assert_allclose(jnp.concatenate([first, second]), model(x), rtol=1e-5, atol=1e-6)


def test_steps_before_a_record_leave_the_state_at_zero():
    model, x = network(depth=2), maps()
    padded = jnp.concatenate([jnp.zeros((3, Y, X, CHANNEL)), x])
    np.testing.assert_allclose(model(padded)[3:], model(x), rtol=1e-5, atol=1e-6)


def test_training_steps_from_python_because_it_convolves():
    """A convolution inside the scan of a whole chunk falls to a slow kernel on the CPU."""

    class Once:
        step = staticmethod(lambda state, *_: eqx.filter_grad(lambda m: jnp.sum(m(maps())))(network()) and state)

    assert slow_in_scan(Once(), jnp.zeros(()), None, jax.random.key(0), None) == (jax.default_backend() == "cpu")


def test_impossible_sizes_are_refused():
    with pytest.raises(ConfigError, match="kernel_size = 3"):
        network(kernel_size=2)
    with pytest.raises(ConfigError, match=r"model\.patch"):
        network(patch=0)
    assert build("convlstm", in_channels=2, out=1, arguments={"skip_steps": 5}, key=jax.random.key(0))(
        maps()
    ).shape == (STEP, Y, X, 1)
