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
    figure = Figure(figsize=(10.4, 6.2), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=[1.9, 1.1])
    grid = above.subplots(2, 5)
    titles = ["truth, measured", "kriging", "realisation 1", "realisation 2", "spread"]
    for row, at in zip(grid, chosen, strict=True):
        draws, limit = maps["model"][at], np.nanmax(np.abs(truth[at]))
        panels = [truth[at], maps["kriging_mean"][at, 0], draws[0], draws[1], draws.std(axis=0)]
        looks = [{"cmap": DIVERGING.reversed(), "vmin": -limit, "vmax": limit}] * 4 + [{"cmap": SEQUENTIAL, "vmin": 0}]
        images = []
        for axes, values, look in zip(row, panels, looks, strict=True):
            axes.set_facecolor("#c9cdbf")
            images.append(axes.imshow(values, origin="lower", aspect="auto", **look))
            axes.set(xticks=[], yticks=[])
        for axes in (row[0], row[4]):
            axes.scatter(*np.argwhere(known[at])[:, ::-1].T, s=9, facecolors="none", edgecolors=INK, linewidths=0.8)
        above.colorbar(images[3], ax=row[:4], shrink=0.9, pad=0.01)
        above.colorbar(images[4], ax=row[4:], shrink=0.9, label="K")
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title)
    scores, beside = below.subplots(1, 2, width_ratios=[1.5, 1])
    middle = (np.array(EDGES_KM[:-1]) + np.array(EDGES_KM[1:])) / 2
    lines = {
        "model": (ACCENT, "-"),
        "gaussian_simulation": (SECOND, "-"),
        "ordinary_kriging": (SECOND, "--"),
        "analogues": (SOFT, "-"),
    }
    for name, (colour, line) in lines.items():
        scores.plot(middle, rows[name]["crps_k_by_distance"], line, color=colour, marker="o", ms=3, label=CALLED[name])
    scores.set(xlabel="distance to the nearest measured cell (km)", ylabel="fair CRPS (K)", ylim=(0, None))
    scores.legend()
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
