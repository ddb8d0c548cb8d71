"""What happens inside a network, read off its trace: products per layer, and which layer's output reaches which.

Every layer is bracketed by two marks that change nothing (`jax.ad_checkpoint.checkpoint_name`); they stand in the
traced program, with whole shapes even where a layer is mapped over nodes or steps. Nothing is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.ad_checkpoint import checkpoint_name

MARK = "outcrop"
INPUT = "input"
NESTED = ("jaxpr", "call_jaxpr", "fun_jaxpr", "call", "cond_jaxpr", "body_jaxpr")
"""Parameters of an operation that hold the program it runs; derivative rules are left out."""


class Call(NamedTuple):
    """One run of a layer: its place in the model, itself, and the shape of its output."""

    name: str
    layer: eqx.Module
    shape: tuple[int, ...]
    bytes: int


@dataclass(frozen=True)
class Trace:
    """A network on one example, read off its program.

    Attributes:
        calls: the layers in the order they run.
        products: multiplications (each with its addition) of every call in matrix products and convolutions.
        between: those outside of all layers.
        links: (from, to) -> shape of what is passed on, between calls by their number, `INPUT`, the joints "+0",
            "concatenate1" ..., and "output".
        program: the closed program, whose outputs are those of the calls that stand outside of loops.
        tapped: numbers of these calls.
    """

    calls: list[Call]
    products: list[int]
    between: int
    links: dict[tuple[Any, Any], tuple[int, ...]]
    program: Any
    tapped: list[int]


@dataclass
class _Reading:
    """What is gathered while a program is read."""

    products: dict[int, int] = field(default_factory=dict)
    between: int = 0
    links: dict[tuple[Any, Any], tuple[int, ...]] = field(default_factory=dict)
    sources: dict[Any, Any] = field(default_factory=dict)
    inside: list[int] = field(default_factory=list)
    joints: int = 0


class _Listener(eqx.Module):
    """Stands in for a layer while the network is traced: notes its call, and marks where it begins and ends."""

    layer: eqx.Module
    name: str = eqx.field(static=True)
    begin: Callable[[], int] = eqx.field(static=True)
    note: Callable[[int, str, eqx.Module], None] = eqx.field(static=True)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        number = self.begin()
        args = jax.tree.map(_whole, args)  # all of them before the first mark, behind which the layer begins
        args = jax.tree.map(lambda leaf: _marked(leaf, f"{MARK}:in:{number}"), args)
        y = self.layer(*args, **kwargs)  # type: ignore[operator]
        self.note(number, self.name, self.layer)
        return jax.tree.map(lambda leaf: _marked(_whole(leaf), f"{MARK}:out:{number}"), y)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.layer, name)


def _whole(leaf: Any) -> Any:
    """The same numbers: the sum with zeros brings the axis that a layer is mapped over to the front."""
    return leaf + jnp.zeros(leaf.shape, leaf.dtype) if _is_number(leaf) else leaf


def _marked(leaf: Any, name: str) -> Any:
    """Numbers with a mark."""
    return checkpoint_name(leaf, name) if _is_number(leaf) else leaf


def _is_number(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array) and eqx.is_inexact_array(leaf)


def traced(model: eqx.Module, input_shape: tuple[int, ...], *given: Any) -> Trace:
    """Reads a network's program for one example; what it is `given` beside the inputs (a graph) is constant."""
    met: list[tuple[str, eqx.Module]] = []

    def begin() -> int:
        met.append(("", model))
        return len(met) - 1

    def note(number: int, name: str, layer: eqx.Module) -> None:
        met[number] = (name, layer)

    def listen(path: tuple, node: Any) -> Any:
        return _Listener(node, path_name(path), begin, note) if is_layer(node) and path else node

    listening = jax.tree_util.tree_map_with_path(listen, model, is_leaf=is_layer)
    program = jax.make_jaxpr(lambda x: listening(x, *given))(jax.ShapeDtypeStruct(input_shape, jnp.zeros(()).dtype))
    reading = _Reading()
    reading.sources[program.jaxpr.invars[0]] = INPUT
    _read(program.jaxpr, reading, 1)
    for var in program.jaxpr.outvars:
        _link(reading, var, "output")
    ends = {number: var.aval for kind, number, var in _marks(program.jaxpr) if kind == "out"}
    calls = [
        Call(name, layer, *((ends[n].shape, prod(ends[n].shape) * ends[n].dtype.itemsize) if n in ends else ((), 0)))
        for n, (name, layer) in enumerate(met)
    ]
    taps = {n: v for kind, n, v in _marks(program.jaxpr, nested=False) if kind == "out"}
    info = program.jaxpr.debug_info._replace(result_paths=None)
    opened = program.replace(jaxpr=program.jaxpr.replace(outvars=list(taps.values()), debug_info=info))
    products = [reading.products.get(n, 0) for n in range(len(met))]
    return Trace(calls, products, reading.between, reading.links, opened, list(taps))


