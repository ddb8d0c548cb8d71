"""The plan of a training run, what it reports on the way, and what it leaves behind. No mathematics here."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from outcrop.errors import ConfigError, NonFiniteError, message


@dataclass(frozen=True)
class Plan:
    """How long to train and how often to look.

    Attributes:
        steps: number of optimiser steps.
        batch_size: examples per step.
        evaluate_every: steps between two looks at the whole validation part.
        patience: evaluations without a better validation value before training stops; None = never.
        max_minutes: time limit; the best so far is kept.
        checkpoint: file that training can be resumed from; rewritten at most every `checkpoint_every_s` seconds.
        resume: continue from `checkpoint` if it exists.
        ema_decay: keep an exponential moving average of the parameters; it is what is validated and kept as best.
    """

    steps: int
    batch_size: int
    evaluate_every: int = 50
    patience: int | None = None
    max_minutes: float | None = None
    checkpoint: Path | None = None
    resume: bool = False
    checkpoint_every_s: float = 30.0
    ema_decay: float | None = None

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "evaluate_every"):
            if getattr(self, name) < 1:
                what = f"train.{name} = {getattr(self, name)} is not a positive number."
                raise ConfigError(message(what, fix=f"set train.{name} to 1 or more."))
        if self.ema_decay is not None and not 0 < self.ema_decay < 1:
            what = f"train.ema_decay = {self.ema_decay} is not between 0 and 1."
            raise ConfigError(message(what, fix="set train.ema_decay = 0.999, or leave it out."))
        if self.checkpoint is not None:
            object.__setattr__(self, "checkpoint", Path(self.checkpoint))


@dataclass(frozen=True)
class Progress:
    """What a progress bar may show after each evaluation; of several members, their mean."""

    step: int
    steps: int
    train_loss: float
    validation: float
    best: float
    seconds: float
    seconds_left: float


@dataclass(frozen=True)
class Fit:
    """A trained model.

    Attributes:
        best: the model with the lowest validation value (the last one when nothing was validated).
        last: the model after the last step taken; a next stage continues from here.
        best_step, best_value: when that was, and its validation value.
        history: one row per evaluation: step, train_loss (mean since the last row), validation_loss, learning_rate,
            seconds, the named parts of the loss, and `norms`: layer -> what
            `norms.by_layer` tells of it.
        stop_reason: a sentence.
        seconds: wall time of training, validation and compilation, resumed parts included.
        steps_per_second: steps taken in this call over their wall time.
        loss_state: the state of the loss after the last step, for a next stage.
        waited: seconds of this call in which a step waited for its data.
        interrupted: Ctrl-C ended it.
        stage_steps: steps of each stage up to the best model, where training had stages.
    """

    best: Any
    last: Any
    best_step: int
    best_value: float
    history: list[dict[str, Any]]
    stop_reason: str
    seconds: float
    steps_per_second: float
    loss_state: Any = None
    waited: float = 0.0
    interrupted: bool = False
    stage_steps: tuple[int, ...] = ()


@dataclass(frozen=True)
class Track:
    """The book-keeping of one model in training: its best so far and its history."""

    best: Any
    best_step: int = 0
    best_value: float = math.inf
    waited: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)

    def note(self, row: dict[str, Any], arrays: Any, *, validated: bool) -> Track:
        """The track with one more evaluation; keeps `arrays` when their validation value is the best so far."""
        value, history = row["validation_loss"], [*self.history, row]
        if validated and math.isnan(value):
            what = f"The validation value is not a number at step {row['step']}, although the training loss is finite."
            raise NonFiniteError(message(what, fix="look for NaN in the inputs or targets of the validation part."))
        if not validated:
            return Track(arrays, int(row["step"]), history=history)
        if value < self.best_value:
            return Track(arrays, int(row["step"]), value, history=history)
        return replace(self, waited=self.waited + 1, history=history)

    def tired(self, plan: Plan) -> bool:
        """Has patience run out?"""
        return plan.patience is not None and self.waited >= plan.patience

    def header(self) -> dict[str, Any]:
        """Everything but the arrays, for the checkpoint."""
        names = ("best_step", "best_value", "waited", "history")
        return {name: getattr(self, name) for name in names}


def stop_reason(plan: Plan, track: Track, step: int, seconds: float) -> str:
    """Why training ends here, as a sentence; empty while it goes on."""
    best = f"the best is from step {track.best_step}"
    if track.tired(plan):
        return f"The validation value did not improve in {track.waited} evaluations up to step {_last(track)}; {best}."
    if step >= plan.steps:
        return f"All {plan.steps} steps were taken; {best}."
    if plan.max_minutes is not None and seconds >= 60 * plan.max_minutes:
        return f"The time limit of {plan.max_minutes:g} minutes was reached at step {step} of {plan.steps}; {best}."
    return ""


def _last(track: Track) -> int:
    return int(track.history[-1]["step"])


def seconds_left(plan: Plan, step: int, begun: int, seconds_here: float, seconds: float) -> float:
    """Time to the last step at the pace so far, or to the time limit if that comes first."""
    left = (plan.steps - step) * seconds_here / max(1, step - begun)
    return min(left, 60 * plan.max_minutes - seconds) if plan.max_minutes is not None else left
