"""What a given file says of the whole grid: its cells, the conditions of a generator, trends and soft attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import xarray as xr

from outcrop.config.given import GivenFile, SoftSection
from outcrop.data.variable import Variable, resolve
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.records import Record
from outcrop.run.surrogate import Model
from outcrop.sample.guidance import Rows
from outcrop.sample.realise import Observed
from outcrop.view.generated import surface

Grid = Mapping[str, np.ndarray]
"""Dimension -> coordinates of the cells."""
NEAR = 0.5
"""Cells of a file that lie at most this many cells away are those of the grid."""


def width_of(model: Model) -> int:
    """Numbers per cell: one for each class, or for each variable."""
    return len(model.target.classes.codes) if model.target.classes else len(model.bundle.provenance["generates"])


def shape_of(grid: Grid) -> tuple[int, ...]:
    """Cells along each dimension."""
    return tuple(len(axis) for axis in grid.values())


def grid_of(model: Model, asked: GivenFile) -> dict[str, np.ndarray]:
    """The grid that is asked for; what the file does not say is as in training.

    Raises:
        ConfigError: a dimension that the generator does not have.
    """
    trained = model.bundle.provenance["place"]
    for dim in asked.grid:
        if dim not in trained:
            what = f"The generator has no dimension {dim!r}{did_you_mean(dim, trained)}."
            raise ConfigError(message(what, where="[grid]", fix=f"its dimensions are {', '.join(trained)}."))
    grid = {}
    for dim, known in trained.items():
        axis = asked.grid.get(dim)
        start, step, size = (0, known["step"] or 1, known["count"]) if axis is None else (
            axis.start, axis.step, axis.count or known["count"]
        )  # fmt: skip
        grid[dim] = start + step * np.arange(size)
    return grid


def field_on(record: Record, names: Sequence[str], grid: Grid) -> np.ndarray | None:
    """A variable of a record on the grid: its nearest cells by coordinates, or all of them where it has none.

    Args:
        record: read from a file.
        names: of the variable, by preference.
        grid: dimension -> coordinates.

    Returns:
        Float64 of the shape of the grid, NaN where missing; None where there is no such variable.

    Raises:
        DataError: other dimensions, or cells that do not lie where those of the grid do.
    """
    known = {str(key).casefold(): str(key) for key in record.data.data_vars}
    found = next((known[name.casefold()] for name in names if name.casefold() in known), None)
    if found is None:
        return None
    array, where = record.data[found], f"{record.source}, {found}"
    fix = f"it needs {' x '.join(f'{dim} ({len(axis)})' for dim, axis in grid.items())}; see [grid]."
    if set(array.dims) != set(grid):
        what = f"{found} lies on {', '.join(map(str, array.dims))}, the grid on {', '.join(grid)}."
        raise DataError(message(what, where=where, fix=fix))
    for dim, axis in grid.items():
        if dim not in array.coords or array[dim].dtype.kind not in "iuf":
            if array.sizes[dim] != len(axis):
                what = f"{found} has {array.sizes[dim]} cells along {dim}, the grid {len(axis)}."
                raise DataError(message(what, where=where, fix=fix))
            continue
        step, index = abs(axis[1] - axis[0]) if len(axis) > 1 else 1.0, array.indexes[dim]
        if not index.is_unique or not (index.is_monotonic_increasing or index.is_monotonic_decreasing):
            what = f"The cells of {found} along {dim} are not in order, or one is there twice."
            raise DataError(message(what, where=where, fix="sort the file along its dimensions."))
        places = index.get_indexer(axis, method="nearest", tolerance=NEAR * step * (1 + 1e-6))
        if (places < 0).any():
            own = array[dim].to_numpy()
            what = (
                f"{found} lies on {dim} {own.min():g} to {own.max():g}, the grid on {axis.min():g} to {axis.max():g}."
            )
            raise DataError(message(what, where=where, fix=fix))
        array = array.isel({dim: places})
    return array.transpose(*grid).to_numpy().astype(float)


def conditions_of(model: Model, asked: GivenFile, grid: Grid, base: Path) -> tuple[np.ndarray, np.ndarray]:
    """What a generator is told of the whole grid, read as training reads it: by names, units and block means.

    Returns:
        The encoded conditions, (*place, channel); and where there is something to draw, (*place, variable): of those
        that may be missing, where the file of conditions holds them.

    Raises:
        ConfigError: a condition that the generator does not have, or one that is not said.
        DataError: a file that does not hold it on the grid.
    """
    generates, shape, dims = model.bundle.provenance["generates"], shape_of(grid), tuple(grid)
    told = [variable for variable in model.inputs if variable.name not in generates]
    masked = [v for v in model.inputs if v.name in generates and v.missing == "mask"]
    names = [variable.name for variable in told]
    unknown = [name for name in asked.conditions if name not in names]
    if unknown:
        fix = f"its conditions are {', '.join(names) or 'none'}."
        raise ConfigError(message(f"{unknown[0]!r} is no condition of this generator.", where="[conditions]", fix=fix))
    arrays: dict[str, Any] = {
        v.name: (dims, np.full(shape, asked.conditions[v.name]), {"units": v.unit or ""})
        for v in told
        if v.name in asked.conditions
    }
    there = np.ones((*shape, width_of(model)), bool)
    if asked.fields is not None and (told or masked):
        record = _record(base, asked.fields, "fields")
        for variable in [*told, *masked]:
            values = field_on(record, (variable.name, *variable.sources), grid)
            if values is not None and variable in told:
                arrays[variable.name] = (dims, values, {"units": _unit(record, variable)})
            elif values is not None and not variable.classes:
                there[..., generates.index(variable.name)] = np.isfinite(values)
    for variable in told:
        axis = next((name for name in variable.sources if name in grid), None)
        if variable.name not in arrays and axis is not None:
            arrays[variable.name] = (dims, _along(axis, grid), {"units": variable.unit or ""})
    lacking = [name for name in names if name not in arrays]
    if lacking:
        what = f"The generator has to be told {', '.join(lacking)} on a grid of {' x '.join(map(str, shape))}."
        fix = f'[conditions]\n{lacking[0]} = ...\nor fields = "a file that holds it on the grid"'
        raise ConfigError(message(what, where="the given file", fix=fix))
    return _encoded(model, told, masked, arrays, grid, there), there


def _encoded(
    model: Model,
    told: Sequence[Variable],
    masked: Sequence[Variable],
    arrays: Mapping[str, Any],
    grid: Grid,
    there: np.ndarray,
) -> np.ndarray:
    """Conditions in standard units, and where generated variables are, in the order of the network's channels."""
    shape, layout, channels = shape_of(grid), model.normaliser.layout, {}
    if told:
        record = Record(xr.Dataset(arrays, coords=dict(grid.items())), "grid", dims=tuple(grid))
        ((record,), _) = resolve([record], [replace(v, sources=(v.name,)) for v in told], training=False)
        own = replace(model.normaliser, variables=tuple(told))
        inputs = own.encode(record).inputs
        for name, place in own.layout.items():
            channels |= dict(zip(layout[name].every, inputs[:, list(place.every)].T, strict=True))
    generates = model.bundle.provenance["generates"]
    for variable in masked:
        which = 0 if variable.classes else generates.index(variable.name)
        channels[layout[variable.name].present] = there[..., which].astype(np.float32).ravel()
    columns = [channels[at].reshape(shape) for at in sorted(channels)]
    return np.stack(columns, axis=-1).astype(np.float32) if columns else np.zeros((*shape, 0), np.float32)


