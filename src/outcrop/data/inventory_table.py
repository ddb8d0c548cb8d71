"""The inventory as tables for the terminal: records, curves, and what needs attention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from outcrop.data import aliases

if TYPE_CHECKING:
    from outcrop.data.inventory import CurveStats, Inventory

MAX_PROBLEMS = 12


def tables(inventory: Inventory) -> Group:
    """Records, curves and problems, as one thing to print."""
    parts: list[Table | Text] = [_records(inventory), _curves(inventory)]
    if inventory.problems:
        shown = inventory.problems[:MAX_PROBLEMS]
        more = len(inventory.problems) - len(shown)
        text = "\n".join(f"- {line}" for line in shown) + (f"\n- and {more} more" if more else "")
        parts.append(Text(f"To look at:\n{text}"))
    return Group(*parts)


def _records(inventory: Inventory) -> Table:
    table = Table(title=f"{len(inventory.records)} records ({inventory.format})", title_justify="left")
    for heading, side in (
        ("record", "left"),
        ("samples", "right"),
        (inventory.dim, "right"),
        ("step", "right"),
        ("curves", "right"),
    ):
        table.add_column(heading, justify=side)  # type: ignore[arg-type]
    for record in inventory.records:
        unit = f" {record.axis.unit}" if record.axis.unit else ""
        step = (
            ""
            if inventory.dim != "depth"
            else f"{record.axis.step:.4g}{unit}" + (f", {record.axis.unequal} unequal" if record.axis.unequal else "")
        )
        with_values = sum(stats.present > 0 for stats in record.curves.values())
        span = f"{record.axis.first} ... {record.axis.last}{unit}"
        table.add_row(escape(record.name), str(record.samples), span, step, str(with_values))
    return table


def _curves(inventory: Inventory) -> Table:
    table = Table(title="curves", title_justify="left")
    headings = ("curve", "records", "present", "unit", "min", "p1", "median", "p99", "max", "gaps", "taken for")
    for i, heading in enumerate(headings):
        table.add_column(heading, justify="right" if 0 < i < 10 and i != 3 else "left", no_wrap=i in (0, 1, 2))
    for name, stats in inventory.curves().items():
        table.add_row(
            escape(name),
            f"{len(stats)}/{len(inventory.records)}",
            *_numbers(inventory, name, stats),
            _role(inventory, name),
        )
    return table


def _numbers(inventory: Inventory, name: str, stats: Sequence[CurveStats]) -> list[str]:
    if not stats:
        return ["0 %", *[""] * 7]
    units = ", ".join(unit or "none" for unit in inventory.units(name))
    rows = np.array([(s.minimum, s.p1, s.median, s.p99, s.maximum) for s in stats])
    summary = [rows[:, 0].min(), *np.median(rows[:, 1:4], axis=0), rows[:, 4].max()]
    present = f"{100 * float(np.mean([s.present for s in stats])):.0f} %"
    return [
        present,
        escape(units),
        *("" if np.isnan(v) else f"{v:.5g}" if stats[0].values else f"{v:.4g}" for v in summary),
        str(sum(s.gaps for s in stats)),
    ]


def _role(inventory: Inventory, name: str) -> str:
    if name in inventory.targets():
        return f"target, {len(inventory.classes(name))} classes"
    if name in inventory.quality():
        return "label quality"
    if name in (inventory.position() or ()):
        return "position"
    if name.upper() in aliases.DEPTHS:
        return "depth"
    family = aliases.family_of(name)
    return family.help if family else ""
