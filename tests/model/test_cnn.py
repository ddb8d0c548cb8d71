"""Convolutional classifiers: where a pattern lies does not matter, nor what lies around the record."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.model.cnn import CNN, halved, parameter_count
from outcrop.model.trainable import parameter_count as counted

SIZES = {1: (24,), 2: (16, 12), 3: (8, 12, 4)}


@pytest.fixture(autouse=True)
def strict():
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield


def network(dims, **arguments):
    return CNN(2, 3, widths=(4, 6), num_spatial_dims=dims, **arguments, key=jax.random.key(0))


def example(dims):
    return jax.random.normal(jax.random.key(1), (*SIZES[dims], 2))


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_one_answer_on_every_sample(dims):
    y = network(dims)(example(dims))
    assert y.shape == (*SIZES[dims], 3)
    np.testing.assert_array_equal(y, jnp.broadcast_to(y[(slice(0, 1),) * dims], y.shape))


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("axis", [0, -2])
def test_a_pattern_on_empty_ground_may_lie_anywhere(dims, axis):
    model = network(dims)
    around = jnp.pad(example(dims), (*((8, 8),) * dims, (0, 0)))
    moved = jnp.roll(around, model.multiple, axis=axis)
    np.testing.assert_allclose(model(moved), model(around), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_padding_changes_nothing(dims):
    model, x = network(dims), example(dims)
    y = model(jnp.pad(x, (*((0, model.multiple),) * dims, (0, 0))))
    np.testing.assert_allclose(y[(0,) * dims], model(x)[(0,) * dims], rtol=1e-4, atol=1e-5)


def test_an_example_of_zeros_and_one_of_a_single_sample_have_answers():
    model = eqx.filter_jit(network(1))
    assert np.isfinite(model(jnp.zeros((5, 2)))).all()
    assert np.isfinite(model(jnp.ones((1, 2)))).all()


def test_halved_takes_the_largest_of_those_that_are_there():
    y = jnp.asarray([[-1.0], [5.0], [-3.0], [-2.0], [7.0], [8.0]])
    largest, there = halved(y, jnp.asarray([True, False, True, True, False, False]))
    assert largest[:, 0].tolist() == [-1.0, -2.0, 0.0]
    assert there.tolist() == [True, True, False]


@pytest.mark.parametrize("norm", ["layer", "group", "batch", "none"])
def test_parameters_by_norm(norm):
    assert counted(network(2, norm=norm)) == parameter_count(2, 3, widths=(4, 6), norm=norm, num_spatial_dims=2)


def test_initial_weights_by_name():
    weights = network(1, initial="orthogonal").convs[1].weight.reshape(-1, 6)
    np.testing.assert_allclose(weights.T @ weights, np.eye(6), atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "fix"),
    [
        ({"initial": "he"}, "choose one of lecun_normal"),
        ({"norm": "btach"}, "choose one of layer, group, batch, none"),
        ({"widths": ()}, r"widths = \[16, 32\]"),
        ({"kernel_size": 2}, "kernel_size = 3"),
    ],
)
def test_impossible_arguments_are_refused_with_a_fix(arguments, fix):
    with pytest.raises(ConfigError, match=fix):
        CNN(2, 3, **arguments, key=jax.random.key(0))
