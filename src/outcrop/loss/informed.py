"""A supervised loss with what physics says of the target beside it: declared checks, asked of the network's own fields.

    L = L_data + sum over checks of w mean (excess / size)^2

Checks are those of the ledger: a balance that should be 0, bounds, an order along a dimension. Derivatives are central
differences on the grid of the example, so that every network whose answer is a field can be trained so.

Source: for operators on points, Wang, Wang and Perdikaris (2021), doi:10.1126/sciadv.abi8605, equation 9; on grids
Li et al. (2021), Physics-informed neural operator, arXiv:2111.03794, section 3.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray, PyTree

from outcrop.loss.loss import Group, LossValue
from outcrop.model.apply import apply
from outcrop.records import Batch

Fields = Float[Array, "example *sample"]
Excess = Callable[[Float[Array, "example *sample channel"], Fields], Float[Array, "example *inner"]]
Asked = Callable[[Bool[Array, "example *sample"]], Bool[Array, "example *inner"]]


@dataclass(frozen=True)
class Physical:
    """One check that is trained for.

    Attributes:
        name: in the run file.
        excess: standardised inputs and standardised target -> what is left over in physical units, on inner cells.
        asked: where the target is known -> the inner cells all of whose neighbours are.
        weight: of its mean square, relative to the data's loss.
        size: what the excess is counted in.
    """

    name: str
    excess: Excess
    asked: Asked
    weight: float
    size: float = 1.0

    def value(self, inputs: Array, fields: Fields, known: Array) -> Float[Array, ""]:
        """The mean square excess over the cells that are asked, in units of `size`."""
        asked = self.asked(known)
        left = jnp.where(asked, self.excess(inputs, fields) / self.size, 0.0)
        return (left**2).sum() / jnp.maximum(asked.sum(), 1)

    def sized(self, batch: Batch) -> Physical:
        """Counted in units of what the fields of other examples, and their mean, leave over: done once, of training."""
        known = jnp.asarray(batch.weight) > 0
        inputs, fields = jnp.asarray(batch.inputs), jnp.where(known, jnp.asarray(batch.target), 0.0)
        others = jnp.roll(fields, 1, axis=0), jnp.zeros_like(fields)
        found = max(float(self.value(inputs, other, known)) for other in others) ** 0.5
        return replace(self, size=found or 1.0)


@dataclass(frozen=True, eq=False)
class Informed:
    """The loss of the data, and the checks. Parts of the history: both, unweighted.

    An example without any label is asked by the checks alone, everywhere: physics holds where nobody has measured.
    """

    data: Any
    checks: Sequence[Physical]
    groups: tuple[Group, ...] = (Group("model"),)

    def init(self, model: PyTree, key: PRNGKeyArray | None = None) -> Any:
        """The state of the data's loss."""
        return self.data.init(model, key)

    def loss(
        self, model: PyTree, state: Any, batch: Batch, key: PRNGKeyArray | None = None, group: Group | None = None
    ) -> LossValue:
        """Runs the model on every example and scores it by its labels and by the checks."""
        scores = apply(model, batch, key)
        told = self.data.score(scores, batch.target, batch.weight)
        known = batch.weight > 0
        known |= ~known.any(axis=tuple(range(1, known.ndim)), keepdims=True)
        left = {one.name: one.value(batch.inputs, scores[..., 0], known) for one in self.checks}
        value = told.value + sum(one.weight * left[one.name] for one in self.checks)
        return LossValue(value, told.weight, dict(told.parts) | left, state)

    def sized(self, batch: Batch) -> Informed:
        """With checks in units of their size on some training examples."""
        return replace(self, checks=tuple(one.sized(batch) for one in self.checks))
