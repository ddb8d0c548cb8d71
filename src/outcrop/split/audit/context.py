"""What the audit looks at: one split with its examples and raw values, all samples of all records end to end."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from outcrop.data.space import LATITUDE, LONGITUDE, cartesian
from outcrop.errors import DataError, message
from outcrop.records import Footprints, Origins, Record
from outcrop.split.promise import Split, named
from outcrop.view.cells import Cells, cells_of

if TYPE_CHECKING:
    from outcrop.data.normalise import Encoded
    from outcrop.data.variable import Variable


KINDS = ("new", "later", "area", "between", "wider", "same_population", "random")


@dataclass(frozen=True)
class AuditContext:
    """One split and everything that could betray it.

    Attributes:
        origins, split: the examples, and which part each is in.
        records: resolved records (canonical variables in physical units, classes as indices, -1 missing).
        variables: with `name`, `role`, `scope` and, for a class target, `classes`.
        normaliser_saw: record name -> ranges of samples the statistics were fitted on.
        tables: encoded records; where given, a sample counts as labelled only if its weight is above 0.
        key: group key of the promise "new = key"; None for other promises.
        reach: samples before and after its READ footprint that a model looks at, along the first dimension or by
            dimension; (0, 0) unless it is run over more than the footprint, as a recurrent network that carries its
            state along the record is.
        neighbour_distance_m: test records closer than this to training are reported.
        held_out: groups tested over all folds of a rotation; by default those of this split.
        buffer_m: distance that the promise keeps between test and training, in metres; 0 where it names none.
        deploy: positions of the records to be predicted (easting, northing or longitude, latitude), if known.
        jitter: dimension -> samples by which training examples are moved at random.
        trained_on: name, sha256, samples and ranges of each record that the network was trained on before this run.
        reconstructs: the target is a copy of inputs by declaration, to be given back.
        upstream: gauge or record name -> names of those upstream of it, whose water it measures again.
    """

    origins: Origins
    split: Split
    records: Sequence[Record]
    variables: Sequence[Variable]
    normaliser_saw: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)
    tables: Mapping[str, Encoded] = field(default_factory=dict)
    key: str | None = None
    reach: tuple[int, int] | Mapping[str, tuple[int, int]] = (0, 0)
    neighbour_distance_m: float = 1000.0
    held_out: int | None = None
    buffer_m: float = 0.0
    deploy: Mapping[str, np.ndarray] = field(default_factory=dict)
    jitter: Mapping[str, int] = field(default_factory=dict)
    upstream: Mapping[str, Sequence[str]] = field(default_factory=dict)
    trained_on: Sequence[Mapping[str, Any]] = ()
    reconstructs: bool = False

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
    def cells(self) -> Cells:
        """The grids of the records, in the order of `origins.names`."""
        return cells_of(self.ordered)

    @property
    def offsets(self) -> np.ndarray:
        """Record r holds the samples offsets[r]:offsets[r + 1] of every flat array here."""
        return self.cells.offsets

    @property
    def record_of(self) -> np.ndarray:
        """Index of the record of every sample."""
        return self.cells.record_of

    @cached_property
    def promises(self) -> frozenset[str]:
        """Kinds of promise that the split keeps: "new", "later", "area", "between", "wider", "same_population"."""
        words = {part.split("=")[0].strip() for part in re.split(r"[,;&+]| and ", self.split.promise.lower())}
        return frozenset(words & set(KINDS) | ({"new"} if self.key else set()))

    @cached_property
    def points(self) -> np.ndarray | None:
        """Where every sample is, in metres: (sample, 2) on a map, (sample, 3) on the sphere; None if unknown."""
        return (
            cartesian({name: self.cells.coordinate(name) for name in self.position_names})
            if (self.position_names)
            else None
        )

    @cached_property
    def position_names(self) -> tuple[str, ...]:
        """Names of the two horizontal coordinates that all records have, or none."""
        for pair in (("easting", "northing"), *zip(LONGITUDE, LATITUDE, strict=True)):
            if all(map(self.cells.has, pair)):
                return pair
        return ()

    @cached_property
    def along(self) -> int:
        """Number of the dimension that examples look back along: the first one with time stamps, else the first."""
        dated = [place for place, dim in enumerate(self.cells.dims) if all(_is_dated(r, dim) for r in self.ordered)]
        return dated[0] if dated else 0

    @property
    def is_dated(self) -> bool:
        """Whether `along` runs along time stamps."""
        return all(_is_dated(record, self.cells.dims[self.along]) for record in self.ordered)

    @cached_property
    def inputs(self) -> list[Variable]:
        """The input variables, but those that are hidden where an example is scored."""
        hidden = self.origins.hidden
        return [variable for variable in self.variables if variable.role == "input" and variable.name not in hidden]

    @cached_property
    def target(self) -> Variable | None:
        """The target variable, if there is one."""
        return next((variable for variable in self.variables if variable.role == "target"), None)

    @property
    def is_class(self) -> bool:
        """Whether the target is a class."""
        return self.target is not None and self.target.classes is not None

    def column(self, name: str) -> np.ndarray:
        """One variable of all samples as float64, NaN where missing; of several components the first.

        Missing integers are negative class indices, or the code in `attrs["missing"]`.
        """
        numbers = {v.name for v in self.variables if getattr(v, "classes", None) is None}
        parts = []
        for record in self.ordered:
            if name not in record.data:
                parts.append(np.full(len(record), np.nan))
                continue
            value, code = record.flat(name), record.data[name].attrs.get("missing")
            value = value if value.ndim == 1 else value[:, 0]
            missing = value == code if code is not None else False
            if np.issubdtype(value.dtype, np.integer) and name not in numbers:
                missing = missing | (value < 0)
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
                known[first:stop] &= table.weight.reshape(len(record), -1).max(axis=1) > 0
        return known

    @cached_property
    def _masks(self) -> dict[tuple[str, int], np.ndarray]:
        """Masks of samples that were asked for already: checks ask for the same parts again and again."""
        return {}

    def read(self, examples: np.ndarray, reach: bool = True) -> np.ndarray:
        """Mask of the samples that some examples read, those within `reach` of the model included; read only."""
        key = (f"read {reach}", hash(np.asarray(examples).tobytes()))
        if key not in self._masks:
            record, reads = self.origins.record[examples], self.origins.reads.take(examples)
            self._masks[key] = self.cells.cover(record, self._widened(record, reads) if reach else reads)
            self._masks[key].flags.writeable = False
        return self._masks[key]

    def scored(self, examples: np.ndarray) -> np.ndarray:
        """Mask of the labelled samples that some examples are scored on; read only."""
        key = ("scored", hash(np.asarray(examples).tobytes()))
        if key not in self._masks:
            record, scores = self.origins.record[examples], self.origins.scores.take(examples)
            self._masks[key] = self.cells.cover(record, scores) & self.labelled
            self._masks[key].flags.writeable = False
        return self._masks[key]

    def records_in(self, examples: np.ndarray) -> np.ndarray:
        """Indices of the records that some examples come from, sorted."""
        return np.unique(self.origins.record[examples])

    def group_codes(self, key: str) -> tuple[np.ndarray, np.ndarray]:
        """The values of a group key, and the place of every sample's value among them, shape (sample,).

        A key of whole records, or a coordinate of samples (`station` along a dimension).
        """
        if key in self.origins.groups:
            names, code = np.unique(np.asarray(self.origins.groups[key]), return_inverse=True)
            return names, code[self.record_of]
        known: dict[str, int] = {}
        parts = []
        for record in self.ordered:
            own, code = np.unique(record.data[key].to_numpy().astype(str), return_inverse=True)
            place = np.array([known.setdefault(name, len(known)) for name in own.tolist()])
            coded = record.data[key].copy(data=place[code].reshape(record.data[key].shape)).reset_coords(drop=True)
            parts.append(record.with_data(record.data.drop_vars(key).assign(**{key: coded})).flat(key))
        order = np.argsort(list(known))
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        return np.array(list(known))[order], rank[np.concatenate(parts)]

    def groups_in(self, examples: np.ndarray, key: str) -> list[str]:
        """Values of one group key among some examples, sorted."""
        if key in self.origins.groups:
            return sorted(set(np.asarray(self.origins.groups[key])[self.records_in(examples)].tolist()))
        names, code = self.group_codes(key)
        touched = self.cells.cover(self.origins.record[examples], self.origins.scores.take(examples))
        return names[np.unique(code[touched])].tolist()

    def reach_along(self, dim: str) -> tuple[int, int]:
        """Samples before and after along one dimension that the model looks at beyond what it reads."""
        reach = self.reach if isinstance(self.reach, Mapping) else {self.cells.dims[0]: self.reach}
        before, after = reach.get(dim, (0, 0))
        return int(before), int(after)

    def _widened(self, record: np.ndarray, prints: Footprints) -> Footprints:
        """Footprints with the reach of the model on both sides, as boxes."""
        dims = self.cells.dims
        if not any(any(self.reach_along(dim)) for dim in dims):
            return prints
        start, stop = self.cells.boxes(record, prints)
        ranges = {}
        for place, dim in enumerate(dims):
            before, after = self.reach_along(dim)
            ranges[dim] = np.stack([start[:, place] - before, stop[:, place] + after], axis=1)
        return Footprints(ranges)


def _is_dated(record: Record, dim: str) -> bool:
    return dim in record.data.coords and record.data[dim].dtype.kind in "MO"
