"""How often intervals and sets held the true value, over all samples and in each group: the entry of metrics.json."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from outcrop.evaluate import words
from outcrop.evaluate.conformal import Calibration, fewest_groups
from outcrop.evaluate.resample import Units


def coverage(
    inside: Bool[np.ndarray, " sample"],
    size: Float[np.ndarray, " sample"],
    units: Units,
    calibration: Calibration,
    *,
    method: str,
    sets: bool,
) -> dict[str, Any]:
    """The entry: level, coverage pooled and by group, mean width (or number of classes), or why there is none.

    Args:
        inside: whether the true value of each scored sample was held.
        size: width of each interval in the target's unit (NaN where there is none), or classes in each set (0 where
            there is none): folds that had too few groups to be calibrated on do not count.
        units: the groups that the promise speaks of.
        calibration: what the last fold was calibrated with.
        method: how, in words.
        sets: sets of classes in place of intervals.
    """
    entry: dict[str, Any] = {"level": calibration.level, "kind": "sets" if sets else "intervals", "method": method}
    entry |= {"calibration_groups": calibration.groups, "noun": calibration.noun}
    if calibration.margin is None:
        return entry | {"reason": calibration.reason}
    there = size > 0 if sets else np.isfinite(size)
    if not there.any():
        needed = words.count(fewest_groups(calibration.level), calibration.noun)
        reason = (
            f"no {entry['kind']} of held-out samples: {calibration.level:.0%} ones need {needed} beside those that a "
            f"fold holds out; those of the model file are calibrated on all {calibration.groups} and were never tested"
        )
        return entry | {"reason": reason}
    inside, member, size = np.asarray(inside)[there], units.member[there], np.asarray(size)[there]
    count = np.bincount(member, minlength=len(units))
    share = np.bincount(member, weights=inside, minlength=len(units)) / np.maximum(count, 1)
    known = count > 0
    low, middle, high = np.quantile(share[known], [0.25, 0.5, 0.75])
    entry |= {
        "coverage": float(inside.mean()),
        "groups": int(known.sum()),
        "median": float(middle),
        "quarter": float(low),
        "three_quarters": float(high),
        "lowest": float(share[known].min()),
        "mean_size": float(np.mean(size)),
        "per_group": [
            {"group": name, "samples": int(n), "coverage": float(c)}
            for name, n, c in zip(units.labels, count, share, strict=True)
            if n
        ],
    }
    return entry


def reliability(
    quantiles: Float[np.ndarray, "sample level"], target: Float[np.ndarray, " sample"], levels: np.ndarray
) -> list[dict[str, float]]:
    """For each level, the share of true values below that quantile: honest distributions follow the diagonal."""
    known = np.isfinite(target) & np.isfinite(quantiles).all(axis=1)
    below = target[known, None] <= quantiles[known]
    return [{"level": float(q), "share": float(s)} for q, s in zip(levels, below.mean(axis=0), strict=True)]
