"""`run` of a problem: a network that solves an equation, or finds what the equation hides, to a run folder.

pose (run file -> problem) -> train (Adam, then Gauss-Newton in float64) -> score against truth, equation and data
-> findings -> bundle -> report. Members differ in their first weights and points: their spread is the interval.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import tomlkit

from outcrop import __version__, device
from outcrop.bundle import Bundle
from outcrop.bundle import save as save_bundle
from outcrop.config.load import dump
from outcrop.config.physics import PhysicsConfig, ResidualSection, SolveSection
from outcrop.loss.residual import ResidualLoss
from outcrop.loss.residual_terms import noisy
from outcrop.model.solution import Solution
from outcrop.model.trainable import parameter_count
from outcrop.physics.check import check
from outcrop.physics.problem import Problem
from outcrop.records import Batch
from outcrop.report.page import write as write_report
from outcrop.run import folder, outputs, parts
from outcrop.run.pose import Posed, pose
from outcrop.run.solution_scores import findings, scored, write_solution
from outcrop.run.solved_model import SolvedModel, untrained
from outcrop.run.weights import named_arrays
from outcrop.shown import Readable, Shown
from outcrop.train.progress import Fit, Progress
from outcrop.train.stages import Stage, fit_stages
from outcrop.train.table import DIRECTIONS

FIRST_DTYPE, LAST_DTYPE = "float32", "float64"
CHECK_SEED = 1_000_003
"""Of the points at which training is validated."""


@dataclass(frozen=True, repr=False)
class Solved(Readable):
    """What the run of a problem leaves behind; attributes as of `run.run.Result`."""

    folder: Path
    metrics: dict[str, Any]
    findings: list[dict[str, Any]]
    bundle: Path | None
    report: Path
    warnings: tuple[str, ...] = ()

    @property
    def verdict(self) -> list[str]:
        """What is to be known first."""
        return [found["sentence"] for found in self.findings]

    def shown(self) -> Shown:
        """Errors against the truth, what is left over of the equation, and what was found."""
        told = self.metrics["problem"]
        rows = [[row["what"], row["unit"], f"{row['value']:.4g}", row["spread"]] for row in told["rows"]]
        facts = [("equation", f"{told['equation']}: {told['formula']}"), ("folder", str(self.folder))]
        facts += [("report", str(self.report))] + ([("model", str(self.bundle))] if self.bundle else [])
        return Shown("Solution", facts, ["", "unit", ">value", ">spread over members"], rows)


def run_problem(
    config: PhysicsConfig,
    *,
    base: Path,
    out: str | Path | None = None,
    stem: str = "run",
    resume: bool = False,
    tell: Any,
) -> Solved:
    """Trains on a problem and writes the run folder; arguments as of `run.run.run`."""
    begun = time.monotonic()
    device.setup()
    place = Path(out) if out is not None else folder.next_free(Path("runs"), config.bundle.name or stem)
    folder.check_free(place, resume=resume)
    with jax.enable_x64(True):
        posed = pose(config, base)
        if resume:
            folder.check_same(place, dump(config), fingerprint(posed))
        place.mkdir(parents=True, exist_ok=True)
        started = folder.started(place, resume=resume)
        about = f"# Resolved by outcrop {__version__}: every default written out. Relative paths start from {base}\n"
        folder.write_text(place / "run.toml", about + tomlkit.dumps(dump(config)))
        folder.write_json(place / "data.json", described(posed))
        for doubt in posed.doubts:
            tell(doubt)
        models = [
            untrained(config.model.family, config.model.arguments, posed.problem, 1000 * config.train.seed + member)
            for member in range(config.model.members)
        ]
        tell(
            f"{posed.problem.equation.name}, {parameter_count(models[0]):,} parameters, {config.loss.points:,} points."
        )
        how = (config.loss, config.train, place / "checkpoints", resume, tell.step)
        fits = trained(posed.problem, models, *how)
        tell(f"Training: {fits[0].stop_reason}")
        scores = scored(posed, [fit.best for fit in fits])
        write_solution(place, posed, scores)
        metrics = {"problem": scores.told, "parameters": parameter_count(models[0])}
        metrics |= {"timing": {"training_seconds": max(f.seconds for f in fits), "steps": sum(fits[0].stage_steps)}}
        found = findings(posed, scores, fits)
        folder.write_json(place / "metrics.json", metrics)
        folder.write_json(place / "findings.json", found)
        bundle = None if config.bundle.model == "none" else _bundle(place, config, posed, fits, metrics)
    history = [{"member": m, **row} for m, fit in enumerate(fits) for row in fit.history]
    outputs.write_rows(place, [{"fold": 0, **row} for row in history])
    seconds = time.monotonic() - begun
    folder.write_json(
        place / "environment.json",
        outputs.surroundings(seconds, started, metrics["parameters"], {"train": config.train.seed}),
    )
    return Solved(place, metrics, found, bundle, write_report(place), posed.doubts)


def solve(
    problem: Problem,
    *,
    family: str = "mlp",
    arguments: Mapping[str, Any] | None = None,
    members: int = 1,
    seed: int = 0,
    loss: Mapping[str, Any] | None = None,
    train: Mapping[str, Any] | None = None,
) -> SolvedModel:
    """Solves a problem that is stated in Python, with an equation of the table or one's own.

    Args:
        problem: equation, domain, coefficients, conditions, data.
        family, arguments: the network, as under `[model]` of a run file.
        members: networks from other first weights and points.
        seed: of both.
        loss, train: what a run file says under `[loss]` and `[train]`.

    Returns:
        The solution: `predict(x=..., t=...)`; its `members` are functions of a point.

    Raises:
        ConfigError: the problem cannot be solved as it is stated.
    """
    how = ResidualSection(**(loss or {})), SolveSection(**{**(train or {}), "seed": seed})
    own = dict(arguments or {})
    with jax.enable_x64(True):
        check(problem)
        models = [untrained(family, own, problem, 1000 * seed + member) for member in range(members)]
        fits = trained(problem, models, *how)
    bundle = Bundle(family=family, arguments={"arguments": own}, scores={"problem": {"rows": []}})
    return SolvedModel(bundle, problem, [fit.best for fit in fits])


def trained(
    problem: Problem,
    models: list[Solution],
    terms: ResidualSection,
    train: SolveSection,
    place: Path | None = None,
    resume: bool = False,
    tell: Any = None,
) -> list[Fit]:
    """All members through all stages, one after another; where data are noisy the last model is kept: one that fits
    their noise, and the equation less, would have less left over.
    """
    section, fits = terms.model_dump(), []
    for member, model in enumerate(models):
        loss = ResidualLoss(problem, **section, seed=train.seed + member).sized(model)
        held = ResidualLoss(problem, **section | {"balance": "none"}, seed=CHECK_SEED)
        held.sizes = loss.sizes
        value = jax.jit(_value_of(held, model))
        stages = [_stage(name, one) for name, one in train.stages.items()]

        def told(progress: Progress, member: int = member) -> None:
            title = "training" if len(models) == 1 else f"member {member + 1} of {len(models)}"
            tell(title, progress.step, progress.steps, f"loss {progress.train_loss:.2e}")

        fits += fit_stages(
            [model],
            loss,
            stages,
            keys=[jax.random.key(1000 * train.seed + member + 500)],
            validate=None if noisy(problem) else lambda model, value=value: float(value(_arrays(model))),
            progress=told if tell else None,
            checkpoint=place and place / f"member-{member}.ckpt",
            resume=resume,
            max_minutes=train.max_minutes,
        )
    return fits


def _arrays(model: Solution) -> Any:
    return eqx.filter(model, eqx.is_array)


def _value_of(loss: ResidualLoss, like: Solution) -> Any:
    """Arrays of a model -> the loss at points that training does not see, all terms with the same weight."""
    static = eqx.filter(like, eqx.is_array, inverse=True)

    def value(arrays: Any) -> jax.Array:
        model = eqx.combine(arrays, static)
        return loss.loss(model, loss.init(model, None), Batch(None), None, loss.groups[0]).value

    return value


def _stage(name: str, section: Any) -> Stage:
    exact = DIRECTIONS[section.optimiser]
    plan = {
        "steps": section.steps,
        "batch_size": 1,
        "evaluate_every": section.evaluate_every,
        "patience": section.patience,
        "ema_decay": None if exact.exact else section.ema_decay,
    }
    dtype = LAST_DTYPE if exact.exact else FIRST_DTYPE
    return Stage(name, parts.optimiser_of(section), lambda: Batch(None), plan, None, exact.exact, exact.steady, dtype)


def fingerprint(posed: Posed) -> str:
    """Of the files that were read."""
    return folder.fingerprint([record.sha256 for record in posed.files])


def described(posed: Posed) -> dict[str, Any]:
    """data.json: what was read, and what the problem is."""
    problem = posed.problem
    records = [{"name": r.name, "source": r.source, "sha256": r.sha256, "samples": len(r)} for r in posed.files]
    return {
        "records": records,
        "problem": {
            "equation": problem.equation.name,
            "formula": problem.equation.formula,
            "help": problem.equation.help,
            "source": problem.equation.source,
            "unknowns": list(problem.equation.unknowns),
            "found": [*problem.found_numbers, *problem.found_fields],
            "coordinates": {name: list(span) for name, span in problem.domain.bounds.items()},
            "units": dict(problem.units),
            "doubts": list(posed.doubts),
            "measured": [
                {"unknown": m.unknown, "count": len(m.values), "noise_sd": m.noise_sd} for m in problem.measured
            ],
        },
        "fingerprint": fingerprint(posed),
    }


def _bundle(place: Path, config: PhysicsConfig, posed: Posed, fits: list[Fit], metrics: dict[str, Any]) -> Path:
    arrays = {
        f"member/{number}/{name}": array
        for number, fit in enumerate(fits)
        for name, array in named_arrays(fit.best).items()
    }
    bundle = Bundle(
        family=config.model.family,
        arguments={"arguments": dict(config.model.arguments)},
        arrays=arrays,
        promise=f"{posed.problem.equation.name} on its domain",
        scores={"problem": metrics["problem"]},
        fingerprints={"data": fingerprint(posed)},
        versions={"outcrop": __version__},
        provenance={
            "physics": {k: v for k, v in dump(config)["physics"].items() if k not in ("reference", "measured")},
            "scales": {u: posed.problem.scale(u) for u in posed.problem.equation.unknowns},
        },
    )
    return save_bundle(place / "model.outcrop", bundle)
