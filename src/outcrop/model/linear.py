"""A linear layer on the last axis: of one vector, or of every row of an array."""

from __future__ import annotations

import equinox as eqx
from jaxtyping import Array, Float, PRNGKeyArray


class Linear(eqx.nn.Linear):
    """Equinox's layer, with its weights, for whole arrays of rows.

    `vmap` of Equinox's own makes a product whose rows and columns are the other way round, and a CPU turns them back:
    networks on links take a fifth longer (docs/speed.md).
    """

    def __call__(
        self, x: Float[Array, "*row in_channel"], *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "*row out_channel"]:
        y = x @ self.weight.T
        return y if self.bias is None else y + self.bias.reshape((1,) * (x.ndim - 1) + (-1,))
