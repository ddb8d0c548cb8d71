"""Which samples of a padded example count, and one answer from them."""

import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.model.pool import pooled, present, repeated, within

Y = jnp.arange(10.0).reshape(5, 2)


def test_present_and_within():
    x = jnp.asarray([[0.0, 0.0], [1.0, 0.0], [0.0, 0.0], [0.0, 2.0], [0.0, 0.0]])
    assert present(x).tolist() == [False, True, False, True, False]
    assert within(x).tolist() == [False, True, True, True, False]
    assert within(x, causal=True).tolist() == [False, True, True, True, True]


@pytest.mark.parametrize(
    ("there", "mean", "last"),
    [
        ([1, 1, 1, 1, 1], [4, 5], [8, 9]),
        ([0, 1, 1, 0, 0], [3, 4], [4, 5]),
        ([0, 0, 0, 0, 0], [4, 5], [8, 9]),  # nothing there: everything counts
    ],
)
def test_pooled_by_hand(there, mean, last):
    mask = jnp.asarray(there, bool)
    np.testing.assert_allclose(pooled(Y, mask, "mean"), [mean])
    np.testing.assert_allclose(pooled(Y, mask, "last"), [last])


def test_repeated_on_every_sample_of_an_image():
    there = jnp.ones((3, 4), bool)
    one = pooled(jnp.ones((3, 4, 2)), there, "mean")
    assert one.shape == (1, 1, 2) and repeated(one, there).shape == (3, 4, 2)
