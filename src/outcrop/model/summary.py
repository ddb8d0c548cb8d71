"""The layers of any Equinox module as a table for `outcrop inspect`: shapes, parameters, sight, products, memory."""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import jaxpr_as_fun

from outcrop.model.traced import Trace, path_name, traced
from outcrop.model.trainable import parameter_count, trainable
from outcrop.shown import Readable, Shown

MOST_PLACES = 5
"""Places around the middle of a layer's output whose sight is measured."""
LARGE = 2**14
"""Samples of an example above which one place must do."""


class Layer(NamedTuple):
    """One row: a layer, and what it costs for one example.

    Attributes:
        layer: where it sits in the model.
        kind: its class.
        output: shape of what it gives.
        parameters, formula: trainable numbers, and the sizes of its arrays that make them up.
        sees: input samples along each dimension that one place of the output depends on; of a graph, nodes. Empty for
            features without neighbours, and inside loops.
        products: multiplications, each with its addition, in matrix products and convolutions.
        bytes: memory of the output, which training keeps for every example of a batch.
    """

    layer: str
    kind: str
    output: tuple[int, ...]
    parameters: int
    formula: str = ""
    sees: tuple[int, ...] = ()
    products: int = 0
    bytes: int = 0


class Layers(Readable, list[Layer]):
    """The rows of a network: a list that shows itself as a table."""

    def shown(self) -> Shown:
        """One row per layer, and their sums."""
        columns = ["layer", "kind", ">output", ">parameters", "are", ">sees", ">multiply-adds", ">kB"]
        return Shown(
            f"Network: {self.total.parameters:,} parameters", (), columns, [cells(row) for row in [*self, self.total]]
        )

    @property
    def total(self) -> Layer:
        """The sums of the table."""
        parameters, products, size = (sum(row[i] for row in self) for i in (3, 6, 7))
        return Layer("total", "", (), parameters, products=products, bytes=size)


def cells(row: Layer) -> tuple[str, ...]:
    """A row as text: layer, kind, output, parameters, formula, what it sees, multiply-adds and kilobytes."""
    output, sees = (" x ".join(map(str, sizes)) for sizes in (row.output, row.sees))
    cost = f"{row.products:,}", f"{row.bytes / 1e3:,.1f}"
    return (row.layer, row.kind, output, f"{row.parameters:,}", row.formula, sees, *cost)


def layers(model: eqx.Module, input_shape: tuple[int, ...], *given: Any, sight: bool = False) -> Layers:
    """The model's innermost layers in the order they run, for one example.

    Args:
        model: a module on one example.
        input_shape: of its inputs.
        given: what it is given beside its inputs, such as a graph.
        sight: whether to measure what each layer sees; the rest is read off the program and computes nothing.

    A layer that runs twice has two rows, the second without parameters. Arrays and products outside of any layer come
    last, as "(own arrays)" or "(between layers)": parameters sum to `parameter_count(model)`, products to all of them.
    """
    return rows_of(model, traced(model, input_shape, *given), input_shape, sight=sight, graph=bool(given))


def rows_of(model: eqx.Module, trace: Trace, input_shape: tuple[int, ...], *, sight: bool, graph: bool) -> Layers:
    """The same from a trace."""
    seen = sights(model, trace, input_shape, graph=graph) if sight and len(input_shape) > 1 else {}
    rows = Layers()
    met: set[str] = set()
    for number, call in enumerate(trace.calls):
        count, formula = (0, "") if call.name in met else (parameter_count(call.layer), formula_of(call.layer))
        met.add(call.name)
        kind, sees = type(call.layer).__name__, seen.get(number, ())
        rows.append(Layer(call.name, kind, call.shape, count, formula, sees, trace.products[number], call.bytes))
    rest = parameter_count(model) - sum(row.parameters for row in rows)
    if not rest and not trace.between:
        return rows
    name = "(own arrays)" if rest else "(between layers)"
    return Layers([*rows, Layer(name, type(model).__name__, (), rest, _own(model, met), (), trace.between)])


