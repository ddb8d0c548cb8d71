"""What averages do not see: samples that copy training data, copies of one another, and modes that are never drawn.

Realisations are rows `(realisation, feature)`, scaled so that the Euclidean distance of two of them means something.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Integer

from outcrop.metric.distances import pairwise

Rows = Float[np.ndarray, "realisation feature"]

NEIGHBOURS = 50
QUANTILE = 0.05
COMPONENTS = 10


def nearness(rows: Rows, train: Rows) -> Float[np.ndarray, " realisation"]:
    """Distance to the nearest training row over the mean distance to the nearest 50 (or all): 0 is a copy, 1 is far.

    The ratio, unlike the distance, stays as it is where samples are too smooth, which brings them closer to everything.

    Source: Carlini et al. (2023), arXiv:2301.13188, Extracting training data from diffusion models.

    >>> nearness(np.array([[0.0]]), np.array([[1.0], [3.0]])).tolist()  # 1 / 2
    [0.5]
    """
    count = min(NEIGHBOURS, len(train))
    near = np.sort(np.partition(pairwise(rows, train), count - 1, axis=1)[:, :count], axis=1)
    mean = near.mean(axis=1)
    return np.divide(near[:, 0], mean, out=np.zeros(len(rows)), where=mean > 0)


def share_near(
    samples: Float[np.ndarray, " realisation"], real: Float[np.ndarray, " other"], quantile: float = QUANTILE
) -> float:
    """Share of samples nearer to training than the 5 % quantile of held-out real ones; expected 0.05, lower is better.

    Source: Meehan, Chaudhuri and Dasgupta (2020), AISTATS, arXiv:2004.05675, whose test compares the same two sets of
    distances.

    >>> share_near(np.array([0.1, 0.9]), np.linspace(0.5, 1.5, 21))
    0.5
    """
    return float((samples < np.quantile(real, quantile)).mean())


def nearer_than_real(samples: Float[np.ndarray, " realisation"], real: Float[np.ndarray, " other"]) -> float:
    """P(a sample is nearer to training than a held-out real one), ties half; expected 0.5, lower is better.

    Source: Meehan, Chaudhuri and Dasgupta (2020), arXiv:2004.05675: the Mann-Whitney statistic of the two sets.

    >>> nearer_than_real(np.array([1.0, 3.0]), np.array([2.0, 4.0]))
    0.75
    """
    from outcrop.metric.detection import auroc

    unusual = np.arange(len(samples) + len(real)) >= len(samples)
    return auroc(score=np.concatenate([samples, real]), unusual=unusual)


def mean_pairwise(rows: Rows) -> float:
    """Mean distance of two different rows.

    >>> mean_pairwise(np.array([[0.0], [1.0], [2.0]]))  # 1, 1 and 2
    1.3333333333333333
    """
    return float(pairwise(rows, rows)[np.triu_indices(len(rows), 1)].mean())


def diversity(samples: Rows, real: Rows) -> float:
    """Mean pairwise distance of the samples over that of real ones: 1 is right, near 0 a single answer.

    Source: the two sides of the energy distance, Szekely and Rizzo (2013), doi:10.1016/j.jspi.2013.03.018.
    """
    return mean_pairwise(samples) / max(mean_pairwise(real), 1e-12)


def nearest_other(samples: Rows, real: Rows) -> float:
    """Median distance to the nearest other sample over the same of real ones: 1 is right, near 0 are copies.

    Both sets are cut to one size, since neighbours come closer the more there are; a thousandth of the mean pairwise
    distance of `real` is added above and below, so that facies that recur in truth do not divide by 0.

    Source: the birthday test of Arora and Zhang (2017), arXiv:1706.08224, by distances.
    """
    size = min(len(samples), len(real))
    little = 1e-3 * max(mean_pairwise(real), 1e-12)
    own, other = (_nearest(rows[:size]) for rows in (samples, real))
    return (own + little) / (other + little)


def _nearest(rows: Rows) -> float:
    distance = pairwise(rows, rows)
    np.fill_diagonal(distance, np.inf)
    return float(np.median(distance.min(axis=1)))


@dataclass(frozen=True)
class Modes:
    """Clusters of reference rows: k-means on their leading principal components.

    Attributes:
        scores: fitted `sklearn.decomposition.PCA`.
        clusters: fitted `sklearn.cluster.KMeans`.
    """

    scores: Any
    clusters: Any

    @classmethod
    def of(cls, rows: Rows, count: int | None = None, seed: int = 0) -> Modes:
        """Modes of some rows; by default one per 15 rows, between 2 and 10.

        Source: Richardson and Weiss (2018), arXiv:1805.12462, section 2, with principal components before k-means.
        """
        from sklearn.cluster import KMeans
        from sklearn.decomposition import PCA

        count = count or int(np.clip(len(rows) // 15, 2, 10))
        scores = PCA(min(COMPONENTS, *rows.shape), random_state=seed).fit(rows)
        clusters = KMeans(min(count, len(rows)), n_init=4, random_state=seed).fit(scores.transform(rows))
        return cls(scores, clusters)

    def shares(self, rows: Rows) -> Float[np.ndarray, "realisation mode"]:
        """The mode of every row, one-hot: the mean over rows is the share of each mode."""
        mode = self.clusters.predict(self.scores.transform(rows))
        return one_hot(mode, self.clusters.n_clusters)


def one_hot(codes: Integer[np.ndarray, " row"], count: int) -> Float[np.ndarray, "row kind"]:
    """Indicator columns of codes, for modes that have names of their own."""
    return (codes[:, None] == np.arange(count)).astype(float)


def missing_modes(samples: Float[np.ndarray, "row mode"], real: Float[np.ndarray, "other mode"]) -> float:
    """Number of modes that hold real rows and of the samples less than a tenth of that share; lower is better.

    Source: Srivastava et al. (2017), arXiv:1705.07761 (modes captured), with a share for a count.

    >>> missing_modes(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    1.0
    """
    expected = real.mean(axis=0)
    return float(((expected > 0) & (samples.mean(axis=0) < 0.1 * expected)).sum())
