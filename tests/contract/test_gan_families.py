"""Pairs of generator and critic keep the contract of the other families, each half on ONE example with its condition.

Axes are unequal: batch 3, sizes that no power of two divides, 4 generated channels, a condition of 2.
"""

import functools
import inspect

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.model.condition import fields
from outcrop.model.gan import largest_singular_value, normalised
from outcrop.model.table import FAMILIES, build, problems
from outcrop.model.trainable import parameter_count, trainable

SMALL = {
    "gan_mlp": {"latent_size": 3, "width_size": 12, "depth": 2},
    "dcgan1d": {"latent_size": 3, "size": (11,), "widths": (8, 6)},
    "dcgan2d": {"latent_size": 3, "size": (5, 7), "widths": (8, 6)},
}
NAMES = sorted(SMALL)
BATCH, LATENT, OUT, GIVEN = 3, 3, 4, 2


@pytest.fixture(autouse=True)
def strict():
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield


@functools.cache
def small(name, key=0, given=GIVEN, spectral_norm=False):
    arguments = SMALL[name] | {"spectral_norm": spectral_norm}
    return build(name, in_size=given, out=OUT, arguments=arguments, key=jax.random.key(key))


def place(name):
    return SMALL[name].get("size", ())


def inputs(name, given=GIVEN):
    keys = jax.random.split(jax.random.key(5), 3)
    shapes = (LATENT,), (*place(name), OUT), (*place(name), given)
    return tuple(jax.random.normal(key, (BATCH, *shape)) for key, shape in zip(keys, shapes, strict=True))


@eqx.filter_jit
def both(model, z, x, condition):
    made = jax.vmap(lambda z, c: model.generator(z, c))(z, condition)
    return made, jax.vmap(lambda x, c: model.critic(x, c))(x, condition)


def test_every_pair_has_a_small_instance_here():
    assert set(SMALL) == {name for name, family in FAMILIES.items() if family.generates == "latent"}


