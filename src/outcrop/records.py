"""The nouns that travel through the whole path: Record, Footprints, Origins and Batch.

Nothing here knows a file format, a network or JAX. A Record is one acquisition (well, line, station, scene).
Views cut Records into examples; what an example reads and what it is scored on are index ranges into its Record,
kept as columns of an `Origins` table. Split and plots work on Origins alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Record:
    """One acquisition, as labelled arrays with units.

    Attributes:
        data: variables along named dimensions, with coordinates. Each variable carries `attrs["units"]`.
        name: unique name within a run, as a person would write it ("31/2-1").
        groups: group key -> value (`well`, `well_root`, `field`, `station` ...); always holds `record`.
        source: path of the file it came from, or the name of a registered data set.
        sha256: hash of that file.
        format: reader that made it ("las", "table", ...); the writer of the same name writes it back.
        position: scalar coordinates of the whole record in the run's frame (`easting`, `northing`, ...), where known.
        notes: what the reader or the resolver did to it, in words, for the report.
        dims: dimensions of the grid of samples, in C order: `("depth",)` for a well, `("time", "latitude",
            "longitude")` for a weather field, `("inline", "crossline", "twt")` for a cube, `("level", "node")` for a
            mesh. By default the first dimension of `data` alone. A *sample* is one cell of this grid; arrays "per
            sample" run over the raveled grid.
    """

    data: xr.Dataset
    name: str
    groups: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    sha256: str = ""
    format: str = ""
    position: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    dims: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "groups", {"record": self.name, **self.groups})
        object.__setattr__(self, "dims", tuple(self.dims) or (str(next(iter(self.data.sizes))),))

    @property
    def dim(self) -> str:
        """Name of the first dimension of the grid: the one that a well, a series or a field in time runs along."""
        return self.dims[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """Size of the grid along each of `dims`."""
        return tuple(int(self.data.sizes[dim]) for dim in self.dims)

    def __len__(self) -> int:
        return prod(self.shape)

    @property
    def axis(self) -> np.ndarray:
        """Coordinate along `dim` of every sample (depth in metres, time stamps, row numbers), shape (sample,)."""
        along = self.data[self.dim].to_numpy()
        return along if len(self.dims) == 1 else np.repeat(along, len(self) // max(len(along), 1))

    @property
    def place(self) -> np.ndarray:
        """Number of the cell along all dimensions but the first of every sample, shape (sample,); 0 without others."""
        inner = prod(self.shape[1:])
        return np.arange(len(self)) % max(inner, 1)

    def flat(self, name: str) -> np.ndarray:
        """A variable or coordinate of every sample, shape (sample,), or (sample, k) where it has one more dimension.

        A variable that lacks some of `dims` (an elevation map beside a field in time) is repeated along them.
        """
        array = self.data[name]
        further = [dim for dim in array.dims if dim not in self.dims]
        own = [dim for dim in self.dims if dim in array.dims]
        if array.dims != (*own, *further):  # a transposition that changes nothing takes a millisecond
            array = array.transpose(*own, *further)
        values = array.to_numpy()
        tail = values.shape[len(own) :]
        if tuple(own) != self.dims:
            sizes = [size if dim in own else 1 for dim, size in zip(self.dims, self.shape, strict=True)]
            values = np.broadcast_to(values.reshape(*sizes, *tail), (*self.shape, *tail))
        return values.reshape(len(self), *tail)

    def with_data(self, data: xr.Dataset, *notes: str) -> Record:
        """The same acquisition with other arrays; `notes` say what was done."""
        return replace(self, data=data, notes=self.notes + notes)


@dataclass(frozen=True)
class Members:
    """Scattered places along one dimension, such as the hidden nodes of a graph; many examples share few sets of them.

    Attributes:
        sets: sorted index arrays.
        which: the set of every example, shape (example,).
    """

    sets: Sequence[np.ndarray]
    which: np.ndarray

    def __len__(self) -> int:
        return len(self.which)

    def __getitem__(self, i: int) -> np.ndarray:
        return self.sets[int(self.which[i])]

    def take(self, index: np.ndarray) -> Members:
        """Those of some of the examples."""
        return Members(self.sets, self.which[np.asarray(index)])


@dataclass(frozen=True)
class Footprints:
    """For each of n examples, the box of its record it touches: half-open ranges, or sets of places, per dimension.

    A dimension of the record that is in neither is touched whole.

    Attributes:
        ranges: dimension -> integers of shape (example, 2), start and stop, half open. On a periodic dimension
            (longitudes around the globe) a stop beyond the size wraps around.
        members: dimension -> scattered places (hidden nodes of a graph, inpainting masks). A dimension is in one of
            the two, never in both.
    """

    ranges: Mapping[str, np.ndarray] = field(default_factory=dict)
    members: Mapping[str, Members] = field(default_factory=dict)

    def take(self, index: np.ndarray) -> Footprints:
        """The footprints of some of the examples."""
        members = {dim: rows.take(index) for dim, rows in self.members.items()}
        return Footprints({dim: rows[index] for dim, rows in self.ranges.items()}, members)


@dataclass(frozen=True)
class Origin:
    """Where one example comes from: `reads` feeds the network, `scores` is compared with the target."""

    record: str
    reads: Mapping[str, Any]
    scores: Mapping[str, Any]
    groups: Mapping[str, str]
    position: Mapping[str, Any]


@dataclass(frozen=True)
class Origins:
    """The origins of n examples, by columns.

    Attributes:
        record: index of each example's record in `names`, shape (example,).
        names: record names.
        groups: group key -> value per RECORD, shape (record,).
        reads, scores: the two footprints of every example. A forecast reads history and scores the horizon; a halo is
            read and not scored; a graph example reads all nodes and scores the hidden ones.
        position: coordinate name -> value per example (`depth`, `time`, `easting`, ...), centre of `scores`.
        past: what inputs are read on whose future is not known; None where every input is read on all of `reads`.
        future: names of the inputs that are read on all of `reads` nevertheless.
        hidden: names of the inputs that are not read where an example is scored (the known target of a network).
    """

    record: np.ndarray
    names: tuple[str, ...]
    groups: Mapping[str, np.ndarray]
    reads: Footprints
    scores: Footprints
    position: Mapping[str, np.ndarray] = field(default_factory=dict)
    past: Footprints | None = None
    future: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.record)

    def __getitem__(self, i: int) -> Origin:
        row = self.take(np.asarray([i]))
        which = int(self.record[i])

        def one(prints: Footprints) -> dict[str, Any]:
            ranges = {dim: (int(value[0, 0]), int(value[0, 1])) for dim, value in prints.ranges.items()}
            return ranges | {dim: value[0] for dim, value in prints.members.items()}

        groups = {key: str(value[which]) for key, value in self.groups.items()}
        position = {key: value[i] for key, value in self.position.items()}
        return Origin(self.names[which], one(row.reads), one(row.scores), groups, position)

    def take(self, index: np.ndarray) -> Origins:
        """The origins of some of the examples, in the order of `index`."""
        index = np.asarray(index)
        position = {key: value[index] for key, value in self.position.items()}
        prints = {"reads": self.reads.take(index), "scores": self.scores.take(index)}
        past = None if self.past is None else self.past.take(index)
        return replace(self, record=self.record[index], position=position, past=past, **prints)

    def reads_of(self, name: str) -> Footprints:
        """Where the input called `name` is read."""
        return self.reads if self.past is None or name in self.future else self.past

    def group(self, key: str) -> np.ndarray:
        """The value of one group key for every example, shape (example,)."""
        return np.asarray(self.groups[key])[self.record]


class Batch(NamedTuple):
    """Named arrays with a leading example axis (a pytree); `shared` has none and is common to all examples.

    `inputs` may be any pytree a model accepts; `target` is class indices (int32) or scaled numbers (float32);
    `weight` has the target's shape and is 0 where it is missing; `shared` is a graph, a grid or collocation geometry.
    """

    inputs: Any
    target: Any = None
    weight: Any = None
    static: Any = None
    shared: Any = None
