"""The ledger of a run: its checks, and where the rows lie that they are asked of.

What cannot be asked of these data (an unknown name, units that do not go together, a dimension that samples do not lie
on, no two neighbours in the test part) is said by `outcrop check`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np

from outcrop.errors import ConfigError, message
from outcrop.evaluate.ledger import FEWEST_CELLS, Declared, Grid, Ledger, amounts
from outcrop.evaluate.scored import Scored
from outcrop.records import Record
from outcrop.run import parts
from outcrop.run.declared import aliases, declared, plain
from outcrop.run.ladder import leads, samples_of
from outcrop.run.problem import Problem
from outcrop.split.promise import Split
from outcrop.view.rows import Rows
from outcrop.view.view import View


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
    names, checks = aliases(problem), declared(problem, view)
    codes = () if problem.classes is None else tuple(float(code) for code in problem.classes.codes)
    grids = [_grid(record, names) for record in problem.records]
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


def _grid(record: Record, names: Mapping[str, str]) -> Grid:
    coordinates = {dim: record.data[dim].to_numpy() for dim in record.dims if dim in record.data.coords}
    column = functools.cache(lambda name: record.flat(names[name]).astype(float))
    return Grid(record.name, record.dims, record.shape, coordinates, column)
