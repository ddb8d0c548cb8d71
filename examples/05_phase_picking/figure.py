"""Draws figure.png of this example from a run folder: python figure.py RUN

Left, four held-out seismograms drawn at random: truth, picks and probabilities. Right, residuals of the P picks.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from outcrop.report.style import ACCENT, CATEGORIES, FAINT, SECOND, SOFT, styled

PHASES = {"P": ACCENT, "S": SECOND}
CONTENDERS = {"model": "network", "ar_aic": "AR-AIC", "sta_lta": "STA/LTA"}
SHOWN = -3.0, 7.0
"""Seconds after the true P."""
EDGES = np.linspace(-0.5, 0.5, 41)


def picks_of(run: Path) -> list[dict[str, str]]:
    """The rows of picks.csv."""
    with (run / "picks.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def number(text: str) -> float:
    return float(text) if text else np.nan


def seismogram(axes, lower, data: xr.Dataset, name: str, picks: list[dict[str, str]]) -> None:
    """The vertical component with true and found arrivals, above the probabilities of the phases."""
    mine = [row for row in picks if row["record"] == name and row["contender"] == "model"]
    true = {row["phase"]: number(row["true"]) for row in mine if row["true"]}
    zero = true["P"]
    time = data["time"].to_numpy() - zero
    window = (time > SHOWN[0]) & (time < SHOWN[1])
    wave = np.nan_to_num(data["input_Z"].to_numpy()[window])
    if not np.ptp(wave):
        wave = np.nan_to_num(data["input_E"].to_numpy()[window])
    wave = wave - np.median(wave)
    axes.plot(time[window], wave / np.abs(wave).max(), color=FAINT, linewidth=0.5)
    for number_of, (phase, colour) in enumerate(PHASES.items(), start=1):
        chance = data["probability"].to_numpy()[window, number_of]
        lower.plot(time[window], chance, color=colour, linewidth=1.0)
        if phase in true:
            axes.axvline(true[phase] - zero, color=colour, linewidth=1.4, linestyle=(0, (3, 2)))
        for row in mine:
            if row["phase"] == phase and row["found"]:
                axes.plot(number(row["found"]) - zero, -1.12, marker="^", color=colour, markersize=6, clip_on=False)
    axes.set(ylim=(-1.15, 1.15), yticks=[])
    axes.set_title("_".join(name.split("_")[:2]), loc="left", fontsize=8, pad=2)
    axes.tick_params(labelbottom=False)
    lower.set(ylim=(0, 1.02), yticks=[0, 1])
    lower.set_xlim(*SHOWN)
    lower.tick_params(labelbottom=False)


@styled
def drawn(run: Path, seed: int = 5) -> Figure:
    """Four records at random, and the histogram of P residuals of network and pickers."""
    with xr.open_dataset(run / "predictions.nc", engine="h5netcdf") as whole:
        data = whole.load()
    names, picks = json.loads(data.attrs["records"]), picks_of(run)
    scored = np.unique(data["record"].to_numpy())
    chosen = np.sort(np.random.default_rng(seed).choice(scored, 4, replace=False))
    figure = Figure(figsize=(9.6, 7.6), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1.75, 1))
    panels = left.subplots(8, 1, height_ratios=[2, 1] * 4)
    for row, which in enumerate(chosen.tolist()):
        upper, lower = panels[2 * row], panels[2 * row + 1]
        upper.sharex(lower)
        seismogram(upper, lower, data.isel(sample=data["record"].to_numpy() == which), names[which], picks)
    panels[-1].set_xlabel("time after the true P (s)")
    panels[-1].tick_params(labelbottom=True)
    keys = [Line2D([], [], color=colour, label=phase) for phase, colour in PHASES.items()]
    keys += [Line2D([], [], color=SOFT, linestyle=(0, (3, 2)), label="true pick")]
    keys += [Line2D([], [], color=SOFT, marker="^", linestyle="none", label="network's pick")]
    left.legend(handles=keys, ncols=4, loc="outside upper right")
    left.supylabel("vertical component (counts, scaled), probability of P and S", fontsize=8)
    axes = right.subplots(len(CONTENDERS), 1, sharex=True, sharey=True)
    for place, (name, words) in zip(axes, CONTENDERS.items(), strict=True):
        mine = [row for row in picks if row["contender"] == name and row["phase"] == "P"]
        residual = np.array([number(row["residual"]) for row in mine if row["residual"]])
        colour = ACCENT if name == "model" else CATEGORIES[3]
        place.hist(residual, EDGES, color=colour)
        place.axvspan(-0.1, 0.1, color=SOFT, alpha=0.15, linewidth=0)
        hits, true = sum(row["hit"] == "1" for row in mine), sum(row["true"] != "" for row in mine)
        place.set_title(f"{words}: {hits} of {true} P within 0.1 s", loc="left", fontsize=9)
        place.set_ylabel("picks")
    axes[-1].set_xlabel("found minus true P (s)")
    return figure


if __name__ == "__main__":
    drawn(Path(sys.argv[1])).savefig(Path(__file__).parent / "figure.png", dpi=110)
