"""A trained model applied to many examples, and its loss over a whole part of the data.

Both compile once per model structure: the last batch is padded to the size of the others.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from outcrop import device
from outcrop.records import Batch
from outcrop.train.batches import examples


def predict(model: Any, inputs: Any, batch_size: int = 256) -> np.ndarray:
    """Applies a model to every example, without dropout.

    Args:
        model: an Equinox module on ONE example.
        inputs: arrays (any pytree) with a leading example axis.
        batch_size: examples computed at a time.

    Returns:
        The model's outputs, shape (example, ...), in order.
    """
    arrays, static = eqx.partition(model, eqx.is_array)
    leaves, structure = jax.tree.flatten(static)
    count = len(jax.tree.leaves(inputs)[0])
    size = min(batch_size, max(count, 1))
    convolutional = _convolutional(structure, tuple(leaves), arrays, inputs)
    apply = _compiled(structure, tuple(leaves), convolutional)
    # dispatched ahead, fetched afterwards
    parts = [apply(arrays, _padded(inputs, start, size)) for start in range(0, max(count, 1), size)]
    return np.concatenate([np.asarray(part) for part in parts])[:count]


def validation_loss(loss: Any, data: Batch, *, batch_size: int, key: jax.Array, group: int = 0) -> Callable[[Any], float]:
    """Makes the function the loop validates with: the loss over the whole of `data`, batches combined by weight.

    Args:
        loss: as in training. Randomness of the loss is the same at every call; the model runs without dropout.
        data: the validation part, leading example axis.
        batch_size: examples computed at a time.
        key: for losses that draw (noise levels, collocation points).
        group: which of the loss's groups is scored.
    """
    count, chosen = examples(data), loss.groups[group]
    parts = []
    for start in range(0, count, batch_size):
        own = jax.tree.map(lambda leaf, at=start: jnp.asarray(leaf[at : at + batch_size]), data._replace(shared=None))
        parts.append(own._replace(shared=data.shared))

    @eqx.filter_jit
    def one(model: Any, state: Any, batch: Batch, key: jax.Array) -> tuple[jax.Array, jax.Array]:
        return loss.loss(model, state, batch, key, chosen)[:2]

    def validate(model: Any) -> float:
        model = eqx.nn.inference_mode(model)
        state, total, mass = loss.init(model, key), 0.0, 0.0
        for number, batch in enumerate(parts):
            value, weight = one(model, state, batch, jax.random.fold_in(key, number))
            if float(weight) > 0:
                total, mass = total + float(value) * float(weight), mass + float(weight)
        return total / mass if mass > 0 else float("nan")

    return validate


@lru_cache(maxsize=16)
def _compiled(structure: Any, leaves: tuple[Any, ...], convolutional: bool) -> Callable[[Any, Any], jax.Array]:
    static = jax.tree.unflatten(structure, leaves)

    def apply(arrays: Any, inputs: Any) -> jax.Array:
        return jax.vmap(eqx.combine(arrays, static))(inputs)

    return device.jit(apply, convolutional=convolutional)


@lru_cache(maxsize=16)
def _holds_convolution(structure: Any, leaves: tuple[Any, ...], shapes: Any) -> bool:
    model_shapes, input_shapes = jax.tree.unflatten(*shapes)
    static = jax.tree.unflatten(structure, leaves)
    jaxpr = jax.make_jaxpr(lambda arrays, one: eqx.combine(arrays, static)(one))(model_shapes, input_shapes)
    return "conv_general_dilated" in str(jaxpr)


def _convolutional(structure: Any, leaves: tuple[Any, ...], arrays: Any, inputs: Any) -> bool:
    one = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), inputs)
    shapes = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), arrays)
    flat, treedef = jax.tree.flatten((shapes, one))
    return _holds_convolution(structure, leaves, (treedef, tuple(flat)))


def _padded(inputs: Any, start: int, size: int) -> Any:
    """Examples start ... start + size; the last one repeated where they run out."""

    def pad(leaf: Any) -> np.ndarray:
        rows = np.asarray(leaf[start : start + size])
        return rows if len(rows) == size else np.pad(rows, [(0, size - len(rows))] + [(0, 0)] * (rows.ndim - 1), mode="edge")

    return jax.tree.map(pad, inputs)
