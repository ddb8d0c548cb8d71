r"""Flow matching: straight paths from noise (t = 0) to data (t = 1), and the velocity along them that a network learns.

    x_t = (1 - t) noise + t data,    velocity = data - noise,    E[velocity | x_t] = v(x_t, t)

Integrated from t = 0, v carries noise to data. A denoiser is the same knowledge in other words: with
sigma = (1 - t) / t the point x_t / t is data + sigma * noise, and D = x_t + (1 - t) v.

Source: Lipman et al. (2023), Flow matching for generative modeling, arXiv:2210.02747, equations 22 and 23 with
sigma_min = 0; Liu, Gong and Liu (2023), arXiv:2209.03003, equation 1.
"""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from outcrop.errors import ConfigError, message

Velocity = Callable[[Array, Array], Array]
"""(x, t) -> velocity of the shape of x, on ONE example; t = 0 is noise, t = 1 data."""


def between(noise: Float[Array, "*x"], data: Float[Array, "*x"], t: Float[Array, "*batch"]) -> Float[Array, "*x"]:
    """The point of a straight path at time t (0 noise, 1 data); t has the leading axes of noise and data."""
    t = t.reshape(t.shape + (1,) * (data.ndim - t.ndim))
    return (1 - t) * noise + t * data


def straight(noise: Float[Array, "*x"], data: Float[Array, "*x"]) -> Float[Array, "*x"]:
    """The velocity along that path, the same at all times."""
    return data - noise


def velocity_of(denoiser: Callable[[Array, Array], Array]) -> Velocity:
    """The velocity that a denoiser D(x, sigma) stands for: v = (D - x_t) / (1 - t), for 0 < t < 1."""

    def velocity(x: Array, t: Array) -> Array:
        return (denoiser(x / t, (1 - t) / t) - x) / (1 - t)

    return velocity


def denoiser_of(velocity: Velocity) -> Callable[[Array, Array], Array]:
    """The denoiser D(x, sigma) that a velocity stands for, with t = 1 / (1 + sigma)."""

    def denoiser(x: Array, sigma: Array) -> Array:
        t = 1 / (1 + sigma)
        return t * x + (1 - t) * velocity(t * x, t)

    return denoiser


def coupled(noise: np.ndarray, data: np.ndarray, condition: np.ndarray | None = None) -> np.ndarray:
    """Which noise goes with which data of a batch, so that paths cross less: order of the noise, shape (example,).

    The pairing of least total squared distance. Conditions break it: noise would then depend on the condition through
    the data it was paired with, and sampling draws it independently (the prior is skewed). Pairs are therefore formed
    within equal conditions only.

    Args:
        noise, data: (example, ...).
        condition: (example,) labels; examples are paired within equal ones; None pairs all.

    Raises:
        ConfigError: conditions that are numbers or fields, of which no two examples share one.

    Source: Tong et al. (2024), arXiv:2302.00482, section 3.2.3; Pooladian et al. (2023), arXiv:2304.14772; the skewed
    prior under conditions: Cheng and Schwing (2025), arXiv:2503.10636, section 3.
    """
    from scipy.optimize import linear_sum_assignment

    count = len(data)
    flat = [np.asarray(values, np.float64).reshape(count, -1) for values in (data, noise)]
    if condition is None:
        condition = np.zeros(count, int)
    condition = np.asarray(condition)
    if condition.ndim != 1 or condition.dtype.kind == "f":
        what = "Noise and data cannot be paired by distance where conditions are numbers or fields."
        raise ConfigError(message(what, where="loss.coupling", fix='coupling = "independent"'))
    order = np.arange(count)
    for label in np.unique(condition):
        own = np.flatnonzero(condition == label)
        cost = ((flat[0][own, None] - flat[1][None, own]) ** 2).sum(axis=-1)
        order[own] = own[linear_sum_assignment(cost)[1]]
    return order


def log_normal_density(x: Float[Array, "*x"]) -> Float[Array, ""]:
    """log N(x; 0, 1) summed over all numbers of one example: what noise is drawn from."""
    return -0.5 * jnp.sum(x**2) - 0.5 * x.size * jnp.log(2 * jnp.pi)
