"""What the losses of generative networks have in common: data with gaps, conditions, and shares of noise levels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.records import Batch

VALIDATION_DRAWS = 4
"""Noise levels per example in validation, always the same ones: a smooth curve to stop by."""
THIRDS = ("much_noise", "some_noise", "little_noise")


class Examples(NamedTuple):
    """What a generative network learns from.

    Attributes:
        data: what is generated, (example, *place, channel), 0 where it is missing.
        weight: of every number of it.
        condition: fields known without noise, (example, *place, condition_channel), or None.
    """

    data: Float[Array, "example *place channel"]
    weight: Float[Array, "example *place channel"]
    condition: Float[Array, "example *place condition_channel"] | None


def examples(batch: Batch, repeats: int = 1) -> Examples:
    """The target of a batch as data and its inputs as condition, each example `repeats` times.

    Raises:
        ConfigError: the target has no axis of channels where the condition has one.
    """
    data = jnp.asarray(batch.target)
    given = None if batch.inputs is None else jnp.asarray(batch.inputs, data.dtype)
    if given is not None and given.ndim != data.ndim:
        what = f"A target of shape {data.shape} is generated under a condition of shape {given.shape}."
        raise ConfigError(message(what, where="the batch", fix="both as (example, *place, channel)."))
    weight = jnp.ones(data.shape, data.dtype) if batch.weight is None else jnp.asarray(batch.weight, data.dtype)
    if weight.ndim < data.ndim:
        weight = jnp.broadcast_to(weight[..., None], data.shape)
    held = weight > 0  # what is missing may be NaN
    own = Examples(jnp.where(held, data, 0.0), jnp.where(held, weight, 0.0), given)
    return own if repeats == 1 else jax.tree.map(lambda leaf: jnp.repeat(leaf, repeats, axis=0), own)


def sometimes_dropped(condition: Any, share: float, key: PRNGKeyArray | None) -> Any:
    """The conditions, of which about `share` are zeros: the same network learns to generate without one.

    Source: Ho and Salimans (2022), Classifier-free diffusion guidance, arXiv:2207.12598, algorithm 1.
    """
    if condition is None or share == 0 or key is None:
        return condition
    kept = jax.random.bernoulli(key, 1 - share, (len(condition),) + (1,) * (condition.ndim - 1))
    return jnp.where(kept, condition, 0.0)


def mean_and_parts(
    error: Float[Array, "example *place channel"],
    weight: Float[Array, "example *place channel"],
    noisiness: Float[Array, " example"],
    edges: tuple[float, float],
) -> tuple[Array, Array, Mapping[str, Array]]:
    """Weighted mean of the errors, the sum of weights, and the mean in each third of the levels that are drawn.

    Args:
        error, weight: of every number.
        noisiness: of every example, the more the noisier.
        edges: noisiness that one third, and two thirds, of all draws stay below.
    """
    total = jnp.sum(weight)
    each = jnp.sum((weight * error).reshape(len(error), -1), axis=1) / jnp.where(total > 0, total, 1.0)
    low, high = edges
    within = (noisiness >= high, (noisiness >= low) & (noisiness < high), noisiness < low)
    # times 3, the inverse of the share of draws: means over many batches are right, also where one has no such draw
    parts = {name: 3 * jnp.sum(jnp.where(own, each, 0.0)) for name, own in zip(THIRDS, within, strict=True)}
    return jnp.sum(each), total, parts


def a_share(**shares: float) -> None:
    """Raises ConfigError unless every argument is at least 0 and below 1."""
    for name, value in shares.items():
        if not 0 <= value < 1:
            what = f"{name} = {value} is not at least 0 and below 1."
            raise ConfigError(message(what, where=f"loss.{name}", fix=f"{name} = 0.1"))


def one_of(options: Any, **choices: str) -> None:
    """Raises ConfigError unless every choice is among the options."""
    for name, value in choices.items():
        if value not in options:
            what = f"{name} is {value!r}{did_you_mean(value, options)}."
            raise ConfigError(message(what, where=f"loss.{name}", fix=f"choose one of {', '.join(options)}."))
