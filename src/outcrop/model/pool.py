"""One answer for a whole example, repeated on each of its samples: how, and which samples count."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

POOLS = ("none", "mean", "last")


def present(x: Float[Array, "*sample channel"]) -> Bool[Array, "*sample"]:
    """Which samples of a padded example are there: views write 0 into every channel of what lies outside a record."""
    return (x != 0).any(axis=-1)


def within(x: Float[Array, "step channel"], *, causal: bool = False) -> Bool[Array, " step"]:
    """The same along one dimension, where padding can only stand before and after a record.

    A step of zeros between others is data. With `causal` no step is judged by later ones: zeros at the end count too.

    >>> within(jnp.asarray([[0.0], [2.0], [0.0], [1.0], [0.0]])).tolist()
    [False, True, True, True, False]
    """
    there = present(x)
    begun = jnp.cumsum(there) > 0
    return begun if causal else begun & (jnp.cumsum(there[::-1])[::-1] > 0)


def pooled(
    y: Float[Array, "*sample channel"], there: Bool[Array, "*sample"], kind: str
) -> Float[Array, "*one channel"]:
    """The mean of the samples that are there, or the last of them, as an array with one sample along every dimension.

    An example without any sample counts as a whole.
    """
    flat, mask = y.reshape(-1, y.shape[-1]), there.reshape(-1)
    if kind == "mean":
        share = jnp.where(mask.any(), mask, True).astype(y.dtype)
        value = share @ flat / share.sum()
    else:
        value = flat[jnp.where(mask.any(), len(mask) - 1 - jnp.argmax(mask[::-1]), len(mask) - 1)]
    return value.reshape((1,) * there.ndim + (-1,))


def repeated(y: Float[Array, "*one out"], there: Bool[Array, "*sample"]) -> Float[Array, "*sample out"]:
    """The one answer on every sample."""
    return jnp.broadcast_to(y, (*there.shape, y.shape[-1]))
