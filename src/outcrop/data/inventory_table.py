"""The inventory as tables for the terminal: records, curves, and what needs attention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from outcrop.data import aliases

if TYPE_CHECKING:
    from outcrop.data.inventory import CurveStats, Inventory

MAX_PROBLEMS = 12
NARROW = ("p1", "median", "p99")
WIDE = 125
"""Columns of the terminal from which on there is room for every number."""


def tables(inventory: Inventory) -> Group:
    """Records, curves and problems, as one thing to print."""
    parts: list[RenderableType] = [_records(inventory), Text(), _Curves(inventory)]
    if inventory.problems:
        shown = inventory.problems[:MAX_PROBLEMS]
        more = len(inventory.problems) - len(shown)
        text = "\n".join(f"- {line}" for line in shown) + (f"\n- and {more} more" if more else "")
        parts.append(Text(f"\nTo look at:\n{text}\n"))
    return Group(*parts)


def _plain(title: str) -> Table:
    """A table without lines, as wide as what is in it."""
    return Table(title=Text(title, "bold"), title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))


def _records(inventory: Inventory) -> Table:
    count = len(inventory.records)
    table = _plain(f"{count} record{'' if count == 1 else 's'} ({inventory.format})")
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
        span = f"{record.axis.first} to {record.axis.last}{unit}"
        table.add_row(escape(record.name), f"{record.samples:,}", span, step, str(with_values))
    return table


class _Curves:
    """The curves as a table that leaves out minimum, maximum and gaps where the terminal is narrow."""

    def __init__(self, inventory: Inventory):
        self.inventory = inventory

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        numbers = NARROW if options.max_width < WIDE else (*NARROW, "min", "max", "gaps")
        inventory, table = self.inventory, _plain("curves")
        for heading in ("curve", "present", "unit", *numbers, "taken for"):
            side = "right" if heading in numbers else "left"
            table.add_column(heading, justify=side, no_wrap=side == "right", overflow="fold")
        table.columns[0].max_width = 24
        for name, stats in inventory.curves().items():
            told = _numbers(stats)
            units = ", ".join(unit or "none" for unit in inventory.units(name)) if stats else ""
            present = f"{100 * float(np.mean([s.present for s in stats])):.0f} % in {len(stats)}" if stats else "0 %"
            cells = (name, present, units, *(told.get(key, "") for key in numbers), _role(inventory, name))
            table.add_row(*map(Text, cells))
        yield table


def _numbers(stats: Sequence[CurveStats]) -> dict[str, str]:
    """Heading -> number: percentiles at the median of the records, extremes over all of them."""
    if not stats:
        return {}
    rows = np.array([(s.p1, s.median, s.p99, s.minimum, s.maximum) for s in stats])
    summary = [*np.median(rows[:, :3], axis=0), rows[:, 3].min(), rows[:, 4].max()]
    digits = "5g" if stats[0].values else "4g"
    told = ["" if np.isnan(v) else f"{v:.{digits}}" for v in summary]
    return dict(zip((*NARROW, "min", "max", "gaps"), [*told, str(sum(s.gaps for s in stats))], strict=True))


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
