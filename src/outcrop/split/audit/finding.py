"""One result of the audit: how serious, where, how large, and the fix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outcrop.shown import Readable, Shown

Level = Literal["violation", "inflation", "note"]
LEVELS: tuple[Level, ...] = ("violation", "inflation", "note")


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        check: name in CHECKS.
        level: "violation" is refused, "inflation" is warned about, "note" is told.
        place: what is wrong and where, with names.
        size: how large, in numbers.
        fix: what to do, as lines of the run file where possible.
        accepted: the user's reason for living with it; empty when it was not accepted.
    """

    check: str
    level: Level
    place: str
    size: str
    fix: str
    accepted: str = ""

    def __str__(self) -> str:
        tail = f" Accepted: {self.accepted}" if self.accepted else f" Fix: {self.fix}"
        return f"{self.check} ({self.level}): {self.place} ({self.size}).{tail}"


class Findings(Readable, list[Finding]):
    """All that an audit found, the most serious first: a list that shows itself as a table."""

    def shown(self) -> Shown:
        """One row per finding."""
        rows = [["accepted" if f.accepted else f.level, f.check, f.place, f.size, f.accepted or f.fix] for f in self]
        title = f"Audit: {len(self)} finding{'' if len(self) == 1 else 's'}" if self else "Audit: nothing found"
        return Shown(
            title, (), ["level", "check", "what and where", "size", "fix, or why accepted"] if rows else (), rows
        )


def share(part: float, whole: float) -> str:
    """A count with its percentage.

    >>> share(30, 1200)
    '30 of 1,200 (2.5 %)'
    """
    percent = 100 * part / max(whole, 1)
    return f"{int(part):,} of {int(whole):,} ({percent:.3g} %)"
