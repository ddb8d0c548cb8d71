"""`sample`: realisations of a trained generator on a grid, given what is known of it.

    given file -> grid -> observations, trend, attributes, linear data, conditions -> realisations -> files and a page

A generator that was told of known values in training (`given`) reads hard data as it did then; any other is bent
towards observations while it samples (`sample.guidance`), and so is every one where observations have noise, and by
soft attributes. Hard data are honoured exactly in either case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xarray as xr

from outcrop.config.given import GivenFile, load_given
from outcrop.errors import ConfigError, message
from outcrop.report.sampled import write as write_page
from outcrop.run.folder import write_atomic, write_json
from outcrop.run.left_out import left_out
from outcrop.run.linear_data import linear_of, measured_of
from outcrop.run.observation_files import Rows, gather
from outcrop.run.observations import Blocked, block
from outcrop.run.on_grid import conditions_of, grid_of, soft_of, trend_of
from outcrop.run.sample_files import OBSERVED, check_format, dataset, honoured, write_all
from outcrop.run.sampling import Setting
from outcrop.run.surrogate import Model, load
from outcrop.sample.realise import Plan
from outcrop.shown import Readable, Shown

NAME, ABOUT = "realisations.nc", "sample.json"


@dataclass(frozen=True, repr=False)
class Sampled(Readable):
    """Realisations and what they say together.

    Attributes:
        data: `VARIABLE` (realisation, *dims) and its summaries along dims: mean, sd, p10, p50 and p90, or of classes
            the probability of each and the entropy in bits.
        path: the NetCDF file.
        notes: how many observations were used, and what was left aside.
        report: the page, or None.
        files: in the format that was asked for, one for every realisation and every summary.
        left_out: how well the other wells say what each has met, see `run.left_out`; empty if not asked for.
    """

    data: xr.Dataset
    path: Path
    notes: tuple[str, ...]
    report: Path | None
    files: tuple[Path, ...] = ()
    left_out: Mapping[str, Any] = field(default_factory=dict)

    def shown(self) -> Shown:
        """The summaries, averaged over the grid."""
        summaries = {
            str(name): array
            for name, array in self.data.data_vars.items()
            if "realisation" not in array.dims and not str(name).endswith(OBSERVED)
        }
        rows = [[name, str(a.attrs.get("units", "")), f"{float(a.mean()):.4g}"] for name, a in summaries.items()]
        facts = [("file", str(self.path)), *(("note", note) for note in self.notes)]
        if self.report:
            facts.append(("report", str(self.report)))
        if self.files:
            facts.append(("files", f"{len(self.files)} beside it, {self.files[0].name} to {self.files[-1].name}"))
        if self.left_out:
            facts.append(("wells left out", self.left_out["sentence"]))
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
    format: str = "netcdf",
    leave_out: str | None = None,
    report: bool = True,
) -> Sampled:
    """Draws realisations and writes them with their summaries to `realisations.nc` in a folder, beside a page.

    Args:
        bundle: a model file of a generator.
        given: the given file, or its content; None gives nothing.
        count: of realisations.
        out: folder of the results.
        seed: decides them; the first ones are the same for any count.
        sampler, steps: other than in the run file.
        format: "grdecl", "roff", "segy" or "las" writes one file more for every realisation and every summary.
        leave_out: column of the observations with the wells; each is left out in turn, and compared with what is drawn
            given the others.
        report: False writes no page.

    Raises:
        ConfigError: the model generates nothing, the given file does not fit it, the format cannot hold the grid, or
            there are fewer than 3 wells to leave out.
        DataError: observations that lie outside of the grid or hold unknown classes.
    """
    model = _generator(bundle)
    base = Path(given).parent if isinstance(given, str | Path) else Path.cwd()
    asked = load_given(given) if isinstance(given, str | Path) else given or GivenFile()
    grid = grid_of(model, asked)
    if format != "netcdf":
        check_format(grid, format)
    plan = Plan(**{key: model.bundle.provenance["sample"][key] for key in Plan._fields})
    plan = plan._replace(sampler=sampler or plan.sampler, steps=steps or plan.steps)
    offset = trend_of(model, asked, grid, base)
    soft, likelihood, notes = soft_of(model, asked, grid, base, offset)
    conditions, there = conditions_of(model, asked, grid, base)
    how = Setting(model, grid, conditions, there, plan, offset, soft, likelihood, count, seed)
    measured = measured_of(model, asked, grid, base)
    how = how if measured is None else how._replace(linear=linear_of(measured, how))
    rows, seen = _observations(how, asked, base, leave_out)
    tested = {}
    if leave_out and asked.observations and rows and seen:
        tested = left_out(how, asked.observations, rows, seen, leave_out)
    made = how.realisations(seen.observed if seen else None)
    data = dataset(model, grid, made, seen.observed if seen else None, offset, there)
    notes += [*(rows.notes if rows else ()), *(seen.notes if seen else ())]
    notes += [] if measured is None else measured.notes(made if offset is None else made + offset)
    kept = honoured(made, seen.observed, classes=bool(model.target.classes)) if seen else None
    path = Path(out)
    files = _written(path, data, format)
    write_json(path / ABOUT, facts_of(how, asked, seen, kept, tested, notes))
    return Sampled(data, path / NAME, tuple(notes), write_page(path) if report else None, tuple(files), tested)


def _generator(bundle: str | Path | Model) -> Model:
    """An open model file that generates."""
    model = bundle if isinstance(bundle, Model) else load(bundle)
    if not model.bundle.provenance.get("generates"):
        what = "This model predicts and generates nothing."
        raise ConfigError(message(what, where=str(bundle), fix='target.NAME = {generate = ["..."]} in the run file.'))
    return model


def _written(folder: Path, data: xr.Dataset, format: str) -> list[Path]:
    """Writes the NetCDF file, and those of another format; gives back the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    packing = {str(name): {"zlib": True, "complevel": 1} for name in data.data_vars}
    write_atomic(folder / NAME, lambda file: data.to_netcdf(file, engine="h5netcdf", encoding=packing))
    return [] if format == "netcdf" else write_all(data, folder, format)


