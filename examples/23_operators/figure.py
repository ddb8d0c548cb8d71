"""Draws figure.png of this example: python figure.py DIFFUSION_REACTION_FNO BURGERS_FNO (run folders)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pays import OPTIONS, SAMPLES, given, tested

import outcrop
from outcrop.report.style import ACCENT, FAINT, INK, SECOND, SOFT, styled

HERE = Path(__file__).parent
TITLES = {"diffusion_reaction": "diffusion and reaction", "burgers": "Burgers' equation"}
STEP = 0.05


def pair(axes: Axes, equation: str, run: Path) -> None:
    """The new function whose error is the median one: input, solution, network."""
    data = tested(equation)
    true = data["solution"][:, :: data["solution"].shape[1] // SAMPLES]
    inputs = given(equation, data)
    told = outcrop.load(run / "model.outcrop").predict(**inputs).values
    off = np.linalg.norm(told - true, axis=1) / np.linalg.norm(true, axis=1)
    which = int(np.argsort(off)[len(off) // 2])
    place = np.arange(SAMPLES) / SAMPLES
    axes.plot(place, inputs["f"][which], color=FAINT, label="source f" if not OPTIONS[equation] else "start")
    axes.plot(place, true[which], color=INK, linewidth=2.4, label="solver")
    axes.plot(place, told[which], color=ACCENT, linestyle=(0, (3, 2)), linewidth=1.8, label="network")
    axes.set(title=f"{TITLES[equation]}: error {off[which]:.1%}", xlabel="place (dimensionless)", xlim=(0, 1))
    axes.set_ylabel("u (dimensionless)")
    axes.legend(loc="best")


def rolled(axes: Axes) -> None:
    """Median error of every step of the roll-outs, and the range of all simulations."""
    looks = {"network": ACCENT, "linear operator": SECOND, "standing still": SOFT}
    told = json.loads((HERE / "roll.json").read_text("utf-8"))
    time = STEP * np.arange(1, 1 + len(told["network"]["error"]["median"]))
    for name, colour in looks.items():
        error = told[name]["error"]
        axes.fill_between(time, error["low"], error["high"], color=colour, alpha=0.15, linewidth=0)
        axes.plot(time, error["median"], color=colour, linewidth=1.8, label=name)
    axes.axvline(1.0, ymax=0.78, color=FAINT, linestyle=(0, (1, 1.5)))
    axes.set(title="Burgers in steps of 0.05", xlabel="time (dimensionless)", ylabel="relative error", yscale="log")
    axes.set_xlim(0, time[-1])
    axes.text(1.03, 0.0013, "never trained on", color=SOFT, fontsize=8)
    axes.set_ylim(0.001, 1000)
    axes.legend(loc="upper left", ncols=1)


@styled
def drawn(runs: list[Path]) -> Figure:
    """Both nonlinear operators, and the roll-out."""
    figure = Figure(figsize=(11.5, 3.6), layout="constrained")
    axes = figure.subplots(1, 3)
    for axis, equation, run in zip(axes, TITLES, runs, strict=False):
        pair(axis, equation, run)
    rolled(axes[2])
    return figure


if __name__ == "__main__":
    drawn([Path(run) for run in sys.argv[1:3]]).savefig(HERE / "figure.png", dpi=110)