def formula_of(layer: Any) -> str:
    """The sizes of a layer's trainable arrays.

    >>> formula_of(eqx.nn.Linear(5, 3, key=jax.random.key(0)))
    '3 x 5 + 3'
    """
    leaves = jax.tree.leaves(eqx.filter(layer, trainable(layer)))
    return " + ".join(" x ".join(str(size) for size in leaf.shape if size > 1) or "1" for leaf in leaves)


def _own(model: Any, met: set[str]) -> str:
    leaves = jax.tree_util.tree_leaves_with_path(eqx.filter(model, trainable(model)))
    own = [leaf for path, leaf in leaves if not any(path_name(path).startswith(f"{name}.") for name in met)]
    return " + ".join(" x ".join(map(str, leaf.shape)) for leaf in own)


def sights(model: Any, trace: Trace, input_shape: tuple[int, ...], *, graph: bool) -> dict[int, tuple[int, ...]]:
    """Number of the call -> input samples along each dimension, from the first to the last one, that can change one
    place of its output; the largest over some places around the middle. Of a graph, the number of such nodes.

    Measured as in `reach`: where the gradient is not zero, at weights and inputs that are drawn at random.
    """
    draw = np.random.default_rng(0)
    weights = [_moved(constant, draw) for constant in trace.program.consts]
    run = jaxpr_as_fun(trace.program.replace(consts=weights))
    x = jnp.asarray(draw.normal(size=input_shape), jnp.zeros(()).dtype)

    @jax.jit
    def pulled(x: jax.Array, which: jax.Array, places: jax.Array) -> jax.Array:
        values, pull = jax.vjp(lambda x: tuple(run(x)), x)

        def support(place: jax.Array) -> jax.Array:
            given = []
            for number, value in enumerate(values):
                per_place = jnp.reshape(value, (-1, value.shape[-1] if value.ndim > 1 else 1))
                towards = jnp.cos(jnp.arange(per_place.shape[1], dtype=value.dtype) + 1.0)  # no two outputs cancel
                hot = (jnp.arange(len(per_place)) == place) & (number == which)
                given.append(jnp.reshape(hot[:, None] * towards, value.shape).astype(value.dtype))
            return jnp.abs(pull(tuple(given))[0]).max(axis=-1) > 0

        return jax.vmap(support)(places)

    found = {}
    for order, number in enumerate(trace.tapped):
        places = _places(trace.calls[number].shape, 1 if np.prod(input_shape[:-1]) > LARGE else MOST_PLACES)
        support = np.asarray(pulled(x, jnp.asarray(order), jnp.asarray(places)))
        each = [(int(s.sum()),) if graph else tuple(_extent(s, axis) for axis in range(s.ndim)) for s in support]
        found[number] = tuple(np.max(each, axis=0).tolist())
    return found


def _places(shape: tuple[int, ...], most: int) -> list[int]:
    """Flat numbers of some places of an output: around the middle, and the last one, which sees all that lies before.

    >>> _places((8, 3), 3)
    [3, 4, 5, 7]
    """
    sizes = shape[:-1] if len(shape) > 1 else (1,)
    steps = range(-(most // 2), most - most // 2)
    at = [tuple(min(max(size // 2 + step, 0), size - 1) for size in sizes) for step in steps]
    return [int(np.ravel_multi_index(place, sizes)) for place in [*at, tuple(size - 1 for size in sizes)]]


def _extent(support: np.ndarray, axis: int) -> int:
    """Samples from the first to the last one along an axis that are in the support.

    >>> _extent(np.array([[0, 1, 0], [0, 0, 0], [0, 1, 0]]) > 0, 0)
    3
    """
    hit = np.flatnonzero(support.any(axis=tuple(a for a in range(support.ndim) if a != axis)))
    return int(hit[-1] - hit[0] + 1) if len(hit) else 0


def _moved(constant: Any, draw: np.random.Generator) -> Any:
    """A weight moved at random: a layer that starts at zero would hide what is behind it."""
    if not jnp.issubdtype(jnp.asarray(constant).dtype, jnp.inexact):
        return constant
    value = np.asarray(constant)
    return jnp.asarray(value + 0.1 * draw.normal(size=value.shape), value.dtype)
