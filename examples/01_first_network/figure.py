"""Draws figure.png of this example from a run folder: python figure.py RUN."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import outcrop
from outcrop.report.style import ACCENT, FAINT, INK, SECOND, SOFT, styled

ELEVATIONS = {6.5: SECOND, 8.0: ACCENT, 9.5: INK}
"""Metres above the river bed, and the colour of each in the second panel: low, middle and high ground."""


def held_out(axes: Axes, run: Path) -> None:
    """Measured zinc against what was predicted for it, each sample by the network that had not seen its block."""
    with xr.open_dataset(run / "predictions.nc") as told:
        measured, network, linear = (told[name].to_numpy() for name in ("target", "prediction", "baseline_linear"))
    ends = [100, 2200]
    axes.plot(ends, ends, color=FAINT, linewidth=0.8)
    axes.plot(measured, linear, "o", color=SECOND, markersize=3.5, markerfacecolor="none", label="ridge regression")
    axes.plot(measured, network, "o", color=ACCENT, markersize=4, label="network")
    axes.set(xscale="log", yscale="log", xlim=ends, ylim=ends, title="Blocks the network had not seen",
             xlabel="measured zinc (mg/kg)", ylabel="predicted zinc (mg/kg)")  # fmt: skip
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(matplotlib_ticks([100, 200, 500, 1000, 2000]))
        axis.set_major_formatter("{x:.0f}")
        axis.set_minor_locator(matplotlib_ticks([]))
    axes.legend(loc="upper left")


def what_if(axes: Axes, run: Path) -> None:
    """Predictions of the model file along the distance, for ground of three elevations, beside all samples."""
    from outcrop.data import datasets

    samples = datasets.load("meuse")[0].data
    axes.plot(samples["dist_m"], samples["zinc"], "o", color=SOFT, markersize=2.5, alpha=0.6, label="samples")
    model, distance = outcrop.load(run / "model.outcrop"), np.linspace(10, 1000, 100)
    for elevation, colour in ELEVATIONS.items():
        zinc = model.predict(dist_m=distance, elev=np.full(len(distance), elevation))
        known = np.where(zinc.valid == 1, zinc.values, np.nan)
        axes.plot(distance, zinc.values, color=colour, linewidth=0.9, linestyle=":")
        axes.plot(distance, known, color=colour, linewidth=1.8, label=f"{elevation:g} m above the river bed")
    axes.set(title="What if ...", xlabel="distance to the river (m)", ylabel="zinc (mg/kg)", ylim=(0, 1900))
    axes.legend(loc="upper right")


def matplotlib_ticks(places: list[float]) -> object:
    """Ticks at these places and nowhere else."""
    from matplotlib.ticker import FixedLocator

    return FixedLocator(places)


@styled
def drawn(run: Path) -> Figure:
    """Two panels: how well it does where it was not trained, and what it says when it is asked."""
    figure = Figure(figsize=(8.6, 3.7), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.25])
    held_out(left, run)
    what_if(right, run)
    return figure


if __name__ == "__main__":
    drawn(Path(sys.argv[1])).savefig(Path(__file__).parent / "figure.png", dpi=110)
