"""What a generative network is told beside its noise: fields known without noise, as further channels of every place.

No condition, for the unconditional half of classifier-free guidance, is a condition of zeros. One more channel says
which of the two it is, 1 where any number of the whole condition differs from 0: standardised numbers that happen to be
0 somewhere are not mistaken for it, and masks with nothing observed are just that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import jax.numpy as jnp
from jaxtyping import Array, Float

from outcrop.errors import ConfigError, message

Condition: TypeAlias = Float[Array, "*place condition_channel"] | None


def channels(in_size: int) -> int:
    """Channels that a condition of `in_size` numbers per place adds: those, and whether there is one; 0 for none."""
    return in_size + 1 if in_size else 0


def fields(condition: Condition, place: Sequence[int], in_size: int, like: Array) -> Float[Array, "*place channel"]:
    """The condition and whether there is one, shape (*place, channels(in_size)), in the dtype of `like`.

    Raises:
        ConfigError: the condition has other places or channels than the network was built for.
    """
    if condition is None or (in_size and condition.shape[-1] == 0):
        condition = jnp.zeros((*place, in_size), like.dtype)
    if condition.shape != (*place, in_size):
        what = f"The condition has the shape {condition.shape}, where the network reads {(*place, in_size)}."
        fix = "one number of each channel for every place; a class or a number is repeated on all of them."
        raise ConfigError(message(what, where="the condition", fix=fix))
    if not in_size:
        return condition
    given = jnp.any(condition != 0).astype(like.dtype)
    return jnp.concatenate([condition, jnp.broadcast_to(given, (*place, 1))], axis=-1)


def beside(x: Float[Array, "*place channel"], condition: Condition, in_size: int) -> Float[Array, "*place more"]:
    """The noisy data and the condition side by side, as channels of the same places."""
    return jnp.concatenate([x, fields(condition, x.shape[:-1], in_size, x)], axis=-1)
