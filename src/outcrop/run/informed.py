"""Checks of the ledger made ready to be trained for: `[loss] ledger = {NAME = WEIGHT}`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import prod
from typing import Any, NoReturn

import numpy as np

from outcrop.config.schema import Config
from outcrop.data.normalise import Normaliser
from outcrop.data.seen import column, is_missing
from outcrop.data.statistic import Statistic
from outcrop.data.transform import PLAIN
from outcrop.data.variable import Variable
from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.evaluate.ledger import KINDS as LEDGER
from outcrop.evaluate.ledger import Declared, numbers
from outcrop.loss import table as losses
from outcrop.loss.informed import Informed, Physical
from outcrop.run.declared import declared, plain
from outcrop.run.own_target import dims_of
from outcrop.run.problem import Problem
from outcrop.split.promise import Split
from outcrop.view.view import View

TRAINED = ("balance", "range", "monotonic")
"""Checks with a slope that training can follow."""
GRIDS = ("points", "windows", "patches")
"""Views whose examples are pieces of the record's grid."""
EVEN = 1e-3
"""Largest difference of steps, as a share of the usual one, of a grid on which one formula serves all examples."""


def informed(loss: Any, config: Config, problem: Problem, view: View, normaliser: Normaliser) -> Any:
    """The loss with the checks that the run file trains for; the loss itself where it names none.

    Raises:
        ConfigError: a check cannot be trained for; names it and the fix.
    """
    if not config.loss.ledger:
        return loss
    known = config.evaluate.ledger
    for name in config.loss.ledger:
        if name not in known:
            fix = f"declare [evaluate.ledger.{name}], or one of: {', '.join(known) or 'none is declared'}."
            _refuse(f"No check is called {name!r}{did_you_mean(name, known)}.", name, fix)
    number = not (problem.classes or problem.reconstructs or problem.generates)
    if not number or losses.head_of(config.loss.kind, "number") != "point":
        what = "Checks are trained for where a network answers with one number per sample."
        _refuse(what, "", "a target that is a number and a loss such as mse, huber or relative_l2")
    if view.kind not in GRIDS or (view.kind == "points" and view.input_shape(1) != (1,)):
        what = f"Examples of view {view.kind} are no pieces of a grid here: an answer has samples of its own."
        _refuse(what, "", 'view.kind = "windows", or "patches"')
    checks = {check.name: check for check in declared(problem, view)}
    wanted = [(checks[name], weight) for name, weight in config.loss.ledger.items()]
    return Informed(loss, tuple(_physical(check, weight, problem, view, normaliser) for check, weight in wanted))


def with_asked(problem: Problem, view: View, split: Split) -> Split:
    """The split with those unlabelled examples in its training part that the checks are asked of.

    They lie wholly on the grid of their record, and miss no input: there the checks speak of what is, not of fillings.
    """
    index = split.unlabelled
    if not problem.config.loss.ledger or split.boxes is not None or not len(index):
        return split
    inputs = [variable for variable in problem.variables if variable.role == "input"]
    there = [~np.any([is_missing(column(r, v), v) for v in inputs], axis=0) for r in view.cells.records]
    origins = view.origins.take(index)
    count = view.cells.count(np.concatenate(there), origins.record, origins.reads)
    whole = count == prod(view.input_shape(1)[:-1])
    return replace(split, train=np.union1d(split.train, index[whole]))


