"""The energy score: how well an ensemble says what was found, of whole examples, in the units of the values.

    ES = mean_j |x - s_j| - 1/2 mean_{j != k} |s_j - s_k|,    |.| the root mean square over the numbers of an example

It is proper: on average no ensemble does better than draws from the true distribution. Of one ensemble for all examples
(nothing is told of them), the difference of two contenders is half the difference of their energy distances to the
truth; of one number per example it is the CRPS of the ensemble, in its fair form.

Source: Gneiting and Raftery (2007), doi:10.1198/016214506000001437, section 4.3; the fair form: Ferro (2014),
doi:10.1002/qj.2270.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from outcrop.metric.copies import mean_pairwise
from outcrop.metric.distances import pairwise
from outcrop.metric.regression import bias, bias_of_sums


def energy_scores(
    *, samples: Float[np.ndarray, "example realisation number"], truth: Float[np.ndarray, "example number"]
) -> Float[np.ndarray, " example"]:
    """The score of the ensemble of every example, of two realisations at least; lower is better.

    >>> energy_scores(samples=np.array([[[0.0], [2.0]]]), truth=np.array([[1.0]]))  # 1 - 2 / 2
    array([0.])
    """
    root = np.sqrt(truth.shape[-1])
    near = np.array([pairwise(own[None], drawn).mean() for own, drawn in zip(truth, samples, strict=True)])
    spread = np.array([mean_pairwise(drawn) for drawn in samples])
    return (near - 0.5 * spread) / root


def energy_scores_of_one(
    *, samples: Float[np.ndarray, "realisation number"], truth: Float[np.ndarray, "example number"]
) -> Float[np.ndarray, " example"]:
    """The score of one ensemble, of two realisations at least, for all examples."""
    return (pairwise(truth, samples).mean(axis=1) - 0.5 * mean_pairwise(samples)) / np.sqrt(truth.shape[-1])


def energy_score(*, prediction: np.ndarray, target: np.ndarray) -> float:
    """The mean of the scores of examples (`prediction`), above that of the best there can be (`target`, 0)."""
    return bias(prediction=prediction, target=target)


energy_score_of_sums = bias_of_sums
