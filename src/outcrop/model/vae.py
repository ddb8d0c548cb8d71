"""A dense variational autoencoder: the code is a Gaussian, near N(0, I), so that codes can be drawn and decoded."""

from __future__ import annotations

import functools
from typing import TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model import autoencoder, check
from outcrop.model.activation import activation as function_of
from outcrop.model.autoencoder import Stack, check_sizes
from outcrop.model.dropout import split
from outcrop.model.linear import Linear

Gaussian: TypeAlias = tuple[Float[Array, "*place latent"], Float[Array, "*place latent"]]
LARGEST_LOG_VARIANCE = 10.0


class VAE(eqx.Module):
    """As `autoencoder.Autoencoder`, but the encoder gives mean and log variance of the code.

    Called, it decodes the mean. The loss `elbo` draws the code, z = mean + exp(log_variance / 2) * noise.

    Source: Kingma and Welling (2014), arXiv:1312.6114, section 3.
    """

    encoder: Stack
    latent: Linear
    decoder: Stack
    last: Linear
    latent_size: int = eqx.field(static=True)

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
        """Builds the network with random weights; arguments as in `autoencoder.Autoencoder`."""
        check_sizes(in_size, out_size, latent_size, width_size, depth)
        check.share(dropout=dropout)
        function_of(activation)
        first, second, third, fourth = jax.random.split(key, 4)
        common = {"width_size": width_size, "depth": depth, "activation": activation, "dropout": dropout}
        hidden = [width_size if depth else size for size in (in_size, latent_size)]
        self.encoder = Stack(in_size, key=first, **common)
        self.latent = Linear(hidden[0], 2 * latent_size, key=second)
        self.decoder = Stack(latent_size, key=third, **common)
        self.last = Linear(hidden[1], out_size, key=fourth)
        self.latent_size = latent_size

    def encode(self, x: Float[Array, " feature"], *, key: PRNGKeyArray | None = None) -> Gaussian:
        """Mean and log variance of the code of one example."""
        return mean_and_log_variance(self.latent(self.encoder(x, key=key)))

    def decode(self, z: Float[Array, " latent"], *, key: PRNGKeyArray | None = None) -> Float[Array, " out"]:
        """What a code stands for."""
        return self.last(self.decoder(z, key=key))

    def sample(self, *, key: PRNGKeyArray) -> Float[Array, " out"]:
        """One example drawn from the prior: a code from N(0, I), decoded."""
        return self.decode(jax.random.normal(key, (self.latent_size,)))

    def __call__(self, x: Float[Array, " feature"], *, key: PRNGKeyArray | None = None) -> Float[Array, " out"]:
        """The reconstruction from the mean of the code; `key` is for dropout only."""
        first, second = split(key, 2)
        return self.decode(self.encode(x, key=first)[0], key=second)


def mean_and_log_variance(numbers: Float[Array, "*place both"]) -> Gaussian:
    """The two halves of the encoder's numbers; the log variance bends towards +-10, so that its exp stays finite."""
    mean, raw = jnp.split(numbers, 2, axis=-1)
    return mean, LARGEST_LOG_VARIANCE * jnp.tanh(raw / LARGEST_LOG_VARIANCE)


parameter_count = functools.partial(autoencoder.parameter_count, encoded=2)  # mean and log variance
