"""Which arrays of a model an optimiser may move: every floating-point array that is not in a `Buffer`."""

from __future__ import annotations

import equinox as eqx
import jax
from jaxtyping import Array, PyTree


class Buffer(eqx.Module):
    """An array that belongs to the model but must not move: Fourier frequencies, positional tables, statistics."""

    value: Array


def trainable(model: PyTree) -> PyTree:
    """A filter of the model's shape for `equinox.partition`: True where the optimiser may move the array.

    >>> import jax.numpy as jnp
    >>> trainable([jnp.ones(2), jnp.arange(3), Buffer(jnp.ones(4)), "mlp"])
    [True, False, Buffer(value=False), False]
    """

    def movable(node: PyTree) -> PyTree:
        if isinstance(node, Buffer):
            return jax.tree.map(lambda _: False, node)
        return eqx.is_inexact_array(node)

    return jax.tree.map(movable, model, is_leaf=lambda node: isinstance(node, Buffer))


def parameter_count(model: PyTree) -> int:
    """Number of trainable numbers in a model."""
    return sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(model, trainable(model))))
