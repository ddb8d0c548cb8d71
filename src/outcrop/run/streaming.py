"""Prediction of records larger than memory, block by block: resumable, by region, and estimated before it is done.

A block is read with a margin of one patch on every side, predicted as an ordinary record, and written without the
margin. A list of finished blocks lies beside the output until the last one is written.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.content import Curve
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.records import Record
from outcrop.run.cutouts import cutout
from outcrop.run.folder import write_text

BLOCK_SAMPLES = 2_000_000
"""Samples predicted at a time."""


@dataclass(frozen=True)
class Block:
    """A box of the record: what is written, and what is read for it (with the margin)."""

    inner: tuple[slice, ...]
    outer: tuple[slice, ...]


def blocks(
    record: Record, margin: Mapping[str, int], region: Mapping[str, tuple[Any, Any]] | None = None
) -> list[Block]:
    """Boxes that cover the record, or a region of it, in C order.

    Args:
        record: whose grid is cut.
        margin: dimension -> samples read beyond the block on both sides.
        region: dimension -> first and last coordinate wanted.

    Raises:
        ConfigError: an unknown dimension, or a region without samples.
    """
    spans = [_span(record, dim, region or {}) for dim in record.dims]
    for dim in region or {}:
        if dim not in record.dims:
            fix = f"the dimensions are {', '.join(record.dims)}{did_you_mean(dim, record.dims)}."
            raise ConfigError(message(f"{record.name} does not run along {dim!r}.", where="--region", fix=fix))
    sides = _sides(record, spans, margin)
    starts = [range(first, stop, side) for (first, stop), side in zip(spans, sides, strict=True)]
    return list(_boxes(record, starts, spans, sides, margin))


def _sides(record: Record, spans: Sequence[tuple[int, int]], margin: Mapping[str, int]) -> list[int]:
    """Sides of a block: whole chunks of the store, more of them along the last dimensions, at least four margins."""
    stored = next((a.encoding.get("chunks") for a in record.data.data_vars.values() if a.encoding.get("chunks")), None)
    chunks = stored if stored is not None and len(stored) == len(record.dims) else (1,) * len(record.dims)
    sides = [
        int(np.clip(max(chunk, 4 * margin.get(dim, 0)), 1, stop - first))
        for chunk, dim, (first, stop) in zip(chunks, record.dims, spans, strict=True)
    ]
    for place in reversed(range(len(sides))):
        more = max(1, BLOCK_SAMPLES // prod(sides))
        sides[place] = min(sides[place] * more, spans[place][1] - spans[place][0])
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
    view = model.bundle.view
    margin = dict(view.get("size") or {view.get("along") or record.dims[-1]: view.get("length", 0)})
    if view.get("kind") == "points":
        margin = {}
    todo = blocks(record, margin, region)
    row: dict[str, Any] = {"record": record.name, "status": "ok", "samples": len(record)}
    begun = time.monotonic()
    first = _one(model, record, todo[0], curves_of)
    seconds = time.monotonic() - begun
    if dry_run:
        written = sum(prod(s.stop - s.start for s in block.inner) for block in todo) * 4 * len(first)
        row["estimate"] = (
            f"{len(todo)} blocks, about {seconds * len(todo) / 60:.1f} minutes, {written / 1e9:.3g} GB of output"
        )
        return row
    target = _open(record, out, first, reading or {})
    log = out / f".{Path(record.source).name}.blocks.json"
    done = set(json.loads(log.read_text())) if log.is_file() else set()
    predicted, outside = 0, 0.0
    for number, block in enumerate(todo):
        if number in done:
            continue
        curves = first if number == 0 else _one(model, record, block, curves_of)
        start = tuple(s.start for s in block.inner)
        target.put(start, {curve.mnemonic: curve.values for curve in curves})
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


def _one(model: Any, record: Record, block: Block, curves_of: Any) -> list[Curve]:
    """The curves of one block, without its margin."""
    from dataclasses import replace

    part = cutout(record, block.outer)
    prepared, _ = model.prepare(part)
    curves = curves_of(part, prepared, model.predict_record(prepared))
    inside = tuple(slice(i.start - o.start, i.stop - o.start) for i, o in zip(block.inner, block.outer, strict=True))
    return [replace(curve, values=np.asarray(curve.values)[inside]) for curve in curves]


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
