"""Spectral convolutions: closed forms, one set of weights for every resolution, factorised weights."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.model.spectral import SpectralConv, factor_shapes, weight_shape
from outcrop.model.trainable import parameter_count


def waves(sizes, channels=2, highest=3, seed=0):
    """Sums of waves of at most `highest` periods along every dimension, (*sizes, channel)."""
    rng = np.random.default_rng(seed)
    grid = np.meshgrid(*(np.arange(n) / n for n in sizes), indexing="ij")
    found = np.zeros((*sizes, channels))
    for channel in range(channels):
        for _ in range(8):
            wave = rng.integers(-highest, highest + 1, len(sizes))
            phase = 2 * np.pi * sum(k * x for k, x in zip(wave, grid, strict=True)) + rng.uniform(0, 6)
            found[..., channel] += rng.normal() * np.cos(phase)
    return jnp.asarray(found, jnp.float32)


def layer(dims, modes=4, factorisation="none"):
    return SpectralConv(2, 2, modes, num_spatial_dims=dims, factorisation=factorisation, key=jax.random.key(0))


@pytest.mark.parametrize("sizes", [(9,), (12,), (9, 8), (8, 7, 10)])
def test_identity_weights_keep_a_field_of_low_frequencies_and_remove_others(sizes):
    same = layer(len(sizes))
    weight = np.zeros(same.factors[0].shape, np.float32)
    weight[..., 0, 0, 0] = weight[..., 1, 1, 0] = 1
    same = eqx.tree_at(lambda own: own.factors[0], same, jnp.asarray(weight))
    low = waves(sizes)
    np.testing.assert_allclose(same(low), low, atol=1e-5)
    if len(sizes) == 1 and sizes[0] > 11:
        fast = jnp.cos(2 * jnp.pi * 5 * jnp.arange(sizes[0]) / sizes[0])[:, None] * jnp.ones((1, 2))
        np.testing.assert_allclose(same(fast), jnp.zeros_like(fast), atol=1e-5)


def test_a_matrix_per_frequency_is_a_periodic_convolution():
    """Weights that are the transform of a kernel give what a sum over shifted fields gives."""
    size, own = 9, layer(1, modes=5)
    kernel = np.random.default_rng(1).normal(size=(size, 2, 2))
    transform = np.fft.rfft(kernel, axis=0)
    own = eqx.tree_at(
        lambda o: o.factors[0], own, jnp.asarray(np.stack([transform.real, transform.imag], -1), jnp.float32)
    )
    x = np.random.default_rng(2).normal(size=(size, 2)).astype(np.float32)
    expected = sum(np.roll(x, shift, axis=0) @ kernel[shift] for shift in range(size))
    np.testing.assert_allclose(own(jnp.asarray(x)), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_the_same_weights_give_the_same_field_on_a_finer_grid(dims):
    own, sizes = layer(dims), (8, 9, 10)[:dims]
    coarse, fine = own(waves(sizes)), own(waves(tuple(2 * n for n in sizes)))
    np.testing.assert_allclose(fine[(slice(None, None, 2),) * dims], coarse, atol=1e-5)


def test_a_grid_with_fewer_frequencies_than_weights_uses_those_it_has():
    wide, narrow = layer(2, modes=8), layer(2, modes=3)
    inner = wide.factors[0][5:10, :3]  # frequencies -2 to 2, and 0 to 2
    narrow = eqx.tree_at(lambda own: own.factors[0], narrow, inner)
    x = waves((5, 5), highest=2)
    np.testing.assert_allclose(wide(x), narrow(x), atol=1e-5)


@pytest.mark.parametrize("dims", [1, 2])
def test_a_shifted_field_gives_the_shifted_answer(dims):
    own, x = layer(dims), jax.random.normal(jax.random.key(1), (*(8, 9)[:dims], 2))
    np.testing.assert_allclose(own(jnp.roll(x, 3, axis=0)), jnp.roll(own(x), 3, axis=0), atol=1e-5)


@pytest.mark.parametrize("factorisation", ["tucker:0.3", "cp:0.2", "tucker:1"])
def test_factors_multiply_to_weights_with_about_the_stated_share_of_numbers(factorisation):
    own = layer(2, modes=6, factorisation=factorisation)
    shape = weight_shape(2, 2, 6, 2)
    assert own.weight.shape == shape
    assert parameter_count(own) == sum(np.prod(s) for s in factor_shapes(shape, factorisation))
    first, *others = (np.asarray(f, float) for f in own.factors)
    if factorisation.startswith("cp"):
        a, b, c, d, e = (first, *others)
        expected = sum(np.einsum("a,b,c,d,e", a[:, r], b[:, r], c[:, r], d[:, r], e[:, r]) for r in range(a.shape[1]))
    else:
        expected = first
        for axis, matrix in enumerate(others):
            expected = np.moveaxis(np.tensordot(matrix, expected, axes=(1, axis)), 0, axis)
    np.testing.assert_allclose(own.weight, expected, rtol=1e-4, atol=1e-5)


def test_weights_of_all_kinds_start_at_the_same_size():
    spreads = [
        float(SpectralConv(8, 8, 8, num_spatial_dims=2, factorisation=kind, key=jax.random.key(0)).weight.std())
        for kind in ("none", "tucker:0.3", "cp:0.3")
    ]
    np.testing.assert_allclose(spreads, 0.25, rtol=0.25)  # 1 / sqrt(2 * 8)


@pytest.mark.parametrize("wrong", ["tuker:0.1", "tucker", "cp:0", "none:0.5", "cp:2"])
def test_unknown_factorisations_are_refused_with_a_fix(wrong):
    with pytest.raises(ConfigError, match='Fix: factorisation = "none"'):
        factor_shapes((4, 2, 2, 2), wrong)
