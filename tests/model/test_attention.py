"""Attention against Equinox and PyTorch-free closed forms: weights, places, masks."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.model.attention import EncoderBlock, check_heads, rotated, sinusoidal, visible

TOKENS, WIDTH, HEADS = 7, 16, 2


@pytest.fixture(autouse=True)
def strict():
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield


def normal(*shape, key=0):
    return jax.random.normal(jax.random.key(key), shape)


def steps(count, start=0):
    return jnp.arange(start, start + count, dtype=jnp.float32)[:, None]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("causal", [False, True])
def test_the_weights_shown_are_those_the_layer_uses(turned, causal):
    block = EncoderBlock(WIDTH, num_heads=HEADS, dropout=0.0, key=jax.random.key(1))
    x, places = normal(TOKENS, WIDTH), steps(TOKENS) if turned else None
    mask = visible(jnp.arange(TOKENS) != 2, causal=causal)
    weights = block.weights(x, mask, places)
    np.testing.assert_allclose(weights.sum(axis=-1), np.ones((HEADS, TOKENS)), rtol=1e-5)
    np.testing.assert_array_equal(weights[:, ~np.asarray(mask)], 0)
    value = jax.vmap(block.attend.value_proj)(block.norms[0](x)).reshape(TOKENS, HEADS, -1)
    mixed = jnp.einsum("hqk,khc->qhc", weights, value).reshape(TOKENS, WIDTH)
    by_hand = x + jax.vmap(block.attend.output_proj)(mixed)
    silent = eqx.tree_at(lambda b: (b.narrow.weight, b.narrow.bias), block, replace_fn=jnp.zeros_like)
    np.testing.assert_allclose(silent(x, mask, places), by_hand, rtol=1e-4, atol=1e-5)


def test_rotation_along_one_dimension_equals_equinox():
    x = normal(TOKENS, HEADS, 8)
    layer = eqx.nn.RotaryPositionalEmbedding(8)
    expected = jax.vmap(layer, in_axes=1, out_axes=1)(x)
    np.testing.assert_allclose(rotated(x, steps(TOKENS)), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shift", [(5, 0), (0, 11), (3, -2)])
def test_scores_after_rotation_depend_on_distances_only(shift):
    query, key = normal(TOKENS, HEADS, 8), normal(TOKENS, HEADS, 8, key=1)
    places = jnp.asarray(np.random.default_rng(0).integers(0, 9, (TOKENS, 2)), jnp.float32)
    moved = places + jnp.asarray([shift], jnp.float32)

    def scores(at):
        return jnp.einsum("qhc,khc->hqk", rotated(query, at), rotated(key, at))

    np.testing.assert_allclose(scores(moved), scores(places), rtol=1e-3, atol=1e-4)
    assert not np.allclose(scores(2 * places), scores(places), atol=1e-2)


def test_rotation_keeps_lengths():
    x = normal(TOKENS, HEADS, 8)
    np.testing.assert_allclose((rotated(x, steps(TOKENS)) ** 2).sum(-1), (x**2).sum(-1), rtol=1e-5)


def test_sinusoidal_places_by_hand():
    table = sinusoidal(steps(3), 4)  # wavelengths 2 pi and 200 pi
    expected = [[np.sin(t), np.sin(t / 100), np.cos(t), np.cos(t / 100)] for t in range(3)]
    np.testing.assert_allclose(table, expected, rtol=1e-5)


def test_sinusoidal_places_of_images_are_all_different():
    grid = jnp.stack(jnp.meshgrid(jnp.arange(5.0), jnp.arange(6.0), indexing="ij"), axis=-1).reshape(-1, 2)
    table = sinusoidal(grid, 8)
    apart = jnp.abs(table[:, None] - table[None]).max(axis=-1)
    assert float((apart + 9 * jnp.eye(30)).min()) > 1e-3


def test_visible_tokens_by_hand():
    present = jnp.asarray([False, True, True])
    assert visible(present).tolist() == [[True, True, True], [False, True, True], [False, True, True]]
    assert visible(present, causal=True).tolist() == [[True, False, False], [False, True, False], [False, True, True]]


@pytest.mark.parametrize(
    ("width", "heads", "position", "dims", "fix"),
    [(10, 4, "none", 1, "12"), (12, 4, "rotary", 1, "16"), (6, 2, "sinusoidal", 2, "8"), (8, 4, "rotary", 2, "16")],
)
def test_a_width_that_heads_do_not_divide_is_refused_with_one_that_they_do(width, heads, position, dims, fix):
    with pytest.raises(ConfigError, match=f"width_size = {fix}$"):
        check_heads(width, heads, position, dims)
    check_heads(int(fix), heads, position, dims)
