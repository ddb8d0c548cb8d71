"""Named fields and their derivatives at one point, as residuals of equations ask for them.

    at = At(values, point, fields=("u", "viscosity"), coordinates=("x", "t"))
    at.d("u", "t") + at.d("u") * at.d("u", "x") - at.d("viscosity") * at.d("u", "x", "x")

Derivatives are taken forward over forward, which costs least for a few coordinates: columns of one linear map of the
fields and their slope; of third order and above along one coordinate by Taylor arithmetic.
Source: Griewank and Walther (2008), Evaluating Derivatives, chapters 3 and 13, doi:10.1137/1.9780898717761;
Bettencourt, Johnson and Duvenaud (2019), Taylor-mode automatic differentiation for higher-order derivatives in JAX.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.experimental import jet
from jaxtyping import Array, Float

Values = Callable[[Float[Array, " coordinate"]], Float[Array, " field"]]


class At:
    """All fields at one point; derivatives are computed when they are asked for, once each.

    First and second derivatives share their passes: the fields are linearised once, with their slope along a coordinate
    where second derivatives along it are asked for; every further derivative is one more column of that linear map.
    """

    def __init__(
        self,
        values: Values,
        point: Float[Array, " coordinate"],
        *,
        fields: Sequence[str],
        coordinates: Sequence[str],
        order: int = 2,
    ):
        """Takes the fields as one function.

        Args:
            values: point -> all fields, in their units.
            point: coordinates in their units, shape (coordinate,).
            fields: their names, in the order of `values`.
            coordinates: names of the coordinates, in the order of `point`.
            order: highest derivative that will be asked for; a hint, for speed alone.
        """
        self.values, self.point, self.order = values, point, order
        self.fields, self.coordinates = tuple(fields), tuple(coordinates)
        self._known: dict[tuple[int, ...], Float[Array, " field"]] = {}
        self._maps: dict[int, Callable[..., Any]] = {}

    def d(self, field: str, *along: str) -> Float[Array, ""]:
        """A derivative: `d("u")` is the field itself, `d("u", "x", "t")` its mixed second derivative."""
        axes = tuple(sorted(self.coordinates.index(name) for name in along))
        if axes not in self._known:
            self._learn(axes)
        return self._known[axes][self.fields.index(field)]

    @property
    def space(self) -> tuple[str, ...]:
        """The coordinates that are not time."""
        return tuple(name for name in self.coordinates if name != "t")

    def gradient(self, field: str) -> list[Float[Array, ""]]:
        """First derivatives along the coordinates in space."""
        return [self.d(field, name) for name in self.space]

    def laplacian(self, field: str) -> Float[Array, ""]:
        """The sum of second derivatives along the coordinates in space."""
        return sum((self.d(field, name, name) for name in self.space[1:]), self.d(field, *self.space[:1] * 2))

    def _learn(self, axes: tuple[int, ...]) -> None:
        """Computes one derivative, and what comes with it."""
        if len(axes) > 2:
            self._known[axes] = derivative(self.values, self.point, axes)
            return
        first = self.coordinates.index(self.space[0] if self.space else self.coordinates[0])
        base = (axes[0] if len(axes) == 2 else first) if self.order > 1 else -1
        change = self._linear(base)
        if axes and axes not in self._known:
            slope, bend = change(jnp.zeros_like(self.point).at[axes[-1]].set(1))
            self._known.setdefault(axes[-1:], slope)
            if base >= 0:
                self._known.setdefault(tuple(sorted((base, axes[-1]))), bend)

    def _linear(self, along: int) -> Callable[..., Any]:
        """The linear map of fields, and of their slope along a coordinate (-1: of the fields alone)."""
        if along not in self._maps:

            def both(point: Float[Array, " coordinate"]) -> tuple[Any, Any]:
                if along < 0:
                    return self.values(point), jnp.zeros(())
                return jax.jvp(self.values, (point,), (jnp.zeros_like(point).at[along].set(1),))

            (value, slope), self._maps[along] = jax.linearize(both, self.point)
            self._known.setdefault((), value)
            if along >= 0:
                self._known.setdefault((along,), slope)
        return self._maps[along]


def derivative(values: Values, point: Float[Array, " coordinate"], axes: tuple[int, ...]) -> Float[Array, " field"]:
    """The derivative of all fields along some axes, one order for each mention.

    >>> derivative(lambda p: p[:1] ** 3 * p[1], jnp.array([2.0, 5.0]), (0, 0))  # 6 x y
    Array([60.], dtype=float32)
    """
    if not axes:
        return values(point)
    if len(axes) > 2 and len(set(axes)) == 1:
        seed = jnp.zeros_like(point).at[axes[0]].set(1)
        series = [seed, *(jnp.zeros_like(point) for _ in axes[1:])]
        return jet.jet(values, (point,), (series,))[1][-1]

    def lower(place: Float[Array, " coordinate"]) -> Float[Array, " field"]:
        return derivative(values, place, axes[:-1])

    return jax.jvp(lower, (point,), (jnp.zeros_like(point).at[axes[-1]].set(1),))[1]
