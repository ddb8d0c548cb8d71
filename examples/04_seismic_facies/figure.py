"""Draws figure.png of this example from a run folder: python figure.py RUN

Two held-out crosslines (the nearest but two and the farthest), the score of every line against its distance, and the
overlap of every class, for the network and for a copy of the nearest interpreted line.
"""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from outcrop.metric.classification import confusion_matrix, iou_of_sums
from outcrop.report.figures.section import DIFFERENT, RIGHT
from outcrop.report.style import ACCENT, FAINT, SECOND, class_colours, styled

SHOWN = ("crossline 1598", "crossline 1785")
CONTENDERS = {"network": ("prediction", ACCENT), "copy of the nearest line": ("baseline_nearest_line", SECOND),
              "usual class at each row": ("baseline_level", FAINT)}  # fmt: skip


@styled
def drawn(run: Path) -> Figure:
    """The figure, from predictions.nc, data.json and metrics.json of a run."""
    data = json.loads((run / "data.json").read_text("utf-8"))
    entry = next(iter(json.loads((run / "metrics.json").read_text("utf-8"))["promises"].values()))
    names = [row["name"] for row in data["classes"]]
    figure = Figure(figsize=(9.0, 7.6), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=(2, 1.05))
    panels, scores = above.subplots(len(SHOWN), 4), below.subplots(1, 2)
    with xr.open_dataset(run / "predictions.nc", engine="h5netcdf") as p:
        records = json.loads(p.attrs["records"])
        for row, line in enumerate(SHOWN):
            _line(panels[row], p, records.index(line), names, line, last=row == len(SHOWN) - 1)
        _by_distance(scores[0], entry)
        _by_class(scores[1], p, names)
    below.legend(*scores[0].get_legend_handles_labels(), loc="outside upper center", ncols=len(CONTENDERS))
    return figure


def _line(axes: Any, p: xr.Dataset, record: int, names: list[str], title: str, last: bool) -> None:
    """Amplitude, interpretation, prediction and where they differ."""
    rows = np.flatnonzero(p["record"].to_numpy() == record)
    place = p["index"].to_numpy()[rows]
    shown = {}
    for name in ("input_amplitude", "target", "prediction"):
        image = np.zeros(512 * 512)
        image[place] = p[name].to_numpy()[rows]
        shown[name] = image.reshape(512, 512)
    colours = np.array([to_rgb(colour) for colour in class_colours(names)])
    target, prediction = (shown[name].astype(int) for name in ("target", "prediction"))
    differs = np.array([to_rgb(RIGHT), to_rgb(DIFFERENT)])[(target != prediction).astype(int)]
    images = (shown["input_amplitude"], colours[target], colours[prediction], differs)
    for place, image, head in zip(axes, images, (title, "interpretation", "network", "where they differ"), strict=True):
        place.imshow(image, cmap="gray", aspect="auto")
        place.set_title(head, fontsize=8.5)
        place.spines[["top", "right"]].set_visible(True)
        place.tick_params(labelleft=place is axes[0], labelbottom=last)
        if last:
            place.set_xlabel("column")
    axes[0].set_ylabel("row (down)")
    edges = np.r_[0, np.flatnonzero(np.diff(target[:, 256])) + 1, 512]
    for low, high in pairwise(edges):
        axes[1].text(
            256, (low + high) / 2, str(target[low, 256]), color="white", ha="center", va="center", fontsize=6.5
        )


def _by_distance(axes: Any, entry: dict[str, Any]) -> None:
    rows = sorted(entry["per_record"], key=lambda row: row["distance_m"])
    away = [row["distance_m"] / 1000 for row in rows]
    found = {"network": [row["model"]["mean_iou"] for row in rows]}
    found["copy of the nearest line"] = [row["baselines"]["nearest_line"] for row in rows]
    found["usual class at each row"] = [row["baselines"]["level"] for row in rows]
    for name, values in found.items():
        axes.plot(away, values, "o-", markersize=3.5, color=CONTENDERS[name][1], label=name)
    axes.set(xlabel="distance to the last interpreted line (km)", ylabel="mean IoU of a line", xlim=(0, None))
    axes.grid(axis="y")


def _by_class(axes: Any, p: xr.Dataset, names: list[str]) -> None:
    target = p["target"].to_numpy()
    for number, (name, (column, colour)) in enumerate(CONTENDERS.items()):
        counts = confusion_matrix(prediction=p[column].to_numpy(), target=target, classes=len(names))
        axes.bar(np.arange(len(names)) + 0.27 * (number - 1), iou_of_sums(counts), 0.25, color=colour, label=name)
    axes.set_xticks(range(len(names)), [str(k) for k in range(len(names))])
    axes.set(xlabel="class, from top to bottom", ylabel="IoU", ylim=(0, 1))
    axes.grid(axis="y")


if __name__ == "__main__":
    drawn(Path(sys.argv[1])).savefig(Path(__file__).parent / "figure.png", dpi=110)
