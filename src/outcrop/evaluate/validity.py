"""Where the inputs are unlike anything trained on: distance to training samples, calibrated on validation records.

The distance of a sample is the mean distance to its five nearest of 2,000 training samples drawn at random, per channel
of standardised input, so that 1 means one standard deviation in every channel. A sample is inside while its distance
stays below what 95 % of the samples of records kept out of training have. After Ramaswamy, Rastogi and Shim (2000),
doi:10.1145/342009.335437 (distance to neighbours); the mean over k after Angiulli and Pizzuti (2002).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from jaxtyping import Bool, Float

from outcrop.errors import BundleError, DataError, NotTrainedError, message

if TYPE_CHECKING:
    from scipy.spatial import KDTree

Inputs: TypeAlias = Float[np.ndarray, "sample channel"]


@dataclass(frozen=True)
class Validity:
    """The area of validity of a model.

    Attributes:
        representatives: training samples, standardised, float32.
        threshold: largest distance still inside; None until calibrated.
        neighbours: how many nearest representatives are averaged.
    """

    representatives: Float[np.ndarray, "representative channel"]
    threshold: float | None = None
    neighbours: int = 5

    @classmethod
    def fit(cls, inputs: Inputs, *, seed: int = 0, representatives: int = 2000, neighbours: int = 5) -> Validity:
        """Draws the representatives from training inputs (standardised, missing ones filled).

        Raises:
            DataError: no complete training sample.
        """
        inputs = np.asarray(inputs, dtype=np.float32)
        rows = np.flatnonzero(np.isfinite(inputs).all(axis=1))
        if not len(rows):
            raise DataError(
                message(
                    "No training sample has all its inputs, so nothing can be called like the training data.",
                    fix='fill missing inputs (missing = "impute") before the area of validity is fitted.',
                )
            )
        if len(rows) > representatives:
            rows = np.sort(np.random.default_rng(seed).choice(rows, representatives, replace=False))
        return cls(inputs[rows], None, min(neighbours, len(rows)))

    def calibrate(self, inputs: Inputs, *, quantile: float = 0.95) -> Validity:
        """The same with the threshold set so that a share `quantile` of these samples is inside.

        Args:
            inputs: samples of records that gave no representatives (validation wells); incomplete ones are skipped.
            quantile: share of them that counts as inside.
        """
        distance = self.score(inputs)
        distance = distance[np.isfinite(distance)]
        if not len(distance):
            raise DataError(
                message(
                    "No validation sample has all its inputs, so the area of validity cannot be calibrated.",
                    fix="hold out validation records that carry the inputs ([promise] validation_share).",
                )
            )
        return self.within(float(np.quantile(distance, quantile)))

    def within(self, threshold: float | None) -> Validity:
        """The same with another threshold."""
        return replace(self, threshold=threshold)

    @cached_property
    def _tree(self) -> KDTree:
        from scipy.spatial import KDTree

        return KDTree(self.representatives)

    def score(self, inputs: Inputs) -> Float[np.ndarray, " sample"]:
        """Distance of each sample in standard deviations per channel; NaN where an input is missing.

        Raises:
            DataError: the number of channels is not that of the training inputs.
        """
        inputs = np.asarray(inputs, dtype=np.float32)
        wanted = self.representatives.shape[1]
        if inputs.ndim != 2 or inputs.shape[1] != wanted:
            raise DataError(
                message(
                    f"The area of validity knows {wanted} channels and got inputs of shape {inputs.shape}.",
                    fix="encode the record with the normaliser that the model was trained with.",
                )
            )
        distance = np.full(len(inputs), np.nan)
        there = np.isfinite(inputs).all(axis=1)
        if there.any():
            near, _ = self._tree.query(inputs[there], k=self.neighbours, workers=-1)
            distance[there] = np.reshape(near, (len(near), -1)).mean(axis=1) / np.sqrt(wanted)
        return distance

    def valid(self, inputs: Inputs) -> Bool[np.ndarray, " sample"]:
        """True inside the area of validity; False outside and where an input is missing."""
        return self.inside(self.score(inputs))

    def inside(self, distance: Float[np.ndarray, " sample"]) -> Bool[np.ndarray, " sample"]:
        """True where a distance from `score` is inside."""
        return within(distance, self.threshold)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Arrays for the model file."""
        threshold = np.nan if self.threshold is None else self.threshold
        return {
            "representatives": self.representatives,
            "threshold": np.asarray(threshold, dtype=np.float64),
            "neighbours": np.asarray(self.neighbours, dtype=np.int32),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Validity:
        """Back from the arrays of a model file.

        Raises:
            BundleError: arrays are missing or have the wrong shape.
        """
        missing = {"representatives", "threshold", "neighbours"} - set(arrays)
        if missing or np.ndim(arrays["representatives"]) != 2:
            raise BundleError(
                message(
                    f"The area of validity in the model file is damaged ({', '.join(sorted(missing)) or 'shape'}).",
                    fix="write the model file again from its run.",
                )
            )
        threshold = float(arrays["threshold"])
        representatives = np.asarray(arrays["representatives"], dtype=np.float32)
        neighbours = min(max(int(arrays["neighbours"]), 1), len(representatives))
        return cls(representatives, threshold if np.isfinite(threshold) else None, neighbours)


def within(distance: np.ndarray, threshold: float | None) -> np.ndarray:
    """True where a distance is at most the threshold; False where it is unknown.

    Raises:
        NotTrainedError: there is no threshold yet.
    """
    if threshold is None:
        what = "The area of validity has no threshold yet."
        raise NotTrainedError(message(what, fix="call validity.calibrate(validation_inputs) first."))
    return np.nan_to_num(distance, nan=np.inf) <= threshold
