"""Which family fits which data: the table behind `outcrop new --advise` and the page docs/choose.md.

Two tables in plain sight. `CHOICES` goes from what the samples lie on, and where the model must work next, to families
and the view they read; `SIZES` from the number of independent samples to how large a network may be. Both are starting
points to be tried on validation, not laws: what was measured stands beside them (`evidence.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from outcrop.model.entries import FAMILIES


@dataclass(frozen=True)
class Choice:
    """What to try on one structure of data.

    Attributes:
        structure: a key of `data.structure.STRUCTURES`.
        promise: kind of promise it is for ("new", "later"); "" where it does not matter.
        view: how records are cut into examples.
        families: the first one to try, then its alternatives.
        first: simple models that are the bar, in words.
        why: one sentence.
        mind: the usual mistake.
        least_length: samples along a record that the view needs.
        placed: whether it needs to know where the samples are.
    """

    structure: str
    promise: str
    view: str
    families: tuple[str, ...]
    first: str
    why: str
    mind: str
    least_length: int = 0
    placed: bool = False


CHOICES = (
    Choice(
        "table", "", "points", ("mlp",), "boosted trees, ridge regression",
        "a row stands for itself, so there is nothing around it to read",
        "rows of one place or one day are alike: hold out places or days, not rows",
    ),
    Choice(
        "points", "", "points", ("mlp",), "kriging or nearest neighbours, boosted trees",
        "coordinates are inputs like others; kriging uses distance alone and is hard to beat",
        "a random split lets the network look at the neighbour: promise an area or a line",
    ),
    Choice(
        "wells", "new", "windows", ("unet1d", "resnet1d", "gru", "transformer"),
        "boosted trees on the sample and its surroundings",
        "beds are recognised by their neighbourhood: a window sees shapes, a sample only values",
        "tools differ between wells: scope = \"both\" and augment.gain_sd help where curves are not calibrated",
        least_length=128,
    ),
    Choice(
        "wells", "", "points", ("mlp",), "boosted trees, ridge regression",
        "one well, or short ones, do not fill windows for training and testing",
        "rock further down is not the rock of another well",
    ),
    Choice(
        "stations", "new", "graphs", ("graph_interpolation", "message_passing", "gat", "gcn"),
        "kriging, inverse distance",
        "a new place is filled in from the places around it; view.interpolate lets a network correct kriging",
        "a network learns geometry from places, not from hours: twelve stations are twelve examples",
        placed=True,
    ),
    Choice(
        "stations", "", "sequences", ("gru", "transformer", "lstm", "resnet1d"),
        "ridge regression on the history, damped persistence",
        "each station is forecast from its own past; all stations train one network",
        "stations that breathe the same air are worth little more than one",
        least_length=500,
    ),
    Choice(
        "stations", "", "points", ("mlp",), "persistence, climatology, ridge regression",
        "the records are too short for sequences, so a few past samples are the input",
        "the level of the series is the easy part: compare with persistence",
    ),
    Choice(
        "series", "", "sequences", ("gru", "lstm", "transformer", "rnn"),
        "ridge regression on the history, damped persistence, an equation of the field",
        "a state carried from step to step is a memory, as a store of water or heat is one",
        "a state between -1 and 1 cannot go beyond what training has seen",
        least_length=500,
    ),
    Choice(
        "series", "", "points", ("mlp",), "persistence, climatology, ridge regression",
        "the record is too short for sequences, so a few past samples are the input",
        "a trend makes the test part unlike the training part: the audit says so",
    ),
    Choice(
        "waveforms", "", "windows", ("unet1d", "resnet1d", "cnn1d", "transformer"),
        "STA/LTA and AR-AIC pickers for arrivals, a Wiener filter for noise",
        "an answer for every sample needs coarse levels that see the whole arrival, and skips that keep its time",
        "picks at the same place of every record are learned without looking: cut windows at random",
        least_length=128,
    ),
    Choice(
        "images", "", "patches", ("unet2d", "resnet2d", "cnn2d", "vit"),
        "boosted trees on pixels, a copy of the nearest line, the usual answer at each row",
        "an answer for every pixel needs a wide view for what it is, and skips for where it ends",
        "neighbouring pixels and neighbouring lines are copies of each other",
        least_length=16,
    ),
    Choice(
        "stack", "", "points", ("mlp", "gru", "transformer", "cnn1d"),
        "boosted trees and logistic or ridge regression on all layers",
        "every pixel holds a series that says more than its neighbours; gru and others run along it with view.steps",
        "pixels of one field are one sample: hold out blocks of the map, with a buffer",
    ),
    Choice(
        "cube", "", "patches", ("unet2d", "unet3d", "resnet3d", "cnn3d"), "copying the nearest interpreted line",
        "sections are cheaper than cubes and see most of the structure: begin in two dimensions",
        "a line between two interpreted ones is nearly a copy: promise between or area, whichever is the job",
        least_length=16,
    ),
    Choice(
        "maps", "later", "sequences", ("convlstm", "unet2d", "unet3d", "resnet3d"),
        "persistence of the anomaly, climatology of each place, ridge regression",
        "a box of places over its past: what moves is seen moving",
        "one hour ahead persistence is nearly perfect: score every lead",
        least_length=48,
    ),
    Choice(
        "maps", "", "patches", ("unet2d", "resnet2d", "unet3d", "vit"), "climatology, ridge regression",
        "each map is an image; time is one more set of examples",
        "maps of neighbouring hours are alike: they are not independent examples",
    ),
    Choice(
        "mesh", "", "graphs", ("encode_process_decode", "message_passing", "gcn", "gat"),
        "the mean of each depth, ridge regression, kriging",
        "cells differ in size, so neighbours are links of the mesh, not steps of a grid",
        "a snapshot is one example, however many nodes it has",
    ),
    Choice(
        "links", "", "graphs", ("message_passing", "gat", "gcn"), "boosted trees, ridge regression on the link alone",
        "what a link carries depends on those that meet it, so it is read along the network",
        "both ways between two nodes tell each other: promise a new pair where links come in twos",
    ),
    Choice(
        "fields", "", "patches", ("fno2d", "deeponet2d", "ufno2d"),
        "the mean field, a ridge operator, principal components (POD)",
        "a whole field goes in and a field comes out; an operator trained on one grid is also asked on a finer one",
        "simulations of other boundary values, sizes or contrasts are not new draws: promise the ones it will meet",
    ),
    Choice(
        "equation", "", "collocation", ("mlp", "siren", "fourier_mlp"),
        "a solver on a grid; for hidden coefficients Tikhonov or total variation inversion",
        "where the equation is known ([physics]) it says more than few data do, and data enter as one more condition",
        "what is measured has to depend on the coefficient that is sought: look at the misfit before believing it",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Size:
    """How large a network may be at a number of independent samples.

    Attributes:
        below: independent samples up to which this row holds.
        share: of the default widths of the family.
        members: networks whose mean is the answer.
        dropout: share of features dropped in training.
        steps: of the optimiser, at most.
        say: what to do first.
    """

    below: float
    share: float
    members: int
    dropout: float
    steps: int
    say: str


SIZES = (
    Size(
        50, 0.5, 8, 0.2, 500,
        "So few that trees, ridge regression or an equation of the field come first (a differential equation that "
        "holds goes into [physics]); a network has to beat them, and is worth a try as an ensemble of small ones.",
    ),
    Size(
        500, 0.5, 4, 0.1, 1000,
        "Enough to fit a small network, not enough to trust it alone: look at the baselines first.",
    ),
    Size(
        float("inf"), 1.0, 1, 0.1, 2000,
        "Enough for a network of the usual size; whether it pays is still for the baselines to say.",
    ),
)  # fmt: skip
MOST_CONVOLUTIONAL = 3
"""Members at most of convolutional networks, which train one after another."""
FEWEST_GROUPS = 6
"""Groups below which no verdict is given (docs/decisions.md, 5)."""
FEW_GROUPS = 20
"""Groups below which a promise of a new one rests on few places, whatever the number of samples in each."""


def choose(structure: str, promise: str = "", length: float = float("inf"), placed: bool = True) -> Choice:
    """The first row for a structure whose promise and length fit.

    Args:
        structure: a key of `data.structure.STRUCTURES`.
        promise: kind of promise, "" where none is made yet; of two made together ("new_later") either may match.
        length: samples along a record.
        placed: whether samples have places.

    >>> choose("stations", "new").families[0], choose("stations", "later").families[0]
    ('graph_interpolation', 'gru')
    """
    fitting = [
        row
        for row in CHOICES
        if row.structure == structure
        and (not row.promise or row.promise in promise.split("_"))
        and row.least_length <= length
        and (placed or not row.placed)
    ]
    return fitting[0] if fitting else next(row for row in CHOICES if row.structure == "table")


def size(independent: float) -> Size:
    """The row for a number of independent samples.

    >>> size(19).members, size(900).members
    (8, 1)
    """
    return next(row for row in SIZES if independent < row.below)


def settings(family: str, independent: float) -> dict[str, Any]:
    """Arguments of `[model]` to start with: those that differ from the family's defaults.

    >>> settings("gru", 19), settings("unet1d", 200), settings("unet2d", 5000)
    ({'members': 8, 'width_size': 32, 'dropout': 0.2}, {'members': 3, 'widths': [16, 32, 64]}, {})
    """
    row, defaults = size(independent), FAMILIES[family].defaults
    most = MOST_CONVOLUTIONAL if FAMILIES[family].convolutional else row.members
    found: dict[str, Any] = {"members": min(row.members, most)}
    if "width_size" in defaults:
        found["width_size"] = max(8, int(defaults["width_size"] * row.share))
    if "widths" in defaults:
        found["widths"] = [max(4, int(width * row.share)) for width in defaults["widths"]]
    if defaults.get("dropout"):
        found["dropout"] = row.dropout
    usual = {"members": 1, **defaults} | ({"widths": list(defaults["widths"])} if "widths" in defaults else {})
    return {key: value for key, value in found.items() if value != usual[key]}
