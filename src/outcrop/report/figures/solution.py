"""A solution on its domain beside the truth, its error, what is left over of the equation; and the loss by terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from outcrop.report.figures.learning import runs
from outcrop.report.style import ACCENT, CATEGORIES, DIVERGING, INK, SECOND, SEQUENTIAL, SOFT, styled

SMALLEST = 1e-6
"""Residuals are shown down to this share of the largest one."""


class Axis(NamedTuple):
    """One coordinate of a grid."""

    name: str
    values: np.ndarray
    unit: str


class Map(NamedTuple):
    """One panel: values on the grid, and how they are coloured: "value", "error" (signed) or "size" (logarithmic)."""

    title: str
    values: np.ndarray
    kind: str


@styled
def maps(panels: Sequence[Map], axes: Sequence[Axis], *, unit: str, points: np.ndarray | None = None) -> Figure:
    """Draws panels side by side, on a plane; of three coordinates and more the middle of the last ones.

    Args:
        panels: fields of one unit.
        axes: coordinates of the grid, in the order of the values' axes; time goes to the right.
        unit: of the values.
        points: where something was measured, (point, coordinate), drawn on the first panel.
    """
    order = [i for i, axis in enumerate(axes) if axis.name == "t"] or [0]
    right = order[0]
    up = next(i for i in range(len(axes)) if i != right)
    cut = [(p, _plane(p.values, right, up)) for p in panels]
    figure = Figure(figsize=(9.3, 2.9), layout="constrained")
    found = np.atleast_1d(figure.subplots(1, len(panels), sharex=True, sharey=True))
    values = [v for p, v in cut if p.kind == "value"]
    low, high = min(np.nanmin(v) for v in values), max(np.nanmax(v) for v in values)
    spread = max(abs(low), abs(high))
    signed = low < 0 < high
    for place, (panel, plane) in zip(found, cut, strict=True):
        if panel.kind == "value":
            look = (
                {"cmap": DIVERGING, "vmin": -spread, "vmax": spread}
                if signed
                else {"cmap": SEQUENTIAL, "vmin": low, "vmax": high}
            )
        elif panel.kind == "error":
            most = float(np.nanmax(np.abs(plane))) or 1.0
            look = {"cmap": DIVERGING, "vmin": -most, "vmax": most}
        else:
            plane = np.abs(plane)
            most = float(np.nanmax(plane)) or 1.0
            look = {"cmap": SEQUENTIAL, "norm": LogNorm(SMALLEST * most, most)}
            plane = np.maximum(plane, SMALLEST * most)
        image = place.pcolormesh(
            axes[right].values, axes[up].values, plane.T, shading="nearest", rasterized=True, **look
        )
        bar = figure.colorbar(image, ax=place, orientation="horizontal", shrink=0.9, aspect=24)
        bar.ax.tick_params(labelsize=7)
        place.set(title=panel.title, xlabel=_labelled(axes[right]))
        if axes[up].name in ("z", "depth"):
            place.set_ylim(axes[up].values.max(), axes[up].values.min())
    if points is not None and len(points):
        found[0].scatter(points[:, right], points[:, up], s=4, color=INK, linewidths=0, alpha=0.6)
    found[0].set_ylabel(_labelled(axes[up]))
    if unit:
        figure.supxlabel(f"colours of values and errors in {unit}", fontsize=8, color=SOFT)
    return figure


@styled
def lines(
    curves: Mapping[str, np.ndarray], axis: Axis, *, name: str, unit: str, spread: np.ndarray | None = None,
    residual: tuple[str, np.ndarray] | None = None, points: tuple[np.ndarray, np.ndarray] | None = None,
) -> Figure:  # fmt: skip
    """Draws a solution along one coordinate, the truth with it, and below what is left over of the equation.

    Args:
        curves: who -> values; the first is the network.
        axis: the coordinate.
        name, unit: of the values.
        spread: standard deviation over members.
        residual: what is left over, its label and its values, drawn by their size.
        points: places and values of what was measured.
    """
    figure = Figure(figsize=(6.6, 3.6 if residual is not None else 2.6), layout="constrained")
    heights = [3, 1] if residual is not None else [1]
    found = np.atleast_1d(figure.subplots(len(heights), 1, sharex=True, height_ratios=heights))
    for (who, values), colour, style in zip(curves.items(), (ACCENT, INK, SECOND), ("-", "--", ":"), strict=False):
        found[0].plot(axis.values, values, style, color=colour, label=who)
    if spread is not None:
        first = next(iter(curves.values()))
        found[0].fill_between(axis.values, first - 2 * spread, first + 2 * spread, color=ACCENT, alpha=0.2, linewidth=0)
    if points is not None:
        found[0].plot(*points, "o", color=SECOND, markersize=3, label="measured")
    found[0].set_ylabel(f"{name} ({unit})" if unit else name)
    found[0].legend(loc="best")
    if residual is not None:
        found[1].semilogy(axis.values, np.maximum(np.abs(residual[1]), 1e-16), color=SOFT, linewidth=0.8)
        found[1].set_ylabel(residual[0])
    found[-1].set_xlabel(_labelled(axis))
    return figure


@styled
def terms(history: Mapping[str, np.ndarray], names: Sequence[str], title: str = "mean square of each term") -> Figure:
    """Every term of the loss by step, and its weight where there are several; logarithmic where all are above 0.

    Args:
        history: columns of history.csv.
        names: of the terms.
        title: what they are.
    """
    weighed = f"weight of {names[0]}" in history
    figure = Figure(figsize=(9.3 if weighed else 5.6, 2.8), layout="constrained")
    found = np.atleast_1d(figure.subplots(1, 2 if weighed else 1, sharex=True))
    for run in runs(history):
        for name, colour in zip(names, CATEGORIES, strict=False):
            for place, column in zip(found, (name, f"weight of {name}"), strict=False):
                place.plot(run["step"], run[column], color=colour, linewidth=1, label=name.replace("_", " "))
    positive = all(np.nanmin(history[name], initial=np.inf) > 0 for name in names)
    for place, words in zip(found, (title, "its weight"), strict=False):
        place.set(title=words, xlabel="step", yscale="log" if positive else "linear")
    handles, labels = found[0].get_legend_handles_labels()
    kept = dict(zip(labels, handles, strict=True))
    found[0].legend(kept.values(), kept.keys(), loc="best")
    return figure


def _plane(values: np.ndarray, right: int, up: int) -> np.ndarray:
    """(right, up) of values, the middle along all other axes."""
    others = [i for i in range(values.ndim) if i not in (right, up)]
    for i in sorted(others, reverse=True):
        values = np.take(values, values.shape[i] // 2, axis=i)
    return values if right < up else values.T


def _labelled(axis: Axis) -> str:
    return f"{axis.name} ({axis.unit})" if axis.unit else axis.name
