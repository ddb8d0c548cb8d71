"""What the worked examples measured, one row per network: read from `evidence.csv`, which comes with outcrop.

The table is written by `python examples/reproduce.py --evidence` from examples/*/results.json; a test keeps them equal.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from math import log
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("evidence.csv")


@dataclass(frozen=True)
class Measured:
    """One network on one example, beside the best baseline on the same split.

    Attributes:
        example: its folder.
        title: its first line.
        run: name of the run in results.json.
        view: how records were cut into examples.
        family: of networks.
        promise: where it had to work.
        metric: key of `metric.table.METRICS`.
        score, low, high: of the network, with its 95 % interval.
        baseline, baseline_score: the best one, and its score.
        word: "beats", "does not beat", "cannot tell", or "too few groups" where the difference is clear and no verdict
            is given on so few; "no rival" where nothing was fitted beside an equation; the network against that
            baseline.
        independent: independent samples of the target; None where an equation was solved and nothing held out.
        parameters: trainable numbers of one network.
    """

    example: str
    title: str
    run: str
    view: str
    family: str
    promise: str
    metric: str
    score: float
    low: float | None
    high: float | None
    baseline: str
    baseline_score: float
    word: str
    independent: float | None
    parameters: int

    @property
    def outcome(self) -> str:
        """The verdict on the best baseline, in words."""
        from outcrop.metric.table import METRICS

        lower = METRICS[self.metric].better != "higher"
        side = "ahead" if (self.score < self.baseline_score) == lower else "behind"
        return {
            "beats": "the network wins",
            "does not beat": "the network loses",
            "cannot tell": "too close to call",
            "too few groups": f"the network is {side}, on too few groups for a verdict",
            "no rival": "no other method was run",
        }[self.word]

    @property
    def sentence(self) -> str:
        """The row in words.

        >>> row = next(row for row in measured() if row.example == "08_air_quality")
        >>> row.sentence  # doctest: +NORMALIZE_WHITESPACE
        'gru in 08_air_quality (gru): root mean square error 60.5 (52.0 to 69.8), ridge regression on the window 60.2:
        too close to call, at about 932 independent samples'
        """
        from outcrop.evaluate.words import decimals, number, span
        from outcrop.metric.table import METRICS

        places = decimals(self.score)
        score, best = number(self.score, places), number(self.baseline_score, places)
        interval = "" if self.low is None or self.high is None else f" ({span(self.low, self.high, places)})"
        if self.independent is None:  # of solutions: errors of any size, and the range over networks or draws
            score, best = f"{self.score:.2g}", f"{self.baseline_score:.2g}"
            interval = "" if self.low is None or self.high is None else f" ({self.low:.2g} to {self.high:.2g})"
        many = "" if self.independent is None else f", at about {self.independent:,.0f} independent samples"
        return (
            f"{self.family} in {self.example} ({self.run}): {METRICS[self.metric].words} {score}{interval}, "
            f"{rival(self.baseline)} {best}: {self.outcome}{many}"
        )


def rival(name: str) -> str:
    """A baseline in words.

    >>> rival("linear_window")
    'ridge regression on the window'
    """
    from outcrop.evaluate.baselines import BASELINES
    from outcrop.evaluate.reconstruction import RECONSTRUCTIONS

    row = BASELINES.get(name) or RECONSTRUCTIONS.get(name)
    return row.words if row else name.replace("_", " ")


@cache
def measured(path: Path = FILE) -> tuple[Measured, ...]:
    """All rows of the table."""
    kinds = {entry.name: str(entry.type) for entry in fields(Measured)}
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            Measured(**{key: _value(text, kinds[key]) for key, text in row.items()}) for row in csv.DictReader(file)
        )


def _value(text: str, kind: str) -> Any:
    if kind == "str":
        return text
    if not text:
        return None
    return int(text) if kind == "int" else float(text)


def nearest(families: Sequence[str], view: str, independent: float | None, most: int = 3) -> tuple[Measured, ...]:
    """The rows that say most about a choice: the advised family first, then those with a similar number of samples.

    Of one example each outcome is told once.

    Args:
        families: the advised one first.
        view: how the records would be cut.
        independent: independent samples at hand.
        most: rows at most.
    """

    def far(row: Measured) -> tuple[bool, float]:
        apart = abs(log(row.independent / independent)) if independent and row.independent else 0.0
        return row.family != families[0], apart

    told: dict[tuple[str, str], Measured] = {}
    for row in sorted((row for row in measured() if row.view == view and row.family in families), key=far):
        told.setdefault((row.example, row.word), row)
    return tuple(told.values())[:most]
