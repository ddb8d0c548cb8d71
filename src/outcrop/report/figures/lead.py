"""How far ahead a forecast sees: the score against the lead, for the network and the baselines."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from outcrop.report import words
from outcrop.report.style import ACCENT, FAINT, INK, RULE, SOFT, styled

DASHES = ("-", "--", ":", "-.", (0, (6, 1, 1, 1)), (0, (1, 3)))


@styled
def by_lead(
    ahead: np.ndarray, network: np.ndarray, baselines: Mapping[str, np.ndarray], *, label: str, unit: str
) -> Figure:
    """One line per contender.

    Args:
        ahead: lead, shape (lead,), increasing.
        network: score of the network at each lead.
        baselines: name -> scores, best first; drawn in grey, told apart by their dashes.
        label: the metric in words, with its unit.
        unit: of `ahead`.
    """
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    axes = figure.subplots()
    for number, (name, score) in enumerate(baselines.items()):
        colour = SOFT if number < 3 else FAINT
        axes.plot(
            ahead, score, color=colour, linestyle=DASHES[number % len(DASHES)], linewidth=1.2, label=words.plain(name)
        )
    axes.plot(ahead, network, color=ACCENT, linewidth=2.2, label="this model", marker="o", markersize=3.2)
    axes.set(xlabel=f"lead ({unit})", ylabel=label)
    axes.set_xlim(ahead[0] - 0.02 * np.ptp(ahead), ahead[-1] + 0.02 * np.ptp(ahead))
    axes.grid(color=RULE)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), labelcolor=INK, handlelength=2.6)
    return figure
