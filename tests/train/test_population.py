"""Batch norms: the batch in training, the training part afterwards."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.loss.supervised import mse
from outcrop.model.apply import apply
from outcrop.model.norm import BatchNorm
from outcrop.model.resnet import ResNet
from outcrop.records import Batch
from outcrop.train.batches import Feed
from outcrop.train.loop import fit
from outcrop.train.optimiser import make
from outcrop.train.population import batch_norms, measured


class Normed(eqx.Module):
    norm: BatchNorm

    def __call__(self, x, *, key=None):
        return self.norm(x, training=key is not None)


def batches(count=4, size=8):
    rng = np.random.default_rng(0)
    return [Batch(jnp.asarray(3 + 2 * rng.normal(size=(size, 20, 3)), jnp.float32)) for _ in range(count)]


def test_training_normalises_over_the_batch():
    y = apply(Normed(BatchNorm(3)), batches()[0], jax.random.key(0))
    np.testing.assert_allclose(y.mean(axis=(0, 1)), 0, atol=1e-5)
    np.testing.assert_allclose(y.std(axis=(0, 1)), 1, rtol=1e-4)


def test_population_is_the_mean_and_variance_of_all_samples():
    every = batches()
    norm = measured(Normed(BatchNorm(3)), every).norm
    together = np.concatenate([batch.inputs for batch in every]).reshape(-1, 3)
    np.testing.assert_allclose(norm.mean.value, together.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(norm.variance.value, together.var(axis=0), rtol=1e-4)


def test_deeper_norms_see_what_training_showed_them():
    """With one batch, prediction equals the training pass on it: every norm has that batch's statistics."""
    model = ResNet(3, 2, width_size=8, dilations=(1, 2), norm="batch", dropout=0.0, key=jax.random.key(0))
    batch = batches(1)[0]
    settled = measured(model, [batch])
    assert len(batch_norms(settled)) >= 4
    np.testing.assert_allclose(apply(settled, batch), apply(model, batch, jax.random.key(1)), rtol=1e-3, atol=1e-4)
    assert not np.allclose(apply(model, batch), apply(settled, batch), atol=1e-2)


def test_the_loop_keeps_settled_models():
    x = np.concatenate([batch.inputs for batch in batches()])
    data = Batch(x, target=x.mean(axis=-1), weight=np.ones(x.shape[:2], np.float32))
    model = ResNet(3, 1, width_size=8, dilations=(1,), norm="batch", dropout=0.0, key=jax.random.key(0))
    plan = {"steps": 6, "batch_size": 8, "evaluate_every": 3}
    done = fit(model, mse(), make(steps=6), data, key=jax.random.key(2), **plan)
    first = batch_norms(done.best)[0]
    np.testing.assert_allclose(first.mean.value, batch_norms(measured(done.best, [data]))[0].mean.value, rtol=1e-3)
    assert float(jnp.abs(first.mean.value).max()) > 0.01


def test_a_source_is_looked_at_too():
    class Drawn:
        def __len__(self):
            return 32

        def batch(self, index, rng):
            return Batch(np.asarray(index, np.float32)[:, None])

    feed = Feed(Drawn(), (1, 2), 8)
    seen = np.concatenate([feed.look(number).inputs for number in range(4)])
    feed.close()
    assert sorted(seen[:, 0].tolist()) == list(range(32))


def test_a_lone_example_in_training_is_refused_with_a_fix():
    with pytest.raises(ConfigError, match="axis_name"):
        Normed(BatchNorm(3))(jnp.ones((4, 3)), key=jax.random.key(0))
