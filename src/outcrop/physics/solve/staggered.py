r"""Derivatives from nodes to the points half way between them and back, of order 2, 4, 6 or 8, and absorbing layers.

Nodes outside the grid are 0. The derivative back is the transposed one with the other sign, so that a wave equation
made of both keeps its energy to rounding.

Source: Fornberg, B. (1988), Generation of finite difference formulas on arbitrarily spaced grids, Math. Comp. 51,
doi:10.1090/S0025-5718-1988-0935077-0, table 2.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from outcrop.errors import ConfigError, message

STENCILS: dict[int, tuple[float, ...]] = {
    2: (1.0,),
    4: (9 / 8, -1 / 24),
    6: (75 / 64, -25 / 384, 3 / 640),
    8: (1225 / 1024, -245 / 3072, 49 / 5120, -5 / 7168),
}
"""Order -> weights of the differences over 1, 3, 5, ... half spacings, the spacing taken out."""


def stencil(order: int) -> tuple[float, ...]:
    """The weights of an order.

    Raises:
        ConfigError: there is none.
    """
    if order not in STENCILS:
        what = f"There is no derivative of order {order}."
        raise ConfigError(message(what, where="order", fix=f"order = one of {', '.join(map(str, STENCILS))}"))
    return STENCILS[order]


def to_halves(u: Array, spacing: float, axis: int, order: int) -> Array:
    """du/dx half way between nodes, one point more than nodes along the axis."""
    weights, count = stencil(order), u.shape[axis]
    wide = _padded(u, len(weights), axis)
    m = len(weights)
    terms = [
        w * (_cut(wide, m + k, count + 1, axis) - _cut(wide, m - 1 - k, count + 1, axis)) for k, w in enumerate(weights)
    ]
    return sum(terms[1:], terms[0]) / spacing


def to_nodes(v: Array, spacing: float, axis: int, order: int) -> Array:
    """dv/dx at the nodes from values half way between them, one point less along the axis."""
    weights, count = stencil(order), v.shape[axis] - 1
    m = len(weights)
    wide = _padded(v, m - 1, axis)
    terms = [w * (_cut(wide, m + k, count, axis) - _cut(wide, m - 1 - k, count, axis)) for k, w in enumerate(weights)]
    return sum(terms[1:], terms[0]) / spacing


def _padded(u: Array, width: int, axis: int) -> Array:
    return jnp.pad(u, [(width, width) if number == axis else (0, 0) for number in range(u.ndim)])


def _cut(u: Array, start: int, count: int, axis: int) -> Array:
    return jax.lax.slice_in_dim(u, start, start + count, axis=axis)


def damping(count: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The profile of absorbing layers, 0 inside and rising as a square to 1, at nodes and half way between them.

    Args:
        count: nodes along the axis, both layers included.
        width: nodes in a layer; 0 for none.
    """

    def profile(at: np.ndarray) -> np.ndarray:
        into = np.maximum(np.maximum(width - at, at - (count - 1 - width)), 0.0)
        return (into / width) ** 2 if width else 0.0 * at

    return profile(np.arange(count)), profile(np.arange(count + 1) - 0.5)
