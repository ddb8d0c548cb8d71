"""Every family of networks keeps the same contract: one example in, one out, keys explicit, formulas true.

All under strict dtype promotion and raising rank promotion. Axes are unequal: batch 3 or 8, length 20, 5 channels,
4 outputs.
"""

import functools
import inspect

import equinox as eqx
import jax
import jax.extend
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from outcrop.errors import ConfigError
from outcrop.model.reach import reach
from outcrop.model.summary import layers
from outcrop.model.table import FAMILIES, build, problems
from outcrop.model.trainable import parameter_count, trainable
from outcrop.view.edges import graph

SMALL = {
    "siren": {"width_size": 16, "depth": 2, "frequency": 1.0, "dropout": 0.2},
    "fourier_mlp": {"features": 6, "width_size": 16, "depth": 2, "frequency": 0.5, "dropout": 0.2},
    "mlp": {"width_size": 16, "depth": 2, "norm": "layer", "residual": True, "dropout": 0.2},
    "resnet1d": {"width_size": 8, "dilations": (1, 2), "dropout": 0.2},
    "resnet2d": {"width_size": 8, "dilations": (1, 2), "dropout": 0.2},
    "resnet3d": {"width_size": 6, "dilations": (1,), "dropout": 0.2},
    "cnn1d": {"widths": (8, 12), "dropout": 0.2},
    "cnn2d": {"widths": (8, 12), "dropout": 0.2},
    "cnn3d": {"widths": (8,), "dropout": 0.2},
    "transformer": {"width_size": 16, "depth": 1, "num_heads": 2, "dropout": 0.2},
    "vit": {"width_size": 16, "depth": 1, "num_heads": 2, "patch": 1, "dropout": 0.2},
    "rnn": {"width_size": 12, "depth": 2, "input_size": 6, "dropout": 0.2},
    "lstm": {"width_size": 12, "depth": 2, "dropout": 0.2},
    "gru": {"width_size": 12, "depth": 2, "bidirectional": True, "dropout": 0.2},
    "convlstm": {"width_size": 6, "depth": 2, "dropout": 0.2},
    "unet1d": {"widths": (8, 12), "dropout": 0.2},
    "unet2d": {"widths": (8, 12), "dropout": 0.2},
    "unet3d": {"widths": (4, 6), "dropout": 0.2},
    "autoencoder": {"latent_size": 8, "width_size": 16, "dropout": 0.2},
    "vae": {"latent_size": 8, "width_size": 16, "dropout": 0.2},
    "autoencoder1d": {"widths": (8, 16), "latent_size": 12, "dropout": 0.2},
    "autoencoder2d": {"widths": (8, 24), "latent_size": 24, "dropout": 0.2},
    "vae1d": {"widths": (8, 16), "latent_size": 12, "dropout": 0.2},
    "vae2d": {"widths": (8, 24), "latent_size": 24, "dropout": 0.2},
    "gcn": {"width_size": 32, "residual": True, "dropout": 0.2},
    "gat": {"width_size": 16, "num_heads": 2, "dropout": 0.2},
    "message_passing": {"width_size": 16, "depth": 2, "dropout": 0.2},
    "encode_process_decode": {"width_size": 12, "depth": 2, "dropout": 0.2},
    "graph_interpolation": {"width_size": 12, "depth": 2, "dropout": 0.2},
    "fno1d": {"width_size": 16, "modes": 6, "depth": 2, "expansion": 0.5, "dropout": 0.2},
    "fno2d": {"width_size": 12, "modes": 3, "depth": 2, "factorisation": "tucker:0.5", "dropout": 0.2},
    "fno3d": {"width_size": 8, "modes": 2, "depth": 2, "factorisation": "cp:0.5", "dropout": 0.2},
    "ufno2d": {"width_size": 12, "modes": 3, "depth": 2, "expansion": 0.5, "dropout": 0.2},
    "ufno3d": {"width_size": 6, "modes": 2, "depth": 2, "dropout": 0.2},
    "deeponet1d": {"size": (20,), "latent_size": 16, "width_size": 32, "dropout": 0.2},
    "deeponet2d": {"size": (8, 6), "latent_size": 16, "width_size": 32, "dropout": 0.2},
    "time_mlp": {"width_size": 16, "depth": 2, "dropout": 0.2},
    "time_unet1d": {"widths": (8, 12), "dropout": 0.2},
    "time_unet2d": {"widths": (8, 12), "dropout": 0.2},
    "time_unet3d": {"widths": (4, 6), "dropout": 0.2},
    "dit1d": {"width_size": 16, "depth": 1, "num_heads": 2, "patch": 1, "dropout": 0.2},
    "dit2d": {"width_size": 16, "depth": 1, "num_heads": 2, "patch": 1, "dropout": 0.2},
    "dit3d": {"width_size": 24, "depth": 1, "num_heads": 2, "patch": 1, "dropout": 0.2},
}
SHAPES = ((5,), (20, 5), (8, 6, 5), (4, 6, 2, 5))  # by the dimensions of an example before its channels
NAMES = sorted(name for name in FAMILIES if FAMILIES[name].generates != "latent")  # those: test_gan_families.py
ON_NOISE = [name for name in NAMES if FAMILIES[name].generates == "noise"]
CONVOLUTIONAL = [name for name in NAMES if FAMILIES[name].convolutional]
WHOLE = ("cnn1d", "cnn2d", "cnn3d")  # one answer for the whole example, repeated on its samples
ON_GRAPHS = [name for name in NAMES if "graphs" in FAMILIES[name].views]
PLACES = np.random.default_rng(0).uniform(size=(20, 2))
NODES = np.arange(20)
GRAPH = graph(np.tile(NODES, 2), np.r_[np.roll(NODES, 1), (7 * NODES + 3) % 20], PLACES)
ALONG_ONE = [name for name in CONVOLUTIONAL if "windows" in FAMILIES[name].views and name not in WHOLE]


