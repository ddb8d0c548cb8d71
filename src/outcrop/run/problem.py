"""A run file turned into its data: records on one frame, variables resolved, nothing fitted yet.

First step of every run: files -> records -> joins -> groups -> variables. The audit, the rotation and the predictions
all start from the same `Problem`.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.config.schema import Config, DataSection, Source, TargetSection, VariableSection
from outcrop.data.crop import crop
from outcrop.data.frame import CONVERTED, Frame
from outcrop.data.regroup import regroup
from outcrop.data.units import has_unit
from outcrop.data.variable import ClassTable, Resolution, Variable, resolve
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.evaluate.distribution import Head
from outcrop.loss import table as losses
from outcrop.records import Record
from outcrop.run.class_table import class_table
from outcrop.run.cutouts import Tiled, cut
from outcrop.run.folder import fingerprint
from outcrop.run.reconstructed import only_clean, stand_in
from outcrop.run.start import Start, read_start
from outcrop.shown import Readable, Shown
from outcrop.split.promise import named_plainly


@dataclass(frozen=True, repr=False)
class Problem(Readable):
    """The data side of a run.

    Attributes:
        config: the run file.
        aligned: records as read, on the run's frame, with the curves of their files.
        records: the same with the declared variables only, in the declared units.
        variables: inputs, then the target, then the weight.
        frame: the run's frame.
        resolutions: which curve became which variable, one entry per record and variable.
        joins: counts of every join.
        notes: what was noticed on the way, in sentences.
        tiled: the records larger than memory of which `records` are a sample, in the same order; mostly none.
        start: the model file that training starts from, where the run file names one.
        links: names of sender and receiver of directed edges, where the run file names a table of them.
    """

    config: Config
    aligned: list[Record]
    records: list[Record]
    variables: list[Variable]
    frame: Frame
    resolutions: list[Resolution]
    joins: list[Any]
    notes: tuple[str, ...] = ()
    tiled: tuple[Tiled, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    start: Start | None = None

    def shown(self) -> Shown:
        """Records and variables."""
        kinds = [f"{len(v.classes.codes)} classes" if v.classes else v.unit or "" for v in self.variables]
        rows = [
            [v.name, v.role, kind, v.transform, v.missing if v.role == "input" else ""]
            for v, kind in zip(self.variables, kinds, strict=True)
        ]
        samples, labelled = sum(map(len, self.records)), sum(int(m.sum()) for m in self.labelled().values())
        facts = [
            ("records", f"{len(self.records):,}: {named_plainly([record.name for record in self.records])}"),
            ("samples", f"{samples:,}, {labelled:,} with a target, along {', '.join(self.records[0].dims)}"),
        ]
        return Shown("Problem", facts, ["variable", "role", "unit", "transform", "missing"], rows)

    @property
    def target(self) -> Variable:
        """The one target."""
        return next(v for v in self.variables if v.role == "target")

    @property
    def weight(self) -> Variable | None:
        """The weight of the target's labels, or None."""
        return next((v for v in self.variables if v.role == "weight"), None)

    @property
    def classes(self) -> ClassTable | None:
        """The classes, or None when the target is a number."""
        return self.target.classes

    @property
    def section(self) -> TargetSection:
        """What the run file says of the target."""
        return next(iter(self.config.data.target.values()))

    @property
    def reconstructs(self) -> tuple[str, ...]:
        """The inputs that are to be given back; empty where the target is something else."""
        return tuple(self.section.reconstruct or ())

    @property
    def generates(self) -> tuple[str, ...]:
        """The inputs whose distribution is learned; empty where the target is something else."""
        return tuple(self.section.generate or ())

    @property
    def out_size(self) -> int:
        """Number of outputs of the network per sample."""
        loss = self.config.loss
        if self.generates and self.classes:
            return len(self.classes.codes)
        if self.reconstructs or self.generates:
            return len(self.reconstructs or self.generates)
        classes = len(self.classes.codes) if self.classes else 0
        return losses.outputs(loss.kind, "class" if classes else "number", classes=classes, levels=loss.levels)

    @property
    def head(self) -> Head:
        """What these outputs mean."""
        loss = self.config.loss
        if self.generates:
            return Head("point")
        kind = losses.head_of(loss.kind, "class" if self.classes else "number")
        return Head(kind, tuple(loss.levels) if kind == "quantile" else ())

    def labelled(self) -> dict[str, np.ndarray]:
        """For every record, which samples have a target that counts: a label of weight 0 does not."""
        return {record.name: has_label(record, self.target, self.weight) for record in self.records}

    def fingerprint(self) -> str:
        """SHA-256 of the data: the hashes of all files and the definition of every variable."""
        files = [f"{r.name}:{r.sha256}" for r in sorted(self.records, key=lambda r: r.name)]
        return fingerprint([*files, json.dumps([variable_text(v) for v in self.variables])])


def variable_text(variable: Variable) -> str:
    """A variable's definition as text, for fingerprints."""
    return json.dumps(variable.to_json(), sort_keys=True, default=str)


