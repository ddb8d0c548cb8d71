"""The baselines on the same split, variables and statistics as the network, one row per scored sample.

The samples of a split are those its examples are scored on. Baselines see them through point views of the same encoded
records: the sample alone, or the same window as the network. Those that read inputs also learn the same encoded target
(an anomaly, a logarithm), turned back to its unit afterwards; those without inputs and those of a time series learn the
physical one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from outcrop.data.normalise import Encoded, Normaliser
from outcrop.evaluate import baselines
from outcrop.run.parts import context_of
from outcrop.run.problem import Problem
from outcrop.run.solve import step_samples
from outcrop.split.promise import Split
from outcrop.view.points import Points, points
from outcrop.view.view import View


@dataclass(frozen=True)
class Samples:
    """Labelled samples as (record, sample) pairs.

    Attributes:
        record: index into the records of the problem.
        sample: index along the record.
    """

    record: np.ndarray
    sample: np.ndarray

    def __len__(self) -> int:
        return len(self.record)


def samples_of(problem: Problem, view: View, index: np.ndarray, labelled: Mapping[str, np.ndarray]) -> Samples:
    """The labelled samples that some examples are scored on, in the order of records and samples."""
    spans = view.score_ranges(index)
    records, samples = [], []
    for number, record in enumerate(problem.records):
        inside = np.zeros(len(record), bool)
        for start, stop in spans.get(record.name, []):
            inside[start:stop] = True
        found = np.flatnonzero(inside & labelled[record.name])
        records.append(np.full(len(found), number))
        samples.append(found)
    return Samples(np.concatenate(records), np.concatenate(samples))


def names_of(problem: Problem) -> tuple[str, ...]:
    """The baselines of the run: those asked for, or all that fit the target and the view."""
    kind = "class" if problem.classes else "number"
    asked = problem.config.evaluate.baselines
    if asked != "auto":
        return baselines.check(tuple(asked), kind)
    features = ["sample"]
    if len(context_of(problem)) > 1:
        features.append("window")
    if problem.config.data.view.lead and problem.records[0].axis.dtype.kind == "M":
        features.append("series")
    return baselines.ladder(kind, features=tuple(features))


class Ladder:
    """The baselines of one split, fitted on its training samples."""

    def __init__(
        self, problem: Problem, view: View, split: Split, normaliser: Normaliser, filled: Mapping[str, Encoded]
    ):
        self.problem, self.filled, self.normaliser = problem, filled, normaliser
        self.bare = {record.name: normaliser.encode(record, fill=False) for record in problem.records}
        section = problem.config.data.view
        lead, along = section.lead, {"along": section.along} if section.along else {}
        self.views: dict[str, Points] = {
            "sample": points(problem.records, lead=lead, **along),
            "window": points(problem.records, context=context_of(problem), lead=lead, **along),
        }
        labelled = problem.labelled()
        self.train = samples_of(problem, view, split.train, labelled)
        self.validation = samples_of(problem, view, split.validation, labelled)
        self.task = baselines.Task(
            problem.out_size if problem.classes else None,
            problem.classes.cost if problem.classes else None,
            problem.config.evaluate.decide,
        )

    def predict(self, name: str, test: Samples, seed: int) -> baselines.Prediction:
        """Fits one baseline and predicts the test samples."""
        row = baselines.find(name)
        held = self._table(row, self.validation) if len(self.validation) else None
        tables = self._table(row, self.train), self._table(row, test)
        prediction = baselines.fit_predict(name, *tables, self.task, validation=held, seed=seed)
        if not self._learns_encoded(row):
            return prediction
        axis = np.concatenate([record.axis for record in self.problem.records])[self._flat(test)]
        return replace(prediction, values=self.normaliser.decode_target(prediction.values, axis=axis))

    def _learns_encoded(self, row: baselines.Baseline) -> bool:
        return not self.problem.classes and row.features in ("sample", "window")

    def _table(self, row: baselines.Baseline, samples: Samples) -> baselines.Table:
        """The rows of some samples, with the inputs this baseline asks for."""
        view = self.views["window" if row.features == "window" else "sample"]
        at = self._examples(view, samples)
        batch = view.gather(self.filled if row.fill else self.bare, at)
        if self._learns_encoded(row):
            target = np.concatenate([np.asarray(self.filled[r.name].target) for r in self.problem.records])[
                self._flat(samples)
            ]
        else:
            target = self._physical(samples, 0)
        if row.features != "series":
            return baselines.Table(batch.inputs, target, batch.weight)
        flat = self._flat(samples)
        axis = np.concatenate([record.axis for record in self.problem.records])
        last = self._physical(samples, view.lead)
        read = flat - view.lead * self._stride(samples)
        return baselines.Table(batch.inputs, target, batch.weight, axis[flat], last, axis[read])

    def _physical(self, samples: Samples, back: int) -> np.ndarray:
        """The target in physical units (or class indices), `back` samples before each sample."""
        name = self.problem.target.name
        columns = [record.flat(name) for record in self.problem.records]
        return np.concatenate(columns)[self._flat(samples) - back * self._stride(samples)]

    def _stride(self, samples: Samples) -> np.ndarray | int:
        """Samples from one step along the axis to the next, for the record of each sample."""
        return np.array([step_samples(self.views["sample"], record) for record in self.problem.records])[samples.record]

    def _flat(self, samples: Samples) -> np.ndarray:
        """Positions of samples in the columns of all records laid end to end."""
        start = np.cumsum([0] + [len(record) for record in self.problem.records])
        return start[samples.record] + samples.sample

    def _examples(self, view: Points, samples: Samples) -> np.ndarray:
        """The example of a point view that is scored on each sample."""
        first, _ = view.cells.boxes(view.origins.record, view.origins.scores)
        shapes = view.cells.shapes[view.origins.record]
        scored = np.zeros(len(first), np.int64)
        for place in range(first.shape[1]):
            scored = scored * shapes[:, place] + first[:, place]
        start = view.cells.offsets
        where = np.full(start[-1], -1)
        where[start[view.origins.record] + scored] = np.arange(len(scored))
        return where[start[samples.record] + samples.sample]
