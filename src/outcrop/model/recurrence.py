"""Recurrences as one scan with a backward pass of their own: gates are kept, weights get their gradient after the loop.

Differentiated as it stands, `lax.scan` adds up the gradient of the weights step by step and works out again what the
forward pass knew. Here the loop backwards holds one small product per step; what belongs to no step (derivatives of
gates, gradients of weights and inputs) is done for all steps at once (backpropagation through time, Werbos, 1990,
Proceedings of the IEEE 78, 1550-1560, doi:10.1109/5.58337). benchmarks/train_families.py has the times.

Written for ONE example; `vmap` puts the examples of a batch side by side into the same loop, time first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap
from jaxtyping import Array, PyTree

Carry = tuple[Array, ...]
Scan = Callable[[Array, Array, Array, Carry], tuple[Array, Carry]]


class Product(NamedTuple):
    """How a weight acts on what it is multiplied with; all arrays have leading axes (time, batch) or (batch,).

    Attributes:
        of: (x, weight) -> product, (..., in) to (..., gate).
        turned: weight -> the weight whose product with the gradient of `of` is the gradient of x.
        slope: (x, gradient of `of`, shape of the weight) -> the gradient of the weight in each example (batch, *shape).
    """

    of: Callable[[Array, Array], Array]
    turned: Callable[[Array], Array]
    slope: Callable[[Array, Array, tuple[int, ...]], Array]


DENSE = Product(jnp.matmul, jnp.transpose, lambda x, gradient, shape: jnp.einsum("tbi,tbg->big", x, gradient))


def fused(
    forward: Callable[..., tuple[Carry, Any]],
    backward: Callable[..., tuple[Array, Array, Carry]],
    product: Product = DENSE,
) -> Scan:
    """A recurrence as a function `(weight, recurrent, x, carry) -> (outputs, carry)`, from one cell's mathematics.

    Args:
        forward: (weight, recurrent, x, carry) -> (states, saved), with x of shape (time, batch, in) and carry of
            (batch, width) each; states are all values of the carry, (time, batch, width) each, the output first.
        backward: (recurrent, before, states, saved, d_outputs, d_carry) -> (d_ahead, d_product, d_carry), where
            `before` are the states one step earlier, `d_ahead` is the gradient of x @ weight and `d_product` that of
            the product of the previous output with `recurrent`, both (time, batch, gate).
        product: of x with `weight` and of outputs with `recurrent`. A convolution has axes of places before the last
            one of x, carry and outputs.

    Returns:
        The function, on one example: x (time, in), carry (width,) each, outputs (time, width). It can be mapped,
        compiled and differentiated in reverse mode, twice too; not in forward mode.
    """

    def run(shared: tuple[Array, Array], batch: PyTree) -> PyTree:
        x, carry = batch
        return _turned(forward(*shared, _turned(x), carry))

    def pull(shared: tuple[Array, Array], batch: PyTree) -> PyTree:
        weight, recurrent = shared
        along, carry, d_carry = batch
        x, states, saved, d_outputs = _turned(along)
        before = tuple(jnp.concatenate([c[None], s[:-1]]) for c, s in zip(carry, states, strict=True))
        d_ahead, d_product, d_carry = backward(recurrent, before, states, saved, d_outputs, d_carry)
        d_weight = product.slope(x, d_ahead, weight.shape)
        d_recurrent = product.slope(before[0], d_product, recurrent.shape)
        return d_weight, d_recurrent, _turned(product.of(d_ahead, product.turned(weight))), d_carry

    run_many, pull_many = _side_by_side(run), _side_by_side(pull)

    @jax.custom_vjp
    def scan(weight: Array, recurrent: Array, x: Array, carry: Carry) -> tuple[Array, Carry]:
        states, _ = _single(run_many, (weight, recurrent), (x, carry))
        return states[0], tuple(state[-1] for state in states)

    def scan_forward(weight: Array, recurrent: Array, x: Array, carry: Carry) -> tuple[tuple[Array, Carry], Any]:
        states, saved = _single(run_many, (weight, recurrent), (x, carry))
        return (states[0], tuple(state[-1] for state in states)), (weight, recurrent, x, carry, states, saved)

    def scan_backward(kept: Any, gradient: tuple[Array, Carry]) -> tuple[Array, Array, Array, Carry]:
        weight, recurrent, x, carry, states, saved = kept
        d_outputs, d_carry = gradient
        return _single(pull_many, (weight, recurrent), ((x, states, saved, d_outputs), carry, d_carry))

    scan.defvjp(scan_forward, scan_backward)
    return scan


def _side_by_side(fun: Callable[[PyTree, PyTree], PyTree]) -> Callable[[PyTree, PyTree], PyTree]:
    """A function of (shared, batch) whose examples, when it is mapped, join its own batch axis, the first of `batch`.

    Plain `vmap` would move its axis in front of time and back again for every operation. Where the shared arrays are
    mapped too (members of an ensemble), it is all that can be done.
    """
    joined = custom_vmap(fun)

    @joined.def_vmap
    def rule(size: int, mapped: PyTree, shared: PyTree, batch: PyTree) -> tuple[PyTree, PyTree]:
        axes = jax.tree.map(lambda yes: 0 if yes else None, tuple(mapped))
        if any(jax.tree.leaves(mapped[0])):
            out = jax.vmap(fun, in_axes=axes)(shared, batch)
        else:
            leaves, tree = jax.tree.flatten(batch)
            repeated = [
                leaf if yes else jnp.broadcast_to(leaf[None], (size, *leaf.shape))
                for leaf, yes in zip(leaves, jax.tree.leaves(mapped[1]), strict=True)
            ]
            flat = [leaf.reshape(-1, *leaf.shape[2:]) for leaf in repeated]
            out = jax.tree.map(
                lambda leaf: leaf.reshape(size, -1, *leaf.shape[1:]), joined(shared, jax.tree.unflatten(tree, flat))
            )
        return out, jax.tree.map(lambda _: True, out)

    # custom_vmap has no reverse mode; met only where a gradient is differentiated once more
    both = jax.custom_jvp(lambda shared, batch: joined(shared, batch))
    both.defjvp(lambda primals, tangents: jax.jvp(fun, primals, tangents))
    return both


def _single(fun: Callable[[PyTree, PyTree], PyTree], shared: PyTree, example: PyTree) -> PyTree:
    """A function of batches on one example."""
    out = fun(shared, jax.tree.map(lambda leaf: leaf[None], example))
    return jax.tree.map(lambda leaf: leaf[0], out)


def _turned(tree: PyTree) -> PyTree:
    """(batch, time, ...) as (time, batch, ...), and back."""
    return jax.tree.map(lambda leaf: jnp.swapaxes(leaf, 0, 1), tree)
