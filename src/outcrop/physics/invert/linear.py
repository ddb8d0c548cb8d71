r"""Inversion of data that are linear in the model, d = G m + noise: Tikhonov and total variation.

Source: see `penalty.py`, `weight.py` and `newton.py`, whose one step is the solution here.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import ArrayLike

from outcrop.errors import DataError, message
from outcrop.physics.invert.newton import search
from outcrop.physics.invert.penalty import Penalty, Smooth, Variation
from outcrop.physics.invert.weight import Inverted


def tikhonov(
    matrix: ArrayLike,
    data: ArrayLike,
    noise: ArrayLike,
    *,
    order: int = 1,
    shape: tuple[int, ...] | None = None,
    weight: float | str = "discrepancy",
    reference: ArrayLike | None = None,
) -> Inverted:
    """The smoothest model that fits the data: least |(G m - d) / noise|^2 + weight |L (m - reference)|^2.

    Args:
        matrix: G, (datum, cell).
        data: measured, (datum,).
        noise: standard deviation of the data, one number or one per datum, in their unit.
        order: of the differences L: 0 the model itself, 1 flat, 2 straight.
        shape: of the model, whose cells are in C order; one axis by default.
        weight: of the penalty; "discrepancy" or "l_curve" finds it.
        reference: the model that is not penalised; 0 by default.

    Raises:
        ConfigError: noise that is not positive, or a model that data and penalty leave undetermined.
        DataError: sizes that do not fit, data that are not finite, or that no model explains to the stated noise.

    >>> found = tikhonov(np.eye(3), np.array([1.0, 2.0, 4.0]), 1.0, order=0, weight=1.0)
    >>> found.model.round(3).tolist()  # data / (1 + weight)
    [0.5, 1.0, 2.0]
    """
    return _linear(matrix, data, noise, Smooth(order), shape, weight, reference)


def total_variation(
    matrix: ArrayLike,
    data: ArrayLike,
    noise: ArrayLike,
    *,
    shape: tuple[int, ...] | None = None,
    weight: float | str = "discrepancy",
    rounding: float | None = None,
) -> Inverted:
    """The model of fewest and smallest jumps that fits the data: least |(G m - d) / noise|^2 + weight sum |D m|.

    Args:
        matrix: G, (datum, cell).
        data: measured, (datum,).
        noise: standard deviation of the data, one number or one per datum, in their unit.
        shape: of the model, whose cells are in C order; one axis by default.
        weight: of the penalty; "discrepancy" or "l_curve" finds it.
        rounding: differences far below it count as smooth, in units of the model; from the smooth solution by default.

    Raises:
        ConfigError: noise that is not positive, or a model that data and penalty leave undetermined.
        DataError: sizes that do not fit, data that are not finite, or that no model explains to the stated noise.
    """
    return _linear(matrix, data, noise, Variation(rounding), shape, weight, None)


def _linear(
    matrix: ArrayLike,
    data: ArrayLike,
    noise: ArrayLike,
    penalty: Penalty,
    shape: tuple[int, ...] | None,
    weight: float | str,
    reference: ArrayLike | None,
) -> Inverted:
    matrix = np.asarray(matrix, float)
    shape = shape or matrix.shape[1:]
    if matrix.ndim != 2 or matrix.shape != (np.size(data), int(np.prod(shape))):
        what = (
            f"A matrix of shape {matrix.shape} does not take a model of shape {tuple(shape)} to {np.size(data)} data."
        )
        raise DataError(message(what, where="matrix", fix="matrix of shape (datum, cell), shape = that of the section"))

    def linearised(model: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return matrix @ model, matrix

    return search(linearised, data, noise, np.zeros(shape), penalty=penalty, weight=weight, reference=reference)
