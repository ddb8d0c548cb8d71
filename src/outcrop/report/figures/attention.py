"""Attention: along depth or time as a matrix per layer and head, on maps by patch, between stations as links.

Every row of weights sums to 1, so a weight is told as a multiple of the even share, what each would get of equal parts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import CenteredNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from outcrop.report.figures.along import edges, label, numbers, ticked
from outcrop.report.style import ACCENT, DIVERGING, INK, SEQUENTIAL, SOFT, styled

MOST_HEADS, MOST_LAYERS, MOST_NAMES = 4, 4, 30
MOST_STRONG = 0.995
"""Share of the weights below the darkest colour."""


@styled
def attention(found: Any) -> Figure:
    """Draws attention.

    Args:
        found: with `arrays` (layer -> (head, query, key)), `about`, and `place`: its `coordinates`, `units`, `given`,
            `read` and `nodes`.
    """
    layers = dict(list(found.arrays.items())[-MOST_LAYERS:])
    if found.place.given:
        figure = _links(found.place, layers)
    elif len(found.place.coordinates) > 1:
        figure = _patches(found.place, layers)
    else:
        figure = _matrices(found.place, layers)
    figure.suptitle(f"Attention of {found.about}", x=0.01, ha="left", fontsize=9.5, fontweight="bold")
    return figure


def _matrices(place: Any, layers: dict[str, np.ndarray]) -> Figure:
    """A row per layer: what was read along the example, then a matrix per head."""
    heads = min(MOST_HEADS, max(len(weights) for weights in layers.values()))
    (name, axis), *_ = place.coordinates.items()
    figure = Figure(figsize=(2.5 + 1.7 * heads, 1.0 + 1.7 * len(layers)), layout="constrained")
    widths = [0.5] + [1.0] * heads
    panels = figure.subplots(len(layers), 1 + heads, squeeze=False, sharex="col", sharey=True, width_ratios=widths)
    even = [weights * weights.shape[-1] for weights in layers.values()]
    top = max(float(np.quantile(weights, MOST_STRONG)) for weights in even)
    first, last = edges(axis)
    for row, layer, weights in zip(panels, layers, even, strict=True):
        _read(row[0], place, numbers(axis))
        for number, (axes, matrix) in enumerate(zip(row[1:], weights, strict=False)):
            look = {"extent": (first, last, last, first), "cmap": SEQUENTIAL, "vmin": 0, "vmax": top, "aspect": "auto"}
            image = axes.imshow(matrix, **look)
            axes.set_title(f"{layer}, head {number}", fontsize=7.5, fontweight="normal")
            axes.spines[["top", "right"]].set_visible(True)
            axes.tick_params(labelsize=7)
            ticked(axes, axis, "x", 3)
        ticked(row[0], axis, "y", 5)
    bar = figure.colorbar(image, ax=panels, pad=0.01, aspect=30)
    bar.set_label("weight, times the even share", fontsize=8)
    bar.ax.tick_params(labelsize=7)
    figure.supxlabel(f"looked at: {label(name, place.units)}", fontsize=8)
    figure.supylabel(f"asking: {label(name, place.units)}", fontsize=8)
    return figure


def _read(axes: Axes, place: Any, at: np.ndarray) -> None:
    """The first input that changes along the example."""
    changing = [name for name, own in place.read.items() if np.isfinite(own).sum() > 1 and np.nanstd(own) > 0]
    if changing:
        unit = place.read_units.get(changing[0], "")
        axes.plot(place.read[changing[0]], at, color=INK, linewidth=0.7)
        axes.set_title(f"{changing[0]}{f' ({unit})' if unit else ''}", fontsize=7.5, fontweight="normal")
    axes.tick_params(labelsize=7)
    axes.locator_params(axis="x", nbins=2)


def _patches(place: Any, layers: dict[str, np.ndarray]) -> Figure:
    """What is read; then per layer, over all heads, what the middle patch looks at and how much each is looked at."""
    shape = tuple(len(values) for values in place.coordinates.values())
    (y, rows), (x, columns) = list(place.coordinates.items())[:2]
    extent = (*edges(columns), *edges(rows)[::-1])
    figure = Figure(figsize=(7.6, 0.9 + 2.2 * len(layers)), layout="constrained")
    panels = figure.subplots(len(layers), 3, squeeze=False, sharex=True, sharey=True)
    variable = max(place.read, key=lambda name: np.isfinite(place.read[name]).sum())
    for row, (layer, weights) in zip(panels, layers.items(), strict=True):
        mean = weights.mean(axis=0) * weights.shape[-1]
        grid = _grid(shape, len(mean))
        middle = (grid[0] // 2) * grid[1] + grid[1] // 2
        row[0].imshow(place.read[variable], extent=extent, cmap="Greys_r", aspect="auto")
        row[0].set_title(f"{variable}; the patch that asks", fontsize=7.5, fontweight="normal")
        for axes, values, text in (
            (row[1], mean[middle], "looked at by the middle patch"),
            (row[2], mean.mean(axis=0), "looked at by all patches"),
        ):
            look = {"cmap": DIVERGING, "norm": CenteredNorm(1.0), "aspect": "auto"}
            image = axes.imshow(values.reshape(grid), extent=extent, **look)
            axes.set_title(f"{layer}: {text}", fontsize=7.5, fontweight="normal")
            bar = figure.colorbar(image, ax=axes, pad=0.01, aspect=18)
            bar.ax.tick_params(labelsize=6.5)
        for axes in row:
            axes.add_patch(_outline(extent, grid))
            axes.tick_params(labelsize=7)
            ticked(axes, rows, "y", 4)
            ticked(axes, columns, "x", 3)
            axes.spines[["top", "right"]].set_visible(True)
    figure.supxlabel(f"{label(x, place.units)}; colours: times the even share, mean over heads", fontsize=8)
    figure.supylabel(label(y, place.units), fontsize=8)
    return figure


def _grid(shape: tuple[int, ...], tokens: int) -> tuple[int, int]:
    """Rows and columns of patches, from the size of the image and their number.

    >>> _grid((32, 64), 32)
    (4, 8)
    """
    for patch in range(1, max(shape) + 1):
        grid = (-(-shape[0] // patch), -(-shape[1] // patch))
        if grid[0] * grid[1] == tokens:
            return grid
    return (1, tokens)


def _outline(extent: tuple[float, ...], grid: tuple[int, int]) -> Rectangle:
    """The middle patch."""
    left, right, bottom, top = extent
    wide, high = (right - left) / grid[1], (bottom - top) / grid[0]
    corner = (left + wide * (grid[1] // 2), top + high * (grid[0] // 2))
    return Rectangle(corner, wide, high, fill=False, edgecolor=INK, linewidth=1.4)


def _links(place: Any, layers: dict[str, np.ndarray]) -> Figure:
    """A map per layer: links as wide as their weight (mean over heads), nodes as dark as what they keep."""
    figure = Figure(figsize=(0.9 + 3.6 * min(2, len(layers)), 0.9 + 3.3 * -(-len(layers) // 2)), layout="constrained")
    panels = figure.subplots(-(-len(layers) // 2), min(2, len(layers)), squeeze=False).ravel()
    names = list(place.coordinates)
    x, y = (list(place.coordinates.values()) + [np.zeros(0)] * 2)[:2] if len(names) > 1 else _circle(len(place.inputs))
    for axes, (layer, weights) in zip(panels, layers.items(), strict=False):
        mean = weights.mean(axis=0)
        _network(axes, x, y, mean)
        for at, name in enumerate(place.nodes[: MOST_NAMES + 1] if len(place.nodes) <= MOST_NAMES else ()):
            axes.annotate(
                name,
                (x[at], y[at]),
                xytext=(5, 4),
                textcoords="offset points",
                fontsize=6.5,
                color=SOFT,
                path_effects=[withStroke(linewidth=1.6, foreground="white")],
                zorder=4,
            )
        axes.set_title(
            f"{layer}, mean of {len(weights)} head{'s' * (len(weights) > 1)}", fontsize=8, fontweight="normal"
        )
        if len(names) > 1:
            flat = names[0].startswith(("easting", "x"))
            axes.set_aspect("equal" if flat else 1 / max(np.cos(np.radians(np.nanmean(y))), 0.1))
        axes.margins(0.14)
        axes.tick_params(labelsize=7)
    for axes in panels[len(layers) :]:
        axes.axis("off")
    if len(names) > 1:
        figure.supxlabel(
            f"{label(names[0], place.units)}; wider: more is taken, from the pale to the dark end", fontsize=8
        )
        figure.supylabel(label(names[1], place.units), fontsize=8)
    return figure


def _circle(count: int) -> tuple[np.ndarray, np.ndarray]:
    angle = 2 * np.pi * np.arange(count) / max(count, 1)
    return np.cos(angle), np.sin(angle)


def _network(axes: Axes, x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> None:
    """Each link in two halves, pale at the sender and dark at the receiver; weak ones thin."""
    receivers, senders = np.nonzero(weights * (1 - np.eye(len(weights))))
    strength = weights[receivers, senders]
    order = np.argsort(strength)
    receivers, senders, strength = receivers[order], senders[order], strength[order]
    ends = np.stack([np.stack([x[senders], y[senders]], 1), np.stack([x[receivers], y[receivers]], 1)], axis=1)
    bend = 0.04 * (ends[:, 1] - ends[:, 0])[:, ::-1] * np.array([-1.0, 1.0])  # the two directions lie side by side
    middle = ends.mean(axis=1) + bend
    width = 4.0 * strength / max(float(strength.max(initial=0.0)), 1e-12)
    for half, colour in ((np.stack([ends[:, 0], middle], 1), "#8fbfcc"), (np.stack([middle, ends[:, 1]], 1), ACCENT)):
        axes.add_collection(LineCollection(list(half), linewidths=width, colors=colour, zorder=1, capstyle="round"))
    own = np.diag(weights)
    axes.scatter(x, y, s=42, c=own, cmap=SEQUENTIAL, vmin=0, vmax=1, edgecolor=INK, linewidth=0.7, zorder=3)
