"""Losses that are no sum over samples: the overlap of predicted and true areas, and named weighted sums of losses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, PRNGKeyArray, PyTree

from outcrop.loss.loss import Group, LossValue
from outcrop.model.apply import apply
from outcrop.records import Batch


@dataclass(frozen=True, eq=False)
class Dice:
    """1 - mean over the classes in the batch of (2 sum p t + 1) / (sum p + sum t + 1): a small class counts as a large.

    p is the probability of a class, t is 1 where it is true; sums run over all samples of the batch with a label, by
    their weight, so batches combine only about as the loss of all samples.

    Source: Milletari, Navab and Ahmadi (2016), V-Net, arXiv:1606.04797, section 3, with p in place of p^2.

    >>> import jax.numpy as jnp
    >>> sure = 50 * jnp.eye(2)
    >>> round(float(Dice().score(sure, jnp.asarray([0, 1])).value), 4)
    0.0
    """

    groups: tuple[Group, ...] = (Group("model"),)

    def init(self, model: PyTree, key: PRNGKeyArray | None = None) -> None:
        """No state."""

    def loss(
        self, model: PyTree, state: Any, batch: Batch, key: PRNGKeyArray | None = None, group: Group | None = None
    ) -> LossValue:
        """Runs the model on every example and scores the batch."""
        return self.score(apply(model, batch, key), batch.target, batch.weight)._replace(state=state)

    def score(self, scores: Array, target: Array, weight: Array | None = None) -> LossValue:
        """The same from logits (*sample, class) and labels (*sample)."""
        weight = jnp.ones(target.shape, scores.dtype) if weight is None else weight.astype(scores.dtype)
        present = (weight > 0) & (target >= 0)
        weight = jnp.where(present, weight, 0.0)
        p = jax.nn.softmax(jnp.where(present[..., None], scores, 0.0), axis=-1)
        t = jax.nn.one_hot(jnp.where(present, target, 0), scores.shape[-1], dtype=scores.dtype)
        axes = tuple(range(target.ndim))
        both, of_p, of_t = (jnp.sum(x * weight[..., None], axis=axes) for x in (p * t, p, t))
        overlap = (2 * both + 1) / (of_p + of_t + 1)
        there = (of_t > 0).astype(scores.dtype)
        value = 1 - jnp.sum(overlap * there) / jnp.maximum(jnp.sum(there), 1)
        total = jnp.sum(weight)
        value = jnp.where(total > 0, value, 0.0)
        return LossValue(value, total, {"dice": value}, None)


@dataclass(frozen=True, eq=False)
class Composite:
    """A weighted sum of losses on the same outputs; the history shows the parts of each.

    Attributes:
        losses: name -> (weight, loss).
    """

    losses: Mapping[str, tuple[float, Any]]
    groups: tuple[Group, ...] = (Group("model"),)

    def init(self, model: PyTree, key: PRNGKeyArray | None = None) -> None:
        """No state."""

    def loss(
        self, model: PyTree, state: Any, batch: Batch, key: PRNGKeyArray | None = None, group: Group | None = None
    ) -> LossValue:
        """Runs the model once and scores its outputs by every loss."""
        return self.score(apply(model, batch, key), batch.target, batch.weight)._replace(state=state)

    def score(self, scores: Array, target: Array, weight: Array | None = None) -> LossValue:
        """The same from the network's outputs."""
        found = {name: loss.score(scores, target, weight) for name, (_, loss) in self.losses.items()}
        value = sum(self.losses[name][0] * one.value for name, one in found.items())
        parts = {part: number for one in found.values() for part, number in one.parts.items()}
        return LossValue(jnp.asarray(value), next(iter(found.values())).weight, parts, None)


def dice() -> Dice:
    """The Dice loss."""
    return Dice()
