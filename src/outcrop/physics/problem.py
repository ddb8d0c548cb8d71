"""A problem: an equation on a domain, its coefficients, what holds on the faces, what was measured, what is true.

It says what a network has to learn and how its outputs become fields in physical units, and knows no network: `fields`
takes any function from a point to raw outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from outcrop.data.units import has_unit
from outcrop.physics.coefficient import Coefficient, Field, Known, Number
from outcrop.physics.conditions import Condition
from outcrop.physics.derivative import At, Values
from outcrop.physics.equation import Equation
from outcrop.physics.expression import Expression
from outcrop.physics.formula import product, worded
from outcrop.physics.hard import Ansatz, ansatz
from outcrop.view.collocation import Domain

Raw = Callable[[Float[Array, " coordinate"]], Float[Array, " output"]]
SAMPLES = 512
"""Points at which the size of given values is looked at."""


@dataclass(frozen=True)
class Measured:
    """Values of one unknown at points.

    Attributes:
        unknown: which one.
        points: shape (point, coordinate).
        values: shape (point,).
        noise_sd: standard deviation of their errors; None when nothing is known of them.
    """

    unknown: str
    points: np.ndarray
    values: np.ndarray
    noise_sd: float | None = None


@dataclass(frozen=True, eq=False)
class Problem:
    """What is to be solved, or found. `physics.check.check` says what cannot be about it.

    Attributes:
        equation: an entry of the table, or one's own.
        domain: a box of coordinates; time is `t`.
        coefficients: one for each parameter of the equation.
        conditions: on faces and at points.
        periodic: coordinates in space along which the solution repeats itself.
        hard: values that conditions give are built into the solution, else they are parts of the loss.
        measured: data.
        exact: unknown (or coefficient to be found) -> the truth, for the score alone.
        units: of coordinates, unknowns and parameters, as text.
        scales: unknown -> how large it is, where that is not seen from the conditions.
    """

    equation: Equation
    domain: Domain
    coefficients: Mapping[str, Coefficient]
    conditions: tuple[Condition, ...] = ()
    periodic: tuple[str, ...] = ()
    hard: bool = True
    measured: tuple[Measured, ...] = ()
    exact: Mapping[str, Expression] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    scales: Mapping[str, float] = field(default_factory=dict)

    @property
    def coordinates(self) -> tuple[str, ...]:
        """Names, in the order of a point's columns."""
        return self.domain.names

    @property
    def found_fields(self) -> dict[str, Field]:
        """Coefficients that are fields to be found."""
        return {name: c for name, c in self.coefficients.items() if isinstance(c, Field)}

    @property
    def found_numbers(self) -> dict[str, Number]:
        """Coefficients that are numbers to be found."""
        return {name: c for name, c in self.coefficients.items() if isinstance(c, Number)}

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the outputs of a network stand for, in order."""
        return (*self.equation.unknowns, *self.found_fields)

    @property
    def names(self) -> tuple[str, ...]:
        """All fields, in the order of `fields`: unknowns, then the equation's parameters."""
        return (*self.equation.unknowns, *self.coefficients)

    @cached_property
    def ansatzes(self) -> dict[str, Ansatz]:
        """Lift and distance of every unknown; points are built in even where faces are not."""
        own = self.conditions if self.hard else tuple(c for c in self.conditions if c.point is not None)
        return {unknown: ansatz(unknown, own, self.domain) for unknown in self.equation.unknowns}

    def start(self) -> dict[str, Float[Array, ""]]:
        """What an optimiser moves for the numbers to be found, at first."""
        return {name: jnp.zeros(()) for name in self.found_numbers}

    def fields(self, raw: Raw, numbers: Mapping[str, Float[Array, ""]]) -> Values:
        """All fields of `names` in their units, as a function of a point.

        Args:
            raw: point -> one number for each of `outputs`, of order 1.
            numbers: what the optimiser moves for `found_numbers`.
        """

        def values(point: Float[Array, " coordinate"]) -> Float[Array, " field"]:
            outputs = dict(zip(self.outputs, raw(point), strict=True))
            for name, found_field in self.found_fields.items():
                if set(found_field.along) != set(self.coordinates):
                    outputs[name] = raw(self._held(point, found_field.along))[self.outputs.index(name)]
            found = [self.unknown(name, point, outputs[name]) for name in self.equation.unknowns]
            for name, coefficient in self.coefficients.items():
                if isinstance(coefficient, Known):
                    found.append(coefficient.formula(point))
                elif isinstance(coefficient, Number):
                    found.append(coefficient.value(numbers[name]).astype(point.dtype))
                else:
                    found.append(coefficient.value(outputs[name]))
            return jnp.stack(found)

        return values

    def unknown(self, name: str, point: Float[Array, " coordinate"], output: Float[Array, ""]) -> Float[Array, ""]:
        """One unknown in its unit from an output of the network: what is given, plus what is learned away from it."""
        lift, distance = self.ansatzes[name]
        learned = jnp.exp(output) if name in self.equation.positive else output
        return lift(point) + self.scale(name) * distance(point) * learned

    def _held(self, point: Float[Array, " coordinate"], along: tuple[str, ...]) -> Float[Array, " coordinate"]:
        """The point with all coordinates that a field does not depend on at their lowest value."""
        free = np.array([name in along for name in self.coordinates])
        low = np.array([low for low, _ in self.domain.bounds.values()])
        return point * jnp.asarray(free, point.dtype) + jnp.asarray(~free * low, point.dtype)

    def residual_unit(self, part: str) -> str:
        """The unit of what is left over of a part of the equation; "1" for none, "" where it is not known."""
        space = next((self.units[name] for name in self.coordinates if name != "t" and name in self.units), "")
        known, dimension = {"x": space} | dict(self.units), self.equation.dimensions.get(part)
        if dimension is None or not all(has_unit(known.get(name)) for name in dimension):
            return ""
        return worded(product(dimension, known)) or "1"

    def residuals(self, values: Values, point: Float[Array, " coordinate"]) -> Float[Array, " part"]:
        """What is left over of each part of the equation at a point, in physical units."""
        order = max(self.equation.orders)
        at = At(values, point, fields=self.names, coordinates=self.coordinates, order=order)
        return jnp.stack(self.equation.load()(at))

    def scale(self, unknown: str) -> float:
        """How large an unknown is, in its unit."""
        return self.scales.get(unknown) or self._sizes[unknown]

    @cached_property
    def _sizes(self) -> dict[str, float]:
        """Of each unknown: the largest of what conditions, data and the equation's own scales say; 1 without any."""
        with jax.ensure_compile_time_eval():  # asked for inside a compiled step too
            return self._measured_sizes()

    def _measured_sizes(self) -> dict[str, float]:
        points = jnp.asarray(self.domain.interior(SAMPLES, "sobol"))
        extent = max(high - low for low, high in self.domain.bounds.values())
        size = {"x": extent} | {
            name: float(np.abs(jax.vmap(c.formula)(points)).mean()) if isinstance(c, Known) else abs(c.start)
            for name, c in self.coefficients.items()
        }
        found = {}
        for unknown in self.equation.unknowns:
            given = ansatz(unknown, self.conditions, self.domain).lift
            sizes = [float(np.abs(jax.vmap(given)(points)).max())]
            sizes += [float(np.abs(m.values).max(initial=0)) for m in self.measured if m.unknown == unknown]
            own = self.equation.scale.get(unknown)
            sizes += [float(np.prod([float(size[name]) ** power for name, power in own.items()]))] if own else []
            found[unknown] = max(sizes) or 1.0
        return found
