"""An axis along which an example runs: depth down the page, everything else from left to right."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num

DOWN = ("depth", "twt", "md", "tvd", "tvdss")


def runs_down(name: str) -> bool:
    """Whether the coordinate is drawn from top to bottom."""
    return name.lower() in DOWN


def numbers(values: np.ndarray) -> np.ndarray:
    """Coordinates as matplotlib has them on an axis."""
    return date2num(values) if np.asarray(values).dtype.kind == "M" else np.asarray(values, float)


def edges(values: np.ndarray) -> tuple[float, float]:
    """Where the first cell begins and the last one ends.

    >>> edges(np.array([1.0, 2.0, 3.0]))
    (0.5, 3.5)
    """
    at = numbers(values)
    half = (at[-1] - at[0]) / max(len(at) - 1, 1) / 2 or 0.5
    return float(at[0] - half), float(at[-1] + half)


def label(name: str, units: Any) -> str:
    """Name and unit of a coordinate."""
    unit = units.get(name, "")
    return f"{name} ({unit})" if unit and "since" not in unit else name


def ticked(axes: Axes, values: np.ndarray, which: str, most: int = 6) -> None:
    """Few ticks in plain numbers on an axis, or dates where the coordinates are time stamps."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    if np.asarray(values).dtype.kind == "M":
        locator = AutoDateLocator(minticks=2, maxticks=most)
        axis.set_major_locator(locator)
        axis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))
    else:
        axes.locator_params(axis=which, nbins=most)
        axes.ticklabel_format(axis=which, style="plain", useOffset=False)
