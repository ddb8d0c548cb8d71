"""Draws figure.png of this example from the run folders of both wells: python figure.py RUN_NETHERLANDS RUN_SWEDEN."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from outcrop.report.style import ACCENT, INK, SECOND, styled

TITLES = ("Netherlands", "Sweden 2")


def panel(axes: Axes, run: Path, title: str) -> None:
    """Observed heads of the test years, those simulated from weather alone, and the strongest baseline."""
    entry = next(iter(json.loads((run / "metrics.json").read_text("utf-8"))["promises"].values()))
    with xr.open_dataset(run / "predictions.nc") as p:
        time, head, told = (p[name].to_numpy() for name in ("time", "target", "prediction"))
        low, high = p["prediction_low"].to_numpy(), p["prediction_high"].to_numpy()
        best = entry["strongest_baseline"]
        simple = p[f"baseline_{best}"].to_numpy()
    score = {name: row["nse"]["value"] for name, row in entry["test"]["baselines"].items()}
    cuts = np.where(np.diff(time) > np.timedelta64(20, "D"), np.nan, 0.0)  # no line across months without a head
    breaks = np.r_[0.0, cuts]
    held = entry["intervals"]
    axes.fill_between(time, low, high, color=ACCENT, alpha=0.15, linewidth=0,
                      label=f"{held['level']:.0%} interval (held {held['coverage']:.1%})")  # fmt: skip
    label = f"{best.replace('_', ' ')} (NSE {score[best]:.2f})"
    axes.plot(time, simple + breaks, color=SECOND, linewidth=1.0, linestyle="--", label=label)
    axes.plot(time, head + breaks, color=INK, linewidth=1.3, label="observed")
    nse = entry["test"]["model"]["nse"]["value"]
    axes.plot(time, told + breaks, color=ACCENT, linewidth=1.5, label=f"network (NSE {nse:.2f})")
    axes.set(title=title, ylabel="head (m above sea level)")
    axes.margins(x=0.01)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))


@styled
def drawn(runs: list[Path]) -> Figure:
    """One panel per well."""
    figure = Figure(figsize=(9.6, 5.4), layout="constrained")
    for axes, run, title in zip(figure.subplots(2), runs, TITLES, strict=True):
        panel(axes, run, title)
    return figure


if __name__ == "__main__":
    drawn([Path(argument) for argument in sys.argv[1:3]]).savefig(Path(__file__).parent / "figure.png", dpi=110)
