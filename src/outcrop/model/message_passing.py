"""A message-passing network: what a node hears depends on who says it and on the link it comes through."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model import check
from outcrop.model.activation import activation as function_of
from outcrop.model.dropout import split
from outcrop.model.graph_block import (
    AGGREGATIONS,
    LINK_SIZE,
    POOLS,
    Interaction,
    Links,
    Nodes,
    interaction_parameters,
    pooled,
)
from outcrop.model.linear import Linear
from outcrop.view.edges import Graph


class MessagePassing(eqx.Module):
    """Linear encoders of nodes and links, `depth` rounds of `Interaction` (own weights), a linear decoder."""

    encode_nodes: Linear
    encode_links: Linear
    rounds: tuple[Interaction, ...]
    last: Linear
    pool: str = eqx.field(static=True)

    def __init__(
        self,
        in_size: int,
        out_size: int,
        *,
        width_size: int = 64,
        depth: int = 3,
        aggregation: str = "mean",
        activation: str = "gelu",
        residual: bool = True,
        dropout: float = 0.0,
        pool: str = "none",
        key: PRNGKeyArray,
    ):
        """Builds the network with random weights.

        Args:
            in_size: features of a node.
            out_size: outputs of a node: one per class (logits), or 1 for a number.
            width_size: features of nodes and links between rounds.
            depth: rounds: a node hears from nodes so many links away.
            aggregation: "mean", "sum" or "max" of the messages that arrive at a node.
            activation: name in `activation.ACTIVATIONS`.
            residual: adds what nodes and links were to what a round makes of them.
            dropout: probability that a hidden value is dropped in training.
            pool: "mean" gives every node the mean over all nodes, for targets of the graph as a whole.
            key: for the weights.
        """
        check.positive(in_size=in_size, out_size=out_size, width_size=width_size, depth=depth)
        check.one_of(AGGREGATIONS, aggregation=aggregation)
        check.one_of(POOLS, pool=pool)
        check.share(dropout=dropout)
        function_of(activation)
        keys = jax.random.split(key, depth + 3)
        self.encode_nodes = Linear(in_size, width_size, key=keys[0])
        self.encode_links = Linear(LINK_SIZE, width_size, key=keys[1])
        how = {"aggregation": aggregation, "activation": activation, "residual": residual, "dropout": dropout}
        self.rounds = tuple(Interaction(width_size, **how, key=k) for k in keys[3:])
        self.last = Linear(width_size, out_size, key=keys[2])
        self.pool = pool

    def __call__(
        self, x: Float[Array, "node feature"], graph: Graph, *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "node out"]:
        """Logits or scaled values of every node; without `key` nothing is dropped."""
        nodes, _ = self.states(x, graph, key=key)
        return self.last(pooled(nodes, graph, self.pool))

    def states(
        self, x: Float[Array, "node feature"], graph: Graph, *, key: PRNGKeyArray | None = None
    ) -> tuple[Nodes, Links]:
        """What nodes and links know after the last round, before the decoder."""
        nodes = self.encode_nodes(x)
        links = self.encode_links(jnp.asarray(graph.features, x.dtype))
        for one, round_key in zip(self.rounds, split(key, len(self.rounds)), strict=True):
            nodes, links = one(nodes, links, graph, key=round_key)
        return nodes, links


def parameter_count(in_size: int, out_size: int, *, width_size: int = 64, depth: int = 3, **_: object) -> int:
    """Trainable numbers: two encoders, `depth` rounds and the decoder.

    >>> parameter_count(8, 1, width_size=4, depth=1)  # 9 * 4 + 4 * 4 + (7 * 16 + 8 * 4) + 5
    201
    """
    ends = (in_size + 1) * width_size + (LINK_SIZE + 1) * width_size + (width_size + 1) * out_size
    return ends + depth * interaction_parameters(width_size)
