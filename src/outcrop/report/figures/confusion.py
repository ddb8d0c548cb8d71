"""The confusion matrix: of each true class, which share went to which predicted class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from outcrop.report.style import INK, SEQUENTIAL, SOFT, class_colours, styled


@styled
def confusion(counts: np.ndarray, names: Sequence[str]) -> Figure:
    """Row-normalised confusion matrix with the counts behind it.

    Args:
        counts: samples, shape (true class, predicted class).
        names: class names in the order of the rows.
    """
    counts = np.asarray(counts, dtype=float)
    total = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)
    size = len(names)
    figure = Figure(figsize=(2.3 + 0.56 * size, 1.6 + 0.44 * size), layout="constrained")
    axes = figure.subplots()
    axes.imshow(share, cmap=SEQUENTIAL, vmin=0, vmax=1, aspect="auto")
    for true, predicted in np.argwhere(counts > 0):
        _cell(axes, true, predicted, share[true, predicted], counts[true, predicted])
    rows = [f"{name}   \n{_count(n)} samples   " for name, n in zip(names, total[:, 0], strict=True)]
    axes.set_yticks(range(size), rows, fontsize=7.5, linespacing=1.1, color=INK)
    axes.set_xticks(range(size), list(names), rotation=45, ha="left", rotation_mode="anchor", fontsize=7.5, color=INK)
    axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0, pad=10)
    axes.set_xlabel("predicted class")
    axes.xaxis.set_label_position("top")
    axes.set_ylabel("true class")
    axes.spines[:].set_visible(False)
    axes.set_xticks(np.arange(size + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(size + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.2)
    axes.tick_params(which="minor", length=0)
    for place, colour in enumerate(class_colours(names)):
        axes.plot(
            -0.62, place, "s", color=colour, markersize=6, clip_on=False, markeredgecolor=SOFT, markeredgewidth=0.3
        )
        axes.plot(
            place, -0.68, "s", color=colour, markersize=6, clip_on=False, markeredgecolor=SOFT, markeredgewidth=0.3
        )
    axes.set(xlim=(-0.5, size - 0.5), ylim=(size - 0.5, -0.5))
    return figure


def _cell(axes, true: int, predicted: int, share: float, count: float) -> None:
    """Percent, and below it the count."""
    colour = "white" if share > 0.55 else (INK if share >= 0.005 else SOFT)
    text = f"{100 * share:.0f}" if share >= 0.005 else "<1"
    weight = "bold" if true == predicted else "normal"
    axes.text(predicted, true - 0.13, text, ha="center", va="center", fontsize=8, color=colour, fontweight=weight)
    axes.text(predicted, true + 0.26, _count(count), ha="center", va="center", fontsize=6.2, color=colour, alpha=0.85)


def _count(count: float) -> str:
    """A count in four characters.

    >>> _count(950), _count(12345), _count(123456)
    ('950', '12.3k', '123k')
    """
    if count < 1000:
        return f"{count:.0f}"
    return f"{count / 1000:.1f}k" if count < 99950 else f"{count / 1000:.0f}k"
