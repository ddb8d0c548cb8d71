"""Codes of an autoencoder: two numbers as they are, more along their two leading directions, coloured by the target."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from outcrop.report.style import ACCENT, CATEGORIES, FAINT, SEQUENTIAL, class_colours, styled

MOST_POINTS = 6000
FAINTEST = 0.22
"""Where the scale of colours begins, so that its lowest values are seen on white."""


@styled
def latent(found: Any) -> Figure:
    """Draws codes.

    Args:
        found: with `arrays["latent"]` (code, latent), `labels` ("target" or "record", one per code), `names` of classes
            or records, `unit` of the target and `about`.
    """
    codes = np.asarray(found.arrays["latent"], float)
    centred = codes - codes.mean(axis=0)
    _, size, directions = np.linalg.svd(centred, full_matrices=False)
    share = size**2 / max(float((size**2).sum()), 1e-30)
    plane = codes[:, :2] if codes.shape[1] <= 2 else centred @ directions[:2].T
    figure = Figure(figsize=(7.6, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[3.2, 1])
    keep = np.random.default_rng(0).permutation(len(codes))[:MOST_POINTS]
    _scatter(figure, left, plane[keep], found, keep)
    if codes.shape[1] > 2:
        left.set(xlabel=f"direction 1 ({share[0]:.0%} of the variance)", ylabel=f"direction 2 ({share[1]:.0%})")
    else:
        left.set(xlabel="code 1", ylabel="code 2" if codes.shape[1] > 1 else "")
    right.bar(np.arange(1, len(share) + 1), 100 * share, color=ACCENT, width=0.7)
    right.set(xlabel="direction of the code", ylabel="share of the variance (%)", xticks=np.arange(1, len(share) + 1))
    if len(share) > 10:
        right.set_xticks(np.arange(1, len(share) + 1, len(share) // 6))
    figure.suptitle(found.about, x=0.01, ha="left", fontsize=9.5, fontweight="bold")
    return figure


def _scatter(figure: Figure, axes: Axes, plane: np.ndarray, found: Any, keep: np.ndarray) -> None:
    if plane.shape[1] < 2:
        plane = np.stack([plane[:, 0], np.zeros(len(plane))], axis=1)
    key = "target" if "target" in found.labels else "record"
    values = np.asarray(found.labels[key])[keep]
    size = float(np.clip(9000 / max(len(plane), 1), 3, 26))
    if not found.names:
        known = np.isfinite(values.astype(float))
        axes.scatter(*plane[~known].T, s=size, color=FAINT, linewidths=0)
        low, high = np.quantile(values[known], [0.02, 0.98]) if known.any() else (0.0, 1.0)
        span = max(float(high - low), 1e-12)
        options = {"cmap": SEQUENTIAL, "vmin": low - FAINTEST / (1 - FAINTEST) * span, "vmax": high}
        points = axes.scatter(*plane[known].T, c=values[known], s=size, linewidths=0, **options)
        bar = figure.colorbar(points, ax=axes, label=found.unit or key, pad=0.01, aspect=28)
        bar.ax.set_ylim(low, high)
        return
    in_turn = [CATEGORIES[i % len(CATEGORIES)] for i in range(len(found.names))]
    colours = class_colours(found.names) if key == "target" else in_turn
    for number, name in enumerate(found.names):
        own = values == number
        if own.any() and number < len(colours):
            axes.scatter(*plane[own].T, s=size, color=colours[number], linewidths=0, label=name, alpha=0.8)
    axes.scatter(*plane[values < 0].T, s=size, color=FAINT, linewidths=0)
    shown = sum(bool((values == number).any()) for number in range(len(found.names)))
    figure.legend(
        loc="outside lower center", ncols=min(6, max(shown, 1)), markerscale=max(1.0, 5 / size**0.5), fontsize=7.5
    )
