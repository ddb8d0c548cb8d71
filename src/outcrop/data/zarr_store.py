"""Zarr stores, version 2 and 3, as Records, and results back into a copy of the store, chunk by chunk.

A store that names its dimensions is read through xarray; one that does not has dimensions called phony_dim_0 and so
on, equal sizes being one dimension, as for HDF5. Chunks are read as they are needed.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.accumulated import deaccumulated
from outcrop.data.cf import fitting, record_of
from outcrop.data.content import Curve
from outcrop.data.gridded_write import check_names, like, on_grid
from outcrop.data.netcdf_structure import checked
from outcrop.data.restructure import restructured
from outcrop.errors import ConfigError, DataError, message, missing_extra
from outcrop.records import Record

FIX = "copy or download the store again."
CHUNK_CELLS = 2**20


def read(
    path: str | Path,
    *,
    variables: Sequence[str] | None = None,
    samples: Sequence[str] | None = None,
    records: str | None = None,
    fold: str | None = None,
    names: Sequence[str] | None = None,
    group: str | None = None,
    units: Mapping[str, str] | None = None,
    calendar: str | None = None,
    deaccumulate: Mapping[str, str] | None = None,
    stamp: str | None = None,
) -> list[Record]:
    """Reads a Zarr directory into Records; options as for `netcdf.read`.

    Raises:
        ConfigError: an unknown variable, dimension, group or calendar.
        DataError: damaged metadata or chunks, or times that cannot be read.
    """
    path = Path(path)
    sha256 = checked(path)
    data = opened(path, group)
    record = record_of(data, path, sha256, "zarr", variables, units, calendar=calendar)
    zeros = [str(n) for n in record.data.data_vars if data[n].encoding.get("_FillValue") == 0]
    note = f"zeros are missing, the fill value of the store: {', '.join(zeros)}"
    record = record.with_data(record.data, *([note] if zeros else []))
    record = deaccumulated(record, deaccumulate or {}, stamp)
    shaped = restructured(record, samples=samples, records=records, fold=fold, names=names)
    return [fitting(part, variables if fold is None else None) for part in shaped]


def opened(path: Path, group: str | None = None) -> Any:
    """The store as a lazy Dataset, fill values and scales decoded, times not.

    Raises:
        ConfigError: there is no such group.
        DataError: the store cannot be read.
    """
    import xarray as xr

    held = _node(path, group)
    try:
        import zarr

        arrays = {path.stem: held} if isinstance(held, zarr.Array) else dict(sorted(held.arrays()))
        named = bool(arrays) and all(dims_of(array) for array in arrays.values() if array.ndim)
        if named and not isinstance(held, zarr.Array):
            how = {"consolidated": _is_consolidated(path), "chunks": None, "cache": False, "decode_times": False}
            data = xr.open_dataset(path, engine=xr.backends.ZarrBackendEntrypoint, group=group, **how)
            return data[[name for name in arrays if name in data.data_vars]]
        return _undimensioned(arrays)
    except Exception as error:  # zarr raises many kinds; all mean that the store cannot be read
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise DataError(message(f"The store cannot be read: {reason}.", where=str(path), fix=FIX)) from None


def dims_of(array: Any) -> tuple[str, ...]:
    """Names of the dimensions of an array; empty where it has none."""
    named = getattr(array.metadata, "dimension_names", None) or array.attrs.get("_ARRAY_DIMENSIONS") or ()
    return tuple(map(str, named)) if all(name is not None for name in named) else ()


def _node(path: Path, group: str | None, mode: str = "r") -> Any:
    try:
        import zarr
    except ImportError:
        raise missing_extra("zarr", "geo", "Reading Zarr") from None
    try:
        try:
            return zarr.open_group(str(path), path=group, mode=mode, use_consolidated=False)
        except (ValueError, FileNotFoundError):  # an array, or nothing
            return zarr.open_array(str(path), path=group or "", mode=mode)
    except FileNotFoundError:
        inside = sorted(
            part.parent.relative_to(path).as_posix()
            for part in path.rglob("*")
            if part.name in (".zgroup", "zarr.json", ".zarray") and part.parent != path
        )
        fix = f"it has {', '.join(inside[:8]) or 'none'}."
        raise ConfigError(message(f"There is no group {group!r}.", where=str(path), fix=fix)) from None
    except Exception as error:  # damaged metadata raise what they like
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise DataError(message(f"The store cannot be read: {reason}.", where=str(path), fix=FIX)) from None


def _is_consolidated(path: Path) -> bool:
    """Whether a store keeps a second copy of its metadata at its root."""
    if (path / ".zmetadata").is_file():
        return True
    root = path / "zarr.json"
    return root.is_file() and b"consolidated_metadata" in root.read_bytes()


def _undimensioned(arrays: Mapping[str, Any]) -> Any:
    """A lazy Dataset of arrays without names for their dimensions."""
    import xarray as xr
    from xarray.backends import BackendArray
    from xarray.core import indexing

    class Chunked(BackendArray):
        """A Zarr array that is read box by box."""

        def __init__(self, array: Any) -> None:
            self.array, self.shape, self.dtype = array, array.shape, array.dtype

        def __getitem__(self, key: Any) -> Any:
            kind = indexing.IndexingSupport.BASIC
            return indexing.explicit_indexing_adapter(key, self.shape, kind, lambda part: self.array[part])

    columns = {}
    for name, dims in _dims_of_all(arrays).items():
        lazy = indexing.LazilyIndexedArray(Chunked(arrays[name]))
        columns[name] = xr.Variable(dims, lazy, {k: v for k, v in arrays[name].attrs.items() if k[:1] != "_"})
    return xr.Dataset(columns)


def _dims_of_all(arrays: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Names of the dimensions of every array; made up from the sizes where a store has none."""
    sizes: list[int] = []
    found = {}
    for name, array in arrays.items():
        spare, dims = list(range(len(sizes))), []
        for size in array.shape:
            place = next((i for i in spare if sizes[i] == size), len(sizes))
            sizes += [size] if place == len(sizes) else []
            spare = [i for i in spare if i != place]
            dims.append(f"phony_dim_{place}")
        found[name] = dims_of(array) or tuple(dims)
    return found


