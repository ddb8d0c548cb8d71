"""Network against one baseline, in a word and a sentence, from the paired interval over groups."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from outcrop.evaluate.baselines import BASELINES
from outcrop.evaluate.interval import Bootstrap, Interval
from outcrop.evaluate.reconstruction import RECONSTRUCTIONS
from outcrop.evaluate.resample import Units
from outcrop.evaluate.scored import MODEL
from outcrop.evaluate.words import decimals, number, span
from outcrop.metric.table import find

BEATS, DOES_NOT_BEAT, CANNOT_TELL = "beats", "does not beat", "cannot tell"
FEWEST_FOR_A_VERDICT = 6
"""With five groups all on one side, chance alone does the same in 1 of 16 draws (sign test): too often for 95 %."""


@dataclass(frozen=True)
class Verdict:
    """One comparison: `difference` is positive where the network is better, in the unit of `metric`."""

    word: str
    difference: float
    low: float | None
    high: float | None
    metric: str
    sentence: str

    def plain(self) -> dict[str, Any]:
        """The entry of metrics.json."""
        return asdict(self)


def word(difference: Interval, groups: int) -> str:
    """ "beats" or "does not beat" where the interval excludes zero over enough groups, else "cannot tell".

    >>> word(Interval(0.08, 0.02, 0.14), 28), word(Interval(-0.1, -0.2, -0.1), 28), word(Interval(0.1, 0.02, 0.14), 3)
    ('beats', 'does not beat', 'cannot tell')
    """
    if difference.low is None or difference.high is None or groups < FEWEST_FOR_A_VERDICT:
        return CANNOT_TELL
    if difference.low > 0:
        return BEATS
    return DOES_NOT_BEAT if difference.high <= 0 else CANNOT_TELL


def phrase(name: str) -> tuple[str, str, str]:
    """How a baseline enters a sentence: its words, the verb and the pronoun.

    >>> phrase("boosted_trees"), phrase("persistence")
    (('boosted trees', 'reach', 'them'), ('persistence', 'reaches', 'it'))
    """
    row = BASELINES.get(name) or RECONSTRUCTIONS.get(name)
    if row is None:
        return name.replace("_", " "), "reaches", "it"
    return row.words, "reach" if row.is_plural else "reaches", "them" if row.is_plural else "it"


def sentence(name: str, score: float, difference: Interval, units: Units, unit: str = "") -> str:
    """The comparison in one sentence, numbers rounded as its interval allows.

    >>> import numpy as np
    >>> wells = Units(np.arange(28), tuple("abcdefghijklmnopqrstuvwxyz12"), "well")
    >>> sentence("boosted_trees", 0.701, Interval(0.081, 0.02, 0.14), wells)
    'boosted trees on the same split reach 0.70: the network beats them by 0.08 (0.02 to 0.14)'
    """
    words, verb, pronoun = phrase(name)
    low, high = difference.low, difference.high
    places = decimals(difference.value, low, high)
    start = f"{words} on the same split {verb} {number(score, places, unit)}: "
    gap = number(abs(difference.value), places)
    side = f"the network is {'ahead of' if difference.value > 0 else 'behind'} {pronoun} by {gap}"
    if low is None or high is None:
        return f"{start}{side}, {difference.reason}"
    answer = word(difference, len(units))
    if answer == BEATS:
        return f"{start}the network beats {pronoun} by {gap} ({span(low, high, places)})"
    if answer == DOES_NOT_BEAT:
        return f"{start}the network loses to {pronoun} by {gap} ({span(-high, -low, places)})"
    if len(units) < FEWEST_FOR_A_VERDICT:
        return f"{start}{side}, but {units.sentence} are too few to tell (at least {FEWEST_FOR_A_VERDICT})"
    ends = f"between {number(-low, places)} behind and {number(high, places)} ahead"
    return f"{start}too close to call, {side} ({ends})"


def verdicts(bootstrap: Bootstrap, metric: str) -> dict[str, Verdict]:
    """The verdict on every baseline, all on the same draws of groups."""
    unit = bootstrap.scored.unit if find(metric).has_unit else ""
    results = {}
    for name in bootstrap.scored.baselines:
        gap = bootstrap.difference(metric, MODEL, name)
        text = sentence(name, bootstrap.pooled(metric, name), gap, bootstrap.units, unit)
        results[name] = Verdict(word(gap, len(bootstrap.units)), gap.value, gap.low, gap.high, metric, text)
    return results
