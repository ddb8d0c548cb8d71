"""How the nodes of a record are linked, and graphs of several sizes laid side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from outcrop.data.space import cartesian
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.records import Record
from outcrop.view import edges
from outcrop.view.edges import Graph


@dataclass(frozen=True)
class Network:
    """How the nodes of every record are linked.

    Attributes:
        nodes: their dimension.
        edges: one of edges.KINDS; "adjacent" and "downstream" where samples are links of a network, between those that
            meet, with the names of their ends as the coordinates `from` and `to`.
        neighbours: links to each node, of "knn".
        radius_m: longest link, of "radius".
        links: names of sender and receiver, of "directed"; the names are the coordinate of `nodes`.
        unit_m: length of a link that counts as 1: the same in every part, however few nodes it reads.

    Raises:
        ConfigError: an unknown kind of edges, or one that lacks what it needs.
    """

    nodes: str
    edges: str = "knn"
    neighbours: int = 8
    radius_m: float | None = None
    links: Sequence[Sequence[str]] = ()
    unit_m: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "links", tuple((str(sender), str(receiver)) for sender, receiver in self.links))
        what = fix = ""
        if self.edges not in edges.KINDS:
            what = f"There are no edges {self.edges!r}{did_you_mean(self.edges, edges.KINDS)}."
            fix = f"edges = one of {', '.join(edges.KINDS)}"
        elif self.edges == "radius" and not self.radius_m:
            what, fix = "Edges within a radius need it.", "radius_m = 50000"
        elif self.edges == "directed" and not self.links:
            what, fix = "Directed edges need the table of links.", 'links = "rivers.csv"  # columns from, to'
        if what:
            raise ConfigError(message(what, where="data.view", fix=fix))


def linked(record: Record, network: Network, kept: np.ndarray) -> Graph:
    """The links between some nodes of a record.

    Raises:
        DataError: nodes without places, or a mesh without elements.
    """
    points = places(record, network.nodes)
    here = None if points is None else points[kept]
    pairs = _pairs(record, network, kept, here)
    return edges.graph(*pairs, here, count=len(kept), unit_m=network.unit_m)


def _pairs(
    record: Record, network: Network, kept: np.ndarray, points: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Senders and receivers among the kept nodes."""
    if network.edges == "mesh":
        if "elements" not in record.data:
            fix = 'edges = "knn", or a mesh format (VTU, UGRID, FESOM)'
            raise DataError(message("The record holds no elements of a mesh.", where=record.name, fix=fix))
        return edges.mesh(record.data["elements"].to_numpy(), kept)
    if network.edges in ("adjacent", "downstream"):
        begins, ends = (end[kept] for end in _ends(record, network.nodes))
        return edges.between_links(begins, ends, downstream=network.edges == "downstream")
    if network.edges == "directed":
        names = _names(record, network.nodes)
        edges.directed(network.links, names.tolist())  # the record as a whole must be linked
        return edges.directed(network.links, names[kept].tolist(), some=False)
    if points is None or not np.isfinite(points).all():
        fix = "frame.easting and frame.northing, or coordinates longitude and latitude along the nodes; or a join."
        raise DataError(message("Nodes are linked by distance and need places.", where=record.name, fix=fix))
    if network.edges == "radius":
        return edges.radius(points, float(network.radius_m or 0))
    return edges.knn(points, network.neighbours)


def unit_length(records: Sequence[Record], network: Network) -> float | None:
    """The power of ten nearest to the median link of the first record, in metres; None without places or links."""
    record = records[0]
    points = places(record, network.nodes)
    if points is None or not np.isfinite(points).all():
        return None
    ends = _pairs(record, network, np.arange(len(points)), points)
    length = edges.lengths(*ends, points)
    return float(10 ** np.round(np.log10(np.median(length[length > 0])))) if (length > 0).any() else None


def alike(records: Sequence[Record], network: Network) -> np.ndarray:
    """For every record the first one that has the same nodes, places and elements, shape (record,)."""
    first: dict[tuple, int] = {}
    found = []
    for number, record in enumerate(records):
        points = places(record, network.nodes)
        own = [np.arange(record.data.sizes[network.nodes]), *([] if points is None else [points])]
        if network.edges == "mesh" and "elements" in record.data:
            own.append(record.data["elements"].to_numpy())
        if network.edges == "directed":
            own.append(_names(record, network.nodes))
        if network.edges in ("adjacent", "downstream"):
            own += _ends(record, network.nodes)
        found.append(first.setdefault(tuple(array.tobytes() for array in own), number))
    return np.array(found)


def _names(record: Record, dim: str) -> np.ndarray:
    return record.data[dim].to_numpy().astype(str)


def _ends(record: Record, dim: str) -> tuple[np.ndarray, np.ndarray]:
    """Names of the two nodes that every sample lies between, where samples are links.

    Raises:
        DataError: they are something else.
    """
    if not all(name in record.data.coords and record.data[name].dims == (dim,) for name in ("from", "to")):
        fix = 'source.NAME.format = "links"; or edges = "knn", "radius", "mesh" or "directed"'
        raise DataError(message(f"The samples along {dim!r} are no links between nodes.", where=record.name, fix=fix))
    first, last = (record.data[name].to_numpy().astype(str) for name in ("from", "to"))
    return first, last


def places(record: Record, dim: str) -> np.ndarray | None:
    """Places of the nodes in metres, or None."""
    along = {str(n): c.to_numpy() for n, c in record.data.coords.items() if c.dims == (dim,) and c.dtype.kind in "fiu"}
    return cartesian(along)


def padded_sets(sets: Sequence[np.ndarray]) -> np.ndarray:
    out = np.full((len(sets), max(map(len, sets), default=0)), -1, np.int64)
    for row, members in enumerate(sets):
        out[row, : len(members)] = members
    return out


def side_by_side(each: Sequence[Graph], nodes: int, links: int) -> Graph:
    """Graphs of several examples with a leading axis, each filled up to so many nodes and links."""
    senders, receivers = (np.full((len(each), links), nodes - 1, np.int32) for _ in range(2))
    features = np.zeros((len(each), links, len(edges.FEATURES)), np.float32)
    present = np.zeros((len(each), links), np.float32)
    there = np.zeros((len(each), nodes), np.float32)
    for row, one in enumerate(each):
        count = len(one.senders)
        senders[row, :count], receivers[row, :count] = one.senders, one.receivers
        features[row, :count], present[row, :count] = one.features, one.present
        there[row, : len(one.nodes)] = one.nodes
    return Graph(senders, receivers, features, present, there)
