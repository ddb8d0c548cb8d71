"""What an object looks like at a prompt and in a notebook: a title, facts, and a table, as text and as HTML.

A class says what there is to show (`shown`); the text and the page are made here, without any library.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

MOST_ROWS = 60
"""Rows of a table that are shown; longer ones say how many more there are."""
STYLE = "border-collapse:collapse;font-size:90%"
CELL = "padding:2px 12px 2px 0;vertical-align:top;text-align:{}"


@dataclass(frozen=True)
class Shown:
    """What there is to show of an object.

    Attributes:
        title: one line.
        facts: (name, value) pairs below it.
        columns: heads of the table; those that start with ">" are numbers and stand right.
        rows: cells as text.
        below: HTML that follows the table in a notebook, such as a picture; made here, never from data.
    """

    title: str
    facts: Sequence[tuple[str, str]] = ()
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    below: str = ""

    def text(self) -> str:
        """As aligned text.

        >>> print(Shown("split", [("promise", "new = well")], ["part", ">examples"], [["train", "120"]]).text())
        split
        promise  new = well
        part   examples
        train       120
        """
        wide = max((len(name) for name, _ in self.facts), default=0)
        lines = [self.title, *(f"{name.ljust(wide)}  {value}" for name, value in self.facts)]
        table = [[column.lstrip(">") for column in self.columns], *self._kept] if self.columns else []
        widths = [max(len(str(row[i])) for row in table) for i in range(len(self.columns))]
        for row in table:
            cells = [
                str(cell).rjust(width) if head.startswith(">") else str(cell).ljust(width)
                for cell, width, head in zip(row, widths, self.columns, strict=True)
            ]
            lines.append("  ".join(cells).rstrip())
        return "\n".join([*lines, *self._more])

    def html(self) -> str:
        """As HTML; every text is escaped.

        >>> Shown("a < b").html()
        '<div><b>a &lt; b</b></div>'
        """
        parts = [f"<b>{escape(self.title)}</b>"]
        if self.facts:
            parts.append(
                _table(
                    [
                        [f'<b style="white-space:nowrap">{escape(name)}</b>', escape(value)]
                        for name, value in self.facts
                    ],
                    ["", ""],
                )
            )
        if self.columns:
            heads = [f"<b>{escape(column.lstrip('>'))}</b>" for column in self.columns]
            rows = [[escape(str(cell)) for cell in row] for row in self._kept]
            parts.append(_table([heads, *rows], self.columns))
        parts += [f"<div>{escape(line)}</div>" for line in self._more]
        return f"<div>{''.join(parts)}{self.below}</div>"

    @property
    def _kept(self) -> list[Sequence[str]]:
        return list(self.rows[:MOST_ROWS])

    @property
    def _more(self) -> list[str]:
        left = len(self.rows) - MOST_ROWS
        return [f"... and {left:,} more"] if left > 0 else []


def _table(rows: Sequence[Sequence[str]], columns: Sequence[str]) -> str:
    """Rows of HTML cells as a table."""
    sides = [CELL.format("right" if column.startswith(">") else "left") for column in columns]
    body = "".join(
        "<tr>" + "".join(f'<td style="{side}">{cell}</td>' for cell, side in zip(row, sides, strict=True)) + "</tr>"
        for row in rows
    )
    return f'<table style="{STYLE}">{body}</table>'


class Readable:
    """An object that shows itself; its class has a method `shown`."""

    def shown(self) -> Shown:
        """What there is to show."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return self.shown().text()

    def _repr_html_(self) -> str:
        return self.shown().html()
