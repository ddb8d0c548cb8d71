"""What the audit looks at: one split with its examples and raw values, all records laid end to end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from outcrop.errors import DataError, message
from outcrop.records import Origins, Record
from outcrop.split.promise import Split, named
from outcrop.view.ranges import Ranges, along_one, cover

if TYPE_CHECKING:
    from outcrop.data.normalise import Encoded
    from outcrop.data.variable import Variable


@dataclass(frozen=True)
class AuditContext:
    """One split and everything that could betray it.

    Attributes:
        origins, split: the examples, and which part each is in.
        records: resolved records (canonical variables in physical units, classes as indices, -1 missing).
        variables: with `name`, `role`, `scope` and, for a class target, `classes`.
        normaliser_saw: record name -> ranges the statistics were fitted on.
        tables: encoded records; where given, a sample counts as labelled only if its weight is above 0.
        key: group key of the promise "new = key"; None for other promises.
        reach: samples before and after its READ footprint that a model looks at; (0, 0) unless it is run over more
            than the footprint, as a recurrent network that carries its state along the record is.
        neighbour_distance_m: test records closer than this to training are reported.
        held_out: groups tested over all folds of a rotation; by default those of this split.
    """

    origins: Origins
    split: Split
    records: Sequence[Record]
    variables: Sequence[Variable]
    normaliser_saw: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)
    tables: Mapping[str, Encoded] = field(default_factory=dict)
    key: str | None = None
    reach: tuple[int, int] = (0, 0)
    neighbour_distance_m: float = 1000.0
    held_out: int | None = None

    @cached_property
    def ordered(self) -> list[Record]:
        """The records in the order of `origins.names`."""
        known = {record.name: record for record in self.records}
        missing = [name for name in self.origins.names if name not in known]
        if missing:
            what = f"{len(missing)} records of the split were not given to the audit."
            raise DataError(
                message(what, where=f"records {named(missing)}", fix="pass the resolved records of the view.")
            )
        return [known[name] for name in self.origins.names]

    @cached_property
    def offsets(self) -> np.ndarray:
        """Record r holds the samples offsets[r]:offsets[r + 1] of every flat array here."""
        return np.cumsum([0] + [len(record) for record in self.ordered])

    @cached_property
    def record_of(self) -> np.ndarray:
        """Index of the record of every sample."""
        return np.repeat(np.arange(len(self.ordered)), np.diff(self.offsets))

    @cached_property
    def inputs(self) -> list[Variable]:
        """The input variables."""
        return [variable for variable in self.variables if variable.role == "input"]

    @cached_property
    def target(self) -> Variable | None:
        """The target variable, if there is one."""
        return next((variable for variable in self.variables if variable.role == "target"), None)

    @property
    def is_class(self) -> bool:
        """Whether the target is a class."""
        return self.target is not None and self.target.classes is not None

    def column(self, name: str) -> np.ndarray:
        """One variable of all samples as float64, NaN where missing (also class index -1)."""
        parts = []
        for record in self.ordered:
            value = record.data[name].to_numpy() if name in record.data else np.full(len(record), np.nan)
            missing = value < 0 if np.issubdtype(value.dtype, np.integer) else False
            parts.append(np.where(missing, np.nan, value.astype(float)))
        return np.concatenate(parts)

    @cached_property
    def input_values(self) -> np.ndarray:
        """All inputs, shape (sample, input)."""
        columns = [self.column(variable.name) for variable in self.inputs]
        return np.stack(columns, axis=1) if columns else np.empty((int(self.offsets[-1]), 0))

    @cached_property
    def target_values(self) -> np.ndarray:
        """The target of all samples, NaN where missing."""
        return np.full(int(self.offsets[-1]), np.nan) if self.target is None else self.column(self.target.name)

    @cached_property
    def labelled(self) -> np.ndarray:
        """Samples that count in a score."""
        known = np.isfinite(self.target_values)
        for record, first, stop in zip(self.ordered, self.offsets[:-1], self.offsets[1:], strict=True):
            table = self.tables.get(record.name)
            if table is not None and table.weight is not None:
                known[first:stop] &= table.weight > 0
        return known

    def read(self, examples: np.ndarray) -> np.ndarray:
        """Mask of the samples that some examples read, `reach` included."""
        rows = along_one(self.origins.reads)[examples]
        before, after = self.reach
        return cover(Ranges(self.origins.record[examples], rows[:, 0] - before, rows[:, 1] + after), self.offsets)

    def scored(self, examples: np.ndarray) -> np.ndarray:
        """Mask of the labelled samples that some examples are scored on."""
        rows = along_one(self.origins.scores)[examples]
        return cover(Ranges(self.origins.record[examples], rows[:, 0], rows[:, 1]), self.offsets) & self.labelled

    def records_in(self, examples: np.ndarray) -> np.ndarray:
        """Indices of the records that some examples come from, sorted."""
        return np.unique(self.origins.record[examples])

    def groups_in(self, examples: np.ndarray, key: str) -> list[str]:
        """Values of one group key among some examples, sorted."""
        return sorted(set(np.asarray(self.origins.groups[key])[self.records_in(examples)].tolist()))
