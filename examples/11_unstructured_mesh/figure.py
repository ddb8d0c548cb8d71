"""Draws figure.png of this example from a run folder: python figure.py RUN. Reads the mesh from OUTCROP_DATA_DIR."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.tri import Triangulation

from outcrop.data.mesh import read
from outcrop.report.style import ACCENT, FAINT, INK, SECOND, SOFT, VOID, WARN, styled

REGION = (20, 120, -70, 30)
YEAR, LEVEL = 1, 15  # temp.fesom.1949, 210 m: in the thermocline, where filling in is hardest
WARMTH = LinearSegmentedColormap.from_list("warmth", ["#12304f", "#2f7f9d", "#a9cfc0", "#f0dca0", "#d07a3c", "#8a2a2a"])
ERROR = LinearSegmentedColormap.from_list("error", ["#0b4f6c", "#7fb3c4", "#fbfaf7", "#e0a58f", "#96281f"])


def longitudes(axes: Axes, title: str, left: bool, sea: Triangulation) -> None:
    """A map frame: sea pale, land blank, degrees as sailors write them."""
    axes.tripcolor(sea, np.ones(len(sea.x)), cmap=LinearSegmentedColormap.from_list("sea", [VOID, VOID]), zorder=0)
    axes.set(xlim=REGION[:2], ylim=REGION[2:], title=title, xticks=[40, 60, 80, 100], yticks=[-60, -40, -20, 0, 20])
    axes.set_xticklabels([f"{d}°E" for d in (40, 60, 80, 100)])
    axes.set_yticklabels(["60°S", "40°S", "20°S", "0°", "20°N"] if left else [])
    axes.set_aspect(1 / np.cos(np.radians(25)))


def field(axes: Axes, mesh: xr.Dataset, values: np.ndarray, limits: tuple[float, float]) -> object:
    """Temperature on the triangles whose three corners have one."""
    whole = triangles(mesh)
    known = np.isfinite(values)[whole.triangles].all(axis=1)
    part = Triangulation(whole.x, whole.y, whole.triangles[known])
    low, high = limits
    return axes.tripcolor(part, np.nan_to_num(values), shading="gouraud", cmap=WARMTH, vmin=low, vmax=high, zorder=1)


def triangles(mesh: xr.Dataset) -> Triangulation:
    """The mesh around the region; triangles over the seam of longitudes lie far from it."""
    east, north, corners = mesh["longitude"].to_numpy(), mesh["latitude"].to_numpy(), mesh["elements"].to_numpy()
    wide = np.ptp(east[corners], axis=1) > 90
    return Triangulation(east, north, corners[~wide])


def profile(axes: Axes, scored: xr.Dataset, depth: np.ndarray, rows: list[tuple[str, str, str, str]]) -> None:
    """Root mean square error at every level of the sea."""
    level = scored["index"].to_numpy() // scored.sizes["node"]
    for name, label, colour, style in rows:
        error = np.square((scored[name] - scored["target"]).to_numpy())
        count = np.bincount(level)
        mean = np.sqrt(np.bincount(level, error) / np.maximum(count, 1))
        axes.plot(mean[count > 20], depth[: len(count)][count > 20], style, color=colour, label=label)
    axes.set(xlabel="error (°C)", ylabel="depth (m)", yscale="log", title="Error at the hidden nodes", ylim=(5500, 2.5))
    axes.set(yticks=[5, 20, 100, 500, 2000], yticklabels=["5", "20", "100", "500", "2000"], xlim=(0, None))
    axes.minorticks_off()
    axes.grid(axis="x")
    axes.legend(loc="lower right")


@styled
def drawn(run: Path) -> Figure:
    """Truth, network and kriging at one level; their errors at the hidden nodes; and errors at all levels."""
    mesh = read(Path(os.environ["OUTCROP_DATA_DIR"]) / "mesh" / "nod2d.out", fields="temp.fesom.*.nc")[YEAR].data
    nodes, truth = mesh.sizes["node"], mesh["temp"].to_numpy()[LEVEL]
    entry = next(iter(json.loads((run / "metrics.json").read_text("utf-8"))["promises"].values()))["test"]
    with xr.open_dataset(run / "predictions.nc") as opened:
        scored = opened.load().assign_coords(node=np.arange(nodes))
    here = (scored["record"] == YEAR).to_numpy() & (scored["index"].to_numpy() // nodes == LEVEL)
    hidden = scored["index"].to_numpy()[here] % nodes
    told = {name: scored[name].to_numpy()[here] for name in ("prediction", "baseline_kriging")}
    figure = Figure(figsize=(10.2, 8.4), layout="constrained")
    axes = figure.subplots(2, 3)
    inside = (mesh["longitude"] > 20) & (mesh["longitude"] < 120) & (mesh["latitude"] < 30)
    limits = (float(np.nanmin(truth[inside])), float(np.nanmax(truth[inside])))
    metres = float(mesh["depth"][LEVEL])
    titles = {"prediction": "Network", "baseline_kriging": "Kriging"}
    sea = triangles(mesh)
    longitudes(axes[0, 0], f"Truth at {metres:.0f} m; dots: known nodes", True, sea)
    shade = field(axes[0, 0], mesh, truth, limits)
    shown = inside.to_numpy() & np.isfinite(truth) & ~np.isin(np.arange(nodes), hidden)
    axes[0, 0].plot(mesh["longitude"][shown], mesh["latitude"][shown], ".", color=INK, markersize=2.2)
    for column, (name, title) in enumerate(titles.items(), start=1):
        filled = truth.copy()
        filled[hidden] = told[name]
        longitudes(axes[0, column], f"{title}", False, sea)
        field(axes[0, column], mesh, filled, limits)
        place = axes[1, column - 1]
        error = told[name] - truth[hidden]
        longitudes(place, f"{title} minus truth", column == 1, sea)
        dots = place.scatter(mesh["longitude"][hidden], mesh["latitude"][hidden], c=error, cmap=ERROR, vmin=-2, vmax=2,
                             s=11, edgecolors=FAINT, linewidths=0.25)  # fmt: skip
    figure.colorbar(shade, ax=axes[0, :], label="temperature (°C)", location="bottom", shrink=0.45, aspect=40)
    figure.colorbar(dots, ax=axes[1, :2], label="error (°C)", location="bottom", shrink=0.6, aspect=40, extend="both")
    score = {n: s["rmse"]["value"] for n, s in {"network": entry["model"], **entry["baselines"]}.items()}
    rows = [("prediction", f"network ({score['network']:.2f})", ACCENT, "-"),
            ("baseline_kriging", f"kriging ({score['kriging']:.2f})", SECOND, "--"),
            ("baseline_linear_interpolation", f"triangles ({score['linear_interpolation']:.2f})", SOFT, ":"),
            ("baseline_boosted_trees", f"trees ({score['boosted_trees']:.2f})", WARN, "-.")]  # fmt: skip
    profile(axes[1, 2], scored, mesh["depth"].to_numpy(), rows)
    return figure


if __name__ == "__main__":
    drawn(Path(sys.argv[1])).savefig(Path(__file__).parent / "figure.png", dpi=110)
