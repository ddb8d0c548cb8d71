"""Convolutional autoencoders: a code per coarse place, any length, nothing around the code."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.model.conv_autoencoder import ConvAutoencoder, cropped, padded, parameter_count
from outcrop.model.trainable import parameter_count as counted

KEY = jax.random.key(0)


def autoencoder(**arguments):
    return ConvAutoencoder(3, 2, **({"widths": (4, 6, 8), "latent_size": 5} | arguments), key=KEY)


@pytest.mark.parametrize(("length", "places"), [(1, 1), (8, 2), (13, 4)])
def test_the_code_has_one_place_for_every_four_samples(length, places):
    model, x = autoencoder(), jax.random.normal(KEY, (length, 3))
    code = model.encode(x)
    assert code.shape == (places, 5)
    assert model.decode(code).shape == (4 * places, 2)
    np.testing.assert_allclose(model(x), model.decode(code)[:length], rtol=1e-6)


def test_in_two_dimensions():
    model = autoencoder(num_spatial_dims=2)
    code = eqx.filter_eval_shape(model.encode, jax.ShapeDtypeStruct((5, 8, 3), jnp.float32))
    out = eqx.filter_eval_shape(model, jax.ShapeDtypeStruct((5, 8, 3), jnp.float32))
    assert code.shape == (2, 2, 5) and out.shape == (5, 8, 2)


def test_all_that_reaches_the_output_goes_through_the_code():
    model = ConvAutoencoder(1, 1, widths=(4, 6), latent_size=1, key=KEY)
    jacobian = jax.jacobian(lambda x: model(x[:, None])[:, 0])(jax.random.normal(KEY, (12,)))
    assert np.linalg.matrix_rank(np.asarray(jacobian), tol=1e-5) == 6  # twelve samples, six numbers


def test_amplitude_passes_as_well():
    """No norm may take it away: a ten times larger input or code gives a far larger code or output."""
    model, x = autoencoder(), jax.random.normal(KEY, (16, 3))
    assert float(jnp.abs(model.encode(10 * x)).mean()) > 3 * float(jnp.abs(model.encode(x)).mean())
    code = model.encode(x)
    assert float(jnp.abs(model.decode(10 * code)).mean()) > 3 * float(jnp.abs(model.decode(code)).mean())


def test_padding_is_zeros_after_the_end():
    x = jnp.ones((5, 6, 2))
    assert padded(x, 4).shape == (8, 8, 2)
    assert float(padded(x, 4).sum()) == 60
    np.testing.assert_array_equal(cropped(padded(x, 4), (5, 6)), x)


@pytest.mark.parametrize("arguments", [{}, {"blocks": 2, "kernel_size": 5}, {"widths": (4,)}, {"num_spatial_dims": 2}])
def test_parameter_formula(arguments):
    given = {"widths": (4, 6, 8), "latent_size": 5} | arguments
    assert counted(autoencoder(**arguments)) == parameter_count(3, 2, **given)


def test_impossible_sizes_are_refused():
    with pytest.raises(ConfigError, match="Fix: latent_size = 8"):
        autoencoder(latent_size=0)
    with pytest.raises(ConfigError, match="Fix: kernel_size = 5"):
        autoencoder(kernel_size=4)
