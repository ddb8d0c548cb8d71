"""Draws figure.png of this example from its run folder: python figure.py RUN."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from outcrop.report.style import ACCENT, CATEGORIES, FAINT, INK, SECOND, SEQUENTIAL, SOFT, styled

HERE = Path(__file__).parent
NAMES = ("Aotizhongxin", "Changping", "Dingling", "Dongsi", "Guanyuan", "Gucheng", "Huairou", "Nongzhanguan", "Shunyi",
         "Tiantan", "Wanliu", "Wanshouxigong")  # fmt: skip
SHOWN = {"network": ("prediction", ACCENT, "o"), "kriging": ("baseline_kriging", INK, "|"),
         "inverse distance": ("baseline_inverse_distance", SECOND, "x"),
         "mean of the others": ("baseline_other_nodes", CATEGORIES[2], "+")}  # fmt: skip


def by_station(run: Path) -> dict[str, np.ndarray]:
    """Contender -> root mean square error of each station."""
    with xr.open_dataset(run / "predictions.nc") as told:
        station = told["index"].to_numpy() % len(NAMES)
        target = told["target"].to_numpy()
        errors = {name: np.square(told[column].to_numpy() - target) for name, (column, *_) in SHOWN.items()}
    known = np.isfinite(target)
    count = np.bincount(station[known], minlength=len(NAMES))
    return {n: np.sqrt(np.bincount(station[known], e[known], len(NAMES)) / count) for n, e in errors.items()}


@styled
def picture(run: Path) -> Figure:
    """Errors by station, the hardest above; where the stations lie."""
    coords = tomllib.loads((HERE / "run.toml").read_text("utf-8"))["data"]["source"]["stations"]["coords"]
    north, east = (np.array(coords[key]["values"]) for key in ("latitude", "longitude"))
    errors = by_station(run)
    order = np.argsort(errors["kriging"])
    figure = Figure(figsize=(9.4, 4.0), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1.5, 1])
    rows = np.arange(len(NAMES))
    left.hlines(rows, 0, 60, color=FAINT, linewidth=0.6)
    for name, (_, colour, mark) in SHOWN.items():
        left.plot(errors[name][order], rows, mark, color=colour, label=name, markersize=6)
    left.set_yticks(rows, [NAMES[which] for which in order])
    left.set(xlabel="root mean square error of PM2.5 (ug/m3)", xlim=(10, 60))
    left.legend(loc="lower right", frameon=True, framealpha=1.0, edgecolor="none")
    points = right.scatter(east, north, c=errors["network"], cmap=SEQUENTIAL, s=60, edgecolors=INK, linewidths=0.6)
    for name, x, y in zip(NAMES, east, north, strict=True):
        if y > 40.05 or x < 116.2:  # in the city they would overlap
            right.annotate(name, (x, y), xytext=(5, 4), textcoords="offset points", fontsize=7.5, color=SOFT)
    right.set(xlabel="longitude (degrees)", ylabel="latitude (degrees)", aspect=1 / np.cos(np.radians(40)))
    right.margins(0.12)
    figure.colorbar(points, ax=right, label="error of the network (ug/m3)", shrink=0.9)
    return figure


if __name__ == "__main__":
    picture(Path(sys.argv[1])).savefig(HERE / "figure.png", dpi=110)
