"""A solver that answers what a surrogate should not: inputs outside its area of validity are the caller's to solve."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from outcrop.errors import ConfigError, DataError, message
from outcrop.run.compiled import Compiled, is_traced
from outcrop.run.predicted import Predicted

Solver: TypeAlias = Callable[..., Any]
"""Inputs by name, each (example, *size), to the target of the same shape, in the units of the run file."""


def answered(function: Compiled, predicted: Predicted, arrays: Mapping[str, Any], solver: Solver) -> Predicted:
    """The prediction with the solver's answers where the surrogate is not valid; these have no interval.

    Args:
        function: the model, which says what one example is.
        predicted: what it says of all of them.
        arrays: its inputs, all of one shape.
        solver: is called once, and not at all where everything is valid.

    Raises:
        ConfigError: a derivative is asked for.
        DataError: the solver answers in another shape, or not in numbers.
    """
    if is_traced(arrays):
        what = "A fallback decides by numbers, and JAX asks for a derivative."
        fix = "take the derivative of model.predict(...) without fallback, where `valid` is 1."
        raise ConfigError(message(what, fix=fix))
    shape = np.shape(predicted.values)
    size = shape[len(shape) - function.axes :]
    valid = np.asarray(predicted.valid).reshape(-1, *size)
    outside = ~(valid == 1).all(axis=tuple(range(1, valid.ndim)))
    solved = outside.reshape(shape[: len(shape) - function.axes])
    if not outside.any():
        return replace(predicted, solved=solved)
    own = {name: np.asarray(values).reshape(-1, *size)[outside] for name, values in arrays.items()}
    told = np.asarray(solver(**own), float)
    wanted = (int(outside.sum()), *size)
    if told.shape != wanted:
        what = f"The fallback answered in the shape {told.shape} where {wanted} was asked for."
        raise DataError(
            message(what, fix="give it a function of stacks: jax.vmap(solver), or a loop over the first axis.")
        )

    def put(values: Any, new: Any) -> Any:
        if values is None:
            return None
        found = np.array(values, float).reshape(-1, *size)
        found[outside] = new
        return found.reshape(shape)

    low, high = put(predicted.low, np.nan), put(predicted.high, np.nan)
    return replace(predicted, values=put(predicted.values, told), low=low, high=high, solved=solved)
