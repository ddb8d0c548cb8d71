"""One example of a network shared between the parts of a split: who is read, and who is scored, in each of them.

    training      reads training nodes                      and is scored on them
    validation    reads training and validation nodes       and is scored on the latter
    test          reads all of these and the tested nodes   and is scored on the tested ones

What is left out (buffers, gaps) is read by nobody, but where a later time is promised: there the past is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from outcrop.records import Footprints, Members
from outcrop.view import origins as columns
from outcrop.view.graphs import CALIBRATION, NONE, TEST, TRAIN, VALIDATION, Graphs

SUBSETS = 8
"""Choices of hidden nodes that validation and test go through where every node is held out alike."""


def divided(view: Graphs, colours: Sequence[np.ndarray], *, past: Sequence[bool]) -> Graphs:
    """The examples of every part of every fold.

    Args:
        view: one example per snapshot, all nodes read and scored.
        colours: for each fold the code of the part of every sample (`split.colour.PARTS`).
        past: for each fold whether what comes before a tested sample may be read.

    Returns:
        A view whose `part` and `fold` say where each example belongs.
    """
    rows, parts, folds, reads, scores = [], [], [], [], []
    for fold, (colour, may) in enumerate(zip(colours, past, strict=True)):
        for part in (TRAIN, VALIDATION, CALIBRATION, TEST):
            for which in range(len(view.cells.names)):
                mine = np.flatnonzero(view.origins.record == which)
                scored, visible = _nodes(view, which, mine, colour, part, may)
                if view.hide and part != TRAIN:
                    scored = _some_hidden(scored, visible, view.hide)
                there = scored.any(axis=1) & (visible.sum(axis=1) > 1)
                rows.append(mine[there])
                parts.append(np.full(int(there.sum()), part))
                folds.append(np.full(int(there.sum()), fold))
                reads.append(visible[there])
                scores.append(scored[there])
    index = np.concatenate(rows)
    origins, dim = view.origins.take(index), view.network.dim
    prints = [
        Footprints(prints.ranges, {dim: _members(nodes)})
        for prints, nodes in ((origins.reads, reads), (origins.scores, scores))
    ]
    built = replace(columns.build(view.cells, origins.record, *prints), hidden=origins.hidden)
    return replace(view, origins=built, part=np.concatenate(parts), fold=np.concatenate(folds))


def _nodes(
    view: Graphs, which: int, index: np.ndarray, colour: np.ndarray, part: int, past: bool
) -> tuple[np.ndarray, np.ndarray]:
    """For every snapshot the nodes that are scored and those that are read, each (snapshot, node)."""
    cells = view.cells
    dim = cells.dims.index(view.network.dim)
    own = colour[cells.offsets[which] : cells.offsets[which + 1]].reshape(cells.shapes[which])
    allowed = (TRAIN,) if part == TRAIN else (*((NONE,) if past else ()), *range(TRAIN, part + 1))
    readable = np.moveaxis(np.isin(own, allowed), dim, -1)
    wanted = np.moveaxis(own == part, dim, -1)
    others = [other for other in cells.dims if other != view.network.dim]
    if not others:
        return wanted[None], readable[None] & True
    at = [view.origins.scores.ranges[other][index, 0] for other in others]
    scored = wanted[tuple(at)]
    if view.along == view.network.dim:
        return scored & readable[tuple(at)], readable[tuple(at)]
    place = others.index(view.along)
    count = np.cumsum(readable, axis=place)
    count = np.concatenate([np.zeros_like(np.take(count, [0], axis=place)), count], axis=place)
    first, stop = view.origins.reads.ranges[view.along][index].T

    def until(edge: np.ndarray) -> np.ndarray:
        return count[tuple(edge if number == place else rows for number, rows in enumerate(at))]

    visible = until(stop) - until(first) == (stop - first)[:, None]
    return scored & visible, visible


def _some_hidden(scored: np.ndarray, visible: np.ndarray, share: float) -> np.ndarray:
    """Where all nodes of a snapshot are scored nothing is known to read: a share of them is scored, in turn."""
    everything = ~(visible & ~scored).any(axis=1)
    few = np.arange(scored.shape[1]) < max(round(share * scored.shape[1]), 1)
    rng = np.random.default_rng(0)
    subsets = np.stack([rng.permutation(few) for _ in range(SUBSETS)])
    chosen = subsets[np.arange(len(scored)) % SUBSETS]
    return np.where(everything[:, None], scored & chosen, scored)


def _members(nodes: Sequence[np.ndarray]) -> Members:
    """Masks over nodes, of several records, as sets that examples share."""
    sets: list[np.ndarray] = []
    which = []
    for table in nodes:
        packed = np.packbits(table, axis=1)
        kinds, first, kind = np.unique(packed, axis=0, return_index=True, return_inverse=True)
        which.append(kind.ravel() + len(sets))
        sets += [np.flatnonzero(table[row]) for row in first.tolist()] if len(kinds) else []
    return Members(sets, np.concatenate(which))
