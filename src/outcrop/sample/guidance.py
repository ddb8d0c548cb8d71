r"""Guidance: a denoiser bent towards a condition or towards observations, so that every sampler can be used with it.

    posterior:    D_y(x, sigma) = D(x, sigma) + gradient of log p(y | x, sigma), times sigma^2,
                  with p(y | x, sigma) = N(y; A D, noise^2 + A A^T r(sigma)^2)

where y = A data + noise are sparse observations (wells, stations) and r(sigma)^2 = sigma^2 s^2 / (sigma^2 + s^2) is how
far data of spread s may still be from D. For Gaussian data with independent numbers this is exact. Classes have no such
Gaussian: `towards_classes` takes p(y | x, sigma) from the probabilities of the classes that D states.

Source: Song et al. (2023), Pseudoinverse-guided diffusion models, ICLR (the covariance r^2); Chung et al. (2023),
arXiv:2209.14687 (the gradient through D); Ho and Salimans (2022), arXiv:2207.12598, equation 6 (classifier-free).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from outcrop.sample.diffusion import Denoiser

LEAST_PROBABILITY = 1e-4
"""Of a class, where a denoiser says none or less."""


def without_classifier(with_condition: Denoiser, without: Denoiser, weight: float) -> Denoiser:
    """Away from the unconditional answer, towards the conditional one: D = without + weight (with - without).

    A weight of 1 is the conditional denoiser; larger ones trade diversity for typical examples, and are no longer
    samples of the conditional distribution.
    """

    def guided(x: Array, sigma: Array) -> Array:
        plain = without(x, sigma)
        return plain + weight * (with_condition(x, sigma) - plain)

    return guided


def towards(
    denoiser: Denoiser,
    observe: Callable[[Array], Float[Array, " observation"]],
    observed: Float[Array, " observation"],
    *,
    noise_sd: float | Float[Array, " observation"],
    sigma_data: float = 1.0,
    size: float | Float[Array, " observation"] | None = None,
) -> Denoiser:
    """A denoiser that honours observations with stated noise.

    Args:
        denoiser: D(x, sigma) of the prior.
        observe: data -> what would be observed, linear; rows that are nearly orthogonal (cells, means of cells), see
            `orthogonal` for several of one cell.
        observed: what was observed.
        noise_sd: its standard deviation, in the same units; more than 0.
        sigma_data: spread of the data.
        size: sum of squares of each row of A, 1 for single cells; None works it out, a product with A^T per
            observation.
    """

    def guided(x: Array, sigma: Array) -> Array:
        clean, back = jax.vjp(lambda x: denoiser(x, sigma), x)
        expected, adjoint = jax.vjp(observe, clean)
        left = sigma**2 * sigma_data**2 / (sigma**2 + sigma_data**2)
        sizes = _sizes(adjoint, len(expected)) if size is None else size
        (pull,) = adjoint((observed - expected) / (jnp.square(noise_sd) + left * sizes))
        return clean + sigma**2 * back(pull)[0]

    return guided


class Rows(NamedTuple):
    """Linear functions of the variables of each cell, and what was observed of them.

    Attributes:
        operator: A of every cell; a row of zeros says nothing.
        observed: A data + noise.
        noise_sd: standard deviation of the noise; more than 0.
    """

    operator: Float[Array, "*place row variable"]
    observed: Float[Array, "*place row"]
    noise_sd: Float[Array, "*place row"]


def orthogonal(rows: Rows) -> tuple[Rows, Float[Array, "*place row"]]:
    """The same observations as rows that are orthogonal in each cell, with noise of 1; and their sums of squares.

    Rows are divided by their noise and turned to the axes of A A^T, so that `towards` is exact for Gaussian data
    however the observations of a cell depend on each other.
    """
    scaled, observed = rows.operator / rows.noise_sd[..., None], rows.observed / rows.noise_sd
    sizes, axes = jnp.linalg.eigh(scaled @ jnp.swapaxes(scaled, -1, -2))
    turned = jnp.einsum("...rs,...rv->...sv", axes, scaled), jnp.einsum("...rs,...r->...s", axes, observed)
    return Rows(*turned, jnp.ones_like(observed)), jnp.maximum(sizes, 0.0)


def _sizes(adjoint: Callable[[Array], tuple[Array]], count: int) -> Float[Array, " observation"]:
    """Sum of squares of every row of A."""
    return jnp.sum(jax.vmap(lambda row: adjoint(row)[0].ravel() ** 2)(jnp.eye(count)), axis=1)


def towards_classes(denoiser: Denoiser, likelihood: Float[Array, "*place class"]) -> Denoiser:
    """A denoiser of classes (1 for the class of a cell, -1 for others) that honours what is likelier in each cell.

    (1 + D) / 2 is the probability of each class given x, so that the evidence of a cell is the sum over classes of
    probability times likelihood, without a Gaussian in its place; exact where cells are independent.

    Args:
        denoiser: D(x, sigma) of the prior.
        likelihood: of what was observed in a cell, given each class; up to a factor. Equal ones say nothing.
    """

    def guided(x: Array, sigma: Array) -> Array:
        def evidence(x: Array) -> tuple[Array, Array]:
            clean = denoiser(x, sigma)
            probability = jnp.clip((1 + clean) / 2, LEAST_PROBABILITY, 1.0)
            return jnp.sum(jnp.log(jnp.sum(probability * likelihood, axis=-1))), clean

        slope, clean = jax.grad(evidence, has_aux=True)(x)
        return clean + sigma**2 * slope

    return guided


def filled_in(denoiser: Denoiser, known: Bool[Array, "*x"], values: Float[Array, "*x"]) -> Denoiser:
    """A denoiser whose answer has the known values where they are known: hard data, honoured exactly.

    The known part of x then is values + sigma * noise at every level, as it should be; the unknown part learns of it
    through the network alone, less than `towards` tells it. Source: Song et al. (2021), arXiv:2011.13456, appendix I.2.
    """

    def guided(x: Array, sigma: Array) -> Array:
        return jnp.where(known, values, denoiser(x, sigma))

    return guided
