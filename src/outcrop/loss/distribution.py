"""Losses that learn a distribution of the target, not only its middle: Gaussian negative log likelihood and quantiles.

Networks give two numbers per sample (mean and log of the standard deviation, in standardised units of the target), or
one per quantile level. What they mean is in `outcrop.evaluate.distribution`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log, pi

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from outcrop.errors import ConfigError, message
from outcrop.loss.supervised import Supervised

PerSample = Float[Array, "*sample"]
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
LOG_SD = 7.0
"""Largest |log standard deviation|: e^7 standard units either way are beyond any data."""


def gaussian(*, beta: float = 0.5) -> Supervised:
    r"""(d / s)^2 / 2 + log s + log(2 pi) / 2 for d = target - mean and standard deviation s, in standardised units.

    Each sample's value is multiplied by s^(2 beta), taken as a constant: with beta = 0 this is the likelihood itself,
    which gives up on samples that are hard at first; with 0.5 the mean still learns there.

    Source: Nix and Weigend (1994), doi:10.1109/ICNN.1994.374138; the factor: Seitzer et al. (2022), arXiv:2203.09168,
    equation 5.

    Args:
        beta: 0 to 1.

    >>> import jax.numpy as jnp
    >>> value = gaussian(beta=0.0).score(jnp.asarray([[0.0, 0.0]]), jnp.asarray([2.0])).value
    >>> round(float(value), 4)  # 2 + log(2 pi) / 2
    2.9189
    """
    if not 0 <= beta <= 1:
        raise ConfigError(message(f"beta = {beta} is not between 0 and 1.", where="loss.beta", fix="beta = 0.5"))

    def per_sample(scores: Float[Array, "*sample 2"], target: PerSample) -> tuple[PerSample, Mapping[str, PerSample]]:
        mean, log_sd = scores[..., 0], jnp.clip(scores[..., 1], -LOG_SD, LOG_SD)
        ratio = (target - mean) * jnp.exp(-log_sd)
        value = 0.5 * jnp.square(ratio) + log_sd + 0.5 * log(2 * pi)
        parts = {"nll": value, "squared_error": jnp.square(target - mean)}
        return value * jax.lax.stop_gradient(jnp.exp(2 * beta * log_sd)), parts

    return Supervised(per_sample, outputs=2)


def quantile(*, levels: Sequence[float] = LEVELS) -> Supervised:
    """The mean over levels q of max(q d, (q - 1) d) for d = target - prediction: each output becomes a quantile.

    Source: Koenker and Bassett (1978), Econometrica 46, 33-50, doi:10.2307/1913643.

    Args:
        levels: increasing, between 0 and 1.

    >>> import jax.numpy as jnp
    >>> float(quantile(levels=(0.5, 0.9)).score(jnp.asarray([[0.0, 0.0]]), jnp.asarray([2.0])).value)  # (1 + 1.8) / 2
    1.399999976158142
    """
    steps = jnp.asarray(levels, jnp.float32)
    if not all(0 < a < 1 for a in levels) or any(b <= a for a, b in zip(levels, list(levels)[1:], strict=False)):
        fix = f"levels = {list(LEVELS)}"
        raise ConfigError(
            message(f"The levels {list(levels)} do not rise within 0 to 1.", where="loss.levels", fix=fix)
        )

    def per_sample(scores: Float[Array, "*sample q"], target: PerSample) -> tuple[PerSample, Mapping[str, PerSample]]:
        difference = target[..., None] - scores
        tilt = steps.astype(scores.dtype).reshape((1,) * target.ndim + (-1,))
        value = jnp.mean(jnp.maximum(tilt * difference, (tilt - 1) * difference), axis=-1)
        return value, {"pinball": value}

    return Supervised(per_sample, outputs=len(steps))
