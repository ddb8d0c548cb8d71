"""Named fields and their derivatives at one point, as residuals of equations ask for them.

    at = At(values, point, fields=("u", "viscosity"), coordinates=("x", "t"))
    at.d("u", "t") + at.d("u") * at.d("u", "x") - at.d("viscosity") * at.d("u", "x", "x")

Derivatives are taken forward over forward (nested Jacobian-vector products), which needs no memory of the pass and
costs least for a few coordinates; of third order and above along one coordinate by Taylor arithmetic.
Source: Griewank and Walther (2008), Evaluating Derivatives, chapters 3 and 13, doi:10.1137/1.9780898717761;
Bettencourt, Johnson and Duvenaud (2019), Taylor-mode automatic differentiation for higher-order derivatives in JAX.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
from jax.experimental import jet
from jaxtyping import Array, Float

Values = Callable[[Float[Array, " coordinate"]], Float[Array, " field"]]


class At:
    """All fields at one point; derivatives are computed when they are asked for, once each."""

    def __init__(
        self, values: Values, point: Float[Array, " coordinate"], *, fields: Sequence[str], coordinates: Sequence[str]
    ):
        """Takes the fields as one function.

        Args:
            values: point -> all fields, in their units.
            point: coordinates in their units, shape (coordinate,).
            fields: their names, in the order of `values`.
            coordinates: names of the coordinates, in the order of `point`.
        """
        self.values, self.point = values, point
        self.fields, self.coordinates = tuple(fields), tuple(coordinates)
        self._known: dict[tuple[int, ...], Float[Array, " field"]] = {}

    def d(self, field: str, *along: str) -> Float[Array, ""]:
        """A derivative: `d("u")` is the field itself, `d("u", "x", "t")` its mixed second derivative."""
        axes = tuple(sorted(self.coordinates.index(name) for name in along))
        if axes not in self._known:
            self._known[axes] = derivative(self.values, self.point, axes)
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
