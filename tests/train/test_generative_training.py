"""Generative networks trained by the loop: what they sample is near the truth, which untrained ones miss by far."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from outcrop.loss.denoising import denoising
from outcrop.loss.flow import flow
from outcrop.loss.table import build as loss_of
from outcrop.model.table import build
from outcrop.records import Batch
from outcrop.sample import diffusion
from outcrop.sample.flow import flow as flowed
from outcrop.train.loop import fit
from outcrop.train.optimiser import make
from outcrop.train.predict import validation_loss

KEY = jax.random.key(0)
MEANS = np.array([[-1.2, -0.9], [1.3, -0.5], [0.0, 1.3]])
SHARES, WIDTH = [0.2, 0.3, 0.5], 0.2
DRAWN = 1024


def mixture(count, seed):
    """Three clusters of points in two dimensions."""
    rng = np.random.default_rng(seed)
    return (MEANS[rng.choice(3, count, p=SHARES)] + WIDTH * rng.normal(size=(count, 2))).astype(np.float32)


def unconditional(data):
    return Batch(np.zeros((*data.shape[:-1], 0), np.float32), data, np.ones(data.shape, np.float32))


def trained(model, loss, data, steps, *, learning_rate=3e-3, batch_size=128, **options):
    optimiser = make("adam", steps=steps, learning_rate=learning_rate)
    options = {"steps": steps, "batch_size": batch_size, "evaluate_every": steps} | options
    return fit(model, loss, optimiser, data, key=jax.random.key(1), **options)


def distance(a, b):
    """The sliced Wasserstein distance: the mean shift between sorted projections on 32 directions."""
    directions = np.random.default_rng(1).normal(size=(2, 32))
    directions /= np.linalg.norm(directions, axis=0)
    return float(np.abs(np.sort(a @ directions, axis=0) - np.sort(b @ directions, axis=0)).mean())


def sampler(loss, steps=16):
    """model -> points drawn with the sampler that goes with the loss; compiled once."""

    def one(model, key):
        if hasattr(loss, "velocity"):
            return flowed(loss.velocity(model), jax.random.normal(key, (2,)), steps=steps).x
        levels = loss.levels(steps)
        return diffusion.heun(loss.denoiser(model), diffusion.start(key, (2,), levels), levels)

    keys = jax.random.split(jax.random.key(7), DRAWN)
    run = eqx.filter_jit(lambda model: jax.vmap(lambda key: one(model, key))(keys))
    return lambda model: np.asarray(run(model))


@pytest.mark.parametrize("loss", [denoising(), flow(times="logit_normal")], ids=["denoising", "flow"])
def test_a_mixture_of_gaussians_is_learned(loss):
    model = build("time_mlp", in_size=0, out=2, arguments={"width_size": 64, "depth": 2}, key=KEY)
    held_out = unconditional(mixture(256, 1))
    validate = validation_loss(loss, held_out, batch_size=256)
    result = trained(model, loss, unconditional(mixture(2048, 0)), 500, validate=validate, ema_decay=0.99)
    assert result.best_value < 0.85 * validate(model) and result.best_value == validate(result.best)
    assert {"much_noise", "some_noise", "little_noise"} <= set(result.history[0])
    truth, draw = mixture(DRAWN, 2), sampler(loss)
    drawn = draw(result.best)
    assert distance(draw(model), truth) > 0.3
    assert distance(drawn, truth) < 0.15  # two draws of the truth are about 0.04 apart
    nearest = np.argmin(((drawn[:, None] - MEANS) ** 2).sum(axis=-1), axis=1)
    for cluster, (mean, share) in enumerate(zip(MEANS, SHARES, strict=True)):
        own = drawn[nearest == cluster]
        assert len(own) / DRAWN == pytest.approx(share, abs=0.07)
        np.testing.assert_allclose(own.mean(axis=0), mean, atol=0.12)


def test_the_denoiser_of_gaussian_data_is_linear():
    """D(x, sigma) = s^2 / (s^2 + sigma^2) x, at levels that are trained on and points that are met there."""
    spread, loss = 0.5, denoising()
    data = (spread * np.random.default_rng(0).normal(size=(2048, 1))).astype(np.float32)
    model = build("time_mlp", in_size=0, out=1, arguments={"width_size": 32, "depth": 1}, key=KEY)
    denoise = jax.vmap(loss.denoiser(trained(model, loss, unconditional(data), 400, ema_decay=0.99).best), (0, None))
    for sigma in (0.1, 0.3, 1.0):
        x = jnp.linspace(-1.5, 1.5, 7)[:, None] * float(np.hypot(spread, sigma))
        exact = spread**2 / (spread**2 + sigma**2) * x
        left = spread * sigma / np.hypot(spread, sigma)  # how far the best guess is from the data
        assert float(jnp.abs(denoise(x, jnp.asarray(sigma)) - exact).max()) < 0.25 * left


def test_a_condition_is_followed():
    """The class of a point says which cluster it lies in; without a condition all of them are drawn."""
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 2, 2048)
    data = (np.where(kind[:, None] == 0, -1.0, 1.0) + 0.3 * rng.normal(size=(2048, 2))).astype(np.float32)
    loss = flow(condition_dropout=0.2, coupling="optimal_transport")
    batch = Batch(np.eye(2, dtype=np.float32)[kind], data, np.ones((2048, 2), np.float32))
    loss.check(batch)
    model = build("time_mlp", in_size=2, out=2, arguments={"width_size": 32, "depth": 2}, key=KEY)
    best = trained(model, loss, batch, 300, batch_size=64).best
    draws = jax.random.normal(jax.random.key(5), (300, 2))
    run = jax.jit(lambda c: jax.vmap(lambda z: flowed(loss.velocity(best, c), z, steps=12).x)(draws))
    means = [np.asarray(run(condition)).mean() for condition in (*jnp.eye(2), jnp.zeros(2))]
    np.testing.assert_allclose(means, [-1.0, 1.0, 0.0], atol=0.2)
    assert np.asarray(run(jnp.zeros(2))).std() == pytest.approx(1.04, abs=0.15)


def test_paired_paths_are_straighter():
    """One step along the first velocity lands near where many steps do."""
    angle = 2 * np.pi * np.random.default_rng(0).integers(0, 8, 1024) / 8
    ring = 1.4 * np.stack([np.cos(angle), np.sin(angle)], axis=1) + 0.05 * np.random.default_rng(1).normal(
        size=(1024, 2)
    )
    model = build("time_mlp", in_size=0, out=2, arguments={"width_size": 48, "depth": 2}, key=KEY)
    bent = []
    for coupling in ("independent", "optimal_transport"):
        loss = flow(coupling=coupling)
        best = trained(model, loss, unconditional(ring.astype(np.float32)), 300, batch_size=64).best
        velocity, starts = loss.velocity(best), jax.random.normal(jax.random.key(5), (256, 2))

        def bend(z, velocity=velocity):
            return z + velocity(z, jnp.zeros(())) - flowed(velocity, z, steps=16).x

        bent.append(np.linalg.norm(jax.jit(jax.vmap(bend))(starts), axis=1).mean())
    assert bent[1] < 0.5 * bent[0]


@pytest.mark.parametrize("objective", ["non_saturating", "least_squares", "wgan_gp"])
def test_a_game_finds_mean_and_spread_of_a_gaussian(objective):
    rng = np.random.default_rng(0)
    mean, mixing = np.array([0.8, -0.5]), np.array([[0.7, 0.0], [0.4, 0.3]])
    data = (mean + rng.normal(size=(2048, 2)) @ mixing.T).astype(np.float32)
    weights = {"penalty_weight": 1.0} if objective == "wgan_gp" else {"r1_weight": 0.3}
    loss = loss_of("adversarial", "number", arguments={"objective": objective, **weights})
    arguments = {"latent_size": 4, "width_size": 32, "depth": 1}
    model = build("gan_mlp", in_size=0, out=2, arguments=arguments, key=KEY)
    steps, rates = 300, {"critic": 3e-3, "generator": 2e-3}
    optimisers = {name: optax.adam(rate, b1=0.0, b2=0.9) for name, rate in rates.items()}  # without momentum
    options = {"steps": steps, "batch_size": 128, "evaluate_every": steps, "ema_decay": 0.98}
    result = fit(model, loss, optimisers, unconditional(data), key=jax.random.key(1), **options)
    assert {"critic_gap", "critic_loss", "generator_loss"} <= set(result.history[0])
    draw = eqx.filter_jit(lambda model: jax.vmap(model.sample)(jax.random.split(jax.random.key(2), DRAWN)))
    untrained, drawn = np.asarray(draw(model)), np.asarray(draw(result.best))
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=0.25)
    np.testing.assert_allclose(np.cov(drawn.T), mixing @ mixing.T, atol=0.25)
    assert np.abs(untrained.mean(axis=0) - mean).max() > 0.4


@pytest.mark.parametrize("family", ["time_unet1d", "dcgan1d"])
def test_convolutions_take_a_few_steps(family):
    """A U-Net lowers its loss on waves; both networks of a game move, and only in their turns."""
    rng = np.random.default_rng(0)
    phase = rng.uniform(0, 2 * np.pi, (64, 1, 1))
    waves = np.sqrt(2) * np.sin(np.arange(12)[None, :, None] / 2 + phase).astype(np.float32)
    arguments = {"widths": (8,), "size": (12,), "latent_size": 4} if family == "dcgan1d" else {"widths": (8, 12)}
    model = build(family, in_channels=0, out=1, arguments=arguments, key=KEY)
    loss = denoising() if family == "time_unet1d" else loss_of("adversarial", "number")
    batch = unconditional(waves.astype(np.float32))
    result = trained(model, loss, batch, 60, batch_size=32, learning_rate=1e-2, evaluate_every=20)
    if family == "dcgan1d":
        assert result.last.sample(KEY).shape == (12, 1)
        assert np.isfinite(result.history[0]["generator_loss"])
        assert all(
            float(jnp.abs(after - before).max()) > 0
            for after, before in (
                (result.last.generator.last.weight, model.generator.last.weight),
                (result.last.critic.last.weight, model.critic.last.weight),
            )
        )
        return
    losses = [row["train_loss"] for row in result.history]
    assert losses[2] < 0.85 * losses[0]