class OnGraph(eqx.Module):
    """A network on one and the same graph of 20 nodes."""

    network: eqx.Module

    def __call__(self, x, *, key=None):
        return self.network(x, GRAPH, key=key)


class OnNoise(eqx.Module):
    """A network on noisy data at one and the same time: the example is its condition, and its start is the data."""

    network: eqx.Module

    def given(self, x):
        return x[..., :4], jnp.asarray(0.3, x.dtype), x

    def __call__(self, x, *, key=None):
        return self.network(*self.given(x), key=key)

    @property
    def multiple(self):
        return getattr(self.network, "multiple", 1)


def stirred(model):
    """The network with small numbers in the layers that start at zero, behind which nothing would be seen."""
    leaves, tree = jax.tree.flatten(model)
    rng = np.random.default_rng(4)
    moved = [
        jnp.asarray(0.3 * rng.normal(size=leaf.shape), leaf.dtype)
        if eqx.is_inexact_array(leaf) and leaf.ndim > 1 and not leaf.any()
        else leaf
        for leaf in leaves
    ]
    return jax.tree.unflatten(tree, moved)


@pytest.fixture(autouse=True)
def strict():
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield


def small(name, key=0, **arguments):
    """A small instance; the same one for the same arguments, because drawing weights is slow the first time."""
    return _small(name, key, tuple(arguments.items()))


@functools.cache
def _small(name, key, arguments):
    return _built(name, key, **dict(arguments))


def _built(name, key=0, **arguments):
    size = "in_channels" if len(shape(name)) > 1 else "in_size"
    model = build(name, out=4, arguments=SMALL[name] | arguments, key=jax.random.key(key), **{size: 5})
    if name in ON_NOISE:
        return OnNoise(stirred(model))
    return OnGraph(model) if name in ON_GRAPHS else model


def shape(name):
    return SHAPES[FAMILIES[name].axes]


def example(name, *batch, key=9):
    return jax.random.normal(jax.random.key(key), (*batch, *shape(name)))


@eqx.filter_jit
def forward(model, x, keys=None):
    """A batch of examples through a network; compiled once per network for all tests."""
    if keys is None:
        return jax.vmap(lambda one: model(one))(x)
    return jax.vmap(lambda one, key: model(one, key=key))(x, keys)


@eqx.filter_jit
@eqx.filter_grad
def gradient(model, x):
    return jnp.sum(jnp.square(jax.vmap(model)(x)))


def test_every_family_has_a_small_instance_here():
    assert set(SMALL) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_output_shape_and_dtype(name):
    y = forward(small(name), example(name, 3))
    assert y.shape == (3, *shape(name)[:-1], 4)
    assert y.dtype == jnp.float32


@pytest.mark.parametrize("name", ALONG_ONE)
@pytest.mark.parametrize("length", [1, 7, 33])
def test_any_length_is_kept(name, length):
    out = eqx.filter_eval_shape(small(name), jax.ShapeDtypeStruct((length, 5), jnp.float32))
    assert out.shape == (length, 4)


