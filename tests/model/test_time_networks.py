"""Networks that know the time: they begin at 0, the time and the condition count, sizes are kept."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.model.block import ResidualBlock
from outcrop.model.norm import film
from outcrop.model.table import build
from outcrop.model.time_embedding import TimeEmbedding
from outcrop.model.trainable import trainable

KEY = jax.random.key(0)
SMALL = {
    "time_mlp": ({"width_size": 8, "depth": 2}, ()),
    "time_unet1d": ({"widths": (4, 6)}, (7,)),
    "time_unet2d": ({"widths": (4, 6)}, (5, 6)),
    "dit1d": ({"width_size": 8, "depth": 2, "num_heads": 2, "patch": 2}, (7,)),
    "dit2d": ({"width_size": 8, "depth": 2, "num_heads": 2, "patch": 2}, (5, 6)),
}


def built(name, given=2):
    return build(name, in_size=given, out=3, arguments=SMALL[name][0], key=KEY)


def moved(model):
    """As after some training: no layer at zero any more."""
    rng = np.random.default_rng(0)
    return jax.tree.map(
        lambda moves, leaf: leaf + 0.2 * jnp.asarray(rng.normal(size=leaf.shape), leaf.dtype) if moves else leaf,
        trainable(model),
        model,
    )


def drawn(name, channels, key=1):
    return jax.random.normal(jax.random.key(key), (*SMALL[name][1], channels))


@pytest.mark.parametrize("name", SMALL)
def test_an_untrained_network_answers_the_mean(name):
    assert not built(name)(drawn(name, 3), jnp.asarray(0.4), drawn(name, 2)).any()


@pytest.mark.parametrize("name", SMALL)
def test_data_time_and_condition_count(name):
    run = eqx.filter_jit(moved(built(name)))
    x, t, condition = drawn(name, 3), jnp.asarray(0.4), drawn(name, 2, key=2)
    y = run(x, t, condition)
    assert y.shape == x.shape and y.dtype == jnp.float32
    for other in (run(2 * x, t, condition), run(x, t + 0.1, condition), run(x, t, -condition), run(x, t)):
        assert float(jnp.abs(y - other).max()) > 1e-3
    np.testing.assert_array_equal(run(x, t), run(x, t, jnp.zeros_like(condition)))


@pytest.mark.parametrize("name", SMALL)
def test_without_a_condition(name):
    model = built(name, given=0)
    x, t = drawn(name, 3), jnp.asarray(0.4)
    assert model(x, t).shape == model(x, t, jnp.zeros((*x.shape[:-1], 0))).shape == x.shape
    with pytest.raises(ConfigError, match="a class or a number is repeated"):
        model(x, t, drawn(name, 1))


def test_a_film_of_nothing_changes_nothing():
    block = ResidualBlock(3, 4, kernel_size=3, activation="silu", dropout=0.0, key=KEY)
    x = jax.random.normal(KEY, (6, 3))
    np.testing.assert_array_equal(block(x), block(x, both=jnp.zeros(8)))
    y = jax.random.normal(KEY, (6, 4))
    np.testing.assert_allclose(film(y, jnp.arange(8.0)), y * (1 + jnp.arange(4.0)) + jnp.arange(4.0, 8.0), rtol=1e-6)


def test_near_times_have_near_embeddings_and_far_ones_do_not():
    embed = eqx.filter_jit(TimeEmbedding(32, key=KEY))
    here = embed(jnp.asarray(0.5))
    near, far = (float(jnp.linalg.norm(embed(jnp.asarray(t)) - here)) for t in (0.501, 0.9))
    assert 0 < 4 * near < far


def test_attention_reaches_everywhere():
    model = moved(build("dit1d", in_size=0, out=1, arguments=SMALL["dit1d"][0], key=KEY))
    slope = jax.jit(jax.jacobian(lambda x: model(x, jnp.asarray(0.3))[0, 0]))(jax.random.normal(KEY, (11, 1)))
    assert float(jnp.abs(slope).min()) > 0
