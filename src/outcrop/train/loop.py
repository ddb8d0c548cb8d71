"""The training loop: the only one, for every model, loss and optimiser in outcrop.

    while there is no reason to stop:
        for step in range(evaluate_every):                            # one compiled chunk; see step.py
            for group in loss.groups:                                 # one for most; generator and critic for a GAN
                value, gradient = value_and_grad(loss)(model, batch)  # backpropagation
                model = model + optimiser(gradient)                   # the gradient step
        score the model on the whole validation part; keep the best; write a checkpoint; report

The order of batches and all randomness follow from the key and the step number, so a resumed run is the uninterrupted
one bit for bit. A step that is not finite is not taken: the run stops, and the doctor looks for the culprit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from outcrop.errors import NonFiniteError
from outcrop.records import Batch
from outcrop.train import checkpoint, doctor, population
from outcrop.train.batches import Augment, Feed, Source
from outcrop.train.progress import Fit, Plan, Progress, Track, seconds_left, stop_reason
from outcrop.train.step import State, Stepper, compile_chunk, key_of_turn, slow_in_scan


def fit(model: Any, loss: Any, optimiser: Any, data: Batch | Source, *, key: jax.Array, **options: Any) -> Fit:
    """Trains one model; arguments as in `fit_members`. `stages.fit_stages` calls it stage by stage."""
    return fit_members([model], loss, optimiser, data, keys=[key], **options)[0]


def fit_members(
    models: Sequence[Any],
    loss: Any,
    optimiser: Any,
    data: Batch | Source,
    *,
    keys: Sequence[jax.Array],
    validate: Callable[[Any], float] | None = None,
    augment: Augment | None = None,
    progress: Callable[[Progress], None] | None = None,
    describe: doctor.Describe = doctor.plain,
    **plan: Any,
) -> list[Fit]:
    """Trains models that differ in their arrays only, each with its own key; side by side where that is fast.

    Args:
        models: Equinox modules on ONE example.
        loss: what is minimised; see `outcrop.loss`.
        optimiser: an Optax transformation, or one per group of the loss by name.
        data: the training part, as a Batch with a leading example axis, or as a Source.
        keys: one per model; decides initial loss state, order of batches, dropout and augmentation.
        validate: model -> number over the whole validation part, lower is better; None keeps the last model.
        augment: (batch, key) -> batch, part of the compiled step.
        progress: called after each evaluation.
        describe: (example, field, place) -> words that name one training value, for the doctor.
        plan: the fields of `Plan`: steps, batch_size, evaluate_every, patience, max_minutes, checkpoint, ...

    Returns:
        One Fit per model. Ctrl-C and `max_minutes` end training early and keep the best so far.

    Raises:
        NonFiniteError: a loss or gradient is NaN or infinite; names variable, record and row where it can.
    """
    run = Run(models, loss, optimiser, data, keys, augment, Plan(**plan))
    if run.many and run.stepwise:
        shared = {"validate": validate, "augment": augment, "progress": progress, "describe": describe}
        each = zip(models, keys, _plans(run.plan, len(models)), strict=True)
        return [fit(model, loss, optimiser, data, key=key, **shared, **vars(own)) for model, key, own in each]
    run.resume()
    interrupted = False
    try:
        while not run.stop_reasons():
            run.advance(validate, describe)
            run.save_now_and_then()
            if progress is not None:
                progress(run.progress())
        reasons = run.stop_reasons()
    except KeyboardInterrupt:
        interrupted = True
        reasons = [run.interrupted(track, validated=validate is not None) for track in run.at.tracks]
    finally:
        for feed in run.feeds:
            feed.close()
    run.save()
    return run.fits(reasons, interrupted=interrupted)


class Position(NamedTuple):
    """Where a run stands. Replaced as a whole after each chunk, so an interruption finds it consistent."""

    state: State  # with a leading member axis when there are several
    step: int
    tracks: list[Track]  # one per member


class Run:
    """A training run: what it stands on (`stepper`, `feeds`, `plan`) and where it is (`at`)."""

    def __init__(
        self, models: Sequence[Any], loss: Any, optimiser: Any, data: Any, keys: Sequence[Any], augment: Any, plan: Plan
    ) -> None:
        self.plan, self.many, self.keys = plan, len(models) > 1, [_typed(key) for key in keys]
        seeds = [tuple(int(word) for word in jax.random.key_data(key).ravel()) for key in self.keys]
        turns = max(group.turns for group in loss.groups)
        self.feeds = [Feed(data, seed, plan.batch_size, turns, plan.steps) for seed in seeds]
        self.resident = self.feeds[0].resident
        self.stepper = Stepper(models[0], loss, optimiser, self.feeds[0], augment, plan.ema_decay)
        states = [self.stepper.start(model, key) for model, key in zip(models, self.keys, strict=True)]
        self.stepwise = slow_in_scan(self.stepper, states[0], self.resident, self.keys[0], self.feeds[0].step(0))
        self.chunk = compile_chunk(self.stepper, stepwise=self.stepwise, many=self.many)
        self.key = jnp.stack(self.keys) if self.many else self.keys[0]
        self.at = Position(_stack(states) if self.many else states[0], 0, [Track(state.model) for state in states])
        self.same = {"seeds": [list(seed) for seed in seeds], "batch_size": self.feeds[0].batch_size}
        self.same |= {"examples": self.feeds[0].examples, "evaluate_every": plan.evaluate_every}
        self.begun, self.spent = 0, 0.0  # steps and seconds before this call
        self.clock = self.saved = time.monotonic()

    def advance(self, validate: Callable[[Any], float] | None, describe: doctor.Describe) -> None:
        """One chunk of steps, and a look at the validation part."""
        state, step, tracks = self.at
        count = min(self.plan.evaluate_every - step % self.plan.evaluate_every, self.plan.steps - step)
        state, records = self.chunk(state, self.resident, self.key, self.given(step, count))
        step, after = step + count, []
        for m, track in enumerate(tracks):
            if not track.tired(self.plan):
                own = self.member(state, m)
                if own.frozen:
                    raise self.call_doctor(m, own, describe)
                arrays = self.settled(m, own.model if own.average is None else own.average)
                score = float("nan") if validate is None else float(validate(self.stepper.model(arrays)))
                row = {"step": step, "validation_loss": score, "seconds": self.seconds()}
                told = self.member(records, m)
                row |= _summary(told) | {"norms": self.stepper.norms(told)}
                track = track.note(row, arrays, validated=validate is not None)
            after.append(track)
        refresh = jax.vmap(self.stepper.refresh, in_axes=(0, None, 0)) if self.many else self.stepper.refresh
        state = refresh(state, self.resident, self.key)
        if self.many:
            state = state._replace(frozen=jnp.array([track.tired(self.plan) for track in after]))
        self.at = Position(state, step, after)

    def settled(self, m: int, arrays: Any) -> Any:
        """A member's arrays as it is validated and kept: with the statistics of the training part in batch norms."""
        model, feed = self.stepper.model(arrays), self.feeds[m]
        if not population.batch_norms(model):
            return arrays
        batches = [feed.look(number) for number in range(min(population.BATCHES, feed.examples // feed.batch_size))]
        return eqx.filter(population.measured(model, batches), eqx.is_array)

    def given(self, step: int, count: int) -> Any:
        """Which examples the next `count` steps see."""
        if self.stepwise:
            return (self.feeds[0].step(step + i) for i in range(count))
        chunks = [feed.chunk(step, count) for feed in self.feeds]
        return jax.tree.map(lambda *leaves: np.stack(leaves), *chunks) if self.many else chunks[0]

    def member(self, tree: Any, m: int) -> Any:
        """One member's part of anything that has a member axis when there are several."""
        return jax.tree.map(lambda leaf: leaf[m], tree) if self.many else tree

    def seconds(self) -> float:
        """Wall time of the run so far, resumed parts included."""
        return self.spent + time.monotonic() - self.clock

    def stop_reasons(self) -> list[str]:
        """One sentence per member once all have a reason to stop; empty while training goes on."""
        reasons = [stop_reason(self.plan, track, self.at.step, self.seconds()) for track in self.at.tracks]
        return reasons if all(reasons) else []

    def interrupted(self, track: Track, *, validated: bool) -> str:
        """The sentence after Ctrl-C."""
        best = f"; the best so far is kept, from step {track.best_step}" if validated else ""
        return f"Interrupted at step {self.at.step} of {self.plan.steps}{best}."

    def save_now_and_then(self) -> None:
        """Writes the checkpoint unless the last one is recent."""
        if time.monotonic() - self.saved >= self.plan.checkpoint_every_s:
            self.save()

    def save(self) -> None:
        """Writes the checkpoint, if the plan asks for one."""
        if self.plan.checkpoint is None:
            return
        state, step, tracks = self.at
        header = {"same": self.same, "step": step, "seconds": self.seconds(), "tracks": [t.header() for t in tracks]}
        checkpoint.save_checkpoint(self.plan.checkpoint, (state, [track.best for track in tracks]), header)
        self.saved = time.monotonic()

    def resume(self) -> None:
        """Continues from the checkpoint, if the plan asks for that and there is one."""
        path = self.plan.checkpoint
        if not self.plan.resume or path is None or not path.exists():
            return
        like = (self.at.state, [track.best for track in self.at.tracks])
        (state, best), header = checkpoint.load_checkpoint(path, like)
        checkpoint.check_same_run(path, header["same"], self.same)
        tracks = [Track(arrays, **own) for arrays, own in zip(best, header["tracks"], strict=True)]
        self.at = Position(state, header["step"], tracks)
        self.begun, self.spent = header["step"], header["seconds"]

    def call_doctor(self, m: int, state: State, describe: doctor.Describe) -> NonFiniteError:
        """Replays the step that was not finite, with the batch as it was trained on."""
        step, feed = int(state.step), self.feeds[m]
        key = jax.random.fold_in(self.keys[m], step)
        batch = self.stepper.batch(self.resident, key, jax.tree.map(jnp.asarray, feed.step(step)), 0)
        index, model = feed.index(step * feed.turns), self.stepper.model(state.model)
        case = doctor.Case(model, self.stepper.loss, state.loss, batch, key_of_turn(key, 0, 0), index, step)
        return doctor.diagnose(case, describe)

    def progress(self) -> Progress:
        """What a progress bar may show; of several members, the mean."""
        here, tracks = self.seconds() - self.spent, self.at.tracks
        names = ("train_loss", "validation_loss")
        train, validation = (float(np.mean([track.history[-1][name] for track in tracks])) for name in names)
        best = float(np.mean([track.best_value for track in tracks]))
        left = seconds_left(self.plan, self.at.step, self.begun, here, self.seconds())
        return Progress(self.at.step, self.plan.steps, train, validation, best, self.seconds(), left)

    def fits(self, reasons: list[str], *, interrupted: bool) -> list[Fit]:
        """What is left when training ends."""
        seconds = self.seconds()
        pace = (self.at.step - self.begun) / max(1e-9, seconds - self.spent)
        result = []
        for m, (track, reason) in enumerate(zip(self.at.tracks, reasons, strict=True)):
            last = self.member(self.at.state, m)
            best, final = self.stepper.model(track.best), self.stepper.model(last.model)
            kept = (track.best_step, track.best_value, track.history, reason)
            result.append(Fit(best, final, *kept, seconds, pace, last.loss, self.feeds[m].waited, interrupted))
        return result


def _summary(records: dict[str, dict]) -> dict[str, float]:
    """One row from the records of a chunk: means over its steps, weighted as the loss weighs its batches."""
    row: dict[str, float] = {}
    for group, record in records.items():
        weight = np.asarray(record["weight"], np.float64)
        share = weight / weight.sum() if weight.sum() > 0 else np.full(weight.shape, 1 / len(weight))
        value, rate = float(np.asarray(record["value"]) @ share), float(np.asarray(record["learning_rate"])[-1])
        parts = {name: float(np.asarray(part) @ share) for name, part in record["parts"].items()}
        row = {"train_loss": value, "learning_rate": rate} | row  # of several groups, the first
        if len(records) > 1:
            parts = {f"{group}_{name}": part for name, part in {"loss": value, **parts}.items()}
        row |= parts
    return row


def _plans(plan: Plan, members: int) -> list[Plan]:
    """One plan per member trained in turn: each has its own checkpoint file."""
    if plan.checkpoint is None:
        return [plan] * members
    files = [plan.checkpoint.with_stem(f"{plan.checkpoint.stem}_{m}") for m in range(members)]
    return [replace(plan, checkpoint=file) for file in files]


def _typed(key: jax.Array) -> jax.Array:
    return key if jnp.issubdtype(key.dtype, jax.dtypes.prng_key) else jax.random.wrap_key_data(key)


def _stack(trees: list[Any]) -> Any:
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)
