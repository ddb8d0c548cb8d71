"""Conditions built into a solution, so that it meets them whatever the network says: u = lift + distance * network.

The lift takes the given values on the faces and runs smoothly between them: the initial values first, then for every
coordinate in space what is still missing on its two faces, blended linearly. The distance is 0 on these faces.
Source: Lagaris, Likas and Fotiadis (1998), doi:10.1109/72.712178; Gordon and Hall (1973), transfinite interpolation,
doi:10.1007/BF01436298; the factor |x - source| of travel times: Fomel et al. (2009), doi:10.1016/j.jcp.2009.05.029.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from outcrop.physics.conditions import Condition, Face
from outcrop.view.collocation import Domain

Scalar = Callable[[Float[Array, " coordinate"]], Float[Array, ""]]


class Ansatz(NamedTuple):
    """What an unknown is made of: `lift(point) + distance(point) * network`."""

    lift: Scalar
    distance: Scalar


def ansatz(unknown: str, conditions: Sequence[Condition], domain: Domain) -> Ansatz:
    """Lift and distance of one unknown from the values that conditions give it (and its slope at the first time)."""
    faces = {face: c.values[unknown] for c in conditions if unknown in c.values for face in c.faces}
    slopes = {face: c.slopes[unknown] for c in conditions if unknown in c.slopes for face in c.faces}
    lift, distance = _nothing, _one
    start = ("t", "low")
    for name in sorted(domain.names, key=lambda name: name != "t"):
        axis, low, high = domain.names.index(name), *domain.bounds[name]
        given = {side: faces[name, side] for side in ("low", "high") if (name, side) in faces}
        if given:
            slope = slopes.get(start) if name == "t" else None
            lift = _blended(lift, axis, (low, high), given, slope)
            distance = _shortened(distance, axis, (low, high), tuple(given), 2 if slope is not None else 1)
    for condition in conditions:
        if condition.point is not None and unknown in condition.values:
            lift, distance = _blended_point(lift, distance, condition, unknown, domain)
    return Ansatz(lift, distance)


def slope_built_in(face: Face, unknown: str, conditions: Sequence[Condition]) -> bool:
    """Whether the slope of an unknown on a face is part of its lift."""
    return face == ("t", "low") and any(unknown in c.values and face in c.faces for c in conditions)


def _moved(point: Float[Array, " coordinate"], axis: int, value: float) -> Float[Array, " coordinate"]:
    """The point with one coordinate replaced, by arithmetic that has derivatives of any order."""
    here = np.arange(len(point)) == axis
    return point * jnp.asarray(~here, point.dtype) + jnp.asarray(here * value, point.dtype)


def _nothing(point: Float[Array, " coordinate"]) -> Float[Array, ""]:
    return jnp.zeros((), point.dtype)


def _one(point: Float[Array, " coordinate"]) -> Float[Array, ""]:
    return jnp.ones((), point.dtype)


def _blended(lift: Scalar, axis: int, span: tuple[float, float], given: dict, slope: Scalar | None) -> Scalar:
    """The lift with what it lacks on the faces of one coordinate."""
    low, high = span

    def blended(point: Float[Array, " coordinate"]) -> Float[Array, ""]:
        share = (point[axis] - low) / (high - low)
        value = lift(point)
        for side, condition in given.items():
            place = _moved(point, axis, low if side == "low" else high)
            lacking = condition(place) - lift(place)
            weight = 1.0 if len(given) == 1 else (1 - share if side == "low" else share)
            value = value + weight * lacking
        if slope is not None:
            value = value + (point[axis] - low) * slope(_moved(point, axis, low))
        return value

    return blended


def _shortened(distance: Scalar, axis: int, span: tuple[float, float], sides: tuple[str, ...], order: int) -> Scalar:
    """The distance times that to the faces of one coordinate, 1 where it is largest."""
    low, high = span

    def shortened(point: Float[Array, " coordinate"]) -> Float[Array, ""]:
        share = (point[axis] - low) / (high - low)
        factor = {("low",): share, ("high",): 1 - share}.get(sides, 4 * share * (1 - share))
        return distance(point) * factor**order

    return shortened


def _blended_point(
    lift: Scalar, distance: Scalar, condition: Condition, unknown: str, domain: Domain
) -> tuple[Scalar, Scalar]:
    """The lift shifted to the value at one point, the distance times that to the point over the domain's extent."""
    point_given = np.asarray(condition.point)
    extent = max(high - low for low, high in domain.bounds.values())

    def lacking(point: Float[Array, " coordinate"]) -> Float[Array, ""]:
        place = jnp.asarray(point_given, point.dtype)
        return lift(point) + condition.values[unknown](place) - lift(place)

    def radius(point: Float[Array, " coordinate"]) -> Float[Array, ""]:
        away = (point - jnp.asarray(point_given, point.dtype)) / extent
        square = (away**2).sum()
        return distance(point) * jnp.sqrt(jnp.where(square > 0, square, jnp.finfo(point.dtype).tiny))

    return lacking, radius
