"""Reach: measured support against what is known of each network."""

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from outcrop.model.conv import Conv
from outcrop.model.reach import reach
from outcrop.model.resnet import ResNet
from outcrop.model.table import build


@pytest.mark.parametrize(("dilations", "kernel_size"), [((1,), 3), ((1, 2), 3), ((3,), 5)])
def test_resnet_reach_is_half_its_receptive_field(dilations, kernel_size):
    model = ResNet(2, 3, width_size=4, dilations=dilations, kernel_size=kernel_size, key=jax.random.key(0))
    half = (model.receptive_field - 1) // 2
    assert reach(model, (2 * half + 9, 2)) == (half, half)


def test_a_causal_filter_reaches_back_only():
    assert reach(lambda x: x + jnp.pad(x, ((3, 0), (0, 0)))[:-3], (12, 2)) == (3, 0)


def test_a_filter_on_each_sample_reaches_nothing():
    assert reach(Conv(2, 3, 1, key=jax.random.key(0)), (12, 2)) == (0, 0)


def test_layers_that_start_at_zero_do_not_hide_what_is_behind_them():
    conv = Conv(2, 3, 5, key=jax.random.key(0))
    assert reach(eqx.tree_at(lambda c: c.weight, conv, jnp.zeros_like(conv.weight)), (12, 2)) == (2, 2)


def test_each_level_of_a_unet_sees_further():
    def of(widths):
        return reach(
            build("unet1d", in_channels=2, out=1, arguments={"widths": widths}, key=jax.random.key(0)), (48, 2)
        )

    shallow, deep = of((4, 4)), of((4, 4, 4))
    assert deep[0] > 1.5 * shallow[0]
    assert deep[1] > 1.5 * shallow[1]


def test_features_of_one_sample_have_no_neighbours():
    assert reach(build("mlp", in_size=6, out=1, key=jax.random.key(0)), (6,)) == (0, 0)
