"""Networks and the arrays of a model file: what is written, and what is filled in once names and shapes agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from outcrop.bundle import Bundle
from outcrop.model import table as families

MOST_SAMPLES = 2**20
"""Longest example accepted from a file."""


def check_sizes(bundle: Bundle) -> None:
    """Sizes that no array of the file bears out would cost memory or time before anything is compared."""
    most = len(bundle.part("member/0"))
    for name, value in bundle.arguments["arguments"].items():
        layers = len(value) if isinstance(value, list) else value if name in ("depth", "blocks") else 0
        if layers > most:
            raise ValueError(f"{name} asks for {layers} layers, and there are {most} arrays")
    columns = [column for step in bundle.arguments.get("columns", ()) for column in step]
    if columns and not 0 <= min(columns) <= max(columns) < bundle.arguments["in_size"]:
        raise ValueError("steps of a series that are no inputs")
    longest = max(bundle.view.get("length", 0), bundle.view.get("lead", 0), len(bundle.view.get("context", ())))
    if longest > MOST_SAMPLES:
        raise ValueError(f"an example of {longest} samples")


def member(bundle: Bundle, number: int, architecture: Any = None) -> Any:
    """One network: its structure without memory, filled with the arrays of the file once their shapes agree."""

    def make_model() -> Any:
        sizes: Mapping[str, Any] = bundle.arguments
        key = jax.random.key(0)
        if architecture is None:
            return families.build(bundle.family, **sizes, key=key)
        size = sizes.get("in_size", sizes.get("in_channels"))
        return architecture(size, sizes["out"], key=key, **sizes["arguments"])

    return filled(make_model, bundle, number)


def filled(make_model: Callable[[], Any], bundle: Bundle, number: int, dtype: Any = None) -> Any:
    """A model whose structure is made without memory, filled with the arrays of one member.

    Args:
        make_model: builds it.
        bundle, number: where its arrays are.
        dtype: of all its floating-point arrays, where that is another one than it is built with.

    Raises:
        BundleError: names, shapes or types of the arrays do not agree.
    """
    shapes = eqx.filter_eval_shape(make_model)
    leaves, structure = jax.tree_util.tree_flatten_with_path(shapes)
    expected = {path_name(path): _typed(leaf, dtype) for path, leaf in leaves if isinstance(leaf, jax.ShapeDtypeStruct)}
    found = bundle.part(f"member/{number}", expected)
    own = [jnp.asarray(found[path_name(path)]) if path_name(path) in expected else leaf for path, leaf in leaves]
    return jax.tree_util.tree_unflatten(structure, own)


def _typed(leaf: jax.ShapeDtypeStruct, dtype: Any) -> jax.ShapeDtypeStruct:
    floating = dtype is not None and jnp.issubdtype(leaf.dtype, jnp.floating)
    return jax.ShapeDtypeStruct(leaf.shape, dtype) if floating else leaf


def named_arrays(model: Any) -> dict[str, np.ndarray]:
    """The arrays of a model by their path, as names a bundle may hold (`layers.0.weight`)."""
    leaves = jax.tree_util.tree_leaves_with_path(eqx.filter(model, eqx.is_array))
    return {path_name(path): np.asarray(leaf) for path, leaf in leaves}


def path_name(path: Sequence[Any]) -> str:
    """A tree path as a name: `.layers[0].weight` -> `layers.0.weight`."""
    text = jax.tree_util.keystr(tuple(path))
    for mark in "[]'":
        text = text.replace(mark, "." if mark == "[" else "")
    return text.strip(".").replace("..", ".")
