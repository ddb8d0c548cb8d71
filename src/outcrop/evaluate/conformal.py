"""Intervals and sets that hold the truth as often as they say, with whole groups as what is exchangeable.

Rows of one well are alike, so rows are never the unit: each calibration group counts once, however many samples it has,
and one more group is imagined whose scores are infinite. A new group then falls inside with the probability asked for,
if it is like the calibration groups.

Source: Vovk, Gammerman and Shafer (2005); conformalised quantiles: Romano, Patterson and Candes (2019),
arXiv:1905.03222, equation 6; groups: Dunn, Wasserman and Ramdas (2022), doi:10.1080/01621459.2022.2060112, section 3.1
(pooling); sets of classes: Sadinle, Lei and Wasserman (2019), doi:10.1080/01621459.2017.1395341.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from jaxtyping import Float, Int

from outcrop.evaluate.words import count


def fewest_groups(level: float) -> int:
    """Calibration groups needed for a level: with fewer, the imagined group alone would exceed what may be missed.

    >>> fewest_groups(0.9), fewest_groups(0.95)
    (9, 19)
    """
    return ceil(round(level / (1 - level), 9))


@dataclass(frozen=True)
class Calibration:
    """By how much intervals are widened (or, negative, narrowed), or where sets are cut.

    Attributes:
        level: share of true values to be held.
        margin: on the scale of the scores; None where there are too few groups.
        groups: calibration groups.
        noun: what a group is.
        reason: why there is no margin.
    """

    level: float
    margin: float | None
    groups: int
    noun: str = "group"
    reason: str = ""


def calibrate(
    scores: Float[np.ndarray, " sample"], group: Int[np.ndarray, " sample"], level: float, noun: str = "group"
) -> Calibration:
    """The smallest margin that holds `level` of a new group.

    Args:
        scores: how far each true value lies outside its interval (negative inside); 1 - p[true] for classes.
        group: of each sample.
        level: share to be held, e.g. 0.9.
        noun: what a group is called in a sentence.

    >>> calibrate(np.arange(20.0), np.arange(20), 0.9).margin
    18.0
    """
    known = np.isfinite(scores)
    scores, group = np.asarray(scores)[known], np.asarray(group)[known]
    names, member = np.unique(group, return_inverse=True)
    groups, needed = len(names), fewest_groups(level)
    if groups < needed:
        reason = (
            f"no intervals: {level:.0%} ones need {count(needed, noun)} to be calibrated on, and there are {groups}; "
            f"with {groups} at most {groups / (groups + 1):.0%} could be promised"
        )
        return Calibration(level, None, groups, noun, reason)
    margin = quantile_over_groups(scores, member, level * (groups + 1) / groups)
    return Calibration(level, margin, groups, noun)


def quantile_over_groups(
    values: Float[np.ndarray, " sample"], group: Int[np.ndarray, " sample"], level: float
) -> float:
    """The value that, in the mean over groups, a share `level` of their samples does not exceed.

    >>> quantile_over_groups(np.array([1.0, 2.0, 3.0, 4.0]), np.zeros(4, int), 0.5)
    2.0
    """
    order = np.argsort(values, kind="stable")
    weight = 1.0 / np.bincount(group)[group][order]
    reached = np.cumsum(weight) / weight.sum()
    return float(values[order][min(int(np.searchsorted(reached, level - 1e-12)), len(order) - 1)])


def outside(low: np.ndarray, high: np.ndarray, target: np.ndarray) -> np.ndarray:
    """How far each true value lies outside its interval; negative inside.

    >>> outside(np.array([0.0]), np.array([1.0]), np.array([1.5])).tolist()
    [0.5]
    """
    return np.maximum(low - target, target - high)


def missed(probabilities: Float[np.ndarray, "sample class"], target: Int[np.ndarray, " sample"]) -> np.ndarray:
    """1 - the probability of the true class; NaN where there is none."""
    rows = np.arange(len(target))
    return np.where(target >= 0, 1 - probabilities[rows, np.maximum(target, 0)], np.nan)


def sets(probabilities: Float[np.ndarray, "sample class"], margin: float) -> np.ndarray:
    """Which classes belong to the set of each sample: all that are as probable as the margin asks; at least one."""
    inside = 1 - probabilities <= margin + 1e-9
    best = probabilities.argmax(axis=-1)
    inside[np.arange(len(best)), best] = True
    return inside
