"""What is read off a network is what the network computes: outputs, filters, states, attention, codes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.model import inside
from outcrop.model.skip import Skip
from outcrop.model.table import build
from outcrop.view.edges import graph

KEY = jax.random.key(0)


def network(name, size, **arguments):
    """A network of three inputs (or so many features) and two outputs."""
    return build(name, **size, out=2, arguments=arguments, key=KEY)


def drawn(*shape):
    return jax.random.normal(jax.random.key(1), shape)


def test_outputs_are_those_of_the_layers():
    model, x = network("mlp", {"in_size": 3}, width_size=4, depth=2, activation="tanh"), drawn(3)
    found = inside.outputs(model, x)
    assert list(found) == ["layers.0", "layers.1", "last"]
    np.testing.assert_allclose(found["layers.0"], model.layers[0](x), rtol=1e-6)
    np.testing.assert_allclose(found["last"], model(x), rtol=1e-6)


def test_filters_are_the_weights_of_the_first_convolution():
    model = network("cnn1d", {"in_channels": 3}, widths=(5,), kernel_size=3)
    name, weight = inside.filters(model, (16, 3))
    first = next(layer for layer in jax.tree.leaves(model, is_leaf=lambda n: hasattr(n, "dilation")))
    assert weight.shape == (5, 3, 3) and name
    np.testing.assert_allclose(weight, np.moveaxis(np.asarray(first.weight), 2, 0), rtol=1e-5)


def test_filters_are_told_in_samples_of_the_inputs():
    """A U-Net that joins four neighbours looks at twelve with a kernel of three; a ViT at its patches."""
    _, weight = inside.filters(network("unet1d", {"in_channels": 3}, widths=(6, 8), patch=4), (32, 3))
    assert weight.shape == (6, 12, 3)
    _, patches = inside.filters(network("vit", {"in_channels": 3}, width_size=8, patch=4), (16, 8, 3))
    assert patches.shape == (8, 4, 4, 3)


def test_a_layer_that_is_not_linear_has_no_filters():
    with pytest.raises(ConfigError, match="look at its states"):
        inside.filters(network("gru", {"in_channels": 3}, width_size=4), (9, 3))


def test_states_of_recurrent_networks_are_those_of_their_layers():
    model, x = network("gru", {"in_channels": 3}, width_size=4, depth=2, bidirectional=True), drawn(9, 3)
    found = inside.states(model, x)
    assert [value.shape for value in found.values()] == [(9, 4)] * 4
    np.testing.assert_allclose(found["layers.0.1"], model.layers[0][1](x), rtol=1e-5)


def test_states_of_other_networks_keep_the_places_of_the_inputs():
    found = inside.states(network("resnet1d", {"in_channels": 3}, width_size=4, dilations=(1,)), drawn(9, 3))
    assert found and all(value.shape == (9, 4) for value in found.values())


@pytest.mark.parametrize(("name", "shape"), [("transformer", (9, 3)), ("vit", (8, 8, 3))])
def test_rows_of_attention_sum_to_one(name, shape):
    found = inside.attention(network(name, {"in_channels": 3}, width_size=8, num_heads=2, depth=2), drawn(*shape))
    assert list(found) == ["layer 0", "layer 1"]
    for weights in found.values():
        assert weights.ndim == 3 and len(weights) == 2 and weights.min() >= 0
        np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-5)


@pytest.mark.parametrize("name", ["gat", "graph_interpolation"])
def test_nodes_divide_one_among_their_senders_and_themselves(name):
    nodes = np.arange(6)
    links = graph(
        np.r_[np.roll(nodes, 1), np.roll(nodes, 2)], np.r_[nodes, nodes], np.random.default_rng(0).normal(size=(6, 2))
    )
    model = network(name, {"in_channels": 3}, width_size=8, depth=2)
    found = inside.attention(model, drawn(6, 3), links)
    for weights in found.values():
        np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-5)
        there = np.eye(6, dtype=bool)
        there[links.receivers, links.senders] = True
        assert not weights[:, ~there].any() and weights[0, 2, 1] > 0


def test_arrangements_of_the_inputs_hide_nothing():
    series = build("transformer", in_size=6, out=2, columns=[[0, 3], [1, 4], [2, 5]], key=KEY)
    x = drawn(6)
    (first, *_) = inside.attention(series, x).values()
    np.testing.assert_allclose(first, series.network.attention(series.entering(x))[0], rtol=1e-5)
    assert first.shape[-2:] == (3, 3) and all(value.ndim == 2 for value in inside.states(series, x).values())
    maps = build("vit", in_channels=2, out=1, steps=(4, 1), arguments={"patch": 2}, key=KEY)
    (first, *_) = inside.attention(maps, drawn(4, 4, 6, 2)).values()
    assert first.shape[-2:] == (6, 6)


def test_a_line_past_the_network_hides_nothing():
    model, x = network("transformer", {"in_channels": 3}, width_size=8, depth=1), drawn(9, 3)
    skipped = Skip(model, 9, 3, 2)
    np.testing.assert_array_equal(inside.attention(skipped, x)["layer 0"], inside.attention(model, x)["layer 0"])


def test_codes_are_those_of_the_encoder():
    x = drawn(4, 3)
    model = network("vae", {"in_size": 3}, latent_size=2, width_size=8)
    np.testing.assert_allclose(inside.code(model, x), jax.vmap(lambda x: model.encode(x)[0])(x), rtol=1e-5)
    coarse = network("autoencoder1d", {"in_channels": 3}, widths=(4, 8), latent_size=5)
    assert inside.code(coarse, jnp.zeros((2, 8, 3))).shape == (2, 4, 5)


def test_what_a_network_does_not_have_is_said():
    model = network("mlp", {"in_size": 3}, width_size=4)
    with pytest.raises(ConfigError, match="families with one: transformer"):
        inside.attention(model, drawn(3))
    with pytest.raises(ConfigError, match="families with one: autoencoders"):
        inside.code(model, drawn(2, 3))
