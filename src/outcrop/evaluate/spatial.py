"""Baselines in space: what the other nodes of a network measure at the same time, interpolated to a node without value.

Each function is `(train, validation, task, seed) -> predict`, in physical units, from `Table.space`. All of them are
linear in what was measured, so that weights are computed once for each set of nodes that are known together. Where
nothing is known they answer with the training mean. Distances are taken along the ground.

Source: inverse distances after Shepard (1968), doi:10.1145/800186.810616; ordinary kriging after Cressie (1993),
Statistics for Spatial Data, section 3.2, with the NEAREST nodes and one variogram, fitted to the training nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from outcrop.data.kriging import ordinary
from outcrop.data.space import along_surface
from outcrop.data.space import nearest as nearest_points
from outcrop.errors import DataError, message
from outcrop.split.variogram import Variogram, of_pairs, spherical

if TYPE_CHECKING:
    from outcrop.evaluate.baselines import Table, Task

Predict = Callable[["Table"], np.ndarray]
Weights = tuple[np.ndarray, np.ndarray]
Weigh = Callable[[np.ndarray, np.ndarray], Weights]
"""Points of the known nodes and of the wanted ones -> which of the known (wanted, few), and their weights."""

NEAREST, POWER = 32, 2
SAME_PLACE_M = 1e-3
"""Nodes closer than this are at one place: there the value of the known one is the answer."""
SOME_NODES, SOME_SNAPSHOTS, SOME_PAIRS = 400, 400, 20


@dataclass(frozen=True)
class Space:
    """What is measured around some rows when they are predicted.

    Attributes:
        points: where nodes are, in metres, (node, 2) on a map or (node, 3) on the sphere (`data.space.cartesian`).
        node: the node of every row.
        snapshot: the snapshot of every row.
        start: first entry of every snapshot in `known`, and the end of the last one, (snapshot + 1,).
        known: the nodes that are measured in each snapshot, ascending, (entry,).
        value: what they measured, (entry,).
    """

    points: np.ndarray
    node: np.ndarray
    snapshot: np.ndarray
    start: np.ndarray
    known: np.ndarray
    value: np.ndarray

    def where(self, rows: np.ndarray) -> Space:
        """The surroundings of some of the rows."""
        return replace(self, node=self.node[rows], snapshot=self.snapshot[rows])


def _space(table: Table) -> Space:
    if table.space is None:
        what = "A baseline in space needs what other nodes measure at the same time."
        fix = 'take it off the list, or set data.view = {kind = "graphs", hide = 0.5} and give the nodes their places.'
        raise DataError(message(what, where="[evaluate] baselines", fix=fix))
    return table.space


def _level(train: Table) -> float:
    return float(np.average(train.target, weights=train.weight))


def other_nodes(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """The mean of all nodes that are measured at the same time."""
    level = _level(train)

    def predict(test: Table) -> np.ndarray:
        space = _space(test)
        size = np.diff(space.start)
        total = np.bincount(np.repeat(np.arange(len(size)), size), weights=space.value, minlength=len(size))
        mean = np.where(size > 0, total / np.maximum(size, 1), level)
        return mean[space.snapshot]

    return predict


def nearest_node(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """The value of the nearest node that is measured."""
    return _interpolator(train, nearest)


def inverse_distance(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """The mean of the 32 nearest nodes that are measured, weighted by 1 / distance squared."""
    return _interpolator(train, by_distance)


def linear_interpolation(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """Linear in the Delaunay triangles of the measured nodes; the nearest one outside of them."""
    return _interpolator(train, triangles)


def kriging(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """Ordinary kriging from the 32 nearest nodes that are measured."""
    model = fitted_variogram(_space(train), seed)
    return _interpolator(train, lambda known, wanted: kriging_weights(known, wanted, model))


def _interpolator(train: Table, weigh: Weigh) -> Predict:
    level = _level(train)
    return lambda test: np.nan_to_num(interpolated(_space(test), weigh), nan=level)


def interpolated(space: Space, weigh: Weigh) -> np.ndarray:
    """The weighted sum of what is known around every row; NaN where nothing is."""
    answer = np.full(len(space.node), np.nan)
    for nodes, values, rows, which in _known_together(space):
        wanted, back = np.unique(space.node[rows], return_inverse=True)
        near, weight = weigh(space.points[nodes], space.points[wanted])
        answer[rows] = (values[which[:, None], near[back]] * weight[back]).sum(axis=1)
    return answer


def without_own(space: Space) -> np.ndarray:
    """The inverse-distance mean of the other nodes, also at nodes that are measured themselves; NaN without others."""
    answer = np.full(len(space.node), np.nan)
    for nodes, values, rows, which in _known_together(space):
        wanted, back = np.unique(space.node[rows], return_inverse=True)
        near, distance = nearest_points(space.points[nodes], space.points[wanted], NEAREST + 1)
        weight = np.where(nodes[near] == wanted[:, None], 0.0, _inverse(distance))
        total = weight.sum(axis=1, keepdims=True)
        weight = np.divide(weight, total, out=np.full_like(weight, np.nan), where=total > 0)
        answer[rows] = (values[which[:, None], near[back]] * weight[back]).sum(axis=1)
    return answer


def _known_together(space: Space) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """For each set of nodes that are known together: nodes, values (snapshot, node), rows, the snapshot of each row."""
    used, of_row = np.unique(space.snapshot, return_inverse=True)
    sets: dict[bytes, list[int]] = {}
    for place, snapshot in enumerate(used.tolist()):
        sets.setdefault(space.known[space.start[snapshot] : space.start[snapshot + 1]].tobytes(), []).append(place)
    order = np.argsort(of_row, kind="stable")
    first = np.searchsorted(of_row[order], np.arange(len(used) + 1))
    for text, places in sets.items():
        nodes = np.frombuffer(text, space.known.dtype)
        if not len(nodes):
            continue
        values = np.stack([space.value[space.start[s] : space.start[s + 1]] for s in used[places].tolist()])
        rows = np.concatenate([order[first[place] : first[place + 1]] for place in places])
        which = np.repeat(np.arange(len(places)), [first[place + 1] - first[place] for place in places])
        yield nodes, values, rows, which


def _inverse(distance: np.ndarray) -> np.ndarray:
    return np.maximum(distance, SAME_PLACE_M) ** -float(POWER)


def nearest(known: np.ndarray, wanted: np.ndarray) -> Weights:
    """All weight on the nearest point."""
    near, _ = nearest_points(known, wanted, 1)
    return near, np.ones(near.shape)


def by_distance(known: np.ndarray, wanted: np.ndarray) -> Weights:
    """Weights by inverse squared distance, which add to 1."""
    near, distance = nearest_points(known, wanted, NEAREST)
    weight = _inverse(distance)
    return near, weight / weight.sum(axis=1, keepdims=True)


def triangles(known: np.ndarray, wanted: np.ndarray) -> Weights:
    """Barycentric weights in the Delaunay triangle around each wanted point; outside, the nearest point."""
    from scipy.spatial import Delaunay, QhullError

    near = np.repeat(nearest(known, wanted)[0], 3, axis=1)
    weight = np.tile([1.0, 0.0, 0.0], (len(wanted), 1))
    flat, wanted_flat = plane(known, wanted)
    try:
        mesh = Delaunay(flat)
    except (QhullError, ValueError):  # fewer than three points, or all on a line
        return near, weight
    inside = mesh.find_simplex(wanted_flat)
    found = inside >= 0
    turn = mesh.transform[inside[found]]  # (wanted, 3, 2): two rows that turn, one that is the corner
    first = np.einsum("nij,nj->ni", turn[:, :2], wanted_flat[found] - turn[:, 2])
    near[found] = mesh.simplices[inside[found]]
    weight[found] = np.column_stack([first, 1 - first.sum(axis=1)])
    return near, weight


def plane(known: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points of a map as they are; those of the sphere in the stereographic projection from the emptiest place.

    It keeps circles, so the triangles are those of the sphere.
    """
    from scipy.spatial import KDTree

    if known.shape[1] == 2:
        return known, wanted
    turn = np.arange(500) + 0.5
    up, east = 1 - 2 * turn / len(turn), np.pi * (1 + 5**0.5) * turn  # a Fibonacci spiral over the sphere
    level = np.sqrt(1 - up**2)
    places = np.column_stack([level * np.cos(east), level * np.sin(east), up])
    radius = np.linalg.norm(known[0])
    far, _ = KDTree(known / radius).query(places)
    pole = places[np.argmax(far)]
    first = np.cross(pole, np.eye(3)[np.argmin(np.abs(pole))])
    first /= np.linalg.norm(first)
    axes = np.stack([first, np.cross(pole, first)], axis=1)

    def projected(points: np.ndarray) -> np.ndarray:
        unit = points / radius
        return radius * (unit @ axes) / np.maximum(1 - unit @ pole, 1e-9)[:, None]

    return projected(known), projected(wanted)


