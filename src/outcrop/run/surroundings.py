"""What the nodes around each scored one measure when it is predicted: the same nodes that the network may read."""

from __future__ import annotations

import numpy as np

from outcrop.evaluate.spatial import Space
from outcrop.view.graphs import Graphs
from outcrop.view.network import alike, places
from outcrop.view.rows import Rows
from outcrop.view.view import View


def measures_others(view: View) -> bool:
    """Whether a prediction may read the target at other nodes, whose places are known."""
    if not isinstance(view, Graphs) or not view.hide:
        return False
    points = [places(record, view.network.nodes) for record in view.cells.records]
    return all(own is not None and np.isfinite(own).all() for own in points)


def surroundings(view: Graphs, index: np.ndarray, rows: Rows, values: np.ndarray, *, whole: bool = False) -> Space:
    """What is known around some rows.

    Args:
        view: divided between the parts of a split.
        index: the examples that are scored on the rows, and maybe on others.
        rows: some of `view.rows(index)`.
        values: the target of every sample of all records end to end, NaN where it is missing.
        whole: also what is hidden in the examples, such as in training, where other nodes are hidden at each draw.
    """
    offsets, dim = view.cells.offsets, view.network.nodes
    first = alike(view.cells.records, view.network)
    sizes = view.cells.shapes[:, view.cells.dims.index(dim)]
    before = np.r_[0, np.cumsum(sizes)][first]  # number of the first node of each record; like networks share theirs
    points = [places(record, dim) for record in view.cells.records]
    record, sample, example, node = view.scored_at(index)
    which, number = np.full(view.cells.total, -1), np.full(view.cells.total, -1)
    which[offsets[record] + sample] = example
    nodes = view.nodes_of(index)
    number[offsets[record] + sample] = before[record] + nodes[example, node]
    mask = nodes >= 0 if whole else (nodes >= 0) & ~view.where_scored(index, nodes.shape[1], None)
    known = values[offsets[view.origins.record[index]][:, None] + view.rows_read(index, nodes)]
    mask &= np.isfinite(known)
    names = before[view.origins.record[index]][:, None] + nodes
    flat = rows.flat(offsets)
    return Space(
        points=np.concatenate([np.zeros((n, 2)) if own is None else own for own, n in zip(points, sizes, strict=True)]),
        node=number[flat],
        snapshot=which[flat],
        start=np.r_[0, np.cumsum(mask.sum(axis=1))],
        known=names[mask],
        value=known[mask],
    )
