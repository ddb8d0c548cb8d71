"""`sample`: realisations of a trained generator on a grid, given conditions and sparse observations.

A generator that was told of known values in training (`given`) reads hard data as it did then; any other is bent
towards observations while it samples (`sample.guidance`), and so is every one where observations have noise. Hard data
are honoured exactly in either case.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pandas as pd
import xarray as xr

from outcrop.config.given import GivenFile, ObservationSection, load_given
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.loss import table as losses
from outcrop.run.drawing import drawn, held
from outcrop.run.folder import write_atomic
from outcrop.run.realisation_files import attributes_of
from outcrop.run.surrogate import Model, load
from outcrop.run.told import told_on, width_of
from outcrop.sample.realise import Observed, Plan
from outcrop.shown import Readable, Shown

NAME = "realisations.nc"
QUANTILES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}


@dataclass(frozen=True, repr=False)
class Sampled(Readable):
    """Realisations and what they say together.

    Attributes:
        data: `VARIABLE` (realisation, *dims) and its summaries along dims: mean, sd, p10, p50 and p90, or of classes
            the probability of each and the entropy in bits.
        path: the NetCDF file.
        notes: how many observations were used, and what was left aside.
    """

    data: xr.Dataset
    path: Path
    notes: tuple[str, ...]

    def shown(self) -> Shown:
        """The summaries, averaged over the grid."""
        rows = [
            [str(name), str(array.attrs.get("units", "")), f"{float(array.mean()):.4g}"]
            for name, array in self.data.data_vars.items()
            if "realisation" not in array.dims and np.issubdtype(array.dtype, np.floating)
        ]
        facts = [("file", str(self.path)), *(("note", note) for note in self.notes)]
        count = self.data.sizes["realisation"]
        return Shown(f"{count} realisations", facts, ["summary", "unit", ">mean over the grid"], rows)


def sample(
    bundle: str | Path | Model,
    given: str | Path | GivenFile | None = None,
    *,
    count: int = 100,
    out: str | Path,
    seed: int = 0,
    sampler: str | None = None,
    steps: int | None = None,
) -> Sampled:
    """Draws realisations and writes them with their summaries to `realisations.nc` in a folder.

    Args:
        bundle: a model file of a generator.
        given: the given file, or its content; None gives nothing.
        count: of realisations.
        out: folder of the results.
        seed: decides them; the first ones are the same for any count.
        sampler, steps: other than in the run file.

    Raises:
        ConfigError: the model generates nothing, or the given file does not fit it.
        DataError: observations that lie outside of the grid or hold unknown classes.
    """
    model = bundle if isinstance(bundle, Model) else load(bundle)
    about = model.bundle.provenance
    if not about.get("generates"):
        what = "This model predicts and generates nothing."
        raise ConfigError(message(what, where=str(bundle), fix='target.NAME = {generate = ["..."]} in the run file.'))
    base = Path(given).parent if isinstance(given, str | Path) else Path.cwd()
    asked = load_given(given) if isinstance(given, str | Path) else given or GivenFile()
    grid = _grid(model, asked)
    seen, notes = _observed(model, asked.observations, grid, base)
    told, there, guided = told_on(model, asked, grid, base, seen)
    plan = Plan(**{key: about["sample"][key] for key in Plan._fields})
    plan = plan._replace(sampler=sampler or plan.sampler, steps=steps or plan.steps)
    loss = losses.build(about["loss"]["kind"], "number", arguments=about["loss"])
    shape = (*(len(axis) for axis in grid.values()), width_of(model))
    made = drawn(
        model.members, loss, plan, told[None], shape, count=count, seed=seed, guided=guided, batch_size=min(count, 32),
        observed=held(_batched(seen), there[None]),
    )[0]  # fmt: skip
    data = _dataset(model, grid, made, seen, there)
    path = Path(out)
    path.mkdir(parents=True, exist_ok=True)
    packing = {str(name): {"zlib": True, "complevel": 1} for name in data.data_vars}
    write_atomic(path / NAME, lambda file: data.to_netcdf(file, engine="h5netcdf", encoding=packing))
    return Sampled(data, path / NAME, tuple(notes))


def _grid(model: Model, asked: GivenFile) -> dict[str, np.ndarray]:
    """Dimension -> coordinates of the cells; what the file does not say is as in training."""
    trained = model.bundle.provenance["place"]
    for dim in asked.grid:
        if dim not in trained:
            what = f"The generator has no dimension {dim!r}{did_you_mean(dim, trained)}."
            raise ConfigError(message(what, where="[grid]", fix=f"its dimensions are {', '.join(trained)}."))
    grid = {}
    for dim, known in trained.items():
        axis = asked.grid.get(dim)
        start, step, size = (0, known["step"] or 1, known["count"]) if axis is None else (
            axis.start, axis.step, axis.count or known["count"]
        )  # fmt: skip
        grid[dim] = start + step * np.arange(size)
    return grid


def _observed(
    model: Model, section: ObservationSection | None, grid: Mapping[str, np.ndarray], base: Path
) -> tuple[Observed | None, list[str]]:
    """Observations blocked to cells, standard units."""
    if section is None:
        return None, []
    path = base / section.files
    if not path.is_file():
        raise ConfigError(message(f"There is no table {str(path)!r}.", where="[observations]", fix="check the path."))
    table = pd.read_csv(path)
    names = [model.target.name] if model.target.classes else list(model.bundle.provenance["generates"])
    if model.target.classes and names[0] not in table:
        names = list(model.bundle.provenance["generates"])
    present = [name for name in names if name in table]
    lacking = [dim for dim in grid if dim not in table]
    if lacking or not present:
        wanted = [*lacking, *([] if present else [" or ".join(names)])]
        what, fix = f"The table has no column {', '.join(wanted)}.", f"its columns are {', '.join(map(str, table))}."
        raise DataError(message(what, where=str(path), fix=fix))
    cell, inside, notes = _cells(table, grid, section.tolerance, str(path))
    shape, width = tuple(len(axis) for axis in grid.values()), width_of(model)
    known, values = np.zeros((*shape, width), bool), np.zeros((*shape, width), np.float32)
    noise = [section.noise_sd.get(name, 0.0) for name in present]
    if len({bool(sd) for sd in noise}) > 1 or (model.target.classes and any(noise)):
        what = "Observations are all hard data, or numbers that all have noise."
        raise ConfigError(
            message(what, where="observations.noise_sd", fix="a noise_sd for all variables, or for none.")
        )
    standard_sd, variables = 0.0, {variable.name: variable for variable in model.inputs}
    for name in present:
        column = table[name].to_numpy()[inside]
        if model.target.classes:
            index = _class_index(model, column, str(path))
            flat, chosen = _blocked(cell, index, np.prod(shape), majority=True)
            coded = np.where(chosen[:, None] == np.arange(width), 1.0, -1.0)
            known.reshape(-1, width)[flat] = True
            values.reshape(-1, width)[flat] = coded
            continue
        which = model.bundle.provenance["generates"].index(name)
        scaled = model.normaliser.statistics[name].standard(column.astype(float), variables[name])
        keep = np.isfinite(scaled)
        flat, mean = _blocked(cell[keep], scaled[keep], np.prod(shape), majority=section.average == "majority")
        known.reshape(-1, width)[flat, which] = True
        values.reshape(-1, width)[flat, which] = mean
        spread = model.normaliser.statistics[name].spread
        standard_sd = max(standard_sd, section.noise_sd.get(name, 0.0) / spread)
    notes.append(f"{int(known.any(axis=-1).sum()):,} of {int(np.prod(shape)):,} cells are observed.")
    return Observed(jnp.asarray(known), jnp.asarray(values), jnp.asarray(standard_sd, jnp.float32)), notes


def _cells(
    table: pd.DataFrame, grid: Mapping[str, np.ndarray], tolerance: float, where: str
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """The cell of every observation inside the grid, which ones those are, and what was left aside."""
    flat, inside = np.zeros(len(table), np.int64), np.ones(len(table), bool)
    for dim, axis in grid.items():
        step = axis[1] - axis[0] if len(axis) > 1 else 1.0
        at = (table[dim].to_numpy(float) - axis[0]) / step
        nearest = np.round(at)
        inside &= (nearest >= 0) & (nearest < len(axis)) & (np.abs(at - nearest) <= tolerance)
        flat = flat * len(axis) + np.where(inside, nearest, 0).astype(np.int64)
    if not inside.any():
        spans = ", ".join(f"{dim} {axis[0]:g} to {axis[-1]:g}" for dim, axis in grid.items())
        what = "No observation lies on the grid."
        raise DataError(message(what, where=where, fix=f"the grid is {spans}; say [grid] start, step and count."))
    left = int((~inside).sum())
    notes = [f"{left:,} of {len(table):,} observations lie outside of the grid and were left aside."] if left else []
    return flat[inside], inside, notes


def _class_index(model: Model, column: np.ndarray, where: str) -> np.ndarray:
    """Codes or names of classes as indices."""
    classes = model.target.classes
    assert classes is not None
    known = {str(code): i for i, code in enumerate(classes.codes)} | {name: i for i, name in enumerate(classes.names)}
    texts = [str(int(v)) if isinstance(v, float) and v == int(v) else str(v) for v in column.tolist()]
    unknown = sorted(set(texts) - set(known))
    if unknown:
        what = f"{unknown[0]!r} is no class{did_you_mean(unknown[0], known)}."
        raise DataError(message(what, where=where, fix=f"classes are {', '.join(classes.names)}."))
    return np.array([known[text] for text in texts])


def _blocked(cell: np.ndarray, values: np.ndarray, size: int, *, majority: bool) -> tuple[np.ndarray, np.ndarray]:
    """Every observed cell and the mean, or the most frequent, of its observations.

    >>> _blocked(np.array([4, 4, 1]), np.array([1.0, 3.0, 5.0]), 9, majority=False)
    (array([1, 4]), array([5., 2.]))
    """
    cells, which = np.unique(cell, return_inverse=True)
    if not majority:
        return cells, np.bincount(which, values) / np.bincount(which)
    kinds, kind = np.unique(values, return_inverse=True)
    counts = np.zeros((len(cells), len(kinds)))
    np.add.at(counts, (which, kind), 1)
    return cells, kinds[counts.argmax(axis=1)]


def _batched(seen: Observed | None) -> Observed | None:
    return None if seen is None else Observed(seen.known[None], seen.values[None], seen.noise_sd)


def _dataset(
    model: Model, grid: Mapping[str, np.ndarray], made: np.ndarray, seen: Observed | None, there: np.ndarray
) -> xr.Dataset:
    """Realisations in the units of training, NaN where nothing is, and their summaries."""
    dims, classes = tuple(grid), model.target.classes
    variables = {variable.name: variable for variable in model.inputs}
    arrays: dict[str, Any] = {}
    if classes:
        index = made.argmax(axis=-1).astype(np.int16)
        share = np.stack([(index == which).mean(axis=0) for which in range(len(classes.codes))])
        safe = np.where(share > 0, share, 1)
        about = {"classes": json.dumps(dict(zip(map(str, range(len(classes.names))), classes.names, strict=True)))}
        arrays[model.target.name] = (("realisation", *dims), index, about)
        for which, name in enumerate(classes.names):
            arrays[f"probability {name}"] = (dims, share[which].astype(np.float32), {"units": "1"})
        arrays["entropy"] = (dims, -(safe * np.log2(safe)).sum(axis=0).astype(np.float32), {"units": "bit"})
    else:
        for at, name in enumerate(model.bundle.provenance["generates"]):
            values = model.normaliser.statistics[name].physical(made[..., at], variables[name])
            values = np.where(there[..., at], values, np.nan).astype(np.float32)
            unit = attributes_of(variables[name])
            arrays[name] = (("realisation", *dims), values, unit)
            arrays[f"{name} mean"] = (dims, values.mean(axis=0), unit)
            arrays[f"{name} sd"] = (dims, values.std(axis=0, ddof=min(1, len(values) - 1)), unit)
            for word, q in QUANTILES.items():
                arrays[f"{name} {word}"] = (dims, np.quantile(values, q, axis=0).astype(np.float32), unit)
    if seen is not None:
        arrays["observed"] = (dims, np.asarray(seen.known).any(axis=-1).astype(np.int8))
    trained = model.bundle.scores.get("test", {})
    attributes = {"source": "outcrop sample", "promise": model.bundle.promise, "scores": json.dumps(trained)}
    return xr.Dataset(arrays, coords=dict(grid.items()), attrs=attributes)
