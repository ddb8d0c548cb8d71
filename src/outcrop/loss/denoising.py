r"""Diffusion: a network learns to take Gaussian noise of every level away from data.

    mean of  w | F(c_in x, c_noise) - (data - c_skip x) / c_out |^2,    x = data + sigma noise

This is the squared error of the denoiser D = c_skip x + c_out F with the weight 1 / c_out(sigma)^2 per level, so that
what the network F answers counts alike at all levels: the weighting of EDM for `edm` (and `velocity`), the plain
squared error of the noise of DDPM for `noise`, that of the data for `data`. w are the weights of the data.

Source: Karras et al. (2022), arXiv:2206.00364, equations 7 and 8; Ho, Jain and Abbeel (2020), arXiv:2006.11239,
equation 14.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from outcrop.loss.generated import VALIDATION_DRAWS, a_share, examples, mean_and_parts, one_of, sometimes_dropped
from outcrop.loss.loss import Group, LossValue
from outcrop.process import noise
from outcrop.records import Batch

SCHEDULES = {"edm": None, "linear": noise.linear_schedule, "cosine": noise.cosine_schedule}


@dataclass(frozen=True, eq=False)
class Denoising:
    """The denoising loss of `model(x, t, condition, key=key)`, with t = c_noise; made by `denoising`.

    Attributes:
        predicts: what the network answers with, a key of `process.noise.PREDICTIONS`.
        sigma_data: spread of the data.
        alpha_bar: schedule of noise levels, (step,); None draws them log-normal.
        level_mean, level_spread: of the log-normal ones, mean and standard deviation of log sigma.
        condition_dropout: share of examples that are learned without their condition.
    """

    predicts: str = "edm"
    sigma_data: float = 1.0
    alpha_bar: np.ndarray | None = None
    level_mean: float = -1.2
    level_spread: float = 1.2
    condition_dropout: float = 0.0
    groups: tuple[Group, ...] = (Group("model"),)

    def init(self, model: PyTree, key: PRNGKeyArray | None = None) -> None:
        """No state."""

    def loss(
        self, model: PyTree, state: Any, batch: Batch, key: PRNGKeyArray | None = None, group: Group | None = None
    ) -> LossValue:
        """Draws one level and one noise per example; without `key` (validation) always the same four."""
        repeats = 1 if key is not None else VALIDATION_DRAWS
        data, weight, condition = examples(batch, repeats)
        first, second, third, fourth = jax.random.split(jax.random.key(0) if key is None else key, 4)
        sigma = self.drawn(first, len(data)).astype(data.dtype)
        added = jax.random.normal(second, data.shape, data.dtype)
        told = sometimes_dropped(condition, self.condition_dropout, None if key is None else third)
        keys = None if key is None else jax.random.split(fourth, len(data))

        def error(clean: Array, added: Array, sigma: Array, condition: Any, key: Any) -> Array:
            c = noise.coefficients(self.predicts)(sigma, self.sigma_data)
            x = clean + sigma * added
            answer = model(c.c_in * x, c.c_noise, condition, key=key)
            return jnp.square(answer - (clean - c.c_skip * x) / c.c_out)

        each = jax.vmap(error)(data, added, sigma, told, keys)
        value, total, parts = mean_and_parts(each, weight, sigma, self.edges)
        return LossValue(value, total / repeats, parts, state)

    def drawn(self, key: PRNGKeyArray, count: int) -> Float[Array, " example"]:
        """Noise levels to train on."""
        if self.alpha_bar is not None:
            return noise.stepped(key, self.alpha_bar, (count,))
        return noise.lognormal(key, (count,), mean=self.level_mean, spread=self.level_spread)

    @property
    def edges(self) -> tuple[float, float]:
        """Levels that one third, and two thirds, of all draws stay below."""
        if self.alpha_bar is not None:
            low, high = np.quantile(noise.sigmas_of(self.alpha_bar), [1 / 3, 2 / 3])
            return float(low), float(high)
        low, high = np.exp([NormalDist(self.level_mean, self.level_spread).inv_cdf(share) for share in (1 / 3, 2 / 3)])
        return float(low), float(high)

    def levels(self, steps: int = 32) -> np.ndarray:
        """Falling levels to sample with, (steps + 1,): those of EDM for data of this spread, where they are trained on.

        A schedule that ends in noise alone has levels of thousands there, at which the noise that a network answers
        with is multiplied by as much to give the data.
        """
        low, high = self.sigma_data * noise.LEAST, self.sigma_data * noise.MOST
        if self.alpha_bar is not None:
            sigmas = noise.sigmas_of(self.alpha_bar)
            low, high = max(low, float(sigmas[0])), min(high, float(sigmas[-1]))
        return noise.karras_levels(steps, low, high)

    def denoiser(self, model: PyTree, condition: Array | None = None) -> Any:
        """D(x, sigma) of a trained network on ONE example, for `outcrop.sample`."""
        return noise.denoiser(lambda x, t: model(x, t, condition), self.predicts, self.sigma_data)


def denoising(
    *,
    predicts: str = "edm",
    schedule: str = "edm",
    noise_steps: int = 1000,
    sigma_data: float = 1.0,
    level_mean: float = -1.2,
    level_spread: float = 1.2,
    condition_dropout: float = 0.0,
) -> Denoising:
    """The denoising loss with the names of the run file.

    Args:
        predicts: "edm", "noise", "data" or "velocity"; see `process.noise`.
        schedule: "edm" draws log sigma ~ N(level_mean, level_spread^2); "linear" and "cosine" draw one of the steps of
            DDPM and of Nichol and Dhariwal (2021), each as often as any other.
        noise_steps: steps of these schedules.
        sigma_data: spread of the data; 1 where they are standardised.
        level_mean, level_spread: of "edm"; its lower levels are those that details are made of.
        condition_dropout: share of examples whose condition is replaced by zeros, for `guidance.without_classifier`.

    Raises:
        ConfigError: a name is not known, or the schedule leaves signal in its last step.
    """
    noise.coefficients(predicts)
    one_of(SCHEDULES, schedule=schedule)
    a_share(condition_dropout=condition_dropout)
    make = SCHEDULES[schedule]
    alpha_bar = None if make is None else noise.check_schedule(make(noise_steps))
    return Denoising(predicts, sigma_data, alpha_bar, level_mean, level_spread, condition_dropout)
