r"""Where a whole input field is unlike those trained on: distance in principal components, and what they leave over.

An operator answers every place from the whole field, so its area of validity is one of fields and not of values: a
field twice as rough holds no value that training had not. A field is told by its leading principal components and by
the root mean square of the rest, each in standard deviations of training; its distance is the mean one to the five
nearest of 2,000 training fields, over the root of how many numbers tell it. It is inside while that stays below what
95 % of fields kept out of training have.

Source: distance to neighbours as in `validity.py`; the rest as a second statistic after Jackson and Mudholkar (1979),
Control procedures for residuals associated with principal component analysis, doi:10.1080/00401706.1979.10489779.
"""

from __future__ import annotations

from collections.abc import Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from outcrop.errors import BundleError, DataError, message
from outcrop.evaluate.validity import within
from outcrop.model.lattice import interpolated

EXPLAINED = 0.99
"""Share of the variance of training fields that components explain."""
MOST_COMPONENTS = 32
FIELDS_PER_COMPONENT = 10
"""Training fields that each component rests on, at least."""
LEAST_REST = 1e-3
"""Least spread of a component and of the rest, in standard deviations of all values: below it is rounding."""
MOST_NUMBERS = 4096
"""Values of a field that are looked at: larger ones are thinned, every so many samples along each dimension."""
BATCH = 1024
ARRAYS = ("axes", "centre", "spread", "usual_rest", "representatives", "threshold", "neighbours", "sensors")


