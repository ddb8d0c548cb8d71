"""The ladder of baselines: every contender's score with its interval on one axis, the model highlighted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from outcrop.report import words
from outcrop.report.scores import Rung, Score
from outcrop.report.style import ACCENT, FAINT, INK, RULE, SECOND, SOFT, styled


@styled
def ladder(rungs: Sequence[Rung], metric: str, *, label: str, better: str) -> Figure:
    """Contenders from best (top) to worst, with intervals where there are any.

    Args:
        rungs: the contenders, best first.
        metric: key of the metric drawn.
        label: the metric in words, with its unit.
        better: "higher" or "lower".
    """
    shown = [rung for rung in rungs if np.isfinite(rung.scores.get(metric, Score(np.nan)).value)]
    figure = Figure(figsize=(6.4, 0.95 + 0.36 * len(shown)), layout="constrained")
    axes = figure.subplots()
    for row, rung in enumerate(shown):
        _rung(axes, row, rung, rung.scores[metric])
    model = next((rung.scores[metric] for rung in shown if rung.is_model), None)
    if model is not None and np.isfinite(model.low):
        axes.axvspan(model.low, model.high, color=ACCENT, alpha=0.08, linewidth=0)
    axes.set_yticks(range(len(shown)), [_name(rung) for rung in shown])
    axes.set_ylim(len(shown) - 0.45, -0.55)
    for tick, rung in zip(axes.get_yticklabels(), shown, strict=True):
        tick.set(color=ACCENT if rung.is_model else INK, fontweight="bold" if rung.is_model else "normal", fontsize=9)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.margins(x=0.12)
    arrow = {"higher": " (higher is better →)", "lower": " (← lower is better)"}.get(better, "")
    axes.set_xlabel(label + arrow)
    return figure


def _name(rung: Rung) -> str:
    return "this model" if rung.is_model else words.plain(rung.name)


def _rung(axes, row: int, rung: Rung, score: Score) -> None:
    """One contender: interval as a bar, value as a dot with its number."""
    colour = ACCENT if rung.is_model else SOFT
    if np.isfinite(score.low):
        axes.plot([score.low, score.high], [row, row], color=colour, linewidth=3 if rung.is_model else 2, alpha=0.55)
    axes.plot(score.value, row, "D" if rung.is_model else "o", color=colour, markersize=7 if rung.is_model else 5.5)
    axes.annotate(
        words.number(score.value),
        (score.value, row),
        xytext=(0, 6),
        textcoords="offset points",
        ha="center",
        fontsize=7.5,
        color=colour,
        fontweight="bold" if rung.is_model else "normal",
    )


@styled
def gap(promised: Score, naive: Score, *, label: str) -> Figure:
    """The optimism gap: the same model under the promised split and under a naive random one."""
    figure = Figure(figsize=(6.4, 1.5), layout="constrained")
    axes = figure.subplots()
    axes.plot([promised.value, naive.value], [0, 0], color=RULE, linewidth=5, solid_capstyle="round", zorder=1)
    for score, colour, name in ((promised, ACCENT, "promised split"), (naive, SECOND, "random split")):
        if np.isfinite(score.low):
            axes.plot([score.low, score.high], [0, 0], color=colour, linewidth=2, alpha=0.7, zorder=2)
        axes.plot(score.value, 0, "D", color=colour, markersize=8, zorder=3)
        up = 1 if name == "promised split" else -1
        axes.annotate(
            f"{name}: {words.number(score.value)}",
            (score.value, 0),
            xytext=(0, 11 * up),
            textcoords="offset points",
            ha="center",
            va="bottom" if up > 0 else "top",
            color=colour,
            fontweight="bold",
            fontsize=8.5,
        )
    axes.set(ylim=(-1, 1), yticks=[], xlabel=label)
    axes.margins(x=0.35)
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.grid(axis="x")
    return figure
