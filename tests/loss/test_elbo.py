"""The evidence lower bound: KL by hand and by drawing, the known optimum of a linear VAE."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from outcrop.errors import ConfigError
from outcrop.loss.elbo import elbo, errors, kl_to_standard_normal
from outcrop.model.autoencoder import Autoencoder
from outcrop.model.conv_vae import ConvVAE
from outcrop.model.vae import VAE
from outcrop.records import Batch

KEY = jax.random.key(0)


@pytest.fixture(autouse=True)
def strict():
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield


def waves(examples=3, weight=None):
    x = jax.random.normal(KEY, (examples, 10, 2))
    return Batch(x, x[..., 0], jnp.ones((examples, 10)) if weight is None else weight)


def small_vae(**arguments):
    return ConvVAE(2, 1, **({"widths": (4, 6), "latent_size": 3} | arguments), key=KEY)


def test_kl_by_hand():
    assert float(kl_to_standard_normal(jnp.zeros(()), jnp.zeros(()))) == 0
    assert float(kl_to_standard_normal(jnp.asarray(3.0), jnp.zeros(()))) == pytest.approx(4.5)
    expected = 0.5 * (0.25 + np.exp(-2.0) - 1 + 2.0)
    assert float(kl_to_standard_normal(jnp.asarray(0.5), jnp.asarray(-2.0))) == pytest.approx(expected)


def test_kl_equals_its_mean_over_draws():
    mean, log_variance = jnp.asarray(0.7), jnp.asarray(-1.2)
    z = mean + jnp.exp(log_variance / 2) * jax.random.normal(KEY, (400_000,))
    log_q = -0.5 * (jnp.square(z - mean) / jnp.exp(log_variance) + log_variance)
    drawn = jnp.mean(log_q + 0.5 * jnp.square(z))
    assert float(kl_to_standard_normal(mean, log_variance)) == pytest.approx(float(drawn), abs=4e-3)


def test_squared_error_by_hand():
    batch = Batch(jnp.zeros((1, 2, 2)), jnp.array([[3.0, jnp.nan]]), jnp.array([[0.5, 0.0]]))
    error, weight = errors(jnp.array([[[1.0], [9.0]]]), batch)
    np.testing.assert_array_equal(error, [[[4.0], [0.0]]])
    np.testing.assert_array_equal(weight, [[[0.5], [0.0]]])


def test_a_target_of_several_columns():
    target = jax.random.normal(KEY, (2, 5, 3))
    batch = Batch(target, target, jnp.ones((2, 5)).at[1, 3].set(0.0))
    error, weight = errors(target + 2.0, batch)
    assert float(weight.sum()) == 27
    np.testing.assert_allclose(error[weight > 0], 4.0, rtol=1e-5)


def test_a_missing_target_changes_neither_value_nor_gradient():
    loss, model = elbo(kl_weight=0.5), small_vae()
    weight = jnp.ones((3, 10)).at[:, 4].set(0.0)
    plain = waves(weight=weight)
    gaps = plain._replace(target=plain.target.at[:, 4].set(jnp.nan))

    def value(model, batch):
        return loss.loss(model, None, batch, KEY).value

    same, gradient = eqx.filter_value_and_grad(value)(model, gaps)
    assert float(same) == pytest.approx(float(value(model, plain)))
    assert all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(gradient))


def test_batches_combine_by_their_weights():
    model, weight = small_vae(), jnp.ones((4, 10)).at[3].set(0.0).at[0, 2:].set(0.0)
    whole, loss = waves(4, weight), elbo(kl_weight=0.3)
    # the draw is made per batch: a code without scatter makes the halves comparable
    still = eqx.tree_at(lambda m: m.encoder.latent.bias, model, replace_fn=lambda bias: bias.at[3:].set(-1e6))
    found = loss.loss(still, None, whole)
    halves = [loss.loss(still, None, jax.tree.map(lambda leaf, at=at: leaf[at : at + 2], whole)) for at in (0, 2)]
    value = sum(float(h.value) * float(h.weight) for h in halves) / sum(float(h.weight) for h in halves)
    assert float(found.value) == pytest.approx(value, rel=2e-3)
    assert float(found.weight) == sum(float(h.weight) for h in halves)


def test_the_parts_add_up_and_the_kl_is_the_closed_form():
    model, batch = small_vae(), waves()
    found = elbo(kl_weight=0.3).loss(model, None, batch, KEY)
    mean, log_variance = jax.vmap(model.encode)(batch.inputs)
    kl = float(jnp.sum(kl_to_standard_normal(mean, log_variance))) / 30
    assert float(found.parts["kl"]) == pytest.approx(kl, rel=1e-5)
    assert float(found.value) == pytest.approx(float(found.parts["reconstruction"]) + 0.3 * kl, rel=1e-5)


def test_the_price_grows_in_the_warm_up_and_is_full_in_validation():
    model, batch, loss = small_vae(), waves(), elbo(kl_weight=2.0, kl_warmup_steps=4)
    state, prices = loss.init(model), []
    for _ in range(6):
        found = loss.loss(model, state, batch, KEY)
        prices.append(float((found.value - found.parts["reconstruction"]) / found.parts["kl"]))
        state = found.state
    np.testing.assert_allclose(prices, [0, 0.5, 1, 1.5, 2, 2], atol=1e-5)
    still = loss.loss(model, loss.init(model), batch)
    assert float(still.value) == pytest.approx(float(still.parts["reconstruction"] + 2 * still.parts["kl"]), rel=1e-5)
    assert float(still.state) == 0


def test_free_bits_cost_nothing_below_their_number():
    loss, scored = elbo(free_bits=0.5), jnp.array([1.0, 1.0, 0.0])
    kl = jnp.array([[[0.1, 2.0]], [[0.3, 4.0]], [[9.0, 9.0]]])  # (example, place, latent); the last is not scored
    price, plain = loss.price(kl, scored)
    assert float(plain) == pytest.approx(6.4)
    assert float(price) == pytest.approx(2 * (0.5 + 3.0))  # 0.2 and 3.0 on average


def test_validation_draws_the_same_each_time():
    model, batch, loss = small_vae(dropout=0.5), waves(), elbo()
    assert float(loss.loss(model, None, batch).value) == float(loss.loss(model, None, batch).value)
    assert float(loss.loss(model, None, batch, KEY).value) != float(loss.loss(model, None, batch).value)


def test_a_network_without_a_gaussian_code_is_refused_with_a_fix():
    batch = Batch(jnp.ones((2, 5)), jnp.ones(2), jnp.ones(2))
    with pytest.raises(ConfigError, match='Fix: family = "vae1d"'):
        elbo().loss(Autoencoder(5, 1, key=KEY), None, batch, KEY)


def test_another_number_of_outputs_is_refused():
    batch = waves()
    with pytest.raises(ConfigError, match="Fix: give it one output for each of the target"):
        elbo().loss(small_vae(), None, batch._replace(target=batch.inputs))


def test_a_linear_vae_reaches_the_optimum_of_probabilistic_pca():
    """Its bound is then the likelihood of N(0, W W' + beta I), whose maximum is known in closed form.

    Tipping and Bishop (1999), doi:10.1111/1467-9868.00196, equation 7; Lucas et al. (2019), arXiv:1911.02469.
    """
    rng, beta, latent = np.random.default_rng(0), 0.3, 2
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    data = (rng.normal(size=(400, 5)) * [2.0, 1.2, 0.6, 0.5, 0.3]) @ turn
    data -= data.mean(axis=0)
    eigenvalues = np.sort(np.linalg.eigvalsh(data.T @ data / len(data)))[::-1]
    spread = np.full(5, beta)
    spread[:latent] = np.maximum(eigenvalues[:latent], beta)
    nats = 0.5 * (np.log(spread) + eigenvalues / spread).sum() - 2.5 * np.log(beta)
    x = jnp.asarray(data, jnp.float32)
    batch = Batch(x, x, jnp.ones(x.shape))
    loss, model = elbo(kl_weight=beta), VAE(5, 5, latent_size=latent, depth=0, key=KEY)
    params, static = eqx.partition(model, eqx.is_inexact_array)
    optimiser = optax.adam(optax.cosine_decay_schedule(0.02, 2500))

    def value(params, key):
        return loss.loss(eqx.combine(params, static), None, batch, key).value

    @jax.jit
    def train(params):
        def step(carry, key):
            params, state = carry
            update, state = optimiser.update(jax.grad(value)(params, key), state)
            return (optax.apply_updates(params, update), state), None

        (params, _), _ = jax.lax.scan(step, (params, optimiser.init(params)), jax.random.split(KEY, 2500))
        return jnp.mean(jax.lax.map(lambda key: value(params, key), jax.random.split(jax.random.key(1), 200)))

    with jax.numpy_dtype_promotion("standard"):  # Optax's own code
        assert float(train(params)) == pytest.approx(beta * nats / 5, rel=0.01)
