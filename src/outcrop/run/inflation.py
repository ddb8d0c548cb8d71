"""Realisations too narrow or too wide, put right by the validation part: deviations from their mean times a factor.

A factor for each variable, with which the central 90 % of an example's realisations hold as many values of the
validation part as they should. Their mean stays, and so does every value that all of them agree on, such as hard data.

Source: of multiplying deviations, Anderson and Anderson (1999), Monthly Weather Review 127, 2741; here when all is
drawn, as ensembles of forecasts are calibrated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Float

from outcrop.errors import ConfigError, message
from outcrop.metric.conditional import inflation

if TYPE_CHECKING:
    from outcrop.run.drawing import Examples
    from outcrop.run.problem import Problem
    from outcrop.split.promise import Split

WHERE = "sample.inflation"


class Inflation(NamedTuple):
    """How far realisations depart from their mean.

    Attributes:
        factor: on the deviations of each variable, (variable,).
        around: realisations whose mean stays, the first ones, so that more draws change none that was drawn.
    """

    factor: Float[np.ndarray, " variable"]
    around: int

    def of(self, made: Float[np.ndarray, "example realisation *place variable"]) -> np.ndarray:
        """The same realisations, wider or narrower about their mean."""
        first = made[:, :1]
        apart = made - first  # exactly 0 where all agree
        centre = apart[:, : self.around].mean(axis=1, keepdims=True)
        return (first + centre + self.factor * (apart - centre)).astype(made.dtype)

    def to_json(self) -> dict[str, Any]:
        """For metrics.json and the model file."""
        return {"factor": [float(f"{value:.4g}") for value in self.factor], "around": self.around}


def read(about: Any) -> Inflation | None:
    """From a model file; None where realisations stay as they are drawn."""
    return Inflation(np.array(about["factor"]), about["around"]) if about else None


def of_folds(told: Sequence[Any]) -> dict[str, Any] | None:
    """The geometric mean of the factors of all folds, as JSON; None where none were fitted."""
    found = [read(fold["model"].get("inflation")) for fold in told if fold]
    own = [each for each in found if each is not None]
    if not own:
        return None
    return Inflation(np.exp(np.mean([np.log(each.factor) for each in own], axis=0)), own[0].around).to_json()


def check_inflation(problem: Problem, split: Split, *, together: bool) -> None:
    """Raises ConfigError where there is no spread about a mean, or nothing to choose it by."""
    if not problem.config.sample.inflation:
        return
    what, fix = "", "leave inflation out."
    if problem.classes:
        what = "Realisations of classes have no mean to depart from."
    elif together:
        what = "Nothing is told of an example, and all share one set of realisations, which is scored as it is."
    elif not len(split.validation):
        what, fix = "There is no validation part to choose it by.", "promise.validation_share = 0.2."
    if what:
        raise ConfigError(message(what, where=WHERE, fix=fix))


def fitted(made: np.ndarray, part: Examples) -> Inflation:
    """The factors with which realisations (example, realisation, *place, variable) of a part hold what was found."""
    factor = []
    for own in range(made.shape[-1]):
        there = part.there[..., own]
        samples = np.moveaxis(made[..., own], 1, 0)[:, there]
        factor.append(inflation(samples=samples.astype(float), truth=part.real[..., own][there].astype(float)))
    return Inflation(np.array(factor), made.shape[1])
