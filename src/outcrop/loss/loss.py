"""What the training loop asks of a loss, and nothing else: groups of parameters, a state, a value with its weight."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from outcrop.records import Batch


@dataclass(frozen=True)
class Group:
    """Parameters that are moved together.

    Attributes:
        name: shown in the history.
        turns: updates of this group per training step.
        where: model -> tree of bools of its shape, the arrays of this group; None for all trainable ones.
    """

    name: str
    turns: int = 1
    where: Callable[[PyTree], PyTree] | None = None


class LossValue(NamedTuple):
    """What a loss returns for one batch.

    Attributes:
        value: weighted mean over the batch; 0 when no sample has weight.
        weight: sum of the weights. Batches combine as sum(value * weight) / sum(weight).
        parts: named contributions, weighted means as well, for the history.
        state: the loss's own state after this batch.
    """

    value: Float[Array, ""]
    weight: Float[Array, ""]
    parts: Mapping[str, Float[Array, ""]]
    state: Any


class Loss(Protocol):
    """Anything the loop can minimise; the loop minimises sum(value * weight) / sum(weight) per group."""

    groups: tuple[Group, ...]

    def init(self, model: PyTree, key: PRNGKeyArray) -> Any:
        """The loss's own state before training; None for most."""
        ...

    def loss(self, model: PyTree, state: Any, batch: Batch, key: PRNGKeyArray | None, group: Group) -> LossValue:
        """Value and weight of one batch; `key` None evaluates without dropout."""
        ...
