"""Dropout: the mean is kept, whole channels go together, no key means no change."""

import jax
import jax.numpy as jnp
import numpy as np

from outcrop.model.dropout import channel_dropout, dropout, split


def test_mean_and_share_are_kept():
    y = np.asarray(dropout(jnp.ones(20000), 0.3, jax.random.key(0)))
    assert abs(y.mean() - 1) < 0.02
    assert abs((y == 0).mean() - 0.3) < 0.02


def test_channels_drop_as_a_whole():
    y = np.asarray(channel_dropout(jnp.ones((5, 400)), 0.5, jax.random.key(0)))
    assert set(np.unique(y)) == {0.0, 2.0}
    assert (y == y[:1]).all()


def test_no_key_or_no_rate_changes_nothing():
    x = jnp.arange(6.0).reshape(3, 2)
    for changed in (dropout(x, 0.5, None), channel_dropout(x, 0.5, None), dropout(x, 0.0, jax.random.key(0))):
        np.testing.assert_array_equal(changed, x)
    assert split(None, 2) == [None, None]
