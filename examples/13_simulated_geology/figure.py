"""Draws figure.png and writes results.json of this example: what was asked for, and what 40 realisations hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

import outcrop
from outcrop.physics.forward.wavelet import ricker
from outcrop.report.style import ACCENT, CATEGORIES, INK, SECOND, SEQUENTIAL, SOFT, styled
from outcrop.simulate.rock_physics import BRINE, QUARTZ, raymer
from outcrop.simulate.seismic import convolved

HERE = Path(__file__).parent
SEED, COUNT = 13, 40
FLUVIAL = ListedColormap(["#dfe3d3", "#d9a441", "#9fb07a"])
FACIES = ListedColormap(["#4d7c8a", "#d9c27a", "#a5603c"])
CUBE = {"shape": (96, 96, 48), "spacing_m": (25.0, 25.0, 0.5), "net_to_gross": 0.25}


def one(name: str, **options: Any) -> Any:
    """The first realisation of this example's seed."""
    return outcrop.simulate(name, seed=SEED, **options)[0].data


def image(
    axes: Axes, values: np.ndarray, title: str, size: tuple[float, float], labels: tuple[str, str], **look: Any
) -> None:
    """A map (first row at the bottom) or, with `depth` in its labels, a section (first row at the top)."""
    down = any(word in labels[1] for word in ("depth", "time"))
    extent = (0, size[0], size[1], 0) if down else (0, size[0], 0, size[1])
    axes.imshow(values, extent=extent, origin="upper" if down else "lower", aspect="auto", **look)
    axes.set(title=title, xlabel=labels[0], ylabel=labels[1])


@styled
def drawn() -> Figure:
    """Two rows of four panels."""
    figure = Figure(figsize=(12.4, 5.8), layout="constrained")
    (river, slice_, ordered, pluri), (ground, picture, log, cross) = figure.subplots(2, 4)
    plan, across = ("easting (km)", "northing (km)"), ("distance (km)", "depth below the top (m)")
    image(river, one("channels")["facies"], "Channels and levees, map", (3.2, 3.2), plan, cmap=FLUVIAL)
    cube = one("channels", **CUBE)["facies"].to_numpy()
    image(slice_, cube[:, 48].T, "Stacked channels, across the flow", (2.4, 24.0), across, cmap=FLUVIAL)
    image(ordered, one("gaussian")["facies"], "One field cut twice", (1.28, 1.28), plan, cmap=FACIES)
    two = one("gaussian", rule="pluri", covariance="spherical")["facies"]
    image(pluri, two, "Two fields cut", (1.28, 1.28), plan, cmap=FACIES)
    layers, seismic = one("layers", faults=4), one("seismic", faults=4, shape=(128, 160))
    image(ground, layers["velocity"].T, "Velocity of faulted layers", (3.2, 640.0), across, cmap=SEQUENTIAL)
    top = float(np.quantile(np.abs(seismic["amplitude"]), 0.99))
    grey = {"cmap": "gray", "vmin": -top, "vmax": top}
    time = ("distance (km)", "two-way time (s)")
    image(picture, seismic["amplitude"].T, "Seismic image, and its faults", (3.2, 0.64), time, **grey)
    trace, sample = np.nonzero(seismic["fault"].to_numpy())
    picture.plot(trace * 0.025, sample * 0.004, ".", color=ACCENT, markersize=0.8)
    well(log)
    populations(cross)
    return figure


def well(axes: Axes) -> None:
    """A log over the facies it shows."""
    data = one("logs", samples=200)
    depth = data["depth"].to_numpy()
    axes.fill_betweenx(depth, 0, 1, where=data["FACIES"] == 0, step="mid", color="#f2d544", alpha=0.55, linewidth=0)
    axes.fill_betweenx(depth, 0, 1, where=data["FACIES"] == 1, step="mid", color="#8b9096", alpha=0.35, linewidth=0)
    axes.plot(data["GR"], depth, color=INK, linewidth=0.9)
    axes.set(title="Gamma ray, and its facies", xlabel="scaled gamma ray", ylabel="depth (m)", xlim=(0, 1))
    axes.set_ylim(depth[-1], depth[0])


def populations(axes: Axes) -> None:
    """Two sandstones, and the relation of Raymer, Hunt and Gardner for quartz and brine."""
    data = one("porosity")
    for code, (words, colour) in enumerate((("clean", SECOND), ("40 % clay", CATEGORIES[0]))):
        rows = data["population"] == code
        axes.plot(data["porosity"][rows], data["velocity"][rows], ".", color=colour, markersize=3, label=words)
    pores = np.linspace(0.02, 0.35, 50)
    axes.plot(pores, raymer(pores, QUARTZ.vp, BRINE.vp), color=SOFT, linewidth=1, label="Raymer, quartz")
    axes.set(title="Two rock populations", xlabel="porosity", ylabel="velocity (m/s)")
    axes.legend(loc="lower left")


def measured() -> dict[str, dict[str, float]]:
    """What was asked for beside the mean over the realisations."""
    options: dict[str, Any] = {"count": COUNT, "seed": SEED}
    rivers, logs = outcrop.simulate("channels", **options), outcrop.simulate("logs", samples=1000, **options)
    cut, ground = outcrop.simulate("gaussian", range_m=(50.0, 50.0), **options), outcrop.simulate("seismic", **options)
    wavelet = ricker(30.0, 0.004)
    ratios = []
    for record in ground:
        clean = convolved(record.data["reflectivity"].to_numpy().astype(float), wavelet)
        noise = record.data["amplitude"].to_numpy() - clean
        ratios.append(10 * np.log10(np.mean(clean**2) / np.mean(noise**2)))
    lengths = np.concatenate([np.bincount(record.data["SEGMENT"])[1:-1] for record in logs])
    rows = {
        "net-to-gross of a map of channels": (0.3, [np.mean(r.data["facies"] == 1) for r in rivers]),
        "share of facies 0, one field cut": (0.4, [np.mean(r.data["facies"] == 0) for r in cut]),
        "share of facies 0, logs": (0.25, [np.mean(r.data["FACIES"] == 0) for r in logs]),
        "mean length of a bed, samples": (16.5, lengths),
        "signal-to-noise ratio, dB": (15.0, ratios),
    }
    return {name: {"asked": asked, "found": round(float(np.mean(found)), 4)} for name, (asked, found) in rows.items()}


if __name__ == "__main__":
    drawn().savefig(HERE / "figure.png", dpi=110)
    results = {"realisations": COUNT, "seed": SEED, "rows": measured()}
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n", "utf-8")