def _along(dim: str, grid: Grid) -> np.ndarray:
    """A coordinate on the whole grid."""
    shape = [len(axis) if name == dim else 1 for name, axis in grid.items()]
    return np.broadcast_to(np.asarray(grid[dim], float).reshape(shape), shape_of(grid))


def _unit(record: Record, variable: Variable) -> str:
    """The unit a file states of a variable; that of the run where it states none and the file is not asked for one."""
    known = {str(key).casefold(): key for key in record.data.data_vars}
    found = next(known[name.casefold()] for name in (variable.name, *variable.sources) if name.casefold() in known)
    return str(record.data[found].attrs.get("units", "")) or variable.unit or ""


def told_to(model: Model, conditions: np.ndarray, seen: Observed | None) -> tuple[np.ndarray, bool]:
    """What the generator is told on the grid, (*place, condition), and whether it has to be bent towards the data.

    One that was told of known values in training is told of hard data, and of no others.
    """
    about, shape = model.bundle.provenance, conditions.shape[:-1]
    hard = seen is not None and not np.asarray(seen.noise_sd).any()
    if not about["given"]:
        return conditions, seen is not None
    whole, values = np.zeros((*shape, 1), np.float32), np.zeros((*shape, width_of(model)), np.float32)
    if seen is not None and hard:
        whole = np.asarray(seen.known).all(axis=-1, keepdims=True).astype(np.float32)
        values = whole * np.asarray(seen.values)
    through = [surface(values, whole[..., 0] > 0)] if about["given"].get("interpolate") else []
    told = np.concatenate([conditions, *through, values, whole], axis=-1).astype(np.float32)
    return told, seen is not None and not hard