def fitted_variogram(space: Space, seed: int = 0) -> Variogram:
    """The variogram of the measured values, from pairs in the same snapshot, averaged over snapshots.

    Raises:
        DataError: no two nodes are measured in one snapshot.
    """
    rng = np.random.default_rng(seed)
    nodes, number = np.unique(space.known, return_inverse=True)
    snapshots = np.flatnonzero(np.diff(space.start) > 1)
    if not len(snapshots):
        what = "No two nodes of the training part are measured at the same time."
        raise DataError(message(what, where="baseline kriging", fix="leave kriging off evaluate.baselines."))
    snapshots = rng.permutation(snapshots)[:SOME_SNAPSHOTS]
    field = np.full((len(snapshots), len(nodes)), np.nan)
    for row, snapshot in enumerate(snapshots.tolist()):
        entries = slice(space.start[snapshot], space.start[snapshot + 1])
        field[row, number[entries]] = space.value[entries]
    first, second = _some_pairs(space.points[nodes], rng)
    half = np.square(field[:, first] - field[:, second]) / 2
    there = np.isfinite(half).any(axis=0)
    first, second, half = first[there], second[there], np.nanmean(half[:, there], axis=0)
    points = space.points[nodes]
    distance = along_surface(np.linalg.norm(points[first] - points[second], axis=1), points.shape[1])
    return of_pairs(distance, half)


