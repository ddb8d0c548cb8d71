"""How long gradients, updates and weights are, layer by layer, at some steps between two evaluations.

They are taken inside the compiled step, where the arrays are at hand, at `LOOKS` of the steps: no second pass
through the network, and the other steps cost nothing. A layer is what `outcrop inspect` lists as one.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from outcrop.model.traced import is_layer, path_name

LOOKS = 4
"""Steps between two evaluations whose norms are taken; the first one is among them."""


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


def squares(gradient: Any, update: Any, parameters: Any, wanted: jax.Array) -> jax.Array:
    """Sums of squares of every array, shape (3, array), or -1 where they are not wanted; part of the compiled step."""
    trees = [jax.tree.leaves(tree) for tree in (gradient, update, parameters)]

    def summed(trees: list[list[jax.Array]]) -> jax.Array:
        return jnp.stack([jnp.stack([jnp.sum(jnp.square(leaf)) for leaf in own]) for own in trees]).astype(jnp.float32)

    def none(trees: list[list[jax.Array]]) -> jax.Array:
        return jnp.full((3, len(trees[0])), -1.0, jnp.float32)

    return jax.lax.cond(wanted, summed, none, trees)


def by_layer(summed: np.ndarray, names: list[str], sizes: list[int]) -> dict[str, dict[str, float]]:
    """What a row of the history tells of every layer over a chunk of steps; empty where none was looked at.

    Args:
        summed: from `squares`, (step, 3, array).
        names, sizes: the layer and the number of elements of every array.

    Returns:
        Layer -> `gradient` of the loss before clipping, `update` that the optimiser added in one step, `weight` before
        it, each as a root mean square over the layer's trainable numbers and the steps; and `size`, their number.
    """
    summed = np.asarray(summed, np.float64)
    looked = summed[summed[:, 0, 0] >= 0]
    if not len(looked):
        return {}
    mean, own = looked.mean(axis=0), np.array(names)
    found: dict[str, dict[str, float]] = {}
    for name in dict.fromkeys(names):
        size = int(np.array(sizes)[own == name].sum())
        told = np.sqrt(mean[:, own == name].sum(axis=1) / size).tolist()
        found[name] = dict(zip(("gradient", "update", "weight"), told, strict=True)) | {"size": size}
    return found
