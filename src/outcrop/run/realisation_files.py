"""realisations.nc of a run that generates: what was found and what everybody drew, in the units of the files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from outcrop.data.normalise import Normaliser
from outcrop.data.variable import Variable
from outcrop.run.check import Check
from outcrop.run.folder import write_atomic
from outcrop.run.generate import KEPT
from outcrop.run.own_target import dims_of
from outcrop.run.problem import Problem
from outcrop.run.rotate import Fold


def write_realisations(path: Path, checked: Check, folds: Sequence[Fold]) -> None:
    """Writes `CONTENDER:VARIABLE` along (example, realisation, *place): "model", baselines, and the "truth".

    Of classes there is one variable, their index. `record` and `sample` are where an example starts.
    """
    import xarray as xr

    problem, view = checked.problem, checked.view
    place = dims_of(view)
    names = [problem.target.name] if problem.classes else list(problem.generates)
    known = {variable.name: variable for variable in problem.variables}
    arrays = {}
    for key in (key for key in folds[0].columns if key.startswith(KEPT)):
        each = [_physical(problem, fold, key) for fold in folds]
        dims = ("example", f"realisation_{each[0].shape[1]}", *place)
        for at, name in enumerate(names):
            values = np.concatenate([part[..., at] for part in each])
            arrays[f"{key.removeprefix(KEPT)}:{name}"] = (dims, values, attributes_of(known[name]))
    for name in ("record", "sample"):
        arrays[name] = ("example", np.concatenate([getattr(fold, name) for fold in folds]).astype(np.int32))
    notes = {"records": [r.name for r in problem.records], "generates": names, "place": place}
    told = xr.Dataset(arrays, attrs={key: json.dumps(value, ensure_ascii=False) for key, value in notes.items()})
    packing = {name: {"zlib": True, "complevel": 1} for name in arrays}
    write_atomic(path, lambda file: told.to_netcdf(file, engine="h5netcdf", encoding=packing))


def attributes_of(variable: Variable) -> dict[str, str]:
    """The unit of what is generated of a variable, and that it is an anomaly where it is one."""
    unit = {"units": variable.unit or ""}
    return unit | (
        {"long_name": f"anomaly from the mean of training, {variable.transform}"} if variable.calendar else {}
    )


def _physical(problem: Problem, fold: Fold, key: str) -> np.ndarray:
    """Realisations of a fold, (example, realisation, *place, variable), in the units of the files."""
    normaliser = Normaliser.from_json(fold.notes["normaliser"])
    return physical(problem, normaliser, fold.columns[key].astype(np.float32))


def physical(problem: Problem, normaliser: Normaliser, made: np.ndarray) -> np.ndarray:
    """Realisations (..., variable) in the units of the files; of classes their index, (..., 1)."""
    if problem.classes:
        return made.argmax(axis=-1)[..., None].astype(np.int16)
    known = {variable.name: variable for variable in problem.variables}
    columns = [
        normaliser.statistics[name].physical(made[..., at], known[name]) for at, name in enumerate(problem.generates)
    ]
    return np.stack(columns, axis=-1).astype(np.float32)