@pytest.mark.parametrize("name", NAMES)
def test_jit_equals_eager_and_vmap_equals_loop(name):
    model, x = small(name), example(name, 3)
    keys = jax.random.split(jax.random.key(1), 3)
    loop = jnp.stack([model(one, key=k) for one, k in zip(x, keys, strict=True)])
    np.testing.assert_allclose(forward(model, x, keys), loop, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", NAMES)
def test_dropout_needs_a_key_and_only_then_acts(name):
    x, keys = example(name, 3), jax.random.split(jax.random.key(1), 3)
    model, still = small(name), small(name, dropout=0.0)  # the same weights
    assert bool(jnp.all(forward(model, x) == forward(model, x)))
    assert not bool(jnp.any(jnp.all(forward(model, x, keys) == forward(model, x), axis=tuple(range(1, x.ndim)))))
    np.testing.assert_allclose(forward(still, x, keys), forward(model, x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_finite_and_reach_every_parameter(name):
    model = small(name)
    leaves = jax.tree.leaves(eqx.filter(gradient(model, example(name, 3)), trainable(model)))
    assert len(leaves) == sum(jax.tree.leaves(trainable(model)))
    for leaf in leaves:
        assert bool(jnp.all(jnp.isfinite(leaf)))
        assert float(jnp.abs(leaf).max()) > 0


@pytest.mark.parametrize("name", NAMES)
def test_constant_and_huge_inputs_stay_finite(name):
    x = jnp.stack([jnp.full(shape(name), value) for value in (0.0, 1.0, 1e4)])
    assert all(bool(jnp.all(jnp.isfinite(leaf))) for leaf in jax.tree.leaves(gradient(small(name), x)))


@pytest.mark.parametrize("name", NAMES)
def test_overfits_eight_examples(name):
    model, x = small(name, dropout=0.0), example(name, 8)
    one = (1,) * (len(shape(name)) - 1) if name in WHOLE else shape(name)[:-1]
    labels = jnp.broadcast_to(jax.random.randint(jax.random.key(3), (8, *one), 0, 4), (8, *shape(name)[:-1]))
    optimiser = optax.adam(1e-2)

    def loss(params, static):
        scores = jax.vmap(eqx.combine(params, static))(x)
        return optax.softmax_cross_entropy_with_integer_labels(scores, labels).mean()

    @eqx.filter_jit
    def step(params, static, state):
        value, grads = jax.value_and_grad(loss)(params, static)
        updates, state = optimiser.update(grads, state)
        return optax.apply_updates(params, updates), state, value

    params, static = eqx.partition(model, trainable(model))
    with jax.numpy_dtype_promotion("standard"):  # Optax's own code
        state, value, steps = optimiser.init(params), jnp.inf, 0
        while float(value) > 0.2 and steps < 300:  # chance is log 4 = 1.39
            params, state, value = step(params, static, state)
            steps += 1
    assert float(value) <= 0.2


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("which", ["small", "defaults"])
def test_parameter_count_equals_its_formula(name, which):
    arguments = SMALL[name] if which == "small" else {}

    def moved(key):
        model = build(name, in_size=5, out=4, arguments=arguments, key=key)
        return eqx.filter(model, trainable(model))

    leaves = jax.tree.leaves(eqx.filter_eval_shape(moved, jax.random.key(0)))
    leaves = [leaf for leaf in leaves if isinstance(leaf, jax.ShapeDtypeStruct)]
    assert FAMILIES[name].parameter_count(5, 4, **arguments) == sum(leaf.size for leaf in leaves)


@pytest.mark.parametrize("name", NAMES)
def test_layers_sum_to_the_parameters_and_end_at_the_output(name):
    model = small(name)
    if name in ON_NOISE:
        x, *given = model.given(example(name))
        rows = layers(model.network, x.shape, *given)
    else:
        rows = layers(model.network, shape(name), GRAPH) if name in ON_GRAPHS else layers(model, shape(name))
    assert (
        sum(row.parameters for row in rows)
        == parameter_count(model)
        == FAMILIES[name].parameter_count(5, 4, **SMALL[name])
    )
    named = [row for row in rows if not row.layer.startswith("(")]  # means over samples are products between layers
    assert named[-1].layer.rpartition(".")[2] == "last"
    assert named[-1].output[-1] == 4


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_bits(name):
    first, again, other = _built(name), _built(name), _built(name, key=1)
    assert bool(eqx.tree_equal(first, again))
    assert not bool(eqx.tree_equal(first, other))


@pytest.mark.parametrize("name", ALONG_ONE)
def test_shifting_the_input_shifts_the_output_away_from_the_borders(name):
    model = small(name)
    x = jax.random.normal(jax.random.key(2), (96, 5))
    shift = getattr(model, "multiple", 1) * 3
    before, after = reach(model, (96, 5))
    run = eqx.filter_jit(model)
    y, moved = run(x), run(jnp.roll(x, shift, axis=0))
    inside = slice(before + shift, 96 - after - shift)
    assert 0 < inside.start < inside.stop < 96
    np.testing.assert_allclose(moved[inside], jnp.roll(y, shift, axis=0)[inside], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ALONG_ONE)
def test_samples_beyond_the_reach_change_nothing(name):
    model = small(name)
    before, after = reach(model, (96, 5))
    x = jax.random.normal(jax.random.key(2), (96, 5))
    far = x.at[: 48 - before].set(7.0).at[48 + after + 1 :].set(7.0)
    run = eqx.filter_jit(model)
    np.testing.assert_allclose(run(far)[48], run(x)[48], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", CONVOLUTIONAL)
def test_a_batch_is_one_convolution_per_layer(name):
    """`vmap` must not turn a convolution into a loop or a grouped one, which CPUs run many times slower."""
    model, x = small(name), example(name, 3)
    one, many = _convolutions(model, x[0]), _convolutions(jax.vmap(model), x)
    assert len(one) == len(many) > 0
    assert all(e.params["batch_group_count"] == e.params["feature_group_count"] == 1 for e in many)
    sizes = [[e.invars[0].aval.shape[0] for e in found] for found in (one, many)]  # steps and slices are examples too
    assert sizes[1] == [3 * size for size in sizes[0]]


def _convolutions(fun, x):
    def walk(jaxpr):
        for equation in jaxpr.eqns:
            if equation.primitive.name == "conv_general_dilated":
                yield equation
            for inner in jax.extend.core.jaxprs_in_params(equation.params):
                yield from walk(inner)

    return list(walk(jax.make_jaxpr(fun)(x).jaxpr))


@pytest.mark.parametrize("name", NAMES)
def test_gradient_equals_finite_differences_in_float64(name):
    model = small(name, dropout=0.0)
    rng = np.random.default_rng(0)
    with jax.enable_x64(True):
        model = jax.tree.map(lambda a: jnp.asarray(a, jnp.float64) if eqx.is_inexact_array(a) else a, model)
        x = jnp.asarray(rng.normal(size=shape(name)))
        params, static = eqx.partition(model, trainable(model))
        leaves, tree = jax.tree.flatten(params)

        @jax.jit
        @jax.value_and_grad
        def value(v):
            return jnp.sum(jnp.sin(eqx.combine(jax.tree.unflatten(tree, v), static)(x)))

        direction = [rng.normal(size=leaf.shape) for leaf in leaves]

        def along(step):
            return float(value([np.asarray(leaf) + step * d for leaf, d in zip(leaves, direction, strict=True)])[0])

        gradients = value(leaves)[1]
        slope = sum(float((np.asarray(g) * d).sum()) for g, d in zip(gradients, direction, strict=True))
        np.testing.assert_allclose(slope, (along(1e-6) - along(-1e-6)) / 2e-6, rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_members_are_built_together(name):
    keys = jax.random.split(jax.random.key(0), 3)
    make = eqx.filter_vmap(lambda key: build(name, in_size=5, out=4, arguments=SMALL[name], key=key))
    members = eqx.filter_eval_shape(make, keys)
    arrays = [leaf for leaf in jax.tree.leaves(members) if isinstance(leaf, jax.ShapeDtypeStruct)]
    assert arrays and all(leaf.shape[0] == 3 for leaf in arrays)


@pytest.mark.parametrize("name", NAMES)
def test_table_states_the_constructor(name):
    entry = FAMILIES[name]
    signature = inspect.signature(entry.load().__init__).parameters
    keyword_only = {k: p.default for k, p in signature.items() if p.kind is p.KEYWORD_ONLY and k != "key"}
    apart = {"num_spatial_dims"}
    assert keyword_only.keys() - apart == set(entry.defaults) and set(entry.fixed) <= apart
    if not entry.fixed:
        assert {k: v for k, v in keyword_only.items() if k not in apart} == dict(entry.defaults)
    assert problems(name, entry.defaults) == {}
    assert len(signature.keys() - apart) - 1 <= 11
    assert entry.help and entry.views


@pytest.mark.parametrize("name", NAMES)
def test_impossible_arguments_are_refused_with_a_fix(name):
    wrong = [("activation", "gelo", "choose one of"), ("dropout", 1.5, "dropout = 0.1")]
    for argument, value, fix in [row for row in wrong if row[0] in FAMILIES[name].defaults]:
        with pytest.raises(ConfigError, match=f"Fix: {fix}"):
            small(name, **{argument: value})
    with pytest.raises(ConfigError, match="did you mean 'dropout'"):
        small(name, dropuot=0.1)
