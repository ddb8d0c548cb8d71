"""One example of a network shared between the parts of a split: who is read, and who is scored, in each of them.

    training      reads training nodes                      and is scored on them
    validation    reads training and validation nodes       and is scored on the latter
    test          reads all of these and the tested nodes   and is scored on the tested ones

What is left out (buffers, gaps) is read by nobody, but where a later time is promised: there the past is known. Where a
new station, or another area, is promised *and* a later time, a tested example reads the known nodes after the date too,
as in use; but neither training nor validation ever reads a node that is tested, not even before the date.

Where the target is an input (`hide`) the nodes that are scored are hidden: by default all nodes that are held out, or a
share of them (`hide_held_out`), as where an area is new to the network and some of its nodes are measured. Where whole
snapshots are held out, nothing would be known to read: there a share `hide` of the nodes is scored, in turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from outcrop.records import Footprints, Members
from outcrop.view import origins as columns
from outcrop.view.graphs import CALIBRATION, NONE, TEST, TRAIN, VALIDATION, Graphs, graphs

SUBSETS = 8
"""Choices of hidden nodes that validation and test go through where a share of them is hidden."""


def divided(
    view: Graphs,
    colours: Sequence[np.ndarray],
    *,
    past: Sequence[bool],
    places: Sequence[np.ndarray | None] | None = None,
) -> Graphs:
    """The examples of every part of every fold.

    Args:
        view: one example per snapshot, all nodes read and scored.
        colours: for each fold the code of the part of every sample (`split.colour.PARTS`).
        past: for each fold whether what comes before a tested sample may be read.
        places: for each fold the codes of a promise about places alone, where a later time is promised too.

    Returns:
        A view whose `part` and `fold` say where each example belongs.
    """
    rows, parts, folds, reads, scores = [], [], [], [], []
    alone = places or [None] * len(colours)
    for fold, (colour, may, where) in enumerate(zip(colours, past, alone, strict=True)):
        for part in (TRAIN, VALIDATION, CALIBRATION, TEST):
            for which in range(len(view.cells.names)):
                mine = np.flatnonzero(view.origins.record == which)
                scored, visible = _nodes(view, which, mine, colour, part, readable_by(part, colour, may, where))
                if view.hide and part != TRAIN:
                    scored = _some_hidden(scored, visible, view.hide, view.hide_held_out)
                there = scored.any(axis=1) & (visible.sum(axis=1) > 1)
                rows.append(mine[there])
                parts.append(np.full(int(there.sum()), part))
                folds.append(np.full(int(there.sum()), fold))
                reads.append(visible[there])
                scores.append(scored[there])
    index = np.concatenate(rows)
    origins, dim = view.origins.take(index), view.network.nodes
    prints = [
        Footprints(prints.ranges, {dim: _members(nodes)})
        for prints, nodes in ((origins.reads, reads), (origins.scores, scores))
    ]
    built = replace(columns.build(view.cells, origins.record, *prints), hidden=origins.hidden)
    return replace(view, origins=built, part=np.concatenate(parts), fold=np.concatenate(folds))


def readable_by(part: int, colour: np.ndarray, past: bool, places: np.ndarray | None = None) -> np.ndarray:
    """Which samples the examples of a part may read, shape (sample,)."""
    known = range(TRAIN, part + 1)
    if part == TRAIN or not past:
        return np.isin(colour, known)
    here = True if places is None else np.isin(places, known)
    return np.isin(colour, (NONE, *known)) & here


def _nodes(
    view: Graphs, which: int, index: np.ndarray, colour: np.ndarray, part: int, may: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """For every snapshot the nodes that are scored and those that are read, each (snapshot, node)."""
    cells = view.cells
    dim = cells.dims.index(view.network.nodes)
    mine = slice(cells.offsets[which], cells.offsets[which + 1])
    readable = np.moveaxis(may[mine].reshape(cells.shapes[which]), dim, -1)
    wanted = np.moveaxis((colour[mine] == part).reshape(cells.shapes[which]), dim, -1)
    others = [other for other in cells.dims if other != view.network.nodes]
    if not others:
        return wanted[None], readable[None] & True
    at = [view.origins.scores.ranges[other][index, 0] for other in others]
    scored = wanted[tuple(at)]
    if view.along == view.network.nodes:
        return scored & readable[tuple(at)], readable[tuple(at)]
    place = others.index(view.along)
    count = np.cumsum(readable, axis=place)
    count = np.concatenate([np.zeros_like(np.take(count, [0], axis=place)), count], axis=place)
    first, stop = view.origins.reads.ranges[view.along][index].T

    def until(edge: np.ndarray) -> np.ndarray:
        return count[tuple(edge if number == place else rows for number, rows in enumerate(at))]

    visible = until(stop) - until(first) == (stop - first)[:, None]
    return scored & visible, visible


def _some_hidden(scored: np.ndarray, visible: np.ndarray, share: float, held_out: float) -> np.ndarray:
    """Which of the nodes that could be scored are hidden and scored, in turn; the others are known.

    Args:
        scored, visible: (snapshot, node).
        share: of the nodes of snapshots that are held out as a whole.
        held_out: of the nodes that are held out of other snapshots.
    """
    whole = ~(visible & ~scored).any(axis=1)
    rng = np.random.default_rng(0)
    chosen = np.ones_like(scored)
    for kind, part in ((whole, share), (~whole, held_out)):
        few = np.arange(scored.shape[1]) < max(round(part * scored.shape[1]), 1)
        subsets = np.stack([rng.permutation(few) for _ in range(SUBSETS)])
        mine = subsets[np.arange(len(scored)) % SUBSETS]
        none = ~(mine & scored).any(axis=1)
        mine[none] = scored[none]
        chosen[kind] = mine[kind]
    return scored & chosen


def of_snapshots(view: Graphs, parts: Sequence[Mapping[int, np.ndarray]]) -> Graphs:
    """The examples of every part of every fold where snapshots are held out as a whole.

    Args:
        view: one example per snapshot, all nodes read and scored.
        parts: for each fold, code of the part -> its examples.
    """
    chosen = [(fold, code, index) for fold, own in enumerate(parts) for code, index in own.items()]
    flat = np.concatenate([index for _, _, index in chosen])
    origins = view.origins.take(flat)
    whole = origins.scores.members[view.network.nodes]
    sets, which, start = list(whole.sets), whole.which.copy(), 0
    for _, code, index in chosen:
        if code != TRAIN and len(index):
            own = _hidden_of(view, index)
            which[start : start + len(index)] = own.which + len(sets)
            sets += own.sets
        start += len(index)
    scores = replace(origins.scores, members={view.network.nodes: Members(sets, which)})
    part = np.concatenate([np.full(len(index), code) for _, code, index in chosen])
    fold = np.concatenate([np.full(len(index), fold) for fold, _, index in chosen])
    return replace(view, origins=replace(origins, scores=scores), part=part, fold=fold)


def _hidden_of(view: Graphs, index: np.ndarray) -> Members:
    """The nodes that are scored where whole snapshots are held out: all of them, or with `hide` a share in turn."""
    members = view.origins.scores.members[view.network.nodes].take(index)
    size = max((len(nodes) for nodes in members.sets), default=0)
    table = np.zeros((len(index), max(size, 1)), bool)
    for row in range(len(index)):
        table[row, members[row]] = True
    return _members([_some_hidden(table, table, view.hide, 1.0) if view.hide else table])


def undivided(view: Graphs) -> Graphs:
    """One training example per snapshot, all nodes read and scored: for a network trained on everything."""
    whole = graphs(
        view.cells.records,
        context=view.context,
        lead=view.lead,
        along=view.along,
        hide=view.hide,
        known=view.known,
        interpolate=view.interpolate,
        **vars(view.network),
    )
    return replace(whole, part=np.full(len(whole.origins), TRAIN), fold=np.zeros(len(whole.origins), int))


def in_turn(view: Graphs, known: np.ndarray) -> Graphs:
    """Every node scored once, without its own value: those unmeasured from all that are, the others a share at a time.

    Args:
        view: one example per snapshot of one record, whose network was trained with nodes hidden.
        known: where the target is measured, shape (sample,).
    """
    index = np.arange(len(view.origins))
    nodes = view.origins.reads.members[view.network.nodes]
    size = max(map(len, nodes.sets), default=0)
    read = view.rows_read(index, np.tile(np.arange(size), (len(index), 1)))
    measured = known[read]
    turns = max(round(1 / view.hide), 2)
    turn = np.random.default_rng(0).permutation(size) % turns
    masks = [~measured, *(measured & (turn == number) for number in range(turns))]
    rows = [np.flatnonzero(mask.any(axis=1)) for mask in masks]
    origins = view.origins.take(np.concatenate(rows))
    scored = _members([mask[own] for mask, own in zip(masks, rows, strict=True)])
    scores = replace(origins.scores, members={view.network.nodes: scored})
    part, fold = (np.full(len(origins), code) for code in (TEST, 0))
    return replace(view, origins=replace(origins, scores=scores), part=part, fold=fold)


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
