"""Draws figure.png of this example: the error at every lead, from run folders: python figure.py gru=RUN lstm=RUN ..."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from matplotlib.figure import Figure

from outcrop.report.style import ACCENT, CATEGORIES, FAINT, SECOND, SOFT, styled

BASELINES = {"persistence": (0, (1, 1.5)), "climatology": (0, (6, 2, 1, 2)), "linear_window": "--",
             "boosted_trees_window": "-."}  # fmt: skip
COLOURS = (ACCENT, SECOND, CATEGORIES[2], CATEGORIES[3])


@styled
def drawn(runs: dict[str, Path]) -> Figure:
    """Root mean square error against the lead, for every network, and the baselines that any of the runs has."""
    figure = Figure(figsize=(8.2, 3.8), layout="constrained")
    axes = figure.subplots()
    drawn_already: set[str] = set()
    for number, (name, run) in enumerate(runs.items()):
        entry = next(iter(json.loads((run / "metrics.json").read_text("utf-8"))["promises"].values()))
        rows = entry["by_lead"]
        ahead = [row["lead"] for row in rows]
        for baseline in [name for name in BASELINES if name in rows[0]["baselines"] and name not in drawn_already]:
            drawn_already.add(baseline)
            error = [row["baselines"][baseline] for row in rows]
            colour = SOFT if baseline.endswith("window") else FAINT
            axes.plot(ahead, error, color=colour, linestyle=BASELINES[baseline], label=baseline.replace("_", " "))
        axes.plot(ahead, [row["model"]["rmse"] for row in rows], color=COLOURS[number], linewidth=1.8, label=name)
    axes.set(xlabel="lead (hours)", ylabel="root mean square error (ug/m3)")
    axes.grid(axis="y")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


if __name__ == "__main__":
    named = dict(argument.split("=", 1) for argument in sys.argv[1:])
    drawn({name: Path(run) for name, run in named.items()}).savefig(Path(__file__).parent / "figure.png", dpi=110)
