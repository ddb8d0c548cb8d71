"""Log tracks of one held-out record: curves with units, truth beside prediction, confidence and validity.

Samples are binned along the axis to about the height of the page, so that a well of 20,000 samples draws as fast and
as small as one of 500: curves keep the least and greatest value of each bin, columns the most frequent class.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from outcrop.report import words
from outcrop.report.style import ACCENT, FAINT, INK, SOFT, VOID, class_colours, styled

BINS = 1000


@dataclass(frozen=True)
class Curve:
    """One input curve: values along the record (NaN where missing), unit, and "linear" or "log"."""

    values: np.ndarray
    unit: str = ""
    scale: str = "linear"


@dataclass(frozen=True)
class Column:
    """One record as drawn: all arrays have shape (sample,), in axis order.

    Attributes:
        axis: depth or other coordinate.
        curves: name -> input curve.
        target, prediction: class indices (-1 missing) or numbers (NaN missing).
        confidence: probability of the predicted class, or empty.
        valid: 1 inside the area of validity, 0 outside, NaN unknown, or empty.
    """

    axis: np.ndarray
    curves: Mapping[str, Curve]
    target: np.ndarray
    prediction: np.ndarray
    confidence: np.ndarray = field(default_factory=lambda: np.zeros(0))
    valid: np.ndarray = field(default_factory=lambda: np.zeros(0))


@styled
def tracks(column: Column, classes: Sequence[str] = (), *, axis_label: str, target_label: str = "target") -> Figure:
    """Draws one record, the axis running down the page.

    Args:
        column: what to draw.
        classes: class names in index order; empty for a number target.
        axis_label: name and unit of the axis.
        target_label: name and unit of a number target.
    """
    grid = _Grid(column.axis)
    widths = [1.0] * len(column.curves) + ([0.66, 0.66] if len(classes) else [1.8])
    extras = [name for name in ("confidence", "valid") if len(getattr(column, name))]
    widths += [{"confidence": 0.72, "valid": 0.34}[name] for name in extras]
    figure = Figure(figsize=(0.9 + 1.03 * sum(widths), 6.6 + 0.5 * bool(len(classes))), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.02, wspace=0.02)
    panels = iter(np.atleast_1d(figure.subplots(1, len(widths), sharey=True, width_ratios=widths)))
    for name, curve in column.curves.items():
        _curve(next(panels), grid, name, curve)
    if len(classes):
        _class_columns(figure, next(panels), next(panels), grid, column, classes)
    else:
        _numbers(next(panels), grid, column, target_label)
    if "confidence" in extras:
        _confidence(next(panels), grid, column.confidence)
    if "valid" in extras:
        _validity(next(panels), grid, column.valid)
    first = figure.axes[0]
    first.set_ylim(grid.edges[-1], grid.edges[0])
    first.set_ylabel(axis_label)
    for axes in figure.axes[1:]:
        axes.tick_params(axis="y", length=0, labelleft=False)
    return figure


class _Grid:
    """Even bins along the axis and the bin of every sample."""

    def __init__(self, axis: np.ndarray) -> None:
        axis = np.asarray(axis, dtype=float)
        steps = np.diff(axis)
        step = float(np.median(steps[steps > 0])) if (steps > 0).any() else 1.0
        span = float(axis[-1] - axis[0]) + step
        self.size = max(1, min(BINS, round(span / step)))
        self.edges = np.linspace(axis[0] - step / 2, axis[0] - step / 2 + span, self.size + 1)
        self.centres = (self.edges[1:] + self.edges[:-1]) / 2
        self.bin = np.clip(np.searchsorted(self.edges, axis, side="right") - 1, 0, self.size - 1)
        self.covered = np.bincount(self.bin, minlength=self.size) > 0

    def extremes(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Least and greatest finite value of each bin, NaN where there is none."""
        known = np.isfinite(values)
        low, high = np.full(self.size, np.inf), np.full(self.size, -np.inf)
        np.minimum.at(low, self.bin[known], values[known])
        np.maximum.at(high, self.bin[known], values[known])
        return np.where(np.isfinite(low), low, np.nan), np.where(np.isfinite(high), high, np.nan)

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Mean of the finite values of each bin, NaN where there is none."""
        known = np.isfinite(values)
        total = np.bincount(self.bin[known], values[known], self.size)
        count = np.bincount(self.bin[known], minlength=self.size)
        return np.divide(total, count, out=np.full(self.size, np.nan), where=count > 0)

    def most_frequent(self, labels: np.ndarray, classes: int) -> np.ndarray:
        """Most frequent class of each bin, -1 where there is none."""
        known = labels >= 0
        counts = np.zeros((self.size, classes), dtype=int)
        np.add.at(counts, (self.bin[known], labels[known]), 1)
        return np.where(counts.any(axis=1), counts.argmax(axis=1), -1)

    def shade(self, axes, missing: np.ndarray) -> None:
        """Greys the bins where something is missing."""
        axes.fill_betweenx(
            np.repeat(self.edges, 2)[1:-1],
            0,
            1,
            where=np.repeat(missing, 2),
            transform=axes.get_yaxis_transform(),
            color=VOID,
            linewidth=0,
            zorder=0,
        )

    def image(self, axes, colours: np.ndarray) -> None:
        """A strip of colours, shape (bin, 3), across the whole width of a track."""
        axes.imshow(colours[:, None, :], extent=(0, 1, self.edges[-1], self.edges[0]), aspect="auto")
        axes.set(xticks=[], xlim=(0, 1))


def _title(axes, name: str, unit: str = "") -> None:
    """Track header as on a paper log: the name, below it the unit, and `_ends` at its sides."""
    for text, up, look in (
        (name, 14, {"fontsize": 7.8, "fontweight": "bold"}),
        (unit, 3, {"fontsize": 7, "color": SOFT}),
    ):
        axes.annotate(text, (0.5, 1), xytext=(0, up), xycoords="axes fraction", textcoords="offset points", ha="center",
                      va="bottom", **look)  # fmt: skip


def _ends(axes, left: str, right: str) -> None:
    """The values at the left and right edge of a track."""
    for x, side, inset, text in ((0, "left", 2, left), (1, "right", -2, right)):
        axes.annotate(text, (x, 1), xytext=(inset, 3), xycoords="axes fraction", textcoords="offset points", ha=side,
                      va="bottom", fontsize=6.6, color=SOFT)  # fmt: skip
    axes.tick_params(axis="x", length=0, labelbottom=False, labeltop=False)
    axes.spines[["top", "right"]].set_visible(True)
    axes.spines["bottom"].set_visible(False)
    axes.grid(axis="x")


def _curve(axes, grid: _Grid, name: str, curve: Curve) -> None:
    values = np.asarray(curve.values, dtype=float)
    if curve.scale == "log":
        values = np.where(values > 0, values, np.nan)
    low, high = grid.extremes(values)
    axes.plot(np.stack([low, high], 1).ravel(), np.repeat(grid.centres, 2), color=INK, linewidth=0.55)
    grid.shade(axes, ~np.isfinite(low))
    if np.isfinite(values).any():
        limits = _limits(values, curve.scale)
        axes.set_xlim(limits)
        if curve.scale == "log":
            axes.set_xscale("log")
            axes.minorticks_off()
        else:
            axes.locator_params(axis="x", nbins=4)
        _ends(axes, *(words.edge(value) for value in limits))
    else:
        axes.set_xticks([])
        axes.text(0.5, 0.5, "not measured", rotation=90, ha="center", va="center", color=SOFT, transform=axes.transAxes)
        _ends(axes, "", "")
    _title(axes, name, curve.unit)


def _limits(values: np.ndarray, scale: str = "linear") -> tuple[float, float]:
    """Limits of a track that leave out the rarest values, rounded outwards to two digits.

    >>> _limits(np.linspace(12.3, 148.7, 1000))
    (5.0, 156.0)
    """
    left, right = (float(v) for v in np.nanquantile(values, [0.003, 0.997]))
    if scale == "log":
        left, right = left / 1.2, max(right, 2 * left) * 1.2
        step_left, step_right = (10.0 ** (math.floor(math.log10(v)) - 1) for v in (left, right))
    else:
        pad = 0.05 * (right - left) or abs(left) or 1.0
        left, right = left - pad, right + pad
        step_left = step_right = 10.0 ** (math.floor(math.log10(right - left)) - 2)
    return round(math.floor(left / step_left) * step_left, 9), round(math.ceil(right / step_right) * step_right, 9)


def _class_columns(figure: Figure, truth, prediction, grid: _Grid, column: Column, classes: Sequence[str]) -> None:
    colours = np.array([to_rgb(colour) for colour in (*class_colours(classes), VOID)])
    seen: set[int] = set()
    for axes, name, labels in ((truth, "truth", column.target), (prediction, "predicted", column.prediction)):
        frequent = grid.most_frequent(np.asarray(labels, dtype=int), len(classes))
        grid.image(axes, colours[frequent])
        seen |= set(np.unique(frequent)) - {-1}
        axes.spines[["top", "right"]].set_visible(True)
        _title(axes, name)
    handles = [Patch(facecolor=colours[k], edgecolor=FAINT, linewidth=0.4, label=classes[k]) for k in sorted(seen)]
    handles.append(Patch(facecolor=VOID, edgecolor=FAINT, linewidth=0.4, label="missing"))
    figure.legend(handles=handles, loc="outside lower center", ncols=min(6, len(handles)), handlelength=1.2,
                  handleheight=1.0, columnspacing=1.4, labelcolor=INK)  # fmt: skip


def _numbers(axes, grid: _Grid, column: Column, label: str) -> None:
    truth, prediction = grid.mean(np.asarray(column.target, float)), grid.mean(np.asarray(column.prediction, float))
    axes.plot(truth, grid.centres, color=INK, linewidth=0.8, label="truth")
    axes.plot(prediction, grid.centres, color=ACCENT, linewidth=1.1, label="predicted")
    grid.shade(axes, ~np.isfinite(truth))
    both = np.concatenate([truth, prediction])
    if np.isfinite(both).any():
        axes.set_xlim(limits := _limits(both))
        _ends(axes, *(words.edge(value) for value in limits))
    _title(axes, label)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, -0.07), ncols=2, labelcolor=INK)


def _confidence(axes, grid: _Grid, confidence: np.ndarray) -> None:
    level = grid.mean(np.asarray(confidence, dtype=float))
    axes.fill_betweenx(grid.centres, 0, level, color=ACCENT, alpha=0.45, linewidth=0, step="mid")
    grid.shade(axes, ~np.isfinite(level))
    axes.set(xlim=(0, 1), xticks=[0.5])
    _ends(axes, "0", "1")
    _title(axes, "confidence", "prob.")


def _validity(axes, grid: _Grid, valid: np.ndarray) -> None:
    share = grid.mean(np.asarray(valid, dtype=float))
    colours = np.array([to_rgb(VOID), to_rgb("#cfe3d4"), to_rgb("#c4622d")])
    state = np.where(np.isfinite(share), np.where(share >= 0.5, 1, 2), 0)
    grid.image(axes, colours[state])
    axes.spines[["top", "right"]].set_visible(True)
    _title(axes, "valid")
