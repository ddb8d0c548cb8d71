"""Scores of a detector: how well a number tells unusual samples from usual ones, whatever the threshold."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float


def auroc(*, score: Float[np.ndarray, " sample"], unusual: Bool[np.ndarray, " sample"]) -> float:
    """Area under the receiver operating characteristic: P(score of an unusual sample > that of a usual one).

    Ties count half; 0.5 is chance. NaN scores are skipped; NaN where one of the two kinds is absent.

    Source: Hanley and McNeil (1982), doi:10.1148/radiology.143.1.7063747: the Mann-Whitney statistic, from mean ranks.

    >>> auroc(score=np.array([0.1, 0.4, 0.4, 0.9]), unusual=np.array([False, False, True, True]))  # (2 + 1.5) / 4
    0.875
    """
    from scipy.stats import rankdata

    known = np.isfinite(score)
    score, unusual = np.asarray(score)[known], np.asarray(unusual, bool)[known]
    many, few = int((~unusual).sum()), int(unusual.sum())
    if not many or not few:
        return float("nan")
    return float((rankdata(score)[unusual].sum() - few * (few + 1) / 2) / (many * few))


def alarm_rate(*, score: Float[np.ndarray, " sample"], threshold: float) -> float:
    """Share of samples above a threshold; NaN scores are skipped.

    >>> alarm_rate(score=np.array([1.0, 2.0, 3.0, np.nan]), threshold=2.5) == 1 / 3
    True
    """
    known = np.isfinite(score)
    return float((np.asarray(score)[known] > threshold).mean()) if known.any() else float("nan")
