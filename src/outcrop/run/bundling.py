"""The model file of a run: which networks go in, refitted or held out, and everything prediction needs beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from outcrop import __version__
from outcrop.bundle import Bundle, save
from outcrop.data.frame import step_of
from outcrop.run import outputs, parts, picking
from outcrop.run.area import Area, area_of, area_of_all
from outcrop.run.check import Check
from outcrop.run.inflation import of_folds
from outcrop.run.own_target import dims_of
from outcrop.run.problem import Problem
from outcrop.run.reconstruct import usual_of_folds
from outcrop.run.rotate import Fold, members_of
from outcrop.run.solve import prepare, solve, training_ranges, without_validation
from outcrop.run.splitting import whole
from outcrop.run.start import trained_on
from outcrop.run.uncertain import intervals
from outcrop.run.weights import named_arrays
from outcrop.view.view import View

NAME = "model.outcrop"
REFIT_SEED = 991


def bundle(
    place: Path, checked: Check, folds: Sequence[Fold], metrics: Mapping[str, Any], *, tell: Any, resume: bool
) -> tuple[Path | None, list[dict[str, Any]]]:
    """Writes the model file.

    `refit` trains on all labelled examples for the folds' median best step; `held_out` keeps the network that was
    scored (one split only). `auto` is `refit` after a rotation, else `held_out`.

    Returns:
        The path, or None with `[bundle] model = "none"`; and the history of the refit.
    """
    problem = checked.problem
    kind = problem.config.bundle.model
    if kind == "auto":
        kind = "refit" if len(checked.splits) > 1 else "held_out"
    if kind == "none":
        return None, []
    history: list[dict[str, Any]] = []
    if kind == "refit":
        view = whole(checked.view)
        has = parts.labelled_examples(problem, view)
        each = np.array([steps for fold in folds for steps in fold.notes["stage_steps"]])
        steps = [max(int(n == 0), round(float(m))) for n, m in enumerate(np.median(each, axis=0))]
        split = without_validation(problem, checked.splits[0], has)
        solved = solve(
            problem, view, split, seed=problem.config.train.seed * 1000 + REFIT_SEED,
            tell=tell.step, title="refit", steps=steps, checkpoint=place / "checkpoints" / "refit.ckpt", resume=resume,
        )  # fmt: skip
        tell(f"Refit on all {int(has.sum()):,} labelled examples for {sum(steps)} steps, the folds' median best.")
        history = [{"member": m, **row} for m, fit in enumerate(solved.fits) for row in fit.history]
        members, normaliser, tables = solved.members, solved.normaliser, solved.tables
        threshold = float(np.median([fold.notes["threshold"] for fold in folds]))  # nothing is left to calibrate on
        area = area_of_all(problem, view, tables, threshold)
        score = "of the rotation; the model in this file is a refit on all groups, never scored itself"
    else:
        labels = parts.with_labels(checked.splits[0], parts.labelled_examples(problem, checked.view))
        normaliser, tables = prepare(problem, checked.view, labels)
        members = members_of(problem, checked.view, folds[0], place / "checkpoints" / "fold-0.members", normaliser)
        area = area_of(problem, checked.view, labels, tables)
        score = "of this very model on the held-out part"
    content = _content(
        checked, folds, members, normaliser, area, metrics, {"score": score, "model": kind, "folds": len(folds)}
    )
    return save(place / NAME, content), history


def _content(
    checked: Check,
    folds: Sequence[Fold],
    members: Sequence[Any],
    normaliser: Any,
    area: Area,
    metrics: Mapping[str, Any],
    about: Mapping[str, Any],
) -> Bundle:
    problem, config = checked.problem, checked.problem.config
    promise, entry = next(iter(metrics["promises"].items()))
    has = parts.labelled_examples(problem, checked.view)
    split = parts.with_labels(checked.splits[0], has)
    index = np.flatnonzero(has) if about["model"] == "refit" else split.fitted
    arrays = {f"validity/{name}": array for name, array in area.to_arrays().items()}
    for number, member in enumerate(members):
        arrays |= {f"member/{number}/{name}": array for name, array in named_arrays(member).items()}
    kind = parts.view_kind(problem)
    own = parts.network_arguments(problem, checked.view)
    arguments = {**parts.sizes(problem, checked.view, normaliser), "arguments": own}
    source = next(source for source in config.data.source.values() if source.join is None)
    options = {} if source.simulation else source.options  # those of a simulation read no file
    reading = options | ({"format": source.format} if source.format else {})
    return Bundle(
        family=config.model.family,
        arguments=arguments,
        arrays=arrays,
        normaliser=normaliser.to_json(),
        variables=[variable.to_json() for variable in problem.variables],
        frame=dict(vars(problem.frame)),
        view={"kind": kind, **parts.view_arguments(problem, kind), **getattr(checked.view, "settled", {})},
        classes=problem.classes.to_json() if problem.classes else None,
        split=outputs.split_summary(problem, checked.splits),
        promise=promise,
        scores={"test": entry["test"]["model"], "verdict": {k: v["word"] for k, v in entry["verdict"].items()}}
        | dict(about),
        fingerprints={"data": problem.fingerprint(), "normaliser": normaliser.fingerprint}
        | {"trained_on": trained_on(problem, training_ranges(checked.view, index))},
        versions={"outcrop": __version__},
        provenance={
            "decide": config.evaluate.decide,
            "head": {
                "kind": problem.head.kind,
                "levels": list(problem.head.levels),
                "draws": config.evaluate.mc_dropout,
            },
            "picks": picking.kept(problem, [fold.notes["pick_thresholds"] for fold in folds]),
            **_calibrated(checked, folds),
            "reading": reading,
            "joins": joined_inputs(problem),
            "step_m": step_of_training(problem, checked.view),
            "step_s": time_step(problem, checked.view),
            "accepted": [f"{f.check}: {f.accepted}" for f in checked.findings if f.accepted],
            "start": None if problem.start is None else problem.start.to_json(),
            "records": [record.name for record in problem.records],
        },
    )


def _calibrated(checked: Check, folds: Sequence[Fold]) -> dict[str, Any]:
    """Margin of the intervals; of a reconstruction, what errors are usual and whether examples are rescaled; of a
    generator, what it draws, what is given, and how.
    """
    problem = checked.problem
    if problem.generates:
        section = problem.section.given
        return {
            "generates": list(problem.generates),
            "given": section.model_dump() if section else None,
            "loss": problem.config.loss.model_dump(),
            "sample": problem.config.sample.model_dump(),
            "place": place_of(problem, checked.view),
            "prior": prior_of(problem),
            "calibration": calibration_of([fold.notes.get("told") for fold in folds]),
            "inflation": of_folds([fold.notes.get("told") for fold in folds]),
        }
    if not problem.reconstructs:
        return {"interval": asdict(intervals(problem, checked.view, checked.splits, folds).calibration)}
    usual = usual_of_folds([fold.notes["usual"] for fold in folds])
    return {"reconstructs": list(problem.reconstructs), "rescale": problem.section.rescale, "usual": usual}


def prior_of(problem: Problem) -> dict[str, Any]:
    """What a generator has learned from: simulated geology or files, source by source, and how many records."""
    each = []
    for name, source in problem.config.data.source.items():
        stated = source.files or source.dataset or source.simulation
        kind = "simulation" if source.simulation else "dataset" if source.dataset else "files"
        each.append({"name": name, "kind": kind, "of": stated, "joined": source.join is not None})
    own = [row["kind"] for row in each if not row["joined"]]
    return {"simulated": "simulation" in own, "sources": each, "records": len(problem.records)}


def calibration_of(told: Sequence[Any]) -> list[dict[str, Any]] | None:
    """How the network's realisations fitted what was held out, fold by fold; None where nothing was told of it."""
    own = [fold["model"] for fold in told if fold]
    keys = ("realisations", "cases", "honoured")
    kept = [
        {key: one[key] for key in keys}
        | {"rows": {name: {k: row[k] for k in ("words", "value", "low", "high")} for name, row in one["rows"].items()}}
        for one in own
    ]
    return kept or None


