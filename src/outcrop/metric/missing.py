"""Which samples a score may rest on: missing targets are skipped and counted, missing predictions are an error."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool

from outcrop.errors import DataError, message


def present(values: np.ndarray) -> Bool[np.ndarray, " sample"]:
    """True where a class index (-1 = missing), a number (NaN = missing) or a row of probabilities is there.

    >>> present(np.array([0, -1, 2])).tolist(), present(np.array([0.5, np.nan])).tolist()
    ([True, False, True], [True, False])
    """
    values = np.asarray(values)
    there = values >= 0 if np.issubdtype(values.dtype, np.integer) else np.isfinite(values)
    return np.all(there.reshape(len(values), -1), axis=1)


def skipped(*, target: np.ndarray) -> int:
    """How many samples a metric skips because their target is missing.

    >>> skipped(target=np.array([1.0, np.nan, 3.0]))
    1
    """
    return int((~present(target)).sum())


def comparable(prediction: np.ndarray, target: np.ndarray) -> Bool[np.ndarray, " sample"]:
    """True where the target is there; raises where it is and the prediction is not.

    Raises:
        DataError: lengths differ, or a sample with a target has no prediction (skipping it would flatter the score).
    """
    if len(prediction) != len(target):
        raise DataError(
            message(
                f"{len(prediction)} predictions cannot be compared with {len(target)} targets.",
                fix="pass one prediction for every target.",
            )
        )
    rows = present(target)
    lost = int((rows & ~present(prediction)).sum())
    if lost:
        raise DataError(
            message(
                f"{lost} of {int(rows.sum())} samples with a target have no prediction; "
                "leaving them out would flatter the score.",
                fix="predict every sample, or set the target of those samples to missing and say so.",
            )
        )
    return rows
