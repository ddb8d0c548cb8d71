"""Number targets: observed and predicted along time, against each other, and the residual by month and by regime."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure

from outcrop.report import words
from outcrop.report.style import ACCENT, CATEGORIES, FAINT, INK, RULE, SECOND, SOFT, styled

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@styled
def forecast(
    time: np.ndarray,
    target: np.ndarray,
    prediction: np.ndarray,
    *,
    label: str,
    baselines: Mapping[str, np.ndarray] | None = None,
    interval: tuple[np.ndarray, np.ndarray] | None = None,
    axis_label: str = "time",
    zero: str = "",
) -> Figure:
    """Observed and predicted values along the test part, with the baselines behind them.

    Args:
        time: coordinate in order, shape (sample,); dates or numbers.
        target, prediction: physical units, NaN where missing.
        label: name and unit of the target.
        baselines: name -> prediction; at most three are drawn.
        interval: low and high bounds of the prediction.
        axis_label: name of the coordinate, with its unit where it is not a date.
        zero: what a value of zero stands for, drawn as a line where it is given.
    """
    figure = Figure(figsize=(9.6, 3.5), layout="constrained")
    axes = figure.subplots()
    styles = (((0, (4, 2)), SECOND), ((0, (1, 1.5)), CATEGORIES[2]), ((0, (6, 2, 1, 2)), CATEGORIES[3]))
    for (name, values), (dash, colour) in zip((baselines or {}).items(), styles, strict=False):
        axes.plot(time, values, color=colour, linewidth=0.9, linestyle=dash, label=words.plain(name), alpha=0.9)
    if interval is not None:
        axes.fill_between(time, *interval, color=ACCENT, alpha=0.15, linewidth=0, label="interval")
    if zero:
        axes.axhline(0, color=SOFT, linewidth=0.8, label=f"{zero} (0)")
    axes.plot(time, target, color=INK, linewidth=1.3, label="observed")
    axes.plot(time, prediction, color=ACCENT, linewidth=1.6, label="this model")
    axes.set(xlabel=axis_label, ylabel=label)
    axes.margins(x=0.01)
    axes.grid(axis="y")
    _dates(axes, time)
    handles, names = axes.get_legend_handles_labels()
    order = sorted(range(len(names)), key=lambda i: {"observed": 0, "this model": 1, "interval": 2}.get(names[i], 3))
    figure.legend([handles[i] for i in order], [names[i] for i in order], loc="outside upper left", ncols=6)
    return figure


def _dates(axes, time: np.ndarray) -> None:
    if np.issubdtype(np.asarray(time).dtype, np.datetime64):
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        locator = AutoDateLocator()
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))


@styled
def scatter(target: np.ndarray, prediction: np.ndarray, *, label: str) -> Figure:
    """Predicted against observed on equal axes, with the line of equality; dense clouds as hexagons.

    Args:
        target, prediction: physical units; pairs with a missing member are left out.
        label: name and unit of the target.
    """
    known = np.isfinite(target) & np.isfinite(prediction)
    x, y = np.asarray(target)[known], np.asarray(prediction)[known]
    figure = Figure(figsize=(4.6, 4.2), layout="constrained")
    axes = figure.subplots()
    both = np.concatenate([x, y])
    low, high = (both.min(), both.max()) if len(both) < 5000 else np.quantile(both, [0.001, 0.999])
    pad = 0.04 * (high - low) or 1.0
    axes.set(xlim=(low - pad, high + pad), ylim=(low - pad, high + pad))
    axes.plot([low - pad, high + pad], [low - pad, high + pad], color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)))
    if len(x) > 1500:
        from outcrop.report.style import SEQUENTIAL

        drawn = axes.hexbin(x, y, gridsize=50, extent=(low, high, low, high), bins="log", mincnt=1, cmap=SEQUENTIAL)
        figure.colorbar(drawn, ax=axes, shrink=0.7, label="samples", pad=0.02)
    else:
        axes.plot(x, y, "o", color=ACCENT, markersize=3.6, alpha=0.6, markeredgewidth=0)
    axes.set(xlabel=f"observed {label}", ylabel=f"predicted {label}", aspect="equal")
    axes.grid()
    return figure


@styled
def residual_by_month(time: np.ndarray, residual: np.ndarray, *, label: str) -> Figure:
    """Prediction minus observation by calendar month: median, middle half, and the range without outliers.

    Args:
        time: dates, shape (sample,).
        residual: prediction minus target, physical units, NaN where missing.
        label: name and unit of the target.
    """
    month = np.asarray(time).astype("datetime64[M]").astype(int) % 12
    return _boxes([residual[month == m] for m in range(12)], MONTHS, label=label, xlabel="calendar month")


@styled
def residual_by_regime(target: np.ndarray, residual: np.ndarray, *, label: str, parts: int = 5) -> Figure:
    """Prediction minus observation in equally filled ranges of the observed value, low to high.

    Args:
        target: observed value, physical units.
        residual: prediction minus target, NaN where missing.
        label: name and unit of the target.
        parts: number of ranges.
    """
    known = np.isfinite(target) & np.isfinite(residual)
    edges = np.unique(np.quantile(target[known], np.linspace(0, 1, parts + 1)))
    place = np.clip(np.searchsorted(edges, target, side="right") - 1, 0, max(len(edges) - 2, 0))
    names = [f"{words.number(a)} to\n{words.number(b)}" for a, b in pairwise(edges)]
    groups = [residual[known & (place == k)] for k in range(len(names))]
    return _boxes(groups, names, label=label, xlabel=f"observed {label}")


def _boxes(groups, names, *, label: str, xlabel: str) -> Figure:
    figure = Figure(figsize=(4.9, 3.3), layout="constrained")
    axes = figure.subplots()
    finite = [np.asarray(group)[np.isfinite(group)] for group in groups]
    axes.axhline(0, color=SOFT, linewidth=0.8)
    axes.boxplot(
        finite,
        positions=range(len(finite)),
        widths=0.55,
        showfliers=False,
        patch_artist=True,
        boxprops={"facecolor": "#d8e8ec", "edgecolor": ACCENT, "linewidth": 0.9},
        medianprops={"color": ACCENT, "linewidth": 2},
        whiskerprops={"color": FAINT},
        capprops={"color": FAINT},
        manage_ticks=False,
    )
    axes.set_xticks(range(len(names)), names, fontsize=7)
    axes.set(xlabel=xlabel, ylabel=f"predicted {words.MINUS} observed\n{label}")
    axes.grid(axis="y", color=RULE)
    return figure
