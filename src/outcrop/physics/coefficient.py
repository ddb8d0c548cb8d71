"""Coefficients of an equation: given as a formula, or to be found as a number or as a field of some coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float

from outcrop.physics.expression import Expression


@dataclass(frozen=True)
class Known:
    """A formula of the coordinates; a number is one."""

    formula: Expression


@dataclass(frozen=True)
class Number:
    """One number to be found.

    Attributes:
        start: first guess, in its unit.
        positive: it stays positive: the optimiser moves its logarithm.
    """

    start: float
    positive: bool = False

    def value(self, raw: Float[Array, ""]) -> Float[Array, ""]:
        """The number in its unit from what the optimiser moves, which begins at 0."""
        return self.start * jnp.exp(raw) if self.positive else self.start + (abs(self.start) or 1.0) * raw


@dataclass(frozen=True)
class Field:
    """A field to be found: a further output of the network.

    Attributes:
        start: first guess, the same everywhere, in its unit.
        positive: it stays positive.
        along: the coordinates it depends on.
        roughness: price of its slopes in the loss; None: as high as the noise of the data allows.
    """

    start: float
    positive: bool = False
    along: tuple[str, ...] = ()
    roughness: float | None = None

    def value(self, output: Float[Array, ""]) -> Float[Array, ""]:
        """The field in its unit from an output of the network."""
        return self.start * jnp.exp(output) if self.positive else self.start + (abs(self.start) or 1.0) * output


Coefficient = Known | Number | Field
