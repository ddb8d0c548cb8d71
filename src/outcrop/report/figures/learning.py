"""Learning curves: training and validation loss by step, one thin line per fold and member, the best step marked.

Where training had stages, such as L-BFGS after Adam, a line with the stage's name stands where it begins.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from outcrop.report.style import ACCENT, FAINT, INK, SECOND, SOFT, styled

REFIT = ("-1", "refit")


def runs(history: Mapping[str, np.ndarray]) -> list[dict[str, np.ndarray]]:
    """The history cut into single trainings, one per fold and member, in step order."""
    same = np.full(len(history["step"]), "")
    keys = list(zip(history.get("fold", same), history.get("member", same), strict=True))
    found = []
    for key in dict.fromkeys(keys):
        rows = np.array([i for i, other in enumerate(keys) if other == key])
        rows = rows[np.argsort(history["step"][rows], kind="stable")]
        found.append({name: column[rows] for name, column in history.items()})
    return found


def best_steps(history: Mapping[str, np.ndarray]) -> list[tuple[float, float]]:
    """(step, validation loss) at the lowest validation loss of each training; the refit on all groups is left out."""
    found = []
    for run in runs(history):
        if "fold" in run and run["fold"][0] in REFIT:
            continue
        validation = run.get("validation_loss", np.array([np.nan]))
        if np.isfinite(validation).any():
            best = int(np.nanargmin(validation))
            found.append((float(run["step"][best]), float(validation[best])))
    return found


def stage_begins(history: Mapping[str, np.ndarray]) -> dict[str, list[float]]:
    """Steps after which each further stage begins, one per training that came to it; the first stage is left out."""
    found: dict[str, list[float]] = {}
    for run in runs(history) if "stage" in history else ():
        names, steps = run["stage"], run["step"]
        for i in range(1, len(names)):
            if names[i] != names[i - 1]:
                found.setdefault(str(names[i]), []).append(float(steps[i - 1]))
    return found


@styled
def learning(
    history: Mapping[str, np.ndarray], *, label: str = "loss", stages: Mapping[str, str] | None = None
) -> Figure:
    """Loss against training step for all folds and members.

    Args:
        history: columns of history.csv: step, train_loss, validation_loss and, where there are any, fold and member.
        label: name of the loss for the axis.
        stages: words for the names of stages.
    """
    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    axes = figure.subplots()
    trainings = runs(history)
    for run in trainings:
        for name, colour, width in (("train_loss", SOFT, 0.7), ("validation_loss", ACCENT, 0.9)):
            if name in run and np.isfinite(run[name]).any():
                known = np.isfinite(run[name])
                axes.plot(run["step"][known], run[name][known], color=colour, linewidth=width, alpha=0.65)
    best = best_steps(history)
    if best:
        axes.plot(*zip(*best, strict=True), "o", color=SECOND, markersize=4.5, markeredgecolor="white", zorder=5)
        median = float(np.median([step for step, _ in best]))
        axes.axvline(median, color=SECOND, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    for name, begins in stage_begins(history).items():
        for step in sorted(set(begins)):
            axes.axvline(step, color=FAINT, linewidth=0.6, zorder=0)
        at = {"xytext": (3, -3), "textcoords": "offset points", "va": "top", "color": SOFT, "fontsize": 8}
        axes.annotate((stages or {}).get(name, name), (min(begins), 1), xycoords=("data", "axes fraction"), **at)
    low, high = _limits(history)
    if high > low:
        axes.set_ylim(low, high)
    if low > 0 and high / low > 30:
        axes.set_yscale("log")
    axes.set(xlabel="training step", ylabel=label)
    axes.grid(axis="y")
    axes.set_xlim(left=0)
    held_out = [("validation", ACCENT, "-"), ("best step", SECOND, "o")] if best else []
    entries = [("training", SOFT, "-"), *held_out]
    handles = [axes.plot([], [], mark, color=colour, markersize=4.5)[0] for _, colour, mark in entries]
    place = {"loc": "lower right", "bbox_to_anchor": (1, 1), "borderaxespad": 0.2} if stage_begins(history) else {}
    axes.legend(handles, [name for name, *_ in entries], ncols=3, labelcolor=INK, **{"loc": "upper right", **place})
    return figure


def _limits(history: Mapping[str, np.ndarray]) -> tuple[float, float]:
    """Limits that keep the curves in view when the first steps are far above the rest."""
    columns = [history[name] for name in ("train_loss", "validation_loss") if name in history]
    values = np.concatenate(columns) if columns else np.zeros(0)
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 0.0
    low, high = float(values.min()), float(np.quantile(values, 0.99))
    pad = 0.06 * (high - low)
    return low - pad if low < 0 else max(low - pad, 0.5 * low), high + 3 * pad
