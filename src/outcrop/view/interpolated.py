r"""What the nodes around each one say of it: ordinary kriging of the known values, which a network may correct.

The variogram is linear, gamma(h) = h, which has no parameters but a scale that cancels: nothing is fitted, so nothing
can leak. A node that is known itself is estimated from the others.

    sum over j of w_j gamma(h_ij) + mu = gamma(h_i0),    sum of w = 1,    sigma^2 = sum of w_i gamma(h_i0) + mu

The system is that of `data/kriging.py`, with the NEAREST known nodes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from outcrop.data.kriging import ordinary
from outcrop.data.space import along_surface, nearest
from outcrop.errors import ConfigError, message
from outcrop.records import Record
from outcrop.view.network import places

NEAREST = 16
NUGGET = 1e-3
"""Of the typical distance: keeps the system solvable where two nodes lie at one place."""
UNKNOWN = 10.0
"""The spread where nothing is known, and the largest one: the root of so many squared units of length."""
CHUNK = 4096
"""Nodes whose systems are solved at a time."""


def check_interpolated(records: Sequence[Record], dim: str, hide: float) -> None:
    """What interpolation between nodes needs.

    Raises:
        ConfigError: nothing is known to interpolate from, or nodes have no places.
    """
    problem = fix = ""
    if not hide:
        problem, fix = "Nothing is known that could be interpolated.", "hide = 0.5, which makes the target an input"
    for record in records:
        points = places(record, dim)
        if points is None or not np.isfinite(points).all():
            problem = f"The nodes of {record.name} have no places to interpolate between."
            fix = "coordinates easting and northing, or longitude and latitude, along the nodes"
    if problem:
        raise ConfigError(message(problem, where="data.view.interpolate", fix=fix))


def interpolated(
    points: Float[np.ndarray, "place dim"],
    nodes: Int[np.ndarray, "example node"],
    values: Float[np.ndarray, "example node"],
    known: Bool[np.ndarray, "example node"],
    unit_m: float = 1.0,
) -> Float[np.ndarray, "example node 2"]:
    """The spread and the estimate at every node of some examples; 0 and `UNKNOWN` where no other node is known.

    Args:
        points: where nodes are, in metres, as `space.cartesian` gives them.
        nodes: the place of every node, -1 where there is none.
        values: what is known, on any scale whose mean is 0.
        known: where it is.
        unit_m: distance that counts as 1 in the spread.

    >>> line = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    >>> told = interpolated(line, np.arange(3)[None], np.array([[1.0, 9.0, 3.0]]), np.array([[True, False, True]]))
    >>> told[0, :, 1].round(2).tolist()  # the middle from both ends, each end from the other
    [3.0, 2.0, 1.0]
    """
    out = np.empty((*nodes.shape, 2))
    out[..., 0], out[..., 1] = UNKNOWN, 0.0
    kinds, kind = np.unique(np.concatenate([nodes, known & (nodes >= 0)], axis=1), axis=0, return_inverse=True)
    kind = kind.ravel()
    order = np.argsort(kind, kind="stable")
    for row, mine in zip(kinds, np.split(order, np.cumsum(np.bincount(kind))[:-1]), strict=True):
        places, there = row[: nodes.shape[1]], row[nodes.shape[1] :] > 0
        wanted = np.flatnonzero(places >= 0)
        if not there.any():
            continue
        near, weight, spread = weights(points[places[there]], points[places[wanted]], _own(there)[wanted])
        told = np.einsum("ewk,wk->ew", values[mine][:, np.flatnonzero(there)][:, near], weight)
        alone = ~np.isfinite(spread)
        out[np.ix_(mine, wanted, [0])] = np.where(alone, UNKNOWN, np.minimum(spread / unit_m**0.5, UNKNOWN))[:, None]
        out[np.ix_(mine, wanted, [1])] = np.where(alone, 0.0, told)[..., None]
    return out


def _own(there: np.ndarray) -> np.ndarray:
    """The number of every node among the known ones, -1 where it is not."""
    return np.where(there, np.cumsum(there) - 1, -1)


def weights(
    known: Float[np.ndarray, "known dim"], wanted: Float[np.ndarray, "wanted dim"], own: Int[np.ndarray, " wanted"]
) -> tuple[Int[np.ndarray, "wanted near"], Float[np.ndarray, "wanted near"], Float[np.ndarray, " wanted"]]:
    """Known nodes near every wanted one, their weights, and the standard deviation for gamma(h) = h in metres.

    Args:
        known, wanted: places in metres.
        own: the number of a wanted node among the known ones, which it is not estimated from; -1 for none.

    Returns:
        Weights that add to 1; the spread is infinite where there is no other node.
    """
    near, distance = nearest(known, wanted, NEAREST)
    others = near != own[:, None]
    weight, spread = np.empty(near.shape), np.empty(len(wanted))
    for start in range(0, len(wanted), CHUNK):
        part = slice(start, start + CHUNK)
        weight[part], spread[part] = _solved(known[near[part]], distance[part], others[part])
    return near, weight, np.where(others.any(axis=1), spread, np.inf)


def _solved(points: np.ndarray, distance: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights and spread of every row: (row, near, dim) and (row, near) -> (row, near) and (row,)."""
    between = along_surface(np.linalg.norm(points[:, :, None] - points[:, None], axis=-1), points.shape[-1])
    unit = max(float(distance.mean()), 1e-3)
    gamma = (between / unit + NUGGET) * ~np.eye(distance.shape[1], dtype=bool)  # 0 from a node to itself
    weight, variance = ordinary(gamma, distance / unit + NUGGET, others)
    return weight, np.sqrt(np.maximum(variance * unit, 0))
