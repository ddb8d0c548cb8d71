"""Which nodes of a graph are linked, and what each link knows: its length and its direction.

Messages run from senders to receivers. Places are points in metres, on the map or on the sphere (`space.cartesian`), so
that neighbours over the date line and at the poles are neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from outcrop.data.space import along_surface, chord
from outcrop.errors import ConfigError, DataError, did_you_mean, message

KINDS = ("knn", "radius", "mesh", "directed", "adjacent", "downstream")
FEATURES = ("distance", "east", "north")


class Graph(NamedTuple):
    """Links between nodes.

    Attributes:
        senders, receivers: node numbers of every link, int32, shape (edge,), sorted by receiver.
        features: float32 (edge, 3): length in units of the network; direction from the receiver to the sender as
            eastward and northward parts of a unit vector (on the sphere in the receiver's tangent plane), 0 where
            unknown.
        present: 1 for a link, 0 for what fills up a batch of graphs of different sizes, float32 (edge,).
        nodes: the same for nodes, float32 (node,).
    """

    senders: np.ndarray
    receivers: np.ndarray
    features: np.ndarray
    present: np.ndarray
    nodes: np.ndarray


def knn(points: np.ndarray, neighbours: int) -> tuple[np.ndarray, np.ndarray]:
    """Senders and receivers: to each node from its nearest ones; from all others where there are fewer.

    Args:
        points: shape (node, 2 or 3), metres.
        neighbours: links to each node, at least 1.
    """
    from scipy.spatial import cKDTree

    if neighbours < 1:
        raise ConfigError(message("A node needs at least one neighbour.", where="data.view", fix="neighbours = 8"))
    count = min(neighbours, len(points) - 1)
    if count < 1:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    _, nearest = cKDTree(points).query(points, k=count + 1)
    own = np.arange(len(points))[:, None]
    place = np.where(nearest == own, np.inf, np.arange(count + 1))  # of nodes at one place a node may not be its first
    keep = np.sort(np.argsort(place, axis=1, kind="stable")[:, :count], axis=1)
    return np.take_along_axis(nearest, keep, axis=1).ravel(), np.repeat(np.arange(len(points)), count)


def radius(points: np.ndarray, radius_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Senders and receivers: between all nodes within a distance, along the ground, in both directions."""
    from scipy.spatial import cKDTree

    pairs = cKDTree(points).query_pairs(float(chord(radius_m, points.shape[1])), output_type="ndarray")
    return np.r_[pairs[:, 0], pairs[:, 1]], np.r_[pairs[:, 1], pairs[:, 0]]


def mesh(elements: np.ndarray, kept: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Senders and receivers: between neighbouring corners of the elements of a mesh, in both directions.

    Args:
        elements: node numbers, shape (element, corner), counted from 0; negative where an element has fewer corners.
        kept: nodes that remain, sorted; they are renumbered, and links to others fall away.
    """
    corners = (np.asarray(elements) >= 0).sum(axis=1)
    following = np.roll(elements, -1, axis=1)
    following[np.arange(len(elements)), corners - 1] = elements[:, 0]
    first, second = elements[elements >= 0], following[elements >= 0]
    pairs = np.unique(np.sort(np.stack([first, second], axis=1), axis=1), axis=0)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    if kept is not None:
        number = np.full(int(max(elements.max(initial=-1), kept.max(initial=-1))) + 1, -1)
        number[kept] = np.arange(len(kept))
        pairs = number[pairs]
        pairs = pairs[(pairs >= 0).all(axis=1)]
    return np.r_[pairs[:, 0], pairs[:, 1]], np.r_[pairs[:, 1], pairs[:, 0]]


def directed(
    links: Sequence[tuple[str, str]], names: Sequence[str], *, some: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Senders and receivers: as stated, such as from each gauge to the next one downstream.

    Args:
        links: names of sender and receiver.
        names: of all nodes that remain; links of others fall away.
        some: whether at least one must remain.

    Raises:
        DataError: no link is between two of the nodes.
    """
    place = {str(name): number for number, name in enumerate(names)}
    pairs = [(place[str(a)], place[str(b)]) for a, b in links if str(a) in place and str(b) in place]
    if not pairs and some:
        first = str(links[0][0]) if links else ""
        fix = f"the nodes are called {', '.join(list(place)[:6])}{did_you_mean(first, place)}."
        raise DataError(message("No link is between two nodes of the record.", where="data.view.links", fix=fix))
    both = np.unique(np.array(pairs, np.int64).reshape(-1, 2), axis=0)
    return both[:, 0], both[:, 1]


def between_links(begins: np.ndarray, ends: np.ndarray, *, downstream: bool) -> tuple[np.ndarray, np.ndarray]:
    """Senders and receivers where the nodes of the graph are themselves links of a network: its line graph.

    Args:
        begins, ends: names of the two nodes of every link, text of shape (link,).
        downstream: only from each link to those that begin where it ends; else between all that share an end.

    >>> begins, ends = np.array(["a", "b", "c"]), np.array(["c", "c", "d"])  # two reaches that join in a third
    >>> [pair.tolist() for pair in between_links(begins, ends, downstream=True)]
    [[0, 1], [2, 2]]
    """
    from scipy.sparse import csr_array

    size = len(begins)
    names, number = np.unique(np.concatenate([begins, ends]), return_inverse=True)
    first, last = (
        csr_array((np.ones(size), (np.arange(size), at)), shape=(size, len(names)))
        for at in np.split(number.ravel(), 2)
    )
    meeting = last @ first.T if downstream else (first + last) @ (first + last).T
    senders, receivers = meeting.nonzero()
    other = senders != receivers
    return senders[other], receivers[other]


def graph(
    senders: np.ndarray,
    receivers: np.ndarray,
    points: np.ndarray | None,
    *,
    count: int | None = None,
    unit_m: float | None = None,
) -> Graph:
    """A graph with the features of its links; zeros where places are unknown.

    Args:
        senders, receivers: of every link, in any order.
        points: places of the nodes, or None.
        count: number of nodes, where their places are unknown.
        unit_m: length that counts as 1; by default the median link.
    """
    order = np.lexsort((senders, receivers))
    senders, receivers = senders[order], receivers[order]
    features = np.zeros((len(senders), len(FEATURES)), np.float32)
    if points is not None and len(senders):
        away = points[senders] - points[receivers]
        length = lengths(senders, receivers, points)
        typical = np.median(length[length > 0]) if (length > 0).any() else 1.0
        features[:, 0] = length / (unit_m or typical)
        features[:, 1:] = _direction(points[receivers], away)
    size = len(points) if points is not None else int(max([*senders, *receivers, -1])) + 1 if count is None else count
    ends = senders.astype(np.int32), receivers.astype(np.int32)
    return Graph(*ends, features, np.ones(len(senders), np.float32), np.ones(size, np.float32))


def lengths(senders: np.ndarray, receivers: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Length of every link along the ground, in metres."""
    return along_surface(np.linalg.norm(points[senders] - points[receivers], axis=1), points.shape[1])


def ring(count: int) -> Graph:
    """Nodes in a circle, each hearing from both sides: a stand-in where only the shape of a graph matters."""
    nodes = np.arange(count)
    around = 2 * np.pi * nodes / max(count, 1)
    points = np.stack([np.cos(around), np.sin(around)], axis=1)
    return graph(np.r_[nodes, np.roll(nodes, -1)], np.r_[np.roll(nodes, -1), nodes], points)


def _direction(at: np.ndarray, away: np.ndarray) -> np.ndarray:
    """Eastward and northward parts of the unit vectors along `away`, seen from the points `at`."""
    if at.shape[1] == 2:
        flat = away
    else:
        up = at / np.linalg.norm(at, axis=1, keepdims=True)
        east = np.stack([-up[:, 1], up[:, 0], np.zeros(len(up))], axis=1)
        size = np.linalg.norm(east, axis=1, keepdims=True)
        east = np.where(size > 1e-9, east / np.maximum(size, 1e-9), [[1.0, 0.0, 0.0]])  # at a pole any way is east
        north = np.cross(up, east)
        flat = np.stack([(away * east).sum(axis=1), (away * north).sum(axis=1)], axis=1)
    size = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.divide(flat, size, out=np.zeros_like(flat), where=size > 0)
