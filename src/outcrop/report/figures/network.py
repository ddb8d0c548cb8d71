"""A network as a diagram: boxes from left to right in the order they run, coarser levels lower, skips as lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch

from outcrop.report.style import ACCENT, FAINT, INK, SECOND, SOFT, VOID, styled

WIDE, HIGH, GAP, DROP = 1.42, 0.92, 0.34, 1.34
"""Inches: size of a box, gap between boxes, and from level to level."""
RADIUS, LANE = 0.13, 0.2
ASIDE = 0.045
"""Skips leave a joint right of its middle and reach it left of it."""
SIGNS = {"concatenate": "\u2016", "x": "\u00d7", "joint": "\u00b7"}
MOST_LETTERS = 22


@styled
def network(boxes: Sequence[Any], arrows: Sequence[tuple[int, int]], *, title: str = "") -> Figure:
    """Draws a network.

    Args:
        boxes: with name, kinds, shape, parameters, level and joint, in the order they run.
        arrows: (from, to), places in `boxes`.
        title: one line above.
    """
    centres = _centres(boxes)
    lanes = _lanes(boxes, arrows)
    top = HIGH / 2 + LANE * (1 + max(lanes.values(), default=0)) + 0.15
    bottom = min(y for _, y in centres) - HIGH / 2 - 0.1
    width = centres[-1][0] + WIDE / 2 + 0.1
    figure = Figure(figsize=(width + 0.1, top - bottom + (0.35 if title else 0.0)))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(-WIDE / 2 - 0.1, width), ylim=(bottom, top + (0.35 if title else 0.0)), aspect="equal")
    axes.axis("off")
    if title:
        axes.text(-WIDE / 2, top + 0.15, title, fontsize=10, fontweight="bold", color=INK, va="center")
    for arrow in arrows:
        _arrow(axes, boxes, centres, arrow, lanes.get(arrow))
    for box, centre in zip(boxes, centres, strict=True):
        _joint(axes, box, centre) if box.joint else _box(axes, box, centre)
    return figure


def _centres(boxes: Sequence[Any]) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    edge = -WIDE / 2
    for box in boxes:
        half = RADIUS if box.joint else WIDE / 2
        found.append((edge + half, -DROP * box.level))
        edge += 2 * half + GAP
    return found


def _lanes(boxes: Sequence[Any], arrows: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Arrows that pass over other boxes of their level, and how high above them they run: short ones lowest."""
    over = [
        (a, b)
        for a, b in arrows
        if boxes[a].level == boxes[b].level and any(boxes[i].level <= boxes[a].level for i in range(a + 1, b))
    ]
    lanes: dict[tuple[int, int], int] = {}
    for a, b in sorted(over, key=lambda arrow: arrow[1] - arrow[0]):
        taken = {lane for (c, d), lane in lanes.items() if c < b and a < d}
        lanes[a, b] = next(lane for lane in range(len(over) + 1) if lane not in taken)
    return lanes


def _box(axes: Axes, box: Any, centre: tuple[float, float]) -> None:
    x, y = centre
    end = not box.kinds
    style = {"facecolor": VOID if end else "white", "edgecolor": FAINT if end else ACCENT, "linewidth": 0.9}
    corner = (x - WIDE / 2, y - HIGH / 2)
    axes.add_patch(FancyBboxPatch(corner, WIDE, HIGH, boxstyle="round,pad=0,rounding_size=0.07", zorder=3, **style))
    shape = " \u00d7 ".join(map(str, box.shape))
    lines = [(box.name, {"fontweight": "bold", "color": INK, "fontsize": 8.5}), (shape, {"color": INK, "fontsize": 8})]
    if not end:
        kinds = box.kinds if len(box.kinds) <= MOST_LETTERS else box.kinds.replace(", ", ",\n", 1)
        count = f"{box.parameters:,} parameters" if box.parameters else "no parameters"
        lines[1:1] = [(kinds, {"color": SOFT, "fontsize": 6.8})]
        lines.append((count, {"color": SOFT, "fontsize": 6.8}))
    heights = [0.2 * (1 + text.count("\n") * 0.75) for text, _ in lines]
    at = y + sum(heights) / 2
    for (text, look), height in zip(lines, heights, strict=True):
        axes.text(x, at - height / 2, text, ha="center", va="center", zorder=4, linespacing=1.05, **look)
        at -= height


def _joint(axes: Axes, box: Any, centre: tuple[float, float]) -> None:
    axes.add_patch(Circle(centre, RADIUS, facecolor="white", edgecolor=SECOND, linewidth=0.9, zorder=3))
    sign = SIGNS.get(box.name) or str(box.name)
    axes.text(*centre, sign, ha="center", va="center_baseline", fontsize=9, color=SECOND, zorder=4)


def _arrow(
    axes: Axes, boxes: Sequence[Any], centres: Sequence[tuple[float, float]], arrow: tuple[int, int], lane: int | None
) -> None:
    """A line with a head: straight along a level, down or up and along between levels, over the top for a skip."""
    a, b = arrow
    (xa, ya), (xb, yb) = centres[a], centres[b]
    out, into = (RADIUS if boxes[i].joint else WIDE / 2 for i in (a, b))
    tall_a, tall_b = (RADIUS if boxes[i].joint else HIGH / 2 for i in (a, b))
    skip = lane is not None or (b > a + 1 and ya == yb)
    if lane is not None:
        height = ya + HIGH / 2 + LANE * (lane + 0.8)
        shift = ASIDE if boxes[a].joint else WIDE / 4
        back = ASIDE if boxes[b].joint else WIDE / 4
        path = [(xa + shift, ya + tall_a), (xa + shift, height), (xb - back, height), (xb - back, yb + tall_b)]
    elif ya == yb:
        path = [(xa + out, ya), (xb - into, yb)]
    elif ya > yb:
        down = [(xa, ya - tall_a), (xa, yb), (xb - into, yb)]
        path = down if b > a + 1 or boxes[a].joint else [(xa + out, ya), (xb, ya), (xb, yb + tall_b)]
    else:
        path = [(xa + out, ya), (xb, ya), (xb, yb - tall_b)]
    colour = SECOND if skip else INK
    if len(path) > 2:
        axes.plot(*zip(*path[:-1], strict=True), color=colour, linewidth=0.9, zorder=1, solid_joinstyle="round")
    head = {"arrowstyle": "-|>", "color": colour, "linewidth": 0.9, "mutation_scale": 8, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=path[-1], xytext=path[-2], arrowprops=head, zorder=2)
