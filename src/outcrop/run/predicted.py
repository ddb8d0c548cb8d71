"""What a model file answers: values or probabilities, their interval, and whether the inputs lie where it is valid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Predicted:
    """Predictions along one record; shape (sample,) unless said otherwise.

    Attributes:
        values: class index (-1 where none) or number in the target's unit (NaN where none).
        probabilities: (sample, class), or None for numbers.
        valid: 1 inside the area of validity, 0 outside, NaN where a required input is missing.
        distance: to the training data, in standard deviations per channel.
        names: of the classes, in the order of their indices; empty for numbers.
        low, high: bounds of the calibrated interval, in the target's unit; None where there is none.
        sets: which classes belong to the calibrated set, (sample, class); None where there is none.
        restored: of inputs that are given back, variable -> values in its unit; empty for other targets.
        anomaly: how unusual a sample is, 1 being usual; NaN where nothing is known. `values` of a reconstruction.
        flag: 1 where that is above the threshold of the model, 0 below.
        solved: True for the examples that the caller's own solver answered; None where there was none to ask.
    """

    values: np.ndarray
    probabilities: np.ndarray | None
    valid: np.ndarray
    distance: np.ndarray
    names: tuple[str, ...] = ()
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    sets: np.ndarray | None = None
    restored: Mapping[str, np.ndarray] = field(default_factory=dict)
    anomaly: np.ndarray | None = None
    flag: np.ndarray | None = None
    solved: np.ndarray | None = None

    def shaped(self, shape: tuple[int, ...]) -> Predicted:
        """The same with the axis of samples as the axes of a grid."""

        def grid(values: Any) -> Any:
            if isinstance(values, Mapping):
                return {name: grid(own) for name, own in values.items()}
            return values.reshape(*shape, *values.shape[1:]) if isinstance(values, np.ndarray) else values

        return Predicted(**{name: grid(value) for name, value in vars(self).items()})

    @property
    def labels(self) -> list[str]:
        """The name of the class of every sample; empty where there is none, and for numbers."""
        return [self.names[i] if i >= 0 else "" for i in self.values.tolist()] if self.names else []

    @property
    def confidence(self) -> np.ndarray | None:
        """The probability of the most probable class."""
        return None if self.probabilities is None else self.probabilities.max(axis=-1)
