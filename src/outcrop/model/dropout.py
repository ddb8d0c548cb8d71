"""Dropout as functions of an explicit key; no key means inference, where nothing is dropped."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray


def dropout(x: Float[Array, "*axes"], rate: float, key: PRNGKeyArray | None) -> Float[Array, "*axes"]:
    """Sets single values to zero with probability `rate` and scales the others by 1 / (1 - rate).

    Source: Srivastava et al. (2014), JMLR 15, 1929-1958.
    """
    if key is None or rate == 0:
        return x
    kept = jax.random.bernoulli(key, 1 - rate, x.shape)
    return jnp.where(kept, x / (1 - rate), 0.0)


def channel_dropout(
    x: Float[Array, "*sample channel"], rate: float, key: PRNGKeyArray | None
) -> Float[Array, "*sample channel"]:
    """Drops whole channels: neighbouring samples are so alike that a single dropped value is no loss of information.

    Source: Tompson et al. (2015), Efficient object localization using convolutional networks, CVPR, section 3.2.
    """
    if key is None or rate == 0:
        return x
    kept = jax.random.bernoulli(key, 1 - rate, (1,) * (x.ndim - 1) + x.shape[-1:])
    return jnp.where(kept, x / (1 - rate), 0.0)


def split(key: PRNGKeyArray | None, number: int) -> list[PRNGKeyArray | None]:
    """One key per layer, or None for each in inference."""
    return [None] * number if key is None else list(jax.random.split(key, number))
