"""Draws figure.png of this example from its run folder and writes measured.json: python figure.py RUN."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from outcrop.evaluate.coarse_fields import Blocks
from outcrop.metric.conditional import coverage, crps
from outcrop.metric.spatial import radial_spectrum
from outcrop.report.style import ACCENT, DIVERGING, INK, SECOND, SEQUENTIAL, SOFT, styled

CALLED = {
    "model": "network",
    "coarse_regression": "regression and residual",
    "block_simulation": "Gaussian simulation given block means",
    "interpolation": "interpolation",
    "bootstrap": "training maps",
}
SHAPE, SIZES = (33, 49), (3, 7)
BLOCKS = Blocks(tuple(np.arange(0, n, size) for n, size in zip(SHAPE, SIZES, strict=True)), SHAPE)


def found(run: Path) -> dict[str, np.ndarray]:
    """Realisations (example, realisation, latitude, longitude) of everybody, anomalies in K."""
    with xr.open_dataset(run / "realisations.nc", engine="h5netcdf") as told:
        names = [name for name in ("truth", *CALLED) if f"{name}:T2M" in told]
        return {name: told[f"{name}:T2M"].to_numpy().astype(float) for name in names}


def means(maps: np.ndarray) -> np.ndarray:
    """Block means, (..., block)."""
    return maps.reshape(*maps.shape[:-2], -1) @ BLOCKS.averaging.T


def spectrum(maps: np.ndarray) -> np.ndarray:
    """Mean power in rings of wavenumber, from long to short waves."""
    return radial_spectrum(maps.reshape(-1, *SHAPE, 1)).mean(axis=(0, 1))


def measured(maps: dict[str, np.ndarray]) -> dict[str, dict[str, object]]:
    """Fair CRPS, error of the mean and of block means in K, coverage, and power over that of the truth."""
    truth = maps["truth"][:, 0]
    rows = {}
    for name in filter(maps.__contains__, CALLED):
        made = np.moveaxis(maps[name], 1, 0)
        rows[name] = {
            "crps_k": crps(samples=made, truth=truth),
            "rmse_of_mean_k": float(np.sqrt(np.square(made.mean(axis=0) - truth).mean())),
            "coverage_90": coverage(samples=made, truth=truth),
            "block_means_rms_k": float(np.sqrt(np.square(means(made) - means(truth)).mean())),
            "power_over_truth": (spectrum(made) / spectrum(truth)).tolist(),
        }
    return rows


@styled
def picture(maps: dict[str, np.ndarray], rows: dict) -> Figure:
    """The tested map with the largest small-scale variance, what everybody makes of it, and the spectra of all."""
    truth = maps["truth"][:, 0]
    fine = truth - (means(truth) @ (BLOCKS.averaging > 0)).reshape(truth.shape)
    at = int(np.argmax(fine.std(axis=(1, 2))))
    coarse = (means(truth[at]) @ (BLOCKS.averaging > 0)).reshape(SHAPE)
    figure = Figure(figsize=(10.4, 6.8), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=[1.9, 1.1])
    grid = above.subplots(2, 4)
    limit = np.abs(truth[at]).max()
    panels = {
        "told": coarse,
        "truth": truth[at],
        "interpolation": maps["interpolation"][at, 0],
        "regression, residual": maps["coarse_regression"][at, 0],
        "network, 1": maps["model"][at, 0],
        "network, 2": maps["model"][at, 1],
        "Gaussian simulation": maps["block_simulation"][at, 0],
        "network, spread": maps["model"][at].std(axis=0),
    }
    for axes, (title, values) in zip(grid.ravel(), panels.items(), strict=True):
        spread = {"cmap": SEQUENTIAL, "vmin": 0}
        look = spread if "spread" in title else {"cmap": DIVERGING.reversed(), "vmin": -limit, "vmax": limit}
        image = axes.imshow(values, aspect="auto", **look)
        axes.set(xticks=[], yticks=[], title=title)
        if axes in (grid[0, 3], grid[1, 3]):
            above.colorbar(image, ax=axes, shrink=0.9, label="K")
    left, beside = below.subplots(1, 2, width_ratios=[1.5, 1])
    rings = len(rows["model"]["power_over_truth"])
    wave = 0.5 * np.arange(1, rings + 1) / rings  # cycles per cell
    lines = {
        "model": (ACCENT, "-"),
        "coarse_regression": (SECOND, "-"),
        "block_simulation": (SECOND, "--"),
        "interpolation": (SOFT, "-"),
    }
    for name, (colour, line) in lines.items():
        left.plot(28 / wave, rows[name]["power_over_truth"], line, color=colour, label=CALLED[name])
    left.axhline(1, color=INK, linewidth=0.8)
    left.set(
        xscale="log",
        yscale="log",
        xlabel="wavelength (km, at 28 km a cell)",
        ylabel="power over that of the truth",
        ylim=(1e-3, 30),
    )
    left.invert_xaxis()
    left.legend(fontsize=7.5)
    names = [name for name in CALLED if name in rows and name not in ("interpolation", "bootstrap")]
    beside.barh(
        [CALLED[n] for n in names][::-1], [rows[n]["coverage_90"] for n in names][::-1], color=ACCENT, height=0.6
    )
    beside.axvline(0.9, color=INK, linewidth=1)
    beside.set(xlim=(0, 1), xlabel="truths inside the central 90 % interval")
    return figure


if __name__ == "__main__":
    maps = found(Path(sys.argv[1]))
    rows = measured(maps)
    here = Path(__file__).parent
    (here / "measured.json").write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    picture(maps, rows).savefig(here / "figure.png", dpi=110)
