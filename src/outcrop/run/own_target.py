"""Examples whose target is their own input, given back or generated: encoded tables, noise, conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from outcrop.data.normalise import Encoded, Normaliser
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.model import table as families
from outcrop.records import Record
from outcrop.split.promise import Split
from outcrop.view.corrupted import Corrupted, Noise
from outcrop.view.generated import Generated, Given
from outcrop.view.view import View

if TYPE_CHECKING:
    from outcrop.config.schema import NoiseSection
    from outcrop.run.problem import Problem

VIEWS = ("points", "windows", "patches")


def with_own_target(problem: Problem, normaliser: Normaliser, record: Record) -> Encoded:
    """A record as the network sees it; target (sample, variable) are inputs of its own, on the inputs' scale.

    Classes that are generated have a column each, 1 where it is the class and -1 elsewhere. The weight is that of the
    sample, and 0 where the value itself is missing.
    """
    table = normaliser.encode(record)
    if table.weight is None or table.target is None:
        return table
    if problem.generates and problem.classes:
        coded = np.where(table.target[:, None] == np.arange(problem.out_size), 1.0, -1.0).astype(np.float32)
        return replace(table, target=coded, weight=np.repeat(table.weight[:, None], problem.out_size, axis=1))
    own = list(columns_of(normaliser, problem.reconstructs or problem.generates))
    present = np.isfinite(normaliser.encode(record, fill=False).inputs[:, own])
    target = np.where(present, table.inputs[:, own], np.nan).astype(np.float32)
    return replace(table, target=target, weight=(present * table.weight[:, None]).astype(np.float32))


def columns_of(normaliser: Normaliser, names: tuple[str, ...]) -> tuple[int, ...]:
    """The input channels of some variables."""
    layout = normaliser.layout
    return tuple(layout[name].values[0] for name in names)


def examples_of(
    problem: Problem, view: View, split: Split, normaliser: Normaliser, tables: Mapping[str, Encoded]
) -> Any:
    """The view, whose examples are given noise, a scale of their own or conditions where the run file asks for it."""
    if problem.generates:
        return Generated(view, conditions_of(problem, normaliser), given_of(problem, view))
    if not problem.reconstructs:
        return view
    section, noise = problem.section, None
    columns = columns_of(normaliser, problem.reconstructs)
    if section.noise is not None:
        noise = _noise(problem, view, split, tables, columns, section.noise)
    return Corrupted(view, columns_read(view, columns, normaliser.in_channels), noise, section.rescale)


def conditions_of(problem: Problem, normaliser: Normaliser) -> tuple[int, ...]:
    """The input channels that a generator is told: all of inputs that are not generated, of others where they are."""
    told = [
        (place.present,) if name in problem.generates and place.present is not None else place.every
        for name, place in normaliser.layout.items()
        if name not in problem.generates or place.present is not None
    ]
    return tuple(sorted(channel for every in told for channel in every))


def dims_of(view: View) -> tuple[str, ...]:
    """The dimensions of an example; a patch may lack some of its record's, such as the time of a map."""
    return () if view.kind == "points" else tuple(map(str, getattr(view, "dims", view.cells.dims)))


def given_of(problem: Problem, view: View) -> Given | None:
    """Which values of what is generated are known; None where the run file gives none."""
    section = problem.section.given
    if section is None:
        return None
    dims = list(dims_of(view))
    for name in [*([] if section.along is None else [section.along]), *section.size]:
        if name not in dims or view.kind == "points":
            what = f"The examples have no dimension {name!r}{did_you_mean(name, dims)}."
            fix = f"their dimensions are {', '.join(dims)}."
            raise ConfigError(message(what, where=f"target.{problem.target.name}.given", fix=fix))
    shape = view.input_shape(1)[:-1]
    size = tuple(section.size.get(dim, whole) for dim, whole in zip(dims, shape, strict=False))
    test = sum(section.count) // 2 if section.test is None else section.test
    along = 0 if section.along is None else dims.index(section.along)
    return Given(section.kind, section.count, test, along, size, section.seed, section.interpolate)


def told_channels(problem: Problem, normaliser: Normaliser) -> int:
    """Channels of what a generator is told: conditions, a surface, known values, and where they are known."""
    given, told = problem.section.given, len(conditions_of(problem, normaliser))
    return told if given is None else told + (1 + given.interpolate) * problem.out_size + 1


def columns_read(view: View, columns: tuple[int, ...], channels: int) -> tuple[int, ...]:
    """Where these channels of an example's own sample stand: point examples hold those of their neighbours too."""
    context = getattr(view, "context", (0,))
    return tuple(context.index(0) * channels + column for column in columns) if view.kind == "points" else columns


