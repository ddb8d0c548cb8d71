"""Samples that hold a whole series: which features are its steps, one answer for all, and missing ends."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.model import table as families
from outcrop.model.series import AlongSeries

KEY = jax.random.key(0)
COLUMNS = [[0, 3, 6], [1, 4, 6], [2, 5, 6]]  # two bands on three dates, and a feature that stands at every one


def test_a_network_gets_every_step_with_its_bands():
    seen = []

    def network(x, *, key=None):
        seen.append(x)
        return x[:, :2]

    answer = AlongSeries(network, COLUMNS)(jnp.arange(1.0, 8.0))
    assert seen[0].tolist() == [[1, 4, 7], [2, 5, 7], [3, 6, 7]]
    assert answer.tolist() == [2, 5]  # the mean over the steps


def test_steps_without_any_input_at_the_ends_do_not_count():
    answer = AlongSeries(lambda x, *, key=None: x[:, :1], [[0], [1], [2], [3]])(jnp.array([0.0, 4.0, 0.0, 2.0]))
    assert answer.tolist() == [2]  # (4 + 0 + 2) / 3: a zero in between is a value


@pytest.mark.parametrize("family", ["gru", "transformer", "cnn1d", "resnet1d", "unet1d"])
def test_families_along_one_dimension_answer_once(family):
    made = {"in_size": 7, "out": 2, "key": KEY}
    model = families.build(family, columns=COLUMNS, **made)
    inner = families.build(family, in_channels=3, out=2, key=KEY)
    x = jax.random.normal(KEY, (7,))
    assert model(x).shape == (2,)
    np.testing.assert_allclose(model(x), inner(x[np.array(COLUMNS)]).mean(axis=0), rtol=1e-5, atol=1e-6)


def test_one_answer_of_a_pool_is_left_as_it_is():
    arguments = {"pool": "last", "width_size": 4}
    model = families.build("gru", in_size=7, out=2, columns=COLUMNS, arguments=arguments, key=KEY)
    inner = families.build("gru", in_channels=3, out=2, arguments=arguments, key=KEY)
    x = jax.random.normal(KEY, (7,))
    np.testing.assert_allclose(model(x), inner(x[np.array(COLUMNS)])[0], rtol=1e-5)
