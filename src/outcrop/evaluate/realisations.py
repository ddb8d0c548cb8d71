"""Judges an ensemble of generated realisations: every metric that fits beside its floor, and findings in words.

The table is JSON-able: `rows` maps a metric to its value, floor and word, `flags` are findings that point into it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any

import numpy as np
from jaxtyping import Shaped

from outcrop.evaluate.finding import Finding, pointer
from outcrop.evaluate.floor import DRAWS, FEWEST_REAL, FEWEST_SAMPLES, Floor, causes, floor_of
from outcrop.evaluate.words import count, listing, number
from outcrop.metric.ensembles import ENSEMBLE_METRICS, checked, fitting

Fields = Shaped[np.ndarray, "realisation *place variable"]

FLAGS: dict[str, tuple[str, Mapping[str, str]]] = {
    "mode_collapse": (
        "Mode collapse: the samples are less diverse than real ones",
        {"diversity": "below", "nearest_other": "below", "missing_modes": "above"},
    ),
    "memorisation": (
        "Memorisation: samples lie nearer to the training set than held-out real ones do",
        {"share_near": "above", "nearer_than_real": "above"},
    ),
    "proportions": ("The facies proportions are off", {"proportions": "above"}),
    "distribution": (
        "The values are not distributed as real ones are",
        {"mean_shift": "above", "spread_error": "above", "wasserstein_1": "above", "kolmogorov_smirnov": "above"},
    ),
}
"""What is flagged: the start of the sentence, and the metrics it rests on with the side of the floor that is wrong."""
MATERIAL = 0.85
"""A ratio is flagged from here down: a little less diverse than real ones is no collapse."""


def judge(
    samples: Fields,
    real: Fields,
    rng: np.random.Generator,
    *,
    train: Fields | None = None,
    classes: int | None = None,
    draws: int = DRAWS,
) -> dict[str, Any]:
    """Judges unconditional realisations by every metric that fits them.

    Args:
        samples: generated realisations, (realisation, *place, variable), none to three dimensions of place; integers
            are facies codes from 0 on, floats are continuous variables in any units.
        real: real ones of the same form that the generator did not learn from.
        rng: draws the subsets of the floors.
        train: realisations it did learn from; without them memorisation is not judged.
        classes: number of facies; by default one more than the largest code.
        draws: pairs of subsets of every floor; fewer than 100 flag nothing.

    Returns:
        "kind", "place", "variables", "samples", "real", "train" (counts); "rows": metric -> words, better, value,
        median, low, high, as_bad, ratio, word, sentence; "flags": id, sentence, paths; "notes": sentences on what was
        not judged.

    Raises:
        DataError: ensembles of two kinds or shapes, or with missing values.
    """
    reference = checked(samples, real, train, classes)
    kind = "facies" if reference.classes else "number"
    names = fitting(kind, real.ndim - 2, variables=real.shape[-1], train=train is not None)
    floors = {name: floor_of(ENSEMBLE_METRICS[name], samples, reference, rng, draws) for name in names}
    return {
        "kind": kind,
        "place": list(real.shape[1:-1]),
        "variables": real.shape[-1],
        "samples": len(samples),
        "real": len(real),
        "train": None if train is None else len(train),
        "rows": {name: _row(name, floor) for name, floor in floors.items()},
        "flags": [asdict(flag) for flag in flags(floors)],
        "notes": _notes(samples, real, train),
    }


def _row(name: str, floor: Floor) -> dict[str, Any]:
    metric = ENSEMBLE_METRICS[name]
    return {"words": metric.words, "better": metric.better, **row_of(floor)}


def row_of(floor: Floor) -> dict[str, Any]:
    """A floor as JSON: what is not finite is null."""
    numbers = {key: getattr(floor, key) for key in ("value", "median", "low", "high", "as_bad", "ratio")}
    known = {key: value if value is not None and isfinite(value) else None for key, value in numbers.items()}
    return {**known, "word": floor.word, "sentence": floor.sentence}


def flags(floors: Mapping[str, Floor]) -> list[Finding]:
    """The findings that floors give cause for: at least one metric far on the wrong side, one draw in a hundred."""
    found = []
    for name, (begin, rests_on) in FLAGS.items():
        if wrong := causes(floors, rests_on, _material):
            told = listing(f"{ENSEMBLE_METRICS[floor.metric].words} {_told(floor)}" for floor in wrong)
            paths = tuple(pointer("rows", floor.metric, "value") for floor in wrong)
            found.append(Finding(name, f"{begin}: {told}.", paths))
    return found


def _material(floor: Floor) -> bool:
    return ENSEMBLE_METRICS[floor.metric].better != "one" or floor.value <= MATERIAL


def _told(floor: Floor) -> str:
    places = 3 if abs(floor.median) < 1 else 2
    edge = floor.high if floor.word == "above the floor" else floor.low
    limit = "at most" if floor.word == "above the floor" else "at least"
    return f"{number(floor.value, places)} ({limit} {number(edge, places)} between real ones)"


def _notes(samples: Fields, real: Fields, train: Fields | None) -> list[str]:
    notes = []
    if len(real) < FEWEST_REAL or len(samples) < FEWEST_SAMPLES:
        notes.append(
            f"Nothing can be told from {count(len(real), 'real realisation')} and {count(len(samples), 'sample')}: "
            f"at least {FEWEST_REAL} and {FEWEST_SAMPLES} are needed."
        )
    if train is None:
        notes.append("Memorisation was not judged: no training realisations were given.")
    return notes
