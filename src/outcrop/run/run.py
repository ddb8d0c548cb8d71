"""`run`: a run file to a run folder. The order of the calls below is the path of the data.

check (files -> records -> examples -> splits -> audit) -> rotate (train, predict, baselines)
    -> evaluate (scores, verdict, findings) -> refit -> bundle -> report
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tomlkit

from outcrop import __version__, device
from outcrop.config.load import dump, load
from outcrop.config.physics import PhysicsConfig
from outcrop.config.schema import Config
from outcrop.report.page import write as write_report
from outcrop.run import bundling, evaluate, folder, outputs, picking
from outcrop.run.check import Check, check
from outcrop.run.layout import write_layouts
from outcrop.run.realisation_files import write_realisations
from outcrop.run.restored_files import write_reconstruction
from outcrop.run.rotate import Fold, scored_of, solve_fold
from outcrop.run.search import Trial, over_all, searched, with_best, write_search
from outcrop.run.solution import Solved, run_problem
from outcrop.run.uncertain import intervals
from outcrop.shown import Readable, Shown
from outcrop.split.audit.audit import enforce


@dataclass(frozen=True, repr=False)
class Result(Readable):
    """What a run leaves behind.

    Attributes:
        folder: the run folder.
        metrics: content of metrics.json.
        findings: content of findings.json.
        bundle: the model file, or None.
        report: the page.
        warnings: audit findings and notes to be shown.
    """

    folder: Path
    metrics: dict[str, Any]
    findings: list[dict[str, Any]]
    bundle: Path | None
    report: Path
    warnings: tuple[str, ...] = ()

    def shown(self) -> Shown:
        """Network and baselines by the deciding metric of the first promise, best first."""
        name, entry = next(iter(self.metrics["promises"].items()))
        metric = entry["primary"]
        about = self.metrics["metrics"][metric]
        scores = [("network", entry["test"]["model"][metric], "")]
        scores += [
            (baseline.replace("_", " "), found[metric], entry["verdict"][baseline]["word"])
            for baseline, found in entry["test"]["baselines"].items()
            if metric in found
        ]
        known = [row for row in scores if row[1]["value"] is not None]
        rows = [
            [
                who,
                f"{score['value']:.4g}",
                "" if score["low"] is None else f"{score['low']:.3g} to {score['high']:.3g}",
                word,
            ]
            for who, score, word in sorted(known, key=lambda r: r[1]["value"], reverse=about["better"] == "higher")
        ]
        facts = [("promise", name), ("folder", str(self.folder)), ("report", str(self.report))]
        facts += [("model", str(self.bundle))] if self.bundle else []
        facts += [("finding", found["sentence"]) for found in self.findings[:3]]
        return Shown("Run", facts, ["", f">{about['label']}", ">95 % interval", "the network"], rows)

    @property
    def verdict(self) -> list[str]:
        """One sentence per baseline."""
        promise = next(iter(self.metrics["promises"].values()))
        return [entry["sentence"] for entry in promise["verdict"].values()]


class Silent:
    """A `tell` that says nothing."""

    def __call__(self, sentence: str) -> None:
        """A finished stage."""

    def step(self, title: str, done: float, total: float, detail: str) -> None:
        """A step of a stage."""


def run(
    run_file: str | Path | Config | PhysicsConfig,
    *,
    out: str | Path | None = None,
    overrides: Iterable[str] = (),
    base: str | Path | None = None,
    resume: bool = False,
    tell: Any = None,
) -> Result | Solved:
    """Trains, compares with baselines, explains, bundles and reports; of an equation, solves it.

    Args:
        run_file: path of a run file, or a configuration.
        out: run folder; by default `runs/NAME-1`, `-2` ... beside where you are.
        overrides: `key=value` changes to the run file.
        base: folder that relative paths of a configuration start from.
        resume: continue the run in `out`.
        tell: receives sentences, and `step(title, done, total, detail)` while training.

    Raises:
        ConfigError, DataError: before anything is computed.
        LeakageError: the audit refuses the split.
        NonFiniteError: training met NaN; names variable, record and row.
    """
    tell = tell or Silent()
    begun = time.monotonic()
    device.setup()
    stated = isinstance(run_file, Config | PhysicsConfig)
    config = run_file if stated else load(run_file, overrides)
    here = Path(base) if base else (Path.cwd() if stated else Path(run_file).resolve().parent)
    stem = config.bundle.name or ("run" if stated else Path(run_file).stem)
    if isinstance(config, PhysicsConfig):
        return run_problem(config, base=here, out=out, stem=stem, resume=resume, tell=tell)
    place = Path(out) if out is not None else folder.next_free(Path("runs"), stem)
    folder.check_free(place, resume=resume)
    checked = check(config, base=here)
    enforce(checked.every_finding)
    if resume:
        start = checked.problem.start
        folder.check_same(place, dump(config), checked.problem.fingerprint(), start.sha256 if start else "")
    place.mkdir(parents=True, exist_ok=True)
    started = folder.started(place, resume=resume)
    _describe(place, checked, here, tell)
    folds, searches = {}, {}
    for name, one in checked.promises.items():
        folds[name], searches[name] = _rotate(place / "checkpoints" / name, one, resume, tell, name)
    metrics, findings = _evaluate(place, checked, folds, started, tell)
    if config.search is not None:
        write_search(place, checked, searches)
        checked = replace(checked, problem=with_best(checked.problem, over_all(searches[""])))
    bundle, refit = bundling.bundle(place, checked, folds[""], metrics, tell=tell, resume=resume)
    outputs.write_history(place, [fold for each in folds.values() for fold in each], refit)
    seconds = time.monotonic() - begun
    folder.write_json(
        place / "environment.json", outputs.environment(checked.problem, seconds, started, checked.parameters)
    )
    tell(f"Trained and scored in {_minutes(seconds)}.")
    report = write_report(place)
    return Result(place, metrics, findings, bundle, report, warnings(checked))


def _describe(place: Path, checked: Check, base: Path, tell: Callable[[str], None]) -> None:
    """Everything that is known before training goes to disk first."""
    problem = checked.problem
    about = f"# Resolved by outcrop {__version__}: every default written out. Relative paths start from {base}\n"
    folder.write_text(place / "run.toml", about + tomlkit.dumps(dump(problem.config)))
    outputs.write_data(place, problem, checked.effective)
    outputs.write_split(place, [(one.problem, one.splits) for one in checked.promises.values()])
    outputs.write_audit(place, checked.every_finding)
    write_layouts(place, checked)
    records, labelled = len(problem.records), checked.effective.labelled
    worth = f"worth about {checked.effective.total:,.0f} independent ones"
    tell(f"{records} record{'s' * (records > 1)}, {labelled:,} labelled samples, {worth}.")
    for one in checked.promises.values():
        tell(outputs.split_summary(one.problem, one.splits)["sentence"])
    for warning in warnings(checked):
        tell(warning)


def warnings(checked: Check) -> tuple[str, ...]:
    """What a person should know before believing a score: records without labels or inputs, and the audit."""
    lacking: dict[str, list[str]] = {}
    for resolution in checked.problem.resolutions:
        if resolution.missing:
            lacking.setdefault(resolution.variable, []).append(resolution.record)
    target = checked.problem.target.name
    asked = checked.problem.config.loss.ledger and checked.splits[0].boxes is None
    unlabelled = "not labelled, " + ("where they train for the ledger alone" if asked else "predicted only")
    told = []
    for name, records in lacking.items():
        shown = ", ".join(records[:6]) + (f" and {len(records) - 6} more" if len(records) > 6 else "")
        policy = next(v.missing for v in checked.problem.variables if v.name == name)
        effect = unlabelled if name == target else f"treated as missing = {policy!r} says"
        told.append(f"No value of {name} in {shown}: {effect}.")
    told += [
        f"{f.place} ({f.size}); it is scored as missed." for f in checked.every_finding if f.check == "unseen_class"
    ]
    return (*told, *(f"Audit, {finding}" for finding in checked.every_finding if finding.level != "note"))


def _rotate(place: Path, checked: Check, resume: bool, tell: Any, name: str) -> tuple[list[Fold], list[list[Trial]]]:
    folds, searches = [], []
    for number, split in enumerate(checked.splits):
        title = f"fold {number + 1} of {len(checked.splits)}" if len(checked.splits) > 1 else "training"
        title = f"{name}, {title}" if name else title
        problem, tried = searched(place, checked, number, resume=resume, tell=tell, title=title)
        searches.append(tried)
        fold = solve_fold(
            problem, checked.view, split,
            number=number, folder=place, resume=resume, tell=tell.step, title=title,
        )  # fmt: skip
        folds.append(fold)
        tell(f"{title[:1].upper() + title[1:]}: {fold.notes['stop_reasons'][0]} ({_minutes(fold.notes['seconds'])})")
    return folds, searches


def _evaluate(
    place: Path, checked: Check, folds: Mapping[str, Sequence[Fold]], started: str, tell: Any
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    entries = {}
    for name, one in checked.promises.items():
        scored = scored_of(one.problem, one.view, folds[name], one.splits[0])
        file = f"predictions-{name}.nc" if name else "predictions.nc"
        held = None
        if one.problem.reconstructs:
            write_reconstruction(place / file, one.problem, folds[name])
        elif one.problem.generates:
            write_realisations(place / file.replace("predictions", "realisations"), one, folds[name])
        else:
            held = intervals(one.problem, one.view, one.splits, folds[name])
            outputs.write_predictions(place, one.problem, scored, folds[name], held, file, one.view.origins.hidden)
        if how := picking.picking_of(one.problem):
            rows = picking.scored_rows(scored, how.names)
            name_of_picks = file.replace("predictions", "picks").replace(".nc", ".csv")
            folder.write_csv(place / name_of_picks, rows, picking.SCORED_COLUMNS)
        promise, entry = evaluate.summarise(one, folds[name], scored, held, tell=tell.step)
        entries[promise] = entry
    metrics = evaluate.assembled(checked, entries, [fold for each in folds.values() for fold in each])
    metrics["test_fingerprint"] = evaluate.test_fingerprint(checked)
    before = folder.count_scoring(place, metrics["test_fingerprint"], started)
    metrics["scored_before"] = before
    if before:
        tell(
            f"This test part has been scored {before} time{'s' * (before > 1)} before in this project: "
            "it is no longer unseen."
        )
    findings = evaluate.findings(metrics, checked, [fold for each in folds.values() for fold in each])
    folder.write_json(place / "metrics.json", metrics)
    folder.write_json(place / "findings.json", findings)
    return metrics, findings


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.1f} minutes"
