"""Why a loss is not finite: replays the bad step example by example and names variable, record and row.

Questions in order: which examples have a loss or gradient that is not finite; is one of their inputs, weights or
targets not finite; is a parameter; where in the code does the first NaN appear (JAX `checkify`); or is every example
fine on its own, so that the step was too long? Nothing is repaired; the answer is an error with a fix.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import checkify

from outcrop.errors import NonFiniteError, message
from outcrop.records import Batch, Origins

# No network of standardised inputs needs a parameter of this size.
DIVERGED = 1e9

# (example, field such as "inputs", place within that example's array) -> words
Describe = Callable[[int, str, tuple[int, ...]], str]


def plain(example: int, field: str, place: tuple[int, ...]) -> str:
    """Names a value by its numbers, when nothing is known about where examples come from."""
    return f"example {example} of the training part, {field}{list(place) if place else ''}"


@dataclass(frozen=True)
class Places:
    """Names a value by variable, record and row; a `Describe` for the points and windows views.

    Attributes:
        origins: of the training examples, in the order of the training data.
        channels: names of the channels of one sample.
        context: offsets of the samples a point example reads, in the order they are flattened in; (0,) for windows.
        axis: record name -> coordinate along the record (depth, time), to be named beside the row.
    """

    origins: Origins
    channels: Sequence[str]
    context: Sequence[int] = (0,)
    axis: Mapping[str, np.ndarray] | None = None

    def __call__(self, example: int, field: str, place: tuple[int, ...]) -> str:
        """Such as `variable GR, record '31/2-1', row 1021 (depth 2140.5)`."""
        origin = self.origins[example]
        dim, scored = next(iter(origin.scores.items()))
        start, variable = int(scored[0]), field
        if field == "inputs" and len(place) == 2:  # windows: (row, channel)
            start, variable = int(origin.reads[dim][0]) + place[0], f"variable {self.channels[place[1]]}"
        elif field == "inputs" and len(place) == 1:  # points: context and channel in one axis
            offset, channel = divmod(place[0], len(self.channels))
            start, variable = start + int(self.context[offset]), f"variable {self.channels[channel]}"
        elif place:  # targets and weights of windows: (row,)
            start += place[0]
        where = f"{variable}, record {origin.record!r}, row {start}"
        axis = (self.axis or {}).get(origin.record)
        return where if axis is None else f"{where} ({dim} {axis[min(max(start, 0), len(axis) - 1)]})"


class Case(NamedTuple):
    """A step that was not finite: the state before it and what it was given."""

    model: Any
    loss: Any
    loss_state: Any
    batch: Batch
    key: jax.Array
    index: np.ndarray  # of each example of the batch, in the training part
    step: int


def diagnose(case: Case, describe: Describe = plain) -> NonFiniteError:
    """The error to raise, with the likeliest culprit and its fix."""
    what = f"The loss or its gradient is not finite at step {case.step}."
    bad = _bad_examples(case)
    for question in (_values, _parameters, _grown, _code, _large_values):
        if answer := question(case, bad, describe):
            where, fix = answer
            return NonFiniteError(message(what, where=where, fix=fix))
    where = "every example is finite on its own: the step or a sum was too large"
    fix = "set train.learning_rate ten times lower, or train.clip_norm = 1.0."
    return NonFiniteError(message(what, where=where, fix=fix))


def _only(batch: Batch, i: Any) -> Batch:
    """The batch of one example."""
    own = jax.tree.map(lambda leaf: jnp.asarray(leaf)[i][None], batch._replace(shared=None))
    return own._replace(shared=batch.shared)


def _values_and_gradients(case: Case, batch: Batch) -> list[tuple[Any, Any]]:
    """Loss and gradient of every group on a batch."""
    parameters, others = eqx.partition(case.model, eqx.is_inexact_array)
    results = []
    for group in case.loss.groups:

        def value(parameters: Any, group: Any = group) -> jax.Array:
            return case.loss.loss(eqx.combine(parameters, others), case.loss_state, batch, case.key, group)[0]

        results.append(jax.value_and_grad(value)(parameters))
    return results


def _bad_examples(case: Case) -> np.ndarray:
    """Positions in the batch whose own loss or gradient is not finite; all of them if none is bad alone."""

    def finite(i: jax.Array) -> jax.Array:
        leaves = jax.tree.leaves(_values_and_gradients(case, _only(case.batch, i)))
        return jnp.stack([jnp.isfinite(leaf).all() for leaf in leaves]).all()

    return np.flatnonzero(~np.asarray(jax.jit(lambda: jax.lax.map(finite, jnp.arange(len(case.index))))()))


def _values(case: Case, bad: np.ndarray, describe: Describe) -> tuple[str, str] | None:
    """Inputs, weights and targets that are not finite, in examples whose loss is not."""
    for field in ("inputs", "static", "weight", "target"):
        for leaf in jax.tree.leaves(getattr(case.batch, field)):
            array = np.asarray(leaf)
            for i in bad if np.issubdtype(array.dtype, np.floating) else ():
                places = np.argwhere(~np.isfinite(array[i]))
                if not len(places):
                    continue
                place = tuple(int(n) for n in places[0])
                name, others = describe(int(case.index[i]), field, place), _others(len(places), len(bad))
                where = f"{name}: value {array[i][place]}{others}"
                if field == "target":
                    return where, "give missing targets weight 0 and any finite value; the loss multiplies them."
                return where, "mark the value as missing (range, null), or choose missing = 'mask' or 'impute'."
    return None


def _others(values: int, examples: int) -> str:
    more = [f"{values} in this example"] * (values > 1) + [f"{examples} bad examples in the batch"] * (examples > 1)
    return f" ({'; '.join(more)})" if more else ""


def _parameters(case: Case, bad: np.ndarray, describe: Describe) -> tuple[str, str] | None:
    """Parameters that are not finite before the step: a bad start."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(eqx.filter(case.model, eqx.is_inexact_array)):
        if not bool(jnp.isfinite(leaf).all()):
            return (
                f"parameter model{jax.tree_util.keystr(path)}",
                "start from finite parameters: another seed or bundle.",
            )
    return None


