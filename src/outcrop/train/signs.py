"""The failure doctor's look at a training that ended without an error: gradients that vanish, explode or never come.

Reads the norms of the layers in the history (`norms.by_layer`), and says a sentence only where something is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

WEAK = 1e-3
"""Share of the strongest layer's gradient below which that of a layer counts as vanished."""
SPIKE = 100.0
"""Times its median by which the whole gradient has to grow to count as exploding."""
HELP = 'residual = true, norm = "layer", activation = "gelu" or fewer layers'


class Sign(NamedTuple):
    """One thing that is wrong.

    Attributes:
        id: of the finding.
        sentence: what, where, and the fix.
        values: place in norms.csv -> number.
    """

    id: str
    sentence: str
    values: Mapping[str, float]


def signs(histories: Sequence[Sequence[Mapping[str, Any]]]) -> list[Sign]:
    """What the norms of some trainings say; of each kind the first that is met is told, and in how many.

    Args:
        histories: rows of each training's history, with `step` and `norms`.
    """
    told = [[row for row in history if row.get("norms")] for history in histories]
    told = [rows for rows in told if rows]
    found = [[sign(rows) for sign in (_silent, _vanishing, _exploding)] for rows in told]
    result = []
    for each in zip(*found, strict=True):
        met = [sign for sign in each if sign is not None]
        if met:
            many = f" So it is in {len(met)} of {len(told)} trainings." if len(told) > 1 else ""
            result.append(met[0]._replace(sentence=met[0].sentence + many))
    return result


def gradients(rows: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray]:
    """Layer -> its gradient at every evaluation, in the order of the model."""
    return {name: np.array([row["norms"][name]["gradient"] for row in rows]) for name in rows[0]["norms"]}


def _silent(rows: Sequence[Mapping[str, Any]]) -> Sign | None:
    """Layers whose gradient is exactly zero to the end: dead units, or a part that nothing reaches."""
    dead = [name for name, own in gradients(rows).items() if not own[len(own) // 2 :].any()]
    if not dead:
        return None
    more = f" and {len(dead) - 1} more" if len(dead) > 1 else ""
    text = f"No gradient reaches the layer {dead[0]}{more}: its units are dead or cut off. Fix: "
    text += 'activation = "gelu" or "leaky_relu", a lower learning_rate, or leave the layer out.'
    return Sign("dead_layer", text, {f"norms.csv#{name}/gradient": 0.0 for name in dead})


def _vanishing(rows: Sequence[Mapping[str, Any]]) -> Sign | None:
    """A layer whose gradient is a thousand times weaker than that of the strongest one, through most of training."""
    median = {name: float(np.median(own)) for name, own in gradients(rows).items()}
    median = {name: own for name, own in median.items() if own > 0}
    if len(median) < 2:
        return None
    weak, strong = min(median, key=lambda name: median[name]), max(median, key=lambda name: median[name])
    if median[weak] > WEAK * median[strong]:
        return None
    times = f"{float(f'{median[strong] / median[weak]:.2g}'):,.0f}"
    text = f"The gradient vanishes: that of {weak} is {times} times weaker than that of {strong}. Fix: {HELP}."
    return Sign("vanishing_gradient", text, {f"norms.csv#{name}/gradient": median[name] for name in (weak, strong)})


def _exploding(rows: Sequence[Mapping[str, Any]]) -> Sign | None:
    """The whole gradient at an evaluation is far above its median."""
    sizes = {name: own["size"] for name, own in rows[0]["norms"].items()}
    whole = np.sqrt(sum(sizes[name] * own**2 for name, own in gradients(rows).items()))
    worst, median = int(np.argmax(whole)), float(np.median(whole))
    if len(rows) < 4 or not whole[worst] > SPIKE * median > 0:
        return None
    times = f"{whole[worst] / median:,.0f}"
    text = f"The gradient exploded: before step {rows[worst]['step']} it was {times} times its median. Fix: "
    text += "train.learning_rate ten times lower, or more train.warmup_steps."
    return Sign("exploding_gradient", text, {f"norms.csv#step {rows[worst]['step']}": float(whole[worst])})
