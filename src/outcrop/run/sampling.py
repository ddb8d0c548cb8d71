"""What realisations of a generator are drawn with on a grid, and the drawing, given some observations or others."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from outcrop.errors import ConfigError, message
from outcrop.loss import table as losses
from outcrop.run.drawing import drawn, held
from outcrop.run.inflation import read
from outcrop.run.on_grid import Grid, shape_of, told_to, width_of
from outcrop.run.surrogate import Model
from outcrop.sample.guidance import Rows
from outcrop.sample.linear import Linear
from outcrop.sample.realise import Observed, Plan

MOST_AT_ONCE = 32
"""Realisations drawn at once."""


class Setting(NamedTuple):
    """What realisations are drawn with, whatever is observed.

    Attributes:
        model: the generator.
        grid: dimension -> coordinates.
        conditions: encoded, (*place, channel).
        there: where there is something to draw, (*place, variable).
        plan: sampler and steps.
        offset: trend in standard units, (*place, variable).
        soft, likelihood: what attributes say of numbers, and of classes.
        count, seed: of the realisations.
        linear: data that are linear in a realisation.
    """

    model: Model
    grid: Grid
    conditions: np.ndarray
    there: np.ndarray
    plan: Plan
    offset: np.ndarray | None
    soft: Rows | None
    likelihood: np.ndarray | None
    count: int
    seed: int
    linear: Linear | None = None

    def realisations(self, seen: Observed | None) -> np.ndarray:
        """Realisations given observations, (realisation, *place, variable) in standard units, less the trend.

        They are as wide as the validation part of the training run asked (`run/inflation.py`), unless data with noise
        say how wide they should be.

        Raises:
            ConfigError: observations have noise, and the generator was trained by a game, which cannot weigh it.
        """
        noisy = seen is not None and bool(np.asarray(seen.noise_sd).any())
        if noisy and any(hasattr(member, "generator") for member in self.model.members):
            what = "A generator that was trained by a game has no denoiser, and takes observations for hard data."
            fix = "leave noise_sd out, or train one by denoising or flow."
            raise ConfigError(message(what, where="observations.noise_sd", fix=fix))
        told, guided = told_to(self.model, self.conditions, seen)
        shape = (*shape_of(self.grid), width_of(self.model))
        weighed = any(part is not None for part in (self.soft, self.likelihood, self.linear))
        wider = None if noisy or weighed else read(self.model.bundle.provenance.get("inflation"))
        count = self.count if wider is None else max(self.count, wider.around)
        if weighed:
            nothing = Observed(jnp.zeros(shape, bool), jnp.zeros(shape, jnp.float32), jnp.zeros(shape[-1:]))
            seen = (seen or nothing)._replace(soft=self.soft, likelihood=self.likelihood, linear=self.linear)
        made = drawn(
            self.model.members,
            _loss(json.dumps(self.model.bundle.provenance["loss"])),
            self.plan,
            told[None],
            shape,
            count=count,
            seed=self.seed,
            observed=held(seen and seen._replace(known=seen.known[None], values=seen.values[None]), self.there[None]),
            guided=guided,
            batch_size=min(count, MOST_AT_ONCE),
        )
        return (made if wider is None else wider.of(made))[0, : self.count]


@lru_cache(maxsize=16)
def _loss(about: str) -> Any:
    """The loss a generator was trained with: the same object each time, so that nothing is compiled twice."""
    arguments = json.loads(about)
    return losses.build(arguments["kind"], "number", arguments=arguments)
