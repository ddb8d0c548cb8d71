"""What cannot be about a problem: unknown names, units that do not go together, conditions that contradict each other,
too little to determine a solution. Said before anything is computed.
"""

from __future__ import annotations

from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np

from outcrop.data.units import power_product
from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.physics.coefficient import Field, Known
from outcrop.physics.conditions import SIDES, Condition, Face
from outcrop.physics.formula import product
from outcrop.physics.problem import SAMPLES, Problem

WHERE = "[physics]"
AGREE = 1e-6
"""Largest difference of two conditions where they meet, in units of the unknown's size."""
KINK = 1e-3
"""Largest jump of a slope where a periodic coordinate begins again, in units of the unknown's size over the domain."""


def check(problem: Problem) -> list[str]:
    """Raises on what cannot be; returns sentences on what is doubtful.

    Raises:
        ConfigError: names the place and the fix.
    """
    _names(problem)
    _units(problem)
    _periodic(problem)
    _determined(problem)
    _finite(problem)
    return [*_corners(problem), *_seams(problem), *_data(problem)]


def _refuse(what: str, fix: str) -> None:
    raise ConfigError(message(what, where=WHERE, fix=fix))


def _names(problem: Problem) -> None:
    equation, names = problem.equation, problem.coordinates
    space = [name for name in names if name != "t"]
    if equation.time != ("t" in names):
        fix = (
            f"domain = {{{', '.join([*(f'{n} = [0, 1]' for n in space), *(['t = [0, 1]'] if equation.time else [])])}}}"
        )
        _refuse(f"{equation.name} ({equation.formula}) {'has' if equation.time else 'has no'} time, t.", fix)
    if len(space) not in equation.space:
        allowed = " or ".join(map(str, equation.space))
        _refuse(
            f"The domain has {len(space)} coordinates in space; {equation.name} has {allowed}.", "domain = {x = [0, 1]}"
        )
    for condition in problem.conditions:
        for unknown in (*condition.values, *condition.slopes, *condition.fluxes):
            if unknown not in equation.unknowns:
                what = f"condition.{condition.name} names {unknown!r}{did_you_mean(unknown, equation.unknowns)}."
                _refuse(what, f"the unknowns of {equation.name} are {', '.join(equation.unknowns)}.")
        for unknown in condition.fluxes:
            if unknown not in equation.conducts:
                what = f"condition.{condition.name} gives a flux of {unknown}, which {equation.name} does not know."
                _refuse(what, f"slope = {{{unknown} = ...}}")
        for face in condition.faces:
            if face == ("t", "high"):
                _refuse(f"condition.{condition.name} is given at the last time.", 'at = "t low"')


def _units(problem: Problem) -> None:
    """Where units are stated, those of a parameter must be what coordinates and unknowns make of them."""
    units = problem.units
    space = [units[name] for name in problem.coordinates if name != "t" and name in units]
    if len(set(space)) > 1:
        _refuse(
            f"The coordinates in space are in {' and '.join(dict.fromkeys(space))}.",
            f'one unit for all, such as "{space[0]}"',
        )
    known = dict(units) | ({"x": space[0]} if space else {})
    for name, parameter in problem.equation.parameters.items():
        own = known.get(name)
        if own is None or any(part not in known for part in parameter.dimension):
            continue
        factor = power_product(product(parameter.dimension, known), own)
        if factor is None:
            told = " ".join(f"{known[p]}{power if power != 1 else ''}" for p, power in parameter.dimension.items())
            _refuse(f"{name} is in {own}, which is no {told}.", f"state the unit that {parameter.help} has.")
        elif abs(factor - 1) > 1e-9:
            others = ", ".join(sorted(set(known.values()) - {own}))
            what = f"{name} is in {own}, and coordinates and unknowns are in {others}."
            _refuse(what, f"divide {name} by {factor:g}, or state all in units that go together, such as m and s.")


def _periodic(problem: Problem) -> None:
    for name in problem.periodic:
        if name == "t" or name not in problem.coordinates:
            known = [n for n in problem.coordinates if n != "t"]
            _refuse(f"periodic names {name!r}{did_you_mean(name, known)}.", f"periodic = {known[:1]}".replace("'", '"'))
        own = [c.name for c in problem.conditions if any(face[0] == name for face in c.faces)]
        if own:
            _refuse(
                f"{name} is periodic and has no faces, but condition.{own[0]} is given there.", "remove one of them."
            )


def _given(problem: Problem, unknown: str, kind: str) -> dict[Face, Condition]:
    """Face -> the condition that gives a value or a slope there."""
    found = {}
    for condition in problem.conditions:
        for face in condition.faces if unknown in getattr(condition, kind) else ():
            found[face] = condition
    return found


def _determined(problem: Problem) -> None:
    """Enough must be said that there is one solution; data may stand for conditions."""
    searched = [*problem.found_numbers, *problem.found_fields]
    if searched and not problem.measured:
        _refuse(
            f"{searched[0]} is to be found, and nothing was measured.", '[physics.measured.wells]\nfiles = "wells.csv"'
        )
    if problem.measured:
        return
    equation = problem.equation
    for unknown in equation.unknowns:
        values, fluxes = _given(problem, unknown, "values"), _given(problem, unknown, "fluxes")
        slopes = _given(problem, unknown, "slopes") | fluxes
        points = any(c.point is not None and unknown in c.values for c in problem.conditions)
        start = ("t", "low")
        if equation.time and start not in values:
            _refuse(f"Nothing says what {unknown} is at first.", f'condition.start = {{at = "t low", {unknown} = "0"}}')
        if equation.orders[0] > 1 and start not in slopes:
            what = f"{equation.name} is of second order in time, and nothing says how fast {unknown} changes at first."
            _refuse(what, f'condition.start = {{at = "t low", {unknown} = "...", slope = {{{unknown} = 0}}}}')
        if not equation.time and not values and not points:
            what = f"No condition gives a value of {unknown}, so that it has no unique solution."
            _refuse(what, f'condition.edge = {{at = "boundary", {unknown} = 0}}')
        if equation.orders[1] < 2:
            continue
        for name in problem.coordinates:
            for side in SIDES if name != "t" and name not in problem.periodic else ():
                if (name, side) not in values and (name, side) not in slopes:
                    what = f"Nothing is said of {unknown} on the face {name} {side}: the problem is not determined."
                    _refuse(what, f'condition.edge = {{at = "{name} {side}", {unknown} = 0}}, or periodic = ["{name}"]')


