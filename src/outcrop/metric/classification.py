"""Scores of class predictions: confusion matrix, accuracy, macro F1, mean IoU, mean penalty, log loss.

Classes are indices 0 .. classes-1, -1 = missing. A confusion matrix is [true, predicted] everywhere. The functions that
end in `_of_sums` take sums with any leading axes, so that they also work on thousands of resampled matrices at once.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int

from outcrop.metric.missing import comparable

Labels: TypeAlias = Int[np.ndarray, " sample"]
Probabilities: TypeAlias = Float[np.ndarray, "sample class"]
Cost: TypeAlias = Float[np.ndarray, "true predicted"]

SMALLEST_PROBABILITY = 1e-7
"""Probabilities are clipped here in the log loss; a baseline that rules a class out pays 16.1 for it, not infinity."""


def confusion_sums(
    prediction: Labels,
    target: Labels,
    group: Labels,
    groups: int,
    weight: Float[np.ndarray, " sample"] | None = None,
    classes: int | None = None,
) -> Float[np.ndarray, "group true predicted"]:
    """One confusion matrix per group of samples; samples without a target are left out."""
    prediction, target, group = np.asarray(prediction), np.asarray(target), np.asarray(group)
    rows = comparable(prediction, target)
    prediction, target, group = prediction[rows], target[rows], group[rows]
    size = classes or int(max(prediction.max(initial=0), target.max(initial=0))) + 1
    cell = (group.astype(np.int64) * size + target) * size + prediction
    kept = None if weight is None else np.asarray(weight, dtype=np.float64)[rows]
    return (
        np.bincount(cell, weights=kept, minlength=groups * size * size).reshape(groups, size, size).astype(np.float64)
    )


def confusion_matrix(
    *, prediction: Labels, target: Labels, classes: int | None = None
) -> Float[np.ndarray, "true predicted"]:
    """Counts of samples by true class (rows) and predicted class (columns).

    >>> confusion_matrix(prediction=np.array([0, 1, 1]), target=np.array([0, 0, 1])).tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    return confusion_sums(prediction, target, np.zeros(len(target), dtype=np.int64), 1, None, classes)[0]


