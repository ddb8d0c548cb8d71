"""A perceptron on random Fourier features of its inputs: for functions of coordinates with detail of a chosen size.

    features(x) = (cos(B x), sin(B x)),    B ~ N(0, frequency^2), drawn once and never trained

Source: Tancik et al. (2020), arXiv:2006.10739, section 6; their B counts turns, ours radians per unit of an input.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model import check, mlp
from outcrop.model.trainable import Buffer


class FourierMLP(eqx.Module):
    """Fourier features of all inputs, then a perceptron."""

    frequencies: Buffer
    network: mlp.MLP

    def __init__(
        self,
        in_size: int,
        out_size: int,
        *,
        features: int = 32,
        frequency: float = 3.0,
        width_size: int = 64,
        depth: int = 3,
        activation: str = "tanh",
        dropout: float = 0.0,
        key: PRNGKeyArray,
    ):
        """Builds the network with random frequencies and weights.

        Args:
            in_size: number of coordinates or features.
            out_size: number of outputs.
            features: number of frequencies; the perceptron sees a cosine and a sine of each.
            frequency: their standard deviation, in radians per unit of an input.
            width_size: width of the hidden layers.
            depth: number of hidden layers.
            activation: name in `activation.ACTIVATIONS`.
            dropout: probability that a hidden value is dropped in training.
            key: for frequencies and weights.
        """
        check.positive(in_size=in_size, out_size=out_size, features=features)
        drawn, rest = jax.random.split(key)
        self.frequencies = Buffer(frequency * jax.random.normal(drawn, (features, in_size)))
        shape = {"width_size": width_size, "depth": depth, "activation": activation, "dropout": dropout}
        self.network = mlp.MLP(2 * features, out_size, **shape, key=rest)

    def __call__(self, x: Float[Array, " feature"], *, key: PRNGKeyArray | None = None) -> Float[Array, " out"]:
        """The outputs of one point; without `key` nothing is dropped."""
        turned = self.frequencies.value.astype(x.dtype) @ x
        return self.network(jnp.concatenate([jnp.cos(turned), jnp.sin(turned)]), key=key)


def parameter_count(
    in_size: int, out_size: int, *, features: int = 32, width_size: int = 64, depth: int = 3, **_: object
) -> int:
    """Trainable numbers: those of the perceptron on two features for each frequency.

    >>> parameter_count(2, 1, features=2, width_size=4, depth=1)  # 5 * 4 + 5
    25
    """
    return mlp.parameter_count(2 * features, out_size, width_size=width_size, depth=depth)
