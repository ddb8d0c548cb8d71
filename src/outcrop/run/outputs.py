"""The files of the run folder that describe data, split, audit, predictions and environment."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from outcrop import __version__, device
from outcrop.evaluate.scored import MODEL, Scored
from outcrop.run.folder import plain, write_atomic, write_csv, write_json
from outcrop.run.lines import line_key
from outcrop.run.problem import Problem
from outcrop.run.rotate import Fold, rows_of
from outcrop.run.uncertain import Intervals
from outcrop.split.audit.finding import Finding
from outcrop.split.effective import Effective
from outcrop.split.promise import Split, plural

LIBRARIES = ("jax", "jaxlib", "equinox", "optax", "numpy", "scipy", "scikit-learn", "xarray", "lasio")
NORMS = ("fold", "member", "stage", "step", "layer", "size", "gradient", "update", "weight")
HISTORY = ("fold", "member", "stage", "step", "train_loss", "validation_loss", "learning_rate", "seconds")


def write_data(folder: Path, problem: Problem, effective: Effective) -> None:
    """data.json: what was read, from which files, under which names and units."""
    labelled = problem.labelled()
    records = [
        {
            "name": record.name, "source": record.source, "sha256": record.sha256, "groups": dict(record.groups),
            "samples": len(record), "labelled": int(labelled[record.name].sum()), "position": dict(record.position),
            "dims": list(record.dims), "shape": list(record.shape),
            "effective_samples": effective.per_record.get(record.name, 0.0), "notes": list(record.notes),
        }
        for record in problem.records
    ]  # fmt: skip
    classes = problem.classes and [
        {"code": c, "name": n} for c, n in zip(problem.classes.codes, problem.classes.names, strict=True)
    ]
    content = {
        "records": records,
        "variables": [variable.to_json() for variable in problem.variables],
        "resolutions": [resolution.to_json() for resolution in problem.resolutions],
        "joins": [report.to_json() for report in problem.joins],
        "classes": classes,
        "frame": asdict(problem.frame),
        "fingerprint": problem.fingerprint(),
    }
    if problem.start is not None:
        content["start"] = problem.start.to_json()
    write_json(folder / "data.json", content)


def write_split(folder: Path, promises: Sequence[tuple[Problem, Sequence[Split]]]) -> None:
    """split.json: for each promise, which groups are in which part of which fold, and the reason in a sentence."""
    write_json(folder / "split.json", {"promises": {s[0].promise: split_summary(p, s) for p, s in promises}})


def split_summary(problem: Problem, splits: Sequence[Split]) -> dict[str, Any]:
    """The promise's entry of split.json."""
    promise = problem.config.promise
    usual = {"later": problem.records[0].dim, "same_population": "example", "area": "block"}
    key = promise.new or line_key(problem) or usual.get(promise.kind, promise.kind)
    rotation = len(splits) > 1
    folds = [{part: list(names) for part, names in split.groups.items()} | _sizes(split) for split in splits]
    tested = sum(len(split.groups.get("test", ())) for split in splits)
    sentence = splits[0].sentence
    if rotation and promise.new:
        how = f"by a network trained on others ({len(splits)} folds)"
        sentence = f"Each of {tested} {plural(promise.new)} is tested once, {how}."
    return {"sentence": sentence, "key": key, "kind": "rotation" if rotation else "holdout", "folds": folds}


def _sizes(split: Split) -> dict[str, Any]:
    return {"examples": {part: len(index) for part, index in split.parts.items()}}


def write_audit(folder: Path, findings: Sequence[Finding]) -> None:
    """audit.json: what the audit found, with the reasons given for living with it."""
    write_json(folder / "audit.json", [asdict(finding) for finding in findings])


def write_history(folder: Path, folds: Sequence[Fold], refit: Sequence[Mapping[str, Any]] = ()) -> None:
    """history.csv: one row per fold, member and evaluation; the refit has fold -1. Parts of the loss come last.

    norms.csv: the same with one row per layer: root mean squares over its `size` trainable numbers, of the gradient, of
    what the optimiser added in one step, and of the numbers themselves.
    """
    rows = [{"fold": number, **row} for number, fold in enumerate(folds) for row in fold.notes["history"]]
    write_rows(folder, rows + [{"fold": -1, **row} for row in refit])