@pytest.mark.parametrize("name", NAMES)
def test_shapes_dtypes_and_vmap_equals_loop(name):
    model, (z, x, condition) = small(name), inputs(name)
    made, scores = both(model, z, x, condition)
    assert made.shape == x.shape and scores.shape == (BATCH,)
    assert made.dtype == scores.dtype == jnp.float32
    loop = [model.generator(a, c) for a, c in zip(z, condition, strict=True)]
    np.testing.assert_allclose(made, jnp.stack(loop), rtol=2e-4, atol=2e-5)
    loop = [model.critic(a, c) for a, c in zip(x, condition, strict=True)]
    np.testing.assert_allclose(scores, jnp.stack(loop), rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_follows_its_key_and_its_condition(name):
    model, (_, x, condition) = small(name), inputs(name)
    draw = eqx.filter_jit(lambda key, condition: model.sample(key, condition))
    first = draw(jax.random.key(1), condition[0])
    assert first.shape == x.shape[1:]
    assert bool(jnp.all(first == draw(jax.random.key(1), condition[0])))
    for other in (draw(jax.random.key(2), condition[0]), draw(jax.random.key(1), condition[1])):
        assert float(jnp.abs(first - other).max()) > 1e-3
    free = small(name, given=0)
    assert free.sample(jax.random.key(1)).shape == x.shape[1:]
    np.testing.assert_array_equal(free.critic(x[0]), free.critic(x[0], jnp.zeros((*place(name), 0))))


@pytest.mark.parametrize("name", NAMES)
def test_every_place_and_channel_of_the_condition_counts(name):
    model, (z, x, condition) = small(name), inputs(name)

    @eqx.filter_jit
    def slopes(c):
        made = jax.grad(lambda c: jnp.sum(jnp.sin(model.generator(z[0], c))))(c)
        return made, jax.grad(lambda c: model.critic(x[0], c))(c)

    for slope in slopes(condition[0]):
        assert float(jnp.abs(slope).min()) > 0


@pytest.mark.parametrize("spectral_norm", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_finite_and_reach_every_parameter(name, spectral_norm):
    model, given = small(name, spectral_norm=spectral_norm), inputs(name)

    def value(model):
        made, scores = both(model, *given)
        return jnp.sum(jnp.square(made)) + jnp.sum(jnp.square(scores + 1))

    leaves = jax.tree.leaves(eqx.filter_grad(value)(model))
    assert len(leaves) == sum(jax.tree.leaves(trainable(model)))
    for leaf in leaves:
        assert bool(jnp.all(jnp.isfinite(leaf))) and float(jnp.abs(leaf).max()) > 0


@pytest.mark.parametrize("name", NAMES)
def test_gradient_equals_finite_differences_in_float64(name):
    rng = np.random.default_rng(0)
    with jax.enable_x64(True):

        def moved(leaf):  # biases away from 0, where padding would lie on the bend of a rectifier
            return jnp.asarray(np.asarray(leaf) + 0.1 * rng.normal(size=leaf.shape)) if eqx.is_array(leaf) else leaf

        model = jax.tree.map(moved, small(name))
        z, x, condition = (jnp.asarray(array[0], jnp.float64) for array in inputs(name))
        params, static = eqx.partition(model, trainable(model))
        leaves, tree = jax.tree.flatten(params)

        @jax.jit
        @jax.value_and_grad
        def value(v):
            pair = eqx.combine(jax.tree.unflatten(tree, v), static)
            return jnp.sum(jnp.sin(pair.generator(z, condition))) + jnp.sin(pair.critic(x, condition))

        direction = [rng.normal(size=leaf.shape) for leaf in leaves]

        def along(step):
            return float(value([np.asarray(leaf) + step * d for leaf, d in zip(leaves, direction, strict=True)])[0])

        slope = sum(float((np.asarray(g) * d).sum()) for g, d in zip(value(leaves)[1], direction, strict=True))
        np.testing.assert_allclose(slope, (along(1e-6) - along(-1e-6)) / 2e-6, rtol=1e-6)


@pytest.mark.parametrize("given", [0, GIVEN])
@pytest.mark.parametrize("name", NAMES)
def test_parameter_count_equals_its_formula(name, given):
    for arguments in (SMALL[name], {}):
        shapes = eqx.filter_eval_shape(
            lambda key, arguments=arguments: build(name, in_size=given, out=OUT, arguments=arguments, key=key),
            jax.random.key(0),
        )
        leaves = [leaf for leaf in jax.tree.leaves(shapes) if isinstance(leaf, jax.ShapeDtypeStruct)]
        assert FAMILIES[name].parameter_count(given, OUT, **arguments) == sum(leaf.size for leaf in leaves)
    assert parameter_count(small(name)) == FAMILIES[name].parameter_count(GIVEN, OUT, **SMALL[name])


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_bits(name):
    assert bool(eqx.tree_equal(small(name), small.__wrapped__(name)))
    assert not bool(eqx.tree_equal(small(name), small(name, key=1)))


@pytest.mark.parametrize("name", NAMES)
def test_table_states_the_constructor(name):
    entry = FAMILIES[name]
    signature = inspect.signature(entry.load().__init__).parameters
    stated = {k: p.default for k, p in signature.items() if p.kind is p.KEYWORD_ONLY and k != "key"}
    assert stated | {"size": None} == dict(entry.defaults) | {"size": None}
    assert problems(name, entry.defaults) == {}
    assert len(entry.defaults.get("size", ())) == entry.axes


def test_the_largest_singular_value():
    rng = np.random.default_rng(0)
    for shape in ((3, 40), (40, 3), (64, 64), (27, 16)):
        matrix = rng.normal(size=shape).astype(np.float32)
        true = np.linalg.svd(matrix, compute_uv=False)[0]
        assert 0.93 * true < float(largest_singular_value(jnp.asarray(matrix))) < 1.0001 * true


@pytest.mark.parametrize("name", NAMES)
def test_a_normalised_critic_is_not_steep(name):
    """With one layer's norm 1 each, the slope is at most 1 for dense layers; without, these weights make it steep."""
    model, (_, x, condition) = small(name, spectral_norm=True), inputs(name)
    steep = jax.tree.map(lambda leaf: 10 * leaf if eqx.is_inexact_array(leaf) else leaf, model.critic)
    again = normalised(steep)
    slope = [float(jnp.linalg.norm(jax.grad(lambda x, own=own: own(x, condition[0]))(x[0]))) for own in (steep, again)]
    np.testing.assert_allclose(slope[0], slope[1], rtol=1e-3)  # the critic normalises itself at every call
    assert slope[0] < 1.1 * 3 ** len(place(name))  # a kernel of three taps may stretch by three at most


def test_what_cannot_be_is_refused_with_a_fix():
    model, (_, x, condition) = small("dcgan1d"), inputs("dcgan1d")
    with pytest.raises(ConfigError, match=r"Fix: size = \[9\]"):
        model.critic(x[0, :9], condition[0, :9])
    with pytest.raises(ConfigError, match="one number of each channel for every place"):
        model.critic(x[0], condition[0, :, :1])
    with pytest.raises(ConfigError, match="choose one of layer, group, none"):
        build("dcgan1d", in_size=0, out=1, arguments={"norm": "batch"}, key=jax.random.key(0))
    with pytest.raises(ConfigError, match="latent_size = 8"):
        build("gan_mlp", in_size=0, out=1, arguments={"latent_size": 0}, key=jax.random.key(0))


def test_no_condition_is_a_condition_of_zeros():
    like = jnp.zeros(())
    known = fields(jnp.asarray([[0.0, 2.0], [0.0, 0.0]]), (2,), 2, like)
    np.testing.assert_array_equal(known, [[0.0, 2.0, 1.0], [0.0, 0.0, 1.0]])
    for none in (None, jnp.zeros((2, 2)), jnp.zeros((2, 0))):
        np.testing.assert_array_equal(fields(none, (2,), 2, like), np.zeros((2, 3)))
    assert fields(None, (2,), 0, like).shape == (2, 0)
