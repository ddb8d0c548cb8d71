"""The vision transformer: sizes, places, padding, one answer per image."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.model.trainable import parameter_count as counted
from outcrop.model.vit import ViT, parameter_count

CHANNELS, OUT, PATCH = 5, 3, 4


@pytest.fixture(autouse=True)
def strict():
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield


def network(**arguments):
    return ViT(CHANNELS, OUT, width_size=16, num_heads=2, patch=PATCH, **arguments, key=jax.random.key(0))


def image(*size):
    return jax.random.normal(jax.random.key(1), (*size, CHANNELS))


@pytest.mark.parametrize("size", [(12, 8), (9, 7), (1, 1)])
@pytest.mark.parametrize("pool", ["none", "mean"])
@pytest.mark.parametrize("position", ["sinusoidal", "rotary", "none"])
def test_any_size_is_kept(size, pool, position):
    model = network(pool=pool, position=position)
    assert model(image(*size)).shape == (*size, OUT)
    assert counted(model) == parameter_count(CHANNELS, OUT, width_size=16, patch=PATCH, pool=pool)


@pytest.mark.parametrize("position", ["sinusoidal", "rotary", "none"])
@pytest.mark.parametrize("pool", ["none", "mean"])
def test_padding_with_whole_patches_changes_nothing(position, pool):
    model, x = network(position=position, pool=pool), image(12, 8)
    longer = model(jnp.pad(x, ((0, PATCH), (0, 2 * PATCH), (0, 0))))
    np.testing.assert_allclose(longer[:12, :8], model(x), rtol=1e-3, atol=1e-4)


def test_without_places_patches_may_change_places():
    x = image(8, 8)
    swapped = jnp.concatenate([x[4:], x[:4]])
    for position, same in (("none", True), ("sinusoidal", False), ("rotary", False)):
        model = network(position=position)
        y = model(x)
        assert np.allclose(model(swapped), jnp.concatenate([y[4:], y[:4]]), rtol=1e-3, atol=1e-4) == same


def test_rotary_places_make_answers_move_with_the_picture():
    """What matters is the distance of two patches: a picture on empty ground may lie anywhere."""
    model, x = network(position="rotary"), image(8, 8)
    here = jnp.pad(x, ((0, 8), (0, 8), (0, 0)))
    there = jnp.roll(here, (PATCH, 2 * PATCH), axis=(0, 1))
    moved = jnp.roll(model(here), (PATCH, 2 * PATCH), axis=(0, 1))
    np.testing.assert_allclose(model(there)[4:12, 8:16], moved[4:12, 8:16], rtol=1e-3, atol=1e-4)


def test_attention_sums_to_one():
    weights = network().attention(image(9, 7))
    assert weights.shape == (2, 2, 6, 6)
    np.testing.assert_allclose(weights.sum(axis=-1), np.ones((2, 2, 6)), rtol=1e-5)


def test_one_answer_for_the_image():
    y = network(pool="mean")(image(9, 7))
    np.testing.assert_array_equal(y, jnp.broadcast_to(y[:1, :1], y.shape))


def test_a_width_without_room_for_two_dimensions_is_refused():
    with pytest.raises(ConfigError, match="width_size = 16"):
        ViT(CHANNELS, OUT, width_size=12, num_heads=4, position="rotary", key=jax.random.key(0))
