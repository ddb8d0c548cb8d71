"""Gradients and updates through training: a row per layer in the order of the network, a column per evaluation.

A column that fades from the last layer to the first is a gradient that vanishes on its way back. Updates are told as a
share of the weights they are added to: near 1e-3 a layer learns, far below it stands still, near 1 it is thrown about.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from outcrop.report.figures.learning import REFIT
from outcrop.report.style import RULE, SEQUENTIAL, SOFT, VOID, styled

MOST_ROWS = 24
"""Layers with a row of their own; of more, those that lie in one part of the network share a row."""


def by_layer(
    norms: Mapping[str, np.ndarray], *, grouped: bool = True
) -> tuple[np.ndarray, dict[str, tuple[np.ndarray, np.ndarray]]]:
    """Steps, and for each layer (or part) its gradient and its update as a share of the weights at these steps.

    Args:
        norms: columns of norms.csv. Of several trainings the median is taken, the refit is left out.
        grouped: whether layers of one part share a row where there are many.
    """
    held = np.ones(len(norms["step"]), bool)
    if "fold" in norms and not np.isin(norms["fold"], REFIT).all():
        held = ~np.isin(norms["fold"], REFIT)
    steps = np.unique(norms["step"][held])
    layers = list(dict.fromkeys(norms["layer"][held].tolist()))
    part = _parts(layers) if grouped else {layer: layer for layer in layers}
    keys = [norms[key][held] if key in norms else np.full(held.sum(), "") for key in ("fold", "member")]
    run = np.unique(np.stack(keys), axis=1, return_inverse=True)[1].ravel()
    squares = {key: norms["size"][held] * norms[key][held] ** 2 for key in ("gradient", "update", "weight")}
    column = np.searchsorted(steps, norms["step"][held])
    found = {}
    for name in dict.fromkeys(part.values()):
        own = np.array([part[layer] == name for layer in norms["layer"][held].tolist()])
        shape = (run.max() + 1, len(steps))
        at = (run[own], column[own])
        total = {key: np.zeros(shape) for key in ("size", *squares)}
        for key, values in {"size": norms["size"][held], **squares}.items():
            np.add.at(total[key], at, values[own])
        known = np.where(total["size"] > 0, total["size"], np.nan)
        gradient = np.sqrt(total["gradient"] / known)
        share = np.sqrt(
            np.divide(total["update"], total["weight"], out=np.full(shape, np.nan), where=total["weight"] > 0)
        )
        found[name] = (_median(gradient), _median(share))
    return steps, found


def _median(values: np.ndarray) -> np.ndarray:
    """Over trainings; NaN where none had come so far."""
    there = np.isfinite(values).any(axis=0)
    result = np.full(values.shape[1], np.nan)
    result[there] = np.nanmedian(values[:, there], axis=0)
    return result


def _parts(layers: list[str]) -> dict[str, str]:
    """Layer -> the name of its row: names are cut from their end until there are few enough.

    >>> _parts(["first", "down.0.0"])
    {'first': 'first', 'down.0.0': 'down.0.0'}
    """
    depth = max(name.count(".") + 1 for name in layers)
    while depth > 1 and len({".".join(name.split(".")[:depth]) for name in layers}) > MOST_ROWS:
        depth -= 1
    return {name: ".".join(name.split(".")[:depth]) for name in layers}


@styled
def norms(columns: Mapping[str, np.ndarray]) -> Figure:
    """Draws norms.csv.

    Args:
        columns: of norms.csv: step, layer, size, gradient, update, weight and, where there are any, fold and member.
    """
    steps, rows = by_layer(columns)
    gradient, share = (np.stack([own[i] for own in rows.values()]) for i in (0, 1))
    figure = Figure(figsize=(7.6, 1.25 + 0.19 * max(len(rows), 4)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, values, title in (
        (left, gradient, "gradient of the loss"),
        (right, share, "update per step, share of the weights"),
    ):
        _rows(figure, axes, steps, values, title)
    left.set_yticks(np.arange(len(rows)) + 0.5, list(rows), fontsize=7.5)
    left.set_ylim(len(rows), 0)
    left.set_ylabel("layer, in the order of the model")
    return figure


def _rows(figure: Figure, axes: Axes, steps: np.ndarray, values: np.ndarray, title: str) -> None:
    shown = np.ma.masked_where(~(values > 0), values)
    edges = np.r_[0.0, steps]
    if shown.count():
        low, high = (10.0**power for power in (np.floor(np.log10(shown.min())), np.ceil(np.log10(shown.max()))))
        scale = LogNorm(low, high if high > low else 10 * low)
        mesh = axes.pcolormesh(edges, np.arange(len(values) + 1), shown, norm=scale, cmap=SEQUENTIAL, rasterized=True)
        bar = figure.colorbar(mesh, ax=axes, location="right", pad=0.02, aspect=30)
        bar.outline.set_edgecolor(RULE)
        bar.ax.tick_params(labelsize=7, color=SOFT)
        bar.ax.minorticks_off()
    axes.set_facecolor(VOID)
    axes.hlines(np.arange(1, len(values)), 0, edges[-1], color="white", linewidth=0.8)
    axes.set(xlabel="training step", xlim=(0, edges[-1]))
    axes.set_title(title, fontsize=9)
    axes.tick_params(axis="y", length=0)