def check_view(problem: Problem, view: View) -> None:
    """What cannot be given back by this view, family or loss.

    Raises:
        ConfigError: with what to change.
    """
    if problem.generates:
        _check_generated(problem, view)
    if not problem.reconstructs:
        return
    where, noise = f"target.{problem.target.name}", problem.section.noise
    fix = f'view = {{kind = "{"windows" if noise else VIEWS[0]}"}}, and a family that works on it'
    if view.kind not in VIEWS or (noise and (view.kind != "windows" or len(view.cells.dims) > 1)):
        able = "windows along one dimension" if noise else ", ".join(VIEWS)
        what = f"Inputs are given back {'without noise ' if noise else ''}by {able}, not by {view.kind}."
        raise ConfigError(message(what, where=f"{where} and data.view", fix=fix))
    if view.kind == "points" and (problem.section.rescale or 0 not in getattr(view, "context", ())):
        what = "A point is given back from itself, on the scale of all samples."
        raise ConfigError(message(what, where=where, fix="no rescale, and a context that holds 0; or windows."))
    if problem.head.kind != "point":
        what = f"The loss {problem.config.loss.kind!r} does not give inputs back."
        raise ConfigError(message(what, where=f"{where} and [loss]", fix='kind = "mse", "mae", "huber" or "elbo"'))
    if problem.tiled or problem.start is not None:
        what = "Records larger than memory, and fine-tuning, are not for targets that are reconstructed."
        raise ConfigError(message(what, where=where, fix="a larger data.memory_mb; no model.start_from."))
    if noise and noise.noise_only:
        if not problem.config.promise.new:
            what = "Recorded noise is kept apart by groups; this promise has none."
            raise ConfigError(message(what, where=f"{where}.noise_only and [promise]", fix='[promise] new = "station"'))
        if view.read_size > noise.noise_only[1] - noise.noise_only[0]:
            what = f"Windows of {view.read_size} samples are longer than the noise of a record."
            raise ConfigError(message(what, where="data.view.length", fix="shorter windows, or a wider noise_only."))


def _check_generated(problem: Problem, view: View) -> None:
    """What cannot be generated by this view, family or loss."""
    where, family = f"target.{problem.target.name}", families.family(problem.config.model.family)
    if not family.generates:
        able = ", ".join(name for name, entry in families.FAMILIES.items() if entry.generates)
        what = f"The family {family.name!r} does not generate."
        raise ConfigError(message(what, where="model.family", fix=f"one of {able}"))
    if view.kind not in VIEWS or (view.kind == "points" and getattr(view, "context", (0,)) != (0,)):
        what = f"Examples are generated as {', '.join(VIEWS)} (points without a context), not as {view.kind}."
        raise ConfigError(message(what, where=f"{where} and data.view", fix='view = {kind = "patches", size = {...}}'))
    if view.kind == "points" and problem.section.given is not None:
        what = "A point that is given has nothing left to generate."
        raise ConfigError(message(what, where=f"{where}.given", fix="leave it out, or windows or patches."))
    given_of(problem, view)
    if problem.tiled or problem.start is not None or problem.config.search is not None:
        what = "Records larger than memory, fine-tuning and [search] are not for targets that are generated."
        raise ConfigError(message(what, where=where, fix="a larger data.memory_mb; no model.start_from; no [search]."))


def _noise(
    problem: Problem,
    view: View,
    split: Split,
    tables: Mapping[str, Encoded],
    columns: tuple[int, ...],
    section: NoiseSection,
) -> Noise:
    names = view.origins.names
    amplitude = np.array([_amplitude(tables[name]) for name in names])
    measured = np.array([_measured(tables[name], len(columns)) for name in names])
    ratios, span = tuple(float(r) for r in section.snr_db), tuple(float(r) for r in section.train_snr_db)
    if section.noise_only is None:
        return Noise(amplitude, measured, ratios, (span[0], span[1]), seed=section.seed, names=tuple(names))
    first, stop = section.noise_only
    recorded = {}
    for which, name in enumerate(names):
        cut = tables[name].inputs[first:stop, list(columns)]
        cut = cut - cut.mean(axis=0)
        if np.isfinite(cut).all() and np.square(cut).mean() > 0:
            recorded[which] = cut
    donors = _donors(problem, view, split, np.array(sorted(recorded), np.int64))
    used = np.unique(view.origins.record[np.concatenate(list(split.parts.values()))])
    lacking = [names[which] for which in used if not len(donors[which])]
    if lacking:
        what = f"No record of its part of the split has noise to add to {lacking[0]}."
        fix = "another noise_only, or more groups in every part."
        raise DataError(message(what, where=f"target.{problem.target.name}.noise.noise_only", fix=fix))
    return Noise(amplitude, measured, ratios, (span[0], span[1]), donors, recorded, section.seed, tuple(names))


def _amplitude(table: Encoded) -> float:
    """Root mean square of what is clean in a record; 1 where nothing is."""
    if table.target is None or table.weight is None or not (table.weight > 0).any():
        return 1.0
    return float(np.sqrt(np.square(table.target[table.weight > 0]).mean()))


def _measured(table: Encoded, columns: int) -> np.ndarray:
    """Which columns of a record have a clean value; all of them where none is asked for."""
    found = np.zeros(columns, bool) if table.weight is None else (table.weight > 0).any(axis=0)
    return found if found.any() else np.ones(columns, bool)


def _donors(problem: Problem, view: View, split: Split, able: np.ndarray) -> list[np.ndarray]:
    """For every record the other records of its part that have noise; its own where there is no other, if it has any.

    Groups that are in no part of the split keep to themselves.
    """
    part_of = {group: part for part, groups in split.groups.items() for group in groups}
    groups = view.origins.groups[str(problem.config.promise.new)]
    part = np.array([part_of.get(str(group), f"none {group}") for group in groups])
    found = []
    for which in range(len(groups)):
        same = able[part[able] == part[which]]
        others = same[same != which]
        found.append(others if len(others) else same)
    return found
