"""Trainings one after another, such as L-BFGS after Adam: each stage starts from the last model of the one before.

Every stage is one call of the loop, with its own optimiser, data and plan; the histories are joined, and the best model
is that of the stage whose validation value is lowest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import equinox as eqx
import jax

from outcrop.records import Batch
from outcrop.train.batches import Augment, Source
from outcrop.train.loop import fit_members
from outcrop.train.progress import Fit, Progress


@dataclass(frozen=True)
class Stage:
    """What one stage does differently from the others.

    Attributes:
        name: written in the history.
        optimiser: an Optax transformation, or one per group of the loss.
        data: gives the training part; called when the stage begins, so that its memory is not held before.
        plan: fields of `Plan`, without checkpoint and time limit: those are of the whole training.
        augment: changes to training inputs.
        exact: the loss is a function of the parameters alone: no dropout (a line search compares its values).
        steady: nor does it change between chunks (the optimiser remembers gradients).
        dtype: floating-point type that the models are brought to first; None leaves them. float64 needs its scope.
    """

    name: str
    optimiser: Any
    data: Callable[[], Batch | Source]
    plan: Mapping[str, Any] = field(default_factory=dict)
    augment: Augment | None = None
    exact: bool = False
    steady: bool = False
    dtype: str | None = None

    def lasting(self, steps: int) -> Stage:
        """The stage with another number of steps; its schedule stays."""
        return replace(self, plan={**self.plan, "steps": steps})


@dataclass(frozen=True, eq=False)
class Exact:
    """A loss without random draws; `steady`, it renews nothing between chunks either."""

    loss_with_draws: Any
    steady: bool = False

    @property
    def groups(self) -> Any:
        """Those of the loss."""
        return self.loss_with_draws.groups

    def init(self, model: Any, key: jax.Array) -> Any:
        """The loss's own state."""
        return self.loss_with_draws.init(model, key)

    def loss(self, model: Any, state: Any, batch: Batch, key: Any, group: Any) -> Any:
        """The loss as in inference."""
        return self.loss_with_draws.loss(model, state, batch, None, group)

    def __getattr__(self, name: str) -> Any:
        """What else the loss can do."""
        if name == "refresh" and self.steady:
            raise AttributeError(name)
        return getattr(self.loss_with_draws, name)


def fit_stages(
    models: Sequence[Any],
    loss: Any,
    stages: Sequence[Stage],
    *,
    keys: Sequence[jax.Array],
    progress: Callable[[Progress], None] | None = None,
    checkpoint: Path | None = None,
    max_minutes: float | None = None,
    **common: Any,
) -> list[Fit]:
    """Trains models through all stages; `common` and what is returned as in `fit_members`.

    Args:
        models, loss: as in `fit_members`.
        stages: in order. Stage n draws from `fold_in(key, 2 + n)`.
        keys: one per model.
        progress: is told steps over all stages.
        checkpoint: file of the first stage; those of the next ones lie beside it.
        max_minutes: time limit of all stages together.

    An interruption, or the time limit, ends training: no further stage is begun.
    """
    done: list[tuple[str, list[Fit]]] = []
    total = sum(stage.plan["steps"] for stage in stages)
    for number, stage in enumerate(stages):
        spent = sum(max(fit.seconds for fit in fits) for _, fits in done)
        left = None if max_minutes is None else max_minutes - spent / 60
        if done and (done[-1][1][0].interrupted or (left is not None and left <= 0)):
            break
        models = [model if stage.dtype is None else cast(model, stage.dtype) for model in models]
        before = max((taken(joined(done, m)) for m in range(len(models) if done else 0)), default=0)
        fits = fit_members(
            models,
            Exact(loss, stage.steady) if stage.exact else loss,
            stage.optimiser,
            stage.data(),
            keys=[jax.random.fold_in(key, 2 + number) for key in keys],
            augment=stage.augment,
            progress=_shifted(progress, before, total),
            checkpoint=_beside(checkpoint, number),
            max_minutes=left,
            **stage.plan,
            **common,
        )
        done.append((stage.name, fits))
        models = [fit.last for fit in fits]
    return [joined(done, m) for m in range(len(models))]


def cast(model: Any, dtype: str) -> Any:
    """A model with its floating-point arrays in another type."""
    return jax.tree.map(lambda leaf: leaf.astype(dtype) if eqx.is_inexact_array(leaf) else leaf, model)


def taken(fit: Fit) -> int:
    """Steps that a training took."""
    return int(fit.history[-1]["step"]) if fit.history else 0


def joined(done: Sequence[tuple[str, Sequence[Fit]]], member: int) -> Fit:
    """One member's stages as one training: steps and seconds go on, the best model is the best of all stages."""
    fits = [fits[member] for _, fits in done]
    scored = [fit.best_value for fit in fits]
    chosen = scored.index(min(scored)) if min(scored) < float("inf") else len(fits) - 1
    rows: list[dict[str, Any]] = []
    steps, seconds = 0, 0.0
    before: list[int] = []
    for (name, _), fit in zip(done, fits, strict=True):
        before.append(steps)
        rows += [row | _moved(row, name, steps, seconds) for row in fit.history]
        steps, seconds = steps + taken(fit), seconds + fit.seconds
    reasons = [fit.stop_reason for fit in fits]
    told = [f"Stage {name}: {reason}" for (name, _), reason in zip(done, reasons, strict=True)]
    return replace(
        fits[-1],
        best=fits[chosen].best,
        best_step=before[chosen] + fits[chosen].best_step,
        best_value=fits[chosen].best_value,
        history=rows,
        stop_reason=" ".join(told) if len(fits) > 1 else reasons[0],
        seconds=seconds,
        waited=sum(fit.waited for fit in fits),
        stage_steps=(*(taken(fit) for fit in fits[:chosen]), fits[chosen].best_step, *(0 for _ in fits[chosen + 1 :])),
    )


def _moved(row: Mapping[str, Any], name: str, steps: int, seconds: float) -> dict[str, Any]:
    return {"stage": name, "step": row["step"] + steps, "seconds": row["seconds"] + seconds}


def _shifted(tell: Callable[[Progress], None] | None, before: int, total: int) -> Callable[[Progress], None] | None:
    if tell is None:
        return None
    return lambda progress: tell(replace(progress, step=progress.step + before, steps=max(total, progress.step)))


def _beside(checkpoint: Path | None, number: int) -> Path | None:
    """The file of one stage.

    >>> _beside(Path("fold-0.ckpt"), 0).name, _beside(Path("fold-0.ckpt"), 1).name
    ('fold-0.ckpt', 'fold-0_stage1.ckpt')
    """
    if checkpoint is None or not number:
        return checkpoint
    return checkpoint.with_stem(f"{checkpoint.stem}_stage{number}")
