"""Observations blocked to the cells of a grid, in standard units; nothing is moved to a cell it does not lie in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
import pandas as pd

from outcrop.config.given import ObservationSection
from outcrop.errors import ConfigError, DataError, message
from outcrop.run.observation_files import GROUP, WELL, WHERE, Rows
from outcrop.run.on_grid import Grid, shape_of, width_of
from outcrop.run.surrogate import Model
from outcrop.sample.realise import Observed


@dataclass(frozen=True)
class Blocked:
    """Observations of cells.

    Attributes:
        observed: where, and the values in standard units, less the trend.
        facts: rows read, used and left aside, and the cells and wells they make, for the report.
    """

    observed: Observed
    facts: dict[str, Any]

    @property
    def notes(self) -> list[str]:
        """What was left aside, and how many cells are observed."""
        facts, total = self.facts, self.observed.known[..., 0].size
        notes = []
        if facts["outside"]:
            notes.append(
                f"{facts['outside']:,} of {facts['rows']:,} observations lie outside of the grid and were left aside."
            )
        if facts["missing"]:
            notes.append(f"{facts['missing']:,} of {facts['rows']:,} observations have no value and were left aside.")
        return [*notes, f"{facts['cells']:,} of {total:,} cells are observed."]


def block(
    model: Model, rows: Rows, section: ObservationSection, grid: Grid, offset: np.ndarray | None = None
) -> Blocked:
    """Brings rows to cells: the stated average of those whose cell it is.

    Args:
        model, section, grid: as for `gather`.
        rows: what it gave.
        offset: trend in standard units, (*place, variable), that observations are compared without.

    Raises:
        ConfigError: an average that does not fit, or noise of classes.
        DataError: no row lies on the grid.
    """
    shape, width, classes = shape_of(grid), width_of(model), model.target.classes
    _check_average(section, bool(classes))
    _, inside = _cells(rows.table, grid, section.tolerance)
    there = rows.table[list(rows.names)].notna().any(axis=1).to_numpy()
    facts = {
        "rows": len(inside), "outside": int((~inside & there).sum()), "missing": int((~there).sum()),
        "used": int((inside & there).sum()), "wells": rows.where(inside & there).names_of(WELL),
        "groups": rows.where(inside & there).names_of(GROUP),
    }  # fmt: skip
    table = _joined(rows, grid, section.line_gap, bool(classes))
    cell, inside = _cells(table, grid, section.tolerance)
    known, values = np.zeros((*shape, width), bool), np.zeros((*shape, width), np.float32)
    noise = np.zeros(width, np.float32)
    for name in rows.names:
        column = table[name].to_numpy(float)
        use = inside & np.isfinite(column)
        if classes:
            flat, chosen = blocked(cell[use], column[use], "majority")
            known.reshape(-1, width)[flat] = True
            values.reshape(-1, width)[flat] = np.where(chosen[:, None] == np.arange(width), 1.0, -1.0)
            continue
        which = model.bundle.provenance["generates"].index(name)
        statistic = model.normaliser.statistics[name]
        scaled = statistic.standard(column[use], next(v for v in model.inputs if v.name == name))
        flat, mean = blocked(cell[use], scaled, "mean" if section.average == "auto" else section.average)
        known.reshape(-1, width)[flat, which] = True
        values.reshape(-1, width)[flat, which] = mean
        noise[which] = section.noise_sd.get(name, 0.0) / statistic.spread
    if not known.any():
        spans = ", ".join(f"{dim} {axis[0]:g} to {axis[-1]:g}" for dim, axis in grid.items())
        what, fix = "No observation lies on the grid.", f"the grid is {spans}; say [grid] start, step and count."
        raise DataError(message(what, where=WHERE, fix=fix))
    facts["cells"] = int(known.any(axis=-1).sum())
    values = values if offset is None else np.where(known, values - offset, 0.0).astype(np.float32)
    return Blocked(Observed(jnp.asarray(known), jnp.asarray(values), jnp.asarray(noise)), facts)


def blocked(cell: np.ndarray, values: np.ndarray, average: str) -> tuple[np.ndarray, np.ndarray]:
    """Every observed cell and the mean, median or most frequent of its observations.

    >>> blocked(np.array([4, 4, 1]), np.array([1.0, 3.0, 5.0]), "mean")
    (array([1, 4]), array([5., 2.]))
    """
    if average == "majority" and len(values):
        kinds, kind = np.unique(values, return_inverse=True)
        counts = pd.crosstab(cell, kind)
        return counts.index.to_numpy(), kinds[counts.columns.to_numpy()[counts.to_numpy().argmax(axis=1)]]
    each = pd.Series(values).groupby(cell).agg("mean" if average == "majority" else average)
    return each.index.to_numpy(), each.to_numpy(float)


def _check_average(section: ObservationSection, classes: bool) -> None:
    if classes and any(section.noise_sd.values()):
        fix = "leave noise_sd out; uncertain classes are soft data: [soft.NAME] means and noise_sd."
        raise ConfigError(message("Classes have no noise.", where="observations.noise_sd", fix=fix))
    if classes and section.average in ("mean", "median"):
        what = f"Classes have no {section.average}."
        raise ConfigError(message(what, where="observations.average", fix='average = "majority"'))


def _cells(table: pd.DataFrame, grid: Grid, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """The cell of every row (0 outside), and whether it lies inside the grid."""
    flat, inside = np.zeros(len(table), np.int64), np.ones(len(table), bool)
    for dim, axis in grid.items():
        at = (table[dim].to_numpy(float) - axis[0]) / _step(axis)
        nearest = np.round(np.nan_to_num(at, nan=-1.0))
        inside &= (nearest >= 0) & (nearest < len(axis)) & (np.abs(at - nearest) <= tolerance)
        flat = flat * len(axis) + np.where(inside, nearest, 0).astype(np.int64)
    return flat, inside


def _step(axis: np.ndarray) -> float:
    return float(axis[1] - axis[0]) if len(axis) > 1 else 1.0


def _joined(rows: Rows, grid: Grid, gap: float, classes: bool) -> pd.DataFrame:
    """Points half a cell apart between neighbouring rows of one well that are at most `gap` cells apart.

    Numbers are interpolated between them, classes are those of the nearer row.
    """
    table, dims = rows.table, list(grid)
    if not gap or len(table) < 2:
        return table
    places = table[dims].to_numpy(float)
    apart = np.abs(np.diff(places / [_step(axis) for axis in grid.values()], axis=0)).max(axis=1)
    wells = table[WELL].to_numpy()
    near = (wells[1:] == wells[:-1]) & (wells[1:] != "") & (apart <= gap)
    pieces = np.append(np.where(near, np.ceil(2 * np.nan_to_num(apart)).clip(1), 1).astype(int), 1)
    first = np.repeat(np.arange(len(table)), pieces)
    share = (np.arange(len(first)) - np.repeat(np.cumsum(pieces) - pieces, pieces)) / pieces[first]
    found = table.iloc[first].reset_index(drop=True)
    after = table.iloc[np.minimum(first + 1, len(table) - 1)].reset_index(drop=True)
    between = share > 0
    for name in (*dims, *rows.names):
        one, other = found[name].to_numpy(float), after[name].to_numpy(float)
        nearer = np.where(share < 0.5, one, other) if classes and name in rows.names else one + share * (other - one)
        found[name] = np.where(between, nearer, one)
    return found
