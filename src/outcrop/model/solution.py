"""A solution of a problem: a network of coordinates, made into fields in physical units, and numbers to be found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from outcrop.model.trainable import Buffer

Raw = Callable[[Float[Array, " coordinate"]], Float[Array, " output"]]
Made = Callable[[Raw, Mapping[str, Float[Array, ""]]], Callable[[Float[Array, " coordinate"]], Float[Array, " field"]]]


class Solution(eqx.Module):
    """`solution(point)` are all fields at a point; coordinates reach the network between -1 and 1.

    Along a periodic coordinate the network sees sine and cosine instead, so that it repeats itself with all derivatives
    (Dong and Ni, 2021, doi:10.1016/j.jcp.2021.110242).
    """

    network: eqx.Module
    numbers: dict[str, Float[Array, ""]]
    low: Buffer
    high: Buffer
    periodic: tuple[int, ...] = eqx.field(static=True)
    made: Made = eqx.field(static=True)

    def __init__(
        self,
        network: eqx.Module,
        bounds: Sequence[tuple[float, float]],
        *,
        made: Made,
        numbers: Mapping[str, Float[Array, ""]],
        periodic: Sequence[int] = (),
    ):
        """Wraps a network.

        Args:
            network: `in_size(bounds, periodic)` features -> one number for each field that is learned.
            bounds: lowest and highest value of every coordinate.
            made: (network of raw coordinates, numbers) -> function of a point; see `physics.problem.Problem.fields`.
            numbers: what is to be found besides the network.
            periodic: columns of coordinates along which everything repeats itself.
        """
        self.network, self.made, self.numbers, self.periodic = network, made, dict(numbers), tuple(periodic)
        low, high = jnp.asarray(bounds, float).T
        self.low, self.high = Buffer(low), Buffer(high)

    def __call__(self, point: Float[Array, " coordinate"], *, key: object = None) -> Float[Array, " field"]:
        """All fields at a point, in their units."""
        return self.fields()(point)

    def fields(self) -> Callable[[Float[Array, " coordinate"]], Float[Array, " field"]]:
        """The fields as a function of a point."""
        return self.made(self.raw, self.numbers)

    def raw(self, point: Float[Array, " coordinate"]) -> Float[Array, " output"]:
        """What the network says at a point."""
        low, high = (edge.value.astype(point.dtype) for edge in (self.low, self.high))
        share = (point - low) / (high - low)
        features = []
        for i in range(len(point)):
            turn = 2 * jnp.pi * share[i]
            features += [jnp.cos(turn), jnp.sin(turn)] if i in self.periodic else [2 * share[i] - 1]
        return self.network(jnp.stack(features))


def in_size(coordinates: int, periodic: Sequence[int] = ()) -> int:
    """Features that a solution hands its network: one for each coordinate, two for a periodic one."""
    return coordinates + len(periodic)
