"""Cells of a vertical section (z, x), in C order: x runs fastest. Metres, depth positive down."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float


class Cells(NamedTuple):
    """Sides of every cell, each of shape (cell,), m."""

    left_m: Array
    right_m: Array
    top_m: Array
    bottom_m: Array


def cells_of(x_edges_m: Float[Array, " x_edge"], z_edges_m: Float[Array, " z_edge"]) -> Cells:
    """The sides of every cell between two sets of edges.

    >>> [side.tolist() for side in cells_of([0.0, 1.0, 2.0], [5.0, 6.0])]
    [[0.0, 1.0], [1.0, 2.0], [5.0, 5.0], [6.0, 6.0]]
    """
    x, z = jnp.asarray(x_edges_m), jnp.asarray(z_edges_m)
    rows, columns = len(z) - 1, len(x) - 1
    sides = jnp.tile(x[:-1], rows), jnp.tile(x[1:], rows)
    return Cells(*sides, jnp.repeat(z[:-1], columns), jnp.repeat(z[1:], columns))
