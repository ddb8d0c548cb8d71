"""Where the records lie: a map by part or fold with equal axes, and the score against the distance to training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from outcrop.report.style import ACCENT, CATEGORIES, FAINT, INK, RULE, SECOND, SOFT, styled

MARKERS = "osD^vP<>X*hp"


@styled
def site_map(easting: np.ndarray, northing: np.ndarray, names: Sequence[str], parts: Sequence[str], crs="") -> Figure:
    """Records on a map, coloured and shaped by part ("training", "test", "fold 1" ...).

    Args:
        easting, northing: metres, shape (record,).
        names: record names, written beside the points.
        parts: the part of each record.
        crs: coordinate reference system, for the axis labels.
    """
    scale, unit = (1000.0, "km") if max(np.ptp(easting), np.ptp(northing)) > 5000 else (1.0, "m")
    x, y = np.asarray(easting) / scale, np.asarray(northing) / scale
    ratio = (np.ptp(y) + 1e-9) / (np.ptp(x) + 1e-9)
    width = float(np.clip(5.6 / np.sqrt(ratio), 3.3, 6.6))
    figure = Figure(figsize=(width + 1.6, float(np.clip(width * ratio, 3.2, 7.4)) + 0.6), layout="constrained")
    axes = figure.subplots()
    kinds = sorted(set(parts), key=_order)
    for kind in kinds:
        here = np.array([part == kind for part in parts])
        colour, marker = _look(kind, kinds.index(kind))
        axes.plot(
            x[here],
            y[here],
            marker,
            color=colour,
            markersize=7.5,
            markeredgecolor="white",
            markeredgewidth=0.5,
            label=kind,
        )
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.14)
    suffix = f", {crs}" if crs else ""
    axes.set(xlabel=f"easting ({unit}{suffix})", ylabel=f"northing ({unit})")
    axes.ticklabel_format(style="plain", useOffset=False)
    axes.grid()
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), handletextpad=0.3, labelcolor=INK)
    _label(figure, axes, np.stack([x, y], axis=1), names)
    return figure


def _order(part: str) -> tuple[int, float, str]:
    """Training before validation before test; folds by number."""
    known = ("training", "validation", "calibration", "test")
    digits = "".join(letter for letter in part if letter.isdigit())
    return (known.index(part) if part in known else len(known), float(digits or 0), part)


def _look(part: str, place: int) -> tuple[str, str]:
    named = {
        "training": (SOFT, "o"),
        "validation": ("#c7a13a", "s"),
        "calibration": ("#6a4c93", "^"),
        "test": (SECOND, "D"),
    }
    return named.get(part, (CATEGORIES[place % len(CATEGORIES)], MARKERS[place % len(MARKERS)]))


def _label(figure: Figure, axes, points: np.ndarray, names: Sequence[str]) -> None:
    """Writes names beside points, each at the first of many places that touches neither a label nor a point."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    pixel = figure.dpi / 72
    spots = axes.transData.transform(points)
    taken = [
        (spot[0] - 4.5 * pixel, spot[1] - 4.5 * pixel, spot[0] + 4.5 * pixel, spot[1] + 4.5 * pixel) for spot in spots
    ]
    frame = axes.get_window_extent()
    for i in np.argsort(points[:, 1])[::-1]:
        size = np.array([4.6 * len(str(names[i])) + 3, 9.5]) * pixel
        offset, box = _free_place(spots[i], size, taken, frame, pixel)
        taken.append(box)
        far = np.hypot(*offset) > 16 * pixel
        anchor = (box[0] + size[0] / 2, box[1] + size[1] / 2)
        axes.annotate(
            str(names[i]),
            points[i],
            xytext=tuple((np.array(anchor) - spots[i]) / pixel),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=7,
            color=INK,
            arrowprops={"arrowstyle": "-", "color": FAINT, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 3}
            if far
            else None,
        )


def _free_place(spot, size, taken, frame, pixel):
    """Nearest free rectangle around a point, as (offset from the point to its nearest edge, rectangle)."""
    best = None
    for reach in (6, 11, 18, 26, 36, 48, 62):
        for angle in np.deg2rad([0, 180, 35, -35, 145, -145, 90, -90, 60, -60, 120, -120]):
            way = np.array([np.cos(angle), np.sin(angle)])
            offset = way * reach * pixel
            centre = spot + offset + way * size / 2
            box = (*(centre - size / 2), *(centre + size / 2))
            inside = box[0] > frame.x0 and box[2] < frame.x1 and box[1] > frame.y0 and box[3] < frame.y1
            best = best or (offset, box)
            if inside and not any(_touch(box, other) for other in taken):
                return offset, box
    return best


def _touch(one: Sequence[float], other: Sequence[float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def nearest_training(position: Mapping[str, tuple[float, float]], folds: Sequence[Mapping[str, Sequence[str]]]):
    """Distance in metres from every tested record to the nearest record it was trained on.

    >>> nearest_training({"A": (0, 0), "B": (300, 400)}, [{"train": ["A"], "test": ["B"]}])
    {'B': 500.0}
    """
    found: dict[str, float] = {}
    for fold in folds:
        known = np.array([position[name] for name in fold.get("train", []) if name in position])
        for name in fold.get("test", []):
            if name in position and len(known):
                found[name] = float(np.min(np.hypot(*(known - np.array(position[name])).T)))
    return found


@styled
def by_distance(distance_m: np.ndarray, score: np.ndarray, names: Sequence[str], *, label: str) -> Figure:
    """Each test record's score against the distance to its nearest training record, with the running median.

    Args:
        distance_m: metres, shape (record,).
        score: metric of each record.
        names: record names; the most extreme ones are written.
        label: the metric in words, with its unit.
    """
    scale, unit = (1000.0, "km") if np.nanmax(distance_m) > 3000 else (1.0, "m")
    x, y = np.asarray(distance_m, dtype=float) / scale, np.asarray(score, dtype=float)
    figure = Figure(figsize=(6.4, 3.3), layout="constrained")
    axes = figure.subplots()
    positive = x > 0
    wide = positive.all() and x.max() / x.min() > 12
    if wide:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.xaxis.set_minor_locator(NullLocator())
    axes.plot(x, y, "o", color=ACCENT, markersize=5.5, alpha=0.8, markeredgecolor="white")
    if len(x) >= 9:
        parts = np.array_split(np.argsort(x), max(3, len(x) // 7))
        centre = [float(np.median(x[part])) for part in parts]
        middle = [float(np.median(y[part])) for part in parts]
        axes.plot(centre, middle, color=SECOND, linewidth=1.4, marker="s", markersize=4, label="median of neighbours")
        axes.legend(loc="best", labelcolor=INK)
    axes.set(xlabel=f"distance to the nearest training record ({unit})", ylabel=label)
    axes.grid(color=RULE)
    axes.margins(0.09)
    extreme = np.unique(np.concatenate([np.argsort(y)[:2], np.argsort(y)[-2:]]))
    _label(figure, axes, np.stack([x, y], axis=1)[extreme], [names[i] for i in extreme])
    return figure
