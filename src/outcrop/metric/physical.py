"""How far arrays on a grid are from what physics or geology says of them: bounds, order, sums, slopes, wavelengths.

Pure functions, one amount per cell in the unit of the values: 0 where the statement holds, NaN where it cannot be asked
(a neighbour is missing). `evaluate.ledger` asks them of the truth and of every prediction alike, and a loss may ask the
first ones of a network: they take arrays of NumPy or of JAX, and their NaNs are constants that no slope goes through.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Array, Float

Cells = Float[np.ndarray, "*grid"] | Float[Array, "*grid"]
ROUNDING = 1e-6
"""Excesses below this share of a bound are rounding of 32-bit numbers."""


def outside(values: Cells, low: float = -np.inf, high: float = np.inf) -> Cells:
    """By how much each value lies below `low` (negative) or above `high` (positive), in the unit of the values.

    >>> outside(np.array([-0.25, 0.5, 1.5]), 0.0, 1.0).tolist()
    [-0.25, 0.0, 0.5]
    """
    xp = values.__array_namespace__()
    excess = xp.minimum(values - low, 0.0) + xp.maximum(values - high, 0.0)
    scale = max((abs(bound) for bound in (low, high) if np.isfinite(bound)), default=0.0)
    return xp.where(xp.abs(excess) <= ROUNDING * scale, 0.0 * excess, excess)


def wrong_way(values: Cells, axis: int, *, increasing: bool = True) -> Cells:
    """How far each cell lies on the wrong side of the one before it along an axis; the first ones have none before.

    >>> wrong_way(np.array([1.0, 3.0, 2.5]), 0).tolist()
    [nan, 0.0, 0.5]
    """
    xp = values.__array_namespace__()
    step = xp.diff(values, axis=axis)
    return _beside(xp.maximum(-step if increasing else step, 0.0), axis, before=1, after=0)


def sum_along(values: Cells, axis: int) -> Cells:
    """The sum of each line along an axis, at the first cell of the line; NaN where the line misses a value.

    >>> sum_along(np.array([[0.25, 0.75], [0.5, np.nan]]), 1).tolist()
    [[1.0, nan], [nan, nan]]
    """
    total = np.full(values.shape, np.nan)
    np.moveaxis(total, axis, 0)[0] = values.sum(axis=axis)
    return total


def derivative(values: Cells, coordinate: Float[np.ndarray, " cell"], axis: int, order: int = 1) -> Cells:
    """Central differences of three cells, of first or second order, for steps of any size; NaN at both ends.

    Exact for parabolas.

    Source: Fornberg (1988), doi:10.1090/S0025-5718-1988-0935077-0, for three unequally spaced points.

    >>> x = np.array([0.0, 1.0, 3.0, 4.0])
    >>> derivative(x**2, x, 0).tolist(), derivative(x**2, x, 0, 2).tolist()
    ([nan, 2.0, 6.0, nan], [nan, 2.0, 2.0, nan])
    """
    xp = values.__array_namespace__()
    if values.shape[axis] < 3:
        return xp.full_like(values, np.nan)
    step = np.diff(coordinate).reshape(-1, *(1,) * (values.ndim - 1))
    before, after = step[:-1], step[1:]
    slope = xp.diff(xp.moveaxis(values, axis, 0), axis=0) / step
    if order == 1:
        found = (after * slope[:-1] + before * slope[1:]) / (before + after)
    else:
        found = 2 * xp.diff(slope, axis=0) / (before + after)
    return _beside(xp.moveaxis(found, 0, axis), axis, before=1, after=1)


def _beside(values: Any, axis: int, *, before: int, after: int) -> Any:
    """The values with so many NaN before and after them along an axis."""
    room = [(0, 0)] * values.ndim
    room[axis] = (before, after)
    return values.__array_namespace__().pad(values, room, constant_values=np.nan)


def band_power(line: Float[np.ndarray, " cell"], shorter_than: float) -> tuple[float, float]:
    """Power of an evenly sampled line at wavelengths from `shorter_than` cells on, and at shorter ones.

    The line is taken about its mean and tapered (Hann). 0 in a band that no wave of the line lies in.

    Source: Welch (1967), doi:10.1109/TAU.1967.1161901, for one segment.

    >>> cell = np.arange(64)
    >>> long, short = band_power(np.sin(2 * np.pi * cell / 16) + 0.5 * np.sin(2 * np.pi * cell / 3), shorter_than=6)
    >>> round(short / long, 2)
    0.25
    """
    count = len(line)
    power = np.square(np.abs(np.fft.rfft((line - line.mean()) * np.hanning(count + 2)[1:-1])))[1:]
    short = np.fft.rfftfreq(count)[1:] > 1.0 / shorter_than
    return float(power[~short].sum()), float(power[short].sum())
