"""Convolutional variational autoencoders: mean and log variance per coarse place, draws of any size."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.model.conv_vae import ConvVAE, parameter_count
from outcrop.model.trainable import parameter_count as counted

KEY = jax.random.key(0)


def vae(**arguments):
    return ConvVAE(3, 2, **({"widths": (4, 6, 8), "latent_size": 5} | arguments), key=KEY)


def test_called_it_decodes_the_mean():
    model, x = vae(), jax.random.normal(KEY, (13, 3))
    mean, log_variance = model.encode(x)
    assert mean.shape == log_variance.shape == (4, 5)
    np.testing.assert_allclose(model(x), model.decode(mean)[:13], rtol=1e-6)


@pytest.mark.parametrize(("dims", "size"), [(1, (13,)), (2, (5, 8))])
def test_samples_have_the_size_asked_for(dims, size):
    model = vae(num_spatial_dims=dims)
    drawn = eqx.filter_eval_shape(lambda m: m.sample(*size, key=KEY), model)
    assert drawn.shape == (*size, 2) and drawn.dtype == jnp.float32


@pytest.mark.parametrize("arguments", [{}, {"blocks": 2}, {"num_spatial_dims": 2}])
def test_parameter_formula(arguments):
    given = {"widths": (4, 6, 8), "latent_size": 5} | arguments
    assert counted(vae(**arguments)) == parameter_count(3, 2, **given)