def place_of(problem: Problem, view: View) -> dict[str, dict[str, Any]]:
    """Dimension -> cells of an example, and the step of its coordinate (seconds for times) where it has one."""
    if view.kind == "points":
        return {}
    data, found = problem.records[0].data, {}
    for dim, count in zip(dims_of(view), view.input_shape(1)[:-1], strict=True):
        axis = data[dim].to_numpy() if dim in data.coords else np.arange(2)
        if axis.dtype.kind == "M":
            axis = axis.astype("datetime64[ns]").astype(np.int64) / 1e9
        step = float(np.median(np.diff(axis))) if len(axis) > 1 and axis.dtype.kind in "fiu" else None
        found[str(dim)] = {"count": int(count), "step": step}
    return found


def joined_inputs(problem: Problem) -> list[str]:
    """The inputs that come from a joined table in some record: files alone do not bring them."""
    joined = {
        record.name: {str(name) for name, array in record.data.data_vars.items() if array.attrs.get("source")}
        for record in problem.aligned
    }
    used = {r.variable for r in problem.resolutions if joined[r.record] & set(r.source.split(" + "))}
    return [v.name for v in problem.variables if v.role == "input" and v.name in used]


def time_step(problem: Problem, view: Any) -> float | None:
    """Median step of time stamps in seconds, where the network sees neighbours; None on other axes."""
    if _alone(view):
        return None
    steps = [step_of(record) / 1e9 for record in problem.records if record.dim == "time" and len(record) > 1]
    return float(np.median(steps)) if steps else None


def step_of_training(problem: Problem, view: Any) -> float | None:
    """The depth step in metres that all records share, where the network sees neighbours and no step is declared."""
    frame = problem.frame
    if _alone(view) or frame.step_m is not None or not frame.regular or problem.records[0].dim != "depth":
        return None
    steps = [step_of(record) for record in problem.records if len(record) > 1]
    return float(np.median(steps)) if steps else None


def _alone(view: Any) -> bool:
    """Does the network see one sample at a time?"""
    return getattr(view, "context", None) == (0,) and not getattr(view, "lead", 0)
