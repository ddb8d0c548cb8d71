"""Places of the samples of a regular grid in the unit cube, so that networks can be asked on finer grids.

Sample i of n lies at i / n: the grid of the Fourier transform. Halving the spacing keeps every old place and puts new
ones between them.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


def places(shape: tuple[int, ...], dtype: jnp.dtype) -> Float[Array, "*sample dim"]:
    """Coordinates i / n of every sample along every dimension.

    >>> places((4,), jnp.float32)[:, 0].tolist()
    [0.0, 0.25, 0.5, 0.75]
    """
    axes = [np.arange(size) / size for size in shape]
    return jnp.asarray(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1), dtype)


def interpolated(x: Float[Array, "*sample channel"], shape: tuple[int, ...]) -> Float[Array, "*other channel"]:
    """The values at the places of another grid of the same unit cube: linear between the two nearest samples.

    A grid that is a whole number of times finer holds the wanted places themselves. Behind the last sample its value
    stays.

    >>> interpolated(jnp.asarray([[0.0], [1.0], [2.0], [3.0]]), (2,))[:, 0].tolist()
    [0.0, 2.0]
    """
    for axis, (have, want) in enumerate(zip(x.shape[:-1], shape, strict=True)):
        if have == want:
            continue
        at = np.arange(want) * have / want
        low = np.floor(at).astype(int)
        share = jnp.asarray((at - low).reshape(-1, *(1,) * (x.ndim - 1 - axis)), x.dtype)
        share = share.reshape((1,) * axis + share.shape)
        below, above = (jnp.take(x, np.minimum(rows, have - 1), axis=axis) for rows in (low, low + 1))
        x = below + (above - below) * share
    return x
