r"""Guidance by data that are linear in a whole example, d = G data + noise: travel times, gravity, means, tomography.

    D_d(x, sigma) = D + sigma^2 (dD/dx)^T G^T (S + G C(sigma) G^T)^-1 (d - G D)

S is the covariance of the noise, C(sigma) that of the data given x: of normally distributed data with covariance C it
is (1 / C + 1 / sigma^2)^-1, and the samples then have the distribution of data given d, whatever G. Of other data
the network says the mean and how it moves, D and dD/dx, and C is the covariance of data without noise. Data whose
numbers are independent (no C) are those of `guidance.towards`.

Source: Song et al. (2023), Pseudoinverse-guided diffusion models, ICLR; the covariance in place of a number: Boys et
al. (2023), arXiv:2310.06721, and Peng et al. (2024), arXiv:2402.02149, who work it out from the network.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import cho_factor, cho_solve
from jaxtyping import Array, ArrayLike, Float

from outcrop.errors import ConfigError, DataError, message
from outcrop.sample.diffusion import Denoiser


class Linear(NamedTuple):
    """Data that are linear in an example, with independent noise of 1; made by `whitened`.

    Attributes:
        operator: G, (datum, number): numbers of an example in C order, (*place, variable).
        observed: d, (datum,).
        modes: of the covariance of the examples, (number, mode).
        variances: of the modes, (mode,).
    """

    operator: Float[Array, "datum number"]
    observed: Float[Array, " datum"]
    modes: Float[Array, "number mode"]
    variances: Float[Array, " mode"]


def whitened(operator: ArrayLike, observed: ArrayLike, noise: ArrayLike, covariance: ArrayLike | None = None) -> Linear:
    """Data divided by the root of their noise, with what is known of the spread of examples.

    Args:
        operator: G, (datum, *place, variable) or (datum, number), for examples in standard units.
        observed: d, (datum,).
        noise: standard deviation of every datum, one number or (datum,), or their covariance, (datum, datum).
        covariance: of examples in standard units, (number, number); None for independent numbers of variance 1.

    Raises:
        ConfigError: noise that is not positive.
        DataError: sizes that do not fit, or data that are not finite.

    >>> data = whitened([[1.0, 1.0]], [3.0], 0.5)
    >>> data.operator.tolist(), data.observed.tolist()
    ([[2.0, 2.0]], [6.0])
    """
    observed = np.asarray(observed, float)
    operator = np.asarray(operator, float).reshape(len(observed), -1)
    if not (np.isfinite(operator).all() and np.isfinite(observed).all()):
        what = f"{int(np.sum(~np.isfinite(observed)))} data, or numbers of their operator, are not finite."
        raise DataError(message(what, where="observed", fix="leave these data out, and their rows of the operator"))
    noise = np.asarray(noise, float)
    root = _root_of_noise(noise, len(observed))
    numbers = operator.shape[1]
    if covariance is None:
        modes, variances = np.eye(numbers), np.ones(numbers)
    else:
        covariance = np.asarray(covariance, float)
        if covariance.shape != (numbers, numbers):
            what = f"A covariance of shape {covariance.shape} is not that of examples of {numbers} numbers."
            raise DataError(message(what, where="covariance", fix="np.cov(examples.reshape(len(examples), -1).T)"))
        variances, modes = np.linalg.eigh(covariance)
        variances = np.maximum(variances, 0.0)
    turned = np.linalg.solve(root, np.column_stack([operator, observed]))
    return Linear(*(jnp.asarray(a, jnp.float32) for a in (turned[:, :-1], turned[:, -1], modes, variances)))


def _root_of_noise(noise: np.ndarray, count: int) -> np.ndarray:
    """Lower triangular root of the covariance of the noise."""
    covariance = noise if noise.ndim == 2 else np.diag(np.broadcast_to(noise, (count,)) ** 2)
    try:
        if not (np.isfinite(noise).all() and (noise.ndim == 2 or (noise > 0).all())):
            raise np.linalg.LinAlgError
        return np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        what = "The noise is no positive standard deviation, and no covariance of data."
        raise ConfigError(message(what, where="noise", fix="noise = 1e-4, in the unit of the data")) from None


def towards_linear(denoiser: Denoiser, data: Linear, *, gradient: bool = True) -> Denoiser:
    """A denoiser that honours data with stated noise, whatever their operator.

    Args:
        denoiser: D(x, sigma) of the prior.
        data: see `whitened`.
        gradient: through the denoiser, as at the top of the file; without it C(sigma) G^T takes the place of
            sigma^2 (dD/dx)^T G^T, which costs a third and is the same for normally distributed data.
    """
    seen = data.operator @ data.modes

    def guided(x: Array, sigma: Array) -> Array:
        left = data.variances * sigma**2 / (data.variances + sigma**2)
        inner = cho_factor((seen * left) @ seen.T + jnp.eye(len(seen)))
        if not gradient:
            clean = denoiser(x, sigma)
            pull = cho_solve(inner, data.observed - data.operator @ clean.ravel())
            return clean + (data.modes @ (left * (seen.T @ pull))).reshape(x.shape)
        clean, back = jax.vjp(lambda x: denoiser(x, sigma), x)
        pull = cho_solve(inner, data.observed - data.operator @ clean.ravel())
        return clean + sigma**2 * back((data.operator.T @ pull).reshape(x.shape))[0]

    return guided
