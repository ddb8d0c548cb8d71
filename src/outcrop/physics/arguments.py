"""Arguments of solvers and forward models: of one floating dtype, positive, in order.

Numbers that JAX is tracing (under `jit`, `grad`, `vmap`) cannot be looked at and pass.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike

from outcrop.errors import ConfigError, DataError, message


def positive(name: str, value: Any) -> Any:
    """Checks that a number, or every number of an array, is positive and finite.

    Returns:
        The value; a single number as a float of Python, so that it takes the dtype of the arrays it meets.

    Raises:
        ConfigError: it is not positive, or not finite.
    """
    if isinstance(value, Tracer):
        return value
    numbers = np.asarray(value)
    if not (np.isfinite(numbers).all() and (numbers > 0).all()):
        shown = f"{name} = {value}" if numbers.ndim == 0 else f"the least {name} is {numbers.min():g}"
        raise ConfigError(message(f"{name} must be positive and finite; {shown}.", fix=f"{name} = 1.0"))
    return float(numbers) if numbers.ndim == 0 else value


def floating(*arrays: ArrayLike) -> tuple[Array, ...]:
    """The arguments as arrays of one floating dtype: float64 where one of them is, float32 otherwise (JAX's rule)."""
    found = [jnp.asarray(array) for array in arrays]
    dtype = jnp.result_type(*found, jnp.float32)
    return tuple(array.astype(dtype) for array in found)


def rising(name: str, values: Any) -> None:
    """Checks edges of cells or other coordinates in order.

    Raises:
        DataError: fewer than two, or some that do not rise.
    """
    if isinstance(values, Tracer):
        return
    numbers = np.asarray(values)
    if numbers.ndim != 1 or len(numbers) < 2 or not (np.diff(numbers) > 0).all():
        what = f"{name} must hold at least two rising numbers; it has shape {numbers.shape}."
        raise DataError(message(what, fix=f"{name} = np.linspace(0, 1000, 21)"))
