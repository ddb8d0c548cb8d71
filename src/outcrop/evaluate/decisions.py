"""From class probabilities to one class: the same rule for the network and for every baseline.

The most probable class is the best answer when all errors are equally bad. With a cost matrix the class of least
expected cost is (Bayes decision; Duda, Hart and Stork 2001, section 2.2), provided the probabilities are honest.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

from outcrop.errors import ConfigError, did_you_mean, message


def most_probable(
    probabilities: Float[np.ndarray, "sample class"], cost: np.ndarray | None
) -> Int[np.ndarray, " sample"]:
    """The class of highest probability."""
    return probabilities.argmax(axis=-1)


def least_expected_cost(
    probabilities: Float[np.ndarray, "sample class"], cost: Float[np.ndarray, "true predicted"] | None
) -> Int[np.ndarray, " sample"]:
    """The class j that minimises sum_i p[i] cost[i, j]."""
    if cost is None:
        raise ConfigError(
            message(
                'decide = "cost" needs a cost matrix, and the target has none.',
                where="[evaluate]",
                fix='add cost = "penalty.csv" to the target, or set decide = "argmax".',
            )
        )
    return (probabilities @ np.asarray(cost)).argmin(axis=-1)


DECISIONS: dict[str, Callable[..., np.ndarray]] = {"argmax": most_probable, "cost": least_expected_cost}


def rule(name: str, cost: np.ndarray | None) -> str:
    """Resolves "auto": least expected cost where a cost matrix is declared, else the most probable class."""
    if name == "auto":
        return "argmax" if cost is None else "cost"
    if name not in DECISIONS:
        raise ConfigError(
            message(
                f"Unknown decision rule {name!r}{did_you_mean(name, ['auto', *DECISIONS])}.",
                where="[evaluate] decide",
                fix='use "auto", "argmax" or "cost".',
            )
        )
    return name


def decide(
    probabilities: Float[np.ndarray, "sample class"],
    cost: Float[np.ndarray, "true predicted"] | None = None,
    name: str = "auto",
) -> Int[np.ndarray, " sample"]:
    """One class per sample, -1 where a probability is missing.

    Args:
        probabilities: rows that sum to one; a row with NaN has no prediction.
        cost: penalty cost[true, predicted].
        name: "argmax", "cost", or "auto" (cost where there is a matrix).

    >>> unsure = np.array([[0.4, 0.6]])
    >>> decide(unsure).tolist(), decide(unsure, np.array([[0.0, 4.0], [1.0, 0.0]])).tolist()
    ([1], [0])
    """
    probabilities = np.asarray(probabilities)
    there = np.isfinite(probabilities).all(axis=-1)
    labels = DECISIONS[rule(name, cost)](np.nan_to_num(probabilities), cost)
    return np.where(there, labels, -1).astype(np.int32)
