"""Facies drawn by the two classical models: a Markov chain along a log, and a Gaussian field cut at thresholds.

Facies are codes from 0 on, `(realisation, *place, 1)`. Both honour hard data exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from outcrop.evaluate.gaussian_fields import LITTLE, Correlation, Kriging, fitted, simulate
from outcrop.metric.conditional import Hard
from outcrop.metric.spatial import lags, shifted

Facies = Int[np.ndarray, "realisation *place one"]

SWEEPS = 200


@dataclass(frozen=True)
class MarkovChain:
    """A stationary chain of facies along a log, from cell to cell.

    Attributes:
        matrix: P(next cell is j | this one is i), rows add to 1.
        start: P(first cell is i): the stationary distribution.
    """

    matrix: Float[np.ndarray, "kind kind"]
    start: Float[np.ndarray, " kind"]

    @classmethod
    def of(cls, logs: Facies, classes: int) -> MarkovChain:
        """Transition frequencies of logs, with one cell in all spread over each row, so that nothing is impossible.

        Source: Krumbein and Dacey (1969), doi:10.1007/BF02047072.
        """
        here, there = shifted(logs[..., 0], 0, 1)
        counts = np.bincount((here * classes + there).ravel(), minlength=classes**2).reshape(classes, classes)
        counts = counts + 1 / classes
        return cls.from_matrix(counts / counts.sum(axis=1, keepdims=True))

    @classmethod
    def from_matrix(cls, matrix: Float[np.ndarray, "kind kind"]) -> MarkovChain:
        """A chain that starts from its stationary distribution, p = p P.

        >>> MarkovChain.from_matrix(np.array([[0.9, 0.1], [0.3, 0.7]])).start.round(4).tolist()
        [0.75, 0.25]
        """
        size = len(matrix)
        system = np.vstack([matrix.T - np.eye(size), np.ones((1, size))])
        start = np.linalg.lstsq(system, np.append(np.zeros(size), 1.0), rcond=None)[0]
        return cls(matrix, np.maximum(start, 0) / np.maximum(start, 0).sum())

    def draw(self, rng: np.random.Generator, count: int, shape: tuple[int, ...], hard: Hard | None = None) -> Facies:
        """Logs of length shape[0], drawn exactly from the chain given hard data.

        Source: filter forward, sample backward: Rabiner (1989), doi:10.1109/5.18626, section III.A, with observations
        that name the state; Fruhwirth-Schnatter (2006), doi:10.1007/978-0-387-35768-3, chapter 11.
        """
        (length,) = shape
        evidence = np.ones((length, len(self.start)))
        if hard is not None:
            places = np.asarray(hard.cells)[:, 0]
            evidence[places] = np.arange(len(self.start)) == np.asarray(hard.values)
        forward = np.empty_like(evidence)
        for place in range(length):
            ahead = self.start if place == 0 else forward[place - 1] @ self.matrix
            forward[place] = ahead * evidence[place]
            forward[place] /= forward[place].sum()
        logs = np.empty((count, length), np.int64)
        logs[:, -1] = _pick(np.tile(forward[-1], (count, 1)), rng)
        for place in range(length - 2, -1, -1):
            logs[:, place] = _pick(forward[place] * self.matrix[:, logs[:, place + 1]].T, rng)
        return logs[..., None]


def _pick(weights: Float[np.ndarray, "row kind"], rng: np.random.Generator) -> Int[np.ndarray, " row"]:
    """One class per row, in proportion to the weights."""
    upto = weights.cumsum(axis=1)
    return (rng.random((len(weights), 1)) * upto[:, -1:] >= upto).sum(axis=1)


@dataclass(frozen=True)
class TruncatedGaussian:
    """Facies k where a Gaussian field lies between thresholds k and k + 1: classes touch in the order of their codes.

    Attributes:
        edges: thresholds, from -inf to inf, one more than there are classes.
        correlation: of the Gaussian field.
    """

    edges: Float[np.ndarray, " edge"]
    correlation: Correlation

    @classmethod
    def of(cls, images: Facies, classes: int) -> TruncatedGaussian:
        """Thresholds from the proportions; the correlation from P(same class) at every lag, which grows with it.

        Source: Matheron et al. (1987), doi:10.2118/16753-MS; Armstrong et al. (2011), doi:10.1007/978-3-642-19607-2,
        chapter 6, for the relation of indicator variograms and the correlation of the field.
        """
        from scipy.special import ndtri

        facies, shape = images[..., 0], images.shape[1:-1]
        counts = np.bincount(facies.ravel(), minlength=classes) + 0.5  # nothing is impossible
        edges = np.concatenate([[-np.inf], ndtri(counts.cumsum()[:-1] / counts.sum()), [np.inf]])
        same = np.array([np.mean(np.equal(*shifted(facies, axis, lag))) for axis, lag in lags(shape)])
        steps = np.linspace(-0.5, 0.999, 300)
        expected = np.array([probability_same(edges, rho) for rho in steps])
        return cls(edges, fitted(np.interp(same, expected, steps), shape))

    def draw(self, rng: np.random.Generator, count: int, shape: tuple[int, ...], hard: Hard | None = None) -> Facies:
        """Images of facies, `(realisation, *place, 1)`.

        Given hard data the field is drawn at the data first, by Gibbs sampling between their thresholds, then
        everywhere given the field there.

        Source: Freulon and de Fouquet (1993), Conditioning a Gaussian model with inequalities, Geostatistics Troia '92,
        doi:10.1007/978-94-011-1739-5.
        """
        field = simulate(self.correlation, shape, count, rng)
        if hard is not None:
            cells, codes = np.asarray(hard.cells), np.asarray(hard.values)[:, 0].astype(int)
            between = self.correlation.between(cells, cells)
            values = gibbs(between, self.edges[codes], self.edges[codes + 1], count, rng)
            field = Kriging.of(self.correlation, cells, shape).condition(field, values)
        facies = np.searchsorted(self.edges[1:-1], field, side="right")[..., None]
        return facies if hard is None else hard.put(facies)


def probability_same(edges: Float[np.ndarray, " edge"], rho: float) -> float:
    """P(two standard Gaussians of correlation rho lie in one class), summed over a fine grid of the first.

    >>> round(probability_same(np.array([-np.inf, 0.0, np.inf]), 0.5), 4)  # 1/2 + arcsin(1/2) / pi
    0.6667
    """
    from scipy.special import ndtr

    x = np.linspace(-6, 6, 1201)
    density = np.exp(-np.square(x) / 2) / np.sqrt(2 * np.pi)
    root = np.sqrt(1 - rho**2)
    upto = ndtr((edges[:, None] - rho * x) / root)
    kind = np.searchsorted(edges[1:-1], x, side="right")
    inside = np.take_along_axis(np.diff(upto, axis=0), kind[None], axis=0)[0]
    return float((density * inside).sum() * (x[1] - x[0]))


def gibbs(
    covariance: Float[np.ndarray, "datum datum"],
    low: Float[np.ndarray, " datum"],
    high: Float[np.ndarray, " datum"],
    count: int,
    rng: np.random.Generator,
    sweeps: int = SWEEPS,
) -> Float[np.ndarray, "realisation datum"]:
    """Draws of N(0, covariance) between bounds: `count` chains side by side, each from its own start.

    Source: Geweke (1991), Efficient simulation from the multivariate normal subject to linear constraints, Computing
    Science and Statistics 23, 571-578.
    """
    size = len(covariance)
    precision = np.linalg.inv(covariance + LITTLE * np.eye(size))
    spread = 1 / np.sqrt(np.diag(precision))
    values = _between(np.tile(low, (count, 1)), np.tile(high, (count, 1)), rng)
    for _ in range(sweeps):
        for one in range(size):
            mean = values[:, one] - (values @ precision[one]) * spread[one] ** 2
            drawn = _between((low[one] - mean) / spread[one], (high[one] - mean) / spread[one], rng)
            values[:, one] = np.clip(mean + spread[one] * drawn, low[one], high[one])
    return values


def _between(low: np.ndarray, high: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Standard Gaussians between bounds; from the tail in which both lie, so that digits are not lost."""
    from scipy.special import log_ndtr, ndtri_exp

    flip = low > 0
    low, high = np.where(flip, -high, low), np.where(flip, -low, high)
    first, last = log_ndtr(low), log_ndtr(high)
    share = rng.random(low.shape)
    with np.errstate(divide="ignore"):
        drawn = ndtri_exp(last + np.log(share + (1 - share) * np.exp(first - last)))
    return np.where(flip, -drawn, drawn)
