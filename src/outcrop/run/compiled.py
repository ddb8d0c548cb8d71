"""A model file as one compiled function of arrays: batched, quick when called once, and differentiable by JAX.

It serves models whose example is all that an answer depends on: single points, and whole fields, of numbers. What it is
given in NumPy arrays it scales in float64, as files are; JAX arrays and tracers stay what they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from math import prod
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from outcrop import device
from outcrop.errors import ConfigError, message
from outcrop.evaluate.distribution import combined
from outcrop.evaluate.field_validity import FieldValidity, mean_distance
from outcrop.evaluate.validity import Validity
from outcrop.run.predicted import Predicted
from outcrop.view.patches import WHOLE

if TYPE_CHECKING:
    from outcrop.run.surrogate import Model

MOST_SAMPLES = 2**16
"""Samples that go through the networks at once."""


def is_traced(arrays: Mapping[str, Any]) -> bool:
    """Whether JAX asks for a function and not for numbers."""
    return any(isinstance(values, Tracer) for values in arrays.values())


@dataclass(frozen=True)
class Compiled:
    """One model, ready to be called. Made by `compiled`."""

    model: Model
    axes: int

    def predict(self, arrays: Mapping[str, Any]) -> Predicted | None:
        """What the model says of arrays (example, *size) or (*size); None where one of them lacks a value.

        Under a transformation of JAX values outside a variable's range lie outside the area of validity, and members
        give their mean without an interval.
        """
        xp: Any = jnp if is_traced(arrays) else np
        known = self._known(xp, arrays)
        if xp is np and not known.all():
            return None
        shape = known.shape
        x = self._inputs(xp, arrays).reshape(-1, *shape[len(shape) - self.axes :], len(self.model.inputs))
        outputs, distance = self._traced(x) if xp is jnp else self._run(x)
        far = xp.broadcast_to(distance.reshape(distance.shape[0], *(1,) * self.axes), outputs.shape[1:-1])
        far = far.reshape(shape)
        threshold = self.model.validity.threshold
        inside = (far <= threshold) & known if threshold is not None else known & False
        return self._answer(xp, outputs, shape, inside.astype(float), far)

    def _answer(self, xp: Any, outputs: Any, shape: tuple[int, ...], valid: Any, far: Any) -> Predicted:
        """Values, and bounds where there are any, in the unit of the target."""
        mixture = self.model.mixture
        scaled = outputs.mean(axis=0) if xp is jnp else combined(list(outputs), mixture.head, mixture.levels)
        margin = self.model.bundle.provenance.get("interval", {}).get("margin")
        values = self._physical(xp, scaled[..., 0]).reshape(shape)
        if margin is None or (xp is jnp and len(outputs) > 1):
            return Predicted(values, None, valid, far)
        edges = scaled[..., -2:] if scaled.shape[-1] > 1 else xp.repeat(scaled, 2, axis=-1)
        edges = xp.sort(edges + margin * np.array([-1.0, 1.0]), axis=-1)
        low, high = (self._physical(xp, edges[..., side]).reshape(shape) for side in (0, 1))
        return Predicted(values, None, valid, far, low=low, high=high)

    def _known(self, xp: Any, arrays: Mapping[str, Any]) -> Any:
        """Where all inputs have a value inside their range."""
        told = []
        for variable in self.model.inputs:
            values = arrays[variable.name]
            low, high = variable.valid_range or (-np.inf, np.inf)
            defined = variable.plain_transform.defined(values)
            told.append(xp.isfinite(values) & (values >= low) & (values <= high) & defined)
        return xp.stack(told).all(axis=0)

    def _inputs(self, xp: Any, arrays: Mapping[str, Any]) -> Any:
        """Standardised, channels last, float32."""
        columns = []
        for variable in self.model.inputs:
            statistic = self.model.normaliser.statistics[variable.name]
            values = arrays[variable.name] if xp is jnp else np.asarray(arrays[variable.name], np.float64)
            with np.errstate(all="ignore"):
                scaled = (variable.plain_transform.forward(values) - statistic.centre) / statistic.spread
            columns.append(scaled if variable.clip is None else xp.clip(scaled, -variable.clip, variable.clip))
        return xp.stack(columns, axis=-1).astype(np.float32)

    def _physical(self, xp: Any, scaled: Any) -> Any:
        target = self.model.target
        statistic = self.model.normaliser.statistics[target.name]
        values = scaled if xp is jnp else np.asarray(scaled, np.float64)
        return target.unscaled(values, statistic.centre, statistic.spread)

    def _traced(self, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Outputs (member, example, *size, 1) and distances (example,) as functions of x."""
        outputs, distance = self._function(self._parts[0], x)
        return outputs, jax.lax.stop_gradient(distance)

    def _run(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same of numbers, in batches of powers of two, so that few shapes are compiled."""
        most = max(1, MOST_SAMPLES // prod(x.shape[1:-1]))
        size = min(1 << (len(x) - 1).bit_length(), 1 << (most.bit_length() - 1)) if len(x) else 1
        parts = []
        for start in range(0, len(x), size):
            own = x[start : start + size]
            padded = own if len(own) == size else np.concatenate([own, np.repeat(own[-1:], size - len(own), axis=0)])
            parts.append(self._call(self._parts[0], padded))
        outputs = np.concatenate([np.asarray(one) for one, _ in parts], axis=1)[:, : len(x)]
        if isinstance(self.model.validity, Validity):
            return outputs, self.model.validity.score(x)
        return outputs, np.concatenate([np.asarray(far) for _, far in parts])[: len(x)]

    @cached_property
    def _parts(self) -> tuple[Any, Any]:
        return eqx.partition(tuple(self.model.members), eqx.is_array)

    @cached_property
    def _call(self) -> Callable[..., tuple[jax.Array, jax.Array]]:
        return device.jit(self._function, convolutional=True)

    def _function(self, arrays: Any, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Arrays of the members, x (example, *size, channel) -> outputs, distances."""
        members, area = eqx.combine(arrays, self._parts[1]), self.model.validity
        if isinstance(area, FieldValidity):
            far = area.distance
        else:
            far = partial(mean_distance, jnp.asarray(area.representatives), area.neighbours)
        return jnp.stack([jax.vmap(member)(x) for member in members]), jax.vmap(far)(x)


def compiled(model: Model) -> Compiled:
    """The model as a function.

    Raises:
        ConfigError: an answer depends on more than one point or one whole field of numbers.
    """
    view = model.bundle.view
    own = tuple(dict(view.get("size") or {}).values())
    whole = view["kind"] == "patches" and set(own) == {WHOLE} and isinstance(model.validity, FieldValidity)
    beside = {key: value for key, value in view.items() if key not in ("kind", "context", "along") and value}
    points = view["kind"] == "points" and tuple(view.get("context") or (0,)) == (0,) and not beside
    numbers = all(variable.is_plain for variable in [*model.inputs, model.target])
    head = model.mixture.head.kind == "point" and not model.mixture.draws
    if not ((whole or points) and numbers and head and not model.reconstructs):
        what = "This model is no function of one array: it reads neighbours, classes, gaps or its own record, or draws."
        fix = (
            "train on points or whole fields of numbers, or pass NumPy arrays without derivative and without fallback."
        )
        raise ConfigError(message(what, where=model.bundle.source, fix=fix))
    return Compiled(model, len(own) if whole else 0)
