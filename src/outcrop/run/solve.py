"""One split solved: statistics from its training part, networks trained on it, predictions for the rest.

    normaliser.fit(training ranges) -> encode -> gather -> fit_stages -> predict -> stitch -> labels and probabilities

The same `predict_records` serves the test part, the validity measure and files that come later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

import jax
import numpy as np

from outcrop.config.schema import TrainSection
from outcrop.data.normalise import Encoded, Normaliser
from outcrop.data.variable import Variable
from outcrop.evaluate.distribution import LEVELS, Head, combined
from outcrop.loss.informed import Informed
from outcrop.model import table as families
from outcrop.records import Batch, Record
from outcrop.run import parts
from outcrop.run.augmenting import augment_of
from outcrop.run.cutouts import known_boxes
from outcrop.run.drawing import distance_to
from outcrop.run.informed import informed, with_asked
from outcrop.run.own_target import examples_of, with_own_target
from outcrop.run.problem import Problem
from outcrop.run.stream import Stream
from outcrop.split.promise import Split
from outcrop.train.batches import Source
from outcrop.train.doctor import Places
from outcrop.train.predict import predict, validation_loss
from outcrop.train.progress import Fit
from outcrop.train.stages import Stage, fit_stages
from outcrop.train.table import DIRECTIONS
from outcrop.view.rows import Rows
from outcrop.view.view import View

PREDICT_BATCH = {"points": 8192, "windows": 64, "patches": 16, "sequences": 256, "graphs": 16}
MOST_SAMPLES = 2**18
"""Samples of sequences of maps predicted at once."""
DROPOUT_SEED = 7
CHUNK_BATCHES = 8
"""Batches of inputs gathered at a time, so that memory does not grow with the length of a record."""
SIZED_ON = 256
"""Training examples at most that tell how large what a check leaves over is."""
Tell = Callable[[str, float, float, str], None]


@dataclass(frozen=True)
class Solved:
    """What training on one split leaves behind.

    Attributes:
        normaliser: statistics of the training part.
        tables: every record, encoded.
        fits: one per member.
        split: the examples, with labels only.
    """

    normaliser: Normaliser
    tables: Mapping[str, Encoded]
    fits: Sequence[Fit]
    split: Split

    @property
    def members(self) -> list[Any]:
        """The trained networks: each member's best by validation."""
        return [fit.best for fit in self.fits]

    @property
    def best_step(self) -> int:
        """The median of the members' best steps."""
        return int(np.median([fit.best_step for fit in self.fits]))


def training_ranges(view: View, index: np.ndarray) -> dict[str, list[tuple[int, int]]]:
    """The samples that training may take statistics from: all that these examples read or are scored on."""
    ranges: dict[str, list[tuple[int, int]]] = {}
    for part in (view.read_ranges(index), view.score_ranges(index)):
        for name, spans in part.items():
            ranges.setdefault(name, []).extend(spans)
    return ranges


def prepare(problem: Problem, view: View, split: Split) -> tuple[Normaliser, dict[str, Encoded]]:
    """Fits the statistics on the training part and encodes every record with them.

    A run that starts from a model file keeps the statistics of that model; see `start.py`.
    """
    normaliser = Normaliser.fit(problem.records, problem.variables, training_ranges(view, split.train))
    if problem.start is not None:
        normaliser = problem.start.scaled_as_there(normaliser)
    return normaliser, encoded(problem, view, split, normaliser)


def encoded(
    problem: Problem, view: View, split: Split, normaliser: Normaliser, *, fill: bool = True
) -> dict[str, Encoded]:
    """Every record as the network sees it; held-out ones without the inputs that the split takes from them."""
    trained = {view.origins.names[which] for which in np.unique(view.origins.record[split.train]).tolist()}
    lost = {name: inputs for name, inputs in split.blank.items() if name not in trained}
    records = [without_inputs(r, lost[r.name], problem.variables) if r.name in lost else r for r in problem.records]
    if problem.reconstructs or problem.generates:
        return {record.name: with_own_target(problem, normaliser, record) for record in records}
    return {record.name: normaliser.encode(record, fill=fill) for record in records}


def without_inputs(record: Record, names: Sequence[str], variables: Sequence[Variable]) -> Record:
    """A record that lacks some inputs, as if its file had never held them."""
    coded = {variable.name for variable in variables if variable.classes is not None}
    columns = {
        name: record.data[name].copy(data=np.full_like(record.data[name], -1 if name in coded else np.nan))
        for name in names
    }
    return record.with_data(record.data.assign(columns))


