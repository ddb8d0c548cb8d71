"""How good a solution is: against the truth, against the equation, at the conditions, against the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from outcrop.loss.residual_terms import EQUATION, condition_terms, noisy
from outcrop.model.solution import Solution
from outcrop.physics.problem import Problem
from outcrop.run.folder import write_atomic
from outcrop.run.pose import Posed
from outcrop.run.solved_model import fields_at, in_batches
from outcrop.train.progress import Fit

CELLS = {1: 1001, 2: 201, 3: 51, 4: 21}
"""Points along each coordinate of the grid that is written and scored, by the number of coordinates."""
UNSOLVED = 1e-2
"""Share of the mean square residual of an untrained network, above which an equation is not met."""
FITTED = (0.8, 1.1)
"""Misfit over noise of data that are fitted as well as their noise allows."""
GOOD, POOR = 0.05, 0.3
"""Relative errors below which a solution is called close, and above which it is called wrong."""


@dataclass(frozen=True)
class Scores:
    """What was measured.

    Attributes:
        told: content of metrics.json, "problem".
        axes: coordinate -> values of the grid.
        fields: name -> (member, *grid): unknowns, what was found as a field, and `residual_PART`.
        truth: unknown -> (*grid), where a formula tells it.
        at_reference: unknown -> (point,), mean over members where a file tells the truth.
    """

    told: dict[str, Any]
    axes: dict[str, np.ndarray]
    fields: dict[str, np.ndarray]
    truth: dict[str, np.ndarray]
    at_reference: dict[str, np.ndarray]


def scored(posed: Posed, models: Sequence[Solution]) -> Scores:
    """Everything that is measured of a solution."""
    problem = posed.problem
    axes = grid(problem)
    points = np.stack([g.ravel() for g in np.meshgrid(*axes.values(), indexing="ij")], axis=-1)
    shape = tuple(len(axis) for axis in axes.values())
    values = np.stack([fields_at(model, points) for model in models])
    left = residuals_of(problem, models, points)
    fields = {
        name: values[..., problem.names.index(name)].reshape(-1, *shape)
        for name in (*problem.equation.unknowns, *problem.found_fields)
    }
    fields |= {f"residual_{part}": left[..., i].reshape(-1, *shape) for i, part in enumerate(problem.equation.parts)}
    truth = {
        name: np.asarray(jax.vmap(formula)(jnp.asarray(points))).reshape(shape)
        for name, formula in problem.exact.items()
        if name in problem.outputs
    }
    told = {"equation": problem.equation.name, "formula": problem.equation.formula, "members": len(models)}
    told["fields"] = field_errors(posed, models, points, truth)
    told["residual"] = {
        part: spread_of(np.sqrt(np.nanmean(left[..., i] ** 2, axis=1))) | {"unit": problem.residual_unit(part)}
        for i, part in enumerate(problem.equation.parts)
    }
    told["conditions"] = {
        term.name: spread_of([_off(term, model) for model in models]) for term in condition_terms(problem, 200, 0)
    }
    told["found"] = {name: _found(problem, name, models) for name in problem.found_numbers}
    told["data"] = {f"data {m.unknown}": _fit_of(problem, m, models) for m in problem.measured}
    told["rows"] = _rows(problem, told)
    at_reference = {}
    if posed.truth is not None:
        seen = np.mean([fields_at(model, posed.truth.points) for model in models], axis=0)
        at_reference = {name: seen[:, problem.names.index(name)] for name in posed.truth.values}
    return Scores(told, axes, fields, truth, at_reference)


def grid(problem: Problem) -> dict[str, np.ndarray]:
    """Coordinate -> values from its lowest to its highest."""
    count = CELLS.get(len(problem.coordinates), 11)
    return {name: np.linspace(low, high, count) for name, (low, high) in problem.domain.bounds.items()}


def residuals_of(problem: Problem, models: Sequence[Solution], points: np.ndarray) -> np.ndarray:
    """What is left over of the equation at points, in physical units, (model, point, part); NaN at point sources."""
    left_over = eqx.filter_jit(lambda model, p: jax.vmap(lambda x: problem.residuals(model.fields(), x))(p))
    left = np.stack([in_batches(left_over, model, points) for model in models])
    for condition in problem.conditions:
        if condition.point is not None:  # the solution has no slope there
            left[:, np.all(points == np.asarray(condition.point), axis=1)] = np.nan
    return left


def field_errors(
    posed: Posed, models: Sequence[Solution], points: np.ndarray, truth: dict[str, np.ndarray]
) -> dict[str, Any]:
    """Of every field whose truth is known: relative L2, root mean square and largest error; what is known without a
    network, the conditions carried into the domain, has its own relative error.
    """
    problem = posed.problem
    known = {name: (points, values.ravel()) for name, values in truth.items()}
    if posed.truth is not None:
        known |= {name: (posed.truth.points, values) for name, values in posed.truth.values.items()}
    found = {}
    for name, (places, true) in known.items():
        column = problem.names.index(name)
        each = [fields_at(model, places)[:, column] for model in models]
        size = float(np.linalg.norm(true)) or 1.0
        off = np.abs(np.mean(each, axis=0) - true)
        worst = int(off.argmax())
        place = dict(zip(problem.coordinates, map(float, places[worst]), strict=True))
        entry = {
            "relative_l2": spread_of([np.linalg.norm(one - true) / size for one in each]),
            "rmse": spread_of([np.sqrt(np.mean((one - true) ** 2)) for one in each]),
            "largest": {"value": float(off[worst]), "place": place},
            "unit": problem.units.get(name, ""),
            "points": len(true),
            "baselines": {"mean of the truth": float(np.linalg.norm(true.mean() - true)) / size},
        }
        if name in problem.ansatzes:
            lift = np.asarray(jax.vmap(problem.ansatzes[name].lift)(jnp.asarray(places)))
            if np.any(lift):
                entry["baselines"]["conditions alone"] = float(np.linalg.norm(lift - true)) / size
        found[name] = entry
    return found


def spread_of(values: Sequence[float] | np.ndarray) -> dict[str, Any]:
    """Median over members, least and largest."""
    values = [float(v) for v in values]
    return {"value": float(np.median(values)), "low": min(values), "high": max(values), "members": values}


def _off(term: Any, model: Solution) -> float:
    """The largest deviation from a condition, in units of the unknown's size."""
    points = jnp.asarray(term.points)
    rows = jax.vmap(lambda p, a: term.rows(model.fields(), p, a))(points, jnp.asarray(term.aside))
    return float(jnp.abs(rows).max())


