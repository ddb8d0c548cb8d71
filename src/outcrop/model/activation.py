"""The table of activation functions a run file may name; holds import strings, so that the help needs no JAX."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from outcrop.errors import ConfigError, did_you_mean, message

ACTIVATIONS: dict[str, str] = {
    "relu": "jax.nn:relu",
    "leaky_relu": "jax.nn:leaky_relu",  # slope 0.01 below zero
    "gelu": "jax.nn:gelu",  # the tanh approximation (Hendrycks and Gimpel, 2016): faster than erf, same training
    "silu": "jax.nn:silu",
    "elu": "jax.nn:elu",
    "tanh": "jax.numpy:tanh",
    "sigmoid": "jax.nn:sigmoid",
    "sin": "jax.numpy:sin",
    "softplus": "jax.nn:softplus",
}


def activation(name: str) -> Callable[[Any], Any]:
    """The function behind a name, elementwise on arrays of any shape.

    Raises:
        ConfigError: the name is not in the table.
    """
    if name not in ACTIVATIONS:
        raise ConfigError(
            message(
                f"There is no activation {name!r}{did_you_mean(name, ACTIVATIONS)}.",
                where="model.activation",
                fix=f"choose one of {', '.join(ACTIVATIONS)}.",
            )
        )
    module, attribute = ACTIVATIONS[name].split(":")
    return getattr(import_module(module), attribute)
