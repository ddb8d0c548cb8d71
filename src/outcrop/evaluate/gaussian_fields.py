"""Stationary Gaussian fields on regular grids: a fitted correlation, exact simulation, kriging, conditioning.

Distances are in cells, axes of anisotropy are those of the grid. `gstools.CondSRF` scales a free field by the kriging
standard deviation, which gives the right variance of every cell but not of pairs of cells; here a free field is
conditioned by kriging its own error, which gives both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from outcrop.data.kriging import bordered, toward
from outcrop.metric.spatial import lags
from outcrop.split.variogram import spherical

Cells = Int[np.ndarray, "datum axis"]
Images = Float[np.ndarray, "realisation *place"]
Grid = tuple[int, ...]

MODELS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "exponential": lambda h: np.exp(-h),
    "spherical": lambda h: 1 - spherical(h, 0.0, 1.0, 1.0),
    "gaussian": lambda h: np.exp(-np.square(h)),
}
"""Correlation at a distance in ranges. Source: Chiles and Delfiner (2012), doi:10.1002/9781118136188, section 2.5."""

LITTLE = 1e-6
"""Share of the variance that is added to systems of equations, so that smooth models can be solved."""


@dataclass(frozen=True)
class Correlation:
    """(1 - nugget) * model(h), 1 at h = 0, with h the distance in ranges; the nugget is part of the field.

    Attributes:
        model: key of `MODELS`.
        ranges: in cells, one per axis.
        nugget: share of the variance without structure.
    """

    model: str
    ranges: tuple[float, ...]
    nugget: float = 0.0

    def of(self, offset: Float[np.ndarray, "*pairs axis"]) -> Float[np.ndarray, " *pairs"]:
        """Correlation of cells that are so many cells apart.

        >>> Correlation("exponential", (2.0, 4.0), 0.5).of(np.array([[0, 0], [0, 4]])).round(4).tolist()
        [1.0, 0.1839]
        """
        distance = np.sqrt(np.square(offset / np.asarray(self.ranges)).sum(axis=-1))
        return np.where(distance > 0, (1 - self.nugget) * MODELS[self.model](distance), 1.0)

    def between(self, first: Cells, second: Cells) -> Float[np.ndarray, "first second"]:
        """Correlations of all pairs of two lists of cells."""
        return self.of(np.asarray(first)[:, None] - np.asarray(second)[None])


def fitted(correlation: Float[np.ndarray, " lag"], shape: Grid) -> Correlation:
    """The model closest to empirical correlations at the lags of `metric.spatial.lags`, by least squares.

    Each axis has its own range, all share one nugget; the best of exponential, spherical and Gaussian is kept.

    Source: Cressie (1985), doi:10.1007/BF01032109, without weights: lags have nearly as many pairs each.
    """
    from scipy.optimize import least_squares

    offsets = np.zeros((len(correlation), len(shape)))
    for row, (axis, lag) in enumerate(lags(shape)):
        offsets[row, axis] = lag
    edge = np.log([max(shape)] * len(shape)) + np.log(4.0)
    best: tuple[float, Correlation] | None = None
    for model in MODELS:

        def misfit(guess: np.ndarray, model: str = model) -> np.ndarray:
            return Correlation(model, tuple(np.exp(guess[1:])), guess[0]).of(offsets) - correlation

        start = np.concatenate([[0.05], np.log(np.maximum(np.asarray(shape) / 6, 0.6))])
        lowest = np.concatenate([[0.0], np.full(len(shape), np.log(0.2))])
        found = least_squares(misfit, start, bounds=(lowest, np.concatenate([[1.0], edge])))
        if best is None or found.cost < best[0]:
            best = found.cost, Correlation(model, tuple(np.exp(found.x[1:]).tolist()), float(found.x[0]))
    assert best is not None  # MODELS is not empty
    return best[1]


def simulate(correlation: Correlation, shape: Grid, count: int, rng: np.random.Generator) -> Images:
    """Free Gaussian fields of mean 0 and variance 1 by circulant embedding.

    Exact where the embedding has no negative eigenvalue; else these are set to 0 and the variance is restored.

    Source: Dietrich and Newsam (1997), doi:10.1137/S1064827592240555; Wood and Chan (1994),
    doi:10.1080/10618600.1994.10474655, for the approximate embedding.
    """
    size = tuple(
        2 ** int(np.ceil(np.log2(min(max(2 * length, length + 4 * reach), 4 * length))))
        for length, reach in zip(shape, correlation.ranges, strict=True)
    )
    steps = [np.minimum(np.arange(length), length - np.arange(length)) for length in size]
    spectrum = np.fft.fftn(correlation.of(np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1))).real
    spectrum = np.maximum(spectrum, 0.0)
    amplitude = np.sqrt(spectrum / spectrum.mean() / np.prod(size))
    fields = np.empty((count, *shape))
    corner = tuple(slice(length) for length in shape)
    for first in range(0, count, 2):  # real and imaginary part are two independent fields
        noise = rng.normal(size=size) + 1j * rng.normal(size=size)
        both = np.fft.fftn(amplitude * noise)[corner]
        fields[first] = both.real
        if first + 1 < count:
            fields[first + 1] = both.imag
    return fields


@dataclass(frozen=True)
class Kriging:
    """Simple or ordinary kriging of all cells of a grid from data of mean 0 and variance 1.

    Attributes:
        weight: of each datum at each cell.
        variance: of the error at each cell; 0 at the data.
        cells: of the data.
        shape: of the grid.
    """

    weight: Float[np.ndarray, "cell datum"]
    variance: Float[np.ndarray, " *place"]
    cells: Cells
    shape: Grid

    @classmethod
    def of(cls, correlation: Correlation, cells: Cells, shape: Grid, *, ordinary: bool = False) -> Kriging:
        """Weights and variances from correlations; ordinary kriging also estimates the mean.

        Source: Chiles and Delfiner (2012), doi:10.1002/9781118136188, chapter 3.
        """
        cells = np.asarray(cells)
        count = len(cells)
        places = np.indices(shape).reshape(len(shape), -1).T
        right = correlation.between(places, cells)
        system = correlation.between(cells, cells) + LITTLE * np.eye(count)
        if ordinary:
            system, right = bordered(system), toward(right)
        weight = np.linalg.solve(system, right.T).T
        variance = np.maximum(1 - (weight * right).sum(axis=1), 0.0).reshape(shape)
        variance[tuple(cells.T)] = 0.0
        return cls(weight[:, :count], variance, cells, shape)

    def mean(self, values: Float[np.ndarray, "*realisation datum"]) -> Float[np.ndarray, "*realisation *place"]:
        """The estimate at every cell; at the data, the data."""
        field = (values @ self.weight.T).reshape(*values.shape[:-1], *self.shape)
        field[(..., *self.cells.T)] = values
        return field

    def condition(self, free: Images, values: Float[np.ndarray, "*realisation datum"]) -> Images:
        """Free fields bent to the data: free + kriging of (data - free at the data).

        With simple kriging these are draws of the conditional law.

        Source: Journel and Huijbregts (1978), Mining Geostatistics, chapter VII; Doucet (2010), A note on efficient
        conditional simulation of Gaussian distributions.
        """
        here = free[(slice(None), *self.cells.T)]
        field = free + self.mean(values - here)
        field[(slice(None), *self.cells.T)] = values
        return field


def reachable(cells: Cells, shape: Grid) -> bool:
    """Whether all cells lie in a grid."""
    cells = np.asarray(cells)
    return bool(cells.ndim == 2 and cells.shape[1] == len(shape) and (cells >= 0).all() and (cells < shape).all())


def mean_correlation(fields: Float[np.ndarray, "realisation *place variable"]) -> Float[np.ndarray, " lag"]:
    """Empirical correlations at `metric.spatial.lags`, 1 - variogram / variance, the mean over variables.

    The variance is that over all cells of all realisations.
    """
    from outcrop.metric.spatial import variogram

    variance = fields.reshape(-1, fields.shape[-1]).var(axis=0)
    varies = variance > 0
    half = variogram(fields).mean(axis=0)
    return 1 - (half[varies] / variance[varies, None]).mean(axis=0) if varies.any() else np.zeros(half.shape[1])
