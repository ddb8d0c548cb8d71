"""A graph attention network: each node weighs its neighbours by what it and they know, and by the link between them."""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model import check
from outcrop.model.activation import activation as function_of
from outcrop.model.dropout import split
from outcrop.model.graph_block import LINK_SIZE, POOLS, arriving, hidden, pooled, shares
from outcrop.model.linear import Linear
from outcrop.view.edges import Graph

SLOPE = 0.2
"""Of the leaky ReLU in the score, as in the papers."""


class Attention(NamedTuple):
    """How one layer weighs: for each node the weights of its links and its own add to 1, for every head.

    Attributes:
        links: weight of every link, at its receiver; 0 where it is not present.
        own: weight of every node for itself.
    """

    links: Float[Array, "link head"]
    own: Float[Array, "node head"]


class Score(eqx.Module):
    """a . leaky_relu(y) for every head of every row."""

    weight: Float[Array, "head channel"]

    def __init__(self, num_heads: int, channels: int, *, key: PRNGKeyArray):
        self.weight = jax.random.normal(key, (num_heads, channels)) * channels**-0.5

    def __call__(self, y: Float[Array, "row head channel"]) -> Float[Array, "row head"]:
        return jnp.sum(jax.nn.leaky_relu(y, SLOPE) * self.weight[None], axis=-1)


class AttentionLayer(eqx.Module):
    r"""One layer of attention over neighbours, heads side by side.

        score_ij = a . leaky_relu(W_r h_i + W_s h_j + W_e e_ij),  alpha_ij = softmax over j of score_ij, i included,
        h'_i = sum over j of alpha_ij W_s h_j

    Source: Brody, Alon and Yahav (2022), How attentive are graph attention networks?, arXiv:2105.14491, equation 7,
    with a term for the features of the link; of Velickovic et al. (2018), arXiv:1710.10903, whose weights rank
    neighbours alike for all nodes.
    """

    from_sender: Linear
    from_receiver: Linear
    from_link: Linear
    score: Score

    def __init__(self, in_size: int, width_size: int, num_heads: int, *, key: PRNGKeyArray):
        first, second, third, fourth = jax.random.split(key, 4)
        self.from_sender = Linear(in_size, width_size, key=first)
        self.from_receiver = Linear(in_size, width_size, use_bias=False, key=second)
        self.from_link = Linear(LINK_SIZE, width_size, use_bias=False, key=third)
        self.score = Score(num_heads, width_size // num_heads, key=fourth)

    def __call__(self, x: Float[Array, "node feature"], graph: Graph) -> tuple[Float[Array, "node channel"], Attention]:
        """What every node takes from its neighbours and itself, and the weights it did so with."""
        shape = (-1, *self.score.weight.shape)
        sent = self.from_sender(x).reshape(shape)  # (node, head, channel)
        asked = self.from_receiver(x).reshape(shape)
        told = self.from_link(jnp.asarray(graph.features, x.dtype)).reshape(shape)
        score = self.score(asked[graph.receivers] + sent[graph.senders] + told)
        weights = Attention(*shares(score, graph, len(x), self.score(asked + sent)))
        messages = sent[graph.senders] * weights.links[..., None]
        taken = arriving(messages, graph, len(x)) + sent * weights.own[..., None]
        return taken.reshape(len(x), -1), weights


class GAT(eqx.Module):
    """`depth` layers of attention with an activation, then one linear layer on every node."""

    layers: tuple[AttentionLayer, ...]
    last: Linear
    activation: str = eqx.field(static=True)
    residual: bool = eqx.field(static=True)
    dropout: float = eqx.field(static=True)
    pool: str = eqx.field(static=True)

    def __init__(
        self,
        in_size: int,
        out_size: int,
        *,
        width_size: int = 64,
        depth: int = 2,
        num_heads: int = 4,
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
            width_size: features of a node between layers, over all heads.
            depth: layers: a node hears from nodes so many links away.
            num_heads: ways of weighing side by side; divides `width_size`.
            activation: name in `activation.ACTIVATIONS`.
            residual: adds the input of each layer to its output (not for the first, whose widths differ).
            dropout: probability that a hidden value is dropped in training.
            pool: "mean" gives every node the mean over all nodes, for targets of the graph as a whole.
            key: for the weights.
        """
        sizes = {"in_size": in_size, "out_size": out_size, "width_size": width_size, "depth": depth}
        check.positive(**sizes, num_heads=num_heads)
        check.divides(num_heads=num_heads, width_size=width_size)
        check.one_of(POOLS, pool=pool)
        check.share(dropout=dropout)
        function_of(activation)
        keys = jax.random.split(key, depth + 1)
        entering = [in_size] + [width_size] * (depth - 1)
        self.layers = tuple(
            AttentionLayer(size, width_size, num_heads, key=k) for size, k in zip(entering, keys[:-1], strict=True)
        )
        self.last = Linear(width_size, out_size, key=keys[-1])
        self.activation, self.residual, self.dropout, self.pool = activation, residual, dropout, pool

    def __call__(
        self, x: Float[Array, "node feature"], graph: Graph, *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "node out"]:
        """Logits or scaled values of every node; without `key` nothing is dropped."""
        return self.last(pooled(self._nodes(x, graph, key)[0], graph, self.pool))

    def attention(self, x: Float[Array, "node feature"], graph: Graph) -> list[Attention]:
        """The weights of every layer for one example: who listens to whom."""
        return self._nodes(x, graph, None)[1]

    def _nodes(self, x: Array, graph: Graph, key: PRNGKeyArray | None) -> tuple[Array, list[Attention]]:
        weights = []
        for number, (layer, layer_key) in enumerate(zip(self.layers, split(key, len(self.layers)), strict=True)):
            taken, weighed = layer(x, graph)
            taken = hidden(taken, self.activation, self.dropout, layer_key)
            x = x + taken if self.residual and number else taken
            weights.append(weighed)
        return x, weights


def parameter_count(in_size: int, out_size: int, *, width_size: int = 64, depth: int = 2, **_: object) -> int:
    """Trainable numbers: each layer multiplies senders (with a bias), receivers and links, and scores each channel.

    >>> parameter_count(8, 1, width_size=64, depth=1)  # (2 * 8 + 3 + 2) * 64 + 65
    1409
    """
    entering = [in_size] + [width_size] * (depth - 1)
    return sum((2 * size + LINK_SIZE + 2) * width_size for size in entering) + (width_size + 1) * out_size
