"""`check`: everything a run does before training. Reads, resolves, splits, audits, and says what it would cost."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import jax
import numpy as np

from outcrop.config.load import load
from outcrop.config.physics import PhysicsConfig
from outcrop.config.schema import Config
from outcrop.config.search import trials
from outcrop.data.normalise import Normaliser
from outcrop.errors import ConfigError, DataError, message
from outcrop.run import parts
from outcrop.run.augmenting import augment_of
from outcrop.run.drawing import complete, with_gaps
from outcrop.run.generate import baselines_of as generated_baselines
from outcrop.run.inflation import check_inflation
from outcrop.run.informed import informed, with_asked
from outcrop.run.ladder import names_of
from outcrop.run.ledger import check_ledger
from outcrop.run.own_target import check_view, dims_of, examples_of
from outcrop.run.pose import Posed, pose
from outcrop.run.problem import Problem, load_problem
from outcrop.run.reconstruct import names_of as baselines_of
from outcrop.run.search import inner_splits
from outcrop.run.solve import prepare, solve
from outcrop.run.splitting import splits_of, splits_of_networks
from outcrop.run.start import check_fits, check_parts
from outcrop.shown import Readable, Shown
from outcrop.split.audit.audit import audit
from outcrop.split.audit.context import AuditContext
from outcrop.split.audit.finding import LEVELS, Finding, Findings
from outcrop.split.effective import Effective, effective_samples
from outcrop.split.promise import Split
from outcrop.train.table import DIRECTIONS
from outcrop.view.graphs import Graphs
from outcrop.view.view import View

MOST_REACH = 2048
"""Longest window that the reach of a network is measured on."""


@dataclass(frozen=True, repr=False)
class Check(Readable):
    """What is known before training.

    Attributes:
        problem: the data.
        view: records cut into examples.
        splits: one per fold.
        findings: of the audit, over all folds, each once.
        effective: independent samples of the target.
        reach: samples before and after an output sample that the network sees.
        parameters: trainable numbers of one member.
        cost: estimated seconds of training and bytes of data, where asked for.
        also: the same for the further promises of the run file, by name.
    """

    problem: Problem
    view: View
    splits: Sequence[Split]
    findings: Sequence[Finding]
    effective: Effective
    reach: tuple[int, int]
    parameters: int
    cost: dict[str, float] | None = None
    also: Mapping[str, Check] = field(default_factory=dict)

    def shown(self) -> Shown:
        """Data, promise, network, and the audit as the table."""
        problem, audited = self.problem, Findings(self.every_finding).shown()
        worth = f"worth about {self.effective.total:,.0f} independent ones"
        promises = [
            ("promise", one.splits[0].promise + (f", {len(one.splits)} folds" if len(one.splits) > 1 else ""))
            for one in self.promises.values()
        ]
        facts = [
            ("data", f"{len(problem.records):,} records, {self.effective.labelled:,} labelled samples, {worth}"),
            ("target", problem.target.name),
            *promises,
            ("network", f"{problem.config.model.family}, {self.parameters:,} parameters"),
            ("audit", audited.title.removeprefix("Audit: ")),
        ]
        title = "Check: the audit refuses this split" if self.refused else "Check: ready to run"
        return Shown(title, facts, audited.columns, audited.rows)

    @property
    def refused(self) -> bool:
        """Does the audit refuse to train on this split?"""
        return any(f.level == "violation" and not f.accepted for f in self.every_finding)

    @property
    def every_finding(self) -> list[Finding]:
        """The findings on all promises; those on a further promise name it."""
        more = [replace(f, place=f"{name}: {f.place}") for name, one in self.also.items() for f in one.findings]
        return [
            *self.findings,
            *(f for f in more if f.place.partition(": ")[2] not in {g.place for g in self.findings}),
        ]

    @property
    def promises(self) -> dict[str, Check]:
        """This check and those of the further promises, by name; the first one's name is empty."""
        return {"": self, **self.also}


def check(
    run_file: str | Path | Config | PhysicsConfig,
    *,
    overrides: Iterable[str] = (),
    base: Path | None = None,
    cost: bool = False,
) -> Check | Posed:
    """Reads, splits and audits without training; of an equation, says what is to be solved.

    Args:
        run_file: path of a run file, or a configuration.
        overrides: `key=value` changes.
        base: folder that relative paths start from; by default that of the run file.
        cost: whether to time a few training steps and estimate the whole.

    Raises:
        ConfigError, DataError: naming file, curve and fix.
    """
    stated = isinstance(run_file, Config | PhysicsConfig)
    config = run_file if stated else load(run_file, overrides)
    base = base or (Path.cwd() if stated else Path(run_file).resolve().parent)
    if isinstance(config, PhysicsConfig):
        with jax.enable_x64(True):
            return pose(config, base)
    problem = load_problem(config, base)
    view = parts.view_of(problem)
    first, *further = (
        _check_promise(
            replace(problem, config=config.model_copy(update={"promise": promise})), view, base, cost and not name
        )
        for name, promise in config.promise.each.items()
    )
    return replace(first, also=dict(zip(config.promise.also, further, strict=True)))


