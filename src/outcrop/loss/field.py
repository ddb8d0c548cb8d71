"""The losses of operators: the error of a whole field against the size of that field, so that every example counts
alike; of its values, or of its values and slopes.

Source: Li et al. (2021), arXiv:2010.08895, section 5 (the relative error that they train and score with); with slopes
the Sobolev loss of Czarnecki et al. (2017), arXiv:1706.04859, on grids as in Li et al. (2021), arXiv:2106.06898.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from outcrop.loss.loss import Group, LossValue
from outcrop.loss.supervised import matching
from outcrop.model.apply import apply
from outcrop.records import Batch


@dataclass(frozen=True, eq=False)
class Relative:
    """Mean over examples of |prediction - target| / |target|, norms over the samples of an example by their weight.

    Targets are standardised; their size is measured from what 0 of their unit became, so the ratio is that of the
    values themselves (of their logarithms or anomalies, where the target is transformed). An example without weight,
    or whose target is 0 everywhere, does not count.

    Attributes:
        zero: 0 in standardised units.
        slopes: whether norms hold the differences of neighbours too, as slopes on a domain of length 1 along every
            dimension: the norm of H1 in place of that of L2.
    """

    zero: float = 0.0
    slopes: bool = False
    groups: tuple[Group, ...] = (Group("model"),)

    def init(self, model: PyTree, key: PRNGKeyArray | None = None) -> None:
        """No state."""

    def loss(
        self, model: PyTree, state: Any, batch: Batch, key: PRNGKeyArray | None = None, group: Group | None = None
    ) -> LossValue:
        """Runs the model on every example (with a dropout key each, where `key` is given) and scores it."""
        return self.score(apply(model, batch, key), batch.target, batch.weight)._replace(state=state)

    def score(self, scores: Array, target: Array, weight: Array | None = None) -> LossValue:
        """The same from the network's outputs; the weight of the batch is the number of examples that count."""
        scores = matching(scores, target, labels=False, outputs=1)
        weight = jnp.ones(target.shape, scores.dtype) if weight is None else weight.astype(scores.dtype)
        present = weight > 0
        # A missing sample is replaced before the formula, and a norm of 0 before its root: both gradients stay finite.
        target = jnp.where(present, target, self.zero)
        error = self._square(jnp.where(present, scores - target, 0.0), weight)
        size = self._square(target - self.zero, weight)
        counts = (size > 0).astype(scores.dtype)
        ratio = jnp.where(error > 0, error, 1.0) / jnp.where(size > 0, size, 1.0)
        each = jnp.where((error > 0) & (size > 0), jnp.sqrt(ratio), 0.0)
        total = jnp.sum(counts)
        value = jnp.sum(each) / jnp.where(total > 0, total, 1.0)
        return LossValue(value, total, {"relative_h1" if self.slopes else "relative_l2": value}, None)

    def _square(self, field: Float[Array, " example *sample"], weight: Array) -> Float[Array, " example"]:
        """The squared norm of every field; slopes count where both neighbours have weight."""
        axes = tuple(range(1, field.ndim))
        total = jnp.sum(weight * jnp.square(field), axis=axes)
        for axis in axes if self.slopes else ():
            slope = jnp.diff(field, axis=axis) * field.shape[axis]
            low, high = (jax.lax.slice_in_dim(weight, k, field.shape[axis] - 1 + k, axis=axis) for k in (0, 1))
            total += jnp.sum(jnp.minimum(low, high) * jnp.square(slope), axis=axes)
        return total


def relative_h1(*, zero: float = 0.0) -> Relative:
    """The same of values and slopes: a network cannot hide short waves that are wrong behind a small error.

    >>> import jax.numpy as jnp
    >>> fields = jnp.asarray([[3.0, 4.0]])  # slope 2 on a domain of two samples
    >>> value = relative_h1().score(fields + jnp.asarray([[0.0, 1.0]]), fields).value
    >>> round(float(value), 4)  # sqrt((1 + 4) / (25 + 4))
    0.4152
    """
    return Relative(zero, slopes=True)


def relative_l2(*, zero: float = 0.0) -> Relative:
    """|prediction - target| / |target| of every example.

    >>> import jax.numpy as jnp
    >>> fields = jnp.asarray([[3.0, 4.0], [0.0, 2.0]])
    >>> round(float(relative_l2().score(fields + jnp.asarray([[0.0, 1.0]]), fields).value), 4)  # (1/5 + 1/2) / 2
    0.35
    """
    return Relative(zero)
