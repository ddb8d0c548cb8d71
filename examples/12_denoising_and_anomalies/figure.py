"""Draws figure.png of this example: python figure.py U-Net=RUN autoencoder=RUN; anomalies.json lies beside this file.

Above, one component of a station that was not trained on, at two ratios of signal to noise: of all records the one with
the median gain. Below, what everybody gains at each ratio, and who finds which planted anomaly.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from outcrop.report.style import ACCENT, FAINT, INK, RULE, SECOND, SOFT, styled

HERE = Path(__file__).parent
SHOWN, COMPONENT = (-5.0, 5.0), "Z"
FILTERS = {"wiener_short_time": ("short-time Wiener", "-."), "wiener": ("Wiener", "--"),
           "band_pass": ("band-pass", ":"), "pca_chosen": ("components, chosen", (0, (8, 3))),
           "pca": ("components, size of code", (0, (1, 3)))}  # fmt: skip
COLOURS = (ACCENT, SECOND)
DETECTORS = {"network": ("autoencoder", ACCENT), "pca_window": ("components of the window", SECOND),
             "mahalanobis": ("Mahalanobis", "#7c8a52"), "despiking": ("despiking", FAINT)}  # fmt: skip
KINDS = {"spike": "spike", "dropout": "stuck", "step": "step", "gain": "gain", "wrong_sign": "mirrored",
         "swapped": "swapped"}  # fmt: skip


def entry_of(run: Path) -> dict[str, Any]:
    """The promise's entry of metrics.json."""
    return next(iter(json.loads((run / "metrics.json").read_text("utf-8"))["promises"].values()))


def traces(axes: Any, runs: dict[str, Path]) -> None:
    """Noisy, clean and restored, one row per ratio."""
    with xr.open_dataset(next(iter(runs.values())) / "predictions.nc", engine="h5netcdf") as first:
        record, names = first["record"].to_numpy(), json.loads(first.attrs["records"])
        error = ((first["prediction"] - first["target"]) ** 2).mean(("snr_db", "variable")).to_numpy()
        shares = {r: error[record == r].mean() for r in np.unique(record)}
        chosen = sorted(shares, key=shares.__getitem__)[len(shares) // 2]
    for row, ratio in zip(axes, SHOWN, strict=True):
        lines = {}
        for name, run in runs.items():
            with xr.open_dataset(run / "predictions.nc", engine="h5netcdf") as held:
                own = held.isel(sample=np.flatnonzero(held["record"].to_numpy() == chosen)).sel(
                    snr_db=ratio, variable=COMPONENT
                )
                unit = float(np.sqrt((own["target"] ** 2).mean()))
                time = own["time"].to_numpy() - 30.0
                lines["noisy"] = own["baseline_identity"].to_numpy() / unit
                lines["clean"] = own["target"].to_numpy() / unit
                lines[name] = own["prediction"].to_numpy() / unit
        panels = {"noisy": FAINT, "clean": INK, **{name: COLOURS[n] for n, name in enumerate(runs)}}
        for panel, (name, colour) in zip(row, panels.items(), strict=True):
            panel.plot(time, lines[name], color=colour, linewidth=0.7)
            panel.set(xlim=(time[0], time[-1]), ylim=1.05 * np.array([-1, 1]) * np.abs(lines["noisy"]).max())
            panel.set_title(name if ratio == SHOWN[0] else "", color=colour)
            panel.tick_params(labelleft=panel is row[0])
            if name in runs:
                left = np.mean((lines[name] - lines["clean"]) ** 2) / np.mean((lines["noisy"] - lines["clean"]) ** 2)
                told = f"{-10 * np.log10(left):+.1f} dB".replace("-", "\u2212")
                panel.text(0.98, 0.04, told, transform=panel.transAxes, ha="right", color=SOFT, fontsize=8)
        row[0].set_ylabel(f"at {ratio:g} dB".replace("-", "\u2212") + "\n(r.m.s. of signal)")
    for panel in axes[-1]:
        panel.set_xlabel("time after P (s)")
    print("record drawn:", names[chosen])


def gains(axes: Axes, runs: dict[str, Path]) -> None:
    """Gain in dB against the ratio, with 95 % intervals over stations for the networks and the best filter."""
    rows = entry_of(next(iter(runs.values())))["by_snr_db"]
    ratios = [row["snr_db"] for row in rows]
    for name, (label, dashes) in FILTERS.items():
        if all(name in row["gain"] for row in rows):
            gain = [row["gain"][name]["value"] for row in rows]
            axes.plot(ratios, gain, color=SOFT, linestyle=dashes, label=label, linewidth=1.1)
    for number, (name, run) in enumerate(runs.items()):
        own = [row["gain"]["model"] for row in entry_of(run)["by_snr_db"]]
        value, low, high = (np.array([g[key] for g in own], float) for key in ("value", "low", "high"))
        place = np.array(ratios) + 0.25 * (number - 0.5)
        axes.errorbar(place, value, yerr=[value - low, high - value], color=COLOURS[number], linewidth=1.8, label=name,
                      elinewidth=1.0, capsize=2)  # fmt: skip
    axes.axhline(0, color=RULE, linewidth=1.0, zorder=0)
    axes.set(xlabel="signal-to-noise ratio of the input (dB)", ylabel="gain (dB)", xticks=ratios)
    axes.set_ylim(bottom=-9)
    axes.grid(axis="y")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    axes.set_title("What is gained, new stations")


def areas(axes: Axes) -> None:
    """Area under the ROC curve by kind of anomaly and detector."""
    found = json.loads((HERE / "anomalies.json").read_text("utf-8"))["auroc"]
    width = 0.8 / len(DETECTORS)
    for number, (name, (label, colour)) in enumerate(DETECTORS.items()):
        place = np.arange(len(KINDS)) + (number - (len(DETECTORS) - 1) / 2) * width
        value, low, high = (np.array([found[kind][name][key] for kind in KINDS]) for key in ("value", "low", "high"))
        axes.bar(place, value - 0.5, 0.92 * width, bottom=0.5, color=colour, label=label)
        axes.vlines(place, low, high, color=INK, linewidth=0.8)
    axes.set(
        xticks=range(len(KINDS)), xticklabels=list(KINDS.values()), ylabel="area under ROC curve", ylim=(0.36, 1.02)
    )
    axes.axhline(0.5, color=FAINT, linewidth=0.8)
    axes.tick_params(axis="x", length=0)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    axes.set_title("Planted anomalies found, new wells")


@styled
def drawn(runs: dict[str, Path]) -> Figure:
    """The whole figure."""
    figure = Figure(figsize=(9.2, 9.0), layout="constrained")
    top, middle, bottom = figure.subfigures(3, 1, height_ratios=[1.25, 1, 1])
    traces(top.subplots(2, 2 + len(runs), sharex=True), runs)
    gains(middle.subplots(), runs)
    areas(bottom.subplots())
    return figure


if __name__ == "__main__":
    named = dict(argument.split("=", 1) for argument in sys.argv[1:])
    drawn({name: Path(run) for name, run in named.items()}).savefig(HERE / "figure.png", dpi=110)
