"""The baselines on the same split, variables and statistics as the network, one row per scored prediction.

Baselines see what the network sees: the inputs of the last sample known (the sample itself where nothing is looked
ahead), the same window or history, and the inputs known in the future. Those that read inputs also learn the same
encoded target (an anomaly, a logarithm), turned back to its unit afterwards; those without inputs, those of a time
series and those in space learn the physical one.

Of whole records baselines from field to field get all samples of the input as one example.

Of a network that reads the known target of other nodes, baselines in space get exactly those nodes; the others get the
inverse-distance mean of them in place of the node's own value, which is hidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np

from outcrop.data.normalise import Encoded, Normaliser
from outcrop.evaluate import baselines
from outcrop.evaluate.fields import Fields
from outcrop.evaluate.spatial import Space, without_own
from outcrop.run.lines import Lines, lines_of
from outcrop.run.parts import context_of, forecasts
from outcrop.run.picking import in_seconds, kind_of, picking_of, waves_of
from outcrop.run.problem import Problem
from outcrop.run.solve import encoded
from outcrop.run.surroundings import measures_others, surroundings
from outcrop.split.promise import Split
from outcrop.view.graphs import Graphs
from outcrop.view.history import reservoirs, span_means
from outcrop.view.patches import Patches
from outcrop.view.points import points
from outcrop.view.rows import Rows
from outcrop.view.view import View


def samples_of(problem: Problem, view: View, index: np.ndarray, labelled: Mapping[str, np.ndarray]) -> Rows:
    """The labelled samples that some examples are scored on, one row per prediction."""
    rows = view.rows(index)
    known = np.concatenate([labelled[record.name] for record in problem.records])
    return rows.where(known[rows.flat(view.cells.offsets)])


def names_of(problem: Problem, view: View) -> tuple[str, ...]:
    """The baselines of the run: those asked for, or all that fit the target and the view."""
    kind = kind_of(problem)
    asked = problem.config.evaluate.baselines
    if asked != "auto":
        return baselines.check(tuple(asked), kind)
    if kind == "picks":
        return baselines.ladder(kind, features=("place", "waveform") if in_seconds(problem) else ("place",))
    features = ["sample"]
    if view.kind == "sequences" or len(context_of(problem)) > 1:
        features.append("window")
    if measures_others(view):
        features.append("space")
    if lines_of(problem, view) is not None:
        features.append("lines")
    if problem.records[0].axis.dtype.kind == "M":
        features += ["calendar", "series"] if forecasts(problem) else ["calendar"]
    if getattr(view, "of_fields", False):
        features.append("field")
    if view.kind == "sequences" and not forecasts(problem):
        features.append("reservoirs")
    return baselines.ladder(kind, features=tuple(features))


class Ladder:
    """The baselines of one split, fitted on its training samples."""

    def __init__(
        self, problem: Problem, view: View, split: Split, normaliser: Normaliser, filled: Mapping[str, Encoded]
    ):
        self.problem, self.view, self.normaliser, self.split = problem, view, normaliser, split
        names = [record.name for record in problem.records]
        bare = encoded(problem, view, split, normaliser, fill=False)
        self.tables = {True: filled, False: bare}
        self.names, self.offsets = names, view.cells.offsets
        self.usable = np.concatenate([filled[name].usable for name in names])
        self.axis = np.concatenate([record.axis for record in problem.records])
        self.place = np.concatenate([record.place for record in problem.records])
        labelled = problem.labelled()
        self.train = samples_of(problem, view, split.train, labelled)
        self.validation = samples_of(problem, view, split.validation, labelled)
        self.many_leads = len(np.unique(self._lead(self.train))) > 1
        self.task = baselines.Task(
            problem.out_size if problem.classes else None,
            problem.classes.cost if problem.classes else None,
            problem.config.evaluate.decide,
            picking_of(problem),
        )

    def predict(self, name: str, test: Rows, seed: int) -> baselines.Prediction:
        """Fits one baseline and predicts the test rows."""
        row = baselines.find(name)
        train = self._thinned(self.train, row.most_rows, seed)
        few = self._thinned(self.validation, row.most_rows, seed)
        held = self._table(row, few, "validation") if len(few) else None
        tables = self._table(row, train, "train"), self._table(row, test, "test")
        prediction = baselines.fit_predict(name, *tables, self.task, validation=held, seed=seed)
        if not self._learns_encoded(row):
            return prediction
        flat = test.flat(self.offsets)
        values = self.normaliser.decode_target(prediction.values, self.axis[flat], self.place[flat])
        return replace(prediction, values=values)

    def _thinned(self, rows: Rows, most: int | None, seed: int) -> Rows:
        """At most four times the rows a baseline learns from: some of them may have no weight."""
        if most is None or len(rows) <= 4 * most:
            return rows
        return rows.where(np.sort(np.random.default_rng(seed).choice(len(rows), 4 * most, replace=False)))

    def _learns_encoded(self, row: baselines.Baseline) -> bool:
        reads = row.features in ("sample", "window", "reservoirs") or (row.features == "field" and not row.is_floor)
        return not self.problem.classes and reads

    def _table(self, row: baselines.Baseline, rows: Rows, part: str) -> baselines.Table:
        """Some rows of a part, with the inputs this baseline asks for."""
        flat, read = rows.flat(self.offsets), rows.flat_read(self.offsets)
        weight = self._column("weight")[flat] * self.usable[read]
        target = self._column("target")[flat] if self._learns_encoded(row) else self._physical(flat)
        lead = self._lead(rows) if self.many_leads else None
        inputs = np.empty((len(rows), 0), np.float32)
        if row.features == "space":
            space = self._around(rows, part, self._physical(slice(None))) if measures_others(self.view) else None
            return baselines.Table(inputs, target, weight, space=space)
        if row.features == "lines":
            lines = self.lines
            columns = {} if lines is None else {k: v[flat] for k, v in lines._asdict().items()}
            return baselines.Table(inputs, target, weight, **columns)
        if row.features == "field":
            fields = self._fields(rows, part) if getattr(self.view, "of_fields", False) else None
            return baselines.Table(inputs, target, weight, fields=fields)
        if row.features in ("place", "waveform"):
            return baselines.Table(inputs, target, weight, waves=waves_of(self.problem, rows))
        if row.features in ("calendar", "series", "none"):
            times = self.axis[flat], self._physical(read), self.axis[read]
            place = self.place[flat] if self.place.any() else None
            return baselines.Table(inputs, target, weight, *times, lead, place=place)
        return baselines.Table(self._inputs(row, rows, part), target, weight, lead=lead)

    @cached_property
    def lines(self) -> Lines | None:
        """Numbered lines, where the promise speaks of them."""
        return lines_of(self.problem, self.view)

    def _fields(self, rows: Rows, part: str) -> Fields:
        """The whole input fields of a part whose examples are whole fields."""
        assert isinstance(self.view, Patches)
        index = getattr(self.split, part)
        inputs, numbers = self.view.gather(self.tables[True], index).inputs, self.view.numbers(index)
        cells = int(np.prod(inputs.shape[1:-1]))
        example, cell = np.full((2, self.offsets[-1]), -1)
        example[numbers.reshape(len(index), -1)] = np.arange(len(index))[:, None]
        cell[numbers.reshape(len(index), -1)] = np.arange(cells)
        flat = rows.flat(self.offsets)
        return Fields(inputs.reshape(len(index), -1), example[flat], cell[flat], cells)

    def _around(self, rows: Rows, part: str, values: np.ndarray) -> Space:
        """What is known around some rows of a part; in training, all that its examples read."""
        assert isinstance(self.view, Graphs)
        index = getattr(self.split, part)
        return surroundings(self.view, index, rows, values, whole=part == "train")

    def _column(self, name: str) -> np.ndarray:
        """One encoded column of all records laid end to end."""
        return np.concatenate([np.asarray(getattr(self.tables[True][record], name)) for record in self.names])

    def _inputs(self, row: baselines.Baseline, rows: Rows, part: str) -> np.ndarray:
        """Inputs of the last sample known, or of its window or history; then those of the predicted sample that are
        known in the future; then the lead, where there are several; then what is known around the node."""
        tables = self.tables[row.fill]
        read, history = rows.flat_read(self.offsets), getattr(self.view, "span", None)
        if row.features == "reservoirs":
            length = 1 if history is None else history.history
            along = getattr(self.view, "along", None) or self.view.cells.dims[0]
            columns = [reservoirs(self.view.cells, tables, read, length, along)]
        elif row.features == "window" and history is not None:
            columns = [span_means(self.view.cells, tables, read, history.history, self.view.along)]
        else:
            section = self.problem.config.data.view
            context = context_of(self.problem) if row.features == "window" else (0,)
            around = points(self.problem.records, context=context, along=section.along)
            visible = ~np.isin(np.asarray(tables[self.names[0]].owners), self.view.origins.hidden)
            columns = [around.gather(tables, read).inputs[:, np.tile(visible, len(context))]]  # sample i is example i
        if future := self.view.origins.future:
            every = np.concatenate([tables[name].inputs for name in self.names])
            owners = np.asarray(tables[self.names[0]].owners)
            columns.append(every[rows.flat(self.offsets)][:, np.isin(owners, future)])
        if self.many_leads:
            lead = self._lead(rows).astype(np.float32)[:, None]
            columns.append(lead / max(self._lead(self.train).max(), 1))
        if isinstance(self.view, Graphs) and self.view.hide and not self.problem.classes:
            others = without_own(self._around(rows, part, self._column("target")))
            columns.append(np.where(np.isfinite(others) | (not row.fill), others, 0).astype(np.float32)[:, None])
        return np.concatenate(columns, axis=1)

    def _lead(self, rows: Rows) -> np.ndarray:
        """Steps from the last sample known to the predicted one."""
        return leads(self.view, rows)

    def _physical(self, flat: np.ndarray | slice) -> np.ndarray:
        """The target in physical units (or class indices) at some samples."""
        return np.concatenate([record.flat(self.problem.target.name) for record in self.problem.records])[flat]


def leads(view: View, rows: Rows) -> np.ndarray:
    """Steps, along the dimension a view looks ahead on, from the last sample known to each predicted one."""
    along = getattr(view, "along", None) or view.cells.dims[0]
    step = view.cells.shapes[:, view.cells.dims.index(along) + 1 :].prod(axis=1)
    return (rows.sample - rows.read) // step[rows.record]
