"""Dense autoencoders: what passes the code, a linear one against principal components, sizes that are refused."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from outcrop.errors import ConfigError
from outcrop.model.autoencoder import Autoencoder, parameter_count
from outcrop.model.trainable import parameter_count as counted

KEY = jax.random.key(0)


def test_encode_then_decode_is_the_call():
    model, x = Autoencoder(5, 4, latent_size=3, key=KEY), jnp.arange(5.0)
    assert model.encode(x).shape == (3,)
    np.testing.assert_array_equal(model.decode(model.encode(x)), model(x))


def test_all_that_reaches_the_output_goes_through_the_code():
    model, x = Autoencoder(6, 6, latent_size=2, width_size=16, key=KEY), jnp.linspace(-1, 1, 6)
    assert np.linalg.matrix_rank(np.asarray(jax.jacobian(model)(x)), tol=1e-5) == 2


def test_a_linear_one_reaches_the_error_of_principal_components():
    rng = np.random.default_rng(0)
    data = rng.normal(size=(300, 6)) * [3.0, 2.0, 1.0, 0.7, 0.5, 0.3] @ np.linalg.qr(rng.normal(size=(6, 6)))[0]
    data = (data - data.mean(axis=0)).astype(np.float32)
    lost = np.linalg.svd(data)[1][2:] ** 2 / data.size  # what two components leave out, per number
    params, static = eqx.partition(Autoencoder(6, 6, latent_size=2, depth=0, key=KEY), eqx.is_inexact_array)
    optimiser = optax.adam(optax.cosine_decay_schedule(0.02, 1500))

    def loss(params):
        return jnp.mean(jnp.square(jax.vmap(eqx.combine(params, static))(data) - data))

    @jax.jit
    def train(params):
        def step(carry, _):
            params, state = carry
            value, gradient = jax.value_and_grad(loss)(params)
            update, state = optimiser.update(gradient, state)
            return (optax.apply_updates(params, update), state), value

        return jax.lax.scan(step, (params, optimiser.init(params)), None, length=1500)[1]

    assert float(train(params)[-1]) == pytest.approx(lost.sum(), rel=0.01)


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_parameter_formula(depth):
    model = Autoencoder(5, 4, latent_size=3, width_size=7, depth=depth, key=KEY)
    assert counted(model) == parameter_count(5, 4, latent_size=3, width_size=7, depth=depth)


def test_impossible_sizes_are_refused():
    with pytest.raises(ConfigError, match="Fix: latent_size = 8"):
        Autoencoder(5, 4, latent_size=0, key=KEY)
    with pytest.raises(ConfigError, match="Fix: depth = 8"):
        Autoencoder(5, 4, depth=-1, key=KEY)
