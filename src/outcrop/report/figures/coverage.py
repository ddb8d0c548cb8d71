"""Whether intervals and distributions are honest: coverage of each group, and shares below each quantile."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from outcrop.report.style import ACCENT, INK, RULE, SOFT, styled

MOST_NAMES = 40


@styled
def by_group(names: Sequence[str], share: np.ndarray, level: float, *, noun: str) -> Figure:
    """Share of true values held in each group, lowest first, against the level that was promised.

    Args:
        names: of the groups; written where they are at most 40.
        share: of true values held, 0 to 1, shape (group,).
        level: what was promised.
        noun: what a group is.
    """
    order = np.argsort(share, kind="stable")
    named = len(names) <= MOST_NAMES
    figure = Figure(figsize=(6.4, 0.9 + 0.2 * len(names) if named else 3.2), layout="constrained")
    axes = figure.subplots()
    place = np.arange(len(order))
    axes.axvline(level, color=SOFT, linewidth=1, linestyle="--")
    axes.hlines(place, np.minimum(share[order], level), np.maximum(share[order], level), color=RULE, linewidth=1.6)
    axes.plot(share[order], place, "o", color=ACCENT, markersize=5 if named else 3)
    if named:
        axes.set_yticks(place, [names[i] for i in order], fontsize=7.5)
        axes.tick_params(axis="y", length=0)
    else:
        axes.set_ylabel(f"{noun}s, lowest first")
        axes.set_yticks([])
    axes.set_ylim(-0.7, len(order) - 0.3)
    low = min(0.0 if share.min() < 0.3 else 0.05 * np.floor(share.min() / 0.05) - 0.05, level - 0.1)
    axes.set_xlim(low, 1.02)
    axes.xaxis.set_major_locator(MultipleLocator(0.05 if low > 0.5 else 0.1))
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    axes.set_xlabel("true values inside")
    axes.annotate("promised", (level, 1.0), xycoords=("data", "axes fraction"), xytext=(-3, 3),
                  textcoords="offset points", ha="right", fontsize=7.5, color=SOFT)  # fmt: skip
    axes.grid(axis="x", color=RULE)
    return figure


@styled
def reliability(level: np.ndarray, share: np.ndarray) -> Figure:
    """Share of true values below each predicted quantile; honest distributions follow the diagonal.

    Args:
        level: of the quantiles, 0 to 1.
        share: of true values below.
    """
    figure = Figure(figsize=(3.5, 3.4), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=0.9, linestyle="--")
    axes.plot(level, share, color=ACCENT, marker="o", markersize=4)
    axes.set(xlabel="quantile", ylabel="true values below it", xlim=(0, 1), ylim=(0, 1), aspect="equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    axes.grid(color=RULE)
    axes.tick_params(labelcolor=INK)
    return figure
