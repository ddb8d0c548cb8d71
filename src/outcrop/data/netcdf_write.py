"""Results into copies of NetCDF and HDF5 files; what was there keeps values, attributes and encodings.

A file of NetCDF 4 or HDF5 is copied byte for byte and new variables are added to the copy; one of NetCDF 3 gets a
longer header (`netcdf_classic`). New variables are float32, NaN where missing, with the chunks, the grid mapping and
the auxiliary coordinates of their like; those of NetCDF 4 are compressed.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data import netcdf_classic
from outcrop.data.cf import record_of
from outcrop.data.content import Curve, replacing
from outcrop.data.gridded_write import check_names, like, on_grid
from outcrop.data.netcdf import dataset_names, is_classic, opened
from outcrop.data.restructure import restructured
from outcrop.records import Record

KEPT = ("grid_mapping", "coordinates")
SLAB_BYTES = 64 * 2**20
COMPRESSED_CELLS = 1000


def write(
    source: str | Path,
    out: str | Path,
    curves: Any,
    *,
    group: str | None = None,
    variables: Sequence[str] | None = None,
    samples: Sequence[str] | None = None,
    records: str | None = None,
    fold: str | None = None,
) -> Path:
    """A copy of the file with the new variables, under the same name.

    Args:
        source: the file that was read.
        out: folder.
        curves: list of Curves in the shape of the Record, or record name -> list where `records` made several.
        group, variables, samples, records, fold: as for `read`.

    Raises:
        DataError: a name that the file already has, or another shape than the grid.
    """
    source = Path(source)
    parts = _laid_out(source, group, variables, samples, records, fold)
    placed, dims = on_grid(parts, curves, records, source)
    check_names(placed, _names(source, group), source)
    names = parts[0].data.attrs.get("file_names", {})
    place = Path(out) / source.name
    with replacing(place) as partial:
        shutil.copyfile(source, partial)
        append(partial, placed, [str(names.get(dim, dim)) for dim in dims], group)
    return place


def append(path: Path, curves: Sequence[Curve], dims: Sequence[str], group: str | None = None) -> None:
    """Adds variables to a file in place.

    Args:
        path: NetCDF 3 or 4 or HDF5.
        curves: with values of the shape of `dims`.
        dims: dimensions as the file calls them.
        group: of the new variables, or the data set beside which they go.
    """
    if is_classic(path):
        _append_classic(path, curves, dims)
    elif any(dim.startswith("phony_dim_") for dim in dims):
        _append_plain(path, curves, group)
    else:
        _append_hdf5(path, curves, dims, group)


def _append_hdf5(path: Path, curves: Sequence[Curve], dims: Sequence[str], group: str | None) -> None:
    import h5netcdf

    place = _group_of(path, group)
    with h5netcdf.File(path, "a", phony_dims="sort") as file:
        held = file[place] if place else file
        model = like({name: (v.dimensions, int(np.prod(v.shape))) for name, v in held.variables.items()}, dims)
        for curve in curves:
            order, attributes, packing = list(dims), {"units": curve.unit, "long_name": curve.description}, {}
            values = curve.values
            if model is not None:
                old = held.variables[model]
                order = [dim for dim in old.dimensions if dim in dims]
                attributes |= {key: old.attrs[key] for key in KEPT if key in old.attrs}
                sizes = dict(zip(old.dimensions, old.chunks or old.shape, strict=True))
                packing = {"chunks": tuple(sizes[dim] for dim in order)} if old.chunks else {}
            if np.size(values) > COMPRESSED_CELLS:
                packing |= {"compression": "gzip", "compression_opts": 4}
            new = held.create_variable(curve.mnemonic, tuple(order), "f4", fillvalue=np.float32(np.nan), **packing)
            turned = np.moveaxis(values, [list(dims).index(dim) for dim in order], range(len(order)))
            for rows in _slabs(turned):
                new[rows] = np.asarray(turned[rows], np.float32)
            for key, value in attributes.items():
                if not isinstance(value, str) or value:  # the library cannot write an empty text
                    new.attrs[key] = value


def _append_plain(path: Path, curves: Sequence[Curve], group: str | None) -> None:
    """HDF5 data sets without dimension scales."""
    import h5py

    with h5py.File(path, "a") as file:
        held = file[_group_of(path, group) or "/"]
        for curve in curves:
            packing = {"compression": "gzip"} if np.size(curve.values) > COMPRESSED_CELLS else {}
            new = held.create_dataset(curve.mnemonic, np.shape(curve.values), "f4", fillvalue=np.nan, **packing)
            for rows in _slabs(curve.values):
                new[rows] = np.asarray(curve.values[rows], np.float32)
            new.attrs.update({"units": curve.unit, "long_name": curve.description})


def _append_classic(path: Path, curves: Sequence[Curve], dims: Sequence[str]) -> None:
    held = netcdf_classic.header(path)
    names = list(held.dims)
    own = {v.name: (tuple(names[dim] for dim in v.dims), v.size) for v in held.variables}
    model = like(own, dims)
    order = [dim for dim in own[model][0] if dim in dims] if model else list(dims)
    turn = [list(dims).index(dim) for dim in order]
    turned = [replace(curve, values=np.moveaxis(curve.values, turn, range(len(order)))) for curve in curves]
    text = next((v.text for v in held.variables if v.name == model), {})
    with replacing(path) as partial:
        kept = {key: text[key] for key in KEPT if key in text}
        netcdf_classic.append(path, partial, turned, order, kept)


def _slabs(values: np.ndarray) -> Iterator[tuple[slice, ...]]:
    """Pieces along the first dimension of at most SLAB_BYTES."""
    if not values.ndim or not values.size:
        return
    step = max(1, SLAB_BYTES // max(1, 4 * values[0].size))
    for first in range(0, len(values), step):
        yield (slice(first, min(first + step, len(values))),)


def _group_of(path: Path, group: str | None) -> str | None:
    if group is None or dataset_names(path, group) is None:
        return group
    return group.strip("/").rpartition("/")[0] or None


def _names(path: Path, group: str | None) -> list[str]:
    """Every name in the group of a file."""
    if is_classic(path):
        with opened(path) as data:
            return [*map(str, data.variables), *map(str, data.dims)]
    import h5py

    with h5py.File(path, "r") as file:
        return list(file[_group_of(path, group) or "/"])


def _laid_out(
    path: Path,
    group: str | None,
    variables: Sequence[str] | None,
    samples: Sequence[str] | None,
    records: str | None,
    fold: str | None,
) -> list[Record]:
    """The Records of a file without their values."""
    with opened(path, group) as data:
        chosen = dataset_names(path, group) or variables
        record = record_of(data, path, "", "netcdf", chosen, load=False)
        return restructured(record, samples=samples, records=records, fold=fold)


@dataclass
class Stream:
    """New variables of a file, filled box by box; what was put stays when the work is interrupted and taken up again.

    Until `finish`, each quantity lies in a plain array file beside the result: an HDF5 file that is open when its
    process dies cannot be trusted afterwards.

    Attributes:
        source, place: the file and its copy to be.
        curves: what is put, without values.
        dims: dimensions as the file calls them.
        group: of the new variables.
        parts: name -> array file.
        maps: name -> array, shape of the grid.
    """

    source: Path
    place: Path
    curves: Sequence[Curve]
    dims: Sequence[str]
    group: str | None
    parts: Mapping[str, Path]
    maps: dict[str, np.memmap]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the grid."""
        return next(iter(self.maps.values())).shape

    def put(self, start: tuple[int, ...], values: Mapping[str, np.ndarray]) -> None:
        """Writes a box of every quantity whose first sample is `start`; NaN is missing."""
        for name, box in values.items():
            sides = tuple(slice(a, a + n) for a, n in zip(start, np.shape(box), strict=True))
            self.maps[name][sides] = box

    def finish(self) -> list[Path]:
        """Writes the copy of the file and removes the array files."""
        with replacing(self.place) as partial:
            shutil.copyfile(self.source, partial)
            held = [replace(curve, values=self.maps[curve.mnemonic]) for curve in self.curves]
            append(partial, held, self.dims, self.group)
        for name, part in self.parts.items():
            self.maps.pop(name)
            part.unlink()
        return [self.place]


