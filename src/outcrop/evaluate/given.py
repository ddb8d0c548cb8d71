"""Judges ensembles that were drawn given observations: the data honoured, and the spread believable.

The floor of a calibration score: where an ensemble is right, the truth is one more realisation, so that the truth and
any realisation may change places. Each case (a well, a section, a map) changes for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from jaxtyping import Bool, Shaped

from outcrop.errors import DataError, message
from outcrop.evaluate.finding import Finding, pointer
from outcrop.evaluate.floor import DRAWS, Floor, beside, causes
from outcrop.evaluate.realisations import row_of
from outcrop.evaluate.words import count, listing, number, percent
from outcrop.metric import conditional
from outcrop.metric.conditional import Hard
from outcrop.metric.copies import mean_pairwise

Ensemble = Shaped[np.ndarray, "realisation case *place variable"]
Truth = Shaped[np.ndarray, "case *place variable"]
Score = Callable[[np.ndarray, np.ndarray], float]

MOST_CELLS = 2000
"""Cells that scores rest on, at random among those not observed."""

WORDS: dict[str, tuple[str, str]] = {
    "crps": ("fair CRPS", "lower"),
    "coverage": ("share of truths inside the central 90 % intervals", "one"),
    "spread_skill": ("spread over the error of the mean", "one"),
    "rank_deviation": ("deviation of the rank histogram from flat", "lower"),
}
FLAGS: dict[str, tuple[str, Mapping[str, str]]] = {
    "overconfident": ("The ensemble is too sure of itself", {"coverage": "below", "spread_skill": "below"}),
    "underconfident": ("The ensemble is too wide", {"coverage": "above", "spread_skill": "above"}),
    "miscalibrated": ("The truth does not rank like a realisation", {"rank_deviation": "above"}),
}


def judge_given(
    samples: Ensemble,
    truth: Truth,
    rng: np.random.Generator,
    *,
    hard: Sequence[Hard] | None = None,
    there: Bool[np.ndarray, "*cell"] | None = None,
    prior: Shaped[np.ndarray, "other *place variable"] | None = None,
    tolerance: float = 0.0,
    draws: int = DRAWS,
) -> dict[str, Any]:
    """Judges realisations drawn given data, case by case, against what was true there.

    Args:
        samples: (realisation, case, *place, variable), at least 2 realisations; integers are facies, which are scored
            by the indicators of the classes.
        truth: (case, *place, variable).
        rng: draws cells, ties and floors.
        hard: what was observed of each case; these cells are checked, and left out of the scores.
        there: where something is, (case, *place); the others (land in a field of the sea) are left out of the scores.
        prior: unconditional real realisations, which diversity and CRPS are compared with.
        tolerance: largest difference that counts as honoured, in the unit of the variables.
        draws: exchanges of the floor; fewer than 100 flag nothing.

    Returns:
        "realisations", "cases"; "rows" as `realisations.judge`; "honoured": shares of realisations and of data;
        "prior": CRPS of the prior and mean pairwise distance over that of the prior; "flags".

    Raises:
        DataError: shapes that do not fit, or missing values.
    """
    _check(samples, truth, hard)
    where = _open_cells(truth, hard, there, rng)
    facies = np.issubdtype(truth.dtype, np.integer)
    classes = 1 + max(int(samples.max()), int(truth.max())) if facies else 0
    case, pool = where[0], np.concatenate([_at(samples, where, classes), _at(truth[None], where, classes)])
    floors = {} if not len(case) else _floors(pool, case, len(truth), facies, rng, draws)
    kept = None if hard is None else _honoured(samples, hard, tolerance)
    found = flags(floors)
    if kept is not None and kept["data"] < 1:
        begin = f"Observations are not honoured: {percent(kept['data'])} of them are"
        end = f"by {percent(kept['realisations'])} of realisations all of them."
        found.insert(0, Finding("not_honoured", f"{begin}, {end}", (pointer("honoured", "data"),)))
    return {
        "realisations": len(samples),
        "cases": len(truth),
        "rows": {k: {"words": WORDS[k][0], "better": WORDS[k][1], **row_of(floor)} for k, floor in floors.items()},
        "honoured": kept,
        "prior": None if prior is None or not len(case) else _beside_prior(pool, prior, where, classes),
        "flags": [asdict(one) for one in found],
    }


def _check(samples: Ensemble, truth: Truth, hard: Sequence[Hard] | None) -> None:
    fault = ""
    if samples.shape[1:] != truth.shape or len(samples) < 2:
        fault = f"Samples of shape {samples.shape} are no ensemble for a truth of shape {truth.shape}."
    elif not (np.isfinite(samples).all() and np.isfinite(truth).all()):
        fault = "Samples or truth hold missing values."
    elif hard is not None and len(hard) != len(truth):
        fault = f"There are data of {len(hard)} cases and truths of {len(truth)}."
    if fault:
        fix = "give (realisation, case, *place, variable), (case, *place, variable) and one Hard per case."
        raise DataError(message(fault, where="judge_given", fix=fix))


def _open_cells(
    truth: Truth, hard: Sequence[Hard] | None, there: np.ndarray | None, rng: np.random.Generator
) -> tuple[np.ndarray, ...]:
    """Indices (case, *place) of at most 2,000 cells that hold something and were not observed."""
    unknown = np.ones(truth.shape[:-1], bool) if there is None else there.copy()
    for case, data in enumerate(hard or ()):
        unknown[(case, *np.asarray(data.cells, int).T)] = False
    rows = np.argwhere(unknown)
    rows = rows if len(rows) <= MOST_CELLS else rng.choice(rows, MOST_CELLS, replace=False)
    return tuple(rows.T)


def _at(fields: np.ndarray, where: tuple[np.ndarray, ...], classes: int) -> np.ndarray:
    """(realisation, cell, variable), facies as indicators."""
    found = fields[(slice(None), *where)]
    return (found == np.arange(classes)).astype(float) if classes else np.asarray(found, float)


def _floors(
    pool: np.ndarray, case: np.ndarray, cases: int, facies: bool, rng: np.random.Generator, draws: int
) -> dict[str, Floor]:
    """Every score with the truth, the last of the pool, in its place, beside those with places changed."""
    members = len(pool) - 1
    scores: dict[str, Score] = {
        "crps": lambda s, t: conditional.crps(samples=s, truth=t),
        "coverage": lambda s, t: conditional.coverage(samples=s, truth=t),
        "spread_skill": lambda s, t: conditional.spread_skill(samples=s, truth=t),
        "rank_deviation": lambda s, t: conditional.rank_deviation(
            conditional.rank_histogram(samples=s, truth=t, rng=rng)
        ),
    }
    if facies:
        del scores["coverage"]  # an interval of indicators holds nearly everything

    def exchanged(chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        row, at = chosen[case], np.arange(len(case))
        rest = pool[:members].copy()
        truth = pool[row, at]
        swapped = row < members
        rest[row[swapped], at[swapped]] = pool[members, at[swapped]]
        return rest, truth

    own = exchanged(np.full(cases, members))
    others = [exchanged(rng.integers(0, members + 1, cases)) for _ in range(draws)]
    return {
        name: beside(
            name,
            WORDS[name][1],
            score(*own),
            np.array([score(*other) for other in others]),
            (members, 1),
            cases,
            "case",
        )
        for name, score in scores.items()
    }


def _honoured(samples: Ensemble, hard: Sequence[Hard], tolerance: float) -> dict[str, float]:
    """Mean over cases of the share of realisations that honour all data, and share of all data honoured."""
    found = [conditional.honoured(samples[:, case], data, tolerance) for case, data in enumerate(hard)]
    sizes = np.array([len(data.cells) for data in hard])
    every, share = np.array(found)[sizes > 0].T if (sizes > 0).any() else (np.ones(1), np.ones(1))
    weights = sizes[sizes > 0] if (sizes > 0).any() else np.ones(1)
    return {"realisations": float(every.mean()), "data": float(np.average(share, weights=weights))}


def _beside_prior(pool: np.ndarray, prior: np.ndarray, where: tuple[np.ndarray, ...], classes: int) -> dict[str, float]:
    """CRPS of unconditional realisations at the same cells, and how much less diverse the ensemble is."""
    rows = _at(prior, where[1:], classes)
    spread = [mean_pairwise(part.reshape(len(part), -1)) for part in (pool[:-1], rows)]
    return {
        "crps": conditional.crps(samples=rows, truth=pool[-1]),
        "diversity": spread[0] / max(spread[1], 1e-12),
    }


def flags(floors: Mapping[str, Floor]) -> list[Finding]:
    """The findings that floors give cause for, one exchange in a hundred."""
    found = []
    for name, (begin, rests_on) in FLAGS.items():
        if wrong := causes(floors, rests_on):
            told = listing(
                f"{WORDS[one.metric][0]} {number(one.value)}, right is {number(one.median)}" for one in wrong
            )
            paths = tuple(pointer("rows", one.metric, "value") for one in wrong)
            cases = count(wrong[0].real, "case")
            found.append(Finding(name, f"{begin}: {told}, over {cases}.", paths))
    return found
