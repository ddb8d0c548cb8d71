"""How the nodes of a record are linked, and graphs of several sizes laid side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from outcrop.data.space import cartesian
from outcrop.errors import DataError, message
from outcrop.records import Record
from outcrop.view import edges
from outcrop.view.edges import Graph


@dataclass(frozen=True)
class Network:
    """How the nodes of every record are linked.

    Attributes:
        dim: dimension of the nodes.
        kind: one of edges.KINDS.
        neighbours, radius_m: of "knn" and "radius".
        links: names of sender and receiver, of "directed".
    """

    dim: str
    kind: str = "knn"
    neighbours: int = 8
    radius_m: float | None = None
    links: tuple[tuple[str, str], ...] = ()


def linked(record: Record, network: Network, kept: np.ndarray) -> Graph:
    """The links between some nodes of a record.

    Raises:
        DataError: nodes without places, or a mesh without elements.
    """
    points = _points(record, network.dim)
    here = None if points is None else points[kept]
    if network.kind == "mesh":
        if "elements" not in record.data:
            fix = 'edges = "knn", or a mesh format (VTU, UGRID, FESOM)'
            raise DataError(message("The record holds no elements of a mesh.", where=record.name, fix=fix))
        return edges.graph(*edges.mesh(record.data["elements"].to_numpy(), kept), here)
    if network.kind == "directed":
        names = record.data[network.dim].to_numpy()[kept] if network.dim in record.data.coords else kept
        return edges.graph(*edges.directed(network.links, names.astype(str).tolist()), here)
    if here is None or not np.isfinite(here).all():
        fix = "frame.easting and frame.northing, or coordinates longitude and latitude along the nodes; or a join."
        raise DataError(message("Nodes are linked by distance and need places.", where=record.name, fix=fix))
    if network.kind == "radius":
        return edges.graph(*edges.radius(here, float(network.radius_m or 0)), here)
    return edges.graph(*edges.knn(here, network.neighbours), here)


def _points(record: Record, dim: str) -> np.ndarray | None:
    """Places of the nodes in metres, or None."""
    along = {str(n): c.to_numpy() for n, c in record.data.coords.items() if c.dims == (dim,) and c.dtype.kind in "fiu"}
    return cartesian(along)


def padded_sets(sets: Sequence[np.ndarray]) -> np.ndarray:
    out = np.full((len(sets), max(map(len, sets), default=0)), -1, np.int64)
    for row, members in enumerate(sets):
        out[row, : len(members)] = members
    return out


def side_by_side(each: Sequence[Graph], size: int) -> Graph:
    """Graphs of several examples with a leading axis; links beyond those of an example are not present."""
    most = max((len(one.senders) for one in each), default=0)
    senders, receivers = (np.full((len(each), most), size - 1, np.int32) for _ in range(2))
    features = np.zeros((len(each), most, len(edges.FEATURES)), np.float32)
    present = np.zeros((len(each), most), np.float32)
    for row, one in enumerate(each):
        count = len(one.senders)
        senders[row, :count], receivers[row, :count], features[row, :count], present[row, :count] = one
    return Graph(senders, receivers, features, present)