class FieldValidity(eqx.Module):
    """The area of validity of a model of whole fields, standardised as the network sees them. Made by `fit`.

    Attributes:
        centre, axes: mean field and components at the sensors.
        spread: standard deviation of every component and, last, of the rest.
        usual_rest: mean of the rest over training fields.
        representatives: training fields as `coordinates`.
        threshold: largest distance still inside; None until calibrated.
        neighbours: how many nearest representatives are averaged.
        sensors: samples of a field that are looked at, along each dimension.
    """

    centre: Float[Array, " number"]
    axes: Float[Array, "number component"]
    spread: Float[Array, " coordinate"]
    usual_rest: Float[Array, ""]
    representatives: Float[Array, "representative coordinate"]
    threshold: float | None = eqx.field(static=True, default=None)
    neighbours: int = eqx.field(static=True, default=5)
    sensors: tuple[int, ...] = eqx.field(static=True, default=())

    @classmethod
    def fit(
        cls, fields: Float[np.ndarray, "example *size channel"], *, seed: int = 0, representatives: int = 2000
    ) -> FieldValidity:
        """Components and representatives of training fields, standardised, gaps filled.

        Raises:
            DataError: no training field.
        """
        if not len(fields):
            what = "There is no training field, so there is no area of validity."
            raise DataError(message(what, fix="give more records to training."))
        chosen = np.random.default_rng(seed).permutation(len(fields))[:representatives]
        sensors = _sensors(fields.shape[1:-1], fields.shape[-1])
        rows = _flat(jnp.asarray(fields[np.sort(chosen)], jnp.float32), sensors).astype(np.float64)
        centre = rows.mean(axis=0)
        _, size, axes = np.linalg.svd(rows - centre, full_matrices=False)
        share = np.cumsum(size**2) / max(np.sum(size**2), 1e-300)
        enough = int(np.searchsorted(share, EXPLAINED)) + 1
        count = max(min(enough, MOST_COMPONENTS, len(rows) // FIELDS_PER_COMPONENT), 1)
        own = (rows - centre) @ axes[:count].T
        rest = np.sqrt(np.mean((rows - centre - own @ axes[:count]) ** 2, axis=1))
        least = LEAST_REST * (rows - centre).std() + 1e-12
        spread = np.maximum([*own.std(axis=0), rest.std()], least)
        found = np.column_stack([own, rest - rest.mean()]) / spread
        told = [jnp.asarray(a, jnp.float32) for a in (centre, axes[:count].T, spread, rest.mean(), found)]
        return cls(told[0], told[1], told[2], told[3], told[4], neighbours=min(5, len(rows)), sensors=sensors)

    def calibrate(self, fields: Float[np.ndarray, "example *size channel"], *, quantile: float = 0.95) -> FieldValidity:
        """The same with a threshold that leaves a share `quantile` of these fields, kept out of training, inside."""
        return self.within(float(np.quantile(self.score(fields), quantile)))

    def within(self, threshold: float | None) -> FieldValidity:
        """The same with another threshold."""
        arrays = (self.centre, self.axes, self.spread, self.usual_rest, self.representatives)
        return FieldValidity(*arrays, threshold, self.neighbours, self.sensors)

    def coordinates(self, field: Float[Array, "*size channel"]) -> Float[Array, " coordinate"]:
        """Components of one field, and the rest, in standard deviations of training."""
        away = interpolated(field, self.sensors).reshape(-1) - self.centre
        own = away @ self.axes
        rest = jnp.sqrt(jnp.mean((away - self.axes @ own) ** 2) + 1e-12)
        return jnp.append(own, rest - self.usual_rest) / self.spread

    def distance(self, field: Float[Array, "*size channel"]) -> Float[Array, ""]:
        """Distance of one field, on any grid of the domain; a function of JAX arrays."""
        return mean_distance(self.representatives, self.neighbours, self.coordinates(field))

    def score(self, fields: Float[np.ndarray, "example *size channel"]) -> Float[np.ndarray, " example"]:
        """Distance of every field."""
        size = min(BATCH, max(len(fields), 1))
        parts = [np.asarray(_distances(self, jnp.asarray(fields[i : i + size]))) for i in range(0, len(fields), size)]
        return np.concatenate(parts).astype(np.float64) if parts else np.empty(0)

    def inside(self, distance: np.ndarray) -> Bool[np.ndarray, ...]:
        """True where a distance is inside."""
        return within(distance, self.threshold)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Arrays for the model file."""
        threshold = np.nan if self.threshold is None else self.threshold
        found = {name: np.asarray(getattr(self, name)) for name in ARRAYS[:5]}
        return found | {
            "threshold": np.asarray(threshold, np.float64),
            "neighbours": np.asarray(self.neighbours, np.int32),
            "sensors": np.asarray(self.sensors, np.int32),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> FieldValidity:
        """Back from the arrays of a model file.

        Raises:
            BundleError: arrays are missing or do not fit each other.
        """
        absent = sorted(set(ARRAYS) - set(arrays))
        if absent or not _fit_each_other(arrays):
            what = f"The area of validity in the model file is damaged ({', '.join(absent) or 'shape'})."
            raise BundleError(message(what, fix="write the model file again from its run."))
        own = {name: jnp.asarray(arrays[name], jnp.float32) for name in ("centre", "axes", "spread", "usual_rest")}
        representatives = jnp.asarray(arrays["representatives"], jnp.float32)
        threshold = float(arrays["threshold"])
        return cls(
            own["centre"], own["axes"], own["spread"], own["usual_rest"], representatives,
            threshold if np.isfinite(threshold) else None,
            min(max(int(arrays["neighbours"]), 1), len(representatives)),
            tuple(int(n) for n in arrays["sensors"]),
        )  # fmt: skip


def mean_distance(
    known: Float[Array, "representative number"], neighbours: int, x: Float[Array, " number"]
) -> Float[Array, ""]:
    """The mean distance of one example to the nearest representatives, as `Validity.score` has it, for JAX."""
    nearest = jax.lax.top_k(-jnp.sum((known - x) ** 2, axis=1), neighbours)[0]
    return jnp.mean(jnp.sqrt(-nearest)) / len(x) ** 0.5


def _fit_each_other(arrays: Mapping[str, np.ndarray]) -> bool:
    centre, axes, spread, found = (arrays[name] for name in ("centre", "axes", "spread", "representatives"))
    dims = (centre.ndim, axes.ndim, spread.ndim, found.ndim) == (1, 2, 1, 2)
    return dims and axes.shape == (len(centre), len(spread) - 1) and found.shape[1] == len(spread) and len(found) > 0


def _sensors(size: tuple[int, ...], channels: int) -> tuple[int, ...]:
    """The grid thinned until a field has at most `MOST_NUMBERS` values.

    >>> _sensors((256, 256), 2), _sensors((64,), 1)
    ((32, 32), (64,))
    """
    every = 1
    while np.prod([-(-n // every) for n in size]) * channels > MOST_NUMBERS and every < max(size):
        every *= 2
    return tuple(-(-n // every) for n in size)


def _flat(fields: Array, sensors: tuple[int, ...]) -> np.ndarray:
    return np.asarray(jax.vmap(lambda field: interpolated(field, sensors).reshape(-1))(fields))


@eqx.filter_jit
def _distances(area: FieldValidity, fields: Array) -> Array:
    return jax.vmap(area.distance)(fields)
