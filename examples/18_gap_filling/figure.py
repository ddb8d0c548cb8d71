"""Draws figure.png of this example from its run folder and writes measured.json: python figure.py RUN."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from scipy.ndimage import distance_transform_edt

from outcrop.metric.conditional import coverage, crps
from outcrop.report.style import ACCENT, DIVERGING, INK, SECOND, SEQUENTIAL, SOFT, styled

CALLED = {
    "model": "network",
    "gaussian_simulation": "Gaussian simulation",
    "ordinary_kriging": "ordinary kriging",
    "kriging_mean": "kriging, one answer",
    "analogues": "analogues",
    "bootstrap": "training maps",
}
CELL_KM = (61.8, 92.6)
"""Height and width of a cell at the equator: 0.556 by 0.833 degrees."""
EDGES_KM = (0, 100, 200, 300, 400, 500, 700)


def found(run: Path) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Realisations (example, realisation, latitude, longitude) of everybody, NaN on land, and the measured cells."""
    with xr.open_dataset(run / "realisations.nc", engine="h5netcdf") as told:
        maps = {
            name: told[f"{name}:SST"].to_numpy().astype(float) for name in ("truth", *CALLED) if f"{name}:SST" in told
        }
    miss = np.abs(maps["kriging_mean"] - maps["truth"]).max(axis=1)
    return maps, miss < 5e-3  # kept with three digits


def measured(maps: dict[str, np.ndarray], known: np.ndarray) -> dict[str, dict[str, object]]:
    """Fair CRPS and error of the mean in K, and coverage, over open cells and by distance to the nearest measured."""
    truth = maps["truth"][:, 0]
    distance = np.stack([distance_transform_edt(~own, sampling=CELL_KM) for own in known])
    open_cells = np.isfinite(truth) & ~known
    which = np.digitize(distance, EDGES_KM) - 1
    rows = {}
    for name in CALLED.keys() & maps.keys():
        made = np.moveaxis(maps[name], 1, 0)
        bins = [open_cells & (which == k) for k in range(len(EDGES_KM) - 1)]
        rows[name] = {
            "crps_k": crps(samples=made[:, open_cells], truth=truth[open_cells]),
            "rmse_of_mean_k": float(np.sqrt(np.square(made.mean(axis=0) - truth)[open_cells].mean())),
            "coverage_90": coverage(samples=made[:, open_cells], truth=truth[open_cells]),
            "crps_k_by_distance": [crps(samples=made[:, own], truth=truth[own]) for own in bins],
        }
    return rows


@styled
def picture(maps: dict[str, np.ndarray], known: np.ndarray, rows: dict) -> Figure:
    """An example with land and the one that varies most: truth, kriging, two realisations, their spread; scores."""
    truth = maps["truth"][:, 0]
    land = np.isnan(truth).mean(axis=(1, 2))
    chosen = [int(np.argmax((land > 0.1) & (land < 0.4))), int(np.argmax(np.nanstd(truth, axis=(1, 2)) * (land == 0)))]
    figure = Figure(figsize=(10.4, 6.0), layout="constrained")
    grid = figure.add_gridspec(3, 5, height_ratios=[1, 1, 1.15])
    for row, at in enumerate(chosen):
        draws = maps["model"][at]
        limit = np.nanmax(np.abs(truth[at]))
        panels = [truth[at], maps["kriging_mean"][at, 0], draws[0], draws[1], draws.std(axis=0)]
        titles = ["truth and measured cells", "kriging, one answer", "realisation 1", "realisation 2", "spread of 19"]
        for column, (values, title) in enumerate(zip(panels, titles, strict=True)):
            axes = figure.add_subplot(grid[row, column])
            axes.set_facecolor("#c9cdbf")
            spread = column == 4
            look = (
                {"cmap": SEQUENTIAL, "vmin": 0}
                if spread
                else {"cmap": DIVERGING.reversed(), "vmin": -limit, "vmax": limit}
            )
            image = axes.imshow(values, origin="lower", aspect="auto", **look)
            axes.set(xticks=[], yticks=[], title=title if row == 0 else "")
            if column in (0, 4):
                axes.scatter(*np.argwhere(known[at])[:, ::-1].T, s=9, facecolors="none", edgecolors=INK, linewidths=0.8)
            if column in (3, 4):
                figure.colorbar(image, ax=axes, shrink=0.9, label="K")
    below = figure.add_subplot(grid[2, :3])
    middle = (np.array(EDGES_KM[:-1]) + np.array(EDGES_KM[1:])) / 2
    lines = {
        "model": (ACCENT, "-"),
        "gaussian_simulation": (SECOND, "-"),
        "ordinary_kriging": (SECOND, "--"),
        "analogues": (SOFT, "-"),
    }
    for name, (colour, line) in lines.items():
        below.plot(middle, rows[name]["crps_k_by_distance"], line, color=colour, marker="o", ms=3, label=CALLED[name])
    below.set(xlabel="distance to the nearest measured cell (km)", ylabel="fair CRPS (K)", ylim=(0, None))
    below.legend()
    beside = figure.add_subplot(grid[2, 3:])
    names = [name for name in CALLED if name in rows and name not in ("kriging_mean", "bootstrap")]
    beside.barh(
        [CALLED[n] for n in names][::-1], [rows[n]["coverage_90"] for n in names][::-1], color=ACCENT, height=0.6
    )
    beside.axvline(0.9, color=INK, linewidth=1)
    beside.set(xlim=(0, 1), xlabel="truths inside the central 90 % interval")
    return figure


if __name__ == "__main__":
    maps, known = found(Path(sys.argv[1]))
    rows = measured(maps, known)
    here = Path(__file__).parent
    (here / "measured.json").write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    picture(maps, known, rows).savefig(here / "figure.png", dpi=110)
