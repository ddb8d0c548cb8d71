"""The simple recurrent network: the state is a layer on the inputs and on itself one step earlier."""

from __future__ import annotations

import functools
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array

from outcrop.model.recurrence import Carry, fused
from outcrop.model.recurrent import Cell, Recurrent, stack_parameters


def _forward(weight: Array, recurrent: Array, x: Array, carry: Carry) -> tuple[Carry, tuple[()]]:
    """All outputs; nothing else is needed to go back."""

    def step(carry: Carry, ahead: Array) -> tuple[Carry, Array]:
        h = jnp.tanh(ahead + carry[0] @ recurrent)
        return (h,), h

    return (jax.lax.scan(step, carry, x @ weight)[1],), ()


def _backward(
    recurrent: Array, before: Carry, states: Carry, saved: tuple[()], d_h: Array, d_carry: Carry
) -> tuple[Array, Array, Carry]:
    """The gradient of what enters the tanh; see `recurrence.fused`."""
    slope, back = 1 - states[0] * states[0], recurrent.T

    def step(carry: Carry, at: tuple[Array, Array]) -> tuple[Carry, Array]:
        d_sum = at[1] * (carry[0] + at[0])
        return (d_sum @ back,), d_sum

    start, d_sum = jax.lax.scan(step, d_carry, (d_h, slope), reverse=True)
    return d_sum, d_sum, start


class RNN(Recurrent):
    """Layers of h' = tanh(W x + U h + b). Gradients fade over tens of steps: for longer memory take lstm or gru.

    Source: Elman (1990), Cognitive Science 14, 179-211, doi:10.1207/s15516709cog1402_1.
    """

    cell: ClassVar[Cell] = Cell(fused(_forward, _backward), biases=(0.0,), states=1)


parameter_count = functools.partial(stack_parameters, 1)
