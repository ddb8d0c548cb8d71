"""Draws figure.png of this example from run folders: python figure.py mlp=RUN gru=RUN ... (maps: the first)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from outcrop.report.style import ACCENT, FAINT, INK, RULE, SECOND, SOFT, VOID, WARN, styled

SHAPE, PIXEL_M, BLOCK_M = (101, 100), 10, 340
COVER = {"forest": "#2c6e54", "grassland": "#cfc76a", "shrubland": "#a4703a", "artificial": "#7b3f61"}
ERROR = (VOID, "#c9d6da", WARN)


def entry_of(run: Path) -> dict[str, Any]:
    """What metrics.json says of the promise."""
    return next(iter(json.loads((run / "metrics.json").read_text("utf-8"))["promises"].values()))


def maps(run: Path) -> tuple[np.ndarray, np.ndarray]:
    """Class of every pixel as interpreted, and as predicted by the network that had not seen its block; -1 for none."""
    with xr.open_dataset(run / "predictions.nc") as told:
        place = told["index"].to_numpy()
        found = []
        for name in ("target", "prediction"):
            grid = np.full(SHAPE, -1)
            grid.ravel()[place] = told[name].to_numpy()
            found.append(grid)
    return found[0], found[1]


def image(axes: Axes, values: np.ndarray, colours: tuple[str, ...], title: str) -> None:
    """One map, with the borders of the blocks that are held out together."""
    extent = (0, SHAPE[1] * PIXEL_M, 0, SHAPE[0] * PIXEL_M)
    axes.imshow(values, cmap=ListedColormap(colours), vmin=-0.5, vmax=len(colours) - 0.5, extent=extent)
    for border in (BLOCK_M, 2 * BLOCK_M):
        axes.axhline(border, color="white", linewidth=0.8)
        axes.axvline(border, color="white", linewidth=0.8)
    axes.set(title=title, xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def scores(axes: Axes, runs: dict[str, Path]) -> None:
    """Macro F1 in blocks that were not seen, 95 % intervals; and what a random choice of pixels would have promised."""
    first = entry_of(next(iter(runs.values())))
    rows = [(name, entry_of(run), entry_of(run)["test"]["model"]["macro_f1"], ACCENT) for name, run in runs.items()]
    rows += [(name.replace("_", " "), None, row["macro_f1"], SOFT) for name, row in first["test"]["baselines"].items()]
    rows.sort(key=lambda row: row[2]["value"])
    for height, (_, entry, score, colour) in enumerate(rows):
        axes.plot([score["low"], score["high"]], [height, height], color=colour, linewidth=1.4, alpha=0.5)
        axes.plot(score["value"], height, "o", color=colour, markersize=5)
        if entry is not None and entry["optimism_gap"]:
            axes.plot(
                entry["optimism_gap"]["random"], height, "D", color=SECOND, markersize=4.5, markerfacecolor="white"
            )
    axes.set(yticks=range(len(rows)), yticklabels=[row[0] for row in rows], xlabel="macro F1", xlim=(0, 1))
    axes.set_title("Score in blocks not seen (dots) and on a random split (diamonds)")
    axes.grid(axis="x", color=RULE)
    axes.tick_params(axis="y", length=0)


@styled
def drawn(runs: dict[str, Path]) -> Figure:
    """Truth, prediction and error on the map; the scores of all contenders."""
    truth, told = maps(next(iter(runs.values())))
    wrong = np.where(truth < 0, 0, 1 + (truth != told))
    figure = Figure(figsize=(8.6, 5.6), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=[1.25, 1])
    colours = (VOID, *COVER.values())
    axes = upper.subplots(1, 3)
    image(axes[0], truth + 1, colours, "interpreted")
    image(axes[1], np.where(truth < 0, 0, told + 1), colours, f"predicted ({next(iter(runs))})")
    image(axes[2], wrong, ERROR, f"wrong: {np.mean(wrong[truth >= 0] == 2):.0%} of the pixels")
    axes[0].plot([40, 240], [45, 45], color=INK, linewidth=2)
    axes[0].text(140, 65, "200 m", ha="center", va="bottom", fontsize=8, color="white")
    named = [Patch(color=colour, label=name) for name, colour in COVER.items()]
    named += [Patch(color=VOID, label="not scored"), Patch(color=ERROR[2], label="wrong")]
    upper.legend(handles=named, loc="outside lower center", ncols=6, edgecolor=FAINT)
    scores(lower.subplots(), runs)
    return figure


if __name__ == "__main__":
    named_runs = dict(argument.split("=", 1) for argument in sys.argv[1:])
    drawn({name: Path(run) for name, run in named_runs.items()}).savefig(Path(__file__).parent / "figure.png", dpi=110)
