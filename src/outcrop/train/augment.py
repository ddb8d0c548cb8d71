"""Changes made to a training batch inside the compiled step, so that the network does not rely on one curve or gain.

Each function returns (batch, key) -> batch. Inputs are channels last: (example, channel) or (example, time, channel).
Names of variables are the caller's business; here channels are column numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from outcrop.errors import ConfigError, message
from outcrop.records import Batch
from outcrop.train.batches import Augment


def over_context(columns: Sequence[int], channels: int, context: int) -> list[int]:
    """Columns of point examples, which flatten (context, channel) into one axis.

    >>> over_context([1], channels=3, context=2)
    [1, 4]
    """
    return [offset * channels + column for offset in range(context) for column in columns]


def curve_dropout(probability: float, curves: Sequence[Sequence[int]], columns: int) -> Augment:
    """Hides whole curves, each with `probability`, as if they had not been logged in that example.

    Args:
        probability: 0 to 1.
        curves: for each curve, the columns that become 0: its values and its presence channel.
        columns: number of columns of the inputs.
    """
    if not 0 <= probability < 1:
        what = f"A curve cannot be hidden with probability {probability}."
        raise ConfigError(message(what, where="train.augment.curve_dropout", fix="choose a number such as 0.1."))
    belongs = np.zeros((len(curves), columns), np.float32)
    for row, own in enumerate(curves):
        belongs[row, list(own)] = 1.0

    def apply(batch: Batch, key: jax.Array) -> Batch:
        inputs = batch.inputs
        hidden = jax.random.bernoulli(key, probability, (inputs.shape[0], len(curves))).astype(inputs.dtype)
        keep = 1.0 - jnp.minimum(hidden @ belongs, 1.0)  # (example, channel)
        return batch._replace(inputs=inputs * _spread(keep, inputs.ndim))

    return apply


def gain_and_shift(
    columns: Sequence[int], *, gain_sd: float = 0.0, shift_sd: float = 0.0, present: Sequence[int | None] | None = None
) -> Augment:
    """Another tool, another calibration: x (1 + gain) + shift, one draw per example and column, in standard units.

    Args:
        columns: the columns to change (not presence channels).
        gain_sd, shift_sd: standard deviations of the draws.
        present: for each column its presence channel (1 = logged), so that missing values stay 0; None = always logged.
    """
    own = np.asarray(columns)
    mask = [None] * len(own) if present is None else list(present)

    def apply(batch: Batch, key: jax.Array) -> Batch:
        inputs, shape = batch.inputs, (batch.inputs.shape[0], len(own))
        gain_key, shift_key = jax.random.split(key)
        gain = gain_sd * jax.random.normal(gain_key, shape, inputs.dtype)
        shift = shift_sd * jax.random.normal(shift_key, shape, inputs.dtype)
        logged = [jnp.ones_like(inputs[..., :1]) if at is None else inputs[..., at : at + 1] for at in mask]
        values = inputs[..., own]
        change = values * _spread(gain, inputs.ndim) + jnp.concatenate(logged, -1) * _spread(shift, inputs.ndim)
        return batch._replace(inputs=inputs.at[..., own].set(values + change))

    return apply


def noise(columns: Sequence[int], sd: float) -> Augment:
    """White noise of standard deviation `sd` (standard units) on some columns."""
    own = np.asarray(columns)

    def apply(batch: Batch, key: jax.Array) -> Batch:
        values = batch.inputs[..., own]
        draws = sd * jax.random.normal(key, values.shape, values.dtype)
        return batch._replace(inputs=batch.inputs.at[..., own].set(values + draws))

    return apply


def chain(*augments: Augment) -> Augment:
    """One after another, each with its own randomness."""

    def apply(batch: Batch, key: jax.Array) -> Batch:
        for number, augment in enumerate(augments):
            batch = augment(batch, jax.random.fold_in(key, number))
        return batch

    return apply


def _spread(values: jax.Array, ndim: int) -> jax.Array:
    """(example, channel) -> (example, 1, ..., channel)."""
    return jnp.expand_dims(values, tuple(range(1, ndim - 1)))
