"""Draws figure.png of this example from its run folders: python figure.py DIFFUSION_RUN FLOW_RUN."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import outcrop
from outcrop.metric.distances import energy_distance
from outcrop.report.style import ACCENT, SECOND, SOFT, styled

NAMES = ("POROSITY", "VP")
STEPS = (1, 2, 4, 8, 16, 32)
COUNT = 1600
WAYS = {
    "diffusion, Heun": (0, "heun", lambda steps: 2 * steps - 1, ACCENT, "-"),
    "diffusion, Euler": (0, "euler", lambda steps: steps, ACCENT, "--"),
    "flow, midpoint": (1, "ode", lambda steps: 2 * steps, SECOND, "-"),
}


def found(run: Path) -> np.ndarray:
    """The held-out pairs."""
    with xr.open_dataset(run / "realisations.nc", engine="h5netcdf") as told:
        return np.stack([told[f"truth:{name}"].to_numpy()[:, 0] for name in NAMES], axis=-1)


def drawn(run: Path, sampler: str, steps: int, seed: int) -> np.ndarray:
    """Pairs drawn from the model file of a run."""
    with tempfile.TemporaryDirectory() as place:
        data = outcrop.sample(
            run / "model.outcrop", count=COUNT, out=place, seed=seed, sampler=sampler, steps=steps
        ).data
        return np.stack([data[name].to_numpy() for name in NAMES], axis=-1)


def quality(runs: list[Path], truth: np.ndarray) -> dict[str, list[dict[str, float]]]:
    """Energy distance in standard units and number of evaluations, the median over three seeds."""
    centre, spread = truth.mean(axis=0), truth.std(axis=0)

    def distance(pairs: np.ndarray) -> float:
        return energy_distance(samples=(pairs - centre) / spread, real=(truth - centre) / spread)

    told = {}
    for name, (which, sampler, evaluations, *_) in WAYS.items():
        rows = [[distance(drawn(runs[which], sampler, steps, seed)) for seed in range(3)] for steps in STEPS]
        told[name] = [
            {"evaluations": evaluations(steps), "median": float(np.median(row)), "low": min(row), "high": max(row)}
            for steps, row in zip(STEPS, rows, strict=True)
        ]
    return told


def floor(truth: np.ndarray) -> float:
    """The median energy distance between two sets of real pairs as large as these."""
    fresh = [outcrop.simulate("porosity", count=8, seed=seed, samples=400) for seed in range(100, 109)]
    sets = [
        np.concatenate([np.stack([r.data["porosity"], r.data["velocity"]], axis=-1) for r in records])[:COUNT]
        for records in fresh
    ]
    centre, spread = truth.mean(axis=0), truth.std(axis=0)
    scaled = [(each - centre) / spread for each in sets]
    return float(np.median([energy_distance(samples=each, real=(truth - centre) / spread) for each in scaled]))


def cross_plot(axes: Axes, truth: np.ndarray, pairs: np.ndarray, title: str) -> None:
    axes.scatter(*truth.T, s=5, color=SOFT, alpha=0.5, linewidths=0, label="held out")
    axes.scatter(*pairs.T, s=5, color=ACCENT, alpha=0.5, linewidths=0, label="drawn")
    axes.set(title=title, xlabel="porosity", xlim=(0, 0.37), ylim=(2200, 6200))
    axes.legend(loc="upper right", markerscale=2)


@styled
def picture(runs: list[Path], told: dict, least: float) -> Figure:
    """Cross-plots of diffusion and flow; distance against the number of evaluations."""
    truth = found(runs[0])
    figure = Figure(figsize=(9.6, 3.4), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=[1, 1, 1.25])
    cross_plot(left, truth, drawn(runs[0], "heun", 16, 0), "diffusion, 31 evaluations")
    cross_plot(middle, truth, drawn(runs[1], "ode", 16, 0), "flow, 32 evaluations")
    left.set_ylabel("P velocity (m/s)")
    middle.set_yticklabels([])
    for name, (*_, colour, line) in WAYS.items():
        rows = told[name]
        right.plot(
            [r["evaluations"] for r in rows],
            [r["median"] for r in rows],
            line,
            color=colour,
            label=name,
            marker="o",
            ms=3,
        )
    right.axhline(least, color=SOFT, linewidth=1)
    right.annotate("between real sets", (1, least), ha="left", va="top", fontsize=7.5, color=SOFT)
    right.set(
        xscale="log",
        yscale="log",
        xlabel="evaluations of the network",
        ylabel="energy distance, standard units",
        ylim=(0.028, None),
    )
    right.set_xticks([1, 2, 4, 8, 16, 32, 64], ["1", "2", "4", "8", "16", "32", "64"])
    right.legend(loc="upper right", fontsize=7.5)
    return figure


if __name__ == "__main__":
    folders = [Path(argument) for argument in sys.argv[1:3]]
    truth = found(folders[0])
    told, least = quality(folders, truth), floor(truth)
    here = Path(__file__).parent
    content = {"floor": least, "by_evaluations": told}
    (here / "evaluations.json").write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    picture(folders, told, least).savefig(here / "figure.png", dpi=110)
