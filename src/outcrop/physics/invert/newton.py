r"""Gauss-Newton with a penalty: data that depend on the model in any differentiable way, or linearly.

    step = argmin |(J step + F(m) - d) / noise|^2 + weight |L (m + step - reference)|^2,    J = dF/dm

Steps are halved until the objective falls. A linear problem takes one step; total variation reweights L at every step.
Everything runs in float64, whatever the dtype outside.

Source: Aster, R. C., Borchers, B., Thurber, C. H. (2018), Parameter Estimation and Inverse Problems, 3rd edition,
chapters 4, 7 and 10, doi:10.1016/C2015-0-02458-3.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike
from scipy.linalg import lstsq

from outcrop.errors import ConfigError, DataError, message
from outcrop.physics.arguments import positive
from outcrop.physics.invert.penalty import FLAT, Penalty, Roughness, Variation, roughness
from outcrop.physics.invert.weight import Inverted, by_rule

Linearised = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""model (cell,) -> its data (datum,), and their derivatives (datum, cell)."""
MOST_STEPS = 60
STILL = 1e-5
"""Relative change of the objective at which it is taken for its least value."""


def gauss_newton(
    forward: Callable[[Array], Array],
    data: ArrayLike,
    noise: ArrayLike,
    start: np.ndarray,
    *,
    penalty: Penalty = FLAT,
    weight: float | str = "discrepancy",
    reference: ArrayLike | None = None,
) -> Inverted:
    """The model whose data fit the measured ones, as simple as the penalty asks.

    Args:
        forward: model of the shape of `start` -> data (datum,); differentiable by JAX. A quantity that must stay
            positive is best inverted as its logarithm.
        data: measured, (datum,).
        noise: standard deviation of the data, one number or one per datum, in their unit.
        start: where the search begins; its shape is that of the model.
        penalty: `Smooth` or `Variation`.
        weight: of the penalty; "discrepancy" or "l_curve" finds it.
        reference: the model that is not penalised; 0 by default.

    Raises:
        ConfigError: noise that is not positive, or a model that data and penalty leave undetermined.
        DataError: data that are not finite, or that no model explains to the stated noise.
    """
    start = np.asarray(start, float)
    linearised = linearising(forward, start.shape, np.size(data))
    return search(linearised, data, noise, start, penalty=penalty, weight=weight, reference=reference)


def linearising(forward: Callable[[Array], Array], shape: tuple[int, ...], count: int) -> Linearised:
    """A differentiable forward model with its derivatives, in float64, compiled once.

    Args:
        forward: model of a shape -> data (datum,).
        shape: of the model.
        count: of data.
    """
    jacobian = jax.jacrev if count < np.prod(shape) else jax.jacfwd

    @jax.jit
    def both(model: Array) -> tuple[Array, Array]:
        return forward(model.reshape(shape)), jacobian(forward)(model.reshape(shape))

    def linearised(model: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with jax.enable_x64(True):
            predicted, slope = both(jnp.asarray(model))
        return np.asarray(predicted, float), np.asarray(slope, float).reshape(count, -1)

    return linearised


def search(
    linearised: Linearised,
    data: ArrayLike,
    noise: ArrayLike,
    start: np.ndarray,
    *,
    penalty: Penalty,
    weight: float | str,
    reference: ArrayLike | None = None,
) -> Inverted:
    """The same for a forward model that brings its own derivatives; total variation starts from the smooth solution."""
    data, noise = measured(data, noise)
    flat = start.ravel()
    about = np.zeros(start.size) if reference is None else np.broadcast_to(reference, start.shape).ravel().astype(float)
    if isinstance(penalty, Variation):
        smooth = search(linearised, data, noise, start, penalty=FLAT, weight=weight, reference=reference)
        if penalty.rounding is None:
            size = float(np.abs(smooth.model).max())
            penalty = Variation(max(1e-3 * float(np.ptp(smooth.model)), 1e-8 * size, 1e-12))
        flat = smooth.model.ravel()
    rough = roughness(penalty, start.shape, about)
    _, slope = linearised(flat)
    determined(weight, slope)
    scale = float(np.sum((slope / noise[:, None]) ** 2) / np.sum(rough.rows(flat) ** 2))
    last = flat

    def attempt(weight: float) -> Inverted:
        nonlocal last
        last = descend(linearised, data, noise, last, rough, weight)
        predicted = linearised(last)[0]
        misfit = float(np.mean(((predicted - data) / noise) ** 2))
        return Inverted(last.reshape(start.shape), weight, misfit, predicted, rough.value(last))

    return by_rule(weight, attempt, scale)


def descend(
    linearised: Linearised, data: np.ndarray, noise: np.ndarray, model: np.ndarray, rough: Roughness, weight: float
) -> np.ndarray:
    """The least objective at one weight, from a given model.

    Raises:
        ConfigError: data and penalty leave the model undetermined.
        DataError: the forward model gives numbers that are not finite.
    """

    def objective(model: np.ndarray, predicted: np.ndarray) -> float:
        value = float(np.sum(((predicted - data) / noise) ** 2)) + weight * rough.value(model)
        return value if np.isfinite(value) else np.inf

    predicted, slope = linearised(model)
    value = objective(model, predicted)
    if not np.isfinite(value):
        raise DataError(message("The forward model of the start is not finite.", where="start", fix="another start"))
    for _ in range(MOST_STEPS):
        rows = rough.rows(model)
        matrix = np.concatenate([slope / noise[:, None], np.sqrt(weight) * rows])
        right = np.concatenate([(data - predicted) / noise, -np.sqrt(weight) * (rows @ (model - rough.reference))])
        step, _, rank, _ = lstsq(matrix, right, lapack_driver="gelsy", check_finite=False)
        undetermined(int(rank), model.size)
        for _ in range(12):
            predicted, slope = linearised(model + step)
            new = objective(model + step, predicted)
            if new <= value:
                break
            step = step / 2
        else:
            return model
        model, before, value = model + step, value, new
        if before - value <= STILL * before:
            break
    return model


def measured(data: ArrayLike, noise: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Data and noise as float64, one number per datum.

    Raises:
        ConfigError: noise that is not positive.
        DataError: data that are not finite.
    """
    data = np.asarray(data, float).ravel()
    positive("noise", noise)
    if missing := int(np.sum(~np.isfinite(data))):
        what = f"{missing} of {len(data)} data are not finite."
        raise DataError(message(what, where="data", fix="leave them out of data and forward model"))
    return data, np.broadcast_to(np.asarray(noise, float), data.shape)


def determined(weight: float | str, slope: np.ndarray) -> None:
    """Checks that without a penalty there are at least as many data as unknowns.

    Raises:
        ConfigError: there are not.
    """
    if weight == 0 and slope.shape[0] < slope.shape[1]:
        what = f"{slope.shape[0]} data cannot determine {slope.shape[1]} unknowns without a penalty (weight = 0)."
        raise ConfigError(message(what, where="weight", fix='weight = "discrepancy"'))


def undetermined(rank: int, unknowns: int) -> None:
    """Checks the rank of data and penalty together.

    Raises:
        ConfigError: some combination of the unknowns changes neither.
    """
    if rank < unknowns:
        what = f"Data and penalty leave {unknowns - rank} of {unknowns} combinations of the model undetermined."
        raise ConfigError(message(what, where="penalty", fix="penalty = Smooth(order=0), and a positive weight"))