def _found(problem: Problem, name: str, models: Sequence[Solution]) -> dict[str, Any]:
    values = [float(problem.found_numbers[name].value(model.numbers[name])) for model in models]
    exact = problem.exact.get(name)
    true = None if exact is None else float(exact(jnp.zeros(len(problem.coordinates))))
    error = None if not true else abs(float(np.median(values)) - true) / abs(true)
    return spread_of(values) | {"exact": true, "relative_error": error, "unit": problem.units.get(name, "")}


def _fit_of(problem: Problem, measured: Any, models: Sequence[Solution]) -> dict[str, Any]:
    column = problem.names.index(measured.unknown)
    off = [np.sqrt(np.mean((fields_at(m, measured.points)[:, column] - measured.values) ** 2)) for m in models]
    unit = problem.units.get(measured.unknown, "")
    return spread_of(off) | {"noise_sd": measured.noise_sd, "count": len(measured.values), "unit": unit}


def _rows(problem: Problem, told: dict[str, Any]) -> list[dict[str, Any]]:
    """The table that people read first."""
    rows = []
    for name, entry in told["fields"].items():
        rows.append(_row(f"{name}: relative L2 error", "1", entry["relative_l2"]))
        rows.append(_row(f"{name}: root mean square error", entry["unit"], entry["rmse"]))
        for baseline, value in entry["baselines"].items():
            rows.append({"what": f"{name}: relative L2 error of {baseline}", "unit": "1", "value": value, "spread": ""})
    for name, entry in told["found"].items():
        true = "" if entry["exact"] is None else f" (true {entry['exact']:.6g})"
        rows.append(_row(f"{name}{true}", entry["unit"], entry))
    for name, entry in told["data"].items():
        of = "" if entry["noise_sd"] is None else f" (noise {entry['noise_sd']:.3g})"
        rows.append(_row(f"{name}: misfit{of}", entry["unit"], entry))
    for part, entry in told["residual"].items():
        rows.append(_row(f"left over of the {part}", entry["unit"], entry))
    for name, entry in told["conditions"].items():
        rows.append(_row(f"largest deviation from {name}", "of its size", entry))
    return rows


def _row(what: str, unit: str, entry: dict[str, Any]) -> dict[str, Any]:
    several = len(entry["members"]) > 1
    spread = f"{entry['low']:.3g} to {entry['high']:.3g}" if several else ""
    return {"what": what, "unit": unit, "value": entry["value"], "spread": spread}


def findings(posed: Posed, scores: Scores, fits: Sequence[Fit]) -> list[dict[str, Any]]:
    """Sentences, each with the number it rests on."""
    told = scores.told
    found = [row for name, entry in told["fields"].items() for row in _of_field(name, entry, told["members"])]
    found += [_of_number(name, entry) for name, entry in told["found"].items()]
    found += [_of_data(name, entry) for name, entry in told["data"].items() if entry["noise_sd"]]
    for number, fit in enumerate(fits, start=1):
        unmet = _left_over(posed.problem, fit)
        if UNSOLVED < unmet < float("inf"):
            left = f"{100 * unmet**0.5:.2g} % of the residual of an untrained network"
            text = f"Training has not met the equation: {left} is left (member {number})."
            help_ = " More points, a wider network, one with detail (siren), or causal weights may help."
            found.append({"id": "not_solved", "sentence": text + help_, "numbers": {"left": unmet}})
    return found + [{"id": "doubt", "sentence": doubt, "numbers": {}} for doubt in posed.doubts]


