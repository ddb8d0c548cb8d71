"""Continuous fields by the classical methods: Gaussian simulation of normal scores, kriging, collocated cokriging.

Fields are `(realisation, *place, variable)` in the units of the variables. Variables are correlated cell by cell and
share one correlation in space (intrinsic coregionalisation), so that kriging each from its own data is cokriging
(Wackernagel 2003, doi:10.1007/978-3-662-05294-5). Data hold all variables of a cell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from outcrop.errors import DataError, message
from outcrop.evaluate.gaussian_fields import Correlation, Kriging, fitted, mean_correlation, simulate
from outcrop.metric.conditional import Hard

Fields = Float[np.ndarray, "realisation *place variable"]
Map = Float[np.ndarray, "*place variable"]

MOST_QUANTILES = 2000


@dataclass(frozen=True)
class NormalScores:
    """The map of one variable to a standard Gaussian with the same quantiles, and back; flat beyond the training range.

    Attributes:
        values: quantiles of the variable, ascending.
        scores: of a standard Gaussian at the same probabilities.
    """

    values: Float[np.ndarray, " quantile"]
    scores: Float[np.ndarray, " quantile"]

    @classmethod
    def of(cls, cells: Float[np.ndarray, " cell"]) -> NormalScores:
        """From training cells.

        Source: Deutsch and Journel (1998), GSLIB, 2nd edition, on normal scores.
        """
        from scipy.special import ndtri

        count = min(len(cells), MOST_QUANTILES)
        levels = (np.arange(count) + 0.5) / count
        return cls(np.quantile(cells, levels, method="hazen"), ndtri(levels))

    def to(self, values: np.ndarray) -> np.ndarray:
        """Values to scores; a value that recurs gets the mean of its scores."""
        known, place = np.unique(self.values, return_inverse=True)
        return np.interp(values, known, np.bincount(place, self.scores) / np.bincount(place))

    def back(self, scores: np.ndarray) -> np.ndarray:
        """Scores to values."""
        return np.interp(scores, self.scores, self.values)


@dataclass(frozen=True)
class GaussianSimulation:
    """Conditional Gaussian simulation of normal scores, mixed by their correlation at one cell.

    Attributes:
        scores: one map per variable.
        mix: Cholesky factor of the correlation of the scores of a cell.
        correlation: in space, of all variables.
    """

    scores: tuple[NormalScores, ...]
    mix: Float[np.ndarray, "variable variable"]
    correlation: Correlation

    @classmethod
    def of(cls, fields: Fields) -> GaussianSimulation:
        """From training fields."""
        scores = tuple(NormalScores.of(column) for column in fields.reshape(-1, fields.shape[-1]).T)
        gaussian = _each(scores, "to", fields)
        between = np.atleast_2d(np.corrcoef(gaussian.reshape(-1, len(scores)).T))
        mix = np.linalg.cholesky(between + 1e-9 * np.eye(len(scores)))
        return cls(scores, mix, fitted(mean_correlation(gaussian), fields.shape[1:-1]))

    def draw(self, rng: np.random.Generator, count: int, shape: tuple[int, ...], hard: Hard | None = None) -> Fields:
        """Fields given hard data, which every one of them honours.

        Source: Journel and Huijbregts (1978), Mining Geostatistics, chapter VII: the law that sequential Gaussian
        simulation (Gomez-Hernandez and Journel 1993, doi:10.1007/978-94-011-1739-5) approaches with neighbourhoods
        that hold all cells.
        """
        free = np.stack([simulate(self.correlation, shape, count, rng) for _ in self.scores], axis=-1)
        if hard is None:
            return _each(self.scores, "back", free @ self.mix.T)
        apart = np.linalg.solve(self.mix, _each(self.scores, "to", _complete(hard)).T)
        kriging = Kriging.of(self.correlation, hard.cells, shape)
        bent = np.stack([kriging.condition(free[..., k], apart[k]) for k in range(len(apart))], axis=-1)
        return hard.put(_each(self.scores, "back", bent @ self.mix.T))


def _each(scores: tuple[NormalScores, ...], way: str, fields: np.ndarray) -> np.ndarray:
    """Every variable by its own map, "to" scores or "back"."""
    return np.stack([getattr(one, way)(fields[..., k]) for k, one in enumerate(scores)], axis=-1)


def _complete(hard: Hard) -> Float[np.ndarray, "datum variable"]:
    values = np.asarray(hard.values, float)
    if not np.isfinite(values).all():
        what = f"{int((~np.isfinite(values)).any(axis=1).sum())} of {len(values)} data lack a variable."
        raise DataError(message(what, where="hard data", fix="give all variables of a cell, or leave it out."))
    return values


@dataclass(frozen=True)
class KrigedFields:
    """Simple or ordinary kriging in the units of the variables.

    Attributes:
        centre: mean of every variable.
        scale: standard deviation of every variable.
        correlation: in space, of all variables.
        ordinary: whether the mean is estimated from the data, or that of the training fields.
    """

    centre: Float[np.ndarray, " variable"]
    scale: Float[np.ndarray, " variable"]
    correlation: Correlation
    ordinary: bool = False

    @classmethod
    def of(cls, fields: Fields, *, ordinary: bool = False) -> KrigedFields:
        """From training fields."""
        cells = fields.reshape(-1, fields.shape[-1])
        correlation = fitted(mean_correlation(fields), fields.shape[1:-1])
        return cls(cells.mean(axis=0), cells.std(axis=0), correlation, ordinary)

    def estimate(self, shape: tuple[int, ...], hard: Hard | None = None) -> tuple[Map, Map]:
        """Mean and variance of every cell, in units and units squared; without data those of the training cells."""
        if hard is None:
            full = np.ones((*shape, 1))
            return full * self.centre, full * self.scale**2
        kriging = Kriging.of(self.correlation, hard.cells, shape, ordinary=self.ordinary)
        values = (_complete(hard) - self.centre) / np.where(self.scale > 0, self.scale, 1.0)
        mean = np.moveaxis(kriging.mean(values.T), 0, -1) * self.scale + self.centre
        return hard.put(mean[None])[0], kriging.variance[..., None] * self.scale**2

    def repeat(self, rng: np.random.Generator, count: int, shape: tuple[int, ...], hard: Hard | None = None) -> Fields:
        """The mean, `count` times: the smooth single answer."""
        mean, _ = self.estimate(shape, hard)
        return np.repeat(mean[None], count, axis=0)

    def draw(self, rng: np.random.Generator, count: int, shape: tuple[int, ...], hard: Hard | None = None) -> Fields:
        """Gaussian draws of every cell by itself: right spread of a cell, no structure between cells."""
        mean, variance = self.estimate(shape, hard)
        return mean + np.sqrt(variance) * rng.normal(size=(count, *mean.shape))


@dataclass(frozen=True)
class Cokriging:
    """Collocated cokriging of one variable with a soft attribute that is known at every cell (Markov model 1).

    Attributes:
        primary, soft: maps of the two to normal scores.
        correlation: in space, of the scores of the primary variable.
        rho: correlation of the two scores at a cell.
    """

    primary: NormalScores
    soft: NormalScores
    correlation: Correlation
    rho: float

    @classmethod
    def of(cls, fields: Fields, attribute: Fields | None) -> Cokriging:
        """From training fields of the variable, and of the attribute on the same grids.

        Raises:
            DataError: the attribute is missing, or of another shape.
        """
        if attribute is None or attribute.shape != fields.shape:
            what = "Collocated cokriging needs the attribute of every training cell."
            raise DataError(message(what, where="geostatistics", fix="fit('cokriging', train, attribute=attribute)"))
        primary, soft = (NormalScores.of(each.reshape(-1)) for each in (fields, attribute))
        gaussian, other = primary.to(fields), soft.to(attribute)
        rho = float(np.corrcoef(gaussian.ravel(), other.ravel())[0, 1])
        correlation = fitted(mean_correlation(gaussian), fields.shape[1:-1])
        return cls(primary, soft, correlation, float(np.clip(rho, -0.999, 0.999)))

    def draw(
        self,
        rng: np.random.Generator,
        count: int,
        shape: tuple[int, ...],
        hard: Hard | None = None,
        attribute: Float[np.ndarray, "*place one"] | None = None,
    ) -> Fields:
        """Fields whose cells have the mean and variance of collocated cokriging, and the pattern of simulation.

        Under Markov model 1 the attribute of a cell tells of the data only through the variable of that cell, so that
        the system of collocated cokriging is the kriging estimate (m, v) updated by the attribute s of the cell:
        1 / w = 1 / v + r^2 / (1 - r^2), mean w (m / v + r s / (1 - r^2)), variance w. A probability field, the error of
        a conditional simulation over its standard deviation, gives the pattern; hard data are honoured.

        Source: Xu et al. (1992), doi:10.2118/24742-MS (Markov model 1); Doyen, den Boer and Pillet (1996),
        doi:10.2118/36498-MS (the update); Froidevaux (1993), doi:10.1007/978-94-011-1739-5 (probability fields).
        """
        free = simulate(self.correlation, shape, count, rng)
        mean, variance = np.zeros(shape), np.ones(shape)
        if hard is not None:
            kriging = Kriging.of(self.correlation, hard.cells, shape)
            scores = self.primary.to(_complete(hard)[:, 0])
            mean, variance = kriging.mean(scores), kriging.variance
            free = kriging.condition(free, np.zeros(len(scores)))
        pattern = np.divide(free, np.sqrt(variance), out=np.zeros_like(free), where=variance > 0)
        if attribute is not None:
            mean, variance = updated(mean, variance, self.soft.to(attribute[..., 0]), self.rho)
        fields = self.primary.back(mean + np.sqrt(variance) * pattern)[..., None]
        return fields if hard is None else hard.put(fields)


def updated(mean: np.ndarray, variance: np.ndarray, soft: np.ndarray, rho: float) -> tuple[np.ndarray, np.ndarray]:
    """Simple kriging of standard scores, updated by a standard soft score of the same cell that correlates by rho.

    >>> tuple(float(x) for x in updated(np.array(0.0), np.array(1.0), np.array(1.0), 0.6))  # rho, 1 - rho^2
    (0.6, 0.64)
    """
    noise = 1 - rho**2
    total = noise + rho**2 * variance
    return (noise * mean + rho * variance * soft) / total, noise * variance / total
