"""Long short-term memory: a cell that only its gates change, so that gradients reach far back."""

from __future__ import annotations

import functools
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array

from outcrop.model.recurrence import DENSE, Carry, Product, fused
from outcrop.model.recurrent import Cell, Recurrent, stack_parameters

GATES = 4  # input, forget, candidate, output


def _forward(product: Product, weight: Array, recurrent: Array, x: Array, carry: Carry) -> tuple[Carry, Array]:
    """All outputs and cells, and the values of the gates, (time, batch, 4 width)."""
    ahead = product.of(x, weight)

    def step(carry: Carry, ahead: Array) -> tuple[Carry, tuple[Array, ...]]:
        h, c = carry
        gates = _opened(ahead + product.of(h, recurrent))
        i, f, g, o = jnp.split(gates, GATES, axis=-1)
        c = f * c + i * g
        h = o * jnp.tanh(c)
        return (h, c), (h, c, gates)

    _, (h, c, gates) = jax.lax.scan(step, carry, ahead)
    return (h, c), gates


def _opened(z: Array) -> Array:
    """Sigmoids of three gates and the tanh of the candidate with one function: sigmoid(z) = (1 + tanh(z / 2)) / 2."""
    half = jnp.repeat(jnp.asarray([0.5, 0.5, 1.0, 0.5], z.dtype), z.shape[-1] // GATES)
    half = half.reshape((1,) * (z.ndim - 1) + (-1,))
    return half * jnp.tanh(half * z) + (1 - half)


def _backward(
    product: Product, recurrent: Array, before: Carry, states: Carry, gates: Array, d_h: Array, d_carry: Carry
) -> tuple[Array, Array, Carry]:
    """The gradient of what enters the gates; see `recurrence.fused`."""
    i, f, g, o = jnp.split(gates, GATES, axis=-1)
    lit = jnp.tanh(states[1])
    h_to_c = o * (1 - lit * lit)
    slopes = jnp.concatenate([g * i * (1 - i), before[1] * f * (1 - f), i * (1 - g * g), lit * o * (1 - o)], axis=-1)
    back = product.turned(recurrent)

    def step(carry: Carry, at: tuple[Array, ...]) -> tuple[Carry, Array]:
        (dh, dc), (d_h, slopes, h_to_c, f) = carry, at
        dh = dh + d_h
        dc = dc + dh * h_to_c
        d_gates = slopes * jnp.concatenate([dc, dc, dc, dh], axis=-1)
        return (product.of(d_gates, back), dc * f), d_gates

    start, d_gates = jax.lax.scan(step, d_carry, (d_h, slopes, h_to_c, f), reverse=True)
    return d_gates, d_gates, start


def lstm_cell(product: Product) -> Cell:
    """The cell whose weights multiply as `product` says: on a step's values, or on a map of them (conv_lstm.py)."""
    forward, backward = functools.partial(_forward, product), functools.partial(_backward, product)
    return Cell(fused(forward, backward, product), biases=(0.0, 1.0, 0.0, 0.0), states=2)


class LSTM(Recurrent):
    """Layers of long short-term memory.

    i, f, o = sigmoid(W x + U h + b), g = tanh(W x + U h + b), c' = f c + i g, h' = o tanh(c'); the bias of the forget
    gate f starts at 1, so that a new network remembers.

    Source: Hochreiter and Schmidhuber (1997), Neural Computation 9, 1735-1780, doi:10.1162/neco.1997.9.8.1735; the
    forget gate is from Gers, Schmidhuber and Cummins (2000), ibid. 12, 2451-2471, doi:10.1162/089976600300015015, its
    bias from Jozefowicz, Zaremba and Sutskever (2015), PMLR 37, 2342-2350.
    """

    cell: ClassVar[Cell] = lstm_cell(DENSE)


parameter_count = functools.partial(stack_parameters, GATES)
