"""How unusual a sample is: its error of reconstruction against the usual one, and from where on it is flagged.

Only samples of validation groups, which the network was not fitted on, say what is usual. Source: Sakurada and Yairi
(2014), doi:10.1145/2689746.2689747, for reconstruction error as a score; the threshold is a quantile over groups.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from outcrop.evaluate.conformal import quantile_over_groups


@dataclass(frozen=True)
class Usual:
    """What is usual.

    Attributes:
        spread: root mean square error of every reconstructed variable, standard units.
        threshold: score above which a sample is flagged; NaN where there was nothing to calibrate on.
        false_alarms: share of usual samples that the threshold is meant to flag.
        groups: how many groups it rests on.
    """

    spread: tuple[float, ...]
    threshold: float
    false_alarms: float
    groups: int

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Usual:
        """The inverse of `asdict`, after JSON: a threshold that is not known is null there."""
        known = told["threshold"] is not None
        threshold = float(told["threshold"]) if known else float("nan")
        return cls(tuple(told["spread"]), threshold, told["false_alarms"], told["groups"])

    def score(self, error: Float[np.ndarray, "sample variable"]) -> Float[np.ndarray, " sample"]:
        """Root mean square over the present variables of error / usual error; 1 is usual; NaN where none is present."""
        ratio = np.square(np.asarray(error, np.float64) / np.asarray(self.spread))
        known = np.isfinite(ratio)
        count = known.sum(axis=1)
        mean = np.divide(np.where(known, ratio, 0).sum(axis=1), count, out=np.full(len(ratio), np.nan), where=count > 0)
        return np.sqrt(mean)

    def flags(self, score: Float[np.ndarray, " sample"]) -> Float[np.ndarray, " sample"]:
        """1 above the threshold, 0 below, NaN where there is no score or no threshold."""
        known = np.isfinite(score) & np.isfinite(self.threshold)
        return np.where(known, (score > self.threshold).astype(float), np.nan)


def calibrated(
    error: Float[np.ndarray, "sample variable"], group: Int[np.ndarray, " sample"], false_alarms: float
) -> Usual:
    """What is usual among held-out samples.

    Args:
        error: reconstruction less value, standard units; NaN where missing.
        group: what the promise holds out (well, station); each counts alike, however long.
        false_alarms: share of usual samples to be flagged.

    >>> calibrated(np.array([[1.0], [-1.0], [1.0], [-1.0]]), np.zeros(4, int), 0.25).spread
    (1.0,)
    """
    square = np.square(np.asarray(error, np.float64))
    count = np.isfinite(square).sum(axis=0)
    total = np.where(np.isfinite(square), square, 0).sum(axis=0)
    spread = np.sqrt(np.divide(total, count, out=np.ones(len(count)), where=count > 0))
    usual = Usual(tuple(np.where(spread > 0, spread, 1.0).tolist()), float("nan"), false_alarms, 0)
    score = usual.score(error)
    known = np.isfinite(score)
    if not known.any():
        return usual
    names, which = np.unique(np.asarray(group)[known], return_inverse=True)
    threshold = quantile_over_groups(score[known], which, 1 - false_alarms)
    return Usual(usual.spread, threshold, false_alarms, len(names))