def stream(
    source: str | Path,
    out: str | Path,
    curves: list[Curve],
    *,
    group: str | None = None,
    variables: Sequence[str] | None = None,
    samples: Sequence[str] | None = None,
    fold: str | None = None,
) -> Stream:
    """Opens a copy of a file for writing box by box; an unfinished one in the same folder is continued.

    Args:
        source: the file that was read.
        out: folder.
        curves: what will be put; their values are not read.
        group, variables, samples, fold: as for `read`.

    Raises:
        DataError: a name that the file already has.
    """
    source, out = Path(source), Path(out)
    record = _laid_out(source, group, variables, samples, None, fold)[0]
    check_names(curves, _names(source, group), source)
    names = record.data.attrs.get("file_names", {})
    out.mkdir(parents=True, exist_ok=True)
    parts = {curve.mnemonic: out / f".{source.name}.{curve.mnemonic}.partial.npy" for curve in curves}
    maps = {name: _map(part, record.shape) for name, part in parts.items()}
    dims = [str(names.get(dim, dim)) for dim in record.dims]
    return Stream(source, out / source.name, curves, dims, group, parts, maps)


def _map(part: Path, shape: tuple[int, ...]) -> np.memmap:
    """The array file of this shape, made of NaN where there is none yet."""
    if part.is_file():
        try:
            held = np.lib.format.open_memmap(part, "r+")
            if held.shape == shape and held.dtype == np.float32:
                return held
        except ValueError:  # of another run, cut short
            part.unlink()
    with replacing(part) as partial:
        new = np.lib.format.open_memmap(partial, "w+", np.float32, shape)
        for rows in _slabs(new):
            new[rows] = np.nan
        new.flush()
        del new
    return np.lib.format.open_memmap(part, "r+")
