"""How strong the penalty is: so that the data are fitted to their noise, or where the L-curve bends.

Source: Morozov, V. A. (1984), Methods for Solving Incorrectly Posed Problems, doi:10.1007/978-1-4612-5280-1; Hansen,
P. C., O'Leary, D. P. (1993), The use of the L-curve, SIAM J. Sci. Comput. 14(6), doi:10.1137/0914086; starting smooth
and relaxing: Constable, S. C., Parker, R. L., Constable, C. G. (1987), Occam's inversion, doi:10.1190/1.1442303.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from outcrop.errors import ConfigError, DataError, did_you_mean, message

RULES = ("discrepancy", "l_curve")
DECADES = 6
"""Weights are searched so many powers of ten above and below the one at which data and penalty are of one size."""
CLOSE = 0.01
"""Relative distance to the wanted misfit that is good enough."""


@dataclass(frozen=True)
class Inverted:
    """The result of an inversion.

    Attributes:
        model: the best model, in the shape of the model.
        weight: of the penalty.
        misfit: mean of ((predicted - data) / noise)^2; 1 is what noise alone leaves.
        predicted: data of the model.
        roughness: the penalty R(m), without its weight.
        note: how the weight was found, in one sentence.
    """

    model: np.ndarray
    weight: float
    misfit: float
    predicted: np.ndarray
    roughness: float
    note: str = "The weight was given."


Attempt = Callable[[float], Inverted]
"""weight -> the best model at that weight."""


def by_rule(rule: float | str, attempt: Attempt, scale: float) -> Inverted:
    """The inversion at a given weight, or at the one that a rule finds.

    Args:
        rule: a weight, or a name of `RULES`.
        attempt: inverts at one weight.
        scale: a weight at which data and penalty are of one size.

    Raises:
        ConfigError: an unknown rule, or a negative weight.
        DataError: see `by_discrepancy`.
    """
    if isinstance(rule, str):
        if rule not in RULES:
            what = f"There is no rule {rule!r} for the weight{did_you_mean(rule, RULES)}."
            raise ConfigError(message(what, fix=f"weight = a number, or one of {', '.join(RULES)}"))
        return by_discrepancy(attempt, scale) if rule == "discrepancy" else by_l_curve(attempt, scale)
    if not (np.isfinite(rule) and rule >= 0):
        raise ConfigError(message(f"weight = {rule} is no weight.", fix='weight = "discrepancy"'))
    return attempt(float(rule))


def by_discrepancy(attempt: Attempt, scale: float) -> Inverted:
    """The largest weight whose misfit is 1: as simple a model as the noise allows.

    Raises:
        DataError: no weight fits the data to the stated noise.
    """
    upper = found = attempt(scale * 10.0**DECADES)
    if upper.misfit <= 1:
        return _noted(upper, "The simplest model already fits the data to their noise: they say no more.")
    for power in np.arange(DECADES - 1, -DECADES - 1, -1.0):
        found = attempt(scale * 10.0**power)
        if found.misfit <= 1:
            break
        upper = found
    else:
        what = f"Misfit 1 is what the stated noise leaves; the least that any weight reaches is {found.misfit:.3g}."
        fix = f"noise = {np.sqrt(found.misfit):.3g} times as large, or a forward model that can explain the data"
        raise DataError(message(what, where="noise", fix=fix))
    return _noted(_between(attempt, found, upper), "The misfit is that of the stated noise (discrepancy principle).")


def _between(attempt: Attempt, lower: Inverted, upper: Inverted, most: int = 20) -> Inverted:
    """Misfit 1 between two weights, by regula falsi on the logarithms, bisecting when it creeps."""
    for turn in range(most):
        if abs(lower.misfit - 1) < CLOSE:
            break
        low, high = np.log(lower.weight), np.log(upper.weight)
        share = -np.log(lower.misfit) / np.log(upper.misfit / lower.misfit) if turn % 3 < 2 else 0.5
        found = attempt(float(np.exp(low + np.clip(share, 0.05, 0.95) * (high - low))))
        lower, upper = (found, upper) if found.misfit <= 1 else (lower, found)
    return lower


def by_l_curve(attempt: Attempt, scale: float, per_decade: int = 3) -> Inverted:
    """The corner of (log misfit, log roughness): where less roughness begins to cost fit. It needs no noise level."""
    powers = np.linspace(DECADES, -DECADES, 2 * DECADES * per_decade + 1)
    found = [attempt(scale * 10.0**power) for power in powers]
    tiny = np.finfo(float).tiny
    x = np.log([max(one.misfit, tiny) for one in found])
    y = np.log([max(one.roughness, tiny) for one in found])
    dx, dy = np.gradient(x), np.gradient(y)
    speed = np.hypot(dx, dy)
    turn = dy * np.gradient(dx) - dx * np.gradient(dy)  # from falling misfit to growing roughness is to the right
    curvature = np.where(speed > 1e-2 * speed.max(), turn / np.maximum(speed, tiny) ** 3, -np.inf)
    return _noted(found[int(np.argmax(curvature))], "The weight is at the corner of the L-curve.")


def _noted(found: Inverted, note: str) -> Inverted:
    return replace(found, note=note)
