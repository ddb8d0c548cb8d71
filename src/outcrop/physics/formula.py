"""Formulas of fields on a grid, such as "P - E - d(S, time)": evaluated with NumPy, and their unit worked out.

`d(NAME, dim)` is the derivative of a variable along a dimension, `d(NAME, dim, dim)` the second one. Sums need terms of
one unit; a bare number in a sum has the unit of what it is added to, in a product it has none. Coefficients with a unit
are constants.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from outcrop.data.units import canonical, has_unit, power_product
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.metric.physical import derivative
from outcrop.physics.expression import Expression

DERIVATIVE = re.compile(r"\bd\(\s*(\w+)\s*((?:,\s*\w+\s*)+)\)")
ATOM = re.compile(r"([^\W\d]+|%|1)(-?\d+)?")
"""One part of a unit, such as "m-3"."""
SAME = ("minimum", "maximum", "abs", "where")
"""Functions whose value has the unit of their arguments."""

Powers = dict[str, float]


@dataclass(frozen=True)
class Names:
    """What a formula may speak of.

    Attributes:
        units: variable or coordinate -> unit, "" where it is not known.
        dims: dimension that values can be differentiated along -> unit of its coordinate.
        constants: name -> value and unit.
    """

    units: Mapping[str, str]
    dims: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, tuple[float, str]] = field(default_factory=dict)


class Formula:
    """A formula of named arrays of one shape.

    >>> storage = Formula("P - E - d(S, time)", Names({"P": "mm/d", "E": "mm/d", "S": "mm"}, {"time": "d"}))
    >>> storage.unit
    'mm/d'
    >>> day = np.arange(3.0)
    >>> storage({"P": np.full(3, 5.0), "E": np.ones(3), "S": 4 * day}, {"time": (0, day)}).tolist()
    [nan, 0.0, nan]
    """

    def __init__(self, text: str, names: Names, where: str = "formula"):
        """Reads and checks the formula.

        Raises:
            ConfigError: it is no formula, speaks of something unknown, or adds what has different units.
        """
        self.text, self.where, self.names = text, where, names
        self._derivatives: dict[str, tuple[str, tuple[str, ...]]] = {}
        plain = DERIVATIVE.sub(self._named, text)
        units = {name: self._known(unit) for name, unit in names.units.items()}
        units |= {name: self._known(unit) for name, (_, unit) in names.constants.items()}
        units |= {name: self._divided(own, dims) for name, (own, dims) in self._derivatives.items()}
        try:
            self._expression = Expression(plain, tuple(units), where)
        except ConfigError as error:
            raise ConfigError(self._as_written(str(error))) from None
        self._units = units
        self.powers = self._unit(self._expression.tree)[0]

    @property
    def unit(self) -> str:
        """The unit of the values in words; "" where one of the variables states none."""
        return worded(self.powers)

    @property
    def uses(self) -> tuple[str, ...]:
        """The variables and coordinates it speaks of."""
        found = {node.id for node in ast.walk(self._expression.tree) if isinstance(node, ast.Name)}
        found = {self._derivatives[name][0] if name in self._derivatives else name for name in found}
        return tuple(name for name in self.names.units if name in found)

    @property
    def differentiates(self) -> tuple[str, ...]:
        """The dimensions that it differentiates along."""
        return tuple(dict.fromkeys(dim for _, dims in self._derivatives.values() for dim in dims))

    def __call__(
        self, columns: Mapping[str, np.ndarray], along: Mapping[str, tuple[int, np.ndarray]] | None = None
    ) -> np.ndarray:
        """The values on the grid, in `unit`.

        Args:
            columns: variable or coordinate -> array on the grid.
            along: dimension -> its axis, and its coordinate in the unit of `Names.dims`.

        Raises:
            ConfigError: a function has too few or too many arguments.
        """
        at = {name: np.asarray(columns[name], float) for name in self.uses}
        at |= self._slopes(at, along or {})
        at |= {name: np.asarray(value, float) for name, (value, _) in self.names.constants.items()}
        missing = np.logical_or.reduce(np.broadcast_arrays(*(np.isnan(values) for values in at.values()), False))
        try:
            with np.errstate(all="ignore"):
                return np.where(missing, np.nan, self._expression.on(at))  # a comparison with NaN would say no
        except TypeError:
            what = f"{self.text!r} calls a function with too few or too many arguments."
            raise ConfigError(
                message(what, where=self.where, fix="maximum(a, b), where(condition, a, b), sin(a)")
            ) from None

    def inside(
        self, columns: Mapping[str, Array], along: Mapping[str, tuple[int, np.ndarray]]
    ) -> Float[Array, "*inner"]:
        """The values on JAX arrays without the first and last cell along every dimension that it differentiates along,
        in `unit`; differentiable.

        Args:
            columns: variable -> array on the grid, which may have axes of examples before it.
            along: as in a call.
        """
        cut = {axis: slice(1, -1) for axis, _ in (along[dim] for dim in self.differentiates)}

        def inner(values: Array) -> Array:
            return values[tuple(cut.get(axis, slice(None)) for axis in range(values.ndim))]

        fields = dict(columns) | self._slopes(columns, along)
        constants = {name: value for name, (value, _) in self.names.constants.items()}
        return self._expression.on({name: inner(values) for name, values in fields.items()} | constants, jnp)

    def _slopes(self, columns: Mapping[str, Any], along: Mapping[str, tuple[int, np.ndarray]]) -> dict[str, Any]:
        """The derivatives that it speaks of, by the names they have in it; NaN at the ends."""
        found = {}
        for name, (own, dims) in self._derivatives.items():
            found[name] = columns[own]
            for dim, order in Counter(dims).items():
                axis, coordinate = along[dim]
                found[name] = derivative(found[name], coordinate, axis, order)
        return found

    def factor(self, wanted: str) -> float:
        """How many of the wanted unit one of `unit` is.

        Raises:
            ConfigError: it measures something else, or has no unit that is known.
        """
        if self.powers is None:
            what = f"The unit of {self.text!r} is not known, since {self._without()} states none."
            raise ConfigError(message(what, where=self.where, fix="state the unit of the variable, or leave out unit."))
        other_zero = list(self.powers.values()) == [1] and canonical(next(iter(self.powers))) != canonical(wanted)
        if other_zero and _is_offset(next(iter(self.powers)), wanted):
            what = f"{self.unit} and {wanted} have different zeros."
            raise ConfigError(message(what, where=self.where, fix=f'unit = "{self.unit}"'))
        try:
            factor = power_product(_differences(_combined(self.powers, {wanted: 1.0}, -1)), "dimensionless")
        except DataError:
            fix = f'unit = "{self.unit}"'
            raise ConfigError(message(f"The unit {wanted!r} is not known.", where=self.where, fix=fix)) from None
        if factor is None:
            what = f"{self.text!r} is in {self.unit or '1'}, which cannot become {wanted}."
            raise ConfigError(message(what, where=self.where, fix=f'unit = "{self.unit or "1"}"'))
        return factor

    def _as_written(self, text: str) -> str:
        """Derivatives by the words of the run file."""
        for name, (own, dims) in self._derivatives.items():
            text = text.replace(name, f"d({', '.join((own, *dims))})")
        return text

    def _named(self, found: re.Match[str]) -> str:
        """A name of its own for every derivative."""
        own, dims = found[1], tuple(part.strip() for part in found[2].split(",")[1:])
        if own not in self.names.units:
            known = ", ".join(self.names.units)
            self._refuse(f"d({own}, ...) names {own!r}{did_you_mean(own, self.names.units)}.", f"known: {known}.")
        for dim, order in Counter(dims).items():
            if dim not in self.names.dims:
                what = f"Nothing can be differentiated along {dim!r}{did_you_mean(dim, self.names.dims)}."
                self._refuse(what, f"known: {', '.join(self.names.dims) or 'no dimension with a coordinate'}.")
            if order > 2:
                self._refuse(f"{found[0]} is a derivative of order {order}.", f"d({own}, {dim}, {dim}) at most.")
        name = "_".join(("d", own, *dims))
        self._derivatives[name] = (own, dims)
        return name

    def _known(self, unit: str) -> Powers | None:
        return {unit: 1.0} if has_unit(unit) else None

    def _divided(self, own: str, dims: tuple[str, ...]) -> Powers | None:
        unit, coordinates = self._known(self.names.units[own]), [self._known(self.names.dims[dim]) for dim in dims]
        for coordinate in coordinates:
            unit = None if unit is None or coordinate is None else _combined(unit, coordinate, -1)
        return unit

    def _without(self) -> str:
        return next((name for name in self.uses if not has_unit(self.names.units[name])), "a coordinate")

    def _refuse(self, what: str, fix: str) -> NoReturn:
        raise ConfigError(message(self._as_written(what), where=self.where, fix=fix))

    def _unit(self, node: ast.AST) -> tuple[Powers | None, bool]:
        """The unit of a part, and whether it is a bare number; unknown units are None and spread."""
        if isinstance(node, ast.Constant):
            return {}, True
        if isinstance(node, ast.Name):
            return (self._units[node.id], False) if node.id in self._units else ({}, True)
        if isinstance(node, ast.UnaryOp):
            return self._unit(node.operand)
        if isinstance(node, ast.Compare):
            self._alike(node.left, node.comparators[0])
            return {}, False
        if isinstance(node, ast.BinOp):
            return self._of_two(node)
        assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)  # Expression has looked
        arguments = node.args[1:] if node.func.id == "where" else node.args
        if node.func.id == "where" and node.args:
            self._unit(node.args[0])
        if node.func.id in SAME:
            found = self._unit(arguments[0]) if arguments else ({}, True)
            for other in arguments[1:]:
                found = self._alike(arguments[0], other)
            return found
        unit, number = self._unit(arguments[0]) if arguments else ({}, True)
        if node.func.id == "sqrt":
            return (None if unit is None else {name: power / 2 for name, power in unit.items()}), number
        if unit and power_product(_differences(unit), "dimensionless") is None:
            self._refuse(f"{ast.unparse(node)} is taken of {worded(unit)}.", "divide by something of that unit first.")
        return {}, number

    def _of_two(self, node: ast.BinOp) -> tuple[Powers | None, bool]:
        if isinstance(node.op, ast.Add | ast.Sub):
            return self._alike(node.left, node.right)
        (left, first), (right, second) = self._unit(node.left), self._unit(node.right)
        if isinstance(node.op, ast.Pow):
            power = node.right.value if isinstance(node.right, ast.Constant) else None
            if not left:
                return left, first
            if not isinstance(power, int | float):
                self._refuse(f"The unit of {ast.unparse(node)} depends on its exponent.", "a number as exponent.")
            return {name: own * power for name, own in left.items()}, False
        if left is None or right is None:
            return None, False
        return _combined(left, right, 1 if isinstance(node.op, ast.Mult) else -1), first and second

    def _alike(self, first: ast.AST, second: ast.AST) -> tuple[Powers | None, bool]:
        """The unit of a sum, whose terms must have one unit."""
        (left, number), (right, other) = self._unit(first), self._unit(second)
        if number or other:
            return (right, other) if number else (left, number)
        if left is None or right is None:
            return (left if right is None else right), False
        factor = power_product(_differences(_combined(left, right, -1)), "dimensionless")
        texts = [f"{ast.unparse(part)} is in {worded(unit) or '1'}" for part, unit in ((first, left), (second, right))]
        if factor is None:
            self._refuse(f"Units do not go together: {', '.join(texts)}.", "correct the formula, or a variable's unit.")
        if abs(factor - 1) > 1e-9 or (len(left) == len(right) == 1 and _is_offset(*left, *right)):
            fix = f'declare one unit for both, variable.NAME.unit = "{worded(left)}"; along dates, see time_unit.'
            self._refuse(f"Units differ: {', '.join(texts)}.", fix)
        return left, False


def _combined(left: Powers, right: Powers, sign: int) -> Powers:
    """The unit of a product or a ratio, in which "mm/m" times "m/d" is "mm/d"."""
    found: Powers = {}
    for side, powers in ((1, left), (sign, right)):
        for unit, power in powers.items():
            for name, own in _atoms(unit).items():
                found[name] = found.get(name, 0.0) + side * power * own
    return {name: power for name, power in found.items() if power}


def product(dimension: Mapping[str, float], units: Mapping[str, str]) -> Powers:
    """The unit of a product of powers of named factors.

    >>> product({"K": 1, "u": 1, "x": -2}, {"K": "m/d", "u": "m", "x": "m"})
    {'d': -1.0}
    """
    found: Powers = {}
    for name, power in dimension.items():
        found = _combined(found, {units[name]: power}, 1)
    return found


def _atoms(unit: str) -> Powers:
    """The powers of a unit's parts; the text itself where it is spelled in another way.

    >>> _atoms("kg m-3"), _atoms("mm/d"), _atoms("ohm.m")
    ({'kg': 1.0, 'm': -3.0}, {'mm': 1.0, 'd': -1.0}, {'ohm.m': 1.0})
    """
    found: Powers = {}
    for number, part in enumerate(unit.split("/")):
        for token in part.split():
            read = ATOM.fullmatch(token)
            if read is None:
                return {unit: 1.0}
            if read[1] != "1":
                found[read[1]] = found.get(read[1], 0.0) + float(read[2] or 1) * (-1 if number else 1)
    return {name: power for name, power in found.items() if power}


def _difference(unit: str) -> str:
    """The unit of a difference of temperatures in place of that of a temperature."""
    return {"degree_Celsius": "delta_degree_Celsius", "degC": "delta_degree_Celsius"}.get(canonical(unit), unit)


def _differences(powers: Powers) -> dict[str, float]:
    return {_difference(name): power for name, power in powers.items()}


def _is_offset(first: str, second: str) -> bool:
    """Whether one of two units is a temperature from another zero."""
    return (_difference(first) != first) != (_difference(second) != second)


def worded(powers: Powers | None) -> str:
    """Units and their powers as a person writes them.

    >>> worded({"degC": 1, "m": -1}), worded({"mm/d": 1}), worded({"m": 2, "s": -2}), worded({"m": -1})
    ('degC/m', 'mm/d', 'm2/s2', '1/m')
    """

    def one(name: str, power: float) -> str:
        own = f"({name})" if "/" in name and power != 1 else name
        return own if power == 1 else f"{own}{power:g}"

    above = " ".join(one(name, power) for name, power in (powers or {}).items() if power > 0)
    below = "/".join(one(name, -power) for name, power in (powers or {}).items() if power < 0)
    return f"{above or '1'}/{below}" if below else above
