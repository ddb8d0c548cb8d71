"""Learned interpolation: a node takes a weighted mean of what its neighbours measure, and a correction to it."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model import check, encode_process_decode
from outcrop.model.encode_process_decode import EncodeProcessDecode
from outcrop.model.gat import Attention
from outcrop.model.graph_block import arriving, shares
from outcrop.model.linear import Linear
from outcrop.view.edges import Graph


class GraphInterpolation(EncodeProcessDecode):
    r"""Encode, process, decode, beside attention on the raw inputs of the neighbours.

        y_i = decode(h_i) + sum over j of alpha_ij V x_j,    alpha_ij = softmax over j of a . e_ij

    h and e are what nodes and links know after the last round. The second term is linear in what is measured, with
    weights that add to 1, as those of kriging do: a network without it has to learn to copy numbers through its
    activations and norms. The weights may depend on more than distances: on the wind, on the season.

    Source: the rounds as in `EncodeProcessDecode`; weights over neighbours as in Velickovic et al. (2018),
    arXiv:1710.10903, equation 3, here of the links' states; a skip from inputs to answer as in He et al. (2016),
    doi:10.1109/CVPR.2016.90.
    """

    score: Linear
    value: Linear

    def __init__(
        self,
        in_size: int,
        out_size: int,
        *,
        width_size: int = 32,
        depth: int = 2,
        shared: bool = False,
        aggregation: str = "mean",
        activation: str = "gelu",
        dropout: float = 0.0,
        key: PRNGKeyArray,
    ):
        """Builds the network with random weights.

        Args:
            in_size: features of a node.
            out_size: outputs of a node: one per class (logits), or 1 for a number.
            width_size: features of nodes and links between rounds.
            depth: rounds: a node hears from nodes so many links away; its mean is over its own neighbours.
            shared: whether all rounds have the same weights.
            aggregation: "mean", "sum" or "max" of the messages that arrive at a node.
            activation: name in `activation.ACTIVATIONS`.
            dropout: probability that a hidden value is dropped in training.
            key: for the weights.
        """
        check.positive(in_size=in_size, out_size=out_size, width_size=width_size, depth=depth)
        first, second, third = jax.random.split(key, 3)
        how: dict[str, Any] = {"aggregation": aggregation, "activation": activation, "dropout": dropout}
        super().__init__(in_size, out_size, width_size=width_size, depth=depth, shared=shared, **how, key=first)
        self.score = Linear(width_size, 1, use_bias=False, key=second)
        self.value = Linear(in_size, out_size, use_bias=False, key=third)

    def __call__(
        self, x: Float[Array, "node feature"], graph: Graph, *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "node out"]:
        """Logits or scaled values of every node; without `key` nothing is dropped."""
        nodes, links = self.states(x, graph, key=key)
        weights, _ = shares(self.score(links), graph, len(x))
        mean = arriving(weights * self.value(x)[graph.senders], graph, len(x))
        return mean + self.decoded(nodes)

    def weights(self, x: Float[Array, "node feature"], graph: Graph) -> Float[Array, "link 1"]:
        """How much each receiver takes from the sender of a link; they add to 1 at each node that has links."""
        return shares(self.score(self.states(x, graph)[1]), graph, len(x))[0]

    def attention(self, x: Float[Array, "node feature"], graph: Graph) -> list[Attention]:
        """The same as one layer of one head: nodes take nothing from themselves."""
        return [Attention(self.weights(x, graph), jnp.zeros((len(x), 1), x.dtype))]


def parameter_count(in_size: int, out_size: int, *, width_size: int = 32, depth: int = 2, **further: Any) -> int:
    """Trainable numbers: encode, process, decode; the score of a link; the value of a sender.

    >>> parameter_count(8, 1, width_size=4, depth=3, shared=True)  # 277 + 4 + 8
    289
    """
    own = encode_process_decode.parameter_count(in_size, out_size, width_size=width_size, depth=depth, **further)
    return own + width_size + in_size * out_size