def _left_over(problem: Problem, fit: Fit) -> float:
    """The share of the mean square residual that is left: at points of the check, or, where noisy data leave nothing
    to choose a model by, at those of training.
    """
    if not noisy(problem):
        return fit.best_value
    return next((row[EQUATION] for row in reversed(fit.history) if row["step"] == fit.best_step), float("inf"))


def _of_field(name: str, entry: dict[str, Any], members: int) -> list[dict[str, Any]]:
    """How far a field is from its truth, and where most."""
    own, largest = entry["relative_l2"], entry["largest"]
    word = "close to" if own["value"] < GOOD else "far from" if own["value"] > POOR else "not yet close to"
    several = f" ({own['low']:.2g} to {own['high']:.2g} over {members} members)" if members > 1 else ""
    baseline, best = min(entry["baselines"].items(), key=lambda pair: pair[1])
    text = f"{name} is {word} the truth: relative L2 error {own['value']:.2g}{several}; {baseline}: {best:.2g}."
    place = ", ".join(f"{n} = {v:.3g}" for n, v in largest["place"].items())
    unit = f" {entry['unit']}" if entry["unit"] else ""
    worst = f"The largest error of {name} is {largest['value']:.2g}{unit}, at {place}."
    return [
        {"id": "headline", "sentence": text, "numbers": {"relative_l2": own["value"]}},
        {"id": "largest_error", "sentence": worst, "numbers": {"error": largest["value"]}},
    ]


def _of_number(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    """What a number was found to be."""
    unit = f" {entry['unit']}" if entry["unit"] else ""
    several = f" ({entry['low']:.5g} to {entry['high']:.5g} over members)" if len(entry["members"]) > 1 else ""
    away = f"{100 * (entry['relative_error'] or 0):.2g} % away"
    true = "" if entry["exact"] is None else f"; true is {entry['exact']:.5g}, {away}"
    sentence = f"{name} is {entry['value']:.5g}{unit}{several}{true}."
    return {"id": "found", "sentence": sentence, "numbers": {name: entry["value"]}}


def _of_data(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Whether data are fitted as their noise allows."""
    ratio = entry["value"] / entry["noise_sd"]
    word = "as well as their noise allows"
    if not FITTED[0] <= ratio <= FITTED[1]:
        word = "closer than their noise: it is fitted too" if ratio < 1 else "worse than their noise allows"
    what = f"{entry['count']} {name.replace('data ', 'values of ')}"
    sentence = f"The {what} are fitted {word} (misfit over noise {ratio:.2g})."
    return {"id": "data_fit", "sentence": sentence, "numbers": {"ratio": ratio}}


def write_solution(place: Path, posed: Posed, scores: Scores) -> None:
    """solution.nc: fields on a grid, mean over members and standard deviation; the truth; what is left over."""
    import xarray as xr

    problem, dims = posed.problem, tuple(scores.axes)
    left_over = {f"residual_{part}": problem.residual_unit(part) for part in problem.equation.parts}
    units = dict(problem.units) | {name: unit for name, unit in left_over.items() if unit}
    data: dict[str, Any] = {}
    for name, members in scores.fields.items():
        own = {"units": units[name]} if name in units else {}
        data[name] = (dims, members.mean(axis=0), own)
        if len(members) > 1:
            data[f"{name}_sd"] = (dims, members.std(axis=0, ddof=1), own)
    for name, values in scores.truth.items():
        data[f"{name}_true"] = (dims, values, {"units": units[name]} if name in units else {})
    coords: dict[str, Any] = {
        name: ((name,), axis, {"units": units.get(name, "")}) for name, axis in scores.axes.items()
    }
    if posed.truth is not None:
        coords |= {
            f"reference_{n}": (("reference",), posed.truth.points[:, i]) for i, n in enumerate(problem.coordinates)
        }
        data |= {f"{n}_reference": (("reference",), values) for n, values in posed.truth.values.items()}
        data |= {f"{n}_at_reference": (("reference",), values) for n, values in scores.at_reference.items()}
    for n_table, table in enumerate(problem.measured):
        dim = f"measured_{n_table}"
        coords |= {f"{dim}_{n}": ((dim,), table.points[:, i]) for i, n in enumerate(problem.coordinates)}
        data[f"{table.unknown}_{dim}"] = ((dim,), table.values)
    dataset = xr.Dataset(data, coords)
    packing = {str(name): {"zlib": True, "complevel": 1} for name in data}
    write_atomic(place / "solution.nc", lambda file: dataset.to_netcdf(file, engine="h5netcdf", encoding=packing))
