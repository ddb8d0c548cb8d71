"""The pictures of this example, from plain arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from outcrop.report.style import ACCENT, CATEGORIES, FAINT, INK, RULE, SECOND, SOFT, styled

DASHES = ("-", "--", "-.", (0, (1, 1.5)), (0, (6, 2, 1, 2)), "-", "--")


@styled
def activations(x: np.ndarray, curves: Mapping[str, tuple[Any, Any]]) -> Figure:
    """Each activation with its derivative."""
    figure = Figure(figsize=(8.4, 3.5), layout="constrained")
    panels = figure.subplots(2, 4, sharex=True, sharey=True).ravel()
    for axes, (name, (value, slope)) in zip(panels, curves.items(), strict=False):
        axes.axhline(0, color=RULE, linewidth=0.8)
        axes.plot(x, value, color=ACCENT, linewidth=1.7)
        axes.plot(x, slope, color=SECOND, linewidth=1.2, linestyle="--")
        axes.set_title(name.replace("_", " "))
        axes.set(ylim=(-1.2, 2.0), xlim=(x[0], x[-1]))
    last = panels[len(curves)]
    last.axis("off")
    last.plot([], [], color=ACCENT, linewidth=1.7, label="value")
    last.plot(
        [],
        [],
        color=SECOND,
        linewidth=1.2,
        linestyle="--",
        label="derivative: what a gradient\nis multiplied by on its way back",
    )
    last.legend(loc="center left", fontsize=8)
    for axes in panels[3:7]:
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("input of the unit", fontsize=8)
    return figure


@styled
def widths(
    x: np.ndarray,
    truth: np.ndarray,
    shown: Mapping[int, np.ndarray],
    data: Any,
    errors: Mapping[int, Sequence[float]],
    noise: float,
) -> Figure:
    """Fits of some widths, and the held-out error of all of them."""
    figure = Figure(figsize=(8.4, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1.5, 1])
    left.plot(data.inputs[:, 0], data.target, ".", color=FAINT, markersize=3.5, label="training points")
    left.plot(x, truth, color=INK, linewidth=1.0, label="truth")
    for (width, curve), colour, dash in zip(
        shown.items(), (CATEGORIES[1], CATEGORIES[2], ACCENT), DASHES, strict=False
    ):
        left.plot(x, curve, color=colour, linewidth=1.6, linestyle=dash, label=f"{width} units")
    left.set(xlabel="x", ylabel="y", ylim=(-1.15, 1.4))
    left.legend(ncols=3, loc="upper left", fontsize=7.5)
    at = np.array(list(errors))
    each = np.array(list(errors.values()))
    right.plot(
        np.repeat(at, each.shape[1]), each.ravel(), "o", color=ACCENT, markersize=3.5, alpha=0.6, label="one seed"
    )
    right.plot(at, np.median(each, axis=1), color=ACCENT, linewidth=1.5, label="median")
    right.axhline(noise, color=SECOND, linestyle="--", linewidth=1.0)
    right.annotate("noise: no network gets below", (at[0], noise), xytext=(0, -3), textcoords="offset points", va="top",
                   color=SECOND, fontsize=7.5)  # fmt: skip
    right.set(
        xscale="log", yscale="log", xlabel="units in the hidden layer", ylabel="held-out error (root mean square)"
    )
    right.set_xticks(at, [str(width) for width in at])
    right.set_yticks([0.05, 0.1, 0.2, 0.4], ["0.05", "0.1", "0.2", "0.4"])
    right.set_ylim(0.036, 0.5)
    right.minorticks_off()
    right.grid(axis="y")
    right.legend(loc="upper right", fontsize=7.5)
    return figure


@styled
def race(lines: Mapping[str, Sequence[Sequence[tuple[int, float]]]], told: Mapping[str, Any], noise: float) -> Figure:
    """Training loss against gradients asked for: median over seeds, and the range of all of them."""
    figure = Figure(figsize=(8.4, 3.9), layout="constrained")
    axes = figure.subplots()
    for number, (name, each) in enumerate(lines.items()):
        end = min(line[-1][0] for line in each)
        at = np.unique(np.r_[np.linspace(each[0][0][0], end, 120)])
        values = np.array([np.interp(at, *np.array(line, float).T) for line in each])
        colour = (ACCENT, SECOND, *CATEGORIES[2:])[number]
        rate = f" ({told[name]['learning_rate']:g})" if "learning_rate" in told[name] else ""
        axes.fill_between(at, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.12, linewidth=0)
        axes.plot(
            at, np.median(values, axis=0), color=colour, linestyle=DASHES[number], linewidth=1.6, label=f"{name}{rate}"
        )
    axes.axhline(noise**2, color=INK, linewidth=0.8, linestyle=":")
    axes.annotate("variance of the noise: below it a network learns the noise", (0, noise**2), xytext=(4, -4),
                  textcoords="offset points", va="top", fontsize=7.5, color=SOFT)  # fmt: skip
    axes.set(yscale="log", xlabel="gradients asked for (160 points each)", ylabel="training loss (mean square)", xlim=0)
    axes.set_ylim(bottom=0.6 * noise**2)
    axes.grid(axis="y")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), title="optimiser (learning rate)", title_fontsize=8)
    return figure


@styled
def gradient(steps: np.ndarray, found: Mapping[str, np.ndarray]) -> Figure:
    """Disagreement of the gradient and finite differences."""
    figure = Figure(figsize=(7.2, 3.6), layout="constrained")
    axes = figure.subplots()
    looks = {"forward": "--", "central": "-"}
    for name, error in found.items():
        how, kind = name.split(", ")
        colour = ACCENT if kind == "float64" else SECOND
        axes.plot(steps, np.maximum(error, 1e-16), color=colour, linestyle=looks[how], linewidth=1.5, label=name)
    axes.set(xscale="log", yscale="log", xlabel="step of the finite difference", ylabel="relative disagreement")
    axes.set(ylim=(1e-12, 30), xlim=(steps[0], steps[-1]))
    axes.invert_xaxis()
    look = {"xycoords": "axes fraction", "fontsize": 7.5, "color": SOFT, "va": "top"}
    axes.annotate("the function bends:\nless so in a short step", (0.02, 0.33), **look)
    axes.annotate("digits are lost:\nmore in a short step", (0.70, 0.28), **look)
    axes.grid()
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


@styled
def schedules(lines: Mapping[str, Sequence[tuple[int, float]]]) -> Figure:
    """Learning rates by step."""
    figure = Figure(figsize=(7.6, 2.8), layout="constrained")
    axes = figure.subplots()
    for number, (name, line) in enumerate(lines.items()):
        colour = (SOFT, ACCENT, SECOND, *CATEGORIES[2:])[number]
        axes.plot(*zip(*line, strict=True), color=colour, linestyle=DASHES[number], linewidth=1.6, label=name)
    axes.set(xlabel="training step", ylabel="learning rate", xlim=(0, None), ylim=(0, None))
    axes.grid(axis="y")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


@styled
def depth(
    signals: Mapping[str, Sequence[float]],
    gradients: Mapping[str, Sequence[float]],
    told: Mapping[str, Any],
    noise: float,
) -> Figure:
    """Signals, gradients, and the error after training, for every way to start."""
    figure = Figure(figsize=(9.2, 4.2), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=[1.2, 1.2, 0.9])
    colours = (CATEGORIES[4], CATEGORIES[1], FAINT, CATEGORIES[2], CATEGORIES[3], ACCENT)
    for number, name in enumerate(signals):
        look = {"color": colours[number], "linestyle": DASHES[number], "linewidth": 1.6}
        left.plot(np.arange(1, len(signals[name]) + 1), signals[name], label=name, **look)
        middle.plot(np.arange(1, len(gradients[name]) + 1), gradients[name], **look)
    for axes, title in ((left, "signal, before training"), (middle, "gradient, before training")):
        axes.set(yscale="log", xlabel="layer, from the input", title=title, xticks=[1, 5, 10, 15, 20])
        axes.grid(axis="y")
    left.set_ylabel("spread over the points")
    middle.set_ylabel("root mean square")
    error = [told[name]["held_out_error"] for name in signals]
    right.barh(np.arange(len(error)), error, color=colours, height=0.62)
    right.axvline(noise, color=INK, linewidth=0.9, linestyle=":")
    for row, value in enumerate(error):
        right.annotate(
            f"{value:.3f}", (value, row), xytext=(3, 0), textcoords="offset points", va="center", fontsize=7.5
        )
    right.set(title="error after 400 steps", xlabel="held-out error", xlim=(0, 1.3 * max(error)), yticks=[])
    right.invert_yaxis()
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure
