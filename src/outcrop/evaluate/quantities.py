"""Numbers that are read off a whole field, and how well the network's fields give them: a peak, a mean, a range.

A surrogate is often asked for one such number and not for the field. A field that is right on average can miss its
peak, so every declared quantity has an error of its own, with an interval over groups, beside that of the baselines.
A study of many fields asks for percentiles of the number over them: those that predictions give stand beside the true.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from outcrop.evaluate.scored import MODEL

if TYPE_CHECKING:
    from outcrop.evaluate.breakdown import Part
    from outcrop.evaluate.interval import Bootstrap

QUANTITIES: dict[str, Callable[[np.ndarray], float]] = {
    "max": lambda values: float(values.max()),
    "min": lambda values: float(values.min()),
    "mean": lambda values: float(values.mean()),
    "range": lambda values: float(np.ptp(values)),
    "rms": lambda values: float(np.sqrt(np.mean(values**2))),
}
"""What can be read off the values of a record where both target and prediction are known."""
PERCENTILES = (10, 50, 90)


def quantities(part: Part) -> dict[str, Any] | None:
    """Declared name -> mean absolute error of the network and of every baseline, in the unit of the target.

    `spread` is the standard deviation of the true quantity over records: the error of always saying its mean.
    `percentiles` are those of the quantity over records, of the truth and of what every contender predicts.
    """
    asked = part.extras.quantities
    return {name: _of(part, kind) for name, kind in asked.items()} if asked else None


def _of(part: Part, kind: str) -> dict[str, Any]:
    scored, read = part.scored, QUANTITIES[kind]
    rows = [np.flatnonzero(scored.record == which) for which in np.unique(scored.record)]
    true = np.array([read(np.asarray(scored.target, float)[own]) for own in rows])
    unit = part.units.member[[own[0] for own in rows]]
    found = {
        name: np.array([read(np.asarray(told, float)[own]) for own in rows])
        for name, told in scored.predictions.items()
    }
    off = {name: np.abs(values - true) for name, values in found.items()}
    own = off.pop(MODEL)
    return {
        "of": kind,
        "unit": scored.unit,
        "spread": float(true.std()),
        "levels": list(PERCENTILES),
        "percentiles": {
            name: np.percentile(values, PERCENTILES).tolist() for name, values in ({"truth": true} | found).items()
        },
        "model": _mean(own, unit, part.bootstrap),
        "baselines": {
            name: _mean(other, unit, part.bootstrap) | {"difference": _mean(other - own, unit, part.bootstrap)}
            for name, other in off.items()
        },
    }


def _mean(values: np.ndarray, unit: np.ndarray, bootstrap: Bootstrap) -> dict[str, Any]:
    """Mean over units of the means of their records, with its interval over the draws of every other score."""
    each = np.bincount(unit, values) / np.bincount(unit)
    return bootstrap.bounded(float(each.mean()), bootstrap.draws @ each / len(each)).plain()
