"""Small local models, losses and data for the tests of the loop: nothing from outcrop.model or outcrop.loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from outcrop.records import Batch


class Group(NamedTuple):
    name: str
    turns: int = 1
    where: Callable[[Any], Any] | None = None


class MLP(eqx.Module):
    """(feature,) -> (1,)"""

    net: eqx.nn.MLP
    dropout: eqx.nn.Dropout

    def __init__(self, key, in_size=3, width=8, dropout=0.0):
        self.net = eqx.nn.MLP(in_size, 1, width, 2, activation=jax.nn.tanh, key=key)
        self.dropout = eqx.nn.Dropout(dropout)

    def __call__(self, x, *, key=None):
        return self.net(self.dropout(x, key=key, inference=key is None))


class Convolution(eqx.Module):
    """(length, channel) -> (length, 1)"""

    first: jax.Array
    second: jax.Array

    def __init__(self, key, in_channels=2, width=4):
        a, b = jax.random.split(key)
        self.first = 0.3 * jax.random.normal(a, (3, in_channels, width))
        self.second = 0.3 * jax.random.normal(b, (3, width, 1))

    def __call__(self, x, *, key=None):
        def layer(x, kernel):
            order = ("NWC", "WIO", "NWC")
            return jax.lax.conv_general_dilated(x[None], kernel, (1,), "SAME", dimension_numbers=order)[0]

        return layer(jnp.tanh(layer(x, self.first)), self.second)


class MSE:
    """Mean squared error over samples, weighted."""

    groups = (Group("all"),)

    def init(self, model, key):
        return None

    def loss(self, model, state, batch, key, group):
        keys = jax.random.split(key, len(batch.target))
        output = jax.vmap(lambda x, k: model(x, key=k))(batch.inputs, keys)[..., 0]
        weight = batch.weight.sum()
        value = (batch.weight * (output - batch.target) ** 2).sum() / jnp.maximum(weight, 1e-9)
        return value, weight, {"bias": jnp.mean(output - batch.target)}, state


def table(count=40, features=3, seed=0) -> Batch:
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(count, features)).astype(np.float32)
    target = np.tanh(inputs[:, 0] - 0.5 * inputs[:, 1]).astype(np.float32)
    return Batch(inputs, target, np.ones(count, np.float32))


def windows(count=12, length=7, channels=2, seed=0) -> Batch:
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(count, length, channels)).astype(np.float32)
    return Batch(inputs, inputs.sum(-1), np.ones((count, length), np.float32))


def error_on(data: Batch) -> Callable[[Any], float]:
    """Mean squared error over a whole part, as a validation function."""
    inputs = jnp.asarray(data.inputs)

    @eqx.filter_jit
    def one(model):
        return jnp.mean((jax.vmap(model)(inputs)[..., 0] - data.target) ** 2)

    return lambda model: float(one(model))


def arrays(tree) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(eqx.filter(tree, eqx.is_array))]


def same_bits(a, b) -> bool:
    return all(np.array_equal(x, y) and x.dtype == y.dtype for x, y in zip(arrays(a), arrays(b), strict=True))
