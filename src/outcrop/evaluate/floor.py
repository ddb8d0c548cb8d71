"""The floor of a metric between ensembles: what it says of two draws of the real set, which no generator can beat.

A distance between finite sets is never 0, and its size depends on theirs. The same number is therefore taken between
subsets of the real set, of the sizes that samples and real ones are compared at, again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Shaped

from outcrop.evaluate.words import count, number, span
from outcrop.metric.ensembles import EnsembleMetric, checked, find_ensemble
from outcrop.metric.reduced import Reference

Fields = Shaped[np.ndarray, "realisation *place variable"]
Compare = Callable[[Fields, Fields], float]

FEWEST_REAL, FEWEST_SAMPLES = 20, 8
DRAWS = 200
"""Pairs of subsets of the real set; a quarter as many of samples and real ones."""
RARE = 0.01
"""A share of floor draws that are as bad, below which a value is called far from the floor."""


@dataclass(frozen=True)
class Floor:
    """A value between samples and real ones, beside the same between real ones.

    Attributes:
        metric: its name.
        value: median over draws of subsets of samples and real ones.
        median, low, high: of the floor; low and high hold 95 % of its draws.
        as_bad: share of floor draws that are at least as bad, counting the value itself; of a ratio on its own side.
        word: "at the floor", "above the floor", "below the floor" or "cannot tell".
        sizes: realisations on the two sides of every comparison.
        real: number of real realisations.
        sentence: all of it in words.
    """

    metric: str
    value: float
    median: float
    low: float
    high: float
    as_bad: float
    word: str
    sizes: tuple[int, int]
    real: int
    sentence: str

    @property
    def ratio(self) -> float | None:
        """The value over the median of the floor; None where that is not above 0."""
        return self.value / self.median if self.median > 0 else None

    @property
    def far(self) -> bool:
        """Whether fewer than one in a hundred draws of the floor are as bad."""
        return self.word in ("above the floor", "below the floor") and self.as_bad <= RARE


def against_floor(
    metric: str | Compare,
    samples: Fields,
    real: Fields,
    rng: np.random.Generator,
    *,
    train: Fields | None = None,
    classes: int | None = None,
    draws: int = DRAWS,
) -> Floor:
    """A metric between samples and real realisations, beside its floor.

    m samples are compared with M real ones, m + M = number of real ones; the floor compares m real ones with the other
    M. Both are drawn without replacement. m is at most half of the real ones and at most the number of samples.

    Args:
        metric: name in `metric.ensembles`, or a distance `(samples, real) -> float`.
        samples: generated realisations, (realisation, *place, variable).
        real: real ones that the generator did not learn from.
        rng: draws the subsets.
        train: realisations learned from, for the metrics of memorisation.
        classes: number of facies; by default one more than the largest code.
        draws: pairs of subsets of the floor.

    Returns:
        The floor; with the word "cannot tell" where there are fewer than 20 real ones or 8 samples.

    Source: a permutation distribution (Lehmann and Romano 2005, doi:10.1007/0-387-27605-X, section 15.2) within the
    real set, so that the floor is the same for every generator.
    """
    reference = checked(samples, real, train, classes)
    if isinstance(metric, str):
        return floor_of(find_ensemble(metric), samples, reference, rng, draws)
    return _floor("metric", "lower", metric, samples, real, rng, draws)


def floor_of(
    metric: EnsembleMetric, samples: Fields, reference: Reference, rng: np.random.Generator, draws: int = DRAWS
) -> Floor:
    """`against_floor` for a row of the table and ensembles that were checked."""
    reduce = metric.load("reduce")
    if _too_few(samples, reference.real):
        return _cannot_tell(metric.name, samples, reference.real)
    rows = reduce(samples, reference), reduce(reference.real, reference)
    return _floor(metric.name, metric.better, metric.load("compare"), *rows, rng, draws)


def _too_few(samples: np.ndarray, real: np.ndarray) -> bool:
    return len(real) < FEWEST_REAL or len(samples) < FEWEST_SAMPLES


def _cannot_tell(name: str, samples: np.ndarray, real: np.ndarray) -> Floor:
    have = f"{count(len(real), 'real realisation')} and {count(len(samples), 'sample')}"
    sentence = f"{name}: cannot tell, with {have}; at least {FEWEST_REAL} and {FEWEST_SAMPLES} are needed."
    nothing = float("nan")
    return Floor(name, nothing, nothing, nothing, nothing, nothing, "cannot tell", (0, 0), len(real), sentence)


def _floor(
    name: str,
    better: str,
    compare: Compare,
    samples: np.ndarray,
    real: np.ndarray,
    rng: np.random.Generator,
    draws: int,
) -> Floor:
    if _too_few(samples, real):
        return _cannot_tell(name, samples, real)
    few = min(len(samples), len(real) // 2)
    many = len(real) - few

    def between_real() -> float:
        order = rng.permutation(len(real))
        return compare(real[order[:few]], real[order[few:]])

    def to_real() -> float:
        rows = rng.permutation(len(samples))[:few], rng.permutation(len(real))[:many]
        return compare(samples[rows[0]], real[rows[1]])

    floor = np.array([between_real() for _ in range(draws)])
    value = float(np.median([to_real() for _ in range(max(draws // 4, 1))]))
    return beside(name, better, value, floor, (few, many), len(real), "real realisation")


def beside(
    name: str, better: str, value: float, floor: np.ndarray, sizes: tuple[int, int], real: int, noun: str
) -> Floor:
    """A value beside the draws of its floor, in numbers and words.

    Args:
        name: of the metric.
        better: "lower" or "one".
        value: between samples and real ones.
        floor: the same number where it can be no better, one per draw.
        sizes: what was compared with what, in realisations.
        real: how many the floor rests on.
        noun: what these are.
    """
    low, median, high = np.quantile(floor, [0.025, 0.5, 0.975]).tolist()
    above, below = ((1 + np.sum(side)) / (1 + len(floor)) for side in (floor >= value, floor <= value))
    as_bad = float(above if better == "lower" else min(above, below))
    word = "above the floor" if value > high else "below the floor" if value < low else "at the floor"
    places = 3 if abs(median) < 1 else 2
    sentence = (
        f"{name}: {number(value, places)} is {word} of {number(median, places)} ({span(low, high, places)}), "
        f"from {count(real, noun)}, {sizes[0]} against {sizes[1]}."
    )
    return Floor(name, value, median, low, high, as_bad, word, sizes, real, sentence)


def causes(
    floors: Mapping[str, Floor], rests_on: Mapping[str, str], counts: Callable[[Floor], bool] = lambda floor: True
) -> list[Floor]:
    """Of the metrics that a finding rests on, with the side that is wrong, those that lie far on that side."""
    sides = [(floors[metric], f"{side} the floor") for metric, side in rests_on.items() if metric in floors]
    return [floor for floor, wrong in sides if floor.far and floor.word == wrong and counts(floor)]
