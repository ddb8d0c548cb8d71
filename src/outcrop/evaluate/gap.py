"""The optimism gap: what a naive random split of the same sizes would have promised, beside the promised score."""

from __future__ import annotations

from typing import Any

from outcrop.evaluate.words import decimals, number
from outcrop.metric.table import find


def optimism_gap(
    random: float, promised: float, metric: str, *, unit: str = "", noun: str = "record"
) -> dict[str, Any]:
    """The entry of metrics.json.

    Args:
        random: score of the same network, trained and tested on a random split of the same sizes.
        promised: its score under the promise, on a split of the same sizes.
        metric: which score both are.
        unit: unit of the target.
        noun: what the promise holds out, for the sentence.

    Returns:
        `random`, `promised`, `gap` (positive where the random split flatters, in the metric's unit) and `sentence`.

    >>> optimism_gap(0.35, 0.62, "expected_cost", noun="well")["sentence"].split(": ")[1]
    'it flatters by 0.27, because neighbouring samples of one well are then on both sides.'
    """
    row = find(metric)
    gap = (promised - random) if row.better == "lower" else (random - promised)
    unit = unit if row.has_unit else ""
    places = max(decimals(random), decimals(promised))
    start = f"A random split would have promised a {row.words} of {number(random, places, unit)}"
    start += f" in place of {number(promised, places, unit)}"
    if round(gap, places) > 0:
        why = (
            f"it flatters by {number(gap, places)}, because neighbouring samples of one {noun} are then on both sides."
        )
    else:
        why = "it would not have flattered here."
    return {"metric": metric, "random": random, "promised": promised, "gap": gap, "sentence": f"{start}: {why}"}
