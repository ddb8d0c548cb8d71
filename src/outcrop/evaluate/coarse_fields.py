"""Fields given their own block means: interpolation, regression, and Gaussian simulation that honours the means.

The classical answers to super-resolution (downscaling). The coarse field comes as an attribute on the fine grid, each
mean repeated on the cells of its block; blocks are read off from where it changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
from jaxtyping import Float

from outcrop.errors import DataError, message
from outcrop.evaluate.gaussian_fields import LITTLE, Correlation, fitted, mean_correlation, simulate
from outcrop.metric.conditional import Hard

Fields = Float[np.ndarray, "realisation *place variable"]
Map = Float[np.ndarray, "*place variable"]

FOLDS = 5
"""Contiguous parts of the training fields: residuals of a regression are those of the part it was not fitted to."""
PENALTIES = np.logspace(-2, 5, 15)


@dataclass(frozen=True)
class Blocks:
    """A grid cut into blocks along every axis.

    Attributes:
        starts: first cell of every block, one array per axis.
        shape: cells along every axis.
    """

    starts: tuple[np.ndarray, ...]
    shape: tuple[int, ...]

    @classmethod
    def of(cls, repeated: Fields) -> Blocks:
        """The largest blocks on which fields are constant.

        >>> [first.tolist() for first in Blocks.of(np.array([[[1.0], [1.0], [2.0], [2.0], [2.0]]])).starts]
        [[0, 2]]
        """
        starts = []
        for axis in range(1, repeated.ndim - 1):
            others = tuple(other for other in range(repeated.ndim) if other != axis)
            steps = (np.diff(repeated, axis=axis) != 0).any(axis=others)
            starts.append(np.r_[0, 1 + np.flatnonzero(steps)])
        return cls(tuple(starts), repeated.shape[1:-1])

    @property
    def sizes(self) -> tuple[np.ndarray, ...]:
        """Cells of every block, one array per axis."""
        ends = zip(self.starts, self.shape, strict=True)
        return tuple(np.diff(np.r_[starts, length]) for starts, length in ends)

    def first(self, repeated: Map) -> Float[np.ndarray, "*block variable"]:
        """One value per block of a field that is constant on blocks."""
        return repeated[np.ix_(*self.starts)]

    @property
    def averaging(self) -> Float[np.ndarray, "block cell"]:
        """The matrix that takes the cells of a field to its block means."""
        along = [
            np.repeat(np.eye(len(sizes)) / sizes[:, None], sizes, axis=1) for sizes in self.sizes
        ]  # (block, cell) of every axis
        return reduce(np.kron, along)

    def interpolated(self, coarse: Float[np.ndarray, "*block variable"]) -> Map:
        """A cubic spline through the means at the centres of their blocks; flat beyond the outer centres."""
        from scipy.ndimage import map_coordinates

        index = []
        for starts, sizes, length in zip(self.starts, self.sizes, self.shape, strict=True):
            centres = starts + (sizes - 1) / 2
            index.append(np.interp(np.arange(length), centres, np.arange(len(centres))))
        where = np.meshgrid(*index, indexing="ij")
        columns = [map_coordinates(column, where, order=3, mode="nearest") for column in np.moveaxis(coarse, -1, 0)]
        return np.stack(columns, axis=-1)


def interpolate(
    rng: np.random.Generator, count: int, shape: tuple[int, ...], hard: Hard | None = None, *, attribute: Map
) -> Fields:
    """The interpolated block means, `count` times: the smooth single answer."""
    blocks = Blocks.of(attribute[None])
    field = blocks.interpolated(blocks.first(attribute))[None]
    return np.repeat(field if hard is None else hard.put(field), count, axis=0)


@dataclass(frozen=True)
class BlockSimulation:
    """Stationary Gaussian fields, conditioned exactly to block means (and cells).

    Attributes:
        centre, scale: mean and standard deviation of every variable.
        correlation: in space, of all variables.
        blocks: whose means are known.
        pulled: covariance of every cell with every block mean, and with it of the means, in units of the variance.
    """

    centre: Float[np.ndarray, " variable"]
    scale: Float[np.ndarray, " variable"]
    correlation: Correlation
    blocks: Blocks
    pulled: Float[np.ndarray, "cell block"]

    @classmethod
    def of(cls, fields: Fields, attribute: Fields | None) -> BlockSimulation:
        """From training fields and their block means."""
        attribute = _fitting(fields, attribute)
        cells = fields.reshape(-1, fields.shape[-1])
        correlation = fitted(mean_correlation(fields), fields.shape[1:-1])
        blocks = Blocks.of(attribute)
        pulled = _covariance(correlation, blocks.averaging, blocks.shape)
        return cls(cells.mean(axis=0), cells.std(axis=0), correlation, blocks, pulled)

    def draw(
        self,
        rng: np.random.Generator,
        count: int,
        shape: tuple[int, ...],
        hard: Hard | None = None,
        *,
        attribute: Map,
    ) -> Fields:
        """Free fields plus kriging of what their block means lack: draws of the conditional law.

        Source: Kyriakidis (2004), A geostatistical framework for area-to-point spatial interpolation,
        doi:10.1111/j.1538-4632.2004.tb01135.x; Journel and Huijbregts (1978), Mining Geostatistics, chapter VII.
        """
        scaled = (attribute - self.centre) / self.scale
        data = self.blocks.first(scaled).reshape(-1, len(self.centre))
        observe, pulled = self.blocks.averaging, self.pulled
        if hard is not None:
            cells = np.ravel_multi_index(tuple(np.asarray(hard.cells, int).T), shape)
            single = np.eye(observe.shape[1])[cells]
            observe = np.concatenate([observe, single])
            pulled = np.concatenate([pulled, _covariance(self.correlation, single, shape)], axis=1)
            data = np.concatenate([data, (hard.values - self.centre) / self.scale])
        system = observe @ pulled + LITTLE * np.eye(len(observe))
        weight = np.linalg.solve(system, pulled.T).T  # (cell, datum)
        free = np.stack([simulate(self.correlation, shape, count, rng) for _ in self.centre], axis=-1)
        flat = free.reshape(count, -1, len(self.centre))
        bent = flat + np.einsum("cd,ndv->ncv", weight, data - np.einsum("dc,ncv->ndv", observe, flat))
        fields = bent.reshape(free.shape) * self.scale + self.centre
        return fields if hard is None else hard.put(fields)


@dataclass(frozen=True)
class CoarseRegression:
    """Ridge regression of every cell on all block means, plus the residual of any training field.

    Attributes:
        estimator: fitted, from (case, block * variable) to (case, cell * variable).
        residuals: of training fields, each by an estimator that was not fitted to it or its neighbours in order.
        blocks: whose means are known.
    """

    estimator: object
    residuals: Fields
    blocks: Blocks

    @classmethod
    def of(cls, fields: Fields, attribute: Fields | None) -> CoarseRegression:
        """From training fields, in the order of the records, and their block means."""
        from sklearn.linear_model import RidgeCV
        from sklearn.model_selection import KFold, cross_val_predict

        blocks = Blocks.of(_fitting(fields, attribute))
        assert attribute is not None
        features = np.stack([blocks.first(own).ravel() for own in attribute])
        flat = fields.reshape(len(fields), -1)
        estimator = RidgeCV(alphas=PENALTIES).fit(features, flat)
        held = cross_val_predict(RidgeCV(alphas=PENALTIES), features, flat, cv=KFold(min(FOLDS, len(flat))))
        return cls(estimator, (flat - held).reshape(fields.shape), blocks)

    def draw(
        self,
        rng: np.random.Generator,
        count: int,
        shape: tuple[int, ...],
        hard: Hard | None = None,
        *,
        attribute: Map,
    ) -> Fields:
        """The regression plus whole residual fields at random: the statistical downscaling of climatology.

        Source: von Storch, Zorita and Cubasch (1993), doi:10.1175/1520-0442(1993)006<1161:DOGCCE>2.0.CO;2, for the
        regression; residuals drawn as whole fields keep their pattern in space.
        """
        told = self.blocks.first(attribute).reshape(1, -1)
        mean = self.estimator.predict(told).reshape(self.residuals.shape[1:])  # type: ignore[attr-defined]
        fields = mean + self.residuals[rng.integers(0, len(self.residuals), count)]
        return fields if hard is None else hard.put(fields)


def _covariance(correlation: Correlation, observe: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """C A^T, (cell, datum), of observations that are means of cells, the rows of A."""
    places = np.indices(shape).reshape(len(shape), -1).T
    each = [correlation.between(places, places[row > 0]) @ row[row > 0] for row in observe]
    return np.stack(each, axis=1)


def _fitting(fields: Fields, attribute: Fields | None) -> Fields:
    if attribute is None or attribute.shape != fields.shape:
        what = "This baseline needs the block means of every training field, on its grid."
        raise DataError(message(what, where="geostatistics", fix="fit('block_simulation', train, attribute=coarse)"))
    return attribute
