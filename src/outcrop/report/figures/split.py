"""The split as a picture: which samples train, validate and test, and which are left out between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from outcrop.report.style import ACCENT, INK, SECOND, styled

PARTS = ("left out", "training", "validation", "calibration", "test")
COLOURS = ("#dfe3e6", ACCENT, "#c7a13a", "#6a4c93", SECOND)


@styled
def split_picture(
    kind: str,
    x: np.ndarray,
    y: np.ndarray,
    part: np.ndarray,
    labels: Sequence[str],
    rows: Sequence[str] = (),
    title: str = "",
) -> Figure:
    """A map of points, a section, or one row of spans per record, coloured by part.

    Args:
        kind: "map", "section" or "spans".
        x, y: points (n,); or columns and rows of a section; or spans (n, 2) and their row (n,).
        part: index into `PARTS`: (n,), or (row, column) of a section.
        labels: of the two axes, with units.
        rows: names of the records of spans.
        title: promise and fold.
    """
    height = {"map": 4.6, "section": 3.8, "spans": 1.3 + 0.24 * max(len(rows), 2)}[kind]
    figure = Figure(figsize=(6.8, height), layout="constrained")
    axes = figure.subplots()
    {"map": _map, "section": _section, "spans": _spans}[kind](axes, x, y, part, labels, rows)
    axes.set(xlabel=labels[0], ylabel=labels[1], title=title)
    shown = [code for code in range(len(PARTS)) if np.any(part == code)]
    handles = [Patch(color=COLOURS[code], label=PARTS[code]) for code in shown]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), labelcolor=INK)
    return figure


def _map(axes, x, y, part, labels, rows) -> None:
    size = float(np.clip(4000 / max(len(x), 1), 1.5, 40))
    for code in range(len(PARTS)):
        here = part == code
        axes.scatter(x[here], y[here], s=size, color=COLOURS[code], linewidths=0)
    axes.set_aspect("equal" if "(m)" in labels[0] else 1 / max(np.cos(np.radians(np.nanmean(y))), 0.1))
    axes.ticklabel_format(style="plain", useOffset=False)
    axes.tick_params(axis="x", rotation=20)
    axes.margins(0.04)


def _section(axes, x, y, part, labels, rows) -> None:
    dated = np.asarray(x).dtype.kind == "M"
    columns = date2num(x) if dated else np.asarray(x, float)
    mesh_rows = np.asarray(y, float) if np.asarray(y).dtype.kind in "fiu" else np.arange(len(y))
    colours = ListedColormap(list(COLOURS))
    axes.pcolormesh(columns, mesh_rows, part, cmap=colours, vmin=-0.5, vmax=len(PARTS) - 0.5, shading="nearest")
    if dated:
        _dates(axes)


def _spans(axes, x, y, part, labels, rows) -> None:
    dated = np.asarray(x).dtype.kind == "M"
    starts, stops = (date2num(x[:, end]) if dated else np.asarray(x[:, end], float) for end in (0, 1))
    for code in range(len(PARTS)):
        here = part == code
        axes.barh(y[here], stops[here] - starts[here], left=starts[here], height=0.7, color=COLOURS[code])
    axes.set_yticks(range(len(rows)), [name if len(name) < 22 else f"{name[:20]}…" for name in rows])
    axes.invert_yaxis()
    axes.margins(0.01, 0.02)
    if dated:
        _dates(axes)


def _dates(axes) -> None:
    locator = AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