def _observations(
    how: Setting, asked: GivenFile, base: Path, leave_out: str | None
) -> tuple[Rows | None, Blocked | None]:
    """The rows of the observations, and their cells."""
    section = asked.observations
    if section is None:
        if leave_out:
            fix = f'[observations]\nfiles = "wells.csv", with a column {leave_out}'
            raise ConfigError(message("There are no observations to leave out.", where="--leave-out", fix=fix))
        return None, None
    rows = gather(how.model, section, how.grid, base, group=leave_out)
    return rows, block(how.model, rows, section, how.grid, how.offset)


def facts_of(
    how: Setting, asked: GivenFile, seen: Blocked | None, kept: Any, tested: Mapping[str, Any], notes: list[str]
) -> dict[str, Any]:
    """sample.json: everything the page says beside the realisations."""
    bundle, about = how.model.bundle, how.model.bundle.provenance
    section = asked.observations
    return {
        "model": how.model.title,
        "file": Path(bundle.source).name,
        "promise": bundle.promise,
        "count": how.count,
        "seed": how.seed,
        "sampler": how.plan.sampler,
        "steps": how.plan.steps,
        "target": how.model.target.name,
        "classes": list(how.model.target.classes.names) if how.model.target.classes else [],
        "given": asked.model_dump(exclude_none=True, exclude_defaults=True),
        "observations": None if seen is None or section is None else {**seen.facts, **section.model_dump()},
        "honoured": kept,
        "prior": about.get("prior"),
        "calibration": about.get("calibration"),
        "scores": dict(bundle.scores),
        "left_out": dict(tested) or None,
        "notes": notes,
    }
