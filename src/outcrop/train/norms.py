"""How long gradients, updates and weights are, layer by layer, over the steps between two evaluations.

They are taken inside the compiled step, where the arrays are at hand: no second pass through the network. A branch that
takes them at some of the steps only costs more than the sums do. A layer is what `outcrop inspect` lists as one.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from outcrop.model.traced import is_layer, path_name


def layer_names(model: Any, parameters: Any) -> list[str]:
    """The layer of every array of `parameters` (the model without its other leaves), in the order of the leaves.

    An array that is in no layer counts as one by itself.
    """
    nodes = jax.tree_util.tree_leaves_with_path(model, is_leaf=is_layer)
    layers = {path_name(path) for path, node in nodes if is_layer(node)}
    names = [path_name(path) for path, _ in jax.tree_util.tree_leaves_with_path(parameters)]
    return [next((part for part in _parents(name) if part in layers), name) for name in names]


def _parents(name: str) -> list[str]:
    """A name and all that it lies in.

    >>> _parents("down.0.norm")
    ['down.0.norm', 'down.0', 'down', '']
    """
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(len(parts), -1, -1)]


def squares(gradient: Any, update: Any, parameters: Any) -> jax.Array:
    """Sums of squares of every array, shape (3, array); part of the compiled step."""
    trees = [jax.tree.leaves(tree) for tree in (gradient, update, parameters)]
    return jnp.stack([jnp.stack([jnp.vdot(leaf, leaf) for leaf in own]) for own in trees]).astype(jnp.float32)


def by_layer(summed: np.ndarray, names: list[str], sizes: list[int]) -> dict[str, dict[str, float]]:
    """What a row of the history tells of every layer over a chunk of steps.

    Args:
        summed: from `squares`, (step, 3, array).
        names, sizes: the layer and the number of elements of every array.

    Returns:
        Layer -> `gradient` of the loss before clipping, `update` that the optimiser added in one step, `weight` before
        it, each as a root mean square over the layer's trainable numbers and the steps; and `size`, their number.
    """
    mean, own = np.asarray(summed, np.float64).mean(axis=0), np.array(names)
    found: dict[str, dict[str, float]] = {}
    for name in dict.fromkeys(names):
        size = int(np.array(sizes)[own == name].sum())
        told = np.sqrt(mean[:, own == name].sum(axis=1) / size).tolist()
        found[name] = dict(zip(("gradient", "update", "weight"), told, strict=True)) | {"size": size}
    return found
