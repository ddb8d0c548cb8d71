"""Mirrors, turns, swapped dimensions and reversed polarity of whole training examples, inside the compiled step.

Each function returns (batch, key) -> batch and draws once per example. Inputs are channels last,
(example, *size, channel); target and weight (example, *size) move along. Which moves are true is in allowed.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import jax
import jax.numpy as jnp

from outcrop.errors import ConfigError, message
from outcrop.records import Batch
from outcrop.train.batches import Augment


def flip(axis: int, signed: Mapping[int, float] | None = None, target: float | None = None) -> Augment:
    """Mirrors half of the examples along one dimension.

    Args:
        axis: number of the dimension in an example.
        signed: channels that point along the dimension (the eastward wind), with what they become 0 at:
            z -> -z - offset, offset = 2 * mean / spread.
        target: the same offset, where the target points along it; None where it does not.
    """

    def turned(batch: Batch) -> Batch:
        inputs = _signed(jnp.flip(batch.inputs, axis + 1), signed or {})
        moved = None if batch.target is None else jnp.flip(batch.target, axis + 1)
        if target is not None:
            moved = -moved - target
        weight = None if batch.weight is None else jnp.flip(batch.weight, axis + 1)
        return batch._replace(inputs=inputs, target=moved, weight=weight)

    return _half(turned)


def quarter_turn(axes: tuple[int, int], size: Sequence[int]) -> Augment:
    """Turns examples by 0, 90, 180 or 270 degrees in the plane of two dimensions, each as often.

    Raises:
        ConfigError: the two dimensions have different sizes.
    """
    _square("Quarter turns", axes, size)
    plane = (axes[0] + 1, axes[1] + 1)

    def apply(batch: Batch, key: jax.Array) -> Batch:
        turns = jax.random.randint(key, (batch.inputs.shape[0],), 0, 4)
        turned = batch
        for number in (1, 2, 3):
            rotated = _of_arrays(batch, lambda array, k=number: jnp.rot90(array, k, axes=plane))
            turned = _where(turns == number, rotated, turned)
        return turned

    return apply


def transpose(axes: tuple[int, int], size: Sequence[int]) -> Augment:
    """Swaps two dimensions in half of the examples: the mirror at the diagonal, which keeps the first row and column
    the first ones, as a grid needs that holds one of two opposite boundaries.

    Raises:
        ConfigError: the two dimensions have different sizes.
    """
    _square("Swapped dimensions", axes, size)
    first, second = (axis + 1 for axis in axes)
    return _half(lambda batch: _of_arrays(batch, lambda array: jnp.swapaxes(array, first, second)))


def _square(what: str, axes: tuple[int, int], size: Sequence[int]) -> None:
    if size[axes[0]] != size[axes[1]]:
        what = f"{what} need squares, and examples have {size[axes[0]]} by {size[axes[1]]} samples."
        raise ConfigError(message(what, where="train.augment.moves", fix="give view.size the same size along both."))


def polarity(signed: Mapping[int, float]) -> Augment:
    """Changes the sign of some channels in half of the examples; `signed` as in `flip`."""
    return _half(lambda batch: batch._replace(inputs=_signed(batch.inputs, signed)))


def _half(turned: Callable[[Batch], Batch]) -> Augment:
    def apply(batch: Batch, key: jax.Array) -> Batch:
        return _where(jax.random.bernoulli(key, 0.5, (batch.inputs.shape[0],)), turned(batch), batch)

    return apply


def _signed(inputs: jax.Array, signed: Mapping[int, float]) -> jax.Array:
    for channel, offset in signed.items():
        inputs = inputs.at[..., channel].set(-inputs[..., channel] - offset)
    return inputs


def _of_arrays(batch: Batch, move: Callable[[jax.Array], jax.Array]) -> Batch:
    moved = {name: getattr(batch, name) for name in ("inputs", "target", "weight")}
    return batch._replace(**{name: None if array is None else move(array) for name, array in moved.items()})


def _where(chosen: jax.Array, moved: Batch, still: Batch) -> Batch:
    def pick(a: jax.Array, b: jax.Array) -> jax.Array:
        return jnp.where(chosen.reshape(-1, *(1,) * (a.ndim - 1)), a, b)

    names = [name for name in ("inputs", "target", "weight") if getattr(still, name) is not None]
    return still._replace(**{name: pick(getattr(moved, name), getattr(still, name)) for name in names})
