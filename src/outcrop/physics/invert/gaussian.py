r"""A Gaussian belief about the ground, and what data leave of it: in closed form, or by inversions of perturbed data.

    mean + C G^T (G C G^T + S)^-1 (d - G mean),    C - C G^T (G C G^T + S)^-1 G C           (data linear in the model)

S is the noise. Of data that depend on the model in another way, every member of an ensemble is the inversion of data
with new noise, around a model drawn from the belief: the same posterior where data are linear, near it elsewhere.

Source: Tarantola, A. (2005), Inverse Problem Theory, chapter 3, doi:10.1137/1.9780898717921; the covariance of few
models: Ledoit, O., Wolf, M. (2004), doi:10.1016/S0047-259X(03)00096-4; randomised maximum likelihood: Oliver, D. S.,
He, N., Reynolds, A. C. (1996), Conditioning permeability fields to pressure data, doi:10.3997/2214-4609.201406884.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy.sparse as sparse
from jaxtyping import Array, ArrayLike, Float
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from outcrop.errors import DataError, message
from outcrop.physics.invert.newton import descend, linearising, measured
from outcrop.physics.invert.penalty import Roughness, Smooth

LEAST = 1e-9
"""Added to a covariance before its root is taken, relative to its mean variance."""


class Belief(NamedTuple):
    """What is believed of a model: normally distributed.

    Attributes:
        mean: in the unit and shape of the model, (*cell,).
        covariance: of its cells in C order, (cell, cell).
    """

    mean: Float[np.ndarray, "*cell"]
    covariance: Float[np.ndarray, "cell cell"]

    @property
    def sd(self) -> Float[np.ndarray, "*cell"]:
        """Standard deviation of every cell."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0)).reshape(self.mean.shape)

    def draw(self, rng: np.random.Generator, count: int) -> Float[np.ndarray, " model *cell"]:
        """Models that are believed as the belief says."""
        noise = rng.standard_normal((count, self.mean.size)) @ _root(self.covariance).T
        return self.mean + noise.reshape(count, *self.mean.shape)


def believed(models: ArrayLike) -> Belief:
    """The mean of models and their covariance, shrunk as their number asks for.

    Args:
        models: simulated or known ones, (model, *cell).

    Raises:
        DataError: fewer than two, or numbers that are not finite.

    >>> about = believed([[0.0, 0.0], [2.0, 4.0]])
    >>> about.mean.tolist()
    [1.0, 2.0]
    """
    from sklearn.covariance import ledoit_wolf

    models = np.asarray(models, float)
    if len(models) < 2 or not np.isfinite(models).all():
        missing = int(np.sum(~np.isfinite(models)))
        what = f"{len(models)} models, {missing} numbers of which are not finite, say too little."
        raise DataError(
            message(what, where="models", fix="two models at least, without missing values; better hundreds")
        )
    return Belief(models.mean(axis=0), ledoit_wolf(models.reshape(len(models), -1))[0])


def posterior(belief: Belief, matrix: ArrayLike, data: ArrayLike, noise: ArrayLike) -> Belief:
    """What is believed once data are known that are linear in the model; kriging, where the data are single cells.

    Args:
        belief: before.
        matrix: G, (datum, cell).
        data: measured, (datum,).
        noise: standard deviation of the data, one number or one per datum, in their unit.

    Raises:
        ConfigError: noise that is not positive.
        DataError: sizes that do not fit, or data that are not finite.

    >>> after = posterior(Belief(np.zeros(1), np.eye(1)), [[1.0]], [2.0], 1.0)
    >>> after.mean.tolist(), after.covariance.tolist()  # half of the way, half of the variance
    ([1.0], [[0.5]])
    """
    data, noise = measured(data, noise)
    matrix = np.asarray(matrix, float)
    if matrix.shape != (len(data), belief.mean.size):
        what = f"A matrix of shape {matrix.shape} does not take {belief.mean.size} cells to {len(data)} data."
        raise DataError(message(what, where="matrix", fix="matrix of shape (datum, cell), cells in C order"))
    scaled = matrix / noise[:, None]
    seen = scaled @ belief.covariance
    inner = cho_factor(seen @ scaled.T + np.eye(len(data)))
    gain = cho_solve(inner, seen).T
    mean = belief.mean.ravel() + gain @ ((data - matrix @ belief.mean.ravel()) / noise)
    return Belief(mean.reshape(belief.mean.shape), belief.covariance - gain @ seen)


def randomised(
    forward: Callable[[Array], Array],
    data: ArrayLike,
    noise: ArrayLike,
    belief: Belief,
    rng: np.random.Generator,
    count: int = 20,
) -> Float[np.ndarray, " model *cell"]:
    """Models that honour the data within their noise and depart from the belief no more than they must.

    Args:
        forward: model of the shape of the belief -> data (datum,); differentiable by JAX.
        data: measured, (datum,).
        noise: standard deviation of the data, one number or one per datum, in their unit.
        belief: before the data, such as the answer of a network with the covariance of its errors.
        rng: draws models and noise.
        count: of models.

    Raises:
        ConfigError: noise that is not positive.
        DataError: data that are not finite, or a forward model whose data are not.
    """
    data, noise = measured(data, noise)
    linearised = linearising(forward, belief.mean.shape, len(data))
    shape, root = belief.mean.shape, _root(belief.covariance)
    inverse = sparse.csr_array(solve_triangular(root, np.eye(len(root)), lower=True))
    found = []
    for start in belief.draw(rng, count):
        own = data + noise * rng.standard_normal(len(data))
        rough = Roughness(Smooth(0), inverse, start.ravel())
        found.append(descend(linearised, own, noise, start.ravel(), rough, 1.0).reshape(shape))
    return np.stack(found)


def _root(covariance: np.ndarray) -> np.ndarray:
    """Its lower triangular root."""
    return np.linalg.cholesky(covariance + LEAST * np.trace(covariance) / len(covariance) * np.eye(len(covariance)))
