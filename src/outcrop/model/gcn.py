"""A graph convolutional network: each node takes the mean of itself and its neighbours, weighed by how linked they are.

It knows who is linked, not how far apart they are; where distance matters use `message_passing` or `gat`.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model import check
from outcrop.model.activation import activation as function_of
from outcrop.model.dropout import split
from outcrop.model.graph_block import POOLS, arriving, hidden, pooled
from outcrop.model.linear import Linear
from outcrop.view.edges import Graph


class GCN(eqx.Module):
    r"""`depth` rounds of H' = act(D^-1/2 (A + I) D^-1/2 H W + b), then one linear layer on every node.

    A has 1 for each link that is present, D counts the links that arrive at a node and its own: in a graph whose links
    run both ways this is the symmetric normalisation of the paper.

    Source: Kipf and Welling (2017), arXiv:1609.02907, equation 2 and section 2.2; the last propagation is followed by a
    linear layer where the paper's is the classifier itself.
    """

    layers: tuple[Linear, ...]
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
        activation: str = "gelu",
        residual: bool = False,
        dropout: float = 0.0,
        pool: str = "none",
        key: PRNGKeyArray,
    ):
        """Builds the network with random weights.

        Args:
            in_size: features of a node.
            out_size: outputs of a node: one per class (logits), or 1 for a number.
            width_size: features of a node between rounds.
            depth: rounds: a node hears from nodes so many links away.
            activation: name in `activation.ACTIVATIONS`.
            residual: adds the input of each round to its output (not for the first, whose widths differ).
            dropout: probability that a hidden value is dropped in training.
            pool: "mean" gives every node the mean over all nodes, for targets of the graph as a whole.
            key: for the weights.
        """
        check.positive(in_size=in_size, out_size=out_size, width_size=width_size, depth=depth)
        check.one_of(POOLS, pool=pool)
        check.share(dropout=dropout)
        function_of(activation)
        keys = jax.random.split(key, depth + 1)
        sizes = [in_size] + [width_size] * depth
        self.layers = tuple(Linear(a, b, key=k) for a, b, k in zip(sizes[:-1], sizes[1:], keys[:-1], strict=True))
        self.last = Linear(width_size, out_size, key=keys[-1])
        self.activation, self.residual, self.dropout, self.pool = activation, residual, dropout, pool

    def __call__(
        self, x: Float[Array, "node feature"], graph: Graph, *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "node out"]:
        """Logits or scaled values of every node; without `key` nothing is dropped."""
        weight, own = (one[:, None].astype(x.dtype) for one in normalised(graph, len(x)))
        for number, (layer, layer_key) in enumerate(zip(self.layers, split(key, len(self.layers)), strict=True)):
            y = layer(x)
            y = arriving(y[graph.senders] * weight, graph, len(x)) + y * own
            y = hidden(y, self.activation, self.dropout, layer_key)
            x = x + y if self.residual and number else y
        return self.last(pooled(x, graph, self.pool))


def normalised(graph: Graph, size: int) -> tuple[Float[Array, " link"], Float[Array, " node"]]:
    """The entries of D^-1/2 (A + I) D^-1/2: of every link, and of every node with itself."""
    degree = arriving(jnp.asarray(graph.present), graph, size) + 1.0
    root = jax.lax.rsqrt(degree)
    return root[graph.senders] * root[graph.receivers] * graph.present, root * root


def parameter_count(in_size: int, out_size: int, *, width_size: int = 64, depth: int = 2, **_: object) -> int:
    """Trainable numbers: weights and biases of depth + 1 layers.

    >>> parameter_count(8, 1, width_size=64, depth=2)  # 9 * 64 + 65 * 64 + 65
    4801
    """
    return (in_size + 1) * width_size + (depth - 1) * (width_size + 1) * width_size + (width_size + 1) * out_size
