"""What denoising gains at every ratio of signal to noise: network and baselines against the noisy input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from outcrop.report.style import ACCENT, FAINT, RULE, SOFT, styled

DASHES = ("--", "-.", ":", (0, (6, 2, 1, 2)), (0, (1, 3)))


@styled
def gain(ratios: Sequence[float], network: np.ndarray, others: Mapping[str, Sequence[float]]) -> Figure:
    """Gain in dB against the ratio of the input.

    Args:
        ratios: in dB.
        network: value, low and high of the network's gain, shape (ratio, 3); bounds may be NaN.
        others: baseline, in words -> gain at each ratio.
    """
    figure = Figure(figsize=(7.2, 3.0), layout="constrained")
    axes = figure.subplots()
    for (name, values), dashes in zip(others.items(), DASHES * 3, strict=False):
        axes.plot(ratios, values, color=SOFT if dashes == "--" else FAINT, linestyle=dashes, label=name)
    value, low, high = np.asarray(network, float).T
    spread = np.nan_to_num([value - low, high - value])
    axes.errorbar(ratios, value, yerr=spread, color=ACCENT, linewidth=1.8, elinewidth=1.0, capsize=2, label="network")
    axes.axhline(0, color=RULE, zorder=0)
    axes.set(xlabel="signal-to-noise ratio of the input (dB)", ylabel="gain (dB)", xticks=list(ratios))
    axes.grid(axis="y")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
