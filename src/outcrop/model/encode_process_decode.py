"""Encode, process, decode: perceptrons bring nodes and links to one width, rounds of messages follow, one decodes."""

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
from outcrop.model.norm import LayerNorm
from outcrop.view.edges import Graph


class Encoder(eqx.Module):
    """Linear, activation, linear, layer norm on every node or link."""

    first: Linear
    second: Linear
    norm: LayerNorm
    activation: str = eqx.field(static=True)

    def __init__(self, in_size: int, width_size: int, *, activation: str, key: PRNGKeyArray):
        first, second = jax.random.split(key)
        self.first = Linear(in_size, width_size, key=first)
        self.second = Linear(width_size, width_size, key=second)
        self.norm = LayerNorm(width_size)
        self.activation = activation

    def __call__(self, x: Float[Array, "row feature"]) -> Float[Array, "row channel"]:
        return self.norm(self.second(function_of(self.activation)(self.first(x))))


class EncodeProcessDecode(eqx.Module):
    """Encoders of nodes and links, `depth` rounds of `Interaction`, a decoder with one hidden layer.

    With `shared` all rounds have the same weights: a recurrence, with few parameters for a long reach.

    Source: Battaglia et al. (2018), arXiv:1806.01261, section 4.2.3 and figure 6c; on meshes Pfaff et al. (2021),
    arXiv:2010.03409, section 3.2, and GraphCast (Lam et al., 2023, doi:10.1126/science.adi2336).
    """

    encode_nodes: Encoder
    encode_links: Encoder
    rounds: tuple[Interaction, ...]
    decode: Linear
    last: Linear
    depth: int = eqx.field(static=True)
    activation: str = eqx.field(static=True)
    pool: str = eqx.field(static=True)

    def __init__(
        self,
        in_size: int,
        out_size: int,
        *,
        width_size: int = 64,
        depth: int = 6,
        shared: bool = False,
        aggregation: str = "sum",
        activation: str = "gelu",
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
            shared: whether all rounds have the same weights.
            aggregation: "mean", "sum" or "max" of the messages that arrive at a node.
            activation: name in `activation.ACTIVATIONS`.
            dropout: probability that a hidden value is dropped in training.
            pool: "mean" gives every node the mean over all nodes, for targets of the graph as a whole.
            key: for the weights.
        """
        check.positive(in_size=in_size, out_size=out_size, width_size=width_size, depth=depth)
        check.one_of(AGGREGATIONS, aggregation=aggregation)
        check.one_of(POOLS, pool=pool)
        check.share(dropout=dropout)
        function_of(activation)
        keys = jax.random.split(key, 4)
        self.encode_nodes = Encoder(in_size, width_size, activation=activation, key=keys[0])
        self.encode_links = Encoder(LINK_SIZE, width_size, activation=activation, key=keys[1])
        how = {"aggregation": aggregation, "activation": activation, "dropout": dropout}
        each_key = jax.random.split(keys[2], 1 if shared else depth)
        self.rounds = tuple(Interaction(width_size, **how, key=k) for k in each_key)
        self.decode, self.last = (
            Linear(width_size, size, key=k)
            for size, k in zip((width_size, out_size), jax.random.split(keys[3]), strict=True)
        )
        self.depth, self.activation, self.pool = depth, activation, pool

    def __call__(
        self, x: Float[Array, "node feature"], graph: Graph, *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "node out"]:
        """Logits or scaled values of every node; without `key` nothing is dropped."""
        return self.decoded(pooled(self.states(x, graph, key=key)[0], graph, self.pool))

    def states(
        self, x: Float[Array, "node feature"], graph: Graph, *, key: PRNGKeyArray | None = None
    ) -> tuple[Nodes, Links]:
        """What nodes and links know after the last round, before the decoder."""
        nodes, links = self.encode_nodes(x), self.encode_links(jnp.asarray(graph.features, x.dtype))
        for number, round_key in enumerate(split(key, self.depth)):
            nodes, links = self.rounds[number % len(self.rounds)](nodes, links, graph, key=round_key)
        return nodes, links

    def decoded(self, x: Nodes) -> Float[Array, "node out"]:
        """The decoder, on the states of nodes."""
        return self.last(function_of(self.activation)(self.decode(x)))


def parameter_count(
    in_size: int, out_size: int, *, width_size: int = 64, depth: int = 6, shared: bool = False, **_: object
) -> int:
    """Trainable numbers: encoders of nodes and links, the rounds (one where they are shared), the decoder.

    >>> parameter_count(8, 1, width_size=4, depth=3, shared=True)  # 64 + 44 + (7 * 16 + 8 * 4) + 25
    277
    """
    ends = sum(
        (size + 1) * width_size + (width_size + 1) * width_size + 2 * width_size for size in (in_size, LINK_SIZE)
    )
    decoder = (width_size + 1) * width_size + (width_size + 1) * out_size
    return ends + decoder + (1 if shared else depth) * interaction_parameters(width_size)
