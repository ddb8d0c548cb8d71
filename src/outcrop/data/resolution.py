"""Resolution: which curve of one record became one variable, and what was done to it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Resolution:
    """One variable in one record.

    Attributes:
        record, variable: their names.
        source: curve that was used ("RHOB", or "RHOB + RHOZ" where gaps were filled); "" where there is none.
        unit: unit the file states, "" where it states none.
        conversion: what was done to the unit, as a sentence; "" where nothing was.
        missing: the record has no value at all.
        missing_share: share of its samples without a value, values out of range included.
        out_of_range: number of values removed because they lie outside the valid range, or where the transform is
            not defined (the logarithm of 0).
        others: other aliases that are in the file and were not used.
    """

    record: str
    variable: str
    source: str = ""
    unit: str = ""
    conversion: str = ""
    missing: bool = False
    missing_share: float = 0.0
    out_of_range: int = 0
    others: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The resolution as a dictionary."""
        return {**asdict(self), "others": list(self.others)}
