"""Augmentations: what they change, what they leave, and that they are a matter of the key."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.records import Batch
from outcrop.train.augment import chain, curve_dropout, gain_and_shift, noise, over_context

KEY = jax.random.key(0)


def batch(examples=400, length=5, channels=4):
    return Batch(1 + jax.random.uniform(KEY, (examples, length, channels)), jnp.zeros(examples))


def test_a_hidden_curve_vanishes_with_its_presence_channel_in_the_whole_window():
    hidden = curve_dropout(0.25, [[0, 3], [1]], columns=4)(batch(), KEY).inputs == 0
    whole = np.asarray(hidden.all(1))
    assert np.array_equal(whole, np.asarray(hidden.any(1)))
    assert np.array_equal(whole[:, 0], whole[:, 3]) and not whole[:, 2].any()
    assert not np.array_equal(whole[:, 0], whole[:, 1])
    np.testing.assert_allclose(whole[:, :2].mean(0), 0.25, atol=0.08)


def test_points_have_columns_over_context():
    columns = [over_context([1], channels=2, context=3)]
    inputs = jnp.ones((200, 6))
    hidden = np.asarray(curve_dropout(0.5, columns, columns=6)(Batch(inputs), KEY).inputs == 0)
    assert not hidden[:, ::2].any() and np.array_equal(hidden[:, 1], hidden[:, 5])
    assert 0.35 < hidden[:, 1].mean() < 0.65


def test_gain_and_shift_are_one_draw_per_example_and_leave_missing_values():
    inputs = batch().inputs.at[:, 2, 0].set(0.0).at[..., 3].set(1.0).at[:, 2, 3].set(0.0)
    out = gain_and_shift([0, 1], gain_sd=0.1, shift_sd=0.2, present=[3, None])(Batch(inputs), KEY).inputs
    np.testing.assert_array_equal(out[..., 2:], inputs[..., 2:])
    np.testing.assert_array_equal(out[:, 2, 0], 0.0)
    slope = (out[:, 1, 1] - out[:, 0, 1]) / (inputs[:, 1, 1] - inputs[:, 0, 1])
    np.testing.assert_allclose(np.std(np.asarray(slope)[np.abs(slope - 1) < 1]), 0.1, rtol=0.2)
    shift = out[:, 0, 1] - slope * inputs[:, 0, 1]
    again = out[:, 4, 1] - slope * inputs[:, 4, 1]
    np.testing.assert_allclose(shift, again, atol=2e-2)


def test_noise_and_chain():
    quiet, loud = batch(), noise([1], 0.5)(batch(), KEY)
    difference = np.asarray(loud.inputs - quiet.inputs)
    assert not difference[..., [0, 2, 3]].any()
    np.testing.assert_allclose(difference[..., 1].std(), 0.5, rtol=0.1)
    both = chain(noise([1], 0.5), noise([1], 0.5))(batch(), KEY).inputs - quiet.inputs
    np.testing.assert_allclose(np.asarray(both)[..., 1].std(), 0.5 * 2**0.5, rtol=0.1)


def test_impossible_probability():
    with pytest.raises(ConfigError, match=r"choose a number such as 0\.1"):
        curve_dropout(1.0, [[0]], columns=1)
