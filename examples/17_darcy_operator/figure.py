"""Draws figure.png of this example from a run folder: python figure.py RUN (a run whose model.outcrop was kept)."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, ListedColormap
from matplotlib.figure import Figure
from score import errors, fields

import outcrop
from outcrop.report.style import ACCENT, SECOND, styled

ROCK = ListedColormap(["#e3ddd0", "#6b5b45"])
PRESSURE = LinearSegmentedColormap.from_list("pressure", ["#063448", "#3d8ca5", "#d8e8ec", "#f0d9a8", "#b65f21"])
MISS = LinearSegmentedColormap.from_list("miss", [ACCENT, "#ffffff", SECOND])
SIDE = {"extent": (0, 1, 1, 0), "interpolation": "nearest"}
WORDS = {16: "16 x 16, the grid of training", 32: "32 x 32, a grid never trained on"}


def row(axes: list[Axes], size: int, found: tuple[np.ndarray, ...], error: float, limits: tuple[float, float]) -> None:
    """Permeability, pressure of the solver, pressure of the network, and what is between them."""
    rock, true, told = found
    top, off = limits
    drawn = [
        axes[0].imshow(rock, cmap=ROCK, vmin=0, vmax=1, **SIDE),
        axes[1].imshow(true, cmap=PRESSURE, vmin=0, vmax=top, **SIDE),
        axes[2].imshow(told, cmap=PRESSURE, vmin=0, vmax=top, **SIDE),
        axes[3].imshow(told - true, cmap=MISS, vmin=-off, vmax=off, **SIDE),
    ]
    titles = "permeability", "pressure, solver", "pressure, network", f"network - solver: {error:.1%}"
    for axis, title in zip(axes, titles, strict=True):
        axis.set(title=title, xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    axes[0].set_ylabel(f"{WORDS[size]}\nrow (sides)")
    figure = axes[0].figure
    bar = figure.colorbar(drawn[0], ax=axes[0], ticks=[0.25, 0.75], shrink=0.8)
    bar.ax.set_yticklabels(["low", "high"])
    figure.colorbar(drawn[2], ax=axes[2], shrink=0.8, label="dimensionless")
    figure.colorbar(drawn[3], ax=axes[3], shrink=0.8, label="dimensionless")


@styled
def drawn(run: Path) -> Figure:
    """The test simulation whose error on the fine grid is the median one, on both grids."""
    model = outcrop.load(run / "model.outcrop")
    grids = {size: fields(model, size) for size in WORDS}
    told = {size: model.predict(permeability=x).values for size, (x, _) in grids.items()}
    each = {size: errors(told[size], y) for size, (_, y) in grids.items()}
    middle = int(np.argsort(each[32])[len(each[32]) // 2])
    top = float(grids[32][1][middle].max())
    off = max(float(np.abs(told[size] - y)[middle].max()) for size, (_, y) in grids.items())
    figure = Figure(figsize=(11.5, 5.6), layout="constrained")
    axes = figure.subplots(2, 4, sharex=True, sharey=True)
    for line, size in zip(axes, WORDS, strict=True):
        found = tuple(part[middle] for part in (*grids[size], told[size]))
        row(list(line), size, found, each[size][middle], (top, off))
    for axis in axes[1]:
        axis.set_xlabel("column (sides)")
    return figure


if __name__ == "__main__":
    drawn(Path(sys.argv[1])).savefig(Path(__file__).parent / "figure.png", dpi=110)
