"""Draws figure.png of this example from its run folder: python figure.py FLOW_RUN."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pandas as pd
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

import outcrop
from outcrop.report.style import ACCENT, INK, SECOND, SEQUENTIAL, styled

HERE = Path(__file__).parent
COLOURS = ListedColormap(["#e8e2d3", ACCENT])


@styled
def picture(run: Path) -> Figure:
    """A map that no run has seen, its wells, four realisations, the probability of a channel and the entropy."""
    record = outcrop.simulate("channels", count=1, seed=99, shape=[32, 32], spacing_m=[50, 50], levee_widths=0)[0]
    truth, axis = record.data["facies"].to_numpy(), record.data["easting"].to_numpy()
    table = pd.read_csv(HERE / "wells.csv")
    with tempfile.TemporaryDirectory() as place:
        data = outcrop.sample(run / "model.outcrop", HERE / "given.toml", count=60, out=place, seed=1).data.load()
    figure = Figure(figsize=(9.6, 5.2), layout="constrained")
    axes = figure.subplots(2, 4, sharex=True, sharey=True)
    half = (axis[1] - axis[0]) / 2
    extent = tuple((end + side * half) / 1000 for _ in range(2) for end, side in ((axis[0], -1), (axis[-1], 1)))
    shown = {"extent": extent, "origin": "lower", "interpolation": "nearest"}
    panels = [("truth and wells", truth), *((f"realisation {n + 1}", data["ROCK"].to_numpy()[n]) for n in range(5))]
    for place_of, (title, values) in zip(axes.ravel(), panels, strict=False):
        place_of.imshow(values, cmap=COLOURS, vmin=0, vmax=1, **shown)
        place_of.set_title(title)
    last = axes.ravel()[6:]
    image = last[0].imshow(data["probability Channel"], cmap=SEQUENTIAL, vmin=0, vmax=1, **shown)
    last[0].set_title("probability of a channel")
    figure.colorbar(image, ax=last[0], shrink=0.8)
    image = last[1].imshow(data["entropy"], cmap=SEQUENTIAL, vmin=0, vmax=1, **shown)
    last[1].set_title("entropy (bit)")
    figure.colorbar(image, ax=last[1], shrink=0.8)
    met = table["FACIES"].to_numpy() == "Channel"
    for place_of in axes.ravel():
        points = table[["easting", "northing"]].to_numpy() / 1000
        for which, colour in ((met, SECOND), (~met, INK)):
            place_of.scatter(*points[which].T, s=14, facecolors="none", edgecolors=colour, linewidths=1.1)
    figure.supxlabel("easting (km)")
    figure.supylabel("northing (km)")
    return figure


if __name__ == "__main__":
    picture(Path(sys.argv[1])).savefig(HERE / "figure.png", dpi=110)