def _check_promise(problem: Problem, view: View, base: Path, cost: bool) -> Check:
    check_view(problem, view)
    _check_blocks(problem)
    if isinstance(view, Graphs):
        view, splits = splits_of_networks(problem, view, base)
    else:
        splits = splits_of(problem, view, base)
    check_fits(problem, view)
    has = parts.labelled_examples(problem, view)
    _enough(problem, splits, has)
    check_ledger(problem, view, splits, has)
    findings = _findings(problem, view, splits, has)
    first = parts.with_labels(splits[0], has)
    normaliser, tables = prepare(problem, view, first)
    if problem.generates:
        own = examples_of(problem, view, first, normaliser, tables)
        most = problem.config.sample.most_examples
        complete(own, tables, first.train, 4 * most)
        tested = complete(own, tables, first.test, most, gaps=with_gaps(problem))
        complete(own, tables, tested.index, most)
        check_inflation(problem, first, together=not tested.told.shape[-1])
        if problem.config.sample.inflation:
            complete(own, tables, first.validation, most, gaps=with_gaps(problem))
    _settings(problem, view, splits, normaliser)
    model = parts.outline(problem, view, normaliser)
    check_parts(problem.start, model)
    if problem.reconstructs:
        baselines_of(problem, view, model, normaliser.in_channels)
    result = Check(
        problem,
        view,
        splits,
        findings,
        _effective(problem),
        (0, 0) if problem.generates else _reach(problem, view, normaliser),
        _parameters(model),
    )
    return replace(result, cost=_cost(result, has)) if cost else result


def _check_blocks(problem: Problem) -> None:
    """Blocks of a coarse copy may not lie across the edge of a part: their mean would tell of the other side.

    Raises:
        ConfigError: a promise cuts a dimension that a variable is averaged along.
    """
    promise, dims = problem.config.promise, problem.records[0].dims
    cut = dims[:1] if promise.later is not None else dims if promise.area or promise.between else ()
    for variable in problem.variables:
        across = [dim for dim in variable.coarsen or () if dim in cut]
        if across:
            what = f"{variable.name} is averaged along {across[0]}, which the promise cuts: blocks would tell of both."
            fix = f"leave {across[0]} out of {variable.where}.coarsen, or another promise."
            raise ConfigError(message(what, where=f"{variable.where}.coarsen and [promise]", fix=fix))


def _parameters(model: Any) -> int:
    from outcrop.model.trainable import parameter_count

    return parameter_count(model)


def _reach(problem: Problem, view: View, normaliser: Normaliser) -> tuple[int, int]:
    from outcrop.model.reach import reach

    if view.kind not in ("points", "windows") or len(view.cells.dims) > 1:
        return 0, 0
    context = getattr(view, "context", None)
    if context is not None:
        return max(0, -min(context)), max(0, max(context))
    length, *rest = view.input_shape(normaliser.in_channels)
    model = parts.network(problem, view, normaliser, jax.random.key(0))
    return reach(model, (min(length, MOST_REACH), *rest))


def _jitter(problem: Problem, view: View, split: Split) -> dict[str, int]:
    """Dimension -> samples by which training examples are moved at random."""
    if not problem.config.train.jitter or view.kind != "windows" or len(view.cells.dims) > 1:
        return {}
    room = view.room(split.train)[split.train]
    return {view.cells.dims[0]: int((room[:, 1] - room[:, 0]).max(initial=0))}


def _settings(problem: Problem, view: View, splits: Sequence[Split], normaliser: Normaliser) -> None:
    """Builds what the run will need and throws it away: what cannot be is said now, not after hours of training."""
    config = problem.config
    informed(parts.loss_of(config, problem, normaliser), config, problem, view, normaliser)
    if config.search is not None:
        for number in range(len(splits)):
            inner_splits(problem, view, splits, number)
        for _, tried in trials(config):
            parts.outline(replace(problem, config=tried), view, normaliser)
    for stage in config.train.stages.values():
        parts.optimiser_of(stage)
        if DIRECTIONS[stage.optimiser].exact:
            _exact(problem, splits, stage.optimiser)
    augment_of(problem, normaliser, view)
    parts.metrics_of(problem)
    parts.trusted_samples(problem)
    if problem.generates:
        generated_baselines(problem, len(dims_of(view)))
    elif not problem.reconstructs:
        names_of(problem, view)
    if config.bundle.model == "held_out" and len(splits) > 1:
        fix = 'bundle.model = "refit"'
        raise ConfigError(message("A rotation has no single held-out model.", where="bundle.model", fix=fix))


