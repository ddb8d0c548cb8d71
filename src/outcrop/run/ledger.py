"""The checks of `[evaluate] ledger` made ready for the data: names, units, dimensions and formulas looked at once.

What cannot be asked of these data (an unknown name, units that do not go together, a dimension that samples do not lie
on, no two neighbours in the test part) is said by `outcrop check`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from outcrop.config.ledger import CheckSection
from outcrop.data.units import has_unit, power_product
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.evaluate.ledger import FEWEST_CELLS, Declared, Grid, Ledger, amounts, numbers
from outcrop.evaluate.scored import Scored
from outcrop.physics.formula import Formula, Names
from outcrop.records import Record
from outcrop.run import parts
from outcrop.run.ladder import leads, samples_of
from outcrop.run.problem import Problem
from outcrop.split.promise import Split
from outcrop.view.graphs import Graphs
from outcrop.view.rows import Rows
from outcrop.view.view import View

ROWS = "row"
"""The dimension of tables without an axis: the order of their rows means nothing."""
UNEVEN = 0.15
"""Largest difference of steps, as a share of the usual one, of a line whose spectrum is taken: months pass."""


def ledger_of(problem: Problem, view: View, rows: Rows) -> Ledger | None:
    """The checks of the run file and where the scored rows lie; None where none are declared.

    Raises:
        ConfigError: a check does not fit the data; names the check and the fix.
    """
    sections = problem.config.evaluate.ledger
    if not sections:
        return None
    if problem.reconstructs or problem.generates:
        what = "The ledger speaks of a target that is predicted; here inputs are given back or drawn anew."
        raise ConfigError(message(what, where="evaluate.ledger", fix="remove evaluate.ledger"))
    aliases = _aliases(problem)
    dims = _dims(problem, view)
    checks = [_declared(name, section, problem, aliases, dims) for name, section in sections.items()]
    codes = () if problem.classes is None else tuple(float(code) for code in problem.classes.codes)
    grids = [_grid(record, aliases) for record in problem.records]
    return Ledger(checks, plain(problem.target.name), grids, rows.sample, _forecast(view, rows), codes)


def _forecast(view: View, rows: Rows) -> np.ndarray | None:
    """The step at which the forecast of every row was made, where a forecast has several leads.

    A record in time that is predicted anew at every step has one series of each lead; a forecast of many steps is a
    field of its own.
    """
    if len(np.unique(leads(view, rows))) < 2:
        return None
    axis = view.cells.dims.index(getattr(view, "along", None) or view.cells.dims[0])
    step = view.cells.shapes[:, axis + 1 :].prod(axis=1)[rows.record]
    return rows.read // step % view.cells.shapes[rows.record, axis]


def check_ledger(problem: Problem, view: View, splits: Sequence[Split], has: np.ndarray) -> None:
    """Every check can be asked somewhere in the test part.

    Raises:
        ConfigError: a check cannot be asked; names it and the fix.
    """
    if not problem.config.evaluate.ledger:
        return
    masks = problem.labelled()
    tested = [samples_of(problem, view, parts.with_labels(split, has).test, masks) for split in splits]
    rows = Rows(*(np.concatenate([getattr(one, name) for one in tested]) for name in Rows._fields))
    ledger = ledger_of(problem, view, rows)
    assert ledger is not None
    flat = np.concatenate([record.flat(problem.target.name) for record in problem.records])
    target = flat[rows.flat(view.cells.offsets)]
    fold = np.concatenate([np.full(len(one), number) for number, one in enumerate(tested)])
    names, unit = tuple(record.name for record in problem.records), np.zeros(len(rows), np.int64)
    scored = Scored(rows.record, names, rows.sample, target, {}, fold=fold, lead=leads(view, rows))
    for check in ledger.checks:
        found = amounts(check, ledger, scored, {"truth": ledger.column(target)}, unit)["truth"]
        if not np.isfinite(found).any():
            raise ConfigError(message(_nowhere(check), where=f"evaluate.ledger.{check.name}", fix=_elsewhere(check)))


def _nowhere(check: Declared) -> str:
    if check.kind == "spectrum":
        return f"No unbroken line of {FEWEST_CELLS} held-out samples lies along {check.along}."
    if check.kind == "sum":
        return f"No line along {check.along} is held out and known as a whole."
    if check.kind == "monotonic" or check.formula.differentiates:
        along = check.along or check.formula.differentiates[0]
        return f"No held-out samples are neighbours along {along}, so {check.formula.text!r} has no steps there."
    return f"{check.formula.text!r} is known at no held-out sample."


def _elsewhere(check: Declared) -> str:
    if check.along or check.formula.differentiates:
        return f"another dimension, a promise that holds out whole lines, or remove evaluate.ledger.{check.name}."
    return f"check the inputs of the formula, or remove evaluate.ledger.{check.name}."


def plain(name: str) -> str:
    """A name as formulas can speak it.

    >>> plain("NDVI-2"), plain("2t")
    ('NDVI_2', '_2t')
    """
    return re.sub(r"\W|^(?=\d)", "_", name)


def _aliases(problem: Problem) -> dict[str, str]:
    """Names that formulas may use -> target, inputs and numeric coordinates of every record."""
    own = [variable.name for variable in problem.variables if variable.role in ("input", "target")]
    first = problem.records[0]
    own += [
        str(name)
        for name, coordinate in first.data.coords.items()
        if coordinate.dtype.kind in "fiu" and coordinate.dims and set(coordinate.dims) <= set(first.dims)
    ]
    return {plain(name): name for name in dict.fromkeys(own)}


def _dims(problem: Problem, view: View) -> dict[str, str]:
    """Dimension with an order -> unit of its coordinate; "date" for dates."""
    nodes = view.network.nodes if isinstance(view, Graphs) else ""
    found = {}
    for dim in problem.records[0].dims:
        coordinates = [record.data[dim] for record in problem.records if dim in record.data.coords]
        if dim in (ROWS, nodes) or len(coordinates) < len(problem.records):
            continue
        if all(c.dtype.kind in "fiuM" and _in_order(c.to_numpy()) for c in coordinates):
            dated = coordinates[0].dtype.kind == "M"
            found[dim] = "date" if dated else str(coordinates[0].attrs.get("units", ""))
    return found


def _in_order(values: np.ndarray) -> bool:
    step = np.diff(values.astype("int64") if values.dtype.kind == "M" else values)
    return len(values) > 1 and bool((step > 0).all() or (step < 0).all())


def _grid(record: Record, aliases: Mapping[str, str]) -> Grid:
    coordinates = {dim: record.data[dim].to_numpy() for dim in record.dims if dim in record.data.coords}
    column = functools.cache(lambda name: record.flat(aliases[name]).astype(float))
    return Grid(record.name, record.dims, record.shape, coordinates, column)


def _declared(
    name: str, section: CheckSection, problem: Problem, aliases: Mapping[str, str], dims: Mapping[str, str]
) -> Declared:
    """One check of the run file on these data."""
    where = f"evaluate.ledger.{name}"
    along = section.along_dim or ""
    if along and along not in dims:
        what = f"Samples do not lie along {along!r}{did_you_mean(along, dims)}."
        known = ", ".join(dims) or "none of these data: its order means nothing"
        raise ConfigError(message(what, where=where, fix=f"dimensions with an order: {known}."))
    if problem.classes is not None and section.formula is None:
        code, own = problem.classes.codes[0], plain(problem.target.name)
        what = f"{problem.target.name} is a class: {section.kind} speaks of numbers."
        raise ConfigError(
            message(what, where=where, fix=f'of = "{own} == {code}", which is 1 in that class and else 0.')
        )
    time_s = _seconds(section.time_unit, where)
    formula = _formula(section, problem, aliases, dims, where)
    asked = {"sum": section.sum}.get(section.kind)
    low, high = section.range or (-np.inf, np.inf) if asked is None else (asked, asked)
    return Declared(
        name, section.kind, formula, section.unit or formula.unit,
        factor=formula.factor(section.unit) if section.unit else 1.0,
        along=along, low=float(low), high=float(high), increasing=section.monotonic == "increasing",
        tolerance=_tolerance(section), time_s=time_s, **_wavelength(section, problem, dims, time_s, where),
    )  # fmt: skip


def _tolerance(section: CheckSection) -> float | None:
    """What counts as kept; sums and balances without one are told by size."""
    if section.tolerance is None:
        return None if section.kind in ("sum", "balance") else 0.0
    return float(section.tolerance)


def _formula(
    section: CheckSection, problem: Problem, aliases: Mapping[str, str], dims: Mapping[str, str], where: str
) -> Formula:
    known = {variable.name: variable.unit or "" for variable in problem.variables}
    first = problem.records[0].data
    units = {
        alias: known[name] if name in known else str(first[name].attrs.get("units", ""))
        for alias, name in aliases.items()
    }
    constants = {name: _constant(name, value, where) for name, value in section.constant.items()}
    along = {dim: section.time_unit if unit == "date" else unit for dim, unit in dims.items()}
    return Formula(section.formula or plain(problem.target.name), Names(units, along, constants), where)


def _constant(name: str, value: Any, where: str) -> tuple[float, str]:
    """ "3.5 m/s" as number and unit."""
    number, _, unit = str(value).strip().partition(" ")
    try:
        power_product({unit: 1} if has_unit(unit) else {}, unit or "dimensionless")
        return float(number), unit.strip() or "dimensionless"
    except (ValueError, DataError):
        what = f"constant.{name} = {value!r} is no number with a unit."
        raise ConfigError(message(what, where=where, fix=f'constant = {{{name} = "3.5 m/s"}}')) from None


def _seconds(unit: str, where: str) -> float:
    try:
        found = power_product({unit: 1}, "s")
    except DataError:
        found = None
    if found is None:
        raise ConfigError(message(f"time_unit = {unit!r} is no unit of time.", where=where, fix='time_unit = "d"'))
    return found


def _wavelength(
    section: CheckSection, problem: Problem, dims: Mapping[str, str], time_s: float, where: str
) -> dict[str, Any]:
    """The wavelength that divides long from short waves: in samples of each record, and in words."""
    if section.spectrum is None:
        return {}
    steps = {}
    for record in problem.records:
        gaps = np.abs(np.diff(numbers(record.data[section.spectrum].to_numpy(), time_s)))
        step = float(np.median(gaps))
        if np.abs(gaps - step).max() > UNEVEN * step:
            what = f"{record.name} has steps of {gaps.min():.4g} to {gaps.max():.4g} along {section.spectrum}."
            raise ConfigError(message(what, where=where, fix="resample (frame.step_m), or remove this check."))
        steps[record.name] = step
    unit = section.time_unit if dims[section.spectrum] == "date" else dims[section.spectrum]
    usual = next(iter(steps.values()))
    length = float(section.shorter_than or 4 * usual)
    if length < 2 * usual:
        what = f"No wave is shorter than {length:g} {unit}: the steps are {usual:g} {unit}."
        raise ConfigError(message(what, where=where, fix=f"shorter_than = {4 * usual:g}"))
    return {"cells": {name: length / step for name, step in steps.items()}, "wavelength": f"{length:g} {unit}".strip()}
