r"""Diffusion: data under Gaussian noise of growing level sigma, and how a network is asked to take it away.

    x = data + sigma * noise,    D(x; sigma) = c_skip(sigma) x + c_out(sigma) F(c_in(sigma) x, c_noise(sigma))

D is the denoiser, the best guess of the data behind x; F is the network. What F answers (the noise, the data, a mixture
of both) is a choice of the four functions c, so that every sampler knows D alone. The variance-preserving process of
DDPM, x_t = sqrt(alpha_bar) data + sqrt(1 - alpha_bar) noise, is the same one divided by sqrt(alpha_bar), with
sigma = sqrt(1 / alpha_bar - 1).

Source: Karras et al. (2022), Elucidating the design space of diffusion-based generative models, arXiv:2206.00364,
equation 7 and table 1; Ho, Jain and Abbeel (2020), arXiv:2006.11239, equation 4.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from outcrop.errors import ConfigError, did_you_mean, message

Sigma = Float[Array, "*batch"]
MOST_SIGNAL = 0.05
"""Share of the data's amplitude that may be left at the last step of a schedule: sampling starts from pure noise."""
LEAST, MOST = 0.002, 80.0
"""Noise levels that sampling ends and begins with, for data of unit spread (Karras et al., table 1)."""


class Coefficients(NamedTuple):
    """How a network is used at one noise level; see the top of the file."""

    c_skip: Sigma
    c_out: Sigma
    c_in: Sigma
    c_noise: Sigma


def edm(sigma: Sigma, sigma_data: float = 1.0) -> Coefficients:
    """The network answers with a mixture of data and noise whose variance is 1 at every level.

    Source: Karras et al. (2022), table 1, last column.

    >>> [round(float(c), 4) for c in edm(jnp.asarray(1.0))]
    [0.5, 0.7071, 0.7071, 0.0]
    """
    total = sigma**2 + sigma_data**2
    root = jnp.sqrt(total)
    return Coefficients(sigma_data**2 / total, sigma * sigma_data / root, 1 / root, jnp.log(sigma) / 4)


def noise(sigma: Sigma, sigma_data: float = 1.0) -> Coefficients:
    """The network answers with the noise, as in DDPM: D = x - sigma F.

    Source: Ho, Jain and Abbeel (2020), equation 11; inputs scaled to variance 1 as there.
    """
    return Coefficients(jnp.ones_like(sigma), -sigma, jax.lax.rsqrt(sigma**2 + sigma_data**2), jnp.log(sigma) / 4)


def data(sigma: Sigma, sigma_data: float = 1.0) -> Coefficients:
    """The network answers with the data: D = F."""
    scale = jax.lax.rsqrt(sigma**2 + sigma_data**2)
    return Coefficients(jnp.zeros_like(sigma), jnp.ones_like(sigma), scale, jnp.log(sigma) / 4)


def velocity(sigma: Sigma, sigma_data: float = 1.0) -> Coefficients:
    """The network answers with v = sqrt(alpha_bar) noise - sqrt(1 - alpha_bar) data, for data of spread sigma_data.

    Source: Salimans and Ho (2022), arXiv:2202.00512, section 4 and appendix D. It is `edm` with the other sign.
    """
    c_skip, c_out, c_in, c_noise = edm(sigma, sigma_data)
    return Coefficients(c_skip, -c_out, c_in, c_noise)


PREDICTIONS: dict[str, Callable[..., Coefficients]] = {"edm": edm, "noise": noise, "data": data, "velocity": velocity}


def coefficients(name: str) -> Callable[..., Coefficients]:
    """The functions c for what a network answers with.

    Raises:
        ConfigError: the name is not in `PREDICTIONS`.
    """
    if name not in PREDICTIONS:
        what = f"A diffusion network cannot answer with {name!r}{did_you_mean(name, PREDICTIONS)}."
        raise ConfigError(message(what, where="loss.predicts", fix=f"choose one of {', '.join(PREDICTIONS)}."))
    return PREDICTIONS[name]


def linear_schedule(steps: int = 1000, low: float = 1e-4, high: float = 0.02) -> np.ndarray:
    """alpha_bar after each of `steps` steps whose beta grows evenly, shape (step,).

    Source: Ho, Jain and Abbeel (2020), section 4, for 1000 steps. Fewer steps need larger betas: see `check_schedule`.
    """
    return np.cumprod(1 - np.linspace(low, high, steps))


