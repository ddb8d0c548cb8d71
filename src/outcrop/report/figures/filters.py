"""The first layer's filters: along depth or time as curves per input, on maps and images as pictures.

Inputs are standardised, so a weight is told per standard deviation of its input. The strongest filters and inputs come
first; what is left out is said in the title.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from outcrop.report.style import ACCENT, DIVERGING, FAINT, RULE, SECOND, SOFT, styled

MOST_FILTERS, MOST_INPUTS, MOST_IMAGES = 8, 8, 12


@styled
def filters(found: Any) -> Figure:
    """Draws filters.

    Args:
        found: with `arrays` (one, (filter, *extent, channel)), `channels` and `about`.
    """
    (name, weight), *_ = found.arrays.items()
    if weight.ndim > 4:  # of cubes the middle slice along the first dimension
        weight = weight[:, weight.shape[1] // 2]
    if weight.ndim == 4:
        figure = _images(weight, found.channels)
    else:
        figure = _curves(weight, found.channels) if weight.shape[1] > 1 else _matrix(weight[:, 0], found.channels)
    figure.suptitle(f"{name}: {found.about}", x=0.01, ha="left", fontsize=9.5, fontweight="bold")
    return figure


def _strongest(weight: np.ndarray, axis: int, most: int) -> np.ndarray:
    """Places along one axis with the largest weights, strongest first."""
    size = np.sqrt((weight**2).sum(axis=tuple(a for a in range(weight.ndim) if a != axis)))
    return np.argsort(-size, kind="stable")[:most]


def _curves(weight: np.ndarray, channels: tuple[str, ...]) -> Figure:
    """Rows of filters, a column per input."""
    rows, inputs = _strongest(weight, 0, MOST_FILTERS), np.sort(_strongest(weight, 2, MOST_INPUTS))
    shown = weight[rows][:, :, inputs]
    figure = Figure(figsize=(1.3 + 0.95 * len(inputs), 1.3 + 0.52 * len(rows)), layout="constrained")
    panels = figure.subplots(len(rows), len(inputs), sharex=True, sharey=True, squeeze=False)
    offset = np.arange(weight.shape[1]) - (weight.shape[1] - 1) / 2
    top = np.abs(shown).max() or 1.0
    for axes, values in zip(panels.ravel(), np.moveaxis(shown, 2, 1).reshape(-1, weight.shape[1]), strict=True):
        axes.axhline(0, color=RULE, linewidth=0.8)
        colours = (ACCENT, SECOND)
        for sign, colour in zip((1, -1), colours, strict=True):
            axes.fill_between(offset, 0, np.where(sign * values > 0, values, 0), color=colour, alpha=0.35, linewidth=0)
        axes.plot(offset, values, color=SOFT, linewidth=1.0)
        axes.set(ylim=(-1.1 * top, 1.1 * top), xlim=(offset[0], offset[-1]))
        axes.tick_params(length=2, labelsize=7)
        axes.spines["left"].set_color(FAINT)
    for axes, number in zip(panels[0], inputs, strict=True):
        axes.set_title(channels[number], fontsize=7.5, fontweight="normal", loc="center")
    for axes, number in zip(panels[:, 0], rows, strict=True):
        axes.set_ylabel(f"{number}", rotation=0, labelpad=8, va="center", fontsize=8)
    figure.supxlabel(f"offset (samples); {_left(weight, rows, inputs)}", fontsize=8)
    figure.supylabel("filter: weight per standard deviation of the input", fontsize=8)
    return figure


def _left(weight: np.ndarray, rows: np.ndarray, inputs: np.ndarray) -> str:
    """Which part of the filters is drawn."""
    share = (weight[rows][..., inputs] ** 2).sum() / max((weight**2).sum(), 1e-30)
    return (
        f"the strongest {len(rows)} of {len(weight)} filters and {len(inputs)} of {weight.shape[-1]} inputs, "
        f"{share:.0%} of the squared weights"
    )


def _matrix(weight: np.ndarray, channels: tuple[str, ...]) -> Figure:
    """Filters of one sample: a row per input, a column per filter."""
    inputs, rows = np.sort(_strongest(weight, 1, 3 * MOST_INPUTS)), _strongest(weight, 0, len(weight))
    figure = Figure(figsize=(7.2, 1.4 + 0.19 * len(inputs)), layout="constrained")
    axes = figure.subplots()
    top = np.abs(weight).max() or 1.0
    image = axes.imshow(weight[rows][:, inputs].T, cmap=DIVERGING, vmin=-top, vmax=top, aspect="auto")
    axes.set_yticks(np.arange(len(inputs)), [channels[i] for i in inputs], fontsize=7.5)
    axes.set(xlabel="filter, strongest first")
    figure.colorbar(image, ax=axes, label="weight per standard deviation", pad=0.01)
    return figure


def _images(weight: np.ndarray, channels: tuple[str, ...]) -> Figure:
    """A column per filter, a row per input."""
    chosen, inputs = _strongest(weight, 0, MOST_IMAGES), np.sort(_strongest(weight, 3, 4))
    shown = weight[chosen][..., inputs]
    figure = Figure(figsize=(1.5 + 0.62 * len(chosen), 1.15 + 0.66 * len(inputs)), layout="constrained")
    panels = figure.subplots(len(inputs), len(chosen), squeeze=False)
    top = np.abs(shown).max() or 1.0
    for row, number in zip(panels, range(len(inputs)), strict=True):
        for axes, image in zip(row, shown[..., number], strict=True):
            drawn = axes.imshow(image, cmap=DIVERGING, vmin=-top, vmax=top)
            axes.set(xticks=[], yticks=[])
            axes.spines[["top", "right"]].set_visible(True)
        row[0].set_ylabel(channels[inputs[number]], fontsize=8, rotation=0, ha="right", va="center")
    for axes, number in zip(panels[0], chosen, strict=True):
        axes.set_title(str(number), fontsize=7.5, fontweight="normal", loc="center")
    figure.colorbar(drawn, ax=panels, label="weight per\nstandard deviation", pad=0.01, aspect=12)
    rows, columns = weight.shape[1:3]
    figure.supxlabel(f"{rows} x {columns} samples each; {_left(weight, chosen, inputs)}", fontsize=8)
    return figure