def is_layer(node: Any) -> bool:
    """A callable module without modules inside, or one that Equinox has as a whole (attention)."""
    if not (isinstance(node, eqx.Module) and callable(node)):
        return False
    if type(node) is eqx.nn.MultiheadAttention:
        return True
    children = jax.tree.leaves(node, is_leaf=lambda x: isinstance(x, eqx.Module) and x is not node)
    return not any(isinstance(child, eqx.Module) for child in children)


def path_name(path: Sequence[Any]) -> str:
    """`down.0.1.convs.0` for a path of attributes and positions."""
    return jax.tree_util.keystr(tuple(path), simple=True, separator=".")


def _marks(jaxpr: Any, *, nested: bool = True) -> Iterator[tuple[str, int, Any]]:
    """(in or out, number of the call, marked variable) in the order of the program."""
    for eqn in jaxpr.eqns:
        name = str(eqn.params.get("name", "")) if eqn.primitive.name == "name" else ""
        if name.startswith(f"{MARK}:"):
            _, kind, number = name.split(":")
            yield kind, int(number), eqn.outvars[0]
        elif nested:
            for inner in _programs(eqn):
                yield from _marks(inner)


def _programs(eqn: Any) -> list[Any]:
    """The programs inside an operation."""
    held = [eqn.params[name] for name in NESTED if name in eqn.params] + list(eqn.params.get("branches", ()))
    return [getattr(inner, "jaxpr", inner) for inner in held if hasattr(getattr(inner, "jaxpr", inner), "eqns")]


def _read(jaxpr: Any, reading: _Reading, times: int) -> None:
    """Counts products and follows what comes from where; `times` is how often this part of the program runs."""
    for eqn in jaxpr.eqns:
        kind, number = _mark_of(eqn)
        if kind == "in":
            _link(reading, eqn.invars[0], number)
            reading.inside = reading.inside if number in reading.inside else [*reading.inside, number]
            reading.sources[eqn.outvars[0]] = number
        elif kind == "out":
            reading.inside = [n for n in reading.inside if n != number]
            reading.sources[eqn.outvars[0]] = number
        else:
            inner = _programs(eqn)
            for part in inner:
                outer = eqn.invars[-len(part.invars) :]
                reading.sources |= {a: _source(reading, b) for a, b in zip(part.invars, outer, strict=False)}
                _read(part, reading, times * int(eqn.params.get("length", 1)))
            _count(reading, times * _products(eqn))
            _follow(reading, eqn)


def _mark_of(eqn: Any) -> tuple[str, int]:
    name = str(eqn.params.get("name", "")) if eqn.primitive.name == "name" else ""
    if not name.startswith(f"{MARK}:"):
        return "", -1
    _, kind, number = name.split(":")
    return kind, int(number)


def _count(reading: _Reading, products: int) -> None:
    if not reading.inside:
        reading.between += products
    else:
        reading.products[reading.inside[-1]] = reading.products.get(reading.inside[-1], 0) + products


def _products(eqn: Any) -> int:
    """Multiplications of one matrix product or convolution."""
    if eqn.primitive.name == "dot_general":
        (contracted, _), _ = eqn.params["dimension_numbers"]
        shape = eqn.invars[0].aval.shape
        return prod(eqn.outvars[0].aval.shape) * prod(shape[axis] for axis in contracted)
    if eqn.primitive.name == "conv_general_dilated":
        kernel, out_axis = eqn.invars[1].aval.shape, eqn.params["dimension_numbers"].rhs_spec[0]
        return prod(eqn.outvars[0].aval.shape) * prod(kernel) // max(1, kernel[out_axis])
    return 0


def _source(reading: _Reading, var: Any) -> Any:
    """What a variable comes from: a call, a joint or the input; None for weights and constants."""
    return reading.sources.get(var) if not hasattr(var, "val") else None


def _link(reading: _Reading, var: Any, to: Any) -> None:
    source = _source(reading, var)
    if source is not None and source != to:
        reading.links.setdefault((source, to), tuple(var.aval.shape))


def _follow(reading: _Reading, eqn: Any) -> None:
    """The outputs come from what the inputs come from; where that differs outside of layers, there is a joint.

    Only numbers are followed: a mask that was made from the inputs says where they are, not what they are.
    """
    found = [var for var in eqn.invars if _source(reading, var) is not None]
    if not found:
        return
    sources = list(dict.fromkeys(_source(reading, var) for var in found))
    if len(sources) > 1 and not reading.inside:
        label = {"add": "+", "add_any": "+", "mul": "x", "concatenate": "concatenate"}.get(eqn.primitive.name, "joint")
        joint = f"{label}{reading.joints}"
        reading.joints += 1
        for var in found:
            _link(reading, var, joint)
        sources = [joint]
    for var in eqn.outvars:
        if jnp.issubdtype(var.aval.dtype, jnp.inexact):
            reading.sources[var] = reading.inside[-1] if reading.inside else sources[0]
