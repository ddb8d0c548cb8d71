"""Draws figure.png of this example from its run folders: python figure.py CONVLSTM_RUN UNET_RUN."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from outcrop.report.style import ACCENT, CATEGORIES, FAINT, INK, SECOND, SOFT, styled

NETWORKS = {"ConvLSTM": ACCENT, "U-Net": SECOND}
BASELINES = {"persistence": (0, (1, 1.5)), "climatology": (0, (6, 2, 1, 2)), "anomaly_persistence": "--",
             "damped_persistence": "-.", "linear_window": (0, (3, 1, 1, 1, 1, 1))}  # fmt: skip
WORDS = {"climatology": "climatology of the hour", "anomaly_persistence": "persistence of the anomaly",
         "damped_persistence": "damped persistence", "linear_window": "ridge on the history"}  # fmt: skip
WARMTH = LinearSegmentedColormap.from_list("warmth", ["#063448", "#3d8ca5", "#d8e8ec", "#f0d9a8", "#b65f21"])
MISS = LinearSegmentedColormap.from_list("miss", [ACCENT, "#ffffff", SECOND])
SHAPE, NORTH, SOUTH, WEST, EAST = (33, 49), 58.0, 50.0, -10.0, 2.0
MADE, LEAD = np.datetime64("2019-03-28T23"), 15
"""The forecast whose map is drawn: made at midnight in the middle of the week, for the afternoon."""


def spread(error: np.ndarray, lead: np.ndarray, block: np.ndarray) -> tuple[np.ndarray, ...]:
    """Root mean square error at every lead, and where 95 % of it lies when whole days are drawn anew."""
    leads, row = np.unique(lead, return_inverse=True)
    days, column = np.unique(block, return_inverse=True)
    where, shape = row * len(days) + column, (len(leads), len(days))
    total, count = (np.bincount(where, w, minlength=np.prod(shape)).reshape(shape) for w in (error**2, None))
    drawn = np.random.default_rng(0).integers(len(days), size=(2000, len(days)))
    again = np.sqrt(total[:, drawn].sum(axis=2) / np.maximum(count[:, drawn].sum(axis=2), 1))
    return leads, np.sqrt(total.sum(axis=1) / count.sum(axis=1)), *np.quantile(again, [0.025, 0.975], axis=1)


def errors(axes: Axes, runs: list[Path]) -> None:
    """Error against lead: the networks with their intervals, and the baselines."""
    for number, (run, (name, colour)) in enumerate(zip(runs, NETWORKS.items(), strict=True)):
        entry = next(iter(json.loads((run / "metrics.json").read_text("utf-8"))["promises"].values()))
        rows = entry["by_lead"]
        for baseline, dashes in BASELINES.items() if number == 0 else ():
            told = [row["baselines"][baseline] for row in rows]
            colour_of = SOFT if "persistence" in baseline else CATEGORIES[2] if "linear" in baseline else FAINT
            axes.plot([row["lead"] for row in rows], told, color=colour_of, linestyle=dashes,
                      label=WORDS.get(baseline, baseline))  # fmt: skip
        with xr.open_dataset(run / "predictions.nc") as p:
            day = p["time"].to_numpy().astype("datetime64[D]")
            leads, value, low, high = spread((p["prediction"] - p["target"]).to_numpy(), p["lead"].to_numpy(), day)
        axes.fill_between(leads, low, high, color=colour, alpha=0.15, linewidth=0)
        axes.plot(leads, value, color=colour, linewidth=2.0, label=name)
    axes.set(xlabel="lead (hours)", ylabel="root mean square error (K)", xlim=(0.5, 24.5), ylim=(0, None))
    axes.set_xticks([1, 3, 6, 9, 12, 15, 18, 21, 24])
    axes.grid(axis="y")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))


def maps(figure: Figure, axes: list[Axes], run: Path) -> None:
    """One forecast: observed, forecast, and the forecast less the observed."""
    with xr.open_dataset(run / "predictions.nc") as p:
        made = p["time"].to_numpy() - p["lead"].to_numpy() * np.timedelta64(1, "h")
        every = np.unique(made)
        nearest = every[np.abs(every - MADE).argmin()]
        rows = np.flatnonzero((made == nearest) & (p["lead"].to_numpy() == LEAD))
        place = p["index"].to_numpy()[rows] % np.prod(SHAPE)
        truth, told = (p[name].to_numpy()[rows][np.argsort(place)].reshape(SHAPE) for name in ("target", "prediction"))
    edge = 0.125
    extent = (WEST - edge, EAST + edge, SOUTH - edge, NORTH + edge)
    low, high = np.floor(min(truth.min(), told.min())), np.ceil(max(truth.max(), told.max()))
    limit = np.ceil(np.abs(told - truth).max())
    clock = np.datetime_as_string(nearest + LEAD * np.timedelta64(1, "h"), "h").replace("T", " ") + " h"
    titles = f"observed, {clock}", f"ConvLSTM, {LEAD} h ahead", "forecast less observed"
    for ax, field, title in zip(axes, (truth, told, told - truth), titles, strict=True):
        colours = {"cmap": WARMTH, "vmin": low, "vmax": high} if ax is not axes[2] else {
            "cmap": MISS, "vmin": -limit, "vmax": limit}  # fmt: skip
        image = ax.imshow(field, extent=extent, aspect=1 / np.cos(np.radians(54)), **colours)
        ax.set(title=title, xticks=[-10, -5, 0], yticks=[50, 54, 58], xlabel="longitude (degrees)")
        ax.tick_params(color=INK)
        if ax is not axes[0]:
            ax.set_yticklabels([])
            figure.colorbar(image, ax=ax, shrink=0.8, label="degC" if ax is axes[1] else "K")
    axes[0].set_ylabel("latitude (degrees)")


@styled
def drawn(runs: list[Path]) -> Figure:
    """Errors above, maps below."""
    figure = Figure(figsize=(9.2, 7.0), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=[1.0, 1.05])
    errors(top.subplots(), runs)
    maps(bottom, list(bottom.subplots(1, 3)), runs[0])
    return figure


if __name__ == "__main__":
    drawn([Path(argument) for argument in sys.argv[1:3]]).savefig(Path(__file__).parent / "figure.png", dpi=110)
