"""Centre lines of meandering rivers: the direction of flow swings about that of the valley along the river's length.

Regular bends are sine-generated curves; irregular ones a damped oscillator that is pushed at random. In both the mean
sinuosity is stated: 1 / J0(w) for a swing of w radians, exp(v / 2) for a Gaussian direction of variance v.

Source: Langbein, L. B., Leopold, L. B. (1966), River meanders - theory of minimum variance, USGS Professional Paper
422-H, doi:10.3133/pp422H; Ferguson, R. I. (1976), Disturbed periodic model for river meanders, Earth Surface Processes
1(4), 337-347, doi:10.1002/esp.3290010403.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import brentq
from scipy.signal import lfilter
from scipy.spatial import KDTree
from scipy.special import j0


class Line(NamedTuple):
    """A centre line.

    Attributes:
        points: easting and northing of its points, metres, equally far apart along the line, shape (point, 2).
        angle: direction of flow, radians counter-clockwise from east, shape (point,).
        curvature: change of the angle per metre, shape (point,).
    """

    points: np.ndarray
    angle: np.ndarray
    curvature: np.ndarray


def centre_line(
    rng: np.random.Generator,
    *,
    length_m: float,
    step_m: float,
    width_m: float,
    wavelength_m: float,
    sinuosity: float,
    irregularity: float,
) -> Line:
    """A line that flows to the east on the whole, its middle at the origin; bends that meet are cut off at the neck.

    Args:
        rng: random numbers.
        length_m: of the valley.
        step_m: between points, along the line.
        width_m: of the river: nearer than 1.2 widths to itself, it breaks through.
        wavelength_m: of a meander, along the valley.
        sinuosity: mean length of the line over that of the valley before cut-offs, 1 to 3.
        irregularity: damping of the oscillator, 0 to 1; 0 for a sine-generated curve.
    """
    count = int(np.ceil(length_m * sinuosity / step_m)) + 1
    angle = directions(rng, count, 2 * np.pi / (wavelength_m * sinuosity) * step_m, sinuosity, irregularity)
    points = np.cumsum(step_m * np.stack([np.cos(angle), np.sin(angle)], axis=1), axis=0)
    points = evenly(cut_off(points, 1.2 * width_m, 4 * int(np.ceil(width_m / step_m))), step_m)
    points = gaussian_filter1d(points, width_m / (3 * step_m), axis=0, mode="nearest")
    angle = np.unwrap(np.arctan2(*np.gradient(points, axis=0).T[::-1]))
    return Line(points - points[len(points) // 2], angle, np.gradient(angle, step_m))


def directions(rng: np.random.Generator, count: int, wave: float, sinuosity: float, irregularity: float) -> np.ndarray:
    """Angle between river and valley at equal steps, radians, shape (count,); one bend in 2 pi / `wave` steps."""
    if irregularity == 0:
        return swing_of(sinuosity) * np.sin(wave * np.arange(count) + rng.uniform(0, 2 * np.pi))
    return np.sqrt(2 * np.log(sinuosity)) * oscillator(rng, count, wave, irregularity)


def cut_off(points: np.ndarray, nearest_m: float, apart: int) -> np.ndarray:
    """The line without the loops between places nearer than `nearest_m` that lie more than `apart` points apart.

    >>> square = np.array([[0, 0], [1, 0], [2, 0], [2, 1], [2, 2], [1, 2], [1, 1], [1, -1], [1, -2]], float)
    >>> cut_off(square, 1.0, 4).tolist()
    [[0.0, 0.0], [1.0, 0.0], [1.0, -1.0], [1.0, -2.0]]
    """
    pairs = KDTree(points).query_pairs(nearest_m, output_type="ndarray")
    pairs = pairs[pairs[:, 1] - pairs[:, 0] > apart]
    further = np.arange(len(points))
    np.maximum.at(further, pairs[:, 0], pairs[:, 1])
    necks = np.unique(pairs[:, 0])
    kept, start = [], 0
    while (k := np.searchsorted(necks, start)) < len(necks):
        kept.append(points[start : necks[k] + 1])
        start = int(further[necks[k]])
    return np.concatenate([*kept, points[start:]])


def evenly(points: np.ndarray, step_m: float) -> np.ndarray:
    """The same line with points `step_m` apart along it, gaps filled straight."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    places = np.arange(0.0, along[-1], step_m)
    return np.stack([np.interp(places, along, side) for side in points.T], axis=1)


def swing_of(sinuosity: float) -> float:
    """Largest angle between river and valley, radians, of a sine-generated curve.

    >>> round(float(np.degrees(swing_of(1.5))), 1)
    69.3
    """
    root: Any = brentq(lambda swing: j0(swing) * sinuosity - 1, 0.0, 2.4) if sinuosity > 1 else 0.0
    return float(root)


def oscillator(rng: np.random.Generator, count: int, wave: float, damping: float) -> np.ndarray:
    """A Gaussian series of mean 0 and variance 1 that swings once in 2 pi / `wave` steps, shape (count,).

    Args:
        rng: random numbers.
        count: of points.
        wave: radians per step.
        damping: 0 (excluded) to 1: the share of the swing that is forgotten after a radian.
    """
    decay = np.exp(-damping * wave)
    first, second = 2 * decay * np.cos(np.sqrt(max(0.0, 1 - damping**2)) * wave), -(decay**2)
    variance = (1 - second) / ((1 + second) * ((1 - second) ** 2 - first**2))
    settle = int(np.ceil(8 / (damping * wave)))
    series = lfilter([1.0], [1.0, -first, -second], rng.standard_normal(count + settle))
    return series[settle:] / np.sqrt(variance)
