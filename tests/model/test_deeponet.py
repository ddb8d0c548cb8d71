"""Deep operator networks: sensors stay where they are, any place can be asked, principal components as a basis."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.model.deeponet import DeepONet
from outcrop.model.lattice import interpolated, places
from outcrop.model.trainable import parameter_count, trainable

SIZE = (8, 6)


def network(**arguments):
    own = {"size": SIZE, "latent_size": 5, "width_size": 12, "depth": 1, "num_spatial_dims": 2, **arguments}
    return DeepONet(2, 1, key=jax.random.key(0), **own)


def fine(x, times=2):
    """A field whose every so many-th sample is one of x, with other values between."""
    other = jax.random.normal(jax.random.key(5), (*(times * n for n in x.shape[:-1]), x.shape[-1]))
    return other.at[(slice(None, None, times),) * (x.ndim - 1)].set(x)


@pytest.mark.parametrize("variant", ["unstacked", "stacked", "pod"])
def test_a_finer_grid_holds_the_coarse_answer(variant):
    model = network(variant=variant).fitted(np.random.default_rng(0).normal(size=(9, *SIZE)))
    x = jax.random.normal(jax.random.key(1), (*SIZE, 2))
    y = model(fine(x))
    assert y.shape == (16, 12, 1) and float(y.std()) > 0
    np.testing.assert_allclose(y[::2, ::2], model(x), rtol=1e-4, atol=1e-5)


def test_interpolation_is_linear_between_the_two_nearest_samples():
    x = jnp.arange(6.0)[:, None]
    np.testing.assert_allclose(interpolated(x, (12,))[:, 0], [*np.arange(0, 5.5, 0.5), 5.0], atol=1e-6)
    np.testing.assert_allclose(interpolated(x, (4,))[:, 0], [0, 1.5, 3, 4.5], atol=1e-6)
    plane = 3 * places((8, 10), jnp.float32)[..., :1] - places((8, 10), jnp.float32)[..., 1:]
    inner = interpolated(plane, (4, 5))
    np.testing.assert_allclose(inner, plane[::2, ::2], atol=1e-6)


def test_stacked_has_a_branch_for_every_coefficient():
    one, many = network(), network(variant="stacked")
    branch = 12 * (8 * 6 * 2 + 1) + 13
    assert parameter_count(many) == 5 * branch + parameter_count(one.trunk) + 1


def test_principal_components_of_the_targets_are_the_basis_and_do_not_train():
    rng = np.random.default_rng(2)
    true = rng.normal(size=(3, *SIZE))
    targets = 1.5 + rng.normal(size=(40, 3)) @ true.reshape(3, -1)
    model = network(variant="pod").fitted(targets.reshape(40, *SIZE))
    basis, mean = (np.asarray(part).reshape(48, -1) for part in model.trunk(SIZE))
    np.testing.assert_allclose(mean[:, 0], targets.mean(axis=0), atol=1e-4)
    assert np.abs(basis[:, 3:]).max() < 1e-4  # three components explain everything
    coefficients = np.linalg.lstsq(basis[:, :3], (targets - targets.mean(axis=0)).T, rcond=None)[0]
    np.testing.assert_allclose(basis[:, :3] @ coefficients, (targets - targets.mean(axis=0)).T, atol=1e-3)
    np.testing.assert_allclose(coefficients.std(axis=1), 1.0, rtol=1e-3)
    assert not any(jax.tree.leaves(trainable(model).trunk))
    assert network().fitted(targets.reshape(40, *SIZE)) is not None


def test_gaps_in_the_targets_count_as_the_mean():
    targets = np.random.default_rng(3).normal(size=(20, *SIZE))
    targets[:, 0, 0] = np.nan
    targets[3, 1, 1] = np.nan
    basis, mean = network(variant="pod").fitted(targets).trunk(SIZE)
    assert np.isfinite(basis).all() and np.isfinite(mean).all() and np.abs(basis[0, 0]).max() < 1e-6


def test_what_cannot_be_is_refused_with_a_fix():
    with pytest.raises(ConfigError, match='Fix: variant = "unstacked"'):
        DeepONet(1, 4, size=SIZE, variant="pod", num_spatial_dims=2, key=jax.random.key(0))
    with pytest.raises(ConfigError, match=r"Fix: size = \[32, 32\]"):
        DeepONet(1, 1, size=(8,), num_spatial_dims=2, key=jax.random.key(0))
    with pytest.raises(ConfigError, match="choose one of unstacked, stacked, pod"):
        network(variant="POD")
