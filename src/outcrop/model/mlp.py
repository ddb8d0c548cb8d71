"""A multilayer perceptron: fully connected layers on the features of one sample, with or without its neighbours."""

from __future__ import annotations

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model import check
from outcrop.model.activation import activation as function_of
from outcrop.model.dropout import dropout as drop
from outcrop.model.dropout import split
from outcrop.model.linear import Linear
from outcrop.model.norm import LayerNorm

OUTPUTS = ("linear", "positive", "bounded")
NORMS = ("none", "layer")


class MLP(eqx.Module):
    """`depth` hidden layers of `width_size`, then one linear layer to `out_size`.

    Each hidden layer is linear, (norm), activation, (dropout); with `residual`, its input is added where widths agree.
    Weights and biases start uniform within +-1 / sqrt(fan-in), as `equinox.nn.Linear` draws them.
    """

    layers: tuple[Linear, ...]
    norms: tuple[LayerNorm, ...] | None
    last: Linear
    activation: str = eqx.field(static=True)
    residual: bool = eqx.field(static=True)
    dropout: float = eqx.field(static=True)
    output: str = eqx.field(static=True)

    def __init__(
        self,
        in_size: int,
        out_size: int,
        *,
        width_size: int = 128,
        depth: int = 3,
        activation: str = "gelu",
        residual: bool = False,
        norm: str = "none",
        dropout: float = 0.0,
        output: str = "linear",
        key: PRNGKeyArray,
    ):
        """Builds the network with random weights.

        Args:
            in_size: number of features.
            out_size: number of outputs: one per class (logits), or 1 for a number.
            width_size: width of the hidden layers.
            depth: number of hidden layers.
            activation: name in `activation.ACTIVATIONS`.
            residual: adds the input of each hidden layer to its output (not for the first, whose widths differ).
            norm: "none" or "layer", before the activation.
            dropout: probability that a hidden value is dropped in training.
            output: "linear"; for a target that is not standardised "positive" (softplus) or "bounded" (0 to 1).
            key: for the weights.
        """
        check.positive(in_size=in_size, out_size=out_size, width_size=width_size, depth=depth)
        check.one_of(OUTPUTS, output=output)
        check.one_of(NORMS, norm=norm)
        check.share(dropout=dropout)
        function_of(activation)
        keys = jax.random.split(key, depth + 1)
        sizes = [in_size] + [width_size] * depth
        self.layers = tuple(Linear(a, b, key=k) for a, b, k in zip(sizes[:-1], sizes[1:], keys[:-1], strict=True))
        self.norms = tuple(LayerNorm(width_size) for _ in range(depth)) if norm == "layer" else None
        self.last = Linear(width_size, out_size, key=keys[-1])
        self.activation = activation
        self.residual = residual
        self.dropout = dropout
        self.output = output

    def __call__(self, x: Float[Array, " feature"], *, key: PRNGKeyArray | None = None) -> Float[Array, " out"]:
        """Logits or scaled values of one example; without `key` nothing is dropped."""
        act = function_of(self.activation)
        for i, (layer, layer_key) in enumerate(zip(self.layers, split(key, len(self.layers)), strict=True)):
            y = layer(x)
            y = self.norms[i](y) if self.norms else y
            y = drop(act(y), self.dropout, layer_key)
            x = x + y if self.residual and i > 0 else y
        y = self.last(x)
        if self.output == "positive":
            return jax.nn.softplus(y)
        return jax.nn.sigmoid(y) if self.output == "bounded" else y


def parameter_count(
    in_size: int, out_size: int, *, width_size: int = 128, depth: int = 3, norm: str = "none", **_: object
) -> int:
    """Trainable numbers: weights and biases of depth + 1 layers, two per channel of each norm.

    >>> parameter_count(8, 1, width_size=64, depth=3)  # 9 * 64 + 2 * 65 * 64 + 65
    8961
    """
    hidden = (in_size + 1) * width_size + (depth - 1) * (width_size + 1) * width_size
    return hidden + (width_size + 1) * out_size + (2 * depth * width_size if norm == "layer" else 0)
