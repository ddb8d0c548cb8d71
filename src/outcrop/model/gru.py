"""Gated recurrent units: as the LSTM without a cell of its own, three gates instead of four."""

from __future__ import annotations

import functools
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array

from outcrop.model.recurrence import Carry, fused
from outcrop.model.recurrent import Cell, Recurrent, stack_parameters

GATES = 3  # reset, update, candidate


def _forward(weight: Array, recurrent: Array, x: Array, carry: Carry) -> tuple[Carry, tuple[Array, ...]]:
    """All outputs; reset and update gate side by side, candidate, and what the reset gate acts on."""
    ahead = x @ weight

    def step(carry: Carry, ahead: Array) -> tuple[Carry, tuple[Array, ...]]:
        (h,), product, width = carry, carry[0] @ recurrent, carry[0].shape[-1]
        both = jax.nn.sigmoid(ahead[:, : 2 * width] + product[:, : 2 * width])
        r, u = jnp.split(both, 2, axis=-1)
        q = product[:, 2 * width :]
        n = jnp.tanh(ahead[:, 2 * width :] + r * q)
        h = n + u * (h - n)
        return (h,), (h, both, n, q)

    _, (h, *saved) = jax.lax.scan(step, carry, ahead)
    return (h,), tuple(saved)


def _backward(
    recurrent: Array, before: Carry, states: Carry, saved: tuple[Array, ...], d_h: Array, d_carry: Carry
) -> tuple[Array, Array, Carry]:
    """The gradient of what enters the gates; see `recurrence.fused`."""
    both, n, q = saved
    r, u = jnp.split(both, 2, axis=-1)
    to_candidate = (1 - u) * (1 - n * n)
    slopes = jnp.concatenate([to_candidate * q * r * (1 - r), (before[0] - n) * u * (1 - u), to_candidate * r], axis=-1)
    back = recurrent.T

    def step(carry: Carry, at: tuple[Array, ...]) -> tuple[Carry, Array]:
        (dh,), (d_h, slopes, u) = carry, at
        dh = dh + d_h
        return (dh * u + (slopes * jnp.concatenate([dh] * GATES, axis=-1)) @ back,), dh

    start, dh = jax.lax.scan(step, d_carry, (d_h, slopes, u), reverse=True)
    d_product = slopes * jnp.concatenate([dh] * GATES, axis=-1)
    d_ahead = jnp.concatenate([d_product[..., : -u.shape[-1]], to_candidate * dh], axis=-1)
    return d_ahead, d_product, start


class GRU(Recurrent):
    """Layers of gated recurrent units.

    r, u = sigmoid(W x + U h + b), n = tanh(W x + r (U h) + b), h' = (1 - u) n + u h.

    Source: Cho et al. (2014), arXiv:1406.1078, equations 5 to 8, with the reset gate after the product with U, so that
    a step is one product; without a second bias there.
    """

    cell: ClassVar[Cell] = Cell(fused(_forward, _backward), biases=(0.0, 0.0, 0.0), states=1)


parameter_count = functools.partial(stack_parameters, GATES)
