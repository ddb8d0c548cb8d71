"""Scores of predicted numbers: root mean square error, mean absolute error, R2, bias, in the target's own unit.

NaN targets are skipped. The functions that end in `_of_sums` take the six sums of `error_sums` with any leading axes.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int

from outcrop.metric.missing import comparable

Values: TypeAlias = Float[np.ndarray, " sample"]
LEVELS = (0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5,
          0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.975)  # fmt: skip
"""Levels of the quantiles that a distribution is scored by."""
COUNT, ERROR, ABSOLUTE, SQUARE, TARGET, TARGET_SQUARE = range(6)


def error_sums(
    prediction: Values,
    target: Values,
    group: Int[np.ndarray, " sample"],
    groups: int,
    weight: Values | None = None,
    classes: int | None = None,
) -> Float[np.ndarray, "group 6"]:
    """Per group: count, sum of errors, of |errors|, of errors squared, of targets and of targets squared."""
    rows = comparable(prediction, target)
    truth = np.asarray(target, dtype=np.float64)[rows]
    error = np.asarray(prediction, dtype=np.float64)[rows] - truth
    kept = np.ones(len(truth)) if weight is None else np.asarray(weight, dtype=np.float64)[rows]
    which = np.asarray(group)[rows]
    parts = (np.ones_like(truth), error, np.abs(error), error**2, truth, truth**2)
    return np.stack([np.bincount(which, weights=part * kept, minlength=groups) for part in parts], axis=-1)


def _mean(sums: np.ndarray, part: int) -> np.ndarray:
    count = sums[..., COUNT]
    return np.divide(sums[..., part], count, out=np.full(count.shape, np.nan), where=count > 0)


def rmse_of_sums(sums: np.ndarray, *, cost: None = None) -> np.ndarray:
    """Root mean square error from sums (..., 6)."""
    return np.sqrt(_mean(sums, SQUARE))


def mae_of_sums(sums: np.ndarray, *, cost: None = None) -> np.ndarray:
    """Mean absolute error from sums (..., 6)."""
    return _mean(sums, ABSOLUTE)


def bias_of_sums(sums: np.ndarray, *, cost: None = None) -> np.ndarray:
    """Mean error from sums (..., 6)."""
    return _mean(sums, ERROR)


def r2_of_sums(sums: np.ndarray, *, cost: None = None) -> np.ndarray:
    """Coefficient of determination from sums (..., 6); NaN where the target is constant."""
    mean_square = _mean(sums, TARGET_SQUARE)
    variance = mean_square - _mean(sums, TARGET) ** 2
    varies = variance > 1e-12 * mean_square  # below this the difference of the two sums is rounding, not variance
    return 1.0 - np.divide(_mean(sums, SQUARE), variance, out=np.full(variance.shape, np.nan), where=varies)


nse_of_sums = r2_of_sums


def _one_group(prediction: Values, target: Values) -> np.ndarray:
    return error_sums(prediction, target, np.zeros(len(target), dtype=np.int64), 1)[0]


def rmse(*, prediction: Values, target: Values) -> float:
    """Root mean square error in the target's unit; lower is better; missing targets are skipped.

    >>> rmse(prediction=np.array([1.0, 2.0, 9.0]), target=np.array([1.0, 4.0, np.nan])) == 2**0.5
    True
    """
    return float(rmse_of_sums(_one_group(prediction, target)))


def mae(*, prediction: Values, target: Values) -> float:
    """Mean absolute error in the target's unit; lower is better.

    >>> mae(prediction=np.array([1.0, 2.0]), target=np.array([2.0, 5.0]))
    2.0
    """
    return float(mae_of_sums(_one_group(prediction, target)))


def r2(*, prediction: Values, target: Values) -> float:
    """Share of the target's variance explained: 1 is perfect, 0 is the mean of the scored targets, below 0 is worse.

    >>> r2(prediction=np.array([1.0, 2.0, 3.0]), target=np.array([1.0, 2.0, 6.0])).__round__(4)
    0.3571
    """
    return float(r2_of_sums(_one_group(prediction, target)))


def nse(*, prediction: Values, target: Values) -> float:
    """Nash-Sutcliffe efficiency: 1 is perfect, 0 is as good as the mean of the scored targets themselves.

    The same number as `r2`, under the name it has in hydrology. The mean is that of the targets that are scored, not
    that of the training years, so 0 is a little harder to reach than "predict the training mean".

    >>> nse(prediction=np.array([1.0, 2.0, 3.0]), target=np.array([1.0, 2.0, 6.0])).__round__(4)
    0.3571
    """
    return float(nse_of_sums(_one_group(prediction, target)))


def bias(*, prediction: Values, target: Values) -> float:
    """Mean of prediction minus target, in the target's unit; 0 is best, positive means predicted too high.

    >>> bias(prediction=np.array([1.0, 2.0]), target=np.array([2.0, 5.0]))
    -2.0
    """
    return float(bias_of_sums(_one_group(prediction, target)))


def crps_sums(
    prediction: Float[np.ndarray, "sample level"],
    target: Values,
    group: Int[np.ndarray, " sample"],
    groups: int,
    weight: Values | None = None,
    classes: int | None = None,
) -> Float[np.ndarray, "group 2"]:
    """Per group: count, and sum of the scores of quantiles at `LEVELS`; one column is a prediction without spread."""
    rows = comparable(prediction, target)
    values = np.asarray(prediction, dtype=np.float64)[rows]
    score = _crps(values, np.asarray(target, dtype=np.float64)[rows])
    kept = np.ones(len(score)) if weight is None else np.asarray(weight, dtype=np.float64)[rows]
    which = np.asarray(group)[rows]
    return np.stack(
        [np.bincount(which, weights=part * kept, minlength=groups) for part in (np.ones_like(score), score)], axis=-1
    )


def crps_of_sums(sums: np.ndarray, *, cost: None = None) -> np.ndarray:
    """Mean score from sums (..., 2)."""
    return _mean(sums, 1)


def _crps(quantiles: Float[np.ndarray, "sample level"], target: Values) -> Values:
    levels = np.asarray(LEVELS) if quantiles.shape[1] > 1 else np.array([0.5])
    edges = np.concatenate([[0.0], (levels[1:] + levels[:-1]) / 2, [1.0]])
    difference = target[:, None] - quantiles
    return 2 * (np.maximum(levels * difference, (levels - 1) * difference) * np.diff(edges)).sum(axis=1)


def crps(*, prediction: Float[np.ndarray, "sample level"], target: Values) -> float:
    """Continuous ranked probability score from quantiles at `LEVELS`, in the target's unit; lower is better.

    Twice the pinball loss integrated over the levels; of a single value it is the absolute error.
    Source: Gneiting and Ranjan (2011), doi:10.1198/jbes.2010.08110, equation 13.

    >>> crps(prediction=np.full((1, len(LEVELS)), 3.0), target=np.array([5.0])).__round__(2)
    2.0
    """
    return float(crps_of_sums(crps_sums(prediction, target, np.zeros(len(target), dtype=np.int64), 1)[0]))
