"""Which steps of a sequence are read, known and scored, and where sequences start along a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import gcd

import numpy as np

from outcrop.errors import ConfigError, message
from outcrop.view.cells import Cells
from outcrop.view.taper import starts_over


@dataclass(frozen=True)
class Span:
    """Which steps of a sequence are read, known and scored.

    Attributes:
        history: steps whose inputs are read.
        horizon: steps that are forecast; 0 for a simulation, which is scored within the history.
        lead: steps from the last one read to the first one forecast, at least 1.
        spin_up: first steps of a simulation, read and not scored.
        known_future: inputs that are known over the horizon too.
        unknown_future: what the other inputs hold there: "mean", the training mean, or "last", their last value.
    """

    history: int
    horizon: int = 0
    lead: int = 1
    spin_up: int = 0
    known_future: Sequence[str] = ()
    unknown_future: str = "mean"

    def __post_init__(self) -> None:
        object.__setattr__(self, "known_future", tuple(self.known_future))
        object.__setattr__(self, "lead", max(self.lead, 1))

    @property
    def first(self) -> int:
        """The first step that is scored."""
        return self.history + self.lead - 1 if self.horizon else self.spin_up

    @property
    def length(self) -> int:
        """All steps, from the first one read to the last one scored."""
        return self.first + self.horizon if self.horizon else self.history

    @property
    def scored(self) -> int:
        """How many steps are scored."""
        return self.length - self.first

    @property
    def read(self) -> int:
        """Steps from which any input is read."""
        return self.length if self.known_future else self.history


def default_stride(cells: Cells, span: Span, along: str) -> int:
    """All steps that are scored; of a forecast in parts of a day, the next smaller number that has no factor in common
    with a day, unless that is less than half."""
    coordinate = cells.records[0].data.coords.get(along)
    if span.horizon < 2 or coordinate is None or coordinate.dtype.kind != "M" or coordinate.size < 2:
        return span.scored
    step = np.median(np.diff(coordinate.to_numpy()).astype("timedelta64[s]").astype(np.int64))
    day = round(86_400 / float(step)) if step > 0 else 1
    return next((n for n in range(span.scored, span.scored // 2, -1) if gcd(n, day) == 1), span.scored)


def sequence_starts(size: int, span: Span, stride: int, ragged: bool) -> np.ndarray:
    """First steps of the sequences over `size` samples; with `ragged` from the first sample that can be predicted."""
    earliest = 0
    if ragged:
        earliest = -(span.history - 1) if span.horizon else -span.spin_up
    last = size - span.length
    if last < earliest:
        return np.empty(0, np.int64)
    return starts_over(last - earliest + span.scored, span.scored, stride) + earliest


def check(span: Span, stride: int, along: str, cells: Cells, box: Mapping[str, int]) -> None:
    """Lengths that leave samples uncovered or nothing to score.

    Raises:
        ConfigError: naming the key.
    """
    problem = ""
    if span.history < 1 or span.horizon < 0:
        problem = f"Sequences need history >= 1 and horizon >= 0, got {span.history} and {span.horizon}."
    elif span.horizon and span.spin_up:
        problem = "A forecast is not scored within its history, so it has no spin_up."
    elif span.scored < 1:
        problem = f"With spin_up = {span.spin_up} nothing of a history of {span.history} samples is left to score."
    elif not 1 <= stride <= span.scored:
        problem = f"A stride of {stride} leaves samples between the {span.scored} scored of each sequence."
    elif span.known_future and not span.horizon:
        problem = "known_future names inputs of a forecast; a simulation (horizon = 0) knows all of them."
    elif box and cells.dims[0] != along:
        problem = f"Boxes along time need {along} as the first dimension; the grid is {' x '.join(cells.dims)}."
    if problem:
        fix = 'view = {kind = "sequences", history = 48, horizon = 24}, or {history = 365, spin_up = 180}'
        raise ConfigError(message(problem, where="data.view", fix=fix))
