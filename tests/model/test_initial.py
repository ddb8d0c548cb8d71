"""First weights have the spread that their source asks for."""

import jax
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.model.initial import INITIALS, draw

KEY = jax.random.key(0)


@pytest.mark.parametrize("name", INITIALS)
@pytest.mark.parametrize("shape", [(40, 60), (3, 24, 32), (3, 3, 16, 8)])
def test_spread(name, shape):
    weights = np.asarray(draw(name, KEY, shape))
    taps = int(np.prod(shape[:-2]))
    fan_in, fan_out = taps * shape[-2], taps * shape[-1]
    wanted = {"lecun": 1 / fan_in, "glorot": 2 / (fan_in + fan_out), "he": 2 / fan_in}
    variance = wanted.get(name.partition("_")[0], 1 / max(fan_in, shape[-1]))
    assert weights.shape == shape
    np.testing.assert_allclose(weights.std(), variance**0.5, rtol=0.06)
    assert abs(weights.mean()) < 0.1 * weights.std()


@pytest.mark.parametrize("name", [name for name in INITIALS if not name.startswith("orth")])
def test_same_spread_as_jax(name):
    theirs = getattr(jax.nn.initializers, name)()(KEY, (3, 64, 128))
    np.testing.assert_allclose(draw(name, KEY, (3, 64, 128)).std(), theirs.std(), rtol=0.02)


def test_uniform_stays_within_its_bound():
    weights = draw("he_uniform", KEY, (50, 50))
    assert float(abs(weights).max()) <= (6 / 50) ** 0.5


@pytest.mark.parametrize("shape", [(12, 5), (5, 12), (3, 4, 6)])
def test_orthogonal(shape):
    weights = np.asarray(draw("orthogonal", KEY, shape)).reshape(-1, shape[-1])
    square = weights.T @ weights if len(weights) >= shape[-1] else weights @ weights.T
    np.testing.assert_allclose(square, np.eye(len(square)), atol=1e-5)


@pytest.mark.parametrize(("name", "activation"), [("he_normal", jax.nn.relu), ("lecun_normal", lambda x: x)])
def test_signals_neither_fade_nor_grow_through_twenty_layers(name, activation):
    x = jax.random.normal(KEY, (200, 128))
    start = float((x**2).mean())
    for layer in range(20):
        x = activation(x @ draw(name, jax.random.fold_in(KEY, layer), (128, 128)))
    assert 1 / 3 < float((x**2).mean()) / start < 3


def test_members_of_an_ensemble_are_drawn_together():
    keys = jax.random.split(KEY, 3)
    for name in ("he_normal", "orthogonal"):
        together = jax.vmap(lambda key, name=name: draw(name, key, (4, 6)))(keys)
        np.testing.assert_allclose(together[1], draw(name, keys[1], (4, 6)), atol=1e-6)


def test_a_wrong_name_shows_the_right_one():
    with pytest.raises(ConfigError, match=r"did you mean 'he_normal'[\s\S]*Fix: choose one of lecun_normal"):
        draw("he_nromal", KEY, (2, 2))
