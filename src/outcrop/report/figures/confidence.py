"""Is the stated confidence honest? The share of right answers against the confidence the network states."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from outcrop.report import words
from outcrop.report.style import ACCENT, SOFT, styled


@styled
def confidence(stated: Sequence[float], right: Sequence[float], share: Sequence[float]) -> Figure:
    """One dot per range of confidence, its area the share of samples; on the dashed line confidence is honest.

    Args:
        stated: mean probability of the predicted class in each range.
        right: share of right answers in each range.
        share: share of the samples in each range.
    """
    figure = Figure(figsize=(4.6, 4.0), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.plot(stated, right, color=ACCENT, linewidth=1)
    axes.scatter(stated, right, s=25 + 350 * np.asarray(share), color=ACCENT, alpha=0.75, edgecolor="white", zorder=3)
    for x, y, part in zip(stated, right, share, strict=True):
        up = 1 if y >= x else -1
        axes.annotate(
            words.percent(part),
            (x, y),
            xytext=(0, up * (6 + 9 * np.sqrt(part))),
            textcoords="offset points",
            ha="center",
            va="bottom" if up > 0 else "top",
            fontsize=7.5,
        )
    axes.set(xlim=(0, 1.04), ylim=(0, 1.04), aspect="equal")
    axes.set(xlabel="stated confidence (probability)", ylabel="share of right answers")
    axes.grid()
    return figure