def _finite(problem: Problem) -> None:
    """Formulas must give numbers where they are asked for."""
    inside = problem.domain.interior(SAMPLES)
    asked = [(f"parameter.{n}", c.formula, inside) for n, c in problem.coefficients.items() if isinstance(c, Known)]
    for condition in problem.conditions:
        places = condition.points(problem.domain, 64)
        for given in (condition.values, condition.slopes, condition.fluxes):
            asked += [(f"condition.{condition.name}", formula, places) for formula in given.values()]
    for name, formula, points in asked:
        bad = ~np.isfinite(np.asarray(jax.vmap(formula)(jnp.asarray(points))))
        if bad.any():
            place = _place(problem, points[bad][0])
            _refuse(f"{name} = {formula.text!r} gives no number at {place}.", "correct the formula, or the domain.")


def _place(problem: Problem, point: np.ndarray) -> str:
    return ", ".join(f"{name} = {value:g}" for name, value in zip(problem.coordinates, point, strict=True))


def _corners(problem: Problem) -> list[str]:
    """Two conditions have to agree where their faces meet."""
    found = []
    for unknown in problem.equation.unknowns:
        given = _given(problem, unknown, "values")
        for first, second in combinations(given, 2):
            if first[0] == second[0]:
                continue
            points = np.asarray(problem.domain.face(*first, 64))
            axis = problem.coordinates.index(second[0])
            points[:, axis] = problem.domain.bounds[second[0]][second[1] == "high"]
            values = [np.asarray(jax.vmap(given[f].values[unknown])(jnp.asarray(points))) for f in (first, second)]
            off = np.abs(values[0] - values[1])
            worst = int(off.argmax())
            if off[worst] > AGREE * problem.scale(unknown):
                place = _place(problem, points[worst])
                names = given[first].name, given[second].name
                what = (
                    f"Where they meet ({place}), condition.{names[0]} says {unknown} = {values[0][worst]:g} and "
                    f"condition.{names[1]} says {values[1][worst]:g}"
                )
                if problem.hard:
                    _refuse(f"{what}.", "correct one of them, or set hard = false: then neither is met exactly there.")
                found.append(f"{what}: neither is met exactly there.")
    return found


def _seams(problem: Problem) -> list[str]:
    """What conditions say has to go on where a periodic coordinate begins again."""
    found = [
        _seam(problem, unknown, face, condition, name)
        for unknown in problem.equation.unknowns
        for face, condition in _given(problem, unknown, "values").items()
        for name in problem.periodic
    ]
    return [doubt for doubt in found if doubt]


def _seam(problem: Problem, unknown: str, face: Face, condition: Condition, name: str) -> str | None:
    """A jump or kink of one condition: built in, it goes through the whole domain, and no point inside sees it."""
    formula, size = condition.values[unknown], problem.scale(unknown)
    axis, (low, high) = problem.coordinates.index(name), problem.domain.bounds[name]
    points = np.repeat(np.asarray(problem.domain.face(*face, 64))[None], 2, axis=0)
    points[0, :, axis], points[1, :, axis] = low, high
    values = np.asarray(jax.vmap(jax.vmap(formula))(jnp.asarray(points)))
    slopes = np.asarray(jax.vmap(jax.vmap(jax.grad(formula)))(jnp.asarray(points)))[..., axis]
    jump, kink = (np.abs(both[1] - both[0]) for both in (values, slopes))
    where = f"condition.{condition.name} at {name} = {low:g} and {high:g}, which are one place,"
    if jump.max() > AGREE * size:
        first, second = values[:, jump.argmax()]
        what = f"{where} says {unknown} = {first:g} and {second:g}"
        if problem.hard:
            _refuse(f"{what}.", "correct it, or set hard = false: then it is not met exactly there.")
        return f"{what}: it is not met exactly there."
    if problem.hard and kink.max() * (high - low) > KINK * size:
        first, second = slopes[:, kink.argmax()]
        what = f"{where} gives {unknown} the slopes {first:.3g} and {second:.3g}"
        return f"{what}. Built in, this kink goes through the whole domain, and no point sees it: set hard = false."
    return None


def _data(problem: Problem) -> list[str]:
    """Data outside of the domain are an error; few data for much that is to be found are doubtful."""
    for measured in problem.measured:
        outside = ~problem.domain.inside(measured.points)
        if outside.any():
            place = _place(problem, measured.points[outside][0])
            count = f"{outside.sum()} of {len(outside)}"
            what = f"{count} measured values of {measured.unknown} lie outside the domain, such as {place}."
            _refuse(what, "correct domain or data; check their units.")
    fields = [name for name, c in problem.coefficients.items() if isinstance(c, Field)]
    count = sum(len(m.values) for m in problem.measured)
    if fields and count < 5:
        return [f"{count} measured values are few to find the field {fields[0]}: many fields fit them as well."]
    if problem.found_numbers and count <= len(problem.found_numbers):
        return [f"{count} measured values are few to find {', '.join(problem.found_numbers)}."]
    return []
