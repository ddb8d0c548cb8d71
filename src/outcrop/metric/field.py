"""The score of predicted fields: the error of every whole field against its size.

A field is what one record holds: a simulation, a map. NaN targets are skipped.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from outcrop.metric.missing import comparable

Values = Float[np.ndarray, " sample"]


def relative_l2_sums(
    prediction: Values,
    target: Values,
    group: Int[np.ndarray, " sample"],
    groups: int,
    weight: Values | None = None,
    classes: int | None = None,
    *,
    field: Int[np.ndarray, " sample"] | None = None,
) -> Float[np.ndarray, "group 2"]:
    """Per group: number of fields, and sum of their relative errors; a field that is 0 everywhere does not count.

    `field` numbers the field of every sample; without it each group is one field. A field in several groups counts in
    each of them by what it has there.
    """
    rows = comparable(prediction, target)
    truth = np.asarray(target, dtype=np.float64)[rows]
    error = np.asarray(prediction, dtype=np.float64)[rows] - truth
    kept = np.ones(len(truth)) if weight is None else np.asarray(weight, dtype=np.float64)[rows]
    group = np.asarray(group)[rows]
    own = np.zeros(len(group), np.int64) if field is None else np.asarray(field)[rows]
    fields = int(own.max(initial=0)) + 1
    pairs, which = np.unique(group * fields + own, return_inverse=True)
    squares, sizes = (np.bincount(which, kept * part**2, minlength=len(pairs)) for part in (error, truth))
    counts = sizes > 0
    ratio = np.sqrt(np.divide(squares, sizes, out=np.zeros_like(sizes), where=counts))
    return np.stack([np.bincount(pairs // fields, part, minlength=groups) for part in (counts, ratio)], axis=-1)


def relative_l2_of_sums(sums: np.ndarray, *, cost: None = None) -> np.ndarray:
    """Mean relative error from sums (..., 2); NaN without a field."""
    count = sums[..., 0]
    return np.divide(sums[..., 1], count, out=np.full(count.shape, np.nan), where=count > 0)


def relative_l2(*, prediction: Values, target: Values, field: Int[np.ndarray, " sample"] | None = None) -> float:
    """Mean over fields of |prediction - target| / |target|, a pure number; 0 is best, 1 is as bad as saying 0.

    Source: Li et al. (2021), arXiv:2010.08895, section 5.

    >>> relative_l2(prediction=np.array([3.0, 5.0]), target=np.array([3.0, 4.0]))
    0.2
    """
    one = np.zeros(len(target), dtype=np.int64)
    return float(relative_l2_of_sums(relative_l2_sums(prediction, target, one, 1, field=field)[0]))