def cosine_schedule(steps: int = 1000, offset: float = 0.008, most: float = 0.999) -> np.ndarray:
    """alpha_bar as a squared cosine, shape (step,): signal fades evenly, and none is left at the end.

    Source: Nichol and Dhariwal (2021), arXiv:2102.09672, equation 17, with betas of at most `most` as there.
    """
    at = np.cos((np.linspace(0, 1, steps + 1) + offset) / (1 + offset) * np.pi / 2) ** 2
    return np.cumprod(1 - np.clip(1 - at[1:] / at[:-1], 0, most))


def check_schedule(alpha_bar: np.ndarray) -> np.ndarray:
    """The schedule, if it only takes signal away and leaves none at its last step.

    Raises:
        ConfigError: it keeps signal at the end, from which sampling, which starts from pure noise, would be shifted; or
            it does not fall.
    """
    alpha_bar = np.asarray(alpha_bar, float)
    falls = alpha_bar.ndim == 1 and len(alpha_bar) > 0 and bool(np.all(np.diff(alpha_bar) < 0))
    if not falls or not 0 < alpha_bar[-1] <= alpha_bar[0] <= 1:
        what = "alpha_bar must fall from step to step, from at most 1 to more than 0."
        raise ConfigError(message(what, where="loss.schedule", fix='schedule = "cosine"'))
    left = float(np.sqrt(max(alpha_bar[-1], 0)))
    if left > MOST_SIGNAL:
        what = f"{left:.0%} of the data's amplitude is left after the last of {len(alpha_bar)} noising steps."
        fix = 'schedule = "cosine"; or more steps, or larger betas, until less than 5 % is left.'
        raise ConfigError(message(what, where="loss.schedule", fix=fix))
    return alpha_bar


def sigmas_of(alpha_bar: np.ndarray) -> np.ndarray:
    """The noise levels of a variance-preserving schedule, shape (step,), rising.

    >>> sigmas_of(np.array([0.5, 0.2])).tolist()
    [1.0, 2.0]
    """
    return np.sqrt(1 / np.asarray(alpha_bar, float) - 1)


def karras_levels(steps: int, low: float = LEAST, high: float = MOST, rho: float = 7.0) -> np.ndarray:
    """Falling noise levels for sampling with `steps` steps, the last one 0; shape (steps + 1,).

    Source: Karras et al. (2022), equation 5.

    >>> karras_levels(3, 0.1, 10.0, rho=1.0).round(3).tolist()
    [10.0, 5.05, 0.1, 0.0]
    """
    if steps < 1 or not 0 < low < high:
        fix = "steps = 18, low = 0.002, high = 80"
        raise ConfigError(message("Noise levels need at least one step and 0 < low < high.", fix=fix))
    share = np.linspace(0, 1, steps) if steps > 1 else np.zeros(1)
    levels = (high ** (1 / rho) + share * (low ** (1 / rho) - high ** (1 / rho))) ** rho
    return np.append(levels, 0.0)


def lognormal(
    key: PRNGKeyArray, shape: tuple[int, ...] = (), *, mean: float = -1.2, spread: float = 1.2
) -> Float[Array, "*shape"]:
    """Noise levels to train on: log sigma ~ N(mean, spread^2). Source: Karras et al. (2022), table 1."""
    return jnp.exp(mean + spread * jax.random.normal(key, shape))


def stepped(key: PRNGKeyArray, alpha_bar: np.ndarray, shape: tuple[int, ...] = ()) -> Float[Array, "*shape"]:
    """Noise levels to train on: those of the steps of a schedule, each as often as any other (DDPM, algorithm 1)."""
    levels = jnp.asarray(sigmas_of(check_schedule(alpha_bar)), jnp.float32)
    return levels[jax.random.randint(key, shape, 0, len(levels))]


def denoiser(
    network: Callable[[Array, Array], Array], predicts: str = "edm", sigma_data: float = 1.0
) -> Callable[[Array, Array], Array]:
    """D(x, sigma) of a network F(x, c_noise) on ONE example; sigma is a number.

    Args:
        network: (x, c_noise) -> answer of the shape of x.
        predicts: what it answers with, a key of `PREDICTIONS`.
        sigma_data: spread of the data.
    """
    of_level = coefficients(predicts)

    def clean(x: Array, sigma: Array) -> Array:
        c = of_level(jnp.asarray(sigma, x.dtype), sigma_data)
        return c.c_skip * x + c.c_out * network(c.c_in * x, c.c_noise)

    return clean
