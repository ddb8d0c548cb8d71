"""A network that steps in time, judged where its own answers are its inputs: error, growth, where it is of no use.

Small errors of one step add up, or grow: each answer is a slightly unusual input of the next step. So a roll-out is
compared with the truth step by step, with standing still (persistence), and by its size, which an unstable one loses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from outcrop.errors import DataError, message

BLOWN_UP = 2.0
"""How many times the largest norm that the truth ever had counts as blown up."""


@dataclass(frozen=True)
class Stability:
    """A roll-out beside the truth; the start is step 0 and is not judged.

    Attributes:
        error: relative L2 error of every step, (step, example).
        persistence: the same of the start, taken for every later state.
        growth: norm over that of the truth; its square is the ratio of energies.
        worse: the first step whose error is not below that of persistence, (example,); 0 where there is none.
        blown_up: the first step that is not finite, or `BLOWN_UP` times as large as the truth ever was; 0 where none.
    """

    error: Float[np.ndarray, "step example"]
    persistence: Float[np.ndarray, "step example"]
    growth: Float[np.ndarray, "step example"]
    worse: Int[np.ndarray, " example"]
    blown_up: Int[np.ndarray, " example"]

    @property
    def sentence(self) -> str:
        """The result in words, with the median simulation's numbers."""
        steps, count = self.error.shape
        last = np.nanmedian(self.error[-1])
        still = np.median(self.persistence[-1])
        text = f"After {steps} steps the median error is {last:.2g} (standing still: {still:.2g})"
        lost, blown = int((self.worse > 0).sum()), int((self.blown_up > 0).sum())
        return (
            f"{text}; {lost} of {count} simulations were at some step no better than standing still, {blown} blew up."
        )


def stability(
    fields: Float[np.ndarray, "time example *size"], truth: Float[np.ndarray, "time example *size"]
) -> Stability:
    """Judges a roll-out.

    Args:
        fields: the start, then what the steps gave.
        truth: the same times of a solver.

    Raises:
        DataError: other shapes, or no step.

    >>> still = stability(np.ones((3, 1, 4)), np.array([1.0, 2.0, 4.0]).reshape(3, 1, 1) * np.ones((3, 1, 4)))
    >>> still.error[:, 0].tolist(), still.worse.tolist(), still.blown_up.tolist()
    ([0.5, 0.75], [1], [0])
    """
    fields, truth = np.asarray(fields, float), np.asarray(truth, float)
    if fields.shape != truth.shape or fields.ndim < 3 or len(fields) < 2:
        what = f"A roll-out of the shape {fields.shape} is compared with a truth of {truth.shape}."
        raise DataError(
            message(what, fix="give both as (time, example, *size), the start first, of two times or more.")
        )
    own, true = (a.reshape(*a.shape[:2], -1) for a in (fields, truth))
    norm = np.maximum(np.linalg.norm(true, axis=-1), 1e-300)
    with np.errstate(over="ignore", invalid="ignore"):
        error = np.linalg.norm(own - true, axis=-1) / norm
        still = np.linalg.norm(true[:1] - true, axis=-1) / norm
        size = np.linalg.norm(own, axis=-1)
        finite = np.isfinite(size)
        lost = ~finite | (size > BLOWN_UP * norm.max(axis=0))
        worse = ~(error < still)
    error = np.where(finite, error, np.inf)
    growth = np.where(finite, size / norm, np.inf)
    return Stability(error[1:], still[1:], growth[1:], _first(worse[1:]), _first(lost[1:]))


def _first(which: np.ndarray) -> np.ndarray:
    """The number of the first step, counted from 1, that holds; 0 where none does."""
    return np.where(which.any(axis=0), which.argmax(axis=0) + 1, 0)
