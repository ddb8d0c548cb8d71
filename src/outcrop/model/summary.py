"""The layers of any Equinox module as a table: name, kind, output shape, parameters; for `outcrop inspect`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp

from outcrop.model.trainable import parameter_count


class Layer(NamedTuple):
    """One row: where the layer sits in the model, its class, the shape it gives for one example, its parameters."""

    layer: str
    kind: str
    output: tuple[int, ...]
    parameters: int


class _Listener(eqx.Module):
    """Stands in for a layer while shapes are traced, and notes what passes."""

    layer: eqx.Module
    name: str = eqx.field(static=True)
    note: Callable[[str, eqx.Module, Any], None] = eqx.field(static=True)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        y = self.layer(*args, **kwargs)  # type: ignore[operator]
        self.note(self.name, self.layer, y)
        return y

    def __getattr__(self, name: str) -> Any:
        return getattr(self.layer, name)


def layers(model: eqx.Module, input_shape: tuple[int, ...], *given: Any) -> list[Layer]:
    """The model's innermost layers in the order they run, for one example; nothing is computed.

    What a model is `given` beside its inputs, such as a graph, follows their shape.

    A layer that runs twice has two rows, the second without parameters. Arrays that the model holds outside of any
    layer come last as "(own arrays)", so that the column of parameters always sums to `parameter_count(model)`.
    """
    rows: list[Layer] = []
    seen: set[str] = set()

    def note(name: str, layer: eqx.Module, y: Any) -> None:
        shape = tuple(getattr(y, "shape", ()))
        rows.append(Layer(name, type(layer).__name__, shape, 0 if name in seen else parameter_count(layer)))
        seen.add(name)

    def listen(path: tuple, node: Any) -> Any:
        return _Listener(node, _name(path), note) if _is_layer(node) and path else node

    listening = jax.tree_util.tree_map_with_path(listen, model, is_leaf=_is_layer)
    eqx.filter_eval_shape(listening, jax.ShapeDtypeStruct(input_shape, jnp.zeros(()).dtype), *given)
    rest = parameter_count(model) - sum(row.parameters for row in rows)
    return rows + ([Layer("(own arrays)", type(model).__name__, (), rest)] if rest else [])


def _is_layer(node: Any) -> bool:
    """A callable module without modules inside."""
    if not (isinstance(node, eqx.Module) and callable(node)):
        return False
    children = jax.tree.leaves(node, is_leaf=lambda x: isinstance(x, eqx.Module) and x is not node)
    return not any(isinstance(child, eqx.Module) for child in children)


def _name(path: tuple) -> str:
    """`down.0.1.convs.0` for a path of attributes and positions."""
    return jax.tree_util.keystr(path, simple=True, separator=".")
