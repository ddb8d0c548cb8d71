"""One entry of the table of equations: its fields, its parameters with units, and its residual at one point."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Parameter:
    """A coefficient: a number, a formula of the coordinates, or something to be found.

    Attributes:
        default: its value where the problem states none; None where it must be stated.
        dimension: its unit as powers of those of coordinates and unknowns; `{"x": 2, "t": -1}`: diffusivity.
        positive: it is looked for among positive numbers.
        help: what it is.
    """

    default: float | None
    dimension: Mapping[str, int]
    help: str
    positive: bool = False


@dataclass(frozen=True)
class Equation:
    """A partial differential equation whose residual is 0.

    Attributes:
        name: as in `[physics] equation`.
        residual: `At -> tuple of residuals`, one for each of `parts`: a function, or where it is, "module:function".
        formula: as text, for help and report.
        unknowns: the fields that are looked for.
        parameters: coefficients by name.
        orders: highest derivative in time, and in space.
        time: whether `t` is one of its coordinates.
        space: numbers of dimensions in space that it is written for.
        parts: names of its residuals.
        dimensions: part -> unit of its residual, as powers of those of coordinates, unknowns and parameters.
        positive: unknowns that are positive away from where they are given, such as a travel time.
        conducts: unknown -> the parameter that, times its slope, is its flux.
        scale: how large an unknown is, as powers of the domain's extent "x" and of parameters.
        help: one line. source: where it is from.
    """

    name: str
    residual: str | Callable[[Any], tuple[Any, ...]]
    formula: str
    unknowns: tuple[str, ...]
    orders: tuple[int, int]
    help: str
    source: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    time: bool = True
    space: tuple[int, ...] = (1, 2, 3)
    parts: tuple[str, ...] = ("equation",)
    dimensions: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    positive: tuple[str, ...] = ()
    conducts: Mapping[str, str] = field(default_factory=dict)
    scale: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def load(self) -> Callable[[Any], tuple[Any, ...]]:
        """The residual function."""
        if not isinstance(self.residual, str):
            return self.residual
        module, _, name = self.residual.partition(":")
        return getattr(import_module(module), name)
