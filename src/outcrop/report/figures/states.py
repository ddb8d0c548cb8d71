"""Hidden states of one example beside what it read: units side by side, ordered so that similar ones are neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from outcrop.report.figures.along import edges, label, numbers, runs_down, ticked
from outcrop.report.style import DIVERGING, INK, styled

MOST_INPUTS, MOST_LAYERS = 5, 3
DECADE = 10.0
"""Least ratio of the values of a curve on a logarithmic axis: below it there would be no ticks to read."""


@styled
def states(found: Any) -> Figure:
    """Draws states.

    Args:
        found: with `arrays` (layer -> (*place, unit)), `about`, and `place`: its `coordinates`, `units`, `read` and
            `read_units`.
    """
    names = list(found.arrays)
    chosen = names if len(names) <= MOST_LAYERS else [names[0], names[len(names) // 2], names[-1]]
    some = next(iter(found.arrays.values()))
    figure = _along(found, chosen) if some.ndim == 2 and not found.place.given else _maps(found, chosen)
    figure.suptitle(f"States of {found.about}", x=0.01, ha="left", fontsize=9.5, fontweight="bold")
    return figure


def ordered(values: np.ndarray) -> np.ndarray:
    """Units in an order in which those that change alike are neighbours: by angle in the plane of most variance.

    Args:
        values: (place, unit).
    """
    centred = values - values.mean(axis=0)
    if min(centred.shape) < 2:
        return np.arange(values.shape[1])
    plane = np.linalg.svd(centred, full_matrices=False)[2][:2]
    return np.argsort(np.arctan2(plane[1], plane[0]), kind="stable")


def _along(found: Any, layers: list[str]) -> Figure:
    """Tracks: inputs, then a strip of units per layer; down the page for depth, one below the other for time."""
    place = found.place
    (name, axis), *_ = place.coordinates.items()
    down = runs_down(name)
    inputs = _readable(place.read)
    weights = [1.0] * len(inputs) + [2.2] * len(layers)
    if down:
        figure = Figure(figsize=(1.3 + 0.95 * sum(weights), 6.4), layout="constrained")
        panels = figure.subplots(1, len(weights), sharey=True, width_ratios=weights)
    else:
        figure = Figure(figsize=(8.4, 1.0 + 0.62 * sum(weights)), layout="constrained")
        panels = figure.subplots(len(weights), 1, sharex=True, height_ratios=weights)
    panels = np.atleast_1d(panels)
    at = numbers(axis)
    for axes, variable in zip(panels, inputs, strict=False):
        values, unit = place.read[variable], place.read_units.get(variable, "")
        axes.plot(*((values, at) if down else (at, values)), color=INK, linewidth=0.8)
        title = f"{variable}\n({unit})" if unit else variable
        which = "x" if down else "y"
        axes.tick_params(axis=which, labelsize=7)
        known = values[np.isfinite(values) & (values > 0)]
        if variable in place.logarithmic and len(known) and known.max() > DECADE * known.min():
            axes.set(**{f"{which}scale": "log"})
            axes.tick_params(axis=which, which="minor", labelbottom=False, labelleft=False)
        else:
            axes.locator_params(axis=which, nbins=2)
        if down:
            axes.set_title(title, fontsize=8, loc="center")
        else:
            axes.set_ylabel(title, fontsize=8)
    for axes, layer in zip(panels[len(inputs) :], layers, strict=True):
        _strip(figure, axes, found.arrays[layer], axis, layer, down)
    first, last = edges(axis)
    panels[0].set(**({"ylim": (last, first)} if down else {"xlim": (first, last)}))
    end = panels[0] if down else panels[-1]
    end.set(**({"ylabel": label(name, place.units)} if down else {"xlabel": label(name, place.units)}))
    ticked(end, axis, "y" if down else "x", 8)
    return figure


def _readable(read: Any) -> list[str]:
    """The inputs that were measured and change, as many as fit."""
    told = [name for name, values in read.items() if np.isfinite(values).sum() > 1]
    changing = [name for name in told if np.nanstd(read[name]) > 0]
    return (changing + [name for name in told if name not in changing])[:MOST_INPUTS]


def _strip(figure: Figure, axes: Axes, values: np.ndarray, axis: np.ndarray, layer: str, down: bool) -> None:
    values = values[:, ordered(values)]
    top = float(np.quantile(np.abs(values), 0.995)) or 1.0
    first, last = _reach(axis, len(values))
    shown, extent = (
        (values, (0, values.shape[1], last, first)) if down else (values.T, (first, last, 0, values.shape[1]))
    )
    options = {"cmap": DIVERGING, "vmin": -top, "vmax": top, "aspect": "auto", "interpolation": "nearest"}
    image = axes.imshow(shown, extent=extent, **options, **({} if down else {"origin": "lower"}))
    bar = figure.colorbar(image, ax=axes, location="bottom" if down else "right", pad=0.015, aspect=18 if down else 10)
    bar.ax.tick_params(labelsize=7)
    bar.set_label("output of a unit", fontsize=7)
    text = f"{layer}: {values.shape[1]} units"
    if down:
        axes.set_title(text, fontsize=8, loc="center")
        axes.set_xticks([])
    else:
        axes.set_ylabel(f"{layer}\n{values.shape[1]} units", fontsize=8)
        axes.set_yticks([])


def _reach(axis: np.ndarray, places: int) -> tuple[float, float]:
    """Where the places of a layer begin and end; a coarser layer is filled up beyond the example's end.

    >>> _reach(np.arange(10.0), 3)
    (-0.5, 11.5)
    """
    first, last = edges(axis)
    samples = places * -(-len(axis) // places)
    return first, first + (last - first) * samples / len(axis)


def _maps(found: Any, layers: list[str]) -> Figure:
    """The three leading components of every layer's units, as maps."""
    rows = [(layer, _components(found.arrays[layer])) for layer in layers]
    wide = max(len(parts) for _, parts in rows)
    figure = Figure(figsize=(1.0 + 2.3 * wide, 0.8 + 2.1 * len(rows)), layout="constrained")
    panels = figure.subplots(len(rows), wide, squeeze=False)
    names = list(found.place.coordinates)
    for row, (layer, parts) in zip(panels, rows, strict=True):
        for number, axes in enumerate(row):
            if number >= len(parts):
                axes.axis("off")
                continue
            share, values = parts[number]
            top = float(np.abs(values).max()) or 1.0
            _one_map(axes, found.place, values, top)
            axes.set_title(f"{layer}, component {number + 1} ({share:.0%})", fontsize=7.5, fontweight="normal")
            axes.tick_params(labelsize=6.5)
    if len(names) > 1:
        x, y = (names[1], names[0]) if not found.place.given else (names[0], names[1])
        figure.supxlabel(label(x, found.place.units), fontsize=8)
        figure.supylabel(label(y, found.place.units), fontsize=8)
    return figure


