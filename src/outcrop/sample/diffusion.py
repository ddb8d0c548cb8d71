r"""Samplers of diffusion: from the largest noise level down to 0 with a denoiser D(x, sigma).

    dx / dsigma = (x - D(x, sigma)) / sigma          (the noise taken away, no new one: a deterministic map)

`euler` and `heun` integrate this equation; a step of `euler` is one of DDIM. `stochastic` adds noise before each step
and takes more away; `ancestral` replaces part of the noise by new one, as DDPM does.

All work on ONE example; `jax.vmap` over keys makes many.

Source: Karras et al. (2022), arXiv:2206.00364, equation 4 and algorithms 1 and 2; Song, Meng and Ermon (2021),
arXiv:2010.02502, equation 12 with their sigma_t as `eta`.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, PRNGKeyArray

Denoiser = Callable[[Array, Array], Array]
Levels = Float[ArrayLike, " level"]


def start(key: PRNGKeyArray, shape: tuple[int, ...], levels: Levels) -> Array:
    """Pure noise at the first level."""
    return jnp.asarray(levels, jnp.float32)[0] * jax.random.normal(key, shape)


def euler(denoiser: Denoiser, x: Float[Array, "*x"], levels: Levels) -> Float[Array, "*x"]:
    """First order: one evaluation per step; the error halves with twice the steps. DDIM without new noise.

    Args:
        denoiser: D(x, sigma).
        x: noise at the first level, see `start`.
        levels: falling, the last one may be 0; see `process.noise.karras_levels`.
    """

    def step(x: Array, pair: Array) -> tuple[Array, None]:
        sigma, below = pair
        slope = (x - denoiser(x, sigma)) / sigma
        return x + (below - sigma) * slope, None

    return _through(step, x, levels)


def heun(denoiser: Denoiser, x: Float[Array, "*x"], levels: Levels) -> Float[Array, "*x"]:
    """Second order: two evaluations per step, one in the last (to level 0, where the slope is not defined)."""

    def step(x: Array, pair: Array) -> tuple[Array, None]:
        return _heun(denoiser, x, *pair), None

    return _through(step, x, levels)


def stochastic(
    denoiser: Denoiser,
    x: Float[Array, "*x"],
    levels: Levels,
    *,
    key: PRNGKeyArray,
    churn: float = 40.0,
    low: float = 0.05,
    high: float = 50.0,
    excess: float = 1.003,
) -> Float[Array, "*x"]:
    """Heun steps, each begun a little higher: new noise corrects errors of earlier steps.

    Args:
        denoiser, x, levels: as for `euler`.
        key: for the new noise.
        churn: how much of it over all steps, relative to sigma (S_churn); 0 is `heun`.
        low, high: levels between which noise is added (S_tmin, S_tmax).
        excess: factor on the new noise (S_noise).
    """
    steps = len(levels) - 1
    gamma_most = min(churn / steps, 2**0.5 - 1)

    def step(carry: tuple[Array, Array], pair: Array) -> tuple[tuple[Array, Array], None]:
        (x, key), (sigma, below) = carry, pair
        key, own = jax.random.split(key)
        gamma = jnp.where((sigma >= low) & (sigma <= high), gamma_most, 0.0)
        higher = sigma * (1 + gamma)
        added = sigma * jnp.sqrt(gamma * (2 + gamma))  # of variance higher^2 - sigma^2
        x = x + excess * added * jax.random.normal(own, x.shape, x.dtype)
        return (_heun(denoiser, x, higher, below), key), None

    return _through(step, (x, key), levels)[0]


def ancestral(
    denoiser: Denoiser, x: Float[Array, "*x"], levels: Levels, *, key: PRNGKeyArray, eta: float = 1.0
) -> Float[Array, "*x"]:
    """Steps down that replace noise: the posterior of the lower level given D and x for `eta` = 1, DDIM for 0.

    Args:
        denoiser, x, levels: as for `euler`.
        key: for the new noise.
        eta: share of new noise, between 0 and 1.
    """

    def step(carry: tuple[Array, Array], pair: Array) -> tuple[tuple[Array, Array], None]:
        (x, key), (sigma, below) = carry, pair
        key, own = jax.random.split(key)
        clean = denoiser(x, sigma)
        new = eta * below / sigma * jnp.sqrt(jnp.maximum(sigma**2 - below**2, 0.0))
        kept = jnp.sqrt(jnp.maximum(below**2 - new**2, 0.0))
        x = clean + kept / sigma * (x - clean) + new * jax.random.normal(own, x.shape, x.dtype)
        return (x, key), None

    return _through(step, (x, key), levels)[0]


def _heun(denoiser: Denoiser, x: Array, sigma: Array, below: Array) -> Array:
    """One step of Karras et al., algorithm 1."""
    slope = (x - denoiser(x, sigma)) / sigma
    ahead = x + (below - sigma) * slope
    positive = jnp.where(below > 0, below, 1.0)
    second = (ahead - denoiser(ahead, positive)) / positive
    mean = jnp.where(below > 0, 0.5 * (slope + second), slope)
    return x + (below - sigma) * mean


def _through(step: Callable[[Array, Array], tuple[Array, None]], begun: Array, levels: Levels) -> Array:
    """The last state of steps from level to level."""
    levels = jnp.asarray(levels, jnp.result_type(float))
    pairs = jnp.stack([levels[:-1], levels[1:]], axis=1)
    return jax.lax.scan(step, begun, pairs)[0]