def trend_of(model: Model, asked: GivenFile, grid: Grid, base: Path) -> np.ndarray | None:
    """Trends in standard units, (*place, variable): what is added to what the generator draws; None without any.

    Raises:
        ConfigError: a trend of classes, or of what is not generated.
        DataError: a file that does not hold it on the whole grid.
    """
    if not asked.trend:
        return None
    names = model.bundle.provenance["generates"]
    if model.target.classes:
        what = "A trend cannot be added to classes, and how often each is met is the generator's own."
        fix = f"train with the proportion as a condition: an input beside generate = {names}, told by fields = ..."
        raise ConfigError(message(what, where="[trend]", fix=fix))
    offset = np.zeros((*shape_of(grid), width_of(model)), np.float32)
    for name, section in asked.trend.items():
        _check_generated(name, names, f"trend.{name}")
        values = _required(base, section.files, section.variable or name, grid, f"trend.{name}")
        if not np.isfinite(values).all():
            what = f"The trend is missing in {int((~np.isfinite(values)).sum()):,} of {values.size:,} cells."
            raise DataError(message(what, where=f"trend.{name}", fix="fill it on the whole grid."))
        variable = next(v for v in model.inputs if v.name == name)
        offset[..., names.index(name)] = model.normaliser.statistics[name].standard(values, variable)
        if not np.isfinite(offset).all():
            what = f"The trend has values that {variable.transform} is not defined for."
            raise DataError(
                message(what, where=f"trend.{name}", fix="correct the trend; it is in the variable's unit.")
            )
    return offset


def soft_of(
    model: Model, asked: GivenFile, grid: Grid, base: Path, offset: np.ndarray | None
) -> tuple[Rows | None, np.ndarray | None, list[str]]:
    """Soft attributes: rows of numbers, or likelihoods of classes (None for the other kind, or both), and notes.

    An attribute is slope * value + intercept of a number (as the network sees it: log10 where it has that transform),
    or the mean of the cell's class, plus Gaussian noise that is independent from cell to cell.

    Raises:
        ConfigError: a relation that does not fit what is generated.
        DataError: a file that does not hold the attribute.
    """
    if not asked.soft:
        return None, None, []
    each = {
        name: _required(base, section.files, section.variable or name, grid, f"soft.{name}")
        for name, section in asked.soft.items()
    }
    notes = []
    for name, values in each.items():
        known = int(np.isfinite(values).sum())
        if not known:
            fix = f"leave [soft.{name}] out, or correct the file."
            raise DataError(message("The attribute has no value on the grid.", where=f"soft.{name}", fix=fix))
        notes.append(f"Soft attribute {name}: {known:,} of {values.size:,} cells.")
    if model.target.classes:
        return None, _likelihood(model, asked.soft, each), notes
    parts = [_row(model, name, section, each[name], offset) for name, section in asked.soft.items()]
    operator = np.stack([part[0] for part in parts], axis=-2)
    values, noise = (np.stack([part[at] for part in parts], axis=-1) for at in (1, 2))
    return Rows(*(jnp.asarray(array, jnp.float32) for array in (operator, values, noise))), None, notes


