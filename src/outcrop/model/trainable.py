"""Which arrays of a model an optimiser may move: every floating-point array that is not in a `Buffer`, or is frozen."""

from __future__ import annotations

from collections.abc import Sequence

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


def parts_of(model: PyTree) -> list[str]:
    """Names of all parts that hold something trainable, a part before its own parts: `down`, `down.0`, `down.0.norm`.

    >>> import jax.numpy as jnp
    >>> parts_of({"layers": [jnp.ones(2), jnp.ones(3)]})
    ['layers', 'layers.0', 'layers.1']
    """
    found: dict[str, None] = {}
    for path, moves in jax.tree_util.tree_leaves_with_path(trainable(model)):
        name = jax.tree_util.keystr(path, simple=True, separator=".").split(".")
        found |= dict.fromkeys(".".join(name[: end + 1]) for end in range(len(name)) if moves)
    return list(found)


def free(model: PyTree, frozen: Sequence[str]) -> PyTree:
    """A filter of the model's shape: True for the trainable arrays that lie in none of the frozen parts.

    >>> import jax.numpy as jnp
    >>> free({"layers": [jnp.ones(2), jnp.ones(3)], "last": jnp.ones(1)}, ["layers.1", "last"])
    {'last': False, 'layers': [True, False]}
    """

    def moves(path: tuple, movable: bool) -> bool:
        name = jax.tree_util.keystr(path, simple=True, separator=".")
        return movable and not any(name == part or name.startswith(f"{part}.") for part in frozen)

    return jax.tree_util.tree_map_with_path(moves, trainable(model))