def _grown(case: Case, bad: np.ndarray, describe: Describe) -> tuple[str, str] | None:
    """A parameter so large that products of it leave the range of float32: training has diverged."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(eqx.filter(case.model, eqx.is_inexact_array)):
        largest = float(jnp.abs(leaf).max()) if leaf.size else 0.0
        if largest > DIVERGED:
            where = f"parameter model{jax.tree_util.keystr(path)} has grown to {largest:.3g}: training diverged"
            return where, "set train.learning_rate ten times lower, or train.clip_norm = 1.0."
    return None


def _code(case: Case, bad: np.ndarray, describe: Describe) -> tuple[str, str] | None:
    """The line of code where the first NaN of a bad example appears, and the first layer with a bad gradient."""
    if not len(bad):
        return None
    batch, where = _only(case.batch, int(bad[0])), describe(int(case.index[bad[0]]), "inputs", ())
    largest = _largest(case, bad, describe)
    checked = checkify.checkify(lambda: _values_and_gradients(case, batch), errors=checkify.nan_checks)
    try:
        found = checked()[0].get_exception()
    except (NotImplementedError, TypeError, ValueError):  # checkify does not know every operation
        found = None
    if found is not None:
        operation = f"{where}: first NaN from {getattr(found, 'prim', 'an operation')}{_line(found)}{largest}"
        return operation, "keep that operation away from values it is not defined for."
    for value, gradient in _values_and_gradients(case, batch):
        for path, leaf in jax.tree_util.tree_leaves_with_path(gradient):
            if not bool(jnp.isfinite(leaf).all()):
                place = f"{where}: loss {float(value):g}, gradient of model{jax.tree_util.keystr(path)}{largest}"
                return place, "set train.learning_rate ten times lower or train.clip_norm = 1.0; check that value."
    return None


def _line(found: Any) -> str:
    """The user's line of code that an error of checkify came from."""
    libraries = {"jax", "jaxlib", "equinox", "optax"}
    for frame in getattr(getattr(found, "traceback_info", None), "frames", ()):
        if not libraries & set(Path(frame.file_name).parts):
            function = frame.function_name.split("<locals>.")[-1]
            return f" in {function} ({Path(frame.file_name).name}, line {frame.line_num})"
    return ""


def _large_values(case: Case, bad: np.ndarray, describe: Describe) -> tuple[str, str] | None:
    if not len(bad):
        return None
    where = describe(int(case.index[bad[0]]), "inputs", ()) + _largest(case, bad, describe)
    return where, "set train.learning_rate ten times lower or train.clip_norm = 1.0; check that value."


def _largest(case: Case, bad: np.ndarray, describe: Describe) -> str:
    """The largest input of the bad examples, where it is suspicious: more than 20 standard units."""
    for leaf in jax.tree.leaves(case.batch.inputs):
        array = np.abs(np.asarray(leaf)[bad])
        if np.issubdtype(array.dtype, np.floating) and array.size and array.max() > 20:
            i, *place = np.unravel_index(int(array.argmax()), array.shape)
            at = tuple(int(n) for n in place)
            return f"; largest input {array.max():.3g} at {describe(int(case.index[bad[i]]), 'inputs', at)}"
    return ""
