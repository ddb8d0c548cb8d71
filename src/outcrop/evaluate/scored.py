"""The table that evaluation works on: one row per scored sample, with the target and every contender's prediction.

`run` fills it from the stitched test predictions of all folds; nothing behind it knows views, networks or files. The
contender called "model" is the network, the others are baselines on the same samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from outcrop.errors import DataError, did_you_mean, message
from outcrop.metric.missing import present
from outcrop.metric.table import Metric, find

if TYPE_CHECKING:
    from outcrop.data.variable import ClassTable

MODEL = "model"


@dataclass(frozen=True)
class Scored:
    """Held-out samples, by columns.

    Attributes:
        record: index of each sample's record in `names`.
        names: record names.
        position: coordinate along the record (depth in m, time stamp, row number).
        target: class index (-1 = missing), or a number in physical units (NaN = missing). A label that must not count
            is set to missing; every other sample counts once, whatever its weight was in training.
        predictions: contender -> class index or number in physical units; -1 or NaN where there is none.
        probabilities: contender -> (sample, class); only for class targets.
        fold: which fold's model predicted the sample.
        classes: names, codes and cost of a class target; None for numbers.
        groups: group key -> value per record.
        unit: unit of a numeric target.
        members: group key -> value per sample, for groups that do not coincide with records (blocks of the map).
        lead: steps that each prediction looks ahead; None where it is the same everywhere.
        quantiles: contender -> (sample, level) at `distribution.LEVELS`, for contenders that know their spread.
        draws: whether samples are whole examples that were drawn, a prediction being the score of the realisations.
        picks: contender -> (sample, phase, 4), found and true picks as in `metric.picks`; only where picks are scored.
    """

    record: Int[np.ndarray, " sample"]
    names: tuple[str, ...]
    position: Shaped[np.ndarray, " sample"]
    target: Shaped[np.ndarray, " sample"]
    predictions: Mapping[str, np.ndarray]
    probabilities: Mapping[str, np.ndarray] = field(default_factory=dict)
    fold: Int[np.ndarray, " sample"] | None = None
    classes: ClassTable | None = None
    groups: Mapping[str, np.ndarray] = field(default_factory=dict)
    unit: str = ""
    members: Mapping[str, np.ndarray] = field(default_factory=dict)
    lead: Int[np.ndarray, " sample"] | None = None
    quantiles: Mapping[str, np.ndarray] = field(default_factory=dict)
    picks: Mapping[str, np.ndarray] = field(default_factory=dict)
    draws: bool = False

    def __post_init__(self) -> None:
        columns = {"record": self.record, "position": self.position, **self.predictions, **self.probabilities}
        wrong = {name: len(column) for name, column in columns.items() if len(column) != len(self.target)}
        if wrong:
            raise DataError(
                message(
                    f"Columns of unequal length: {wrong}, target {len(self.target)}.",
                    fix="pass one value per scored sample in every column.",
                )
            )
        keyed = {"record": np.asarray(self.names), **{key: np.asarray(value) for key, value in self.groups.items()}}
        object.__setattr__(self, "groups", keyed)

    def __len__(self) -> int:
        return len(self.target)

    @property
    def kind(self) -> str:
        """Kind of target: "class", "number", "picks" of classes, or "draws" of a generator."""
        if self.picks or self.draws:
            return "picks" if self.picks else "draws"
        return "number" if self.classes is None else "class"

    @property
    def cost(self) -> Float[np.ndarray, "true predicted"] | None:
        """The cost matrix of a class target, where one is declared."""
        return None if self.classes is None else self.classes.cost

    @property
    def class_count(self) -> int | None:
        """Number of classes, None for numbers."""
        return None if self.classes is None else len(self.classes.codes)

    @property
    def baselines(self) -> tuple[str, ...]:
        """All contenders but the network."""
        return tuple(name for name in self.predictions if name != MODEL)

    @cached_property
    def labelled(self) -> Bool[np.ndarray, " sample"]:
        """True where there is a target that counts."""
        return present(self.target)

    @cached_property
    def rows(self) -> Bool[np.ndarray, " sample"]:
        """True where a target counts and every contender has a prediction: all are scored on the same samples."""
        keep = self.labelled
        for prediction in (*self.predictions.values(), *self.probabilities.values()):
            keep = keep & present(prediction)
        return keep

    def where(self, mask: Bool[np.ndarray, " sample"]) -> Scored:
        """The rows where `mask` is true; record numbers and names stay."""

        def cut(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
            return {name: np.asarray(column)[mask] for name, column in columns.items()}

        return replace(
            self,
            record=np.asarray(self.record)[mask],
            position=np.asarray(self.position)[mask],
            target=np.asarray(self.target)[mask],
            predictions=cut(self.predictions),
            probabilities=cut(self.probabilities),
            members=cut(self.members),
            quantiles=cut(self.quantiles),
            picks=cut(self.picks),
            fold=None if self.fold is None else np.asarray(self.fold)[mask],
            lead=None if self.lead is None else np.asarray(self.lead)[mask],
        )

    def scorable(self) -> Scored:
        """Only the rows that are scored.

        Raises:
            DataError: nothing is left to score.
        """
        if not self.rows.any():
            raise DataError(
                message(
                    f"None of {len(self)} held-out samples has both a target and a prediction of every contender.",
                    where=f"records {', '.join(self.names[:5])}",
                    fix="hold out records with labels ([promise] test), and check the target's name in the run file.",
                )
            )
        return self.where(self.rows)

    def key(self, name: str) -> np.ndarray:
        """The value of one group key for every sample."""
        if name in self.members:
            return np.asarray(self.members[name])
        if name not in self.groups:
            raise DataError(
                message(
                    f"The records carry no group key {name!r}{did_you_mean(name, self.groups)}.",
                    where="[promise]",
                    fix=f"use one of {', '.join(self.groups)}.",
                )
            )
        return self.groups[name][np.asarray(self.record)]

    def answers(self, metric: str | Metric, contender: str) -> np.ndarray | None:
        """What a metric reads of one contender: its decisions, or its probabilities (None where it has none).

        A contender without quantiles is sure of its value: all its quantiles are that.
        """
        row = find(metric) if isinstance(metric, str) else metric
        if row.reads == "picks":
            return self.picks.get(contender)
        if row.reads == "quantiles":
            return self.quantiles.get(contender, np.asarray(self.predictions[contender], float)[:, None])
        return self.probabilities.get(contender) if row.reads == "probabilities" else self.predictions[contender]

    def sums(self, metric: str | Metric, contender: str, group: np.ndarray, groups: int) -> np.ndarray | None:
        """The metric's additive sums per group of samples, None where the contender has nothing it reads."""
        row = find(metric) if isinstance(metric, str) else metric
        answer = self.answers(row, contender)
        further = {"field": np.asarray(self.record)} if row.reads == "field" else {}
        return None if answer is None else row.load("sums")(
            answer, self.target, group, groups, None, self.class_count, **further
        )  # fmt: skip

    def value(self, metric: str, contender: str) -> float:
        """The pooled score of one contender, NaN where it is undefined."""
        row = find(metric)
        sums = self.sums(row, contender, np.zeros(len(self), dtype=np.int64), 1)
        return float("nan") if sums is None else float(row.load("of_sums")(sums[0], cost=self.cost))
