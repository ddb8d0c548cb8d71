"""Prediction in batches, and the loss over a whole part."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from parts import MLP, MSE, Convolution, table, windows

from outcrop.train.predict import predict, validation_loss

KEY = jax.random.key(0)


@pytest.mark.parametrize(("model", "data"), [(MLP(KEY, dropout=0.5), table(11)), (Convolution(KEY), windows(5))])
def test_batches_equal_the_whole(model, data):
    whole = np.stack([model(x) for x in jnp.asarray(data.inputs)])
    for batch_size in (1, 4, 64):
        result = predict(model, data, batch_size)
        assert result.shape == whole.shape and result.dtype == np.float32
        np.testing.assert_allclose(result, whole, rtol=1e-5, atol=1e-6)


def test_one_compilation_for_many_calls():
    traces = []

    class Counted(MLP):
        def __call__(self, x, *, key=None):
            traces.append(1)
            return super().__call__(x, key=key)

    for seed in range(3):
        predict(Counted(jax.random.key(seed)), table(11), 4)
    assert len(traces) == 1


def test_the_whole_part_is_scored_whatever_the_batch_size():
    class Still(MSE):
        def loss(self, model, state, batch, key, group):
            assert key is None
            return super().loss(model, state, batch, KEY, group)

    data, model = table(11)._replace(weight=np.arange(11, dtype=np.float32)), MLP(KEY)
    output = np.stack([model(x)[0] for x in jnp.asarray(data.inputs)])
    expected = np.average((output - data.target) ** 2, weights=data.weight)
    for batch_size in (3, 11, 100):
        assert validation_loss(Still(), data, batch_size=batch_size)(model) == pytest.approx(expected, rel=1e-5)
    nothing = data._replace(weight=np.zeros(11, np.float32))
    assert np.isnan(validation_loss(Still(), nothing, batch_size=4)(model))