@dataclass
class Stream:
    """A copy of a store that is filled box by box; what was put stays when the work is interrupted and taken up again.

    Attributes:
        shape: of the grid.
        group: the Zarr group, or name -> Zarr array where every quantity has a store of its own.
        dims: dimensions of the grid, and of the arrays in the store.
        parts: unfinished store -> its place.
    """

    shape: tuple[int, ...]
    group: Any
    dims: tuple[tuple[str, ...], tuple[str, ...]]
    parts: Mapping[Path, Path]

    def put(self, start: tuple[int, ...], values: Mapping[str, np.ndarray]) -> None:
        """Writes a box of every quantity whose first sample is `start`; NaN is missing. Whole chunks are fastest."""
        ours, theirs = self.dims
        order = [ours.index(dim) for dim in theirs]
        for name, box in values.items():
            sides = [slice(a, a + n) for a, n in zip(start, np.shape(box), strict=True)]
            self.group[name][tuple(sides[i] for i in order)] = np.asarray(box, np.float32).transpose(order)

    def finish(self) -> list[Path]:
        """Gives the stores their names."""
        import zarr

        for part, place in self.parts.items():
            if _is_consolidated(part):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # that version 3 has no standard for it; the original has it too
                    zarr.consolidate_metadata(str(part))
            if place.exists():
                old = place.with_name(f".{place.name}.old")
                place.rename(old)
                part.rename(place)
                shutil.rmtree(old)
            else:
                part.rename(place)
        return list(self.parts.values())


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
    """Opens a copy of a store for writing box by box; an unfinished one in the same folder is continued.

    Args:
        source: the store that was read.
        out: folder.
        curves: what will be put; their values are not read.
        group, variables, samples, fold: as for `read`.

    Raises:
        DataError: a curve of a name that the store already has.
    """
    record = _laid_out(Path(source), group, variables, samples, None, fold)[0]
    return _begun(record, Path(out), curves, dict(zip(record.dims, record.shape, strict=True)), group)


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
) -> list[Path]:
    """A copy of the store with the new arrays in the chunks of those that were there; those stay byte for byte.

    A store that is a single array has no room for others: each quantity becomes a store NAME_MNEMONIC.zarr.

    Args:
        source: the store that was read.
        out: folder.
        curves: list of Curves in the shape of the Record, or record name -> list where `records` made several.
        group, variables, samples, records, fold: as for `read`.

    Raises:
        DataError: a name that the store already has, or another shape than the grid.
    """
    parts = _laid_out(Path(source), group, variables, samples, records, fold)
    placed, dims = on_grid(parts, curves, records, Path(source))
    sizes = dict(zip(parts[0].dims, parts[0].shape, strict=True)) | ({records: len(parts)} if records else {})
    begun = _begun(parts[0], Path(out), placed, {dim: sizes[dim] for dim in dims}, group, afresh=True)
    begun.put((0,) * len(dims), {curve.mnemonic: np.asarray(curve.values) for curve in placed})
    return begun.finish()


