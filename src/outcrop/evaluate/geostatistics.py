"""What a generator must beat: the classical ways to draw facies and fields, one table, one contract.

`fit(name, train)` gives `draws(rng, count, shape, hard=None) -> (count, *shape, variable)`. Facies are integers from 0
on, of one variable; everything else is continuous, in the units of the training fields. Shapes are in cells.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Shaped

from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.evaluate.analogues import Analogues
from outcrop.evaluate.coarse_fields import BlockSimulation, CoarseRegression, interpolate
from outcrop.evaluate.continuous_fields import Cokriging, GaussianSimulation, KrigedFields
from outcrop.evaluate.facies_fields import MarkovChain, TruncatedGaussian
from outcrop.evaluate.gaussian_fields import reachable
from outcrop.metric.conditional import Hard

Fields = Shaped[np.ndarray, "realisation *place variable"]


class Draws(Protocol):
    """Draws realisations of a fitted baseline."""

    def __call__(
        self, rng: np.random.Generator, count: int, shape: tuple[int, ...], hard: Hard | None = None
    ) -> Fields:
        """`count` realisations on a grid of `shape`, given hard data."""
        ...


@dataclass(frozen=True)
class Geostatistics:
    """One row of the table.

    Attributes:
        name: key.
        help: what it draws.
        kinds: "facies", "number" or both.
        places: numbers of dimensions of place it is defined for.
        honours: whether every realisation honours hard data exactly.
        fit: training realisations, number of facies, attribute -> draws.
        attribute: what it needs on the grid of every field: a "soft" attribute, or the "coarse" field; mostly nothing.
    """

    name: str
    help: str
    kinds: tuple[str, ...]
    places: tuple[int, ...]
    honours: bool
    fit: Callable[[Fields, int, Fields | None], Draws]
    attribute: str = ""


_BOTH, _FIELDS = ("facies", "number"), (1, 2, 3)

GEOSTATISTICS: dict[str, Geostatistics] = {
    row.name: row
    for row in (
        Geostatistics(
            "bootstrap", "any training realisation", _BOTH, (0, 1, 2, 3), False,
            lambda train, classes, attribute: Analogues(train).any,
        ),
        Geostatistics(
            "analogues", "one of the 10 training realisations closest to the data", _BOTH, _FIELDS, False,
            lambda train, classes, attribute: Analogues(train).nearest,
        ),
        Geostatistics(
            "markov_chain", "a Markov chain from cell to cell, exact given data", ("facies",), (1,), True,
            lambda train, classes, attribute: MarkovChain.of(train, classes).draw,
        ),
        Geostatistics(
            "truncated_gaussian", "a Gaussian field cut at thresholds", ("facies",), _FIELDS, True,
            lambda train, classes, attribute: TruncatedGaussian.of(train, classes).draw,
        ),
        Geostatistics(
            "gaussian_simulation", "conditional Gaussian simulation of normal scores", ("number",), _FIELDS, True,
            lambda train, classes, attribute: GaussianSimulation.of(train).draw,
        ),
        Geostatistics(
            "kriging_mean", "the ordinary kriging estimate, again and again", ("number",), _FIELDS, True,
            lambda train, classes, attribute: KrigedFields.of(train, ordinary=True).repeat,
        ),
        Geostatistics(
            "simple_kriging", "every cell by itself, about the training mean", ("number",), _FIELDS, True,
            lambda train, classes, attribute: KrigedFields.of(train).draw,
        ),
        Geostatistics(
            "ordinary_kriging", "every cell by itself, about the mean of the data", ("number",), _FIELDS, True,
            lambda train, classes, attribute: KrigedFields.of(train, ordinary=True).draw,
        ),
        Geostatistics(
            "cokriging", "one variable, collocated cokriging with an attribute", ("number",), _FIELDS, True,
            lambda train, classes, attribute: Cokriging.of(train, attribute).draw, "soft",
        ),
        Geostatistics(
            "interpolation", "block means, interpolated by a cubic spline", ("number",), _FIELDS, True,
            lambda train, classes, attribute: interpolate, "coarse",
        ),
        Geostatistics(
            "block_simulation", "Gaussian simulation given block means", ("number",), _FIELDS, True,
            lambda train, classes, attribute: BlockSimulation.of(train, attribute).draw, "coarse",
        ),
        Geostatistics(
            "coarse_regression", "ridge regression on block means, plus a training residual", ("number",), _FIELDS,
            True, lambda train, classes, attribute: CoarseRegression.of(train, attribute).draw, "coarse",
        ),
    )
}  # fmt: skip


def fitting_baselines(kind: str, places: int, *, attributes: tuple[str, ...] = ("",)) -> tuple[str, ...]:
    """Names of the baselines for a kind of field, of those that need no attribute or one of `attributes`.

    >>> fitting_baselines("facies", 1)
    ('bootstrap', 'analogues', 'markov_chain', 'truncated_gaussian')
    """
    return tuple(
        row.name
        for row in GEOSTATISTICS.values()
        if kind in row.kinds and places in row.places and row.attribute in attributes
    )


def fit(name: str, train: Fields, *, classes: int | None = None, attribute: Fields | None = None) -> Draws:
    """Fits one baseline to training realisations.

    Args:
        name: of the baseline.
        train: (realisation, *place, variable), integers for facies.
        classes: number of facies; by default one more than the largest code.
        attribute: on the same grids, what `Geostatistics.attribute` names: for `cokriging` a soft attribute,
            (realisation, *place, 1); for what is given block means, these, repeated on their cells, of the shape of
            `train`. What such a baseline draws takes `attribute=`, without the axis of realisations.

    Raises:
        ConfigError: no such baseline, or not for these fields.
        DataError: training values are missing; later, data that lie outside of the grid or hold another class.
    """
    if name not in GEOSTATISTICS:
        what = f"There is no baseline {name!r}{did_you_mean(name, GEOSTATISTICS)}."
        raise ConfigError(message(what, where="geostatistics", fix=f"use one of {', '.join(GEOSTATISTICS)}."))
    row, facies = GEOSTATISTICS[name], np.issubdtype(train.dtype, np.integer)
    kind = "facies" if facies else "number"
    if kind not in row.kinds or train.ndim - 2 not in row.places or (name == "cokriging" and train.shape[-1] != 1):
        what = f"{name!r} is not for {kind} of {train.ndim - 2} dimensions and {train.shape[-1]} variables."
        fix = f"use one of {', '.join(fitting_baselines(kind, train.ndim - 2))}."
        raise ConfigError(message(what, where="geostatistics", fix=fix))
    if not np.isfinite(train).all():
        what = f"Training realisations for {name!r} hold missing values."
        raise DataError(message(what, where="geostatistics", fix="leave these realisations out."))
    classes = (classes or int(train.max()) + 1) if facies else 0
    return _checked(row.fit(train, classes, attribute), classes)


def _checked(draws: Draws, classes: int) -> Draws:
    """The same draws, of hard data that can be honoured; no data are as none."""

    def checked(
        rng: np.random.Generator, count: int, shape: tuple[int, ...], hard: Hard | None = None, **more: np.ndarray
    ) -> Fields:
        if hard is None or not len(hard.cells):
            return draws(rng, count, shape, None, **more)
        cells, values = np.asarray(hard.cells), np.asarray(hard.values)
        if not reachable(cells, shape):
            what = f"Data lie outside of the grid of {shape}: cells from {cells.min(axis=0)} to {cells.max(axis=0)}."
            raise DataError(message(what, where="hard data", fix="give indices of cells, one column per axis."))
        if len(np.unique(cells, axis=0)) < len(cells):
            what = f"{len(cells) - len(np.unique(cells, axis=0))} data share a cell with another one."
            raise DataError(message(what, where="hard data", fix="give one row per cell, such as their mean."))
        if classes and not ((values >= 0) & (values < classes)).all():
            what = f"Data hold classes {np.unique(values).tolist()}, training holds 0 to {classes - 1}."
            raise DataError(message(what, where="hard data", fix="give codes of the training classes."))
        return draws(rng, count, shape, hard, **more)

    return checked