def _divide(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """top / bottom, NaN where nothing was counted."""
    return np.divide(top, bottom, out=np.full(np.broadcast_shapes(top.shape, bottom.shape), np.nan), where=bottom > 0)


def _diagonal(confusion: np.ndarray) -> np.ndarray:
    return np.diagonal(confusion, axis1=-2, axis2=-1)


def _mean_over_observed(values: np.ndarray, confusion: np.ndarray) -> np.ndarray:
    """Mean over the classes that occur in the target."""
    observed = confusion.sum(axis=-1) > 0
    return _divide(np.where(observed, values, 0.0).sum(axis=-1), observed.sum(axis=-1).astype(np.float64))


def accuracy_of_sums(confusion: np.ndarray, *, cost: Cost | None = None) -> np.ndarray:
    """Share of correct samples, from confusion matrices (..., true, predicted)."""
    return _divide(_diagonal(confusion).sum(axis=-1), confusion.sum(axis=(-2, -1)))


def balanced_accuracy_of_sums(confusion: np.ndarray, *, cost: Cost | None = None) -> np.ndarray:
    """Mean recall over the classes that occur in the target."""
    return _mean_over_observed(_divide(_diagonal(confusion), confusion.sum(axis=-1)), confusion)


def f1_of_sums(confusion: np.ndarray) -> np.ndarray:
    """F1 of every class (..., class): 2 TP / (true + predicted), 0 for a class never found, NaN if in neither."""
    return _divide(2.0 * _diagonal(confusion), confusion.sum(axis=-1) + confusion.sum(axis=-2))


def macro_f1_of_sums(confusion: np.ndarray, *, cost: Cost | None = None) -> np.ndarray:
    """Mean F1 over the classes that occur in the target."""
    return _mean_over_observed(f1_of_sums(confusion), confusion)


def iou_of_sums(confusion: np.ndarray) -> np.ndarray:
    """Overlap of every class (..., class): TP / (true + predicted - TP), 0 for one never found, NaN if in neither."""
    hits = _diagonal(confusion)
    return _divide(hits, confusion.sum(axis=-1) + confusion.sum(axis=-2) - hits)


def mean_iou_of_sums(confusion: np.ndarray, *, cost: Cost | None = None) -> np.ndarray:
    """Mean intersection over union over the classes that occur in the target."""
    return _mean_over_observed(iou_of_sums(confusion), confusion)


def expected_cost_of_sums(confusion: np.ndarray, *, cost: Cost | None = None) -> np.ndarray:
    """Mean of cost[true, predicted] over the samples."""
    return _divide((confusion * np.asarray(cost)).sum(axis=(-2, -1)), confusion.sum(axis=(-2, -1)))


def accuracy(*, prediction: Labels, target: Labels) -> float:
    """Share of samples whose class is right; 0 to 1, higher is better; missing targets are skipped.

    >>> accuracy(prediction=np.array([0, 1, 1, 1]), target=np.array([0, 0, 1, -1]))
    0.6666666666666666
    """
    return float(accuracy_of_sums(confusion_matrix(prediction=prediction, target=target)))


def balanced_accuracy(*, prediction: Labels, target: Labels) -> float:
    """Mean recall over the classes that occur in the target; a majority guess scores 1 / classes.

    >>> balanced_accuracy(prediction=np.array([0, 0, 0, 0]), target=np.array([0, 0, 0, 1]))
    0.5

    Source: Sokolova and Lapalme (2009), doi:10.1016/j.ipm.2009.03.002.
    """
    return float(balanced_accuracy_of_sums(confusion_matrix(prediction=prediction, target=target)))


def macro_f1(*, prediction: Labels, target: Labels) -> float:
    """Mean F1 over the classes that occur in the target; 0 to 1, higher is better.

    >>> round(macro_f1(prediction=np.array([0, 0, 1]), target=np.array([0, 1, 1])), 4)
    0.6667

    Source: Sokolova and Lapalme (2009). Unlike scikit-learn's default, a class that is predicted and never observed
    adds no zero of its own: every contender is averaged over the same classes, so that differences compare like with
    like.
    """
    return float(macro_f1_of_sums(confusion_matrix(prediction=prediction, target=target)))


def mean_iou(*, prediction: Labels, target: Labels) -> float:
    """Mean intersection over union over the classes that occur in the target; 0 to 1, higher is better.

    >>> mean_iou(prediction=np.array([0, 0, 1]), target=np.array([0, 1, 1]))
    0.5

    Source: Long, Shelhamer and Darrell (2015), section 5, doi:10.1109/CVPR.2015.7298965, from pooled counts of pixels;
    here over observed classes, as in `macro_f1`.
    """
    return float(mean_iou_of_sums(confusion_matrix(prediction=prediction, target=target)))


def expected_cost(*, prediction: Labels, target: Labels, cost: Cost) -> float:
    """Mean penalty cost[true, predicted], in the unit of the cost matrix; lower is better, 0 is perfect.

    >>> expected_cost(prediction=np.array([0, 1]), target=np.array([0, 0]), cost=np.array([[0.0, 3.0], [1.0, 0.0]]))
    1.5

    Source: FORCE 2020 contest, doi:10.5281/zenodo.4351156, whose score is the negative of this.
    """
    confusion = confusion_matrix(prediction=prediction, target=target, classes=len(cost))
    return float(expected_cost_of_sums(confusion, cost=cost))


def per_class(
    *, prediction: Labels, target: Labels, classes: int | None = None
) -> dict[str, Float[np.ndarray, " class"]]:
    """Precision, recall, F1, IoU and support (samples with that true class) of every class; NaN where undefined.

    >>> per_class(prediction=np.array([0, 0, 1]), target=np.array([0, 1, 1]))["precision"].tolist()
    [0.5, 1.0]
    """
    confusion = confusion_matrix(prediction=prediction, target=target, classes=classes)
    return per_class_of(confusion)


def per_class_of(confusion: Float[np.ndarray, "true predicted"]) -> dict[str, Float[np.ndarray, " class"]]:
    """Precision, recall, F1, IoU, support and number of predictions of every class, from one confusion matrix."""
    hits, support, predicted = _diagonal(confusion), confusion.sum(axis=-1), confusion.sum(axis=-2)
    return {
        "precision": _divide(hits, predicted),
        "recall": _divide(hits, support),
        "f1": f1_of_sums(confusion),
        "iou": iou_of_sums(confusion),
        "support": support,
        "predicted": predicted,
    }


def log_loss_sums(
    prediction: Probabilities,
    target: Labels,
    group: Labels,
    groups: int,
    weight: Float[np.ndarray, " sample"] | None = None,
    classes: int | None = None,
) -> Float[np.ndarray, "group sum_and_count"]:
    """Per group: the sum of -ln p[true] and the number (or weight) of samples."""
    rows = comparable(prediction, target)
    chosen = np.asarray(prediction)[rows, np.asarray(target)[rows]].astype(np.float64)
    kept = np.ones(len(chosen)) if weight is None else np.asarray(weight, dtype=np.float64)[rows]
    loss = -np.log(np.clip(chosen, SMALLEST_PROBABILITY, 1.0)) * kept
    which = np.asarray(group)[rows]
    return np.stack([np.bincount(which, weights=part, minlength=groups) for part in (loss, kept)], axis=-1)


def log_loss_of_sums(sums: np.ndarray, *, cost: Cost | None = None) -> np.ndarray:
    """Mean of -ln p[true] from sums (..., 2)."""
    return _divide(sums[..., 0], sums[..., 1])


def log_loss(*, prediction: Probabilities, target: Labels) -> float:
    """Mean of -ln of the probability given to the true class (natural logarithm); lower is better.

    >>> round(log_loss(prediction=np.array([[0.5, 0.5], [0.25, 0.75]]), target=np.array([0, 1])), 4)
    0.4904

    Source: Gneiting and Raftery (2007), doi:10.1198/016214506000001437. Probabilities are clipped at 1e-7.
    """
    sums = log_loss_sums(prediction, target, np.zeros(len(target), dtype=np.int64), 1)
    return float(log_loss_of_sums(sums[0]))