def solve(
    problem: Problem,
    view: View,
    split: Split,
    *,
    seed: int,
    tell: Tell | None = None,
    title: str = "training",
    steps: Sequence[int] | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> Solved:
    """Trains the run's network, all members, on one split.

    Args:
        problem: the data.
        view: cuts the records into examples.
        split: examples with labels; an empty validation part trains for `steps` and keeps the last model.
        seed: decides initial weights, order of batches, dropout and augmentation.
        tell: receives (title, steps done, steps in all, text) while training.
        steps: of each stage, instead of what the run file says (a refit).
        checkpoint: file that training can be resumed from.

    Raises:
        NonFiniteError: naming variable, record and row.
    """
    config = problem.config
    normaliser, tables = prepare(problem, view, split)
    view = examples_of(problem, view, split, normaliser, tables)
    loss = informed(parts.loss_of(config, problem, normaliser), config, problem, view, normaliser)
    keys = jax.random.split(jax.random.key(seed), config.model.members)
    models = [parts.network(problem, view, normaliser, jax.random.fold_in(key, 1)) for key in keys]
    if problem.start is not None:
        models = [problem.start.network(m, parts.network_arguments(problem, view)) for m in range(len(keys))]
        loss = problem.start.held(loss)
    elif hasattr(models[0], "fitted"):  # a basis from the training targets
        models = [model.fitted(view.gather(tables, split.train).target) for model in models]
    loss = _ready(loss, view, tables, split)
    visited = with_asked(problem, view, split)
    data = training_data(problem, view, tables, visited, normaliser)
    validate = _validation(problem, loss, view, tables, split)
    stages = [
        _stage(name, stage, data, view, tables, visited, augment_of(problem, normaliser, view))
        for name, stage in config.train.stages.items()
    ]
    if steps is not None:
        stages = [s.lasting(n) for s, n in zip(stages, steps, strict=True) if n]
    fits = fit_stages(
        models,
        loss,
        stages,
        keys=list(keys),
        validate=validate,
        progress=None if tell is None else lambda p: tell(title, p.step, p.steps, _detail(p)),
        describe=data.describe if isinstance(data, Stream) else places(problem, view, normaliser, visited.train),
        max_minutes=config.train.max_minutes,
        checkpoint=checkpoint,
        resume=resume,
    )
    return Solved(normaliser, tables, fits, split)


def _ready(loss: Any, view: View, tables: Mapping[str, Encoded], split: Split) -> Any:
    """The loss that has seen training examples: some refuse them, some count in their units."""
    if hasattr(loss, "check"):
        loss.check(view.gather(tables, split.train))
    if not isinstance(loss, Informed):
        return loss
    some = split.train[:: -(-len(split.train) // SIZED_ON)]
    return loss.sized(view.gather(tables, some))


def _stage(
    name: str,
    stage: TrainSection,
    data: Batch | Source,
    view: View,
    tables: Mapping[str, Encoded],
    split: Split,
    augment: Any,
) -> Stage:
    """A stage of the run file; an exact optimiser gets all examples, where they are, without augmentation."""
    exact = DIRECTIONS[stage.optimiser].exact
    plan = {
        "steps": stage.steps,
        "batch_size": len(split.train) if exact else stage.batch_size,
        "evaluate_every": stage.evaluate_every,
        "patience": stage.patience if len(split.validation) else None,
        "ema_decay": None if exact else stage.ema_decay,
    }
    given = partial(at_rest, view, tables, split.train) if exact and not isinstance(data, Batch) else lambda: data
    return Stage(name, parts.optimiser_of(stage), given, plan, None if exact else augment, exact)


def _detail(progress: Any) -> str:
    best = (
        f", validation {progress.validation:.4g}, best {progress.best:.4g}" if np.isfinite(progress.validation) else ""
    )
    return f"loss {progress.train_loss:.4g}{best}"


def training_data(
    problem: Problem, view: View, tables: Mapping[str, Encoded], split: Split, normaliser: Normaliser
) -> Batch | Source:
    """The training part: arrays on the device, examples that may move and are cut anew, or a stream of boxes."""
    if split.boxes is not None:
        kind = parts.view_kind(problem)
        return Stream(problem, normaliser, {"kind": kind, **parts.view_arguments(problem, kind)}, split.boxes)
    moves = view.kind == "graphs" or (problem.config.train.jitter and not getattr(view, "of_fields", False))
    if getattr(view, "redrawn", False) or (view.kind != "points" and moves):
        return _Moving(view, tables, split.train, moves)
    return view.gather(tables, split.train)


def at_rest(view: View, tables: Mapping[str, Encoded], index: np.ndarray) -> Batch:
    """Examples that move (or hide nodes) when they are drawn, drawn once and for all."""
    return view.gather(tables, index, rng=np.random.default_rng(0) if view.kind == "graphs" else None)


class _Moving:
    """Examples that are drawn anew: they start elsewhere within what training reads (unless `moves` is False), hide
    other nodes, get other noise."""

    def __init__(self, view: View, tables: Mapping[str, Encoded], index: np.ndarray, moves: bool = True) -> None:
        self.view, self.tables, self.index = view, tables, index
        self.room = view.room(index if moves else index[:0])

    def __len__(self) -> int:
        return len(self.index)

    def batch(self, index: np.ndarray, rng: np.random.Generator) -> Batch:
        return self.view.gather(self.tables, self.index[index], rng=rng, room=self.room)


def _validation(problem: Problem, loss: Any, view: View, tables: Mapping[str, Encoded], split: Split) -> Any:
    if not len(split.validation):
        return None
    if families.family(problem.config.model.family).generates == "latent":  # the value of a game says nothing
        return distance_to(problem, view, tables, split.validation, loss, batch_size=predict_batch(view))
    batch = view.gather(tables, split.validation)
    return validation_loss(loss, batch, batch_size=predict_batch(view))


def predict_batch(view: View) -> int:
    """Examples that are predicted at once."""
    usual = PREDICT_BATCH[view.kind]
    if view.kind != "sequences" or not getattr(view, "size", {}):
        return usual
    return max(1, min(usual, MOST_SAMPLES // prod(view.input_shape(1))))


def places(problem: Problem, view: View, normaliser: Normaliser, index: np.ndarray) -> Places:
    """Names training values for the doctor: variable, record, row and depth."""
    axis = {record.name: record.axis for record in problem.records}
    return Places(view.origins.take(index), normaliser.channels, getattr(view, "context", (0,)), axis)


@dataclass(frozen=True)
class Mixture:
    """Trained networks and how their outputs are read together.

    Attributes:
        members: the networks.
        head: what their outputs mean.
        draws: predictions with dropout per member; 0 predicts once without.
        levels: quantiles wanted beside the point prediction, where the members have a spread.
    """

    members: Sequence[Any]
    head: Head
    draws: int = 0
    levels: Sequence[float] = LEVELS

    @property
    def width(self) -> int:
        """Columns of what comes out for a number: the point, and the quantiles where there are any."""
        spreads = self.head.spreads(len(self.members) * max(self.draws, 1))
        return 1 + len(self.levels) if spreads else 1

    def outputs(self, view: View, tables: Mapping[str, Encoded], index: np.ndarray) -> np.ndarray:
        """Probabilities, or point and quantiles in scaled units, of every sample of some examples."""
        size = predict_batch(view)
        chunks = [index[start : start + CHUNK_BATCHES * size] for start in range(0, len(index), CHUNK_BATCHES * size)]
        return np.concatenate([self._of_batch(view.gather(tables, chunk), size) for chunk in chunks])

    def _of_batch(self, batch: Batch, size: int) -> np.ndarray:
        classes = self.head.kind == "class"
        keys = [None] if not self.draws else list(jax.random.split(jax.random.key(DROPOUT_SEED), self.draws))
        each = [
            predict(model, batch, batch_size=size, probabilities=classes, key=key)
            for model in self.members
            for key in keys
        ]
        return combined(each, self.head, self.levels)


def predict_rows(
    mixture: Mixture, view: View, tables: Mapping[str, Encoded], index: np.ndarray, records: Sequence[Record]
) -> tuple[Rows, np.ndarray]:
    """What the networks say, together, of everything some examples are scored on.

    Args:
        mixture: trained networks.
        view, tables: the records as examples, encoded.
        index: examples to predict.
        records: those of the view.

    Returns:
        Rows, and for each of them probabilities, or point and quantiles in SCALED units; NaN where a required input is
        missing.
    """
    rows = view.rows(index)
    values = view.answers(index, mixture.outputs(view, tables, index))
    usable = np.concatenate([tables[record.name].usable for record in records])
    values[~usable[rows.flat_read(view.cells.offsets)]] = np.nan
    return rows, values


def predict_records(
    mixture: Mixture, view: View, tables: Mapping[str, Encoded], index: np.ndarray, records: Sequence[Record]
) -> dict[str, np.ndarray]:
    """The same stitched on records: name -> (sample, class) or (sample, 1 + level), NaN where no example reaches."""
    result = {}
    for name, values in view.stitch(index, mixture.outputs(view, tables, index)).items():
        which = view.origins.names.index(name)
        values[~where_read(tables[name].usable, view, which, False)] = np.nan
        result[name] = values
    return result


def shown(table: Encoded, view: View) -> np.ndarray:
    """The encoded inputs of a record, 0 in those that are hidden where an example is scored (a network's known target).

    What a prediction may know of its own sample: for baselines and for the area of validity.
    """
    hidden = np.isin(np.asarray(table.owners), view.origins.hidden)
    return np.where(hidden, 0, table.inputs).astype(table.inputs.dtype) if hidden.any() else table.inputs


def where_read(values: np.ndarray, view: View, which: int, missing: Any) -> np.ndarray:
    """What holds where a sample is read, at the samples predicted from it; `missing` where nothing is predicted."""
    read = view.read_at(which)
    return np.where(read >= 0, values[np.maximum(read, 0)], missing)


def without_validation(problem: Problem, split: Split, has: np.ndarray) -> Split:
    """A split for a refit: all examples train (of records larger than memory all boxes), nothing is held out.

    Args:
        problem: the data.
        split: one of the rotation.
        has: which examples have a label.
    """
    examples, unlabelled = np.flatnonzero(has), np.flatnonzero(~has)
    none = examples[:0]
    boxes = None if split.boxes is None else np.flatnonzero(known_boxes(problem.tiled))
    return replace(
        split, train=examples, validation=none, test=none, calibration=none, boxes=boxes, unlabelled=unlabelled
    )