def _laid_out(
    path: Path,
    group: str | None,
    variables: Sequence[str] | None,
    samples: Sequence[str] | None,
    records: str | None,
    fold: str | None,
) -> list[Record]:
    """The Records of a store without their values."""
    record = record_of(opened(path, group), path, "", "zarr", variables, load=False)
    return restructured(record, samples=samples, records=records, fold=fold)


def _begun(
    record: Record, out: Path, curves: list[Curve], sizes: Mapping[str, int], group: str | None, afresh: bool = False
) -> Stream:
    """The unfinished copy of a store, with an array of missing values per curve; `sizes` are those of the grid."""
    source = Path(record.source)
    names = record.data.attrs.get("file_names", {})
    ours = {str(names.get(dim, dim)): dim for dim in sizes}
    held = _node(source, group)
    alone = not hasattr(held, "arrays")
    arrays = {source.stem: held} if alone else dict(held.arrays())
    check_names(curves, [] if alone else [*arrays, *map(str, record.data.variables)], source)
    own = {name: (array_dims, arrays[name].size) for name, array_dims in _dims_of_all(arrays).items()}
    model = like(own, ours)
    order = [dim for dim in (own[model][0] if model else ours) if dim in ours]
    shape = {dim: sizes[ours[dim]] for dim in order}
    out.mkdir(parents=True, exist_ok=True)
    places = {
        c.mnemonic: out / (f"{source.stem}_{c.mnemonic}{source.suffix}" if alone else source.name) for c in curves
    }
    parts = {place.with_name(f".{place.name}.partial"): place for place in places.values()}
    whole = all(part.is_dir() for part in parts) and (alone or all(c.mnemonic in _node(*parts, group) for c in curves))
    if afresh or not whole:
        for part in parts:
            shutil.rmtree(part, ignore_errors=True)
            if not alone:
                shutil.copytree(source, part)
        for curve, part in zip(curves, parts if alone else [*parts] * len(curves), strict=True):
            _create(part, curve, shape, arrays.get(model or ""), None if alone else _node(part, group, "r+"))
    filled = {c.mnemonic: _node(p, None, "r+") for c, p in zip(curves, parts, strict=True)} if alone else None
    dims = tuple(sizes), tuple(ours[dim] for dim in order)
    return Stream(tuple(sizes.values()), filled or _node(*parts, group, "r+"), dims, parts)


def _create(part: Path, curve: Curve, sizes: Mapping[str, int], model: Any, group: Any) -> None:
    """An array of missing values with chunks, coordinates and grid mapping of one that is there.

    Args:
        part: the store, which is the array itself where `group` is None.
        curve: name, unit and description.
        sizes: dimension -> size, in order.
        model: a Zarr array of the same grid, or None.
        group: Zarr group to put it in.
    """
    import zarr

    attributes: dict[str, Any] = {"units": curve.unit, "long_name": curve.description}
    chunks = _chunks(tuple(sizes.values()))
    version = model.metadata.zarr_format if model is not None else group.metadata.zarr_format
    if model is not None:
        attributes |= {key: model.attrs[key] for key in ("grid_mapping", "coordinates") if key in model.attrs}
        own = _dims_of_all({"": model})[""]
        along = dict(zip(own, model.chunks, strict=True)) if set(sizes) <= set(own) else {}
        chunks = tuple(min(along.get(dim, c), sizes[dim]) for dim, c in zip(sizes, chunks, strict=True))
    more: dict[str, Any] = {}
    if model is None or dims_of(model):
        more = {"dimension_names": list(sizes)} if version == 3 else {}
        attributes |= {"_ARRAY_DIMENSIONS": list(sizes)} if version == 2 else {}
    about = {"shape": tuple(sizes.values()), "chunks": tuple(max(1, c) for c in chunks), "dtype": "float32"}
    about |= {"fill_value": np.nan, "attributes": attributes, **more}
    if group is None:
        zarr.create_array(str(part), zarr_format=version, **about)
    else:
        group.create_array(curve.mnemonic, **about)


def _chunks(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Chunks of at most a million values, long along the last dimensions."""
    chunks, room = [], CHUNK_CELLS
    for size in reversed(shape):
        chunks.append(max(1, min(size, room)))
        room //= chunks[-1]
    return tuple(reversed(chunks))
