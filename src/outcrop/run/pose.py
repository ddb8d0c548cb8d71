"""The [physics] section of a run file made into a problem: formulas read, files read, names checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from outcrop.config.physics import (
    ConditionSection,
    FileSection,
    FindSection,
    MeasuredSection,
    PhysicsConfig,
    PhysicsSection,
)
from outcrop.data.read import matching, read, under
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.physics.check import check
from outcrop.physics.coefficient import Coefficient, Field, Known, Number
from outcrop.physics.conditions import Condition, faces_of
from outcrop.physics.entries import equation as equation_named
from outcrop.physics.equation import Equation
from outcrop.physics.expression import Expression
from outcrop.physics.problem import Measured, Problem
from outcrop.records import Record
from outcrop.shown import Readable, Shown
from outcrop.view.collocation import Domain, measured


class Truth(NamedTuple):
    """Values of the true solution: `points` (point, coordinate), unknown -> values (point,)."""

    points: np.ndarray
    values: dict[str, np.ndarray]


@dataclass(frozen=True, repr=False)
class Posed(Readable):
    """A problem that can be solved.

    Attributes:
        problem: what is to be solved.
        truth: values of its solution, where a file tells them.
        doubts: what is doubtful about it, in sentences.
        files: what was read.
    """

    problem: Problem
    truth: Truth | None = None
    doubts: tuple[str, ...] = ()
    files: tuple[Record, ...] = ()

    def shown(self) -> Shown:
        """The equation, its domain, what is given where, and what is to be found."""
        own = self.problem
        spans = [f"{name} {low:g} to {high:g}" for name, (low, high) in own.domain.bounds.items()]
        facts = [("equation", own.equation.formula), ("domain", ", ".join(spans))]
        facts += [("periodic", ", ".join(own.periodic))] if own.periodic else []
        facts += [(f"measured {m.unknown}", f"{len(m.values)} values") for m in own.measured]
        facts += [("doubt", doubt) for doubt in self.doubts]
        rows = [[name, _told(c), own.units.get(name, "")] for name, c in own.coefficients.items()]
        rows += [
            [f"{u} at {_where(c)}", f.text, own.units.get(u, "")] for c in own.conditions for u, f in c.values.items()
        ]
        for kind in ("slopes", "fluxes"):
            rows += [
                [f"{kind.removesuffix('s').removesuffix('e')} of {u} at {_where(c)}", formula.text, ""]
                for c in own.conditions
                for u, formula in getattr(c, kind).items()
            ]
        return Shown(f"Problem {own.equation.name}", facts, ["", "is", "unit"], rows)


def pose(config: PhysicsConfig, base: Path) -> Posed:
    """Makes the problem that a run file states.

    Raises:
        ConfigError, DataError: something unknown, contradictory or missing.
    """
    section, files = config.physics, []
    problem = problem_of(section, base, files)
    doubts = check(problem)
    truth = None if section.reference is None else _truth(section.reference, problem, base, files)
    return Posed(problem, truth, tuple(doubts), tuple(files))


def problem_of(section: PhysicsSection, base: Path, files: list[Record]) -> Problem:
    """The problem of a section, not yet checked; what is read on the way is added to `files`."""
    equation = equation_named(section.equation)
    domain = Domain({name: (float(low), float(high)) for name, (low, high) in section.domain.items()})
    tables = [m for name, one in section.measured.items() for m in _measured(name, one, equation, domain, base, files)]
    return Problem(
        equation,
        domain,
        _coefficients(section.parameter, equation, domain),
        tuple(_condition(name, one, domain) for name, one in section.condition.items()),
        tuple(section.periodic),
        section.hard,
        tuple(tables),
        _exact(section.exact, equation, domain),
        section.units,
        section.scale,
    )


def _told(coefficient: Coefficient) -> str:
    if isinstance(coefficient, Known):
        return coefficient.formula.text
    kind = "a number" if isinstance(coefficient, Number) else f"a field along {', '.join(coefficient.along)}"
    return f"to be found: {kind}, from {coefficient.start:g} on"


def _where(condition: Condition) -> str:
    if condition.point is not None:
        return f"({', '.join(f'{value:g}' for value in condition.point)})"
    return ", ".join(" ".join(face) for face in condition.faces)


def _coefficients(given: Mapping[str, Any], equation: Equation, domain: Domain) -> dict[str, Coefficient]:
    for name in given:
        if name not in equation.parameters:
            known = ", ".join(equation.parameters) or "none"
            what = f"{equation.name} has no parameter {name!r}{did_you_mean(name, equation.parameters)}."
            raise ConfigError(message(what, where="[physics.parameter]", fix=f"its parameters: {known}."))
    found: dict[str, Coefficient] = {}
    for name, parameter in equation.parameters.items():
        value = given.get(name, parameter.default)
        if value is None:
            what = f"{equation.name} ({equation.formula}) needs {name}: {parameter.help}."
            raise ConfigError(message(what, where="[physics.parameter]", fix=f"parameter.{name} = 1.0"))
        if not isinstance(value, FindSection):
            found[name] = Known(Expression(value, domain.names, f"physics.parameter.{name}"))
            continue
        if parameter.positive and value.start <= 0:
            what = f"{name} is positive, and its search begins at {value.start:g}."
            raise ConfigError(message(what, where=f"[physics.parameter.{name}]", fix="start = 1.0"))
        along = tuple(value.along) or tuple(n for n in domain.names if n != "t")
        unknown = [n for n in along if n not in domain.names]
        if unknown:
            what = f"{name} is to vary along {unknown[0]!r}{did_you_mean(unknown[0], domain.names)}."
            raise ConfigError(message(what, where=f"[physics.parameter.{name}]", fix=f"along = {list(domain.names)}"))
        found[name] = (
            Number(float(value.start), parameter.positive)
            if value.find == "number"
            else Field(
                float(value.start),
                parameter.positive,
                along,
                None if value.roughness == "discrepancy" else value.roughness,
            )
        )
    return found


def _condition(name: str, section: ConditionSection, domain: Domain) -> Condition:
    where = f"[physics.condition.{name}]"
    values = {u: Expression(v, domain.names, f"{where} {u}") for u, v in section.values.items()}
    slopes = {u: Expression(v, domain.names, f"{where} slope.{u}") for u, v in section.slope.items()}
    fluxes = {u: Expression(v, domain.names, f"{where} flux.{u}") for u, v in section.flux.items()}
    if isinstance(section.at, dict):
        if set(section.at) != set(domain.names) or slopes or fluxes:
            fix = f"at = {{{', '.join(f'{n} = 0' for n in domain.names)}}}, with values alone"
            raise ConfigError(message("A point has a value for every coordinate, and no slope.", where=where, fix=fix))
        point = tuple(float(section.at[n]) for n in domain.names)
        return Condition(name, (), values, {}, point)
    texts = [section.at] if isinstance(section.at, str) else section.at
    faces = tuple(dict.fromkeys(face for text in texts for face in faces_of(text, domain, where)))
    return Condition(name, faces, values, slopes, None, fluxes)


def _exact(given: Mapping[str, Any], equation: Equation, domain: Domain) -> dict[str, Expression]:
    known = (*equation.unknowns, *equation.parameters)
    for name in given:
        if name not in known:
            what = f"exact names {name!r}{did_you_mean(name, known)}."
            raise ConfigError(message(what, where="[physics.exact]", fix=f"known: {', '.join(known)}."))
    return {name: Expression(text, domain.names, f"physics.exact.{name}") for name, text in given.items()}


def _records(section: FileSection, base: Path, files: list[Record]) -> list[Record]:
    options = section.options | ({"format": section.format} if section.format else {})
    found = [record for path in matching(under(base, section.files)) for record in read(path, **options)]
    files.extend(found)
    return found


def _measured(
    name: str, section: MeasuredSection, equation: Equation, domain: Domain, base: Path, files: list[Record]
) -> list[Measured]:
    """One table for each unknown that the files hold."""
    where = f"[physics.measured.{name}]"
    records = _records(section, base, files)
    wanted = section.variable or {u: u for u in equation.unknowns if any(u in r.data for r in records)}
    for unknown in wanted:
        if unknown not in equation.unknowns:
            what = f"{unknown!r} is no unknown of {equation.name}{did_you_mean(unknown, equation.unknowns)}."
            raise ConfigError(message(what, where=where, fix=f"its unknowns: {', '.join(equation.unknowns)}."))
    if not wanted:
        fix = f'variable = {{{equation.unknowns[0]} = "COLUMN"}}'
        raise DataError(message(f"The files hold no {' or '.join(equation.unknowns)}.", where=where, fix=fix))
    found = []
    for unknown, column in wanted.items():
        pairs = [measured(record, column, domain.names) for record in records]
        points, values = np.concatenate([p for p, _ in pairs]), np.concatenate([v for _, v in pairs])
        if not len(values):
            raise DataError(message(f"{column} holds no value.", where=where, fix="check the file."))
        rng = np.random.default_rng(section.seed)
        if section.count is not None and section.count < len(values):
            chosen = np.sort(rng.choice(len(values), section.count, replace=False))
            points, values = points[chosen], values[chosen]
        noise = section.noise_sd.get(unknown)
        if section.add_noise:
            noise = section.add_noise * float(values.std())
            values = values + noise * rng.normal(size=len(values))
        found.append(Measured(unknown, points, values, noise))
    return found


def _truth(section: FileSection, problem: Problem, base: Path, files: list[Record]) -> Truth:
    records = _records(section, base, files)
    names = section.variable or {u: u for u in problem.equation.unknowns if u in records[0].data}
    found = {unknown: measured(records[0], column, problem.coordinates) for unknown, column in names.items()}
    if not found:
        fix = f'variable = {{{problem.equation.unknowns[0]} = "COLUMN"}}'
        raise DataError(message("The file holds none of the unknowns.", where="[physics.reference]", fix=fix))
    points = next(iter(found.values()))[0]
    if any(len(p) != len(points) for p, _ in found.values()):
        raise DataError(
            message("The unknowns have values at different points.", where="[physics.reference]", fix="use one grid.")
        )
    inside = problem.domain.inside(points)
    return Truth(points[inside], {unknown: values[inside] for unknown, (_, values) in found.items()})
