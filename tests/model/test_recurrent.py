"""Recurrent networks equal plain scans of Equinox's cells; causality, padding, the state of long records."""

import equinox as eqx
import jax
import jax.extend
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.model.elman import RNN
from outcrop.model.gru import GRU
from outcrop.model.lstm import LSTM

FAMILIES = {"rnn": RNN, "lstm": LSTM, "gru": GRU}
NAMES = sorted(FAMILIES)
BATCH, TIME, CHANNEL, WIDTH = 3, 11, 2, 6


@pytest.fixture(autouse=True)
def strict():
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield


def network(name, **arguments):
    return FAMILIES[name](CHANNEL, 4, **({"width_size": WIDTH, "dropout": 0.0} | arguments), key=jax.random.key(0))


def series(*shape, key=1):
    return jax.random.normal(jax.random.key(key), shape or (TIME, CHANNEL))


def plain(name, layer, x):
    """The outputs of one layer as a `lax.scan` over Equinox's cell, or over the formula of the Elman network."""
    if name == "rnn":
        step = lambda h, z: (jnp.tanh(layer.weight.T @ z + layer.recurrent.T @ h + layer.bias),) * 2  # noqa: E731
        return jax.lax.scan(step, jnp.zeros(WIDTH, x.dtype), x)[1]
    kind = eqx.nn.LSTMCell if name == "lstm" else eqx.nn.GRUCell
    cell = kind(x.shape[1], WIDTH, key=jax.random.key(0))
    parts = (layer.weight.T, layer.recurrent.T, layer.bias)
    cell = eqx.tree_at(lambda c: (c.weight_ih, c.weight_hh, c.bias), cell, parts)
    if name == "gru":
        cell = eqx.tree_at(lambda c: c.bias_n, cell, jnp.zeros(WIDTH, x.dtype))

    def step(state, z):
        state = cell(z, state)
        return state, state[0] if name == "lstm" else state

    zero = jnp.zeros(WIDTH, x.dtype)
    return jax.lax.scan(step, (zero, zero) if name == "lstm" else zero, x)[1]


@pytest.mark.parametrize("name", NAMES)
def test_outputs_and_gradients_equal_a_plain_scan(name):
    layer, x = network(name).layers[0][0], series(BATCH, TIME, CHANNEL)

    def value(outputs, of):
        layer, x = of
        return jnp.sum(jnp.sin(jax.vmap(lambda one: outputs(layer, one))(x)))

    def both(outputs):
        of = eqx.partition((layer, x), eqx.is_array)
        return jax.jit(jax.value_and_grad(lambda arrays: value(outputs, eqx.combine(arrays, of[1]))))(of[0])

    ours, theirs = both(lambda layer, x: layer(x)), both(lambda layer, x: plain(name, layer, x))
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", NAMES)
def test_gradient_of_inputs_and_first_state_equals_finite_differences(name):
    with jax.enable_x64(True):
        layer = jax.tree.map(
            lambda a: jnp.asarray(a, jnp.float64) if eqx.is_inexact_array(a) else a, network(name).layers[0][0]
        )
        rng = np.random.default_rng(0)
        at = (rng.normal(size=(TIME, CHANNEL)), tuple(rng.normal(size=WIDTH) for _ in layer.initial_carry()))
        way = jax.tree.map(lambda a: rng.normal(size=a.shape), at)

        @jax.jit
        def value(at):
            y, carry = layer.scan(*jax.tree.map(jnp.asarray, at))
            return jnp.sum(jnp.sin(y)) + sum(jnp.sum(jnp.cos(state)) for state in carry)

        def moved(step):
            return jax.tree.map(lambda a, w: a + step * w, at, way)

        slopes = jax.tree.map(lambda g, w: float((np.asarray(g) * w).sum()), jax.grad(value)(moved(0.0)), way)
        expected = (value(moved(1e-6)) - value(moved(-1e-6))) / 2e-6
        np.testing.assert_allclose(sum(jax.tree.leaves(slopes)), expected, rtol=1e-7)


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_a_gradient_can_be_differentiated_again(name):
    with jax.enable_x64(True):
        layer = jax.tree.map(
            lambda a: jnp.asarray(a, jnp.float64) if eqx.is_inexact_array(a) else a, network(name).layers[0][0]
        )
        rng = np.random.default_rng(0)
        x, way = jnp.asarray(rng.normal(size=(TIME, CHANNEL))), jnp.asarray(rng.normal(size=(TIME, CHANNEL)))
        slope = jax.jit(jax.grad(lambda x: jnp.sum(jnp.sin(layer(x)))))
        curved = jax.jit(jax.grad(lambda x: jnp.vdot(slope(x), way)))(x)
        expected = (slope(x + 1e-6 * way) - slope(x - 1e-6 * way)) / 2e-6
        np.testing.assert_allclose(curved, expected, rtol=1e-6, atol=1e-8)