def _physical(check: Declared, weight: float, problem: Problem, view: View, normaliser: Normaliser) -> Physical:
    """One check on arrays of examples."""
    if check.kind not in TRAINED:
        fix = f"one of {', '.join(TRAINED)}, or leave it to the ledger alone."
        _refuse(f"{check.name} is a check of kind {check.kind}, which no training can follow.", check.name, fix)
    amount, decoded = LEDGER[check.kind].amount, _decoders(check, normaliser)
    assert amount is not None
    dims = dims_of(view)
    stepped = (*check.formula.differentiates, *([check.along] if check.along else []))
    if problem.config.train.augment.moves and stepped:
        what = f"{check.name} has steps along {stepped[0]}, and training turns and mirrors its examples."
        _refuse(what, check.name, "remove train.augment.moves")
    along = {dim: (1 + _axis(check, dim, dims), _steps(check, dim, problem)) for dim in dict.fromkeys(stepped)}
    order = None if not check.along else along[check.along][0]
    cut = {axis for dim, (axis, _) in along.items() if dim in check.formula.differentiates}

    def excess(inputs: Any, fields: Any) -> Any:
        columns = {name: of(inputs, fields) for name, of in decoded.items()}
        places = {dim: (axis, np.arange(fields.shape[axis]) * step) for dim, (axis, step) in along.items()}
        values = check.factor * check.formula.inside(columns, places)
        values = amount(check, values, order or 0)
        values = values if order is None else _cut(values, order, 1, None)  # the first has none before it
        free = abs(values) - (check.tolerance or 0.0)
        return (free > 0) * free

    def asked(known: Any) -> Any:
        for axis in cut:
            known = _cut(known, axis, 0, -2) & _cut(known, axis, 1, -1) & _cut(known, axis, 2, None)
        return known if order is None else _cut(known, order, 0, -1) & _cut(known, order, 1, None)

    return Physical(check.name, excess, asked, weight)


def _cut(values: Any, axis: int, start: int, stop: int | None) -> Any:
    """The cells from `start` to `stop` along an axis."""
    return values[(slice(None),) * axis + (slice(start, stop),)]


def _decoders(check: Declared, normaliser: Normaliser) -> dict[str, Any]:
    """What a formula speaks of, in its unit: (inputs, target) as the network knows them -> a field."""
    inputs = {plain(variable.name): variable for variable in normaliser.inputs}
    target = normaliser.target
    assert target is not None
    found = {}
    for name in check.formula.uses:
        own = name == plain(target.name)
        variable = target if own else inputs.get(name)
        # 1 / x of a network's answer has no value at 0 and below, where training may pass
        known = variable is not None and (variable.transform_kind in PLAIN if own else variable.is_plain)
        if variable is None or not known or (own and variable.transform_kind == "reciprocal"):
            fix = "inputs and a target that are plain numbers (no mask, anomaly or own scale; no reciprocal target)."
            _refuse(f"{check.formula.text!r} speaks of {name}, which no channel holds as it is.", check.name, fix)
        channel = None if own else normaliser.layout[variable.name].values[0]
        statistic = normaliser.statistics[variable.name]
        found[name] = partial(_field, variable, channel, statistic)
    return found


def _field(variable: Variable, channel: int | None, statistic: Statistic, inputs: Any, fields: Any) -> Any:
    """A channel of the inputs, or the target, in its unit."""
    return variable.unscaled(fields if channel is None else inputs[..., channel], statistic.centre, statistic.spread)


def _axis(check: Declared, dim: str, dims: tuple[str, ...]) -> int:
    if dim not in dims:
        fix = f"a view with that dimension; examples have {', '.join(dims) or 'one sample each'}."
        _refuse(f"{check.formula.text!r} has steps along {dim}, and examples have none.", check.name, fix)
    return dims.index(dim)


def _steps(check: Declared, dim: str, problem: Problem) -> float:
    """The step of the grid along a dimension, in the unit of its coordinate; of all records the same."""
    gaps = [np.diff(numbers(record.data[dim].to_numpy(), check.time_s)) for record in problem.records]
    every = np.concatenate(gaps)
    usual = float(np.median(every))
    if np.abs(every - usual).max() > EVEN * abs(usual):
        what = f"Steps along {dim} run from {every.min():.4g} to {every.max():.4g}: one formula needs equal ones."
        _refuse(what, check.name, "resample (frame.step_m), or leave the check to the ledger alone.")
    return usual


def _refuse(what: str, name: str, fix: str) -> NoReturn:
    raise ConfigError(message(what, where=f"loss.ledger{'.' * bool(name)}{name}", fix=fix))
