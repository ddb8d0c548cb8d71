"""Draws figure.png from five run folders: python figure.py LEAST_SQUARES NON_SATURATING WGAN DIFFUSION FLOW."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import xarray as xr

from outcrop.report.figures.realisations import realisations

CALLED = ("least squares", "non-saturating", "WGAN-GP", "diffusion", "flow")


def logs(run: Path, who: str) -> np.ndarray:
    """Eight logs, evenly chosen."""
    with xr.open_dataset(run / "realisations.nc", engine="h5netcdf") as told:
        values = told[f"{who}:GR"].to_numpy()[:, 0]
    return values[np.linspace(0, len(values) - 1, 8).astype(int)]


if __name__ == "__main__":
    runs = [Path(argument) for argument in sys.argv[1:6]]
    rows = {"held out": logs(runs[0], "truth"), "Gaussian simulation": logs(runs[0], "gaussian_simulation")}
    rows |= {name: logs(run, "model") for name, run in zip(CALLED, runs, strict=True)}
    figure = realisations(rows, variable="GR", along="depth")
    figure.savefig(Path(__file__).parent / "figure.png", dpi=110)
