"""What a generator is told on the grid of its realisations: conditions, known values, and where nothing is to be drawn.

A file of conditions is read as training read its files: by the names, units and block means of the variables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from outcrop.config.given import GivenFile
from outcrop.data.variable import Variable, resolve
from outcrop.errors import ConfigError, message
from outcrop.records import Record
from outcrop.run.surrogate import Model
from outcrop.sample.realise import Observed
from outcrop.view.generated import surface


def width_of(model: Model) -> int:
    """Numbers per cell of a realisation."""
    return len(model.target.classes.codes) if model.target.classes else len(model.bundle.provenance["generates"])


def told_on(
    model: Model, asked: GivenFile, grid: Mapping[str, np.ndarray], base: Path, seen: Observed | None
) -> tuple[np.ndarray, np.ndarray, bool]:
    """What a generator is told on a grid.

    Args:
        model: the generator.
        asked: the given file.
        grid: dimension -> coordinates of the cells.
        base: folder that paths in the given file start from.
        seen: what is observed.

    Returns:
        What it is told, (*place, condition); where there is something to draw, (*place, variable); and whether it has
        to be bent towards the observations, which it was not trained to read.

    Raises:
        ConfigError: a condition is unknown or lacking, or a file holds another grid.
    """
    generates, about = model.bundle.provenance["generates"], model.bundle.provenance
    shape = tuple(len(axis) for axis in grid.values())
    conditions = [variable for variable in model.inputs if variable.name not in generates]
    unknown = [name for name in asked.conditions if name not in [v.name for v in conditions]]
    if unknown:
        fix = f"its conditions are {', '.join(v.name for v in conditions) or 'none'}."
        raise ConfigError(message(f"{unknown[0]!r} is no condition of this generator.", where="[conditions]", fix=fix))
    fields, there = _fields(model, asked, grid, base)
    parts = [fields] if fields.shape[-1] else []
    hard = seen is not None and float(seen.noise_sd) == 0
    if about["given"]:
        width = width_of(model)
        mask = np.zeros((*shape, 1), np.float32)
        values = np.zeros((*shape, width), np.float32)
        if seen is not None and hard and bool(np.asarray(seen.known).all(axis=-1).any()):
            whole = np.asarray(seen.known).all(axis=-1, keepdims=True)
            mask, values = whole.astype(np.float32), np.where(whole, np.asarray(seen.values), 0).astype(np.float32)
        through = [surface(values, mask[..., 0] > 0)] if about["given"].get("interpolate") else []
        parts += [*through, values, mask]
    told = np.concatenate(parts, axis=-1) if parts else np.zeros((*shape, 0), np.float32)
    return told.astype(np.float32), there, seen is not None and not (about["given"] and hard)


def _fields(
    model: Model, asked: GivenFile, grid: Mapping[str, np.ndarray], base: Path
) -> tuple[np.ndarray, np.ndarray]:
    """The encoded conditions on the grid, (*place, condition), and where there is something to draw."""
    generates, shape = model.bundle.provenance["generates"], tuple(len(axis) for axis in grid.values())
    told = [variable for variable in model.inputs if variable.name not in generates]
    masked = [v for v in model.inputs if v.name in generates and v.missing == "mask"]
    record = _on_grid(asked, base, grid, [*told, *masked])
    there = np.ones((*shape, width_of(model)), bool)
    for variable in masked:
        if asked.fields is not None and not variable.classes:
            there[..., generates.index(variable.name)] = np.isfinite(record.flat(variable.name)).reshape(shape)
    lacking = [v.name for v in told if _missing(record.flat(v.name), v).all()]
    if lacking:
        what = f"The generator has to be told {', '.join(lacking)} on a grid of {' x '.join(map(str, shape))}."
        fix = f'[conditions]\n{lacking[0]} = ...\nor fields = "a file that holds it on the grid"'
        raise ConfigError(message(what, where="the given file", fix=fix))
    layout, channels = model.normaliser.layout, {}
    if told:
        own = replace(model.normaliser, variables=tuple(told))
        encoded = own.encode(record).inputs
        for name, place in own.layout.items():
            channels |= dict(zip(layout[name].every, encoded[:, list(place.every)].T, strict=True))
    for variable in masked:
        present = there[..., 0 if variable.classes else generates.index(variable.name)].astype(np.float32)
        channels[layout[variable.name].present] = present
    columns = [channels[which].reshape(shape) for which in sorted(channels)]
    return np.stack(columns, axis=-1) if columns else np.zeros((*shape, 0), np.float32), there


def _on_grid(asked: GivenFile, base: Path, grid: Mapping[str, np.ndarray], variables: Sequence[Variable]) -> Record:
    """Conditions on the grid under their names in the run: from the file as in training, or the same everywhere.

    Raises:
        ConfigError: the file holds another grid.
    """
    from outcrop.data.read import read

    shape = tuple(len(axis) for axis in grid.values())
    if asked.fields is not None:
        (record,) = read(base / asked.fields)
        if tuple(size for size in record.shape if size > 1) != tuple(size for size in shape if size > 1):
            what = f"{asked.fields} holds a grid of {' x '.join(map(str, record.shape))}."
            fix = f"give one of {' x '.join(map(str, shape))}, or say [grid] start, step and count."
            raise ConfigError(message(what, where="the given file, fields", fix=fix))
        ((record,), _) = resolve([record], variables, training=False)
    else:
        arrays = {variable.name: (tuple(grid), np.full(shape, np.nan)) for variable in variables}
        record = Record(xr.Dataset(arrays, coords=dict(grid.items())), "grid", dims=tuple(grid))
    constant = {name: (record.dims, np.full(record.shape, value)) for name, value in asked.conditions.items()}
    return record.with_data(record.data.assign(constant))


def _missing(values: np.ndarray, variable: Variable) -> np.ndarray:
    return ~(values >= 0) if variable.classes is not None else np.isnan(values)
