"""A surrogate that steps in time, applied to its own answers, with the area of validity watched at every step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.run.fallback import Solver

if TYPE_CHECKING:
    from outcrop.run.surrogate import Model


@dataclass(frozen=True)
class Rollout:
    """States that a surrogate stepped through.

    Attributes:
        fields: the start and the state after every step, (time, example, *size), in the unit of the target.
        valid: whether the state that a step started from lay inside the area of validity, (step, example).
        solved: whether a solver took the step, of the same shape; None where there was none to ask.
    """

    fields: np.ndarray
    valid: np.ndarray
    solved: np.ndarray | None = None

    @property
    def left(self) -> np.ndarray:
        """The first step that started outside the area of validity, counted from 1, (example,); 0 where none did."""
        outside = ~self.valid
        return np.where(outside.any(axis=0), outside.argmax(axis=0) + 1, 0)

    @property
    def growth(self) -> np.ndarray:
        """Norm of every state over that of the start, (time, example): without a truth the first sign of trouble."""
        size = np.linalg.norm(self.fields.reshape(*self.fields.shape[:2], -1), axis=-1)
        return size / np.maximum(size[:1], 1e-300)


def rollout(
    model: Model, steps: int, start: Mapping[str, Any], *, feeds: str | None = None, fallback: Solver | None = None
) -> Rollout:
    """Applies a model of whole fields to its own answers.

    Args:
        model: from a state to the state one step later.
        steps: how often.
        start: the inputs of the first step, (example, *size), and what stays the same: numbers, or one per example.
        feeds: the input that takes the answer; needs no mention where there is one input.
        fallback: takes the steps that start outside the area of validity, as in `Model.predict`.

    Raises:
        ConfigError: no step, no such input, or a model of something else than whole fields.
    """
    known = [variable.name for variable in model.inputs]
    feeds = known[0] if feeds is None and len(known) == 1 else feeds
    if feeds not in known:
        what = f"The input that takes the answer of the last step is {feeds!r}{did_you_mean(feeds or '', known)}."
        raise ConfigError(message(what, fix=f'feeds = "{known[0]}", or another one of {", ".join(known)}.'))
    if steps < 1 or not model.compiled.axes:
        what = f"{steps} steps of a model of {'whole fields' if model.compiled.axes else 'points'} are no roll-out."
        raise ConfigError(
            message(what, fix='steps = 10, with a model of data.view = {kind = "patches", size = "whole"}')
        )
    axes = model.compiled.axes
    state = np.asarray(start[feeds], float)
    given = {name: np.asarray(values) for name, values in start.items() if name != feeds}
    if state.ndim == axes:
        state, given = state[None], {n: v[None] if v.ndim == axes else v for n, v in given.items()}
    fields, valid, solved = [state], [], []
    for _ in range(steps):
        told = model.predict(fallback=fallback, **given, **{feeds: fields[-1]})
        fields.append(told.values)
        valid.append((told.valid == 1).reshape(len(state), -1).all(axis=1))
        solved.append(told.solved)
    return Rollout(np.stack(fields), np.stack(valid), None if fallback is None else np.stack(solved))
