"""What two networks of a game share: a generator that makes examples out of noise, and a critic that judges them.

Also the norm of a critic's weights: a critic whose layers stretch nothing more than once has bounded slopes.
"""

from __future__ import annotations

from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.model.condition import Condition

ITERATIONS = 20
Module = TypeVar("Module", bound=eqx.Module)


class GAN(eqx.Module):
    """A pair `generator(z, condition, key=key)` and `critic(x, condition, key=key)`, both on ONE example.

    Source: Goodfellow et al. (2014), arXiv:1406.2661, section 3; the condition as inputs of both: Mirza and Osindero
    (2014), arXiv:1411.1784.
    """

    generator: eqx.AbstractVar[eqx.Module]
    critic: eqx.AbstractVar[eqx.Module]
    latent_size: eqx.AbstractVar[int]

    def sample(self, key: PRNGKeyArray, condition: Condition = None) -> Float[Array, "*place out"]:
        """One new example, in the units the network was trained in."""
        return self.generator(jax.random.normal(key, (self.latent_size,)), condition)  # type: ignore[operator]


def normalised(module: Module) -> Module:
    """The module with every weight divided by its largest singular value; biases and norms as they are.

    A kernel counts as the matrix (taps and inputs, outputs). The singular value is estimated by power iteration from a
    fixed start at every call, so nothing has to be carried along; its vectors are held constant in the gradient.

    Source: Miyato et al. (2018), Spectral normalization, arXiv:1802.05957, algorithm 1 and equation 12.
    """

    def divided(leaf: Array) -> Array:
        return leaf / largest_singular_value(leaf.reshape(-1, leaf.shape[-1])) if leaf.ndim > 1 else leaf

    return jax.tree.map(lambda leaf: divided(leaf) if eqx.is_inexact_array(leaf) else leaf, module)


def largest_singular_value(matrix: Float[Array, "row column"]) -> Float[Array, ""]:
    """By power iteration: at most the true value, for random matrices a few percent below it.

    >>> round(float(largest_singular_value(jnp.diag(jnp.asarray([3.0, 1.0])))), 3)
    3.0
    """
    held = jax.lax.stop_gradient(matrix)
    right = jnp.cos(jnp.arange(matrix.shape[1], dtype=matrix.dtype))  # of no direction that weights would have
    right = jax.lax.fori_loop(0, ITERATIONS, lambda _, vector: _unit(held.T @ _unit(held @ vector)), right)
    return jnp.vdot(_unit(held @ right), matrix @ right)


def _unit(vector: Float[Array, " number"]) -> Float[Array, " number"]:
    return vector / jnp.maximum(jnp.linalg.norm(vector), 1e-12)
