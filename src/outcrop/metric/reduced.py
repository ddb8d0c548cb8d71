"""From ensembles to rows: one row per realisation, of what a metric of `ensembles.ENSEMBLE_METRICS` compares.

Each function is `(fields, reference) -> rows`, with fields `(realisation, *place, variable)`; facies are class codes
from 0 on, of one variable. The metric then needs rows alone, so that any subset of realisations is compared at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Shaped

from outcrop.metric import copies, spatial

Fields = Shaped[np.ndarray, "realisation *place variable"]
Rows = Float[np.ndarray, "realisation *what"]
Reduce = Callable[[Fields, "Reference"], Rows]

MOST_CELLS = 128
"""Cells of a realisation that distributions are compared on: of more, evenly spaced order statistics or cells."""


@dataclass(frozen=True)
class Reference:
    """What all ensembles are measured by.

    Attributes:
        real: the real realisations.
        train: those a generator has learned from, or None.
        classes: number of facies; 0 for continuous fields.
    """

    real: Fields
    train: Fields | None = None
    classes: int = 0

    @cached_property
    def centre(self) -> Float[np.ndarray, " variable"]:
        """Mean of every variable, over real cells."""
        return self.real.reshape(-1, self.real.shape[-1]).mean(axis=0)

    @cached_property
    def scale(self) -> Float[np.ndarray, " variable"]:
        """Standard deviation of every variable, over real cells; 1 where it does not vary."""
        spread = self.real.reshape(-1, self.real.shape[-1]).std(axis=0)
        return np.where(spread > 0, spread, 1.0)

    @cached_property
    def modes(self) -> copies.Modes:
        """Clusters of the training realisations, or of the real ones where no training is given."""
        return copies.Modes.of(whole(self.real if self.train is None else self.train, self))

    @cached_property
    def train_rows(self) -> Rows:
        """Training realisations as `whole` gives them."""
        return whole(self.real if self.train is None else self.train, self)

    def standard(self, fields: Fields) -> Float[np.ndarray, "realisation cell variable"]:
        """Cells in real standard deviations from the real mean."""
        return ((fields - self.centre) / self.scale).reshape(len(fields), -1, fields.shape[-1])


def whole(fields: Fields, reference: Reference) -> Rows:
    """A realisation as one vector, whose distance to another is the root mean square difference, or sqrt(share that
    differs) for facies.
    """
    if reference.classes:
        one_hot = fields.reshape(len(fields), -1, 1) == np.arange(reference.classes)
        return one_hot.reshape(len(fields), -1) / np.sqrt(2 * one_hot.shape[1])
    rows = reference.standard(fields).reshape(len(fields), -1)
    return rows / np.sqrt(rows.shape[1])


def marginals(fields: Fields, reference: Reference) -> Rows:
    """Sorted values of every variable, `(realisation, cell, variable)`; of many cells, evenly spaced ones."""
    ordered = np.sort(reference.standard(fields), axis=1)
    return ordered[:, _some(ordered.shape[1])]


def cells(fields: Fields, reference: Reference) -> Rows:
    """Variables of the same evenly spaced cells, `(realisation, cell, variable)`."""
    found = reference.standard(fields)
    return found[:, _some(found.shape[1])]


def _some(count: int) -> np.ndarray:
    return np.arange(count) if count <= MOST_CELLS else ((np.arange(MOST_CELLS) + 0.5) * count / MOST_CELLS).astype(int)


def moments(fields: Fields, reference: Reference) -> Rows:
    """Mean and mean square over cells of every variable, `(realisation, 2, variable)`."""
    found = reference.standard(fields)
    return np.stack([found.mean(axis=1), np.square(found).mean(axis=1)], axis=1)


def proportions(fields: Fields, reference: Reference) -> Rows:
    """`spatial.proportions` of facies."""
    return spatial.proportions(fields[..., 0], reference.classes)


def run_lengths(fields: Fields, reference: Reference) -> Rows:
    """`spatial.run_lengths` along every axis, `(realisation, axis * class, length)`, filled up with zeros."""
    longest = max(fields.shape[1:-1])
    found = (spatial.run_lengths(fields[..., 0], reference.classes, axis) for axis in range(fields.ndim - 2))
    padded = [np.pad(rows, ((0, 0), (0, 0), (0, longest - rows.shape[2]))) for rows in found]
    return np.concatenate(padded, axis=1)


def variogram(fields: Fields, reference: Reference) -> Rows:
    """`spatial.variogram`, or the indicator variograms of facies."""
    if reference.classes:
        return spatial.indicator_variogram(fields[..., 0], reference.classes)
    return spatial.variogram((fields - reference.centre) / reference.scale)


def connected_pairs(fields: Fields, reference: Reference) -> Rows:
    """`spatial.connected_pairs` of facies."""
    return spatial.connected_pairs(fields[..., 0], reference.classes)


def euler_number(fields: Fields, reference: Reference) -> Rows:
    """`spatial.euler_number` of facies."""
    return spatial.euler_number(fields[..., 0], reference.classes)


def radial_spectrum(fields: Fields, reference: Reference) -> Rows:
    """`spatial.radial_spectrum` of standardised fields."""
    return spatial.radial_spectrum((fields - reference.centre) / reference.scale)


def modes(fields: Fields, reference: Reference) -> Rows:
    """The mode of each realisation, one-hot."""
    return reference.modes.shares(whole(fields, reference))


def nearness(fields: Fields, reference: Reference) -> Rows:
    """`copies.nearness` to the training realisations."""
    return copies.nearness(whole(fields, reference), reference.train_rows)
