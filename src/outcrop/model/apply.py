"""A network on the examples of a batch: networks work on ONE example, `vmap` makes the batch."""

from __future__ import annotations

import jax
from jaxtyping import Array, PRNGKeyArray, PyTree

from outcrop.model.norm import BATCH
from outcrop.records import Batch


def apply(model: PyTree, batch: Batch, key: PRNGKeyArray | None = None) -> Array:
    """The outputs of a network for every example, shape (example, ...).

    Args:
        model: `model(x, key=key)`, or `model(x, graph, key=key)` where the batch has a graph: one for all examples in
            `shared`, or one for each in `static`.
        batch: with a leading example axis; only `inputs`, `shared` and `static` are looked at.
        key: for dropout, one draw per example; None drops nothing.
    """
    inputs = batch.inputs
    graph, axis = (batch.shared, None) if batch.static is None else (batch.static, 0)
    count = jax.tree.leaves(inputs)[0].shape[0]
    keys, along = (None, None) if key is None else (jax.random.split(key, count), 0)
    if graph is None:
        return jax.vmap(lambda x, k: model(x, key=k), in_axes=(0, along), axis_name=BATCH)(inputs, keys)
    return jax.vmap(lambda x, g, k: model(x, g, key=k), in_axes=(0, axis, along), axis_name=BATCH)(inputs, graph, keys)