def _some_pairs(points: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of few points; of many, some points with their neighbours and as many others at random."""
    from scipy.spatial import KDTree

    count = len(points)
    if count <= SOME_NODES // 4:
        return np.triu_indices(count, 1)
    some = rng.permutation(count)[:SOME_NODES]
    near = KDTree(points).query(points[some], k=SOME_PAIRS + 1)[1]
    second = np.concatenate([near, rng.integers(0, count, near.shape)], axis=1).ravel()
    first = np.repeat(some, len(second) // len(some))
    return first[first != second], second[first != second]


def kriging_weights(known: np.ndarray, wanted: np.ndarray, model: Variogram) -> Weights:
    r"""Weights w of ordinary kriging (`data/kriging.py`), written with covariances C(h) = sill - gamma(h)."""
    near, distance = nearest_points(known, wanted, NEAREST)
    points, place = known[near], range(near.shape[1])
    between = np.linalg.norm(points[:, :, None] - points[:, None], axis=-1)
    sill = model.sill if model.sill > 0 else 1.0
    common = _covariance(along_surface(between, known.shape[1]), model) / sill
    common[:, place, place] = 1 + 1e-9
    return near, ordinary(common, _covariance(distance, model) / sill)[0]


def _covariance(distance: np.ndarray, model: Variogram) -> np.ndarray:
    if model.sill <= 0:
        return np.zeros(distance.shape)
    return model.sill - spherical(distance, model.nugget, model.sill - model.nugget, model.range)
