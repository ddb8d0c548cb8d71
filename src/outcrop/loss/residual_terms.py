"""The terms of the loss of a problem: equation, conditions that are not built in, data, and the price of rough fields.

Each is a set of points, and a function from the fields at a point to what is left over there, in physical units;
`residual.py` weighs them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from outcrop.physics.coefficient import Field
from outcrop.physics.conditions import Condition
from outcrop.physics.derivative import derivative
from outcrop.physics.hard import slope_built_in
from outcrop.physics.problem import Measured, Problem

EQUATION = "equation"
ROUGHNESS_POINTS = 256


class Term(NamedTuple):
    """One part of the loss.

    Attributes:
        name: in history and pictures.
        points: where it is enforced, shape (point, coordinate).
        aside: further numbers of each point, such as measured values, shape (point, column).
        rows: (fields, point, aside) -> residuals there, in physical units.
    """

    name: str
    points: np.ndarray
    aside: np.ndarray
    rows: Callable[[Any, Any, Any], Float[Array, " part"]]


def equation_rows(problem: Problem) -> Callable[[Any, Any, Any], Array]:
    return lambda values, point, aside: problem.residuals(values, point)


def condition_terms(problem: Problem, count: int, seed: int) -> list[Term]:
    """One term for each condition of which something is not built into the solution."""
    terms = []
    for condition in problem.conditions:
        values = {} if problem.hard or condition.point is not None else condition.values
        for face in condition.faces or (None,):
            slopes = {
                name: slope
                for name, slope in condition.slopes.items()
                if face and not (problem.hard and slope_built_in(face, name, problem.conditions))
            }
            if not values and not slopes and not condition.fluxes:
                continue
            faces = (face,) if face else ()
            own = Condition(condition.name, faces, values, slopes, condition.point, condition.fluxes)
            name = condition.name if len(condition.faces) < 2 else f"{condition.name} {' '.join(face)}"
            points = own.points(problem.domain, count, seed)
            points = np.unique(points, axis=0)  # a face of a line is one point
            terms.append(Term(name, points, np.empty((len(points), 0)), _condition_rows(problem, own)))
    return terms


def _condition_rows(problem: Problem, condition: Condition) -> Callable[[Any, Any, Any], Array]:
    """Values as they differ from what is given, and slopes times the domain's extent along their coordinate."""

    def rows(values: Any, point: Array, aside: Array) -> Array:
        fields = values(point)
        found = [
            (fields[problem.names.index(name)] - given(point)) / problem.scale(name)
            for name, given in condition.values.items()
        ]
        for name, given in (*condition.slopes.items(), *condition.fluxes.items()):
            coordinate = condition.faces[0][0]
            axis, (low, high) = problem.coordinates.index(coordinate), problem.domain.bounds[coordinate]
            slope = derivative(values, point, (axis,))[problem.names.index(name)]
            if name in condition.fluxes:
                slope = slope * fields[problem.names.index(problem.equation.conducts[name])]
            found.append((slope - given(point)) * (high - low) / problem.scale(name))
        return jnp.stack(found)

    return rows


def data_terms(problem: Problem) -> list[Term]:
    """One term for each table of measurements."""

    def rows_of(measured: Measured) -> Callable[[Any, Any, Any], Array]:
        place = problem.names.index(measured.unknown)
        return lambda values, point, aside: values(point)[place : place + 1] - aside

    return [Term(data_name(m), m.points, np.asarray(m.values)[:, None], rows_of(m)) for m in problem.measured]


def rough(problem: Problem) -> dict[str, Field]:
    """The fields to be found whose slopes have a price."""
    kept = followed(problem)
    return {name: c for name, c in problem.found_fields.items() if name in kept or c.roughness}


def followed(problem: Problem) -> list[str]:
    """The fields to be found whose roughness follows the noise of the data."""
    return [name for name, c in problem.found_fields.items() if c.roughness is None and noisy(problem)]


def noisy(problem: Problem) -> list[str]:
    """The terms of data whose noise is known."""
    return [data_name(m) for m in problem.measured if m.noise_sd]


def roughness_terms(problem: Problem, seed: int) -> list[Term]:
    """One term for each of `rough`: slopes over the domain's extent, relative to the field where it is positive."""
    points = problem.domain.interior(ROUGHNESS_POINTS, "sobol", seed)
    return [
        Term(rough_name(name), points, np.empty((len(points), 0)), _roughness_rows(problem, name, field))
        for name, field in rough(problem).items()
    ]


def _roughness_rows(problem: Problem, name: str, field: Field) -> Callable[[Any, Any, Any], Array]:
    place = problem.names.index(name)

    def rows(values: Any, point: Array, aside: Array) -> Array:
        size = values(point)[place] if field.positive else (abs(field.start) or 1.0)
        found = []
        for coordinate in field.along:
            low, high = problem.domain.bounds[coordinate]
            slope = derivative(values, point, (problem.coordinates.index(coordinate),))[place]
            found.append(slope * (high - low) / size)
        return jnp.stack(found)

    return rows


def rough_name(name: str) -> str:
    return f"roughness of {name}"


def data_name(measured: Measured) -> str:
    return f"data {measured.unknown}"


def rows_at(term: Term, values: Any, points: Array, aside: Array) -> Float[Array, "point part"]:
    return jax.vmap(lambda point, beside: term.rows(values, point, beside))(points, aside)