def has_label(record: Record, target: Variable, weight: Variable | None = None) -> np.ndarray:
    """Which samples of a record have a target whose weight is not 0, shape (sample,)."""
    values = record.flat(target.name)
    known = values >= 0 if target.classes else np.isfinite(values)
    return known if weight is None else known & (record.flat(weight.name) != 0)


def load_problem(config: Config, base: Path) -> Problem:
    """Reads everything the run file names.

    Args:
        config: a validated run file.
        base: folder that relative paths in the run file start from.

    Raises:
        ConfigError, DataError: a file, curve, unit, class or axis is not what the run file says.
    """
    frame = frame_of(config.data)
    variables = variables_of(config.data, base)
    trusted = config.evaluate.high_confidence
    coded = (*class_curves(variables), *([trusted.curve] if trusted else []))
    aligned, joins = read_sources(config.data, frame, base, coded)
    aligned, more = add_groups(aligned, config.data.groups, base)
    aligned = crop(aligned, **config.data.crop.model_dump()) if config.data.crop else aligned
    if len(aligned) > 1:
        frame.check_steps(aligned)
    variables = expanded(variables, aligned)
    aligned, tiled = cut(config, aligned, variables)
    records, resolutions = resolve(aligned, variables)
    records = only_clean(records, config.data)
    notes = tuple(f"{record.name}: {note}" for record in aligned for note in record.notes)
    links, start = _links(config, base), read_start(config.model, base)
    problem = Problem(
        config, aligned, records, variables, frame, resolutions, joins + more, notes, tuple(tiled), links, start
    )
    if not any(mask.any() for mask in problem.labelled().values()):
        raise DataError(
            message(
                f"No record has a value of the target {problem.target.name!r}.",
                where=f"{len(records)} records",
                fix=f"check target.{problem.target.name}.from and the class table.",
            )
        )
    return problem


def frame_of(data: DataSection) -> Frame:
    """The run file's frame."""
    return Frame(**data.frame.model_dump())


def class_curves(variables: Sequence[Variable]) -> tuple[str, ...]:
    """Curves that hold codes: between two of them there is nothing to interpolate."""
    coded = [v for v in variables if v.classes is not None or v.weight_map is not None]
    return tuple(source for variable in coded for source in variable.sources)


def read_sources(data: DataSection, frame: Frame, base: Path, classes: Sequence[str]) -> tuple[list[Record], list[Any]]:
    """Reads the sources without `join`, brings them onto the frame, then joins the others in the order of the file."""
    records: list[Record] = []
    for name, source in data.source.items():
        if source.join is None:
            records += [frame.align(record, classes) for record in read_source(source, base, name)]
    joins = []
    for name, source in data.source.items():
        if source.join is not None:
            records, report = join_source(records, source, base, name)
            joins.append(report)
    return records, joins


def read_source(source: Source, base: Path, name: str) -> list[Record]:
    """The records of one source, without what the run file leaves out."""
    records = _read(source, base, name)
    known = {str(variable) for record in records for variable in record.data.data_vars}
    for unknown in [one for one in source.omit if one not in known]:
        fix = f"variables are {', '.join(sorted(known)[:12])}{did_you_mean(unknown, known)}."
        raise ConfigError(message(f"There is no {unknown!r} to omit.", where=f"source.{name}.omit", fix=fix))
    return [r.with_data(r.data.drop_vars(source.omit, errors="ignore")) for r in records] if source.omit else records


def _read(source: Source, base: Path, name: str) -> list[Record]:
    from outcrop.data import datasets
    from outcrop.data.read import read, under

    if source.dataset:
        return datasets.load(source.dataset)
    if source.simulation:
        from outcrop.simulate.table import simulate

        try:
            return simulate(source.simulation, count=source.count, seed=source.seed, **source.options)
        except ConfigError as error:
            raise ConfigError(f"source.{name}: {error}") from None
    patterns = [source.files] if isinstance(source.files, str) else list(source.files or [])
    try:
        return read([str(under(base, pattern)) for pattern in patterns], format=source.format, **source.options)
    except ConfigError as error:
        raise ConfigError(f"source.{name}: {error}") from None


def join_source(records: list[Record], source: Source, base: Path, name: str) -> tuple[list[Record], Any]:
    """Joins one further source to the records, by the kind of join the run file declares."""
    from outcrop.data import joins
    from outcrop.data.join_table import open_table
    from outcrop.data.read import matching, under

    given = [source.files] if isinstance(source.files, str) else list(source.files or [])
    files = matching([under(base, pattern) for pattern in given]) if given else []
    options = {key: value for key, value in source.join_options.items() if value not in ([], {})}
    for key in joins.PATHS:
        if key in options:
            options[key] = under(base, str(options[key]))
    depths = {"interval": (source.top, source.base), "survey": (source.md,), "depth": (options.get("axis", "DEPTH"),)}
    if source.join in depths and len(files) == 1:
        known = {key: options[key] for key in ("null", "encoding", "units", "text", "separator") if key in options}
        _check_depth_units(records, open_table(files[0], source.on, **known), depths[source.join], name)
    if source.format:
        options["format"] = source.format
    return joins.join(str(source.join), records, files, options, name=name)


