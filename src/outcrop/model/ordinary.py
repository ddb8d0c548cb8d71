"""Generative networks as networks of one argument, to be looked at: a denoiser at one level, a generator alone."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

MIDDLE = 0.5
"""The time that a network is looked at: c_noise of a level, or the middle of a path."""


class AtLevel(eqx.Module):
    """A network of noisy data, time and condition at one time; data and condition are channels side by side."""

    denoiser: Any
    out: int = eqx.field(static=True)

    def __call__(self, x: Float[Array, "*place channel"], *, key: PRNGKeyArray | None = None) -> Array:
        """What it answers, (*place, out)."""
        return self.denoiser(x[..., : self.out], jnp.asarray(MIDDLE), x[..., self.out :], key=key)


class FromNoise(eqx.Module):
    """The generator of a pair, told nothing."""

    generator: Any

    def __call__(self, z: Float[Array, " latent"], *, key: PRNGKeyArray | None = None) -> Array:
        """What it makes of noise, (*place, out)."""
        return self.generator(z, None, key=key)


def ordinary(model: Any, shape: tuple[int, ...], out: int, generates: str) -> tuple[Any, tuple[int, ...]]:
    """A network of one argument and the shape of that argument.

    Args:
        model: a network.
        shape: of its inputs; of what a generative one is told, (*place, condition).
        out: channels it answers with.
        generates: as its family says: "noise", "latent" or "".
    """
    if generates == "latent":
        return FromNoise(model.generator), (model.latent_size,)
    return (AtLevel(model, out), (*shape[:-1], out + shape[-1])) if generates else (model, shape)
