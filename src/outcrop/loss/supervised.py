"""Losses that compare predictions with targets, sample by sample, each sample with its weight.

Networks give logits (classes) or one scaled value (numbers) per sample. A sample with weight 0, or with class -1, has
no target: it changes neither value nor gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from outcrop.errors import ConfigError, message
from outcrop.loss.loss import Group, LossValue
from outcrop.model.apply import apply
from outcrop.records import Batch

Logits = Float[Array, "*sample klass"]
Labels = Int[Array, "*sample"]
PerSample = Float[Array, "*sample"]
Parts = Mapping[str, PerSample]


@dataclass(frozen=True, eq=False)
class Supervised:
    """A loss that is a weighted mean over samples of `per_sample(scores, target)`.

    Attributes:
        per_sample: network outputs and targets (never missing ones) -> (loss per sample, its named parts).
        factor: target -> factor on the sample's weight (class weights); None for 1.
        labels: whether targets are class indices.
        outputs: numbers per sample that a network gives for one target that is a number.
    """

    per_sample: Callable[[Array, Array], tuple[PerSample, Parts]]
    factor: Callable[[Array], PerSample] | None = None
    labels: bool = False
    outputs: int = 1
    groups: tuple[Group, ...] = (Group("model"),)

    def init(self, model: PyTree, key: PRNGKeyArray | None = None) -> None:
        """No state."""

    def loss(
        self, model: PyTree, state: Any, batch: Batch, key: PRNGKeyArray | None = None, group: Group | None = None
    ) -> LossValue:
        """Runs the model on every example (with a dropout key each, where `key` is given) and scores it."""
        return self.score(apply(model, batch, key), batch.target, batch.weight)._replace(state=state)

    def score(self, scores: Array, target: Array, weight: Array | None = None) -> LossValue:
        """The same from the network's outputs."""
        scores = matching(scores, target, self.labels, self.outputs)
        weight = jnp.ones(target.shape, scores.dtype) if weight is None else weight.astype(scores.dtype)
        present = (weight > 0) & (target >= 0) if self.labels else weight > 0
        target = jnp.where(present, target, 0)
        weight = jnp.where(present, weight, 0.0)
        if self.factor is not None:
            weight = weight * self.factor(target)
        # A missing sample's output may be anything, even infinite: it is replaced before the formula, so that its
        # gradient is 0 and not 0 * inf.
        held = present[..., None] if scores.ndim > present.ndim else present
        per_sample, parts = self.per_sample(jnp.where(held, scores, 0.0), target)
        total = jnp.sum(weight)
        share = weight / jnp.where(total > 0, total, 1.0)
        means = {name: jnp.sum(part * share) for name, part in parts.items()}
        return LossValue(jnp.sum(per_sample * share), total, means, None)


def cross_entropy(*, class_weights: np.ndarray | None = None, label_smoothing: float = 0.0) -> Supervised:
    """-log of the probability of the true class, in nats.

    Args:
        class_weights: factor on the weight of the samples of each true class.
        label_smoothing: share e of the label that is spread evenly over all classes: (1 - e) * CE + e * mean over
            classes of -log p (Szegedy et al., 2016, arXiv:1512.00567, section 7).

    >>> import jax.numpy as jnp
    >>> loss = cross_entropy().score(jnp.zeros((1, 4)), jnp.asarray([2]))
    >>> round(float(loss.value), 4)  # log 4
    1.3863
    """

    def per_sample(scores: Logits, target: Labels) -> tuple[PerSample, Parts]:
        value = _cross_entropy(scores, target, label_smoothing)
        return value, {"cross_entropy": value}

    return Supervised(per_sample, _factor(class_weights), labels=True)