def _check_depth_units(records: Sequence[Record], table: Any, columns: Sequence[str], name: str) -> None:
    """Where depths of the records were converted to metres, those of a joined table must say what they are."""
    converted = [record for record in records if any(note.startswith(CONVERTED) for note in record.notes)]
    silent = [column for column in columns if not has_unit(table.units.get(table.find(column), ""))]
    if converted and silent:
        record = converted[0].name
        what = f"The depth of {record} was converted to m, and {table.name} does not say what {silent[0]} is in."
        units = ", ".join(f'{column} = "ft"' for column in columns)
        raise DataError(message(what, where=f"source.{name}", fix=f'source.{name}.units = {{{units}}}, or "m"'))


def add_groups(records: list[Record], groups: Mapping[str, str], base: Path) -> tuple[list[Record], list[Any]]:
    """Adds the declared group keys: header items, or `table.csv:COLUMN` joined on the record's well.

    >>> add_groups([], {"field": "FLD"}, Path("."))
    ([], [])
    """
    joins: list[Any] = []
    for key, origin in groups.items():
        table, colon, column = origin.rpartition(":")
        if colon and " ~ " not in origin:
            from outcrop.data import join

            records, report = join.attributes(records, base / table, on="well", columns={column: key})
            joins.append(report)
        else:
            records = regroup(records, {key: origin})
    return records, joins


def variables_of(data: DataSection, base: Path) -> list[Variable]:
    """All declared variables: inputs, target, and the weight of the target's labels."""
    inputs = [_variable(name, section, "input") for name, section in data.variable.items()]
    name, section = next(iter(data.target.items()))
    classes = class_table(section, base, name) if section.classes is not None else None
    target = replace(_variable(name, section, "target"), classes=classes)
    for key in ("reconstruct", "generate"):
        if names := getattr(section, key):
            target = stand_in(name, key, names, inputs, classes)
    if data.view.past_target:
        inputs.append(_past(target, data))
    if data.view.hide:
        inputs.append(replace(target, name=f"{name}_KNOWN", role="input", missing="mask"))
    variables = [*inputs, target]
    if section.weight:
        weight = Variable(
            name=f"{name}_WEIGHT", role="weight", sources=(section.weight,), weight_map=section.weight_map
        )
        variables.append(weight)
    if re.search(r"\W", name):
        new = re.sub(r"\W+", "_", name)
        fix = f'target.{new} = {{from = ["{name}"]}}'
        what = f"{name!r} cannot name the curves that predictions are written to."
        raise ConfigError(message(what, where="[data] target", fix=fix))
    names = [v.name for v in variables]
    if len(set(names)) < len(names):
        twice = sorted({n for n in names if names.count(n) > 1})
        raise ConfigError(
            message(f"{', '.join(twice)} is declared twice.", where="[data]", fix="give every variable its own name.")
        )
    return variables


def _links(config: Config, base: Path) -> tuple[tuple[str, str], ...]:
    """The table of directed edges: columns from and to, with names of nodes.

    Raises:
        ConfigError: the table does not exist or lacks a column.
    """
    import pandas as pd

    if config.data.view.links is None:
        return ()
    path = base / config.data.view.links
    if not path.is_file():
        raise ConfigError(message(f"There is no table {str(path)!r}.", where="data.view.links", fix="check the path."))
    table = pd.read_csv(path, dtype=str)
    if not {"from", "to"} <= set(table.columns):
        fix = f"it has {', '.join(map(str, table.columns))}."
        raise ConfigError(message("The table of links needs the columns from and to.", where=str(path), fix=fix))
    return tuple(zip(table["from"], table["to"], strict=True))


def _past(target: Variable, data: DataSection) -> Variable:
    """The target's own past as an input, with a channel that says where it is known.

    Raises:
        ConfigError: nothing lies ahead, so that it would be the answer.
    """
    if not (data.view.lead or data.view.horizon):
        fix = "view = {history = 48, horizon = 24, past_target = true}, or lead = 1"
        what = "Without a horizon or lead the past of the target would hold what is to be predicted."
        raise ConfigError(message(what, where="data.view.past_target", fix=fix))
    return replace(target, name=f"{target.name}_PAST", role="input", missing="mask")


def expanded(variables: Sequence[Variable], records: Sequence[Record]) -> list[Variable]:
    """Variables whose name is a pattern ("NDVI_*") as one variable for each curve that matches it.

    Raises:
        DataError: a pattern that nothing matches.
    """
    found: list[Variable] = []
    known = list(dict.fromkeys(str(name) for record in records for name in record.data.data_vars))
    for variable in variables:
        if "*" not in variable.name:
            found.append(variable)
            continue
        names = fnmatch.filter(known, variable.name)
        if not names:
            fix = f"the records have {', '.join(known[:8])}."
            raise DataError(message(f"No curve matches {variable.name!r}.", where=variable.where, fix=fix))
        found += [replace(variable, name=name, sources=(name,)) for name in names]
    return found


def _variable(name: str, section: VariableSection, role: str) -> Variable:
    arguments = section.model_dump(include=set(VariableSection.model_fields) - {"sources"})
    return Variable(name=name, role=role, sources=tuple(section.sources or (name,)), **arguments)