def test_gradients_of_single_examples_add_up():
    model, x = network("lstm"), series(BATCH, TIME, CHANNEL)
    one = eqx.filter_jit(eqx.filter_grad(lambda m, x: jnp.sum(jnp.sin(m(x)))))
    whole = eqx.filter_jit(eqx.filter_grad(lambda m: jnp.sum(jnp.sin(jax.vmap(m)(x)))))(model)
    each = eqx.filter_jit(eqx.filter_vmap(one, in_axes=(None, 0)))(model, x)
    for a, b, c in zip(*map(jax.tree.leaves, (whole, each, one(model, x[1]))), strict=True):
        np.testing.assert_allclose(a, b.sum(axis=0), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(b[1], c, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_members_of_an_ensemble_are_what_they_are_alone(name):
    models = [FAMILIES[name](CHANNEL, 4, width_size=WIDTH, key=jax.random.key(k)) for k in (1, 2)]
    x = series(BATCH, TIME, CHANNEL)
    arrays, static = eqx.partition(models[0], eqx.is_array)
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), arrays, eqx.filter(models[1], eqx.is_array))

    def value(arrays):
        return jnp.sum(jnp.sin(jax.vmap(eqx.combine(arrays, static))(x)))

    together = jax.jit(jax.vmap(jax.value_and_grad(value)))(stacked)
    for number, model in enumerate(models):
        alone = jax.jit(jax.value_and_grad(value))(eqx.filter(model, eqx.is_array))
        for a, b in zip(jax.tree.leaves(together), jax.tree.leaves(alone), strict=True):
            np.testing.assert_allclose(a[number], b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_is_one_scan_with_one_product_per_step(name):
    model, x = network(name), series(BATCH, TIME, CHANNEL)

    def loops(fun, x):
        def walk(jaxpr):
            for equation in jaxpr.eqns:
                if equation.primitive.name == "scan":
                    yield equation
                for inner in jax.extend.core.jaxprs_in_params(equation.params):
                    yield from walk(inner)

        return list(walk(jax.make_jaxpr(fun)(x).jaxpr))

    def gradient(x):
        return jax.tree.leaves(eqx.filter_grad(lambda m: jnp.sum(jax.vmap(m)(x)))(model))

    for fun, number in ((jax.vmap(model), 1), (gradient, 2)):
        found = loops(fun, x)
        assert len(found) == number
        for loop in found:
            products = [e for e in loop.params["jaxpr"].jaxpr.eqns if e.primitive.name == "dot_general"]
            assert [e.invars[0].aval.shape[0] for e in products] == [BATCH]
            assert products[0].invars[0].aval.ndim == 2


@pytest.mark.parametrize("name", NAMES)
def test_pieces_with_the_state_carried_equal_the_whole(name):
    model, x = network(name, depth=2, input_size=3), series(40, CHANNEL).at[:17].set(0)  # begins after the first piece
    x = x.at[28:40].set(0)
    carry, pieces, run = model.initial_carry(), [], eqx.filter_jit(model.scan)
    for start, stop in ((0, 13), (13, 26), (26, 39), (39, 40)):
        y, carry = run(x[start:stop], carry)
        pieces.append(y)
    np.testing.assert_allclose(jnp.concatenate(pieces), eqx.filter_jit(model)(x), rtol=1e-5, atol=1e-6)


def test_a_state_cannot_be_carried_where_the_future_is_known():
    for arguments, fix in (({"bidirectional": True}, "bidirectional = false"), ({"pool": "mean"}, 'pool = "none"')):
        model = network("gru", **arguments)
        with pytest.raises(ConfigError, match=f"Fix: .*{fix}"):
            model.scan(series(), model.initial_carry())


@pytest.mark.parametrize("name", NAMES)
def test_the_future_changes_nothing_before_it(name):
    model, x = network(name, depth=2), series()
    run = eqx.filter_jit(model)
    y, changed = run(x), run(x.at[7:].set(5.0))
    np.testing.assert_array_equal(y[:7], changed[:7])
    assert float(jnp.abs(y[7:] - changed[7:]).min(axis=1).max()) > 1e-3
    both = eqx.filter_jit(network(name, bidirectional=True))
    assert float(jnp.abs(both(x)[0] - both(x.at[7:].set(5.0))[0]).max()) > 1e-6


@pytest.mark.parametrize(
    ("name", "bidirectional", "pool"),
    [(name, True, "none") for name in NAMES] + [("gru", False, "none"), ("gru", True, "mean"), ("gru", True, "last")],
)
def test_padding_changes_nothing(name, bidirectional, pool):
    model = network(name, depth=2, bidirectional=bidirectional, pool=pool)
    model = eqx.tree_at(lambda m: [d.bias for ways in m.layers for d in ways], model, replace_fn=lambda b: b + 0.5)
    x = series().at[4].set(0.0)  # a step of zeros between others is data
    padded = jnp.pad(x, ((3, 5), (0, 0)))
    run = eqx.filter_jit(model)
    np.testing.assert_allclose(run(padded)[3:-5], run(x), rtol=1e-4, atol=1e-6)


def test_the_last_state_of_both_directions_answers_for_all_steps():
    model, x = network("lstm", bidirectional=True, pool="last"), series()
    forwards, backwards = (plain("lstm", layer, x) for layer, x in zip(model.layers[0], (x, x[::-1]), strict=True))
    expected = model.last(jnp.concatenate([forwards[-1], backwards[-1]]))
    np.testing.assert_allclose(model(x), jnp.broadcast_to(expected[None], (TIME, 4)), rtol=1e-5, atol=1e-6)


def test_the_mean_of_all_steps_answers_for_all_steps():
    model, x = network("gru", pool="mean"), series()
    expected = model.last(plain("gru", model.layers[0][0], x).mean(axis=0))
    np.testing.assert_allclose(model(x), jnp.broadcast_to(expected[None], (TIME, 4)), rtol=1e-5, atol=1e-6)


def test_recurrent_weights_start_orthogonal_and_the_forget_gate_open():
    layer = network("lstm").layers[0][0]
    for gate in jnp.split(layer.recurrent, 4, axis=1):
        np.testing.assert_allclose(gate.T @ gate, np.eye(WIDTH), atol=1e-5)
    np.testing.assert_array_equal(layer.bias.reshape(4, WIDTH).mean(axis=1), [0, 1, 0, 0])
    other = network("lstm", initial="glorot_uniform").layers[0][0]
    assert float(jnp.abs(other.recurrent).max()) <= (6 / (2 * WIDTH)) ** 0.5
    with pytest.raises(ConfigError, match="Fix: choose one of"):
        network("lstm", initial="glorot")


def test_dropout_takes_a_channel_at_all_steps():
    model = network("gru", dropout=0.5)
    model, x = eqx.tree_at(lambda m: m.last.weight, model, jnp.eye(WIDTH, 4)[None]), series()
    many = jax.jit(jax.vmap(lambda key: model(x, key=key)))(jax.random.split(jax.random.key(3), 20))
    whole = np.broadcast_to(2 * np.asarray(model(x)), many.shape)
    gone = np.broadcast_to((np.asarray(many) == 0).all(axis=1, keepdims=True), many.shape)
    assert 0.3 < gone.mean() < 0.7
    np.testing.assert_allclose(many[~gone], whole[~gone], rtol=1e-5)
