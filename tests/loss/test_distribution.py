"""Losses that learn a distribution: minimised by the true parameters, and safe at the extremes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from outcrop.errors import ConfigError
from outcrop.loss.distribution import gaussian, quantile
from outcrop.loss.overlap import Dice


def minimum(loss, target, start, steps=800):
    """The constant outputs that minimise a loss, by gradient descent with momentum."""
    scores, momentum = jnp.asarray(start, jnp.float32), 0.0
    slope = jax.jit(jax.grad(lambda s: loss.score(jnp.broadcast_to(s, (len(target), len(start))), target).value))
    for _ in range(steps):
        momentum = 0.9 * momentum - 0.02 * slope(scores)
        scores = scores + momentum
    return np.asarray(scores)


@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0])
def test_the_likelihood_is_largest_at_mean_and_spread(beta):
    target = jnp.asarray(np.random.default_rng(0).normal(1.5, 0.4, 2000), jnp.float32)
    mean, log_sd = minimum(gaussian(beta=beta), target, (0.0, 0.0))
    assert mean == pytest.approx(float(target.mean()), abs=0.01)
    assert np.exp(log_sd) == pytest.approx(float(target.std()), rel=0.02)


def test_the_likelihood_agrees_with_scipy():
    scores = jnp.asarray([[0.3, -0.5], [1.0, 0.7]])
    value = gaussian(beta=0.0).score(scores, jnp.asarray([0.1, -2.0])).value
    wanted = -stats.norm.logpdf([0.1, -2.0], [0.3, 1.0], np.exp([-0.5, 0.7])).mean()
    np.testing.assert_allclose(value, wanted, rtol=1e-6)


def test_each_output_becomes_its_quantile():
    target = jnp.asarray(np.random.default_rng(1).exponential(size=4000), jnp.float32)
    levels = (0.1, 0.5, 0.9)
    found = minimum(quantile(levels=levels), target, (0.0, 0.0, 0.0), 1500)
    np.testing.assert_allclose(found, np.quantile(target, levels), atol=0.06)


def test_absurd_outputs_stay_finite():
    loss = gaussian()
    for log_sd in (-1e4, 1e4):
        value, slope = jax.value_and_grad(lambda s: loss.score(s, jnp.asarray([1.0])).value)(
            jnp.asarray([[0.0, log_sd]])
        )
        assert np.isfinite(float(value)) and np.isfinite(np.asarray(slope)).all()


def test_what_cannot_be_is_refused():
    with pytest.raises(ConfigError, match=r"Fix: beta = 0\.5"):
        gaussian(beta=2.0)
    for levels in ((0.5, 0.5), (0.9, 0.1), (0.0, 0.5)):
        with pytest.raises(ConfigError, match=r"Fix: levels = \["):
            quantile(levels=levels)


def test_dice_by_hand_and_without_labels():
    scores = jnp.log(jnp.asarray([[0.8, 0.2], [0.4, 0.6], [0.5, 0.5]]))
    target, weight = jnp.asarray([0, 1, -1]), jnp.asarray([1.0, 1.0, 0.0])
    first = (2 * 0.8 + 1) / (1.2 + 1 + 1)
    second = (2 * 0.6 + 1) / (0.8 + 1 + 1)
    np.testing.assert_allclose(Dice().score(scores, target, weight).value, 1 - (first + second) / 2, rtol=1e-6)
    only = Dice().score(scores[:1], target[:1])  # a class that does not occur does not count
    np.testing.assert_allclose(only.value, 1 - (2 * 0.8 + 1) / (0.8 + 1 + 1), rtol=1e-6)
    none, slope = jax.value_and_grad(lambda s: Dice().score(s, target, 0 * weight).value)(scores)
    assert float(none) == 0 and not np.asarray(slope).any()