def expected_cost(
    cost: np.ndarray,
    *,
    cross_entropy_share: float = 0.5,
    class_weights: np.ndarray | None = None,
    label_smoothing: float = 0.0,
) -> Supervised:
    """The mean cost of a class drawn from the predicted probabilities: sum over k of p_k * cost[true, k].

    On its own this is flat wherever the network is confidently wrong; a share of cross entropy keeps a gradient there.

    Args:
        cost: cost[true, predicted] >= 0.
        cross_entropy_share: s in s * cross entropy + (1 - s) * expected cost.
        class_weights: factor on the weight of the samples of each true class.
        label_smoothing: of the cross entropy.

    >>> import jax.numpy as jnp
    >>> loss = expected_cost(np.asarray([[0.0, 3.0], [1.0, 0.0]]), cross_entropy_share=0.0)
    >>> float(loss.score(jnp.zeros((1, 2)), jnp.asarray([0])).value)  # half of 3
    1.5
    """
    cost = np.asarray(cost)

    def per_sample(scores: Logits, target: Labels) -> tuple[PerSample, Parts]:
        if scores.shape[-1] != len(cost):
            raise ConfigError(
                message(
                    f"The cost matrix has {len(cost)} classes, the network {scores.shape[-1]}.",
                    where="target.cost",
                    fix="give the cost matrix one row and one column per class, after merges.",
                )
            )
        costs = _one_hot(target, scores) @ jnp.asarray(cost, scores.dtype)
        parts = {
            "expected_cost": jnp.sum(jax.nn.softmax(scores, axis=-1) * costs, axis=-1),
            "cross_entropy": _cross_entropy(scores, target, label_smoothing),
        }
        share = cross_entropy_share
        return (1 - share) * parts["expected_cost"] + share * parts["cross_entropy"], parts

    return Supervised(per_sample, _factor(class_weights), labels=True)


def mse() -> Supervised:
    """(prediction - target)^2, in squared standardised units of the target.

    >>> import jax.numpy as jnp
    >>> float(mse().score(jnp.asarray([[1.0], [2.0]]), jnp.asarray([0.0, 0.0])).value)
    2.5
    """
    return _of_difference("squared_error", jnp.square)


def mae() -> Supervised:
    """|prediction - target|, in standardised units of the target.

    >>> import jax.numpy as jnp
    >>> float(mae().score(jnp.asarray([[1.0], [-2.0]]), jnp.asarray([0.0, 0.0])).value)
    1.5
    """
    return _of_difference("absolute_error", jnp.abs)


def huber(*, delta: float = 1.0) -> Supervised:
    """d^2 / 2 up to |d| = delta, delta * (|d| - delta / 2) beyond; delta in standardised units of the target.

    Source: Huber (1964), Annals of Mathematical Statistics 35, 73-101, doi:10.1214/aoms/1177703732.

    >>> import jax.numpy as jnp
    >>> float(huber(delta=1.0).score(jnp.asarray([[3.0]]), jnp.asarray([0.0])).value)  # 1 * (3 - 0.5)
    2.5
    """

    def of(difference: PerSample) -> PerSample:
        size = jnp.abs(difference)
        return jnp.where(size <= delta, 0.5 * jnp.square(difference), delta * (size - 0.5 * delta))

    return _of_difference("huber", of)


def _of_difference(name: str, of: Callable[[PerSample], PerSample]) -> Supervised:
    def per_sample(scores: PerSample, target: PerSample) -> tuple[PerSample, Parts]:
        value = of(scores - target)
        return value, {name: value}

    return Supervised(per_sample)


def _cross_entropy(scores: Logits, target: Labels, smoothing: float) -> PerSample:
    log_p = jax.nn.log_softmax(scores, axis=-1)
    value = -jnp.sum(_one_hot(target, scores) * log_p, axis=-1)
    return value if smoothing == 0 else (1 - smoothing) * value - smoothing * jnp.mean(log_p, axis=-1)


def _one_hot(target: Labels, scores: Logits) -> Logits:
    """1 at the true class: a product with it is faster than a gather, whose gradient is a scatter."""
    return jax.nn.one_hot(target, scores.shape[-1], dtype=scores.dtype)


def _factor(class_weights: np.ndarray | None) -> Callable[[Labels], PerSample] | None:
    if class_weights is None:
        return None
    return lambda target: jnp.asarray(class_weights, jnp.zeros(()).dtype)[target]


def matching(scores: Array, target: Array, labels: bool, outputs: int) -> Array:
    """The scores in the shape the formula wants, or an error that shows both shapes."""
    if not labels and outputs == 1 and scores.ndim == target.ndim + 1 and scores.shape[-1] == 1:
        scores = scores[..., 0]
    wanted = target.shape if not labels and outputs == 1 else (*target.shape, scores.shape[-1] if labels else outputs)
    if scores.shape != wanted:
        told = "(*target, classes)" if labels else f"(*target, {outputs})"
        raise ConfigError(
            message(
                f"The network gives {scores.shape} for targets of shape {target.shape}; expected {told}.",
                where="[model] and [data] view",
                fix='view.kind = "windows" for convolutional families, "points" for the others.',
            )
        )
    return scores
