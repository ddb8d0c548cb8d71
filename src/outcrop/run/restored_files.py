"""predictions.nc of a reconstruction: clean, given back by network and baselines, per sample, ratio and variable."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.evaluate.scored import MODEL
from outcrop.run.folder import write_atomic
from outcrop.run.problem import Problem
from outcrop.run.reconstruct import NOISE_UNITS, STANDARD, TARGET, ratios_of
from outcrop.run.rotate import Fold, rows_of


def write_reconstruction(path: Path, problem: Problem, folds: Sequence[Fold]) -> None:
    """Writes it: `target`, `prediction` and `baseline_*` along (sample, snr_db, variable), or (sample, variable)."""
    import xarray as xr

    rows, order = rows_of(folds)
    ratios, names = ratios_of(problem), problem.reconstructs
    noisy = ratios[0] is not None
    dims = ("sample", "snr_db", "variable") if noisy else ("sample", "variable")
    shape = (len(order), len(ratios), len(names)) if noisy else (len(order), len(names))
    unit = {"units": NOISE_UNITS if noisy else STANDARD}
    contenders = [name for name in folds[0].columns if name not in ("distance", "inside", MODEL, TARGET)]
    called = {TARGET: "target", MODEL: "prediction", **{name: f"baseline_{name}" for name in contenders}}
    start = np.cumsum([0] + [len(record) for record in problem.records])
    axis = np.concatenate([record.axis for record in problem.records])[rows.flat(start)[order]]
    number = np.concatenate([np.full(len(fold.record), i) for i, fold in enumerate(folds)])[order]
    columns: dict[str, Any] = {
        "record": ("sample", rows.record[order].astype(np.int32)),
        "index": ("sample", rows.sample[order].astype(np.int32)),
        "fold": ("sample", number.astype(np.int16)),
        problem.records[0].dim: ("sample", axis),
    }
    for name, written in called.items():
        values = np.concatenate([fold.columns[name] for fold in folds])[order]
        columns[written] = (dims, values.reshape(shape).astype(np.float32), unit)
    coords: dict[str, Any] = {"variable": list(names)} | ({"snr_db": list(ratios)} if noisy else {})
    attributes = {"records": json.dumps([record.name for record in problem.records], ensure_ascii=False)}
    packing = {name: {"zlib": True, "complevel": 1} for name in columns}
    data = xr.Dataset(columns, coords=coords, attrs=attributes)
    write_atomic(path, lambda place: data.to_netcdf(place, engine="h5netcdf", encoding=packing))
