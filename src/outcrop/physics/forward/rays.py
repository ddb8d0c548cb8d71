r"""Travel times along straight rays: the length of every ray in every cell, so that time = lengths @ slowness.

Straight rays hold where velocity changes little; bent ones are in `eikonal.py`. Metres, seconds, s/m.

Source: the slab method of Kay, T. L., Kajiya, J. T. (1986), doi:10.1145/15922.15916, here for every cell at once; for
tomography Dines, K. A., Lytle, R. J. (1979), doi:10.1109/PROC.1979.11390.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from outcrop.errors import DataError, message
from outcrop.physics.arguments import floating, rising
from outcrop.physics.forward.section import cells_of


def ray_lengths(
    source_m: Float[Array, "ray 2"],
    receiver_m: Float[Array, "ray 2"],
    x_edges_m: Float[Array, " x_edge"],
    z_edges_m: Float[Array, " z_edge"],
) -> Float[Array, "ray cell"]:
    """How far every ray runs through every cell of a section, m; cells in C order of (z, x).

    A ray along the edge between two cells belongs to the right or lower one.

    Args:
        source_m, receiver_m: ends of the rays, (x, z).
        x_edges_m, z_edges_m: edges of the cells, rising.

    Raises:
        DataError: edges that do not rise, or a ray that leaves the section.

    >>> ray_lengths([[0.0, 0.0]], [[3.0, 4.0]], [0.0, 3.0], [0.0, 2.0, 4.0]).tolist()
    [[2.5, 2.5]]
    """
    rising("x_edges_m", x_edges_m)
    rising("z_edges_m", z_edges_m)
    source, receiver, x_edges, z_edges = floating(source_m, receiver_m, x_edges_m, z_edges_m)
    for edges, place in ((x_edges, 0), (z_edges, 1)):
        _inside("xz"[place], edges, source[:, place], receiver[:, place])
    cells = cells_of(x_edges, z_edges)
    in_x = _passage(source[:, 0], receiver[:, 0], cells.left_m, cells.right_m, x_edges[-1])
    in_z = _passage(source[:, 1], receiver[:, 1], cells.top_m, cells.bottom_m, z_edges[-1])
    share = jnp.maximum(jnp.minimum(in_x[1], in_z[1]) - jnp.maximum(in_x[0], in_z[0]), 0.0)
    return share * jnp.linalg.norm(receiver - source, axis=1)[:, None]


def _passage(start: Array, end: Array, low: Array, high: Array, last: Array) -> tuple[Array, Array]:
    """The share of the way (0 to 1) at which every ray enters and leaves the slab of every cell; empty: enters late."""
    start, step = start[:, None], (end - start)[:, None]
    still = step == 0
    way = jnp.where(still, 1.0, step)
    first, second = (low - start) / way, (high - start) / way
    held = (start >= low) & ((start < high) | (high == last))
    enters = jnp.where(still, jnp.where(held, 0.0, 1.0), jnp.clip(jnp.minimum(first, second), 0.0, 1.0))
    leaves = jnp.where(still, 1.0, jnp.clip(jnp.maximum(first, second), 0.0, 1.0))
    return enters, leaves


def _inside(name: str, edges: Array, *ends: Array) -> None:
    """Checks that rays begin and end in the section."""
    if isinstance(edges, Tracer) or any(isinstance(end, Tracer) for end in ends):
        return
    low, high = float(edges[0]), float(edges[-1])
    found = np.concatenate([np.asarray(end) for end in ends])
    slack = 1e-6 * (high - low)
    if found.min() < low - slack or found.max() > high + slack:
        what = f"Rays run from {name} = {found.min():g} to {found.max():g} m, the section from {low:g} to {high:g} m."
        fix = f"{name}_edges_m = np.linspace({min(low, found.min()):g}, {max(high, found.max()):g}, {len(edges)})"
        raise DataError(message(what, where=f"{name}_edges_m", fix=fix))
