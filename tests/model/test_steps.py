"""Families of images on sequences of them: steps become channels, and come back as steps."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import ConfigError
from outcrop.model.steps import StepsAsChannels
from outcrop.model.table import FAMILIES, build

IMAGES = [
    name for name, family in FAMILIES.items() if {"patches", "sequences"} <= set(family.views) and family.axes == 2
]
STEPS, SCORED, Y, X, CHANNEL, OUT = 5, 2, 8, 6, 3, 2


def test_every_step_keeps_its_own_channels():
    x = jax.random.normal(jax.random.key(1), (STEPS, Y, X, CHANNEL))
    seen = []

    def last_steps_again(image, *, key):
        seen.append(image)
        return image[..., -SCORED * CHANNEL :]

    y = StepsAsChannels(last_steps_again, STEPS, SCORED)(x)
    assert seen[0].shape == (Y, X, STEPS * CHANNEL)
    np.testing.assert_array_equal(seen[0][..., 2 * CHANNEL : 3 * CHANNEL], x[2])
    np.testing.assert_array_equal(y[-SCORED:], x[-SCORED:])
    assert not y[:-SCORED].any()


@pytest.mark.parametrize("name", IMAGES)
def test_families_of_images_answer_for_every_scored_step(name):
    arguments = {"patch": 2} if name == "vit" else {}
    model = build(name, in_channels=CHANNEL, out=OUT, steps=(STEPS, SCORED), arguments=arguments, key=jax.random.key(0))
    y = eqx.filter_jit(model)(jax.random.normal(jax.random.key(1), (STEPS, Y, X, CHANNEL)))
    assert y.shape == (STEPS, Y, X, OUT)
    assert float(jnp.abs(y[STEPS - SCORED] - y[STEPS - SCORED + 1]).max()) > 0


def test_another_number_of_steps_is_named():
    with pytest.raises(ConfigError, match="5 steps, and an example has 4"):
        StepsAsChannels(None, STEPS, SCORED)(np.zeros((4, Y, X, CHANNEL), np.float32))
