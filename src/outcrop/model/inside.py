"""What goes on inside a network for one example: the outputs of its layers, its filters, attention and code.

Read off the traced program (`traced.py`), so that it works for any module; attention and codes come from the methods
`attention` and `encode` of the networks that have them.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import jaxpr_as_fun
from jaxtyping import Array, Float

from outcrop.errors import ConfigError, message
from outcrop.model.recurrent import RecurrentLayer
from outcrop.model.traced import Trace, traced
from outcrop.model.trainable import parameter_count


def outputs(model: eqx.Module, x: Float[Array, "*place channel"], *given: Any) -> dict[str, np.ndarray]:
    """Layer -> its output for one example, in the order they run; layers inside of loops are left out.

    A layer that runs several times has the number of the run after its name: `norm`, `norm#2`.
    """
    trace = traced(model, x.shape, *given)
    values = jax.jit(jaxpr_as_fun(trace.program))(x)
    found: dict[str, np.ndarray] = {}
    for number, value in zip(trace.tapped, values, strict=True):
        name = trace.calls[number].name
        again = sum(key.split("#")[0] == name for key in found)
        found[f"{name}#{again + 1}" if again else name] = np.asarray(value)
    return found


def states(model: eqx.Module, x: Float[Array, "*place channel"], *given: Any) -> dict[str, np.ndarray]:
    """Layer -> its output at every place of the example, (*place, unit): of recurrent networks their states.

    Of other networks all layers that keep the dimensions of the inputs, but the last; a coarser one has fewer places.
    """
    every = outputs(model, x, *given)
    recurrent = _recurrent(model)
    if recurrent:
        return {name: value for name, value in every.items() if name.split("#")[0] in recurrent}
    _, inner = _innermost(model, x)
    kept = {name: value for name, value in every.items() if value.ndim == inner.ndim > 1}
    if kept and next(reversed(kept)) == next(reversed(every)):
        kept.popitem()
    return kept


def _recurrent(model: eqx.Module) -> set[str]:
    nodes = jax.tree_util.tree_leaves_with_path(model, is_leaf=lambda node: isinstance(node, RecurrentLayer))
    names = (
        jax.tree_util.keystr(path, simple=True, separator=".") for path, n in nodes if isinstance(n, RecurrentLayer)
    )
    return set(names)


def filters(model: eqx.Module, shape: tuple[int, ...]) -> tuple[str, np.ndarray]:
    """The first layer as it acts on the inputs: its name, and weights (filter, *extent, channel).

    They are the gradient of one place of its output (before norm and activation) with respect to the inputs, so they
    are told in samples of the inputs whatever the network does with them before (joining neighbours, cutting patches).

    Args:
        model: a network that takes one example and nothing else.
        shape: of one example, (*place, channel).

    Raises:
        ConfigError: the first layer is not linear.
    """
    trace = traced(model, shape)
    order = next((i for i, n in enumerate(trace.tapped) if parameter_count(trace.calls[n].layer)), None)
    found = [] if order is None else [_pulled(trace, order, shape, seed) for seed in (None, 0)]
    if not found or not np.allclose(*found, rtol=1e-3, atol=1e-6 * max(1e-9, np.abs(found[0]).max())):
        what = f"The first layer of this {type(model).__name__} is not linear: it has no filters."
        raise ConfigError(message(what, fix="look at its states instead."))
    weight = found[0]
    for axis in range(1, weight.ndim - 1):
        hit = np.flatnonzero(np.abs(weight).max(axis=tuple(a for a in range(weight.ndim) if a != axis)) > 0)
        weight = weight.take(np.arange(hit[0], hit[-1] + 1), axis) if len(hit) else weight
    return trace.calls[trace.tapped[order or 0]].name, weight


def _pulled(trace: Trace, order: int, shape: tuple[int, ...], seed: int | None) -> np.ndarray:
    """The gradient of every channel of the middle place of one output, at zeros or at inputs drawn at random."""
    x = jnp.zeros(shape) if seed is None else jax.random.normal(jax.random.key(seed), shape)
    value, pull = jax.vjp(lambda x: jaxpr_as_fun(trace.program)(x)[order], x)
    middle = tuple(size // 2 for size in value.shape[:-1])

    def of(channel: Array) -> Array:
        return pull(jnp.zeros_like(value).at[(*middle, channel)].set(1.0))[0]

    return np.asarray(jax.jit(jax.vmap(of))(jnp.arange(value.shape[-1])))


def attention(model: eqx.Module, x: Float[Array, "*place channel"], *given: Any) -> dict[str, np.ndarray]:
    """Layer -> weights (head, query, key): how much each token (query) takes from every other (key); rows sum to 1.

    On a graph queries and keys are nodes, and a node that takes from itself stands on the diagonal.

    Raises:
        ConfigError: the network has no attention.
    """
    network, inner = _innermost(model, x)
    weights = eqx.filter_jit(_with(network, "attention").attention)(inner, *given)
    if not given:
        return {f"layer {number}": np.asarray(layer) for number, layer in enumerate(weights)}
    return {f"layer {number}": _dense(layer, given[0]) for number, layer in enumerate(weights)}


def _dense(layer: Any, graph: Any) -> np.ndarray:
    """Weights of links and of nodes for themselves as (head, receiver, sender)."""
    links, own = np.asarray(layer.links), np.asarray(layer.own)
    weights = np.zeros((own.shape[1], len(own), len(own)), own.dtype)
    for head, matrix in enumerate(weights):
        np.add.at(matrix, (graph.receivers, graph.senders), links[:, head])
        matrix[np.arange(len(own)), np.arange(len(own))] += own[:, head]
    return weights


def code(model: eqx.Module, inputs: Float[Array, "example *place channel"]) -> np.ndarray:
    """The codes of some examples, (example, *coarse place, latent); of a variational network their means.

    Raises:
        ConfigError: the network has no code.
    """
    network, _ = _innermost(model, inputs[0])
    encode = eqx.filter_jit(lambda coded, inputs: jax.vmap(lambda x: coded.encode(_innermost(model, x)[1]))(inputs))
    found = encode(_with(network, "encode"), inputs)
    return np.asarray(found[0] if isinstance(found, tuple) else found)


def _innermost(model: Any, x: Array) -> tuple[Any, Array]:
    """The network inside of lines past it, estimates that it corrects and other orders of its inputs; what it reads."""
    while hasattr(model, "network"):
        x, model = model.entering(x) if hasattr(model, "entering") else x, model.network
    return model, x


def _with(network: Any, method: str) -> Any:
    """The network, which must have a method."""
    if callable(getattr(network, method, None)):
        return network
    kind = {"attention": "attention weights", "encode": "code"}[method]
    able = {"attention": "transformer, vit, gat, graph_interpolation", "encode": "autoencoders"}[method]
    what = f"A {type(network).__name__} has no {kind}."
    raise ConfigError(message(what, fix=f"families with one: {able}."))
