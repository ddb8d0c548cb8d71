"""The run file that an inventory proposes: every choice in it is written out with its reason, for a person to check.

What the files do not tell is left as a commented line; nothing is chosen by a guess that the reader cannot see.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import wrap
from typing import Any

import numpy as np

from outcrop.data import aliases
from outcrop.data.draft_promise import group_key, promise, target_name
from outcrop.data.draft_text import line, one_line, string, strings, toml, toml_key
from outcrop.data.draft_view import usual, view
from outcrop.data.inventory import Inventory, shares
from outcrop.data.units import convert, has_unit
from outcrop.errors import DataError

MIN_SHARE_OF_RECORDS = 0.5
COMPLETE = 0.98
WIDTH = 110
"""Columns of a comment."""


@dataclass(frozen=True)
class Proposal:
    """The network that a draft proposes; what is chosen from is said in `config/choice.py`.

    Attributes:
        view: how records are cut into examples.
        family: of networks.
        why: of the family, for the comment behind it.
        arguments: of `[model]`, beside the family.
        notes: comment lines above the section.
        steps: of training, at most.
        target: the curve to predict; "" where the inventory may guess it.
    """

    view: str
    family: str
    why: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()
    steps: int = 1500
    target: str = ""


def draft(inventory: Inventory, folder: str | Path | None = None, proposal: Proposal | None = None) -> str:
    """The text of the run file; without a proposal a U-Net on windows of wells, else a dense network on samples."""
    target = (proposal and proposal.target) or target_name(inventory)
    if proposal is None:
        windows = usual(inventory) == "windows"
        family, why = ("unet1d", "reads whole depth windows") if windows else ("mlp", "reads single samples")
        proposal = Proposal(usual(inventory), family, why)
    sections = [
        _opening(inventory),
        "[data]                                   # 1. what goes in, what comes out\n"
        + "\n".join(
            [
                *_source(inventory, folder),
                *_groups(inventory),
                *_frame(inventory),
                view(inventory, proposal.view),
                *_variables(inventory, target),
            ]
        ),
        _target(inventory, target),
        "[promise]                                # 4a. which assumption the score rests on\n"
        + "\n".join(promise(inventory)),
        "\n".join(_model(inventory, proposal, target)),
    ]
    return "\n\n".join(sections) + "\n"


def _opening(inventory: Inventory) -> str:
    count, samples = len(inventory.records), sum(record.samples for record in inventory.records)
    records = f"{count:,} record{'s' * (count != 1)}, {samples:,} samples"
    lines = ["# Drafted by outcrop from these files; each choice is a proposal, check it.", f"# {records}."]
    lines += [f"# To look at: {one_line(problem)}" for problem in inventory.problems[:20]]
    return "\n".join(lines)


def _source(inventory: Inventory, folder: str | Path | None) -> list[str]:
    files = [_relative(name, folder) for name in inventory.files]
    listed = string(files[0]) if len(files) == 1 else strings(files)
    options = "".join(f", {key} = {toml(value)}" for key, value in inventory.options.items() if value not in (None, ()))
    comment = "null: these codes mean missing, though the headers do not say so" if "null" in inventory.options else ""
    name = "logs" if inventory.structure == "wells" else "data"
    return [line(f"source.{name} = {{files = {listed}{options}}}", comment)]


def _relative(name: str, folder: str | Path | None) -> str:
    path = Path(name).expanduser()
    return path.as_posix() if folder is None or path.is_absolute() else Path(os.path.relpath(path, folder)).as_posix()


def _groups(inventory: Inventory) -> list[str]:
    column = None if "network" in inventory.options else inventory.options.get("group")
    return (
        [line(f"groups = {{{group_key(inventory)} = {string(column)}}}", "one record per value of this column")]
        if column
        else []
    )


def _frame(inventory: Inventory) -> list[str]:
    lines = []
    if inventory.dim == "depth":
        axis = inventory.axis.upper()
        vertical = "tvdss" if "TVDSS" in axis else "tvd" if "TVD" in axis else "md"
        lines.append(line(f'frame.vertical = "{vertical}"', f"axis {inventory.axis}; md, tvd or tvdss: check"))
        lines += _axis_rules(inventory)
    if (position := inventory.position()) is not None:
        lines.append(
            line(f"frame.easting = {string(position[0])}", "map coordinates in metres, for distances between records")
        )
        lines.append(f"frame.northing = {string(position[1])}")
        lines.append(line('# frame.crs = "EPSG:23031"', "the files do not say; fill in yours"))
    return lines


def _axis_rules(inventory: Inventory) -> list[str]:
    """Rules the axes need, each with the records that need it."""
    lines = []
    descending = [record.name for record in inventory.records if record.axis.descending]
    repeated = [record.name for record in inventory.records if record.axis.repeated]
    unequal = [record.name for record in inventory.records if record.axis.unequal]
    if descending:
        lines.append(line('frame.order = "sort"', f"depth decreases in {_some(descending)}"))
    if repeated:
        lines.append(line('frame.duplicates = "first"', f'repeated depths in {_some(repeated)}; or "mean"'))
    if others := [record.name for record in inventory.other_steps()]:
        lines.append(
            line(
                f"frame.step_m = {inventory.usual_step():.4g}", f"resampled, because {_some(others)} have another step"
            )
        )
    elif unequal:
        lines.append(
            line(
                f"frame.step_m = {inventory.usual_step():.4g}",
                f"resampled, because of unequal steps in {_some(unequal)}",
            )
        )
    return lines


def _some(names: list[str]) -> str:
    return one_line(", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else ""))


@dataclass(frozen=True)
class _Input:
    """One proposed variable: its aliases in the files, most frequent first."""

    name: str
    sources: list[str]
    family: aliases.Family
    records: int
    present: float


def _inputs(inventory: Inventory) -> list[_Input]:
    by_family: dict[str, list[str]] = {}
    for name, stats in inventory.curves().items():
        family = aliases.family_of(name)
        if family is not None and stats:
            by_family.setdefault(family.name, []).append(name)
    proposed = []
    for family in aliases.FAMILIES:
        if sources := by_family.get(family.name):
            with_values = [
                r for r in inventory.records if any(s in r.curves and r.curves[s].present > 0 for s in sources)
            ]
            present = [max(r.curves[s].present for s in sources if s in r.curves) for r in with_values]
            share = float(np.mean(present)) * len(with_values) / len(inventory.records)
            proposed.append(_Input(sources[0].split(":")[0], sources, family, len(with_values), share))
    return proposed


def _variables(inventory: Inventory, target: str | None) -> list[str]:
    lines, used = [], {target}
    for entry in _inputs(inventory):
        used.update(entry.sources)
        if target in entry.sources:
            continue
        common = entry.records >= MIN_SHARE_OF_RECORDS * len(inventory.records)
        known = f"{entry.family.help}, in {entry.records} of {len(inventory.records)} records"
        if not entry.family.proposed:
            known += "; says more about the drilling than about the rock"
        lines.append(line(("" if common and entry.family.proposed else "# ") + _variable(inventory, entry), known))
    used.update(inventory.position() or ())
    others = [
        name
        for name in inventory.curves()
        if name not in used and name.upper() not in aliases.DEPTHS and shares(inventory, name)[0]
    ]
    others = [name for name in others if name not in inventory.quality() and name not in inventory.targets()]
    measured = any(not line.startswith("#") for line in lines)
    for name in others:
        numeric = any(not np.isnan(stats.median) for stats in inventory.curves()[name])
        units = [unit for unit, _ in inventory.units(name).most_common() if unit]
        unit = f", unit = {string(units[0])}" if units else ""
        comment = f"in {_in_records(inventory, name)}; what it measures is not known here"
        coded = name in inventory.labels() and inventory.structure != "fields"  # a medium of two values is an input
        keep = numeric and not measured and not coded
        lines.append(
            line(f"{'' if keep else '# '}variable.{toml_key(name)} = {{from = {strings([name])}{unit}}}", comment)
        )
    return lines if any(not line.startswith("#") for line in lines) else [*lines, *_coordinates(inventory)]


def _coordinates(inventory: Inventory) -> list[str]:
    """Inputs that every record has: the calendar, or the last coordinate of its grid."""
    why = "no other curve is there to be an input"
    if "time" in inventory.sizes:
        day = np.timedelta64(1, "D") / np.timedelta64(1, "s")
        hour = [line('variable.hour = {from = ["time"], transform = "sin_cos:1"}', f"hour of the day: {why}")]
        season = line('variable.season = {from = ["time"], transform = "sin_cos:365.25"}', f"day of the year: {why}")
        return [season, *(hour if inventory.usual_step() < day else [])]
    name = "latitude" if inventory.structure == "mesh" else list(inventory.sizes)[-1]
    return [line(f"variable.{toml_key(f'{name}_input')} = {{from = {strings([name])}}}", f"a coordinate: {why}")]


def _variable(inventory: Inventory, entry: _Input) -> str:
    parts = [f"from = {strings(entry.sources)}", *_unit(inventory, entry)]
    if entry.family.transform != "none":
        parts.append(f'transform = "{entry.family.transform}"')
    incomplete = entry.records < len(inventory.records) or entry.present < COMPLETE
    parts.append('missing = "mask"' if incomplete else 'missing = "impute"')
    return f"variable.{toml_key(entry.name)} = {{{', '.join(parts)}, clip = 5}}"


def _unit(inventory: Inventory, entry: _Input) -> list[str]:
    """Unit, declared unit where a file has none, and the range in that unit when the data mostly lie inside."""
    units: Counter[str] = Counter()
    for source in entry.sources:
        units.update(inventory.units(source))
    stated = [unit for unit, _ in units.most_common() if has_unit(unit)]
    wanted = entry.family.unit if all(_convertible(unit, entry.family.unit) for unit in stated) else stated[0]
    parts = [f"unit = {string(wanted)}"] + ([f"assume_unit = {string(wanted)}"] if units[""] else [])
    bounds = entry.family.valid_range
    if bounds is not None and wanted == entry.family.unit and _mostly_inside(inventory, entry, bounds):
        parts.append(f"range = [{bounds[0]:g}, {bounds[1]:g}]")
    return parts


def _convertible(unit: str, wanted: str) -> bool:
    try:
        convert(np.zeros(1), unit, wanted)
    except DataError:
        return False
    return True


def _mostly_inside(inventory: Inventory, entry: _Input, bounds: tuple[float, float]) -> bool:
    medians = []
    for source in entry.sources:
        for stats in inventory.curves()[source]:
            if has_unit(stats.unit) and _convertible(stats.unit, entry.family.unit):
                medians.append(float(convert(np.array([stats.median]), stats.unit, entry.family.unit)[0][0]))
            else:
                medians.append(stats.median)
    return all(bounds[0] <= median <= bounds[1] for median in medians)


def _target(inventory: Inventory, target: str | None) -> str:
    if target is None:
        named = inventory.targets() or inventory.labels()
        found = (
            f"several curves could be it: {', '.join(named[:8])}"
            if named
            else "no curve looks like interpreted classes"
        )
        lines = [
            f"# No target was chosen: {one_line(found)}.",
            "# Name the curve to predict here; a number needs no classes:",
            "# [data.target.NAME]",
            f'# from = ["{one_line(named[0]) if named else "CURVE"}"]',
        ]
        return "\n".join(lines)
    counts = inventory.classes(target)
    if not counts:
        units = [unit for unit, _ in inventory.units(target).most_common() if unit]
        unit = [f"unit = {string(units[0])}"] if units else []
        source = line(f"from = {strings([target])}", f"a number, in {_in_records(inventory, target)}")
        return "\n".join([f"[data.target.{toml_key(_short(target))}]", source, *unit])
    numeric = all(isinstance(code, int) for code in counts)
    names = aliases.FORCE_LITHOLOGY if numeric and set(counts) <= set(aliases.FORCE_LITHOLOGY) else {}
    holders = {code: sum(code in s.values for s in inventory.curves()[target]) for code in counts}
    lines = [
        f"[data.target.{toml_key(_short(target))}]",
        line(f"from = {strings([target])}", f"in {_in_records(inventory, target)}"),
        *_weight(inventory),
        "",
        f"[data.target.{toml_key(_short(target))}.classes]",
    ]
    for code, count in counts.most_common():
        name = names.get(code, str(code))
        lines.append(line(f"{toml_key(str(code))} = {string(name)}", f"{count} samples in {holders[code]} records"))
    return "\n".join(lines)


def _short(target: str) -> str:
    """A name that predictions can be written under."""
    known = next((name for name in ("LITHOLOGY", "FACIES") if name in target.upper()), target)
    return re.sub(r"\W+", "_", known)


def _in_records(inventory: Inventory, name: str) -> str:
    return f"{shares(inventory, name)[0]} of {len(inventory.records)} records"


def _weight(inventory: Inventory) -> list[str]:
    """The label quality, proposed in a comment: what its values mean is for a person to say."""
    for name in inventory.quality()[:1]:
        values = sorted(inventory.classes(name))
        example = ", ".join(f'"{value}" = {max(1.0 - 0.3 * i, 0.1):.1f}' for i, value in enumerate(values))
        comment = "label quality; which value is the best?"
        return [line(f"# weight = {string(name)}", comment), f"# weight_map = {{{example}}}"]
    return []


BATCH = {"points": 256, "windows": 32, "patches": 8, "sequences": 32, "graphs": 8}
"""View -> examples per step."""


def _model(inventory: Inventory, proposal: Proposal, target: str | None) -> list[str]:
    lines = [
        *(row for note in proposal.notes for row in wrap(note, WIDTH, initial_indent="# ", subsequent_indent="#   ")),
        "[model]                                  # 2. what is learned",
        line(f'family = "{proposal.family}"', proposal.why),
        *(f"{key} = {toml(value)}" for key, value in proposal.arguments.items()),
        "",
        "[loss]                                   # 3. what is minimised",
    ]
    if target is not None and inventory.classes(target):
        lines += [
            'kind = "cross_entropy"',
            line('class_weights = "sqrt"', "rare classes count more: none, sqrt or balanced"),
        ]
    elif target is not None and inventory.structure == "fields":
        lines.append(line('kind = "relative_l2"', "the error of each field beside its size"))
    batch, examples = BATCH[proposal.view], "samples" if proposal.view == "points" else proposal.view
    lines += [
        "",
        "[train]                                  # 4b. how it is found",
        line(f"steps = {proposal.steps}", "at most; training stops when the validation part no longer improves"),
        line(f"batch_size = {batch}", f"{examples} per step"),
        "learning_rate = 1e-3",
    ]
    if proposal.view == "windows" and inventory.structure == "wells":
        lines.append(
            line(
                "augment = {curve_dropout = 0.2, gain_sd = 0.1, shift_sd = 0.1}",
                "tool and calibration differences between wells",
            )
        )
    return [*lines, "", "[evaluate]", line('optimism_gap = "auto"', "what a random split would have promised")]
