"""Prediction of records larger than memory, block by block: resumable, by region, and estimated before it is done.

A block is read with a margin of one patch on every side, predicted as an ordinary record, and written without the
margin; the next block is read meanwhile. A list of finished blocks lies beside the output until the last is written.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from outcrop.data.content import Curve
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.records import Record
from outcrop.run.cutouts import cutout
from outcrop.run.folder import write_text
from outcrop.run.freed import give_back_freed_memory

READ_BYTES, WORK_BYTES, WORKERS = 48 * 2**20, 96 * 2**20, 2
"""Memory for a block as it is read, and for each of the pieces of it that are predicted at a time."""


@dataclass(frozen=True)
class Block:
    """A box of the record: what is written, and what is read for it (with the margin)."""

    inner: tuple[slice, ...]
    outer: tuple[slice, ...]


def blocks(
    record: Record,
    margin: Mapping[str, int],
    region: Mapping[str, tuple[Any, Any]] | None = None,
    most: int = 500_000,
    read: int = 2_000_000,
) -> list[Block]:
    """Boxes that cover the record, or a region of it, in C order.

    Args:
        record: whose grid is cut.
        margin: dimension -> samples read beyond the block on both sides.
        region: dimension -> first and last coordinate wanted.
        most: samples that are predicted at a time, about; a block is two margins long at least.
        read: samples read for a block, about.

    Raises:
        ConfigError: an unknown dimension, or a region without samples.
    """
    spans = [_span(record, dim, region or {}) for dim in record.dims]
    for dim in region or {}:
        if dim not in record.dims:
            fix = f"the dimensions are {', '.join(record.dims)}{did_you_mean(dim, record.dims)}."
            raise ConfigError(message(f"{record.name} does not run along {dim!r}.", where="--region", fix=fix))
    sides = _sides(record, spans, margin, (most, read))
    starts = [range(first, stop, side) for (first, stop), side in zip(spans, sides, strict=True)]
    return list(_boxes(record, starts, spans, sides, margin))


def _sides(
    record: Record, spans: Sequence[tuple[int, int]], margin: Mapping[str, int], most: tuple[int, int]
) -> list[int]:
    """Sides of a block: as long as memory allows along dimensions with a margin, which is predicted twice.

    Along the others what is left: a chunk of the store that is read several times costs less than a margin.
    """
    extents = [stop - first for first, stop in spans]
    around = [2 * margin.get(dim, 0) for dim in record.dims]
    sides = [extent if more else 1 for extent, more in zip(extents, around, strict=True)]

    def samples() -> int:
        return prod(min(side + more, size) for side, more, size in zip(sides, around, record.shape, strict=True))

    while samples() > most[0]:
        longest = max(range(len(sides)), key=lambda place: sides[place] / max(around[place], 1) * bool(around[place]))
        if not around[longest] or sides[longest] <= around[longest]:
            break
        sides[longest] = -(-sides[longest] // 2)
    for place in reversed([place for place, more in enumerate(around) if not more]):
        sides[place] = int(np.clip(most[1] // samples(), 1, extents[place]))
    return sides


def _boxes(
    record: Record,
    starts: Sequence[range],
    spans: Sequence[tuple[int, int]],
    sides: Sequence[int],
    margin: Mapping[str, int],
) -> Iterator[Block]:
    for corner in product(*starts):
        inner, outer = [], []
        for first, (_, stop), side, dim, size in zip(corner, spans, sides, record.dims, record.shape, strict=True):
            last = min(first + side, stop)
            inner.append(slice(first, last))
            outer.append(slice(max(first - margin.get(dim, 0), 0), min(last + margin.get(dim, 0), size)))
        yield Block(tuple(inner), tuple(outer))


def _span(record: Record, dim: str, region: Mapping[str, tuple[Any, Any]]) -> tuple[int, int]:
    """First and one past the last index of a dimension inside the region."""
    size = int(record.data.sizes[dim])
    if dim not in region:
        return 0, size
    axis = record.data[dim].to_numpy()
    try:
        low, high = (np.datetime64(v) if axis.dtype.kind == "M" else float(v) for v in region[dim])
    except ValueError:
        fix = f"--region {dim}={str(axis[0])[:10]}:{str(axis[-1])[:10]}"
        raise ConfigError(message(f"{region[dim]} is no range of {dim}.", where="--region", fix=fix)) from None
    inside = np.flatnonzero((axis >= min(low, high)) & (axis <= max(low, high)))
    if not len(inside):
        fix = f"{dim} runs from {str(axis[0])[:10]} to {str(axis[-1])[:10]}."
        raise ConfigError(message(f"No sample lies in {dim} = {low} to {high}.", where="--region", fix=fix))
    return int(inside[0]), int(inside[-1]) + 1


def parse_region(text: str) -> dict[str, tuple[str, str]]:
    """`inline=100:200,twt=0:500` as dimension -> first and last coordinate.

    >>> parse_region("inline=100:200")
    {'inline': ('100', '200')}

    Raises:
        ConfigError: another form.
    """
    found = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        dim, equals, span = part.partition("=")
        low, colon, high = span.partition(":")
        if not equals or not colon or not low or not high:
            fix = "--region inline=100:200,twt=0:500"
            raise ConfigError(message(f"{part!r} is no range of a dimension.", where="--region", fix=fix))
        found[dim.strip()] = (low.strip(), high.strip())
    return found


def predict_large(
    model: Any,
    record: Record,
    out: Path,
    *,
    curves_of: Any,
    region: Mapping[str, tuple[Any, Any]] | None = None,
    dry_run: bool = False,
    reading: Mapping[str, Any] | None = None,
    tell: Any = None,
) -> dict[str, Any]:
    """Predicts a record block by block into SEG-Y files or a Zarr store.

    Args:
        model: with `prepare` and `predict_record`.
        curves_of: (record, prepared, predicted) -> Curves in the shape of the record.
        region: dimension -> first and last coordinate; the rest stays empty.
        dry_run: one block is predicted and timed; nothing is written.
        reading: options the file was read with.

    Returns:
        A row of the summary, with `estimate` where nothing was written.
    """
    give_back_freed_memory()
    view = model.bundle.view
    margin = dict(view.get("size") or {view.get("along") or record.dims[-1]: view.get("length", 0)})
    if view.get("kind") == "points":
        margin = {}
    record = _inputs_only(model, record)
    read = sum(array.dtype.itemsize for array in record.data.data_vars.values())
    most = min(READ_BYTES // max(read, 1), WORK_BYTES // _bytes_per_sample(model, margin))
    todo = blocks(record, margin, region, most, READ_BYTES // max(read, 1))
    row: dict[str, Any] = {"record": record.name, "status": "ok", "samples": len(record)}
    if dry_run:
        return row | {"estimate": _estimate(model, record, todo, margin, curves_of)}
    first = _one(model, _read(record, todo[0]), margin, curves_of)
    target = _open(record, out, first, reading or {})
    log = out / f".{Path(record.source).name}.blocks.json"
    done = set(json.loads(log.read_text())) if log.is_file() else set()
    left = [number for number in range(len(todo)) if number not in done]
    predicted, outside = 0, 0.0
    for number, ready in zip(left, _read_ahead(record, [todo[number] for number in left]), strict=True):
        curves = first if number == 0 else _one(model, ready, margin, curves_of)
        target.put(tuple(s.start for s in todo[number].inner), {curve.mnemonic: curve.values for curve in curves})
        valid = next((c.values for c in curves if c.mnemonic.endswith("_VALID")), None)
        predicted += int(np.isfinite(curves[0].values).sum())
        outside += 0.0 if valid is None else float(np.nansum(valid == 0))
        done.add(number)
        write_text(log, json.dumps(sorted(done)))
        if tell is not None:
            tell("predicting", number + 1, len(todo), record.name)
    paths = target.finish()
    log.unlink(missing_ok=True)
    share = round(outside / predicted, 4) if predicted else ""
    return row | {"predicted": predicted, "outside_validity": share, "written": ", ".join(p.name for p in paths)}


def _inputs_only(model: Any, record: Record) -> Record:
    """The record with the variables that inputs come from; with one of any kind where they are all coordinates."""
    wanted = {source.casefold() for variable in model.inputs for source in variable.sources}
    names = [str(name) for name in record.data.data_vars]
    used = [name for name in names if name.casefold() in wanted] or names[:1]
    return record.with_data(record.data[used])


def _bytes_per_sample(model: Any, margin: Mapping[str, int]) -> int:
    """What a sample takes while it is predicted: resolved and encoded inputs, overlapping outputs, curves."""
    channels, outputs = model.normaliser.in_channels, max(1, len(getattr(model.target.classes, "codes", ())))
    stride = model.bundle.view.get("stride")
    overlap = 1.0
    for dim, size in margin.items():
        step = stride.get(dim) if isinstance(stride, Mapping) else stride
        overlap *= size / (step or max(size // 2, 1))
    return int(24 * channels + 8 * outputs * overlap + 80)


def _estimate(model: Any, record: Record, todo: Sequence[Block], margin: Mapping[str, int], curves_of: Any) -> str:
    """What the whole would cost, from the middle block, predicted twice: the first time compiles."""
    block = todo[len(todo) // 2]
    _one(model, _read(record, block), margin, curves_of)
    begun = time.monotonic()
    curves = _one(model, _read(record, block), margin, curves_of)
    seconds = time.monotonic() - begun
    share = prod(s.stop - s.start for s in block.inner)
    samples = sum(prod(s.stop - s.start for s in each.inner) for each in todo)
    minutes, written = seconds * samples / share / 60, samples * 4 * len(curves) / 1e9
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    return f"{len(todo)} blocks, about {minutes:.1f} minutes, {memory:.1f} GB of memory, {written:.3g} GB of output"


class Ready(NamedTuple):
    """A block that has been read, margin included."""

    block: Block
    part: Record


def _read(record: Record, block: Block) -> Ready:
    return Ready(block, cutout(record, block.outer))


def _read_ahead(record: Record, todo: Sequence[Block]) -> Iterator[Ready]:
    """Blocks in order, each read while the one before is predicted."""
    with ThreadPoolExecutor(1) as thread:
        coming = [thread.submit(_read, record, block) for block in todo[:1]]
        for number in range(len(todo)):
            ready = coming.pop().result()
            coming += [thread.submit(_read, record, block) for block in todo[number + 1 : number + 2]]
            yield ready


def _one(model: Any, ready: Ready, margin: Mapping[str, int], curves_of: Any) -> list[Curve]:
    """The curves of one block, without its margin; predicted in pieces along the first dimension that needs none."""
    part = ready.part
    sides = zip(ready.block.inner, ready.block.outer, strict=True)
    inside = tuple(slice(i.start - o.start, i.stop - o.start) for i, o in sides)
    place = next((place for place, dim in enumerate(part.dims) if not margin.get(dim)), None)
    if place is None:
        pieces = [_curves(model, part, curves_of)]
    else:
        others = len(part) // part.shape[place]
        step = max(1, WORK_BYTES // (_bytes_per_sample(model, margin) * others))
        cuts = [slice(first, first + step) for first in range(0, part.shape[place], step)]
        each = [part.with_data(part.data.isel({part.dims[place]: piece})) for piece in cuts]
        with ThreadPoolExecutor(WORKERS) as threads:  # one computes while the other stitches
            pieces = list(threads.map(lambda piece: _curves(model, piece, curves_of), each))
    columns = zip(*pieces, strict=True)
    whole = [np.concatenate([curve.values for curve in column], axis=place or 0) for column in columns]
    return [replace(curve, values=values[inside]) for curve, values in zip(pieces[0], whole, strict=True)]


def _curves(model: Any, part: Record, curves_of: Any) -> list[Curve]:
    prepared, _ = model.prepare(part)
    curves = curves_of(part, prepared, model.predict_record(prepared))
    return [replace(curve, values=np.float32(curve.values)) for curve in curves]


def _open(record: Record, out: Path, curves: list[Curve], reading: Mapping[str, Any]) -> Any:
    """The stream of the record's format.

    Raises:
        DataError: a format that is written in one piece.
    """
    from outcrop.data.read import FORMATS, load_object, options_of

    address = FORMATS[record.format].stream
    if not address:
        known = ", ".join(name for name, entry in FORMATS.items() if entry.stream)
        what = f"{record.format} files are written in one piece, and this one is larger than memory allows."
        raise DataError(message(what, where=record.source, fix=f"convert it to one of {known}."))
    options = {key: value for key, value in reading.items() if key in options_of(address)}
    return load_object(address)(record.source, out, curves, **options)
