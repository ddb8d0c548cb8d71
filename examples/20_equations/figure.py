"""figure.png: a shock and travel times, by networks and in truth: python figure.py RUN_OF_BURGERS RUN_OF_EIKONAL."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from outcrop.report.style import DIVERGING, INK, SEQUENTIAL, styled

HERE = Path(__file__).parent


def shock(run: Path) -> tuple[np.ndarray, ...]:
    """Places, times, and network and truth on them."""
    with xr.open_dataset(run / "solution.nc", engine="h5netcdf") as data:
        x, t = (np.unique(data[f"reference_{name}"]) for name in ("x", "t"))
        order = np.lexsort([data["reference_t"], data["reference_x"]])
        both = (data[f"u_{which}"].to_numpy()[order].reshape(len(x), len(t)) for which in ("at_reference", "reference"))
        return x, t, *both


@styled
def drawn(burgers: Path, eikonal: Path) -> Figure:
    """Three panels for each of the two."""
    figure = Figure(figsize=(9.3, 5.2), layout="constrained")
    axes = figure.subplots(2, 3)
    x, t, network, truth = shock(burgers)
    most = np.abs(truth).max()
    off = np.abs(network - truth).max()
    panels = (
        (network, most, "u, network"),
        (truth, most, "u, reference"),
        (network - truth, off, "network minus reference"),
    )
    for place, (values, limit, title) in zip(axes[0], panels, strict=True):
        image = place.pcolormesh(
            t, x, values, cmap=DIVERGING, vmin=-limit, vmax=limit, shading="nearest", rasterized=True
        )
        place.set(title=title, xlabel="t", ylabel="x")
        figure.colorbar(image, ax=place, shrink=0.9)
    with xr.open_dataset(eikonal / "solution.nc", engine="h5netcdf") as data:
        x_m, z_m, found, true = (data[name].to_numpy() for name in ("x", "z", "T", "T_true"))
    off = 1e6 * (found - true)
    limit = np.abs(off).max()
    for place, values, title in ((axes[1, 0], found, "travel time, network (s)"), (axes[1, 1], true, "exact (s)")):
        image = place.pcolormesh(x_m, z_m, values.T, cmap=SEQUENTIAL, shading="nearest", rasterized=True)
        place.contour(x_m, z_m, values.T, levels=np.arange(0.25, 2, 0.25), colors=INK, linewidths=0.6)
        place.set(title=title)
        figure.colorbar(image, ax=place, shrink=0.9)
    image = axes[1, 2].pcolormesh(
        x_m, z_m, off.T, cmap=DIVERGING, vmin=-limit, vmax=limit, shading="nearest", rasterized=True
    )
    axes[1, 2].set(title="network minus exact (µs)")
    figure.colorbar(image, ax=axes[1, 2], shrink=0.9)
    for place in axes[1]:
        place.invert_yaxis()
        place.set(xlabel="x (m)", ylabel="depth z (m)")
    return figure


if __name__ == "__main__":
    drawn(*map(Path, sys.argv[1:3])).savefig(HERE / "figure.png", dpi=150)
