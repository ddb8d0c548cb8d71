"""Boxes cut from grids: sections, images, cubes, traces; predictions of overlapping boxes are blended with a taper.

Dimensions that `size` does not name are taken one index at a time: `{latitude = 32, longitude = 32}` on a field in time
makes maps of single times, `{twt = 128}` on a cube makes windows along every trace. On longitudes that go around the
globe patches cross the seam. `"whole"` takes all that a record has along a dimension, so that a network trained on
coarse grids is asked about finer ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.records import Batch, Footprints, Origins, Record
from outcrop.view import origins as columns
from outcrop.view.boxes import Boxes, blend, boxes, cell_area, take
from outcrop.view.cells import Cells, cells_of
from outcrop.view.rows import OnePerSample
from outcrop.view.taper import starts_over, tapered
from outcrop.view.view import by_record

if TYPE_CHECKING:
    from outcrop.data.normalise import Encoded


WHOLE = "whole"
"""The size of a patch along a dimension that it takes whole."""
FEWEST_IN_SLICES = 512
"""Samples of a patch from which adding slices is quicker than counting samples."""


@dataclass(frozen=True)
class Patches(OnePerSample):
    """Examples of boxes of equal size. Built by `patches`.

    Attributes:
        origins: one row per example; footprints end with the grid where a patch is larger than it.
        size, stride: samples per patch, and from patch to patch, along each of `dims`.
        dims: dimensions of a patch, in the order of the grid.
        cells: the grids of the records.
        area_weight: whether samples count by the area of their cell on grids of degrees.
        whole: dimensions that every patch takes whole.
    """

    origins: Origins
    size: tuple[int, ...]
    stride: tuple[int, ...]
    dims: tuple[str, ...]
    cells: Cells
    area_weight: bool = True
    whole: tuple[str, ...] = ()
    kind: str = "patches"

    @property
    def read_size(self) -> int:
        return max(self.size)

    @property
    def of_fields(self) -> bool:
        """Whether every example is a whole field: a record, or all of it at one index of the other dimensions."""
        return self.whole == self.dims

    def numbers(self, index: np.ndarray) -> np.ndarray:
        """The number of every sample of some patches among those of all records, shape (example, *size)."""
        index = np.asarray(index)
        first = self.cells.offsets[self.origins.record[index]]
        return self._boxes(index).samples + first.reshape(-1, *(1,) * len(self.size))

    def input_shape(self, channels: int) -> tuple[int, ...]:
        """(*size, channel)."""
        return (*self.size, channels)

    def room(self, part: np.ndarray) -> np.ndarray:
        """First and last start along each dimension that keeps a patch inside what `part` reads.

        Shape (all examples, dimension, 2). A patch moves along one dimension at a time as far as half a stride, and
        only where all that it would read there is read by `part` already.
        """
        start = np.stack([self.origins.reads.ranges[dim][:, 0] for dim in self.dims], axis=1)
        room = np.repeat(start[:, :, None], 2, axis=2)
        part = np.asarray(part)
        if not len(part):
            return room
        origins = self.origins.take(part)
        mask = self.cells.cover(origins.record, origins.reads)
        low, high = self.cells.boxes(origins.record, origins.reads)
        for number, dim in enumerate(self.dims):
            half = 0 if dim in self.whole else self.stride[number] // 2
            for side, shift in ((0, -half), (1, half)):
                ranges = dict(origins.reads.ranges)
                moved = np.stack([start[part, number] + shift, start[part, number] + shift + self.size[number]], axis=1)
                ranges[dim] = moved
                wanted = np.prod(np.where([d == dim for d in self.cells.dims], self.size[number], high - low), axis=1)
                inside = self.cells.count(mask, origins.record, Footprints(ranges)) == wanted
                if dim not in self.cells.periodic:
                    inside &= (moved[:, 0] >= 0) & (
                        moved[:, 1] <= self.cells.shapes[origins.record][:, self._place(dim)]
                    )
                room[part, number, side] += np.where(inside, shift, 0)
        return room

    def _place(self, dim: str) -> int:
        return self.cells.dims.index(dim)

    def _boxes(self, index: np.ndarray, starts: np.ndarray | None = None) -> Boxes:
        """The samples of some patches, moved to `starts` (example, dimension) where given."""
        first = {dim: self.origins.reads.ranges[dim][index, 0] for dim in self.cells.dims}
        if starts is not None:
            first |= {dim: starts[:, number] for number, dim in enumerate(self.dims)}
        size = dict(zip(self.dims, self.size, strict=True))
        return boxes(self.cells, self.origins.record[index], first, size)

    def gather(
        self,
        tables: Mapping[str, Encoded],
        index: np.ndarray,
        *,
        rng: np.random.Generator | None = None,
        room: np.ndarray | None = None,
    ) -> Batch:
        """Inputs (example, *size, channel), target and weight (example, *size).

        Samples beyond the grid have inputs 0, weight 0 and no target. `rng` moves patches inside `room`.
        """
        index = np.asarray(index)
        starts = None
        if rng is not None:
            low, high = np.moveaxis((self.room(index) if room is None else room)[index], 2, 0)
            starts = rng.integers(low, high + 1)
        found = self._boxes(index, starts)
        batch = take(found, self.origins.names, tables)
        if batch.weight is None or not self.area_weight:
            return batch
        area = np.asarray(cell_area(self.cells, found))
        return batch._replace(weight=batch.weight * (area if batch.weight.ndim == area.ndim else area[..., None]))

    def stitch(self, index: np.ndarray, values: np.ndarray) -> dict[str, np.ndarray]:
        """Values (example, *size, out) on their records, flat; overlaps are averaged with Hann weights."""
        index, values = np.asarray(index), np.asarray(values)
        taper = tapered(self.size).astype(np.float32)
        out: dict[str, np.ndarray] = {}
        for which, place in by_record(self.origins.record[index]):
            first = self._first(index[place])
            if self.cells.periodic or taper.size < FEWEST_IN_SLICES:
                out[self.origins.names[which]] = self._blended(which, index[place], values[place], taper)
            else:
                out[self.origins.names[which]] = self._added(which, first, values[place], taper)
        return out

    def _first(self, index: np.ndarray) -> np.ndarray:
        """First index along every dimension of the grid, shape (example, dimension)."""
        return np.stack([self.origins.reads.ranges[dim][index, 0] for dim in self.cells.dims], axis=1)

    def _blended(self, which: int, index: np.ndarray, values: np.ndarray, taper: np.ndarray) -> np.ndarray:
        """Means by the number of each sample: also over the seam, and for patches of few samples."""
        _, flat, inside = self._boxes(index)
        weight = np.broadcast_to(taper, flat.shape)
        size = int(np.diff(self.cells.offsets)[which])
        return blend(flat[inside], values[inside], weight[inside], size)

    def _added(self, which: int, first: np.ndarray, values: np.ndarray, taper: np.ndarray) -> np.ndarray:
        """The same, patch by patch, on slices of the grid."""
        shape = tuple(self.cells.shapes[which].tolist())
        kind = np.result_type(values, np.float32)
        total, summed = np.zeros(shape, np.float32), np.zeros((*shape, values.shape[-1]), kind)
        sides = [self.size[self.dims.index(dim)] if dim in self.dims else 1 for dim in self.cells.dims]
        weight = taper.reshape(sides)
        for start, patch in zip(
            first.tolist(), (values * taper[..., None]).reshape(-1, *sides, values.shape[-1]), strict=True
        ):
            box = tuple(slice(a, a + side) for a, side in zip(start, sides, strict=True))
            kept = tuple(slice(0, min(side, n - a)) for a, side, n in zip(start, sides, shape, strict=True))
            total[box] += weight[kept]
            summed[box] += patch[kept]
        with np.errstate(invalid="ignore"):
            summed /= total[..., None]  # 0 / 0 is NaN where no patch lies
        return summed.reshape(-1, values.shape[-1])


def patches(
    records: Sequence[Record],
    size: Mapping[str, int | str] | str,
    stride: int | Mapping[str, int] | None = None,
    *,
    labelled: Mapping[str, np.ndarray] | None = None,
    area_weight: bool = True,
) -> Patches:
    """Patches over every grid; the last one along each dimension is shifted back to end with the grid.

    Args:
        records: only their grids, names, groups, coordinates and positions are used.
        size: dimension -> samples per patch, or "whole"; "whole" alone for every dimension.
        stride: samples from patch to patch, one number or per dimension; by default half the size.
        labelled: record name -> mask per sample; patches without any label are left out.
        area_weight: samples count by the area of their cell on grids of degrees.

    Raises:
        ConfigError: an unknown dimension, a size or stride that leaves samples uncovered, or records of several sizes
            along a dimension that is taken whole.
    """
    cells = cells_of(records)
    asked = dict.fromkeys(cells.dims, size) if isinstance(size, str) else dict(size)
    whole = tuple(dim for dim in cells.dims if asked.get(dim) == WHOLE)
    dims, sizes, strides = _sizes(cells, {**asked, **_extents(cells, whole)}, stride, whole)
    sides = {dim: [] for dim in cells.dims}
    record = []
    for which, shape in enumerate(cells.shapes.tolist()):
        starts = []
        for dim, extent in zip(cells.dims, shape, strict=True):
            if dim not in dims:
                starts.append(np.arange(extent))
            elif dim in cells.periodic and extent >= sizes[dims.index(dim)]:
                starts.append(np.arange(0, extent, strides[dims.index(dim)]))
            else:
                starts.append(starts_over(extent, sizes[dims.index(dim)], strides[dims.index(dim)]))
        mesh = np.meshgrid(*starts, indexing="ij")
        record.append(np.full(mesh[0].size, which))
        for dim, first, extent in zip(cells.dims, mesh, shape, strict=True):
            length = sizes[dims.index(dim)] if dim in dims else 1
            first = first.ravel()
            stop = first + length if dim in cells.periodic and extent >= length else np.minimum(first + length, extent)
            sides[dim].append(np.stack([first, stop], axis=1))
    prints = Footprints({dim: np.concatenate(rows) for dim, rows in sides.items()})
    numbers = np.concatenate(record)
    mask = columns.labelled_flat(records, labelled)
    if mask is not None:
        keep = np.flatnonzero(cells.count(mask, numbers, prints))
        prints, numbers = prints.take(keep), numbers[keep]
    return Patches(columns.build(cells, numbers, prints, prints), sizes, strides, dims, cells, area_weight, whole)


def _extents(cells: Cells, whole: Sequence[str]) -> dict[str, int]:
    """The size that all records have along each of some dimensions."""
    found = {}
    for dim in whole:
        extents = np.unique(cells.shapes[:, cells.dims.index(dim)]).tolist()
        if len(extents) > 1:
            what = (
                f"Records have {' and '.join(map(str, extents[:4]))} samples along {dim!r}, and a batch holds one size."
            )
            fix = "train on records of one size; outcrop predict takes them of any size afterwards."
            raise ConfigError(message(what, where="data.view.size", fix=fix))
        found[dim] = int(extents[0])
    return found


def _sizes(
    cells: Cells, size: Mapping[str, Any], stride: int | Mapping[str, int] | None, whole: Sequence[str] = ()
) -> tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...]]:
    for dim in [*size, *(stride if isinstance(stride, Mapping) else ())]:
        if dim not in cells.dims:
            fix = f"the dimensions are {', '.join(cells.dims)}{did_you_mean(dim, cells.dims)}."
            raise ConfigError(message(f"Records do not run along {dim!r}.", where="data.view.size", fix=fix))
    if not size:
        fix = f"size = {{{cells.dims[-1]} = 64}}"
        raise ConfigError(message("A patch needs a size along at least one dimension.", where="data.view", fix=fix))
    dims = tuple(dim for dim in cells.dims if dim in size)
    sizes = tuple(int(size[dim]) for dim in dims)
    steps = []
    for dim, length in zip(dims, sizes, strict=True):
        own = stride.get(dim) if isinstance(stride, Mapping) else stride
        steps.append(length if dim in whole else max(length // 2, 1) if own is None else int(own))
    for dim, length, step in zip(dims, sizes, steps, strict=True):
        if length < 1 or not 1 <= step <= length:
            what = f"Patches need size >= 1 and 1 <= stride <= size along {dim}, got {length} and {step}."
            raise ConfigError(message(what, where="data.view", fix=f"size = {{{dim} = 64}}, stride = {{{dim} = 32}}"))
    return dims, sizes, tuple(steps)
