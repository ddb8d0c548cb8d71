"""What the graph networks are made of: messages along links, what a node makes of them, and one round of both.

Arrays run over nodes (node, channel) or links (link, channel). Links that are not present send nothing; nodes without
links keep what they know of themselves.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model import check
from outcrop.model import pool as pools
from outcrop.model.activation import activation as function_of
from outcrop.model.dropout import dropout as drop
from outcrop.model.linear import Linear
from outcrop.model.norm import LayerNorm
from outcrop.view.edges import FEATURES, Graph

AGGREGATIONS = ("mean", "sum", "max")
POOLS = ("none", "mean")
LINK_SIZE = len(FEATURES)

Nodes = Float[Array, "node channel"]
Links = Float[Array, "link channel"]


def arriving(values: Links, graph: Graph, size: int) -> Nodes:
    """The sum of what arrives at each of `size` nodes. Links are sorted by receiver, which makes it one pass."""
    return jax.ops.segment_sum(values, graph.receivers, size, indices_are_sorted=True)


def aggregated(values: Links, graph: Graph, size: int, how: str) -> Nodes:
    """Sum, mean or maximum of what arrives at each node over the links that are present; 0 where nothing does."""
    present = graph.present[:, None].astype(values.dtype)
    if how == "max":
        least = jnp.finfo(values.dtype).min
        kept = jnp.where(present > 0, values, least)
        top = jax.ops.segment_max(kept, graph.receivers, size, indices_are_sorted=True)
        return jnp.where(top > least, top, 0.0)
    total = arriving(values * present, graph, size)
    return total if how == "sum" else total / jnp.maximum(arriving(present, graph, size), 1.0)


def shares(score: Links, graph: Graph, size: int, own: Nodes | None = None) -> tuple[Links, Nodes]:
    """The softmax of scores over the links that arrive at each node, and of its `own` score where it takes part.

    Links that are not present have 0. Shares of a node add to 1, for every channel; without links and `own`, to 0.
    """
    present = graph.present[:, None].astype(score.dtype)
    links = jnp.where(present > 0, score, jnp.finfo(score.dtype).min)
    top = jax.ops.segment_max(links, graph.receivers, size, indices_are_sorted=True)
    top = jax.lax.stop_gradient(top if own is None else jnp.maximum(top, own))
    links = jnp.exp(links - top[graph.receivers]) * present
    kept = jnp.zeros((size, score.shape[1]), score.dtype) if own is None else jnp.exp(own - top)
    total = jnp.maximum(arriving(links, graph, size) + kept, jnp.finfo(score.dtype).tiny)
    return links / total[graph.receivers], kept / total


def pooled(x: Nodes, graph: Graph, kind: str) -> Nodes:
    """With "mean" every node gets the mean over all nodes that are there: what is said of a graph as a whole."""
    if kind == "none":
        return x
    there = jnp.asarray(graph.nodes) > 0
    return pools.repeated(pools.pooled(x, there, kind), there)


def hidden(x: Nodes, activation: str, rate: float, key: PRNGKeyArray | None) -> Nodes:
    """Activation, then dropout."""
    return drop(function_of(activation)(x), rate, key)


class Interaction(eqx.Module):
    r"""One round: every link is updated from its two ends, every node from the links that arrive at it.

        e'_ij = e_ij + phi_e(e_ij, h_j, h_i),    m_i = aggregation over j of e'_ij,    h'_i = h_i + phi_h(h_i, m_i)

    phi are linear, activation, linear, layer norm. The first layer acts on the concatenation of its arguments, written
    as one product for each, so that senders and receivers are multiplied once per node and not once per link.

    Source: Battaglia et al. (2018), arXiv:1806.01261, algorithm 1 without globals (the message-passing network of
    Gilmer et al., 2017, arXiv:1704.01212, equations 1 and 2, with edge states); norms and residuals as in GraphCast
    (Lam et al., 2023, doi:10.1126/science.adi2336, supplement 3.5).
    """

    from_link: Linear
    from_sender: Linear
    from_receiver: Linear
    link: Linear
    link_norm: LayerNorm
    from_node: Linear
    from_messages: Linear
    node: Linear
    node_norm: LayerNorm
    aggregation: str = eqx.field(static=True)
    activation: str = eqx.field(static=True)
    residual: bool = eqx.field(static=True)
    dropout: float = eqx.field(static=True)

    def __init__(
        self,
        width_size: int,
        *,
        aggregation: str = "mean",
        activation: str = "gelu",
        residual: bool = True,
        dropout: float = 0.0,
        key: PRNGKeyArray,
    ):
        check.one_of(AGGREGATIONS, aggregation=aggregation)
        keys = iter(jax.random.split(key, 7))
        self.from_link = Linear(width_size, width_size, key=next(keys))
        self.from_sender = Linear(width_size, width_size, use_bias=False, key=next(keys))
        self.from_receiver = Linear(width_size, width_size, use_bias=False, key=next(keys))
        self.link = Linear(width_size, width_size, key=next(keys))
        self.link_norm = LayerNorm(width_size)
        self.from_node = Linear(width_size, width_size, key=next(keys))
        self.from_messages = Linear(width_size, width_size, use_bias=False, key=next(keys))
        self.node = Linear(width_size, width_size, key=next(keys))
        self.node_norm = LayerNorm(width_size)
        self.aggregation, self.activation = aggregation, activation
        self.residual, self.dropout = residual, dropout

    def __call__(
        self, nodes: Nodes, links: Links, graph: Graph, *, key: PRNGKeyArray | None = None
    ) -> tuple[Nodes, Links]:
        """Nodes and links after the round."""
        sent = self.from_sender(nodes)[graph.senders] + self.from_receiver(nodes)[graph.receivers]
        change = hidden(self.from_link(links) + sent, self.activation, 0.0, None)
        change = self.link_norm(self.link(change))
        links = links + change if self.residual else change
        messages = aggregated(links, graph, len(nodes), self.aggregation)
        change = self.from_node(nodes) + self.from_messages(messages)
        change = self.node_norm(self.node(hidden(change, self.activation, self.dropout, key)))
        return (nodes + change if self.residual else change), links


def interaction_parameters(width_size: int) -> int:
    """Trainable numbers of one round: seven square products, four biases, two norms."""
    return 7 * width_size**2 + 4 * width_size + 4 * width_size
