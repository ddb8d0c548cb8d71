"""A trained model applied to many examples, and its loss over a whole part of the data.

Both compile once per kind of model: the last batch is padded, or is the only other shape.
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
from outcrop.model.apply import apply
from outcrop.records import Batch
from outcrop.train.batches import examples


def predict(
    model: Any, batch: Batch, batch_size: int = 256, *, probabilities: bool = False, key: jax.Array | None = None
) -> np.ndarray:
    """Applies a model to every example, without dropout unless a key is given.

    Args:
        model: an Equinox module on ONE example.
        batch: inputs (and graphs) with a leading example axis, at least one example; targets are not looked at.
        batch_size: examples computed at a time.
        probabilities: whether the outputs are logits to be turned into probabilities of classes.
        key: for one draw with dropout, another one for every batch.

    Returns:
        The model's outputs, shape (example, ...), in order.
    """
    count = examples(batch)
    size = min(batch_size, count)
    run, own = _compiled_apply(probabilities), Batch(batch.inputs, static=batch.static)
    # all batches are dispatched before the first is fetched
    parts = [
        run(model, _padded(own, start, size)._replace(shared=batch.shared), key if key is None else _fold(key, start))
        for start in range(0, count, size)
    ]
    return np.concatenate([np.asarray(part) for part in parts])[:count]


def validation_loss(
    loss: Any, data: Batch, *, batch_size: int, key: jax.Array | None = None, group: int = 0
) -> Callable[[Any], float]:
    """Makes the function the loop validates with: the loss over the whole of `data`, batches combined by weight.

    Args:
        loss: as in training.
        data: the validation part, leading example axis.
        batch_size: examples computed at a time.
        key: for losses that draw (noise levels, collocation points), the same at every call; None = nothing is drawn
            and nothing is dropped.
        group: which of the loss's groups is scored.
    """
    parts = []
    for start in range(0, examples(data), batch_size):
        own = jax.tree.map(lambda leaf, at=start: jnp.asarray(leaf[at : at + batch_size]), data._replace(shared=None))
        parts.append(own._replace(shared=data.shared))

    def score(model: Any, batch: Batch, key: jax.Array | None) -> tuple[jax.Array, jax.Array]:
        return loss.loss(model, loss.init(model, key), batch, key, loss.groups[group])[:2]

    compiled = _compile(score)

    def validate(model: Any) -> float:
        keys = [None if key is None else jax.random.fold_in(key, number) for number in range(len(parts))]
        pairs = [compiled(model, batch, own) for batch, own in zip(parts, keys, strict=True)]
        value, weight = np.asarray(pairs, np.float64).T
        scored = weight > 0
        return float(np.average(value[scored], weights=weight[scored])) if scored.any() else float("nan")

    return validate


def _fold(key: jax.Array, number: int) -> jax.Array:
    return jax.random.fold_in(key, number)


def _softmax(model: Any, batch: Batch, key: jax.Array | None) -> jax.Array:
    return jax.nn.softmax(apply(model, batch, key), axis=-1)


@lru_cache
def _compiled_apply(probabilities: bool) -> Callable[..., Any]:
    return _compile(_softmax if probabilities else apply)


def _compile(fun: Callable[..., Any]) -> Callable[..., Any]:
    """Compiles a function of a model; the options for convolutions do no harm to other models."""
    return eqx.filter_jit(fun, compiler_options=device.compiler_options(convolutional=True))


def _padded(batch: Batch, start: int, size: int) -> Batch:
    """Examples start ... start + size; the last one repeated where they run out."""

    def pad(leaf: Any) -> np.ndarray:
        rows = np.asarray(leaf[start : start + size])
        if len(rows) == size:
            return rows
        return np.concatenate([rows, np.repeat(rows[-1:], size - len(rows), axis=0)])

    return jax.tree.map(pad, batch)
