"""From two sets of rows to one number: the second half of the metrics of `ensembles.ENSEMBLE_METRICS`.

Each function is `(samples, real) -> float` on rows of `reduced`; most are distances of this room on rows as they are.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from outcrop.metric import distances

Rows = Float[np.ndarray, "realisation *what"]


def mean_shift(samples: Rows, real: Rows) -> float:
    """Mean over variables of |difference of the means|, in real standard deviations."""
    return float(np.abs(samples[:, 0].mean(axis=0) - real[:, 0].mean(axis=0)).mean())


def spread_error(samples: Rows, real: Rows) -> float:
    """Mean over variables of |ln(standard deviation of samples / of real)|, over all cells of all realisations.

    >>> rows = lambda *cells: np.array([[[np.mean(cells)], [np.mean(np.square(cells))]]])
    >>> round(spread_error(rows(0.0, 1.0), rows(0.0, 2.0)), 4)  # ln 2
    0.6931
    """
    first, second = (_variance(rows) for rows in (samples, real))
    return float(np.abs(np.log(first / second)).mean() / 2)


def _variance(rows: Rows) -> np.ndarray:
    return np.maximum(rows[:, 1].mean(axis=0) - np.square(rows[:, 0].mean(axis=0)), 1e-12)


def cell_wasserstein(samples: Rows, real: Rows) -> float:
    """`distances.wasserstein_1` of all cells, in real standard deviations."""
    return distances.wasserstein_1(samples=_pooled(samples), real=_pooled(real))


def cell_ks(samples: Rows, real: Rows) -> float:
    """`distances.kolmogorov_smirnov` of all cells."""
    return distances.kolmogorov_smirnov(samples=_pooled(samples), real=_pooled(real))


def cell_sliced(samples: Rows, real: Rows) -> float:
    """`distances.sliced_wasserstein_2` of all cells, the variables of a cell together: the cross-plot."""
    return distances.sliced_wasserstein_2(samples=_pooled(samples), real=_pooled(real))


def _pooled(rows: Rows) -> np.ndarray:
    return rows.reshape(-1, rows.shape[-1])


def whole_energy(samples: Rows, real: Rows) -> float:
    """`distances.energy_distance` of whole realisations."""
    return distances.energy_distance(samples=samples, real=real)


def whole_mmd(samples: Rows, real: Rows) -> float:
    """`distances.mmd` of whole realisations."""
    return distances.mmd(samples=samples, real=real)


def whole_sliced(samples: Rows, real: Rows) -> float:
    """`distances.sliced_wasserstein_2` of whole realisations."""
    return distances.sliced_wasserstein_2(samples=samples, real=real)


def row_wasserstein(samples: Rows, real: Rows) -> float:
    """`distances.wasserstein_1` of one number per realisation and class; the mean over classes."""
    return distances.wasserstein_1(samples=samples, real=real)
