"""A dense generator and a dense critic: the game for points and vectors."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model import check, mlp
from outcrop.model.activation import activation as function_of
from outcrop.model.condition import Condition, channels, fields
from outcrop.model.gan import GAN, normalised
from outcrop.model.mlp import MLP


class Generator(eqx.Module):
    """Noise and condition to one example."""

    network: MLP
    in_size: int = eqx.field(static=True)

    def __call__(
        self, z: Float[Array, " latent"], condition: Condition = None, *, key: PRNGKeyArray | None = None
    ) -> Float[Array, " out"]:
        return self.network(jnp.concatenate([z, fields(condition, (), self.in_size, z)]), key=key)


class Critic(eqx.Module):
    """An example and its condition to one number: how much it looks like data."""

    network: MLP
    in_size: int = eqx.field(static=True)
    spectral_norm: bool = eqx.field(static=True)

    def __call__(
        self, x: Float[Array, " out"], condition: Condition = None, *, key: PRNGKeyArray | None = None
    ) -> Float[Array, ""]:
        network = normalised(self.network) if self.spectral_norm else self.network
        return network(jnp.concatenate([x, fields(condition, (), self.in_size, x)]), key=key)[0]


class DenseGAN(GAN):
    """Two multilayer perceptrons; see `gan.GAN`."""

    generator: Generator
    critic: Critic
    latent_size: int = eqx.field(static=True)

    def __init__(
        self,
        in_size: int,
        out_size: int,
        *,
        latent_size: int = 16,
        width_size: int = 128,
        depth: int = 2,
        activation: str = "leaky_relu",
        spectral_norm: bool = False,
        key: PRNGKeyArray,
    ):
        """Builds both networks with random weights.

        Args:
            in_size: numbers of the condition; 0 for none.
            out_size: numbers that are generated.
            latent_size: numbers of noise an example is made of.
            width_size: width of the hidden layers of both networks.
            depth: number of their hidden layers.
            activation: name in `activation.ACTIVATIONS`.
            spectral_norm: bounds the slope of the critic by dividing its weights by their largest singular value.
            key: for the weights.
        """
        check.natural(in_size=in_size)
        check.positive(out_size=out_size, latent_size=latent_size, width_size=width_size, depth=depth)
        function_of(activation)
        first, second = jax.random.split(key)
        hidden = {"width_size": width_size, "depth": depth, "activation": activation}
        self.generator = Generator(MLP(latent_size + channels(in_size), out_size, **hidden, key=first), in_size)
        self.critic = Critic(MLP(out_size + channels(in_size), 1, **hidden, key=second), in_size, spectral_norm)
        self.latent_size = latent_size


def parameter_count(in_size: int, out_size: int, *, latent_size: int = 16, **arguments: int) -> int:
    """Trainable numbers of both networks.

    >>> parameter_count(0, 2, latent_size=3, width_size=4, depth=1)  # 16 + 10 and 12 + 5
    43
    """
    condition = channels(in_size)
    generator = mlp.parameter_count(latent_size + condition, out_size, **arguments)
    return generator + mlp.parameter_count(out_size + condition, 1, **arguments)
