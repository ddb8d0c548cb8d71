"""Optimisers by name: a direction (one table), a learning rate over time (another), clipping and weight decay.

All mathematics is Optax's. The loop calls every optimiser with the loss value, the gradient and the loss as a
function, so that line searches (L-BFGS) and plateau schedules work like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import optax

from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.train.table import DIRECTIONS, SCHEDULES, Entry


def momentum() -> optax.GradientTransformation:
    """Gradient descent with momentum 0.9."""
    return optax.trace(decay=0.9)


def step(learning_rate: float, steps: int) -> optax.Schedule:
    """A tenth of the learning rate after half of the steps, a hundredth after three quarters."""
    return optax.piecewise_constant_schedule(learning_rate, {steps // 2: 0.1, (3 * steps) // 4: 0.1})


def constant(learning_rate: float, steps: int) -> optax.Schedule:
    """The same learning rate throughout."""
    return optax.constant_schedule(learning_rate)


def make(
    name: str = "adamw",
    *,
    steps: int,
    learning_rate: float = 1e-3,
    schedule: str = "cosine",
    warmup_steps: int = 0,
    weight_decay: float | None = None,
    clip_norm: float | None = 1.0,
) -> optax.GradientTransformationExtraArgs:
    """Builds an optimiser.

    Args:
        name: a key of DIRECTIONS.
        steps: number of steps the schedule spans.
        learning_rate: its largest value. exact optimisers search their own step and take no other setting.
        schedule: a key of SCHEDULES.
        warmup_steps: steps over which the learning rate rises linearly to its largest value.
        weight_decay: share of each weight matrix removed per unit of learning rate; biases and norms are left alone.
            None is 1e-4 for adamw and 0 for the others.
        clip_norm: gradients longer than this are shortened to it; None = never.

    Raises:
        ConfigError: unknown name, or a number that cannot be.
    """
    _known("optimiser", name, DIRECTIONS)
    _known("schedule", schedule, SCHEDULES)
    if not 0 < learning_rate < float("inf") or not 0 <= warmup_steps < steps:
        what = f"learning_rate = {learning_rate}, warmup_steps = {warmup_steps}, steps = {steps} do not go together."
        raise ConfigError(message(what, fix="set learning_rate = 1e-3 and warmup_steps below steps."))
    if DIRECTIONS[name].exact:
        return DIRECTIONS[name].make()
    decay = (1e-4 if name == "adamw" else 0.0) if weight_decay is None else weight_decay
    parts = [optax.clip_by_global_norm(clip_norm)] if clip_norm else []
    parts.append(DIRECTIONS[name].make())
    parts += [optax.add_decayed_weights(decay, mask=_matrices)] if decay else []
    rate = _with_warmup(SCHEDULES[schedule].make(learning_rate, steps - warmup_steps), learning_rate, warmup_steps)
    parts.append(optax.inject_hyperparams(optax.scale_by_learning_rate)(learning_rate=rate))
    if schedule == "plateau":
        parts.append(optax.contrib.reduce_on_plateau(factor=0.5, patience=5, accumulation_size=max(1, steps // 50)))
    return optax.with_extra_args_support(optax.chain(*parts))


def learning_rate_of(state: Any) -> Any:
    """The learning rate of the step just taken, out of an optimiser's state; NaN when it has none."""

    def number(path: Any, value: Any) -> bool:
        return isinstance(value, jax.Array)

    rate = optax.tree.get(state, "learning_rate", float("nan"), filtering=number)
    return rate * optax.tree.get(state, "scale", 1.0, filtering=number)


def _with_warmup(schedule: optax.Schedule, learning_rate: float, warmup_steps: int) -> optax.Schedule:
    if not warmup_steps:
        return schedule
    rise = optax.linear_schedule(learning_rate / (warmup_steps + 1), learning_rate, warmup_steps)
    return optax.join_schedules([rise, schedule], [warmup_steps])


def _matrices(parameters: Any) -> Any:
    return jax.tree.map(lambda leaf: leaf.ndim >= 2, parameters)


def _known(what: str, name: str, table: Mapping[str, Entry]) -> None:
    if name not in table:
        fix = f"choose one of {', '.join(table)}."
        raise ConfigError(message(f"Unknown {what} {name!r}{did_you_mean(name, table)}.", where="[train]", fix=fix))
