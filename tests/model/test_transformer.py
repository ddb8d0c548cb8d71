"""Symmetries of the transformer: order, time, padding; and its attention."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.model.reach import reach
from outcrop.model.trainable import parameter_count as counted
from outcrop.model.transformer import POSITIONS, Transformer, parameter_count

STEPS, CHANNELS, OUT = 13, 5, 3


@pytest.fixture(autouse=True)
def strict():
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield


def network(**arguments):
    return Transformer(CHANNELS, OUT, width_size=16, num_heads=2, **arguments, key=jax.random.key(0))


def example(key=1):
    return jax.random.normal(jax.random.key(key), (STEPS, CHANNELS))


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("pool", ["none", "mean", "last"])
@pytest.mark.parametrize("patch", [1, 4])
def test_shapes_and_parameters(position, pool, patch):
    arguments = {"position": position, "pool": pool, "patch": patch}
    model = network(**arguments)
    assert model(example()).shape == (STEPS, OUT)
    assert counted(model) == parameter_count(CHANNELS, OUT, width_size=16, **arguments)


@pytest.mark.parametrize("position", POSITIONS)
def test_without_numbered_places_the_order_of_steps_does_not_matter(position):
    model, x = network(position=position), example()
    order = np.random.default_rng(0).permutation(STEPS)
    same = np.allclose(model(x[order]), model(x)[order], rtol=1e-3, atol=1e-4)
    assert same == (position in ("none", "coordinates"))


@pytest.mark.parametrize("position", POSITIONS)
def test_a_causal_network_does_not_see_the_future(position):
    model, x = eqx.filter_jit(network(position=position, causal=True)), example()
    for changed in (x.at[8:].set(7.0), x.at[8:].set(0.0)):
        close(model(changed)[:8], model(x)[:8])
        assert not np.allclose(model(changed)[8:], model(x)[8:], atol=1e-2)


def test_steps_of_a_token_have_answers_and_attention_of_their_own():
    model, x = network(patch=4), example()
    answers = np.asarray(model(x))
    assert len(np.unique(answers[:, 0])) == STEPS
    given = np.asarray(model.attention(x[:12]))
    assert given.shape == (2, 2, 12, 12)
    assert given.sum(axis=-1) == pytest.approx(1, abs=1e-5)
    assert (given[:, :, :4, 4:8] == given[:, :, :1, 4:5]).all()
    with pytest.raises(ConfigError, match="Fix: patch = 1"):
        network(patch=4, causal=True)


def test_reach_is_the_whole_sequence_or_its_past():
    assert reach(network(), (STEPS, CHANNELS)) == (STEPS - 1, STEPS - 1)
    assert reach(network(causal=True), (STEPS, CHANNELS)) == (STEPS - 1, 0)


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("pool", ["none", "mean", "last"])
@pytest.mark.parametrize(("causal", "patch"), [(False, 1), (True, 1), (False, 4)])
def test_padding_after_the_record_changes_nothing(position, pool, causal, patch):
    model, x = network(position=position, pool=pool, causal=causal, patch=patch), example()
    longer = model(jnp.pad(x, ((0, 6), (0, 0))))
    if causal and pool != "none":  # zeros at the end count as data: no step is judged by later ones
        return
    close(longer[:STEPS], model(x))


@pytest.mark.parametrize("position", ["rotary", "none", "coordinates"])
@pytest.mark.parametrize("causal", [False, True])
def test_padding_before_the_record_changes_nothing(position, causal):
    model, x = network(position=position, causal=causal), example()
    close(model(jnp.pad(x, ((6, 0), (0, 0))))[6:], model(x))


def test_a_step_of_zeros_between_others_is_data():
    model, x = network(position="none"), example().at[4].set(0.0)
    weights = model.attention(x)
    assert float(weights[..., 4].min()) > 0


@pytest.mark.parametrize("position", POSITIONS)
def test_attention_of_every_layer_and_head_sums_to_one(position):
    weights = network(position=position, causal=True).attention(example())
    assert weights.shape == (2, 2, STEPS, STEPS)
    close(weights.sum(axis=-1), np.ones((2, 2, STEPS)))
    np.testing.assert_array_equal(np.triu(weights, 1), 0)


def test_one_answer_for_all_steps():
    for pool in ("mean", "last"):
        y = network(pool=pool)(example())
        np.testing.assert_array_equal(y, jnp.broadcast_to(y[:1], y.shape))


def test_coordinates_make_irregular_steps_different():
    """Two steps with equal values at different times get different answers."""
    x = example().at[3, 1:].set(example()[7, 1:])  # channel 0 is the time
    y = network(position="coordinates")(x)
    assert not np.allclose(y[3], y[7], atol=1e-3)


@pytest.mark.parametrize(
    ("arguments", "fix"),
    [
        ({"position": "rotarry"}, "choose one of sinusoidal, rotary, coordinates, none"),
        ({"pool": "first"}, "choose one of none, mean, last"),
        ({"num_heads": 3}, "width_size = 18"),
        ({"num_heads": 0}, "num_heads = 8"),
    ],
)
def test_impossible_arguments_are_refused_with_a_fix(arguments, fix):
    with pytest.raises(ConfigError, match=fix):
        Transformer(CHANNELS, OUT, **({"width_size": 16} | arguments), key=jax.random.key(0))