def _row(
    model: Model, name: str, section: SoftSection, values: np.ndarray, offset: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Operator (*place, variable), values and noise of an attribute of a number; zeros where it is missing."""
    names = model.bundle.provenance["generates"]
    if section.means:
        fix = "slope = ..., intercept = ..."
        raise ConfigError(message("means are for classes, and numbers are generated.", where=f"soft.{name}", fix=fix))
    if section.of is None and len(names) > 1:
        fix = f"of = one of {', '.join(names)}"
        raise ConfigError(message("Several variables are generated.", where=f"soft.{name}", fix=fix))
    own = section.of or names[0]
    _check_generated(own, names, f"soft.{name}.of")
    statistic, which = model.normaliser.statistics[own], names.index(own)
    slope, known = float(section.slope or 0), np.isfinite(values)
    trend = statistic.spread * (0 if offset is None else offset[..., which])
    operator = np.zeros((*values.shape, len(names)))
    operator[..., which] = np.where(known, slope * statistic.spread, 0)
    rest = values - section.intercept - slope * (statistic.centre + trend)
    return operator, np.where(known, rest, 0), np.full(values.shape, float(section.noise_sd))


def _likelihood(model: Model, soft: Mapping[str, SoftSection], each: Mapping[str, np.ndarray]) -> np.ndarray:
    """Of all attributes of a cell given each class, the largest 1: (*place, class)."""
    classes = model.target.classes
    assert classes is not None
    log = np.zeros((*next(iter(each.values())).shape, len(classes.names)))
    for name, section in soft.items():
        known = dict(section.means)
        lacking = [one for one in classes.names if one not in known]
        if lacking or len(known) > len(classes.names):
            stranger = next((one for one in known if one not in classes.names), "")
            what = f"means has no value for {lacking[0]!r}." if lacking else f"{stranger!r} is no class."
            fix = f"means = {{{', '.join(f'{one} = ...' for one in classes.names)}}}"
            raise ConfigError(message(what, where=f"soft.{name}", fix=fix))
        means = np.array([known[one] for one in classes.names], float)
        misfit = (each[name][..., None] - means) / section.noise_sd
        log -= np.where(np.isfinite(misfit), 0.5 * misfit**2, 0)
    return np.exp(log - log.max(axis=-1, keepdims=True)).astype(np.float32)


def _check_generated(name: str, names: Sequence[str], where: str) -> None:
    if name not in names:
        fix = f"use one of {', '.join(names)}{did_you_mean(name, names)}."
        raise ConfigError(message(f"{name!r} is not generated.", where=where, fix=fix))


def _required(base: Path, files: str, name: str, grid: Grid, where: str) -> np.ndarray:
    """A variable of a file on the grid."""
    record = _record(base, files, where)
    values = field_on(record, (name,), grid)
    if values is None:
        known = [str(key) for key in record.data.data_vars]
        fix = f"variable = one of {', '.join(known[:12])}{did_you_mean(name, known)}"
        raise DataError(message(f"The file has no variable {name!r}.", where=f"{where}, {record.source}", fix=fix))
    return values


def _record(base: Path, files: str, where: str) -> Record:
    """The one record of a file."""
    from outcrop.data.read import read, under

    records = read(str(under(base, files)))
    if len(records) != 1:
        what = f"There are {len(records)} records where one on the grid is needed."
        raise DataError(message(what, where=where, fix="name one file that holds the grid."))
    return records[0]
