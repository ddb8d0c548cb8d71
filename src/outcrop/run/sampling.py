"""What realisations of a generator are drawn with on a grid, and the drawing, given some observations or others."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from outcrop.config.given import GivenFile
from outcrop.loss import table as losses
from outcrop.run.drawing import drawn
from outcrop.run.on_grid import Grid, shape_of, told_to, width_of
from outcrop.run.surrogate import Model
from outcrop.sample.realise import Observed, Plan

MOST_AT_ONCE = 32
"""Realisations drawn at once."""


class Setting(NamedTuple):
    """What realisations are drawn with, whatever is observed.

    Attributes:
        model: the generator.
        asked: the given file.
        base: folder that its paths are relative to.
        grid: dimension -> coordinates.
        plan: sampler and steps.
        offset: trend in standard units.
        soft: what attributes say: rows of numbers, likelihoods of classes.
        count, seed: of the realisations.
    """

    model: Model
    asked: GivenFile
    base: Path
    grid: Grid
    plan: Plan
    offset: np.ndarray | None
    soft: tuple[Any, Any]
    count: int
    seed: int

    def realisations(self, seen: Observed | None) -> np.ndarray:
        """Realisations given observations, (realisation, *place, variable) in standard units, less the trend."""
        told, guided = told_to(self.model, self.asked, self.grid, self.base, seen)
        shape = (*shape_of(self.grid), width_of(self.model))
        if any(part is not None for part in self.soft):
            nothing = Observed(jnp.zeros(shape, bool), jnp.zeros(shape, jnp.float32), jnp.zeros(shape[-1:]))
            seen = (seen or nothing)._replace(soft=self.soft[0], likelihood=self.soft[1])
        about = self.model.bundle.provenance["loss"]
        loss = losses.build(about["kind"], "number", arguments=about)
        every = seen and seen._replace(known=seen.known[None], values=seen.values[None])
        return drawn(
            self.model.members, loss, self.plan, told[None], shape, count=self.count, seed=self.seed, observed=every,
            guided=guided, batch_size=min(self.count, MOST_AT_ONCE),
        )[0]  # fmt: skip
