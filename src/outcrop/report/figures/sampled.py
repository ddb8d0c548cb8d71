"""Realisations on a grid, what they say together, what was observed on top: wells, maps, sections, slices of cubes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from outcrop.report.style import ACCENT, CATEGORIES, INK, SEQUENTIAL, SOFT, class_colours, styled

DOWNWARD = ("depth", "twt", "layer", "level")
"""Vertical dimensions whose values grow downwards."""
UPRIGHT = (*DOWNWARD, "elevation")
MOST, IN_A_ROW = 6, 3
"""Realisations that are shown, and how many beside each other; along one dimension, strips of classes."""
STRIPS = 30
SMALL = 60
"""Observed cells in a picture, above which their marks are small."""


class Field(NamedTuple):
    """One variable on a grid of one or two dimensions.

    Attributes:
        name, unit: of the variable.
        classes: names in the order of their indices; empty for numbers.
        axes: dimension -> coordinates, in the order of the values.
        units: dimension -> unit.
        drawn: (realisation, *place).
        observed: (*place), NaN where nothing is.
    """

    name: str
    unit: str
    classes: Sequence[str]
    axes: Mapping[str, np.ndarray]
    units: Mapping[str, str]
    drawn: np.ndarray
    observed: np.ndarray | None = None


@styled
def realisations(field: Field) -> Figure:
    """The first realisations, with the observed cells in the same colours on top."""
    if len(field.axes) == 1:
        return _strips(field) if field.classes else _curves(field)
    count = min(MOST, len(field.drawn))
    figure, axes = _panels(count, field)
    for number, (place, one) in enumerate(zip(axes, field.drawn, strict=False), 1):
        image = _image(place, one, field, _look(field))
        place.set_title(f"realisation {number}")
    _legend(figure, axes, image, field)
    return figure


@styled
def summaries(field: Field, shown: Mapping[str, np.ndarray], units: Mapping[str, str]) -> Figure:
    """Mean and spread, or probabilities and entropy, each with its own scale.

    Args:
        field: the variable, for its axes and observations.
        shown: title -> (*place).
        units: title -> unit.
    """
    if len(field.axes) == 1:
        return _along(field, shown, units)
    figure, axes = _panels(len(shown), field)
    for place, (title, values) in zip(axes, shown.items(), strict=False):
        low, high = _limits(field, title, values, units[title])
        look = {"cmap": SEQUENTIAL, "vmin": low, "vmax": max(high, low + 1e-9)}
        image = _image(place, values, field, look, hollow=True)
        place.set_title(title)
        flat = _upright(field)[0] not in UPRIGHT
        figure.colorbar(image, ax=place, label=units[title].strip("1"), shrink=0.75 if flat else 1.0, aspect=24)
    return figure


def _limits(field: Field, title: str, values: np.ndarray, unit: str) -> tuple[float, float]:
    """Of the colours: those of the variable for a mean, all there can be for probability and entropy, else from 0."""
    if unit == "1":
        return 0.0, 1.0
    if unit == "bit":
        return 0.0, float(np.log2(len(field.classes)))
    look = _look(field)
    return (look["vmin"], look["vmax"]) if title.endswith("mean") else (0.0, float(np.nanmax(values)))


def _panels(count: int, field: Field) -> tuple[Figure, list[Axes]]:
    """Axes of so many pictures, of the shape of the grid."""
    vertical, across = _upright(field)
    columns = min(count, IN_A_ROW if count != 4 else 2)
    rows = -(-count // columns)
    size = [float(np.ptp(field.axes[dim])) or 1.0 for dim in (vertical, across)]
    tall = 0.62 if vertical in UPRIGHT else float(np.clip(size[0] / size[1], 0.35, 1.6))
    figure = Figure(figsize=(9.3, rows * (9.3 / max(columns, 2) * tall + 0.45) + 0.4), layout="constrained")
    axes = np.atleast_1d(figure.subplots(rows, columns, sharex=True, sharey=True)).ravel()
    for place in axes[count:]:
        place.remove()
    figure.supxlabel(_named(across, field.units.get(across, "")), fontsize=9)
    figure.supylabel(_named(vertical, field.units.get(vertical, "")), fontsize=9)
    return figure, list(axes[:count])


def _upright(field: Field) -> tuple[str, str]:
    """The dimension up the picture, and the one across."""
    first, second = field.axes
    return (second, first) if second in UPRIGHT else (first, second)


def _image(place: Axes, values: np.ndarray, field: Field, look: Mapping[str, Any], *, hollow: bool = False) -> Any:
    """One picture with its observed cells: filled with what was observed, or hollow."""
    vertical, across = _upright(field)
    first, _ = field.axes
    turned = values if first == vertical else values.T
    up, right = field.axes[vertical], field.axes[across]
    extent = (*_edges(right), *_edges(up))
    image = place.imshow(
        turned, extent=extent, origin="lower", aspect="auto" if vertical in UPRIGHT else "equal", **look
    )
    place.set_ylim(*sorted(extent[2:], reverse=vertical in DOWNWARD))
    if field.observed is not None and np.isfinite(field.observed).any():
        seen = field.observed if first == vertical else field.observed.T
        rows, columns = np.nonzero(np.isfinite(seen))
        small = len(rows) > SMALL
        size, width = (7, 0.4) if small else (26, 0.9)
        colour = {"facecolors": "none"} if hollow else {"c": seen[rows, columns], **look}
        place.scatter(right[columns], up[rows], s=size, facecolors="none", edgecolors="white", linewidths=3 * width)
        place.scatter(right[columns], up[rows], s=size, edgecolors=INK, linewidths=width, **colour)
    place.locator_params(nbins=4)
    place.tick_params(labelsize=7)
    return image


def _edges(axis: np.ndarray) -> tuple[float, float]:
    """Outer edges of the first and the last cell."""
    half = (axis[1] - axis[0]) / 2 if len(axis) > 1 else 0.5
    return float(axis[0] - half), float(axis[-1] + half)


def _look(field: Field) -> dict[str, Any]:
    """Colours and limits of the variable."""
    if field.classes:
        return {"cmap": ListedColormap(class_colours(field.classes)), "vmin": -0.5, "vmax": len(field.classes) - 0.5}
    low, high = np.nanquantile(field.drawn, [0.01, 0.99])
    return {"cmap": SEQUENTIAL, "vmin": float(low), "vmax": float(max(high, low + 1e-9))}


def _legend(figure: Figure, axes: Sequence[Axes], image: Any, field: Field) -> None:
    if not field.classes:
        figure.colorbar(image, ax=list(axes), label=_named(field.name, field.unit), shrink=0.7, aspect=34)
        return
    colours = class_colours(field.classes)
    patches = [
        Patch(facecolor=colour, edgecolor=SOFT, linewidth=0.5, label=name)
        for colour, name in zip(colours, field.classes, strict=True)
    ]
    figure.legend(handles=patches, loc="outside upper right", ncols=min(len(patches), 6))


def _curves(field: Field) -> Figure:
    """Numbers along one dimension: realisations, and what was observed."""
    figure, place = _one_axes(field)
    for number, one in enumerate(field.drawn[:MOST]):
        place.plot(*_swapped(field, one), color=CATEGORIES[number % 6], linewidth=0.9, alpha=0.9)
    _dots(place, field)
    return figure


def _along(field: Field, shown: Mapping[str, np.ndarray], units: Mapping[str, str]) -> Figure:
    """Along one dimension: the range of numbers, or the probability of every class on that of those before it."""
    figure, place = _one_axes(field)
    (axis,), upright = field.axes.values(), _is_upright(field)
    fill = place.fill_betweenx if upright else place.fill_between
    if field.classes:
        shares = [values for title, values in shown.items() if units[title] == "1"]
        edges = np.cumsum([np.zeros(len(axis)), *shares], axis=0)
        for name, colour, low, high in zip(field.classes, class_colours(field.classes), edges, edges[1:], strict=False):
            fill(axis, low, high, color=colour, label=name, linewidth=0, step="mid")
        (place.set_xlabel if upright else place.set_ylabel)("probability")
        (place.set_xlim if upright else place.set_ylim)(0, 1)
    else:
        low, high, middle = (next(v for t, v in shown.items() if t.endswith(w)) for w in ("p10", "p90", "p50"))
        fill(axis, low, high, color=ACCENT, alpha=0.25, linewidth=0, label="10 to 90 %")
        place.plot(*_swapped(field, middle), color=ACCENT, label="median")
        _dots(place, field)
    figure.legend(loc="outside upper right", ncols=4)
    return figure


def _strips(field: Field) -> Figure:
    """Classes along one dimension: a strip for each realisation, and one for what was observed."""
    figure, place = _one_axes(field)
    (dim, axis), upright = next(iter(field.axes.items())), _is_upright(field)
    values = field.drawn[:STRIPS].astype(float)
    if field.observed is not None:
        gap = np.full((1, len(axis)), np.nan)
        values = np.concatenate([field.observed[None], field.observed[None], gap, values])
    edges, many = _edges(axis), len(values)
    extent = (0, many, *edges) if upright else (*edges, 0, many)
    place.imshow(values.T if upright else values, extent=extent, origin="lower", aspect="auto", **_look(field))
    if upright:
        place.set_ylim(*sorted(edges, reverse=dim in DOWNWARD))
    (place.set_xlabel if upright else place.set_ylabel)(
        f"{'observed, then ' if field.observed is not None else ''}{min(STRIPS, len(field.drawn))} realisations"
    )
    (place.set_xticks if upright else place.set_yticks)([])
    _legend(figure, [place], None, field)
    return figure


def _one_axes(field: Field) -> tuple[Figure, Axes]:
    (dim,), upright = field.axes, _is_upright(field)
    figure = Figure(figsize=(4.6, 6.0) if upright else (9.3, 2.6), layout="constrained")
    place = figure.subplots()
    along = _named(dim, field.units.get(dim, ""))
    value = _named(field.name, field.unit)
    place.set(xlabel=value if upright else along, ylabel=along if upright else value)
    low, high = sorted(_edges(field.axes[dim]))
    (place.set_ylim if upright else place.set_xlim)(*((high, low) if dim in DOWNWARD else (low, high)))
    return figure, place


def _is_upright(field: Field) -> bool:
    return next(iter(field.axes)) in UPRIGHT


def _swapped(field: Field, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    axis = next(iter(field.axes.values()))
    return (values, axis) if _is_upright(field) else (axis, values)


def _dots(place: Axes, field: Field) -> None:
    if field.observed is not None:
        place.plot(*_swapped(field, field.observed), "o", color=INK, markersize=4, label="observed")


def _named(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name
