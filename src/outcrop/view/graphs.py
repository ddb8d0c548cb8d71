"""All nodes of a network at one time (or level) as one example: stations, wells, the nodes of a mesh.

A promise that holds nodes out (a new station, another area) divides the SAME example between the parts: training sees
the training nodes alone, a test example reads the known nodes and is scored on the held-out ones. `divided.py` makes
those examples from the colours of the samples, one per snapshot, part and fold.

With `hide`, the target itself is an input where it is known (interpolation between stations): a share of the nodes is
hidden at random each time a training example is drawn, and the network is scored on those. A view that is not divided
hides nothing: what is unknown there is missing in the data. With `interpolate`, what is known around each node is
interpolated to it (`interpolated.py`) as the last two features: the spread, and the estimate that a network corrects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.records import Batch, Footprints, Members, Origins, Record
from outcrop.view import origins as columns
from outcrop.view.boxes import without_target
from outcrop.view.cells import Cells, cells_of
from outcrop.view.edges import Graph
from outcrop.view.interpolated import check_interpolated, interpolated
from outcrop.view.network import Network, alike, linked, padded_sets, places, side_by_side, unit_length
from outcrop.view.rows import Covers, Rows
from outcrop.view.view import blank_target, by_record

if TYPE_CHECKING:
    from outcrop.data.normalise import Encoded

NONE, TRAIN, VALIDATION, CALIBRATION, TEST = range(5)  # codes of split.colour.PARTS


@dataclass(frozen=True)
class Graphs(Covers):
    """Examples of whole networks. Built by `graphs`.

    Attributes:
        origins: one row per example; `reads` and `scores` hold the nodes as `Members`.
        network: how nodes are linked.
        context: offsets in samples that are read at every node along `along`.
        lead: samples from the snapshot read to the one predicted.
        along: dimension of context and lead; the nodes' own where there is no other.
        cells: the grids of the records.
        hide: share of known nodes hidden when a training example is drawn; 0 where the target is no input.
        hide_held_out: share of the nodes a promise holds out that is hidden; the others are known when they are tested.
        known: the input that holds the target where it is known.
        interpolate: whether an estimate from the known nodes, and its spread, are features of every node.
        part: code of the part of every example of a divided view, else 0.
        fold: its fold.
    """

    origins: Origins
    network: Network
    context: tuple[int, ...]
    lead: int
    along: str
    cells: Cells
    hide: float = 0.0
    hide_held_out: float = 1.0
    known: str = ""
    interpolate: bool = False
    part: np.ndarray | None = None
    fold: np.ndarray | None = None
    kind: str = "graphs"

    @property
    def read_size(self) -> int:
        return self.context[-1] - self.context[0] + 1

    def input_shape(self, channels: int) -> tuple[int, ...]:
        """(node, offset * channel, and what is interpolated); the number of nodes is that of the largest example."""
        return (self._nodes.shape[1], len(self.context) * channels + 2 * self.interpolate)

    @property
    def _read(self) -> Members:
        return self.origins.reads.members[self.network.nodes]

    @property
    def _score(self) -> Members:
        return self.origins.scores.members[self.network.nodes]

    @cached_property
    def _nodes(self) -> np.ndarray:
        """The nodes of every set that is read, padded with -1, shape (set, node)."""
        return padded_sets(self._read.sets)

    @property
    def settled(self) -> dict[str, float | None]:
        """Arguments that were left to the data of this run, for views of other files to be made with."""
        return {"unit_m": self.network.unit_m}

    @cached_property
    def graph_of(self) -> np.ndarray:
        """The number of the graph of every example: examples of one number read the same nodes of equal networks."""
        first = alike(self.cells.records, self.network)[self.origins.record]
        pairs, pair = np.unique(np.stack([first, self._read.which], axis=1), axis=0, return_inverse=True)
        known: dict[tuple[int, bytes], int] = {}
        sets = [known.setdefault((a, self._read.sets[b].tobytes()), len(known)) for a, b in pairs.tolist()]
        return np.array(sets, np.int64)[pair.ravel()]

    @cached_property
    def _one_graph(self) -> np.ndarray:
        """Whether all examples of an example's part and fold have one graph: those need it once, not once for each."""
        part, fold = (np.zeros(len(self.origins), int) if own is None else own for own in (self.part, self.fold))
        kinds = np.unique(np.stack([part, fold, self.graph_of]), axis=1)
        parts, count = np.unique(kinds[:2], axis=1, return_counts=True)
        single = set(zip(*parts[:, count == 1].tolist(), strict=True))
        return np.array([pair in single for pair in zip(part.tolist(), fold.tolist(), strict=True)], bool)

    @cached_property
    def _graphs(self) -> dict[int, Graph]:
        return {}

    @cached_property
    def _most_links(self) -> int:
        _, examples = np.unique(self.graph_of, return_index=True)
        return max((len(self.graph(int(example)).senders) for example in examples), default=0)

    def graph(self, example: int) -> Graph:
        """The links between the nodes that one example reads; node numbers count in the example."""
        number = int(self.graph_of[example])
        if number not in self._graphs:
            record = self.cells.records[int(self.origins.record[example])]
            self._graphs[number] = linked(record, self.network, self._read[example])
        return self._graphs[number]

    def gather(
        self,
        tables: Mapping[str, Encoded],
        index: np.ndarray,
        *,
        rng: np.random.Generator | None = None,
        room: np.ndarray | None = None,
    ) -> Batch:
        """Inputs (example, node, feature), target and weight (example, node); the graph in `shared`, or in `static`.

        Nodes stand in the order of the record's. Where all examples of a part read one graph, `shared` holds it; else
        examples are filled up to the largest of the view with nodes without weight and links that are not present,
        and `static` holds a Graph with a leading example axis. `rng` hides nodes at random.
        """
        index = np.asarray(index)
        one = bool(self._one_graph[index].all()) and len(np.unique(self.graph_of[index])) <= 1
        size = len(self._read[int(index[0])]) if len(index) and one else self._nodes.shape[1]
        nodes = self._nodes[self._read.which[index], :size]
        scored = self.where_scored(index, size, rng)
        batch = self._values(tables, index, self.samples(index, nodes), nodes >= 0, scored)
        if self.interpolate:
            told = self._interpolated(tables, index, nodes, batch.inputs)
            batch = batch._replace(inputs=np.concatenate([batch.inputs, told], axis=-1))
        if one:
            return batch._replace(shared=self.graph(int(index[0])) if len(index) else None)
        each = [self.graph(int(i)) for i in index]
        return batch._replace(static=side_by_side(each, size, self._most_links))

    def samples(self, index: np.ndarray, nodes: np.ndarray) -> np.ndarray:
        """The sample (inside its record) of every node at the snapshot that is predicted, (example, node)."""
        record = self.origins.record[index]
        rows = np.zeros(nodes.shape, np.int64)
        for place, dim in enumerate(self.cells.dims):
            at = nodes if dim == self.network.nodes else self.origins.scores.ranges[dim][index, :1]
            rows = rows * self.cells.shapes[record, place][:, None] + np.maximum(at, 0)
        return rows

    def nodes_of(self, index: np.ndarray) -> np.ndarray:
        """The nodes that some examples read, -1 where there are no more, (example, node)."""
        return self._nodes[self._read.which[np.asarray(index)]]

    def rows_read(self, index: np.ndarray, nodes: np.ndarray) -> np.ndarray:
        """The sample that every node is predicted from: `lead` before the snapshot, (example, node)."""
        rows = self.samples(index, nodes)
        for which, place in by_record(self.origins.record[index]):
            rows[place] = self._read_rows(which, rows[place])
        return rows

    def where_scored(self, index: np.ndarray, size: int, rng: np.random.Generator | None) -> np.ndarray:
        """Which nodes are scored (and, with `hide`, hidden), shape (example, node)."""
        pairs = np.stack([self._read.which[index], self._score.which[index]], axis=1)
        kinds, kind = np.unique(pairs, axis=0, return_inverse=True)
        table = [np.isin(self._nodes[a, :size], self._score.sets[b]) for a, b in kinds.tolist()]
        scored = np.stack(table)[kind.ravel()] if table else np.zeros((0, size), bool)
        if not self.hide or rng is None or self.part is None:
            return scored
        drawn = scored & (rng.random(scored.shape) < self.hide)
        none = ~drawn.any(axis=1)
        drawn[none, np.argmax(scored * rng.random(scored.shape), axis=1)[none]] = True  # at least one
        return np.where((self.part[index] == TRAIN)[:, None], drawn & scored, scored)

    def _values(
        self,
        tables: Mapping[str, Encoded],
        index: np.ndarray,
        rows: np.ndarray,
        there: np.ndarray,
        scored: np.ndarray,
    ) -> Batch:
        names, record = self.origins.names, self.origins.record[index]
        first = tables[names[record[0]]] if len(index) else next(iter(tables.values()))
        channels = first.inputs.shape[1]
        inputs = np.zeros((*rows.shape, len(self.context), channels), first.inputs.dtype)
        parts = by_record(record)
        blank = blank_target(tables, [names[which] for which, _ in parts], rows.shape)
        for which, place in parts:
            table = tables[names[which]]
            read = self._read_rows(which, rows[place])
            for number, offset in enumerate(self.context):
                inputs[place, :, number] = table.inputs[self._moved(which, read, offset)]
            if blank and table.target is not None and table.weight is not None:
                blank[0][place] = table.target[rows[place]]
                blank[1][place] = table.weight[rows[place]] * (table.usable[read] if self.lead else 1)
        inputs[~there] = 0
        if self.hide and self.part is not None:
            inputs *= ~(scored[..., None, None] & (np.asarray(first.owners) == self.known))
        if blank:
            without_target(blank[0], blank[1], ~(there & scored))
        return Batch(inputs.reshape(*rows.shape, -1), *(blank or ()))

    def _interpolated(
        self, tables: Mapping[str, Encoded], index: np.ndarray, nodes: np.ndarray, inputs: np.ndarray
    ) -> np.ndarray:
        """Spread and estimate of every node from what the inputs show of the others, (example, node, 2)."""
        record = self.origins.record[index]
        out = np.zeros((*nodes.shape, 2), inputs.dtype)
        nearest_offset = int(np.argmin(np.abs(self.context)))
        for which, place in by_record(record):
            owners = np.asarray(tables[self.origins.names[which]].owners)
            value, *_, present = np.flatnonzero(owners == self.known) + nearest_offset * len(owners)
            known = (inputs[place, :, present] > 0) & (nodes[place] >= 0)
            points = places(self.cells.records[which], self.network.nodes)
            assert points is not None
            out[place] = interpolated(points, nodes[place], inputs[place, :, value], known, self.network.unit_m or 1.0)
        return out

    def _steps(self, which: int) -> tuple[int, int]:
        """Size and step in samples of `along` in one record."""
        place = self.cells.dims.index(self.along)
        return int(self.cells.shapes[which, place]), int(self.cells.shapes[which, place + 1 :].prod())

    def _read_rows(self, which: int, rows: np.ndarray) -> np.ndarray:
        """The samples that these are predicted from: `lead` before them."""
        return rows - self.lead * self._steps(which)[1] if self.lead else rows

    def _moved(self, which: int, rows: np.ndarray, offset: int) -> np.ndarray:
        """Samples `offset` later along `along`; the nearest one beyond the ends of the record."""
        if not offset:
            return rows
        size, step = self._steps(which)
        at = rows // step % size
        return rows + (np.clip(at + offset, 0, size - 1) - at) * step

    def room(self, part: np.ndarray) -> np.ndarray:
        """Snapshots stay where they are, shape (all examples, 2)."""
        return np.zeros((len(self.origins), 2), np.int64)

    def scored_at(self, index: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Record and sample of every node that is scored; its example (a row of `index`) and place in it."""
        scored = self.where_scored(index, self._nodes.shape[1], None)
        example, node = np.nonzero(scored)
        rows = self.samples(index, self.nodes_of(index))
        return self.origins.record[index][example], rows[example, node], example, node

    def rows(self, index: np.ndarray) -> Rows:
        """Every node that some examples are scored on, at every snapshot, in the order of records and samples."""
        record, sample, _, _ = self.scored_at(np.asarray(index))
        order = np.lexsort((sample, record))
        return self._as_rows(record[order], sample[order])

    def _as_rows(self, record: np.ndarray, sample: np.ndarray) -> Rows:
        step = np.array([self._steps(which)[1] for which in range(len(self.cells.names))])
        return Rows(record, sample, sample - self.lead * step[record])

    def answers(self, index: np.ndarray, values: np.ndarray) -> np.ndarray:
        """The outputs (example, node, out) in the order of `rows(index)`."""
        record, sample, example, node = self.scored_at(np.asarray(index))
        order = np.lexsort((sample, record))
        return np.asarray(values)[example[order], node[order]]

    def stitch(self, index: np.ndarray, values: np.ndarray) -> dict[str, np.ndarray]:
        """Values on the records, NaN where nothing was scored."""
        rows, answers = self.rows(index), self.answers(index, values)
        out: dict[str, np.ndarray] = {}
        for which, place in by_record(rows.record):
            kind = np.result_type(answers, np.float32)
            column = np.full((int(np.diff(self.cells.offsets)[which]), answers.shape[-1]), np.nan, kind)
            column[rows.sample[place]] = answers[place]
            out[self.origins.names[which]] = column
        return out

    def read_at(self, which: int) -> np.ndarray:
        """For every sample of a record, the sample it is predicted from; -1 where there is none."""
        read = np.full(int(np.diff(self.cells.offsets)[which]), -1)
        rows = self.rows(np.flatnonzero(self.origins.record == which))
        read[rows.sample] = rows.read
        return read


def graphs(
    records: Sequence[Record],
    nodes: str | None = None,
    *,
    context: Sequence[int] = (0,),
    lead: int = 0,
    along: str | None = None,
    hide: float = 0.0,
    hide_held_out: float = 1.0,
    known: str = "",
    interpolate: bool = False,
    **network: Any,
) -> Graphs:
    """One example for each index of the other dimensions: a time, a level.

    Args:
        records: their grids, names, groups, coordinates, positions and (for "mesh") the variable `elements`.
        nodes: dimension of the nodes; by default the last one.
        context: offsets read along `along`, e.g. (-5, ..., 0).
        lead: samples from the snapshot read to the one predicted.
        along: dimension of context and lead; by default the first one that is not `nodes`.
        hide: share of the nodes that is hidden when a training example is drawn.
        hide_held_out: share of the nodes that a promise holds out that is hidden when they are tested.
        known: name of the input that holds the target where it is known.
        interpolate: whether an estimate from the known nodes is a feature of every node.
        network: fields of `Network`: edges, neighbours, radius_m, links, unit_m; the unit is by default the power of
            ten nearest to the median link.

    Raises:
        ConfigError: an unknown dimension or kind of edges, or one that lacks what it needs.
    """
    cells = cells_of(records)
    dim = cells.dims[-1] if nodes is None else nodes
    others = [other for other in cells.dims if other != dim]
    along = (others[0] if others else dim) if along is None else along
    offsets = tuple(sorted({int(offset) for offset in context}))
    linking = Network(dim, **network)
    _check(cells, dim, along, offsets, lead, hide, hide_held_out)
    if interpolate:
        check_interpolated(records, dim, hide)
    linking = linking if linking.unit_m else replace(linking, unit_m=unit_length(records, linking))
    numbers, at = _snapshots(cells, dim, along, int(lead))
    scores = {other: np.stack([rows, rows + 1], axis=1) for other, rows in at.items()}
    reads = dict(scores)
    if along in at:
        last = cells.shapes[numbers, cells.dims.index(along)] - 1
        first, stop = (np.clip(at[along] - lead + offset, 0, last) for offset in (offsets[0], offsets[-1]))
        reads[along] = np.stack([first, stop + 1], axis=1)
    node_place = cells.dims.index(dim)
    sets = [np.arange(shape[node_place]) for shape in cells.shapes.tolist()]
    every = {dim: Members(sets, numbers)}
    origins = columns.build(cells, numbers, Footprints(reads, every), Footprints(scores, every))
    origins = replace(origins, hidden=(known,) if hide else ())
    shares = float(hide), float(hide_held_out)
    return Graphs(origins, linking, offsets, int(lead), along, cells, *shares, known, interpolate)


def _snapshots(cells: Cells, dim: str, along: str, lead: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Record of every snapshot that can be predicted, and where it lies along the dimensions other than the nodes'."""
    record: list[np.ndarray] = []
    sides: dict[str, list[np.ndarray]] = {other: [] for other in cells.dims if other != dim}
    for which, shape in enumerate(cells.shapes.tolist()):
        extents = [
            np.arange(max(lead, 0), extent + min(lead, 0)) if other == along else np.arange(extent)
            for other, extent in zip(cells.dims, shape, strict=True)
            if other != dim
        ]
        mesh = [axis.ravel() for axis in np.meshgrid(*extents, indexing="ij")] if sides else []
        record.append(np.full(len(mesh[0]) if mesh else 1, which))
        for rows, at in zip(sides.values(), mesh, strict=True):
            rows.append(at)
    return np.concatenate(record), {other: np.concatenate(rows) for other, rows in sides.items()}


def _check(
    cells: Cells,
    dim: str,
    along: str,
    offsets: tuple[int, ...],
    lead: int,
    hide: float,
    hide_held_out: float,
) -> None:
    problem = fix = ""
    unknown = [name for name in (dim, along) if name not in cells.dims]
    if unknown:
        problem = f"Records do not run along {unknown[0]!r}{did_you_mean(unknown[0], cells.dims)}."
        fix = f"the dimensions are {', '.join(cells.dims)}."
    elif not offsets or ((lead or offsets != (0,)) and along == dim):
        problem, fix = "Context and lead need a dimension beside the nodes.", "context = [0], lead = 0"
    elif not 0 <= hide < 1:
        problem, fix = f"hide = {hide} is no share of the nodes.", "hide = 0.3"
    elif not 0 < hide_held_out <= 1 or (hide_held_out < 1 and not hide):
        problem = f"hide_held_out = {hide_held_out} with hide = {hide} says nothing about nodes that are held out."
        fix = "hide = 0.7, hide_held_out = 0.7"
    if problem:
        raise ConfigError(message(problem, where="data.view", fix=fix))
