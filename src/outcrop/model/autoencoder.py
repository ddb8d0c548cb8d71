"""A dense autoencoder: the features of one sample (or of a flattened window) squeezed into a few numbers, and back."""

from __future__ import annotations

from itertools import pairwise

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model import check
from outcrop.model.activation import activation as function_of
from outcrop.model.dropout import dropout as drop
from outcrop.model.dropout import split
from outcrop.model.linear import Linear


class Stack(eqx.Module):
    """`depth` hidden layers of one width, each linear, activation, (dropout): one half of a dense autoencoder."""

    layers: tuple[Linear, ...]
    activation: str = eqx.field(static=True)
    dropout: float = eqx.field(static=True)

    def __init__(
        self, in_size: int, *, width_size: int, depth: int, activation: str, dropout: float, key: PRNGKeyArray
    ):
        sizes = pairwise([in_size] + [width_size] * depth)
        keys = jax.random.split(key, max(depth, 1))
        self.layers = tuple(Linear(a, b, key=k) for (a, b), k in zip(sizes, keys, strict=False))
        self.activation, self.dropout = activation, dropout

    def __call__(self, x: Float[Array, " entering"], *, key: PRNGKeyArray | None = None) -> Float[Array, " leaving"]:
        for layer, layer_key in zip(self.layers, split(key, len(self.layers)), strict=True):
            x = drop(function_of(self.activation)(layer(x)), self.dropout, layer_key)
        return x


class Autoencoder(eqx.Module):
    r"""Encoder z = e(x) of `latent_size` numbers, decoder d(z): what does not fit through the code is lost.

    Trained on squared error, a linear one (`depth = 0`) spans the leading principal components (Baldi and Hornik, 1989,
    Neural Networks 2, 53-58, doi:10.1016/0893-6080(89)90014-2); hidden layers bend that plane.

    Source: Hinton and Salakhutdinov (2006), Science 313, 504-507, doi:10.1126/science.1127647, figure 1.
    """

    encoder: Stack
    latent: Linear
    decoder: Stack
    last: Linear

    def __init__(
        self,
        in_size: int,
        out_size: int,
        *,
        latent_size: int = 8,
        width_size: int = 64,
        depth: int = 2,
        activation: str = "gelu",
        dropout: float = 0.0,
        key: PRNGKeyArray,
    ):
        """Builds the network with random weights.

        Args:
            in_size: number of features.
            out_size: number of outputs.
            latent_size: numbers of the code.
            width_size: width of the hidden layers.
            depth: hidden layers of the encoder, and of the decoder; 0 makes both linear.
            activation: name in `activation.ACTIVATIONS`.
            dropout: probability that a hidden value is dropped in training.
            key: for the weights.
        """
        check_sizes(in_size, out_size, latent_size, width_size, depth)
        check.share(dropout=dropout)
        function_of(activation)
        first, second, third, fourth = jax.random.split(key, 4)
        common = {"width_size": width_size, "depth": depth, "activation": activation, "dropout": dropout}
        hidden = [width_size if depth else size for size in (in_size, latent_size)]
        self.encoder = Stack(in_size, key=first, **common)
        self.latent = Linear(hidden[0], latent_size, key=second)
        self.decoder = Stack(latent_size, key=third, **common)
        self.last = Linear(hidden[1], out_size, key=fourth)

    def encode(self, x: Float[Array, " feature"], *, key: PRNGKeyArray | None = None) -> Float[Array, " latent"]:
        """The code of one example."""
        return self.latent(self.encoder(x, key=key))

    def decode(self, z: Float[Array, " latent"], *, key: PRNGKeyArray | None = None) -> Float[Array, " out"]:
        """What a code stands for."""
        return self.last(self.decoder(z, key=key))

    def __call__(self, x: Float[Array, " feature"], *, key: PRNGKeyArray | None = None) -> Float[Array, " out"]:
        """The reconstruction of one example; without `key` nothing is dropped."""
        first, second = split(key, 2)
        return self.decode(self.encode(x, key=first), key=second)


def check_sizes(in_size: int, out_size: int, latent_size: int, width_size: int, depth: int) -> None:
    """Raises ConfigError unless every size is at least 1, and the depth at least 0."""
    check.positive(in_size=in_size, out_size=out_size, latent_size=latent_size, width_size=width_size)
    if depth != 0:
        check.positive(depth=depth)


def half_parameters(in_size: int, out_size: int, width_size: int, depth: int) -> int:
    """Trainable numbers of one half: `depth` hidden layers and the linear layer after them."""
    sizes = [in_size] + [width_size] * depth + [out_size]
    return sum((a + 1) * b for a, b in pairwise(sizes))


def parameter_count(
    in_size: int,
    out_size: int,
    *,
    latent_size: int = 8,
    width_size: int = 64,
    depth: int = 2,
    encoded: int = 1,
    **_: object,
) -> int:
    """Trainable numbers of decoder and encoder; the encoder ends in `encoded` numbers for each of the code.

    >>> parameter_count(4, 4, latent_size=2, width_size=3, depth=1)  # 5*3 + 4*2 + 3*3 + 4*4
    48
    """
    encoder = half_parameters(in_size, encoded * latent_size, width_size, depth)
    return encoder + half_parameters(latent_size, out_size, width_size, depth)
