"""One held-out image or section of classes: what was read, truth, prediction, and where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from outcrop.report.style import FAINT, INK, VOID, WARN, class_colours, styled

MOST_PIXELS = 512
RIGHT, DIFFERENT = "#e3ecee", WARN


class Section(NamedTuple):
    """Arrays of shape (row, column).

    Attributes:
        inputs: name -> an input; NaN where missing.
        target, prediction: class index, -1 where missing or not scored.
        dims: names of the dimensions, with units.
    """

    inputs: dict[str, np.ndarray]
    target: np.ndarray
    prediction: np.ndarray
    dims: tuple[str, str]


@styled
def section(shown: Section, classes: Sequence[str]) -> Figure:
    """Panels side by side with one legend of classes; large images are thinned to what a page can show."""
    rows, columns = shown.target.shape
    thin = tuple(slice(None, None, -(-size // MOST_PIXELS)) for size in (rows, columns))
    panels = len(shown.inputs) + 3
    height = float(np.clip(9.3 / panels * rows / columns, 1.5, 5.0))
    figure = Figure(figsize=(9.3, height + 1.0), layout="constrained")
    axes = figure.subplots(1, panels, sharex=True, sharey=True)
    frame = {"extent": (-0.5, columns - 0.5, rows - 0.5, -0.5), "aspect": "auto"}
    for place, (name, values) in zip(axes, shown.inputs.items(), strict=False):
        low, high = np.nanquantile(values, [0.01, 0.99]) if np.isfinite(values).any() else (0, 1)
        place.imshow(values[thin], cmap="gray", vmin=low, vmax=high, **frame)
        place.set_title(name)
    target, prediction = (np.asarray(values)[thin] for values in (shown.target, shown.prediction))
    colours = np.array([to_rgb(colour) for colour in (*class_colours(classes), VOID)])
    missing = (target < 0) | (prediction < 0)
    codes = np.where(missing, 2, target != prediction)
    states = np.array([to_rgb(colour) for colour in (RIGHT, DIFFERENT, VOID)])
    for place, name, image in zip(
        axes[-3:], ("truth", "predicted", "differs"), (colours[target], colours[prediction], states[codes]), strict=True
    ):
        place.imshow(image, **frame)
        place.set_title(name)
    for place in axes:
        place.set_xlabel(shown.dims[1])
        place.spines[["top", "right"]].set_visible(True)
    axes[0].set_ylabel(shown.dims[0])
    seen = sorted({*np.unique(target).tolist(), *np.unique(prediction).tolist()} - {-1})
    handles = [Patch(facecolor=colours[k], edgecolor=FAINT, linewidth=0.4, label=classes[k]) for k in seen]
    handles.append(Patch(facecolor=DIFFERENT, edgecolor=FAINT, linewidth=0.4, label="differs"))
    if missing.any():
        handles.append(Patch(facecolor=VOID, edgecolor=FAINT, linewidth=0.4, label="missing or not scored"))
    figure.legend(handles=handles, loc="outside lower center", ncols=min(7, len(handles)), handlelength=1.2,
                  handleheight=1.0, columnspacing=1.4, labelcolor=INK)  # fmt: skip
    return figure