def write_rows(folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """history.csv and norms.csv from rows of evaluations."""
    parts = dict.fromkeys(name for row in rows for name in row if name not in (*HISTORY, "norms"))
    write_csv(folder / "history.csv", [{k: _blank(v) for k, v in row.items()} for row in rows], [*HISTORY, *parts])
    norms = [row | {"layer": layer} | own for row in rows for layer, own in row.get("norms", {}).items()]
    short = [{k: f"{v:.5g}" if isinstance(v, float) else v for k, v in row.items()} for row in norms]
    write_csv(folder / "norms.csv", short, NORMS)


def _blank(value: Any) -> Any:
    return "" if value is None or (isinstance(value, float) and not np.isfinite(value)) else value


def write_predictions(
    folder: Path,
    problem: Problem,
    scored: Scored,
    folds: Sequence[Fold],
    held: Intervals,
    file: str = "predictions.nc",
    hidden: Sequence[str] = (),
) -> None:
    """predictions.nc: every scored sample with target, network, baselines, inputs and where it comes from.

    Inputs that are `hidden` where a sample is scored are left out.
    """
    import xarray as xr

    rows, order = rows_of(folds)
    sample = rows.sample[order]
    start = np.cumsum([0] + [len(r) for r in problem.records])
    flat = rows.flat(start)[order]
    axis = problem.records[0].dim
    unit = {"units": problem.target.unit} if problem.target.unit else {}
    columns: dict[str, Any] = {
        "record": ("sample", scored.record.astype(np.int32)),
        "index": ("sample", sample.astype(np.int32)),
        "fold": ("sample", np.asarray(scored.fold).astype(np.int16)),
        axis: ("sample", scored.position, {} if scored.position.dtype.kind == "M" else _units(problem, axis)),
        "target": ("sample", scored.target, unit),
        "prediction": ("sample", scored.predictions[MODEL], unit),
        "valid": ("sample", np.concatenate([fold.columns["inside"] for fold in folds])[order].astype(np.int8)),
        "distance": ("sample", np.concatenate([fold.columns["distance"] for fold in folds])[order]),
    }
    if scored.lead is not None:
        columns["lead"] = ("sample", scored.lead.astype(np.int32), {"units": "1", "long_name": "steps ahead"})
    if held.calibration.margin is not None and held.low is not None and held.high is not None:
        columns |= {f"prediction_{n}": ("sample", e[order], unit) for n, e in (("low", held.low), ("high", held.high))}
    if held.sets is not None and held.calibration.margin is not None:
        columns["set"] = (("sample", "class"), held.sets[order])
    for name in scored.baselines:
        columns[f"baseline_{name}"] = ("sample", scored.predictions[name], unit)
    if MODEL in scored.probabilities:
        probability = scored.probabilities[MODEL]
        columns["probability"] = (("sample", "class"), probability)
        columns["confidence"] = ("sample", probability.max(axis=1))
    for variable in problem.variables:
        if variable.role == "input" and variable.name not in hidden:
            values = np.concatenate([r.flat(variable.name) for r in problem.records])[flat]
            columns[f"input_{variable.name}"] = ("sample", values.astype(np.float32), {"units": variable.unit or ""})
    attributes = {"records": json.dumps(list(scored.names), ensure_ascii=False)}
    packing = {name: {"zlib": True, "complevel": 1} for name in columns}
    data = xr.Dataset(columns, attrs=attributes)
    write_atomic(folder / file, lambda path: data.to_netcdf(path, engine="h5netcdf", encoding=packing))


def _units(problem: Problem, axis: str) -> dict[str, str]:
    coordinate = problem.records[0].data.coords.get(axis)
    unit = "" if coordinate is None else coordinate.attrs.get("units", "")
    return {"units": unit} if unit else {}


def environment(problem: Problem, seconds: float, started: str, parameters: int) -> dict[str, Any]:
    """environment.json of a run on data."""
    seeds = {"split": problem.config.promise.seed, "train": problem.config.train.seed}
    return surroundings(seconds, started, parameters, seeds)


def surroundings(seconds: float, started: str, parameters: int, seeds: Mapping[str, int]) -> dict[str, Any]:
    """environment.json: versions, device, seeds, time and memory."""
    return {
        "outcrop": __version__,
        "code_version": _code_version(),
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "python": platform.python_version(),
        "versions": {name: found for name in LIBRARIES if (found := _version(name))},
        "device": plain(device.describe()),
        "cores": os.cpu_count(),
        "seeds": dict(seeds),
        "wall_time_seconds": round(seconds, 1),
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "started": started,
        "parameters": parameters,
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _code_version() -> str:
    """The commit of the source tree outcrop is imported from; empty for an installed package."""
    here = Path(__file__).resolve().parent
    try:
        done = subprocess.run(
            ["git", "-C", str(here), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, timeout=5
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
