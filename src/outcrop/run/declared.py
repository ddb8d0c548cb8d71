"""Checks of `[evaluate] ledger` made ready for the data: names, units, dimensions and formulas looked at once.

Asked of a test part by run/ledger.py, and of networks in training by run/informed.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from outcrop.config.ledger import CheckSection
from outcrop.data.units import has_unit, power_product
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.evaluate.ledger import Declared, numbers
from outcrop.physics.formula import Formula, Names
from outcrop.run.problem import Problem
from outcrop.view.graphs import Graphs
from outcrop.view.view import View

ROWS = "row"
"""The dimension of tables without an axis: the order of their rows means nothing."""
UNEVEN = 0.15
"""Largest difference of steps, as a share of the usual one, of a line whose spectrum is taken: months pass."""


def declared(problem: Problem, view: View) -> list[Declared]:
    """The checks of the run file, on these data.

    Raises:
        ConfigError: a check does not fit the data; names the check and the fix.
    """
    names, dims = aliases(problem), _dims(problem, view)
    sections = problem.config.evaluate.ledger
    return [_declared(name, section, problem, names, dims) for name, section in sections.items()]


def plain(name: str) -> str:
    """A name as formulas can speak it.

    >>> plain("NDVI-2"), plain("2t")
    ('NDVI_2', '_2t')
    """
    return re.sub(r"\W|^(?=\d)", "_", name)


def aliases(problem: Problem) -> dict[str, str]:
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