def _one_map(axes: Axes, place: Any, values: np.ndarray, top: float) -> None:
    options = {"cmap": DIVERGING, "vmin": -top, "vmax": top}
    where = list(place.coordinates.values())
    if place.given:
        x, y = where[:2] if len(where) > 1 else (np.arange(len(values)), np.zeros(len(values)))
        axes.scatter(x, y, c=values, s=28, edgecolor=INK, linewidth=0.4, **options)
        axes.margins(0.12)
        return
    while values.ndim > 2:  # of cubes the middle slice along the first dimension
        values, where = values[len(values) // 2], where[1:]
    (top_edge, bottom), (left, right) = (_reach(axis, size) for axis, size in zip(where, values.shape, strict=True))
    axes.imshow(values, extent=(left, right, bottom, top_edge), aspect="auto", **options)
    ticked(axes, where[0], "y", 4)
    ticked(axes, where[1], "x", 3)


def _components(values: np.ndarray) -> list[tuple[float, np.ndarray]]:
    """Share of the variance and values of the leading components of the units."""
    flat = values.reshape(-1, values.shape[-1]).astype(float)
    flat = flat - flat.mean(axis=0)
    u, s, _ = np.linalg.svd(flat, full_matrices=False)
    total = float((s**2).sum()) or 1.0
    count = min(3, len(s))
    return [(float(s[i] ** 2) / total, (u[:, i] * s[i]).reshape(values.shape[:-1])) for i in range(count)]