def _exact(problem: Problem, splits: Sequence[Split], name: str) -> None:
    """What an optimiser that compares values of the loss cannot do with."""
    if splits[0].boxes is not None:
        what = f"{name} takes all examples in every step; these records are larger than data.memory_mb."
        raise ConfigError(message(what, where="[train]", fix='optimiser = "adamw"; or a larger data.memory_mb.'))
    if problem.config.model.arguments.get("norm") == "batch":
        what = f"{name} has no batches whose statistics a batch norm could take."
        raise ConfigError(message(what, where="[train] and model.norm", fix='norm = "layer"'))


def _enough(problem: Problem, splits: Sequence[Split], has: np.ndarray) -> None:
    """Every fold must have labelled examples to train on, and to stop on where it has a validation part."""
    for number, split in enumerate(splits):
        if len(split.validation) and not has[split.validation].any():
            what = f"The validation part of fold {number + 1} has no label, so training would not know when to stop."
            fix = "promise.validation_share = 0 takes all steps; or another validation_from; or label more records."
            raise DataError(message(what, where=f"target {problem.target.name}", fix=fix))
        if not has[split.train].any():
            raise DataError(
                message(
                    f"Fold {number + 1} has no labelled example to train on.",
                    where=f"target {problem.target.name}; training part {', '.join(split.groups.get('train', ())[:5])}",
                    fix="give labels to more records, or hold out fewer.",
                )
            )


def _findings(problem: Problem, view: View, splits: Sequence[Split], has: np.ndarray) -> Findings:
    """The audit of every fold; the same finding in several folds is told once."""
    promise = problem.config.promise
    held_out = sum(len(split.groups.get("test", ())) for split in splits) if promise.new else None
    found: dict[Any, Finding] = {}
    for split in splits:
        labels = parts.with_labels(split, has)
        normaliser, tables = prepare(problem, view, labels)
        context = AuditContext(
            view.origins,
            with_asked(problem, view, labels),
            problem.records,
            problem.variables,
            normaliser.saw,
            tables,
            key=promise.new,
            held_out=held_out,
            jitter=_jitter(problem, view, labels),
            trained_on=() if problem.start is None else problem.start.trained_on,
            buffer_m=promise.area.buffer_m if promise.area else 0.0,
            reconstructs=bool(problem.reconstructs or problem.generates),
        )
        for finding in audit(context, problem.config.evaluate.accept):
            found.setdefault((finding.check, finding.place), finding)
    return Findings(sorted(found.values(), key=lambda f: LEVELS.index(f.level)))


def _effective(problem: Problem) -> Effective:
    return effective_samples(problem.records, problem.target.name, problem.labelled())


def _cost(result: Check, has: np.ndarray) -> dict[str, float]:
    """Times a few steps of the first fold and multiplies: an upper bound, since early stopping ends training sooner."""
    problem = result.problem
    train = problem.config.train
    stages = {name: min(12, stage.steps) for name, stage in train.stages.items()}
    few, *further = [{"steps": n, "evaluate_every": max(1, n // 2), "warmup_steps": 0} for n in stages.values()]
    short = [stage.model_copy(update=change) for stage, change in zip(train.stage, further, strict=True)]
    short = problem.config.model_copy(
        update={
            "train": train.model_copy(update={**few, "stage": short}),
            "model": problem.config.model.model_copy(update={"members": 1}),
        }
    )
    begun = time.monotonic()
    solved = solve(replace(problem, config=short), result.view, parts.with_labels(result.splits[0], has), seed=0)
    each = {}
    for name in stages:
        rows = [row for row in solved.fits[0].history if row["stage"] == name]
        each[name] = (rows[-1]["seconds"] - rows[0]["seconds"]) / max(1, rows[-1]["step"] - rows[0]["step"])
    seconds = sum(each[name] * stage.steps for name, stage in train.stages.items())
    members = problem.config.model.members
    refit = 1 if len(result.splits) > 1 else 0
    search = problem.config.search
    tried = search.trials * search.folds * len(result.splits) if search else 0
    return {
        "seconds_per_step": each[next(iter(stages))],
        "training_seconds_at_most": seconds * members * (len(result.splits) + refit + tried),
        "compilation_seconds": max(0.0, time.monotonic() - begun - sum(each[name] * n for name, n in stages.items())),
        "data_bytes": float(sum(table.inputs.nbytes for table in solved.tables.values())),
    }
