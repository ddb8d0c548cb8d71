"""Dense variational autoencoders: a code with mean and bounded log variance; draws of the prior."""

import jax
import jax.numpy as jnp
import numpy as np

from outcrop.model.trainable import parameter_count as counted
from outcrop.model.vae import VAE, mean_and_log_variance, parameter_count

KEY = jax.random.key(0)


def vae(**arguments):
    return VAE(5, 4, **({"latent_size": 3, "width_size": 7} | arguments), key=KEY)


def test_called_it_decodes_the_mean():
    model, x = vae(), jnp.arange(5.0)
    mean, log_variance = model.encode(x)
    assert mean.shape == log_variance.shape == (3,)
    np.testing.assert_array_equal(model.decode(mean), model(x))


def test_the_log_variance_is_bounded_and_nearly_itself_in_the_middle():
    _, log_variance = mean_and_log_variance(jnp.array([0.0, 0.0, 0.0, 0.5, 1e6, -1e6]))
    np.testing.assert_allclose(log_variance, [0.5, 10.0, -10.0], atol=1e-3)


def test_a_sample_is_a_decoded_normal_code():
    model = vae()
    drawn = jax.vmap(lambda key: model.sample(key=key))(jax.random.split(KEY, 4))
    assert drawn.shape == (4, 4)
    expected = model.decode(jax.random.normal(KEY, (3,)))
    np.testing.assert_array_equal(model.sample(key=KEY), expected)


def test_parameter_formula():
    for depth in (0, 2):
        assert counted(vae(depth=depth)) == parameter_count(5, 4, latent_size=3, width_size=7, depth=depth)
