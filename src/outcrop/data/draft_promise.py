"""The promise that a drafted run file makes: one that the files can keep, so that the draft passes `check`."""

from __future__ import annotations

import numpy as np

from outcrop.data.draft_text import line
from outcrop.data.inventory import Inventory, RecordStats

FEWEST_SNAPSHOTS = 6
"""Snapshots of a mesh below which areas are held out: one year of an ocean is nearly a copy of the next."""


def group_key(inventory: Inventory) -> str:
    """What one record is: a well, a station, or a record by its own name."""
    column = inventory.options.get("group")
    if column is None:
        return "well" if inventory.format in ("las", "dlis") else "record"
    return "well" if any(word in column.upper() for word in ("WELL", "UWI", "HOLE")) else "station"


def target_name(inventory: Inventory) -> str | None:
    """The curve that looks like the target, where there is just one."""
    candidates = inventory.targets()
    return candidates[0] if len(candidates) == 1 else None


def _holdable(inventory: Inventory) -> list[RecordStats]:
    """The records that can be held out: those with values of the target, or all where none is chosen."""
    target = target_name(inventory)
    if target is None:
        return list(inventory.records)
    return [r for r in inventory.records if target in r.curves and r.curves[target].present > 0]


def key_and_count(inventory: Inventory) -> tuple[str, int]:
    """The group key that the promise holds out, and how many of its groups there are.

    Of one network that is its stations or links, which stand along a dimension.
    """
    if inventory.nodes and len(inventory.records) == 1 and (inventory.places or inventory.edges):
        return inventory.nodes, inventory.sizes[inventory.nodes]
    records = _holdable(inventory)
    roots = {record.groups.get("well_root", record.name) for record in records}
    if inventory.format == "las" and len(roots) < len(records):
        return "well_root", len(roots)
    return group_key(inventory), len(records)


def promise(inventory: Inventory) -> list[str]:
    """The lines of the section."""
    key, count = key_and_count(inventory)
    noun = key.replace("_root", "")
    if inventory.places and inventory.structure == "mesh" and count < FEWEST_SNAPSHOTS:
        return _without_groups(inventory, noun, count)
    if count < 2 or (count < 3 and inventory.dim == "time"):
        return _without_groups(inventory, noun, count)
    why = "sidetracks share rock with their well" if key == "well_root" else f"the score is for a {key} never seen"
    folds = 7 if count >= 21 else 5 if count >= 10 else count
    lines = [line(f'new = "{key}"', why), line(f"folds = {folds}", f"{count} {noun}s, each tested once")]
    if inventory.nodes == key and inventory.dim == "time" and inventory.structure == "stations":
        lines.append(
            '# Forecasts for the same stations instead: later = DATE, view.kind = "sequences", family = "gru".'
        )
    if count == 2:
        lines.append(line("validation_share = 0", f"no {noun} is left to stop training early; a third would be"))
    return lines


def _without_groups(inventory: Inventory, noun: str, count: int) -> list[str]:
    """The promise where there are no groups to hold out: later along the axis, or rows at random."""
    lines = [f"# {count} {noun}{'s' * (count != 1)}: too few to hold out whole {noun}s."]
    if inventory.dim == "time":
        return [*lines, _later(inventory)]
    if inventory.dim == "depth":
        why = f"# A score for a new {noun} needs files of others; this one is for rock further down."
        return [*lines, why, _deeper(inventory)]
    if inventory.places and inventory.structure in ("cube", "images", "mesh"):
        return [
            *lines,
            line('area = {block_m = "auto"}', "blocks of the map in rotation, as wide as the target reaches"),
        ]
    reason = "rows are taken to be independent samples of one population"
    return [*lines, line(f'same_population = "{reason}"', "check: rows near each other flatter the score")]


def _deeper(inventory: Inventory) -> str:
    """`later` along depth, in metres as the frame has it: the boundary has a fifth of the samples below it."""
    axes = [record.axis for record in _holdable(inventory) or inventory.records]
    ends = [float(end) for axis in axes for end in (axis.first, axis.last)]
    boundary = min(ends) + 0.8 * (max(ends) - min(ends))
    return line(f'later = "{boundary:.6g}"', "depth in m; the deepest fifth is the test part")


def _later(inventory: Inventory) -> str:
    record = inventory.records[0]
    first, last = np.datetime64(record.axis.first, "D"), np.datetime64(record.axis.last, "D")
    boundary = first + (last - first) * 8 // 10
    return line(f'later = "{boundary}"', "the last fifth is the test part")
