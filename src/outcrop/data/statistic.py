"""Centre and spread of one variable, and its climatology where anomalies are wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from outcrop.data import transform as transforms
from outcrop.errors import DataError, message

if TYPE_CHECKING:
    from outcrop.data.variable import Variable

IQR_OF_A_NORMAL = 1.3489795003921634
"""Interquartile range of a normal distribution in standard deviations."""
NO_SPREAD = 1e-12
"""A spread below this share of the centre is rounding, not variation."""


@dataclass(frozen=True)
class Statistic:
    """What scales one variable, in transformed units.

    Attributes:
        centre, spread: mean and standard deviation, or median and interquartile range / 1.349.
        count: number of values they come from; 0 where training had none, and then every value counts as missing.
        normals: mean of each month (12), hour (24) or all times (1), subtracted first (or, for a climatology, put in
            place of the value), place by place where every place has its own, NaN at places without any value where
            missing = "mask"; empty for other transforms.
        grid: fingerprint of the places (`seen.grid_of`) where every place has its own; else "".
    """

    centre: float
    spread: float
    count: int
    normals: tuple[float, ...] = ()
    grid: str = ""

    def normal(self, axis: np.ndarray, variable: Variable, place: np.ndarray | None = None) -> np.ndarray:
        """The climatological mean at each time stamp, and number of a place where every place has its own."""
        return np.asarray(self.normals)[_phase(axis, variable, place)]

    def standard(self, values: np.ndarray, variable: Variable) -> np.ndarray:
        """Values of no record in the variable's unit as standardised numbers."""
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.asarray(variable.plain_transform.forward(np.asarray(values, np.float64)))
        return (values - self.centre) / self.spread

    def physical(self, values: np.ndarray, variable: Variable) -> np.ndarray:
        """The inverse of `standard`, without what a calendar adds."""
        return variable.plain_transform.inverse(np.asarray(values, np.float64) * self.spread + self.centre)

    def to_json(self) -> dict[str, Any]:
        """The statistic as a dictionary; every number keeps its bits."""
        return {
            "centre": self.centre,
            "spread": self.spread,
            "count": self.count,
            "normals": [None if np.isnan(normal) else normal for normal in self.normals],
            "grid": self.grid,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Statistic:
        """The inverse of `to_json`."""
        normals = tuple(np.nan if normal is None else normal for normal in content["normals"])
        return cls(content["centre"], content["spread"], content["count"], normals, content.get("grid", ""))


UNIT = Statistic(0.0, 1.0, 0)


def describe(
    values: np.ndarray, variable: Variable, axis: np.ndarray, place: np.ndarray | None = None, places: int = 1
) -> tuple[Statistic, str]:
    """Statistics of the finite values of one variable after its transform, and a note ("" for none).

    A constant variable keeps its centre and has spread 1, so that it encodes to 0; a robust spread of 0 (half of the
    values equal) falls back on the standard deviation. Both are said in the note. `place` numbers the place of each
    value among `places`, where every place has a climatology of its own.

    >>> from outcrop.data.variable import Variable
    >>> describe(np.array([1.0, 3.0, np.nan]), Variable("GR"), np.arange(3))
    (Statistic(centre=2.0, spread=1.0, count=2, normals=(), grid=''), '')
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.asarray(variable.plain_transform.forward(np.asarray(values, np.float64)))
    finite = np.isfinite(values)
    values = values[finite]
    if not len(values):
        return UNIT, f"{variable.name} has no value in training: it counts as missing everywhere"
    normals: tuple[float, ...] = ()
    if variable.calendar:
        part = _phase(np.asarray(axis)[finite], variable, None if place is None else place[finite])
        normals = _normals(values, part, variable, places if variable.by_place else 1)
        normal = np.asarray(normals)[part]
        values = normal if variable.transform_kind == "climatology" else values - normal
    centre, spread, note = _spread(values, variable)
    if not spread > NO_SPREAD * abs(centre):
        spread, note = 1.0, f"{variable.name} is constant in training: it encodes to 0"
    return Statistic(float(centre), float(spread), len(values), normals), note


def _spread(values: np.ndarray, variable: Variable) -> tuple[float, float, str]:
    if not variable.robust:
        return values.mean(), values.std(), ""
    low, centre, high = np.percentile(values, [25, 50, 75])
    if high > low:
        return centre, (high - low) / IQR_OF_A_NORMAL, ""
    note = f"{variable.name}: half of the training values are equal, so its spread is the standard deviation"
    return centre, values.std(), note


def _phase(axis: np.ndarray, variable: Variable, place: np.ndarray | None) -> np.ndarray:
    """The month or hour of each value, counted on from place to place where every place has a mean of its own."""
    part = transforms.calendar_part(np.asarray(axis), variable.calendar, variable.where)
    if not variable.by_place:
        return part
    if place is None:
        what = f"An anomaly by place of {variable.name} needs the place of every value."
        raise DataError(message(what, where=variable.where, fix="decode_target(values, record.axis, record.place)"))
    return place * transforms.CALENDAR[variable.calendar][0] + part


def _normals(values: np.ndarray, part: np.ndarray, variable: Variable, places: int) -> tuple[float, ...]:
    size = transforms.CALENDAR[variable.calendar][0]
    count = np.bincount(part, minlength=places * size)
    none = count.reshape(places, size) == 0
    land = none.all(axis=1, keepdims=True) if variable.missing == "mask" else False
    lacks = (none & ~np.asarray(land)).any(axis=0)
    if lacks.any():
        lacking = ", ".join(str(i + (variable.calendar == "month")) for i in np.flatnonzero(lacks))
        some = " at some places" if variable.by_place else ""
        what = f"The training part has no value of {variable.name} in {variable.calendar} {lacking}{some}."
        fix = 'train on whole years (days), transform = "none", or missing = "mask" where a place has no value at all.'
        raise DataError(message(what, where=variable.where, fix=fix))
    size *= places
    with np.errstate(invalid="ignore"):
        return tuple((np.bincount(part, values, minlength=size) / count).tolist())
