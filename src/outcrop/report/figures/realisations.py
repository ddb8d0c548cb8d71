"""Realisations beside what was found: a row each for the truth, the network and its rivals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from outcrop.report.style import ACCENT, CATEGORIES, INK, SEQUENTIAL, SOFT, class_colours, styled

MOST = 8
"""Realisations in a row."""
MOST_POINTS = 2000


@styled
def realisations(
    rows: Mapping[str, np.ndarray], *, variable: str, unit: str = "", classes: Sequence[str] = (), along: str = ""
) -> Figure:
    """Draws them, the same number of each.

    Args:
        rows: who -> realisations of one variable, (realisation, *place), in its unit, or class indices; of three
            dimensions of place the middle slice along the first is shown.
        variable, unit: what it is.
        classes: names, in the order of their indices.
        along: the dimension of one-dimensional realisations.
    """
    places = next(iter(rows.values())).ndim - 1
    if places == 1:
        return _lines(rows, variable, unit, classes, along)
    return _images(
        {who: v[:, v.shape[1] // 2] if v.ndim == 4 else v for who, v in rows.items()}, unit, classes, variable
    )


@styled
def points(rows: Mapping[str, np.ndarray], *, names: Sequence[str], units: Sequence[str]) -> Figure:
    """Cross-plots of the first two variables: what was found, in grey, under what each of the others drew.

    Args:
        rows: who -> (realisation, variable); the first is what was found.
    """
    (_, truth), *others = rows.items()
    figure = Figure(figsize=(9.3, 3.2), layout="constrained")
    axes = np.atleast_1d(figure.subplots(1, len(others), sharex=True, sharey=True))
    two = truth.shape[1] > 1
    for place, (who, drawn) in zip(axes, others, strict=True):
        if two:
            place.scatter(*truth[:MOST_POINTS, :2].T, s=6, color=SOFT, alpha=0.5, linewidths=0, label="found")
            place.scatter(*drawn[:MOST_POINTS, :2].T, s=6, color=ACCENT, alpha=0.6, linewidths=0, label="drawn")
        else:
            edges = np.histogram_bin_edges(truth[:, 0], bins=40)
            place.hist(truth[:, 0], edges, color=SOFT, alpha=0.5, density=True, label="found")
            place.hist(drawn[:, 0], edges, color=ACCENT, histtype="step", density=True, label="drawn")
        place.set(title=who, xlabel=_labelled(names[0], units[0]))
    axes[0].set_ylabel(_labelled(names[1], units[1]) if two else "density")
    axes[0].legend(loc="best")
    return figure


def _lines(rows: Mapping[str, np.ndarray], variable: str, unit: str, classes: Sequence[str], along: str) -> Figure:
    figure = Figure(figsize=(9.3, 1.15 * len(rows) + 0.5), layout="constrained")
    axes = np.atleast_1d(figure.subplots(len(rows), 1, sharex=True, sharey=True))
    for place, (who, values) in zip(axes, rows.items(), strict=True):
        length = values.shape[1]
        for number, one in enumerate(values[:MOST]):
            start = number * (length + length // 12)
            colour = INK if number % 2 == 0 else CATEGORIES[0]
            place.plot(start + np.arange(length), one, color=colour, linewidth=0.9)
        place.set_title(who)
        place.set_xticks([])
        if classes:
            place.set_yticks(range(len(classes)), classes)
    axes[-1].set_xlabel(f"{min(MOST, len(values))} realisations of {length} samples along {along or 'the record'}")
    figure.supylabel(_labelled(variable, unit))
    return figure


def _images(rows: Mapping[str, np.ndarray], unit: str, classes: Sequence[str], variable: str) -> Figure:
    count = min(MOST, *(len(values) for values in rows.values()))
    first = next(iter(rows.values()))
    tall = first.shape[1] / first.shape[2]
    height = len(rows) * float(np.clip(9.0 / count * tall, 0.5, 2.2)) + 0.9
    figure = Figure(figsize=(9.3, height), layout="constrained")
    axes = np.atleast_2d(figure.subplots(len(rows), count, sharex=True, sharey=True))
    if classes:
        look = {"cmap": ListedColormap(class_colours(classes)), "vmin": -0.5, "vmax": len(classes) - 0.5}
    else:
        low, high = np.nanquantile(first, [0.01, 0.99])
        look = {"cmap": SEQUENTIAL, "vmin": low, "vmax": high}
    for line, (who, values) in zip(axes, rows.items(), strict=True):
        for place, one in zip(line, values[:count], strict=True):
            image = place.imshow(one, interpolation="nearest", **look)
            place.set(xticks=[], yticks=[])
        line[0].set_ylabel(who.replace(" ", "\n"), rotation=0, ha="right", va="center")  # rows may be low
    if classes:
        patches = [
            Patch(color=colour, label=name) for colour, name in zip(class_colours(classes), classes, strict=True)
        ]
        figure.legend(handles=patches, loc="outside lower center", ncols=min(len(patches), 6))
    else:
        figure.colorbar(image, ax=axes, label=_labelled(variable, unit), shrink=0.8, aspect=30)
    return figure


def _labelled(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name
