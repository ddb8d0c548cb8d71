"""The look of every figure: ink on white, one accent, fixed colours for rock types; and figures as embeddable SVG."""

from __future__ import annotations

import base64
import functools
import io
from collections.abc import Callable, Sequence
from typing import ParamSpec

import matplotlib
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

INK, SOFT, FAINT, RULE, VOID = "#1d2428", "#56626a", "#98a3aa", "#d9dee1", "#eceeef"
ACCENT, SECOND, WARN = "#0b6e8a", "#b65f21", "#a8322d"
SEQUENTIAL = LinearSegmentedColormap.from_list(
    "outcrop", ["#ffffff", "#d8e8ec", "#8fbfcc", "#3d8ca5", "#0b5871", "#063448"]
)
DIVERGING = LinearSegmentedColormap.from_list(
    "outcrop_diverging", ["#6b3410", "#b65f21", "#e2b78f", "#f7f6f4", "#8fbfcc", "#0b6e8a", "#063448"]
)

STYLE = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.2,
    "figure.facecolor": "white",
    "svg.fonttype": "path",
    "svg.hashsalt": "outcrop",
    "image.interpolation": "none",
}

# Words in a class name -> colour, most specific first; after the patterns used on lithological columns.
ROCKS = (
    (("sandstone/shale", "shaly sand", "sandy shale", "heterolith"), "#b9a84b"),
    (("siltstone", "silt"), "#c9b98f"),
    (("conglomerate", "gravel"), "#d98b3a"),
    (("sand",), "#f2d544"),
    (("coal", "lignite"), "#16181a"),
    (("chalk",), "#bfe6ef"),
    (("dolomite", "dolostone"), "#5d7fc4"),
    (("marl",), "#63a99a"),
    (("limestone", "carbonate", "wackestone", "packstone", "grainstone", "bafflestone", "mudstone lime"), "#79b8e8"),
    (("halite", "salt"), "#f0a8c4"),
    (("anhydrite", "gypsum"), "#a56bb5"),
    (("tuff", "volcan", "basalt"), "#d4543f"),
    (("basement", "granite", "gneiss", "crystalline"), "#7a2e3c"),
    (("shale", "clay", "mud"), "#8b9096"),
)
CATEGORIES = (
    "#0b6e8a", "#d98324", "#6a4c93", "#4f9d5d", "#c2455f", "#8c6d46",
    "#4aa5c4", "#b3a13a", "#3d4f9f", "#9c5aa8", "#7f8c8d", "#1f5c4a",
)  # fmt: skip

P = ParamSpec("P")


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draws a figure in the house style without touching the user's own matplotlib settings."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with matplotlib.rc_context(STYLE):
            return draw(*args, **kwargs)

    return drawn


def svg(figure: Figure) -> str:
    """The figure as an SVG data address for an <img>, the same bytes every time."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    stream = io.BytesIO()
    with matplotlib.rc_context(STYLE):
        FigureCanvasSVG(figure).print_svg(stream, metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def class_colours(names: Sequence[str]) -> list[str]:
    """One colour per class: by rock type where the name says so, else from a categorical set; never the same twice.

    >>> class_colours(["Sandstone", "Shale", "Coal"])
    ['#f2d544', '#8b9096', '#16181a']
    """
    taken: list[str] = []
    spare = list(CATEGORIES)
    for name in names:
        folded = str(name).casefold()
        rock = next((colour for keys, colour in ROCKS if any(key in folded for key in keys)), None)
        if rock is None or rock in taken:
            rock = next((colour for colour in spare if colour not in taken), CATEGORIES[len(taken) % len(CATEGORIES)])
        taken.append(rock)
    return taken
