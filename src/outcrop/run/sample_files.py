"""Realisations as labelled arrays with their summaries, and as files in the format that a grid is kept in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from outcrop.errors import ConfigError, message
from outcrop.records import Record
from outcrop.run.on_grid import Grid, shape_of
from outcrop.run.realisation_files import attributes_of
from outcrop.run.surrogate import Model
from outcrop.sample.realise import Observed
from outcrop.simulate.grid import AXES
from outcrop.simulate.save import check, save

QUANTILES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
SUMMARIES = ("mean", "sd", *QUANTILES)
OBSERVED = "observed"
HARD = 1e-3
"""Largest difference from hard data that counts as honoured, standard units."""
NUMBERED = {"northing": "inline", "easting": "crossline"}
"""Dimensions of a grid in metres -> those of a cube in SEG-Y."""


def dataset(
    model: Model,
    grid: Grid,
    made: np.ndarray,
    seen: Observed | None,
    offset: np.ndarray | None,
    there: np.ndarray,
) -> xr.Dataset:
    """Realisations in the units of training, and their summaries.

    Args:
        model: the generator.
        grid: dimension -> coordinates.
        made: (realisation, *place, variable), standard units, less the trend.
        seen: what was observed, less the trend.
        offset: the trend in standard units.
        there: where there is something to draw, (*place, variable); NaN elsewhere.

    Returns:
        `VARIABLE` (realisation, *dims); along dims `VARIABLE mean`, `sd`, `p10`, `p50`, `p90`, or of classes
        `probability CLASS` and `entropy`; and `observed` (0 or 1) with `VARIABLE observed` where anything is.
    """
    dims, classes = tuple(grid), model.target.classes
    arrays: dict[str, Any] = {}
    if classes:
        name, values = model.target.name, made.argmax(axis=-1).astype(np.int16)
        share = np.stack([(values == which).mean(axis=0) for which in range(len(classes.codes))])
        safe = np.where(share > 0, share, 1)
        about = {"classes": json.dumps(dict(enumerate(classes.names)), ensure_ascii=False)}
        arrays[name] = (("realisation", *dims), values, about)
        for which, word in enumerate(classes.names):
            arrays[f"probability {word}"] = (dims, share[which].astype(np.float32), {"units": "1"})
        arrays["entropy"] = (dims, -(safe * np.log2(safe)).sum(axis=0).astype(np.float32), {"units": "bit"})
        if seen is not None:
            known, found = np.asarray(seen.known).all(axis=-1), np.asarray(seen.values).argmax(axis=-1)
            arrays[f"{name} {OBSERVED}"] = (dims, np.where(known, found, np.nan).astype(np.float32), about)
    for at, name in enumerate([] if classes else model.bundle.provenance["generates"]):
        shift = 0.0 if offset is None else offset[..., at]
        values = np.where(there[..., at], physical(model, name, made[..., at] + shift), np.nan).astype(np.float32)
        unit = attributes_of(next(v for v in model.inputs if v.name == name))
        arrays[name] = (("realisation", *dims), values, unit)
        arrays[f"{name} mean"] = (dims, values.mean(axis=0), unit)
        arrays[f"{name} sd"] = (dims, values.std(axis=0, ddof=min(1, len(values) - 1)), unit)
        for word, q in QUANTILES.items():
            arrays[f"{name} {word}"] = (dims, np.quantile(values, q, axis=0).astype(np.float32), unit)
        if seen is not None:
            own = np.where(seen.known[..., at], np.asarray(seen.values[..., at]) + shift, np.nan)
            arrays[f"{name} {OBSERVED}"] = (dims, physical(model, name, own), unit)
    if seen is not None:
        arrays[OBSERVED] = (dims, np.asarray(seen.known).any(axis=-1).astype(np.int8))
    trained = model.bundle.scores.get("test", {})
    attributes = {"source": "outcrop sample", "promise": model.bundle.promise, "scores": json.dumps(trained)}
    return xr.Dataset(arrays, coords=coordinates(grid), attrs=attributes)


def coordinates(grid: Grid) -> dict[str, Any]:
    """The coordinates of a grid with the units that its dimensions usually have."""
    about = {dim: AXES.get(dim, ("", dim)) for dim in grid}
    return {dim: (dim, axis, dict(zip(("units", "long_name"), about[dim], strict=True))) for dim, axis in grid.items()}


def physical(model: Model, name: str, values: np.ndarray) -> np.ndarray:
    """Standard units of a generated number as its own."""
    variable = next(v for v in model.inputs if v.name == name)
    return model.normaliser.statistics[name].physical(values, variable).astype(np.float32)


def write_all(data: xr.Dataset, folder: Path, format: str) -> list[Path]:
    """Writes one file for every realisation and every summary (SEG-Y: for every variable of it)."""
    return [path for record in records_of(data, format) for path in save([record], folder, format)]


def check_format(grid: Grid, format: str) -> None:
    """Whether the format can hold the grid.

    Raises:
        ConfigError: it cannot, or there is no such format.
    """
    if not grid:
        what = "What is drawn has no place, and no grid that such a file could hold."
        raise ConfigError(message(what, where="format", fix='format = "netcdf"'))
    nothing = np.broadcast_to(np.float32(0), (1, *shape_of(grid)))
    for record in records_of(
        xr.Dataset({"value": (("realisation", *grid), nothing)}, coords=coordinates(grid)), format
    ):
        check(record, format)


def records_of(data: xr.Dataset, format: str) -> Iterator[Record]:
    """One record for every realisation (`realisation_001` ...) and for every summary (`mean`, `probability_Sand`)."""
    dims = tuple(str(dim) for dim in data.sizes if dim != "realisation")
    drawn = [str(name) for name, array in data.data_vars.items() if "realisation" in array.dims]
    digits = max(3, len(str(data.sizes["realisation"])))
    for number in range(data.sizes["realisation"]):
        yield _record(data[drawn].isel(realisation=number), f"realisation_{number + 1:0{digits}d}", dims, format)
    for word in SUMMARIES:
        arrays = {name: data[f"{name} {word}"] for name in drawn if f"{name} {word}" in data}
        if arrays:
            yield _record(xr.Dataset(arrays), word, dims, format)
    for name in map(str, data.data_vars):
        if name == "entropy" or name.startswith("probability "):
            word = re.sub(r"\W+", "_", name)
            yield _record(xr.Dataset({word: data[name]}), word, dims, format)


def _record(data: xr.Dataset, name: str, dims: tuple[str, ...], format: str) -> Record:
    """Arrays of the grid as the writer of a format takes them; SEG-Y has numbered lines, and its vertical axis last."""
    notes: tuple[str, ...] = ("drawn by outcrop sample",)
    if format != "segy":
        return Record(data, name, dims=dims, notes=notes)
    down = [dim for dim in dims if dim in ("twt", "depth")]
    lines = [dim for dim in dims if dim not in down]
    if set(lines) == set(NUMBERED):
        axes = {dim: data[dim].to_numpy() for dim in NUMBERED}
        north, east = np.meshgrid(*axes.values(), indexing="ij")
        numbers = {dim: np.arange(1, len(axis) + 1) for dim, axis in axes.items()}
        data, lines = data.assign_coords(numbers).rename(NUMBERED), list(NUMBERED.values())
    else:
        lines = [dim for dim in ("inline", "crossline", "trace") if dim in lines] or lines
        north = east = np.zeros([data.sizes[dim] for dim in lines])
        notes += ("map positions are not known",)
    if "easting" not in lines and "northing" not in lines:
        data = data.assign_coords(easting=(lines, east), northing=(lines, north))
    return Record(data.transpose(*lines, *down), name, dims=(*lines, *down), notes=notes)


def honoured(made: np.ndarray, seen: Observed, *, classes: bool) -> dict[str, Any]:
    """The share of observed values that every realisation honours: hard ones exactly, others within two sd of noise.

    Args:
        made: (realisation, *place, variable), standard units, or scores of classes.
        seen: what was observed, less the trend as these are.
        classes: whether they are scores of classes; the largest counts.
    """
    if classes:
        made = np.where(made == made.max(axis=-1, keepdims=True), 1.0, -1.0)
    known, values = np.asarray(seen.known), np.asarray(seen.values)
    noise = np.broadcast_to(np.asarray(seen.noise_sd), values.shape)[known]
    away = np.abs(made[:, known] - values[known])
    kept = away <= np.where(noise > 0, 2 * noise, HARD)
    return {"every": kept.mean(axis=1).round(4).tolist(), "data": float(kept.mean()), "noisy": bool(noise.any())}
