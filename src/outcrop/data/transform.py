"""Transforms of one variable before it is scaled, each with its inverse and the values it is defined for.

`none`, `log10`, `sqrt` and `reciprocal` (slowness of a velocity) act on a value alone.
`sin_cos:PERIOD` turns a circular variable into two channels.
`anomaly` (by calendar month) and `anomaly:hour` subtract the training mean of that month or hour of the day, and
`anomaly:time` that of all times; `anomaly:hour,place` that of each cell of a grid, each station of a network.
`climatology`, with the same arguments, is that mean itself in place of the value: what is usual here and now.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from outcrop.errors import ConfigError, did_you_mean, message


class Transform(NamedTuple):
    """How values become numbers to scale, and back.

    Attributes:
        forward, inverse: functions of an array of NumPy or of JAX, in the variable's unit.
        defined: True for the values `forward` is defined for.
        needs: what it is defined for, in words.
    """

    forward: Callable[[Any], Any]
    inverse: Callable[[Any], Any]
    defined: Callable[[Any], Any]
    needs: str = ""


def _of(values: Any) -> Any:
    """The library that an array belongs to; NumPy for plain numbers."""
    return values.__array_namespace__() if hasattr(values, "__array_namespace__") else np


def _same(values: Any) -> Any:
    return values


def _anything(values: Any) -> Any:
    return _of(values).ones(np.shape(values), bool)


def _square(values: Any) -> Any:
    """The inverse of the square root; below 0, which no root is, it stays 0 rather than growing again."""
    return _of(values).square(_of(values).maximum(values, 0.0))


def _one_over(values: Any) -> Any:
    """The inverse of the reciprocal; where that is not above 0, of which there is none, it is missing."""
    xp = _of(values)
    return xp.where(values > 0, 1 / xp.where(values > 0, values, 1.0), np.nan)


PLAIN: dict[str, Transform] = {
    "none": Transform(_same, _same, _anything),
    "log10": Transform(lambda v: _of(v).log10(v), lambda v: _of(v).power(10.0, v), lambda v: v > 0, "values above 0"),
    "sqrt": Transform(lambda v: _of(v).sqrt(v), _square, lambda v: v >= 0, "values of 0 or more"),
    "reciprocal": Transform(lambda v: 1 / v, _one_over, lambda v: v > 0, "values above 0"),
}
CALENDAR: dict[str, tuple[int, str]] = {"month": (12, "M"), "hour": (24, "h"), "time": (1, "h")}
"""Parts of the calendar an anomaly is taken from: how many there are, and NumPy's unit; "time" is all of it."""
PLACE = "place"
"""What follows the part of the calendar where every place has a mean of its own."""
FROM_MEANS = ("anomaly", "climatology")
"""Kinds that need the means of the training part: what is left of a value without its mean, and the mean."""
KINDS = (*PLAIN, "sin_cos", *FROM_MEANS)


def parse(text: str, where: str) -> tuple[str, str]:
    """Kind and argument of a transform as the run file writes it.

    >>> parse("sin_cos:360", "variable.AZI"), parse("anomaly", "variable.SST"), parse("log10", "variable.RT")
    (('sin_cos', '360'), ('anomaly', 'month'), ('log10', ''))
    """
    kind, _, argument = str(text).partition(":")
    kind, argument = kind.strip(), argument.strip()
    if kind not in KINDS or (kind in PLAIN and argument):
        known = '"none", "log10", "sqrt", "reciprocal", "sin_cos:360", "anomaly:month"'
        fix = f"transform = one of {known}{did_you_mean(kind, KINDS)}."
        raise ConfigError(message(f"The transform {text!r} is not known.", where=where, fix=fix))
    if kind == "sin_cos":
        _period(argument, text, where)
    if kind in FROM_MEANS:
        argument = argument or "month"
        part, comma, place = (word.strip() for word in argument.partition(","))
        argument = f"{part}{comma}{place}"
        if part not in CALENDAR or (comma and place != PLACE):
            known = " or ".join(f'"{kind}:{each}"' for each in ("month", "hour", "time", "hour,place"))
            fix = f"transform = {known}{did_you_mean(part, CALENDAR)}."
            raise ConfigError(message(f"There is no {kind} by {argument!r}.", where=where, fix=fix))
    return kind, argument


def _period(argument: str, text: str, where: str) -> float:
    try:
        period = float(argument)
    except ValueError:
        period = float("nan")
    if not (np.isfinite(period) and period > 0):
        fix = 'state the period in the unit of the variable: transform = "sin_cos:360".'
        raise ConfigError(message(f"The transform {text!r} has no period above 0.", where=where, fix=fix))
    return period


def sin_cos(values: np.ndarray, period: float) -> np.ndarray:
    """Sine and cosine of a circular variable, shape (..., 2).

    >>> sin_cos(np.array([0.0, 90.0]), 360.0).round(6).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    angle = 2 * np.pi * (np.asarray(values, np.float64) / period)
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1)


def from_sin_cos(pairs: np.ndarray, period: float) -> np.ndarray:
    """The inverse of `sin_cos`, in [0, period); the pairs need not have length one.

    >>> float(from_sin_cos(np.array([-2.0, 0.0]), 360.0))
    270.0
    """
    angle = np.arctan2(pairs[..., 0], pairs[..., 1]) / (2 * np.pi) * period
    wrapped = np.mod(angle, period)
    return np.where(wrapped >= period, 0.0, wrapped)


def calendar_part(axis: np.ndarray, part: str, where: str) -> np.ndarray:
    """The month (0..11) or hour (0..23) of each time stamp.

    Raises:
        ConfigError: the axis holds no time stamps.
    """
    axis = np.asarray(axis)
    if axis.dtype.kind != "M":
        fix = 'read the record with axis = "<date column>", or use another transform.'
        raise ConfigError(
            message(f"The usual value of a {part} needs time stamps, and the axis has none.", where=where, fix=fix)
        )
    count, unit = CALENDAR[part]
    whole = axis.astype(f"datetime64[{unit}]").astype(np.int64)
    return np.mod(whole, count)
