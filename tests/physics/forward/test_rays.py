"""Lengths of straight rays against sampling along them, sums and symmetries."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from orders import check_gradient
from outcrop.errors import DataError
from outcrop.physics.forward.rays import ray_lengths

X, Z = np.array([0.0, 10.0, 25.0, 40.0]), np.array([0.0, 5.0, 30.0])


def rays(count=40):
    rng = np.random.default_rng(0)
    return [rng.random((count, 2)) * [40.0, 30.0] for _ in range(2)]


def test_lengths_are_those_of_samples_along_the_ray():
    source, receiver = rays()
    found = ray_lengths(source, receiver, X, Z)
    share = (np.arange(20_000) + 0.5) / 20_000
    at = source[:, None] + share[:, None] * (receiver - source)[:, None]
    cell = (np.searchsorted(Z, at[..., 1]) - 1) * 3 + np.searchsorted(X, at[..., 0]) - 1
    length = np.linalg.norm(receiver - source, axis=1)
    wanted = np.stack([np.bincount(row, minlength=6) for row in cell]) / 20_000 * length[:, None]
    np.testing.assert_allclose(found, wanted, atol=0.01)
    np.testing.assert_allclose(found.sum(axis=1), length, rtol=1e-12)
    np.testing.assert_allclose(found, ray_lengths(receiver, source, X, Z), atol=1e-12)


def test_rays_along_edges_are_counted_once():
    ends = [[0.0, 0.0], [0.0, 30.0], [40.0, 0.0], [10.0, 0.0]], [[40.0, 0.0], [40.0, 30.0], [40.0, 30.0], [10.0, 30.0]]
    found = ray_lengths(*map(np.array, ends), X, Z).reshape(4, 2, 3)
    np.testing.assert_allclose(found.sum(axis=(1, 2)), [40.0, 40.0, 30.0, 30.0])
    np.testing.assert_allclose(found[0, 0], [10.0, 15.0, 15.0])
    np.testing.assert_allclose(found[1, 1], [10.0, 15.0, 15.0])
    np.testing.assert_allclose(found[2, :, 2], [5.0, 25.0])
    np.testing.assert_allclose(found[3, :, 1], [5.0, 25.0])


def test_differentiable_in_the_ends_and_compiled():
    source, receiver = map(jnp.asarray, rays(6))
    slowness = jnp.asarray(np.random.default_rng(1).random(6))
    check_gradient(lambda s, r: jnp.sum(ray_lengths(s, r, X, Z) @ slowness), source, receiver, rtol=1e-5)
    single = jax.jit(ray_lengths)(*(part.astype(np.float32) for part in (source, receiver, X, Z)))
    assert single.dtype == jnp.float32
    np.testing.assert_allclose(single, ray_lengths(source, receiver, X, Z), atol=1e-4)


def test_rays_stay_in_the_section():
    with pytest.raises(DataError, match=r"x_edges_m = np\.linspace\(0, 50, 4\)"):
        ray_lengths(np.zeros((1, 2)), np.array([[50.0, 0.0]]), X, Z)
