"""How far a network sees: the samples before and after an output sample that can change it.

Measured on any module, not read from its declaration: where the Jacobian of an output is not zero. Split needs it to
know which training examples touch the test part; the report states it in metres or hours.
"""

from __future__ import annotations

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

MOST_POSITIONS = 256
CHUNK = 32


def reach(
    model: Callable[[Float[Array, "length channel"]], Float[Array, "length out"]],
    input_shape: tuple[int, ...],
    *,
    seed: int = 0,
) -> tuple[int, int]:
    """Samples before and after an output sample that it depends on, the largest over the window.

    The weights are moved by random amounts (a layer that starts at zero would hide what is behind it) and the input is
    random; the support is the union over two draws. Up to 256 output samples are tried, evenly spread, because a
    network with coarse levels sees further from some samples than from others.

    Args:
        model: a module on one example; integers and functions in it are left alone.
        input_shape: (length, channel) of one example. Features of one sample, (feature,), have no neighbours to count:
            what a points example reads is declared by its view.
        seed: of the random weights and input.

    Returns:
        (before, after), both 0 for a network that works on each sample alone.
    """
    if len(input_shape) < 2:
        return 0, 0
    length = input_shape[0]
    positions = np.unique(np.linspace(0, length - 1, min(length, MOST_POSITIONS)).round().astype(int))
    keys = jax.random.split(jax.random.key(seed), 2)
    support = sum(_support(model, input_shape, positions, key) for key in keys) > 0
    seen = np.where(support, np.arange(length)[None], positions[:, None])
    return int((positions - seen.min(axis=1)).max()), int((seen.max(axis=1) - positions).max())


def _support(model: Callable, input_shape: tuple[int, ...], positions: np.ndarray, key: Array) -> np.ndarray:
    """1.0 where input sample `length` changes output `position`, shape (position, length), for one random draw."""
    weights, inputs, cotangent = jax.random.split(key, 3)
    moved = _moved(model, weights)
    x = jax.random.normal(inputs, input_shape)
    padded = np.resize(positions, -(-len(positions) // CHUNK) * CHUNK).reshape(-1, CHUNK)
    found = np.concatenate([np.asarray(_rows(moved, x, jnp.asarray(chunk), cotangent)) for chunk in padded])
    return found[: len(positions)].astype(float)


@eqx.filter_jit
def _rows(moved: Callable, x: Array, chosen: Array, key: Array) -> Array:
    """Which input samples change each of the chosen output samples: one pull-back per output sample."""
    out, pull = jax.vjp(moved, x)
    per_output = jax.random.normal(key, out.shape[1:], out.dtype)

    def gradient(position: Array) -> Array:
        return pull(jnp.zeros(out.shape, out.dtype).at[position].set(per_output))[0]

    return jnp.abs(jax.vmap(gradient)(chosen)).max(axis=tuple(range(2, 1 + x.ndim))) > 0


def _moved(model: Callable, key: Array) -> Callable:
    """The model with every weight moved by a normal draw of 0.1 or so."""
    arrays, rest = eqx.partition(model, eqx.is_inexact_array)
    leaves, tree = jax.tree.flatten(arrays)
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    moved = [jnp.asarray(np.asarray(leaf) + 0.1 * rng.normal(size=leaf.shape), leaf.dtype) for leaf in leaves]
    return eqx.combine(jax.tree.unflatten(tree, moved), rest)
