"""Numbers that are read off a whole field, and how well the network's fields give them: a peak, a mean, a range.

A surrogate is often asked for one such number and not for the field. A field that is right on average can miss its
peak, so every declared quantity has an error of its own, with an interval over groups, beside that of the baselines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from outcrop.evaluate.scored import MODEL

if TYPE_CHECKING:
    from outcrop.evaluate.breakdown import Part

QUANTITIES: dict[str, Callable[[np.ndarray], float]] = {
    "max": lambda values: float(values.max()),
    "min": lambda values: float(values.min()),
    "mean": lambda values: float(values.mean()),
    "range": lambda values: float(np.ptp(values)),
    "rms": lambda values: float(np.sqrt(np.mean(values**2))),
}
"""What can be read off the values of a record where both target and prediction are known."""
DRAWS = 2000


def quantities(part: Part) -> dict[str, Any] | None:
    """Declared name -> mean absolute error of the network and of every baseline, in the unit of the target.

    `spread` is the standard deviation of the true quantity over records: the error of always saying its mean.
    """
    asked = part.extras.quantities
    return {name: _of(part, kind) for name, kind in asked.items()} if asked else None


def _of(part: Part, kind: str) -> dict[str, Any]:
    scored, read = part.scored, QUANTITIES[kind]
    rows = [np.flatnonzero(scored.record == which) for which in np.unique(scored.record)]
    true = np.array([read(np.asarray(scored.target, float)[own]) for own in rows])
    unit = part.units.member[[own[0] for own in rows]]
    groups = np.unique(unit, return_inverse=True)[1]
    off = {
        name: np.abs(np.array([read(np.asarray(told, float)[own]) for own in rows]) - true)
        for name, told in scored.predictions.items()
    }
    own = off.pop(MODEL)
    return {
        "of": kind,
        "unit": scored.unit,
        "spread": float(true.std()),
        "model": _mean(own, groups),
        "baselines": {
            name: _mean(other, groups) | {"difference": _mean(other - own, groups)} for name, other in off.items()
        },
    }


def _mean(values: np.ndarray, groups: np.ndarray) -> dict[str, Any]:
    """Mean over groups of their means, with the central 95 % of means of groups drawn anew; None for one group."""
    each = np.bincount(groups, values) / np.bincount(groups)
    if len(each) < 2:
        return {"value": float(each.mean()), "low": None, "high": None}
    drawn = np.random.default_rng(0).integers(len(each), size=(DRAWS, len(each)))
    low, high = np.quantile(each[drawn].mean(axis=1), [0.025, 0.975])
    return {"value": float(each.mean()), "low": float(low), "high": float(high)}
