"""A promise colours samples, and examples follow: the one mechanism behind promises on grids, points and stations.

An example is tested when all samples it is scored on are coloured test, and it reads nothing of another part (before a
later time it may read the past); it trains when all that it reads and is scored on is coloured training. What lies
across a border, or in a buffer, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from outcrop.errors import ConfigError, message
from outcrop.records import Origins
from outcrop.split.promise import Split
from outcrop.view.cells import Cells

PARTS = ("left out", "train", "validation", "calibration", "test")
NONE, TRAIN, VALIDATION, CALIBRATION, TEST = range(5)


@dataclass(frozen=True)
class Colouring:
    """One fold of a promise.

    Attributes:
        colours: code of `PARTS` per sample, int8.
        sentence: the reason in one sentence.
        promise: what the score means, as a key ("area = 5 km").
        unit: number of the block, line or group of each sample, for resampling; None where records are.
        noun: what such a unit is called.
        groups: part -> names of the groups in it.
        fix: what to change when a part comes out empty.
        past: whether what comes before a tested sample is known where the model is used, and so may be read.
        places: the codes of a promise about groups or areas alone, where a later time is promised too; else None.
    """

    colours: np.ndarray
    sentence: str
    promise: str
    unit: np.ndarray | None = None
    noun: str = "block"
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fix: str = "hold out less, or leave a smaller gap"
    past: bool = False
    places: np.ndarray | None = None

    def split(self, origins: Origins, cells: Cells, labelled: np.ndarray | None = None) -> Split:
        """The examples of every part.

        Raises:
            ConfigError: no example lies wholly in the training or the test part, or in a validation part that exists.
        """
        parts = assign(origins, cells, self.colours, labelled, past=self.past)
        for name in ("train", "validation", "test"):
            if not len(parts[name]) and (name != "validation" or (self.colours == VALIDATION).any()):
                what = f"No example lies wholly in the {name} part of {self.promise}."
                raise ConfigError(message(what, where="[promise]", fix=self.fix))
        left_out = len(origins) - sum(map(len, parts.values()))
        told = f" ({left_out:,} examples across a border or in a buffer are left out)" if left_out else ""
        groups = self.groups or {
            part: tuple(origins.names[r] for r in np.unique(origins.record[index])) for part, index in parts.items()
        }
        return Split(
            **parts,
            sentence=self.sentence.removesuffix(".") + told + ".",
            promise=self.promise,
            groups=groups,
            colours=self.colours,
            unit=self.unit,
            noun=self.noun,
            places=self.places,
        )


def assign(
    origins: Origins, cells: Cells, colours: np.ndarray, labelled: np.ndarray | None = None, past: bool = False
) -> dict[str, np.ndarray]:
    """Part -> examples, sorted.

    Args:
        origins: the examples.
        cells: the samples they touch.
        colours: code of `PARTS` per sample.
        labelled: samples that count in a score; only they decide where an example is scored. By default all.
        past: tested examples may read parts that come earlier (training, then validation, then test).
    """
    scored = np.ones(cells.total, bool) if labelled is None else labelled
    asked = cells.count(scored, origins.record, origins.scores)
    whole = cells.count(np.ones(cells.total, bool), origins.record, origins.reads)
    reads = {code: cells.count(colours == code, origins.record, origins.reads) for code in range(5)}
    found: dict[str, np.ndarray] = {}
    for code in (TRAIN, VALIDATION, CALIBRATION, TEST):
        inside = cells.count(scored & (colours == code), origins.record, origins.scores) == asked
        inside &= asked > 0 if labelled is None else (asked > 0) | (reads[code] == whole)
        allowed = (TRAIN,) if code == TRAIN else (NONE, *range(TRAIN, code + 1)) if past else (NONE, code)
        clear = sum(reads[one] for one in allowed) == whole
        found[PARTS[code]] = np.flatnonzero(inside & clear)
    return found


def folded(
    group: np.ndarray, labelled: np.ndarray, *, folds: int, validation_share: float, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Groups dealt to folds of about equal numbers of labelled samples: (test groups, validation groups) per fold.

    Largest first, each to the fold with the fewest samples; validation groups are drawn from the others until they
    hold their share.
    """
    names = np.unique(group[labelled & (group >= 0)])
    size = np.bincount(group[labelled & (group >= 0)], minlength=int(names.max(initial=0)) + 1)
    rng = np.random.default_rng(seed)
    order = rng.permutation(names)
    order = order[np.argsort(-size[order], kind="stable")]
    total, members = np.zeros(folds), [[] for _ in range(folds)]
    for name in order:
        least = int(np.argmin(total))
        members[least].append(name)
        total[least] += size[name]
    found = []
    for number, own in enumerate(members):
        rest = np.random.default_rng((seed, number)).permutation(np.setdiff1d(names, own))
        goal, chosen, held = validation_share * size[rest].sum(), [], 0.0
        for name in rest:
            if held >= goal or len(chosen) >= len(rest) - 1:
                break
            chosen.append(name)
            held += size[name]
        found.append((np.sort(np.array(own, np.int64)), np.sort(np.array(chosen, np.int64))))
    return found


def together(first: Colouring, second: Colouring) -> Colouring:
    """Both promises at once: tested is what both test, and what only one of them tests is left out.

    Training is what both train. Validation is what both validate; where that is nothing, what one of them validates
    and the other trains or validates.
    """
    a, b = first.colours, second.colours
    colours = np.full(len(a), NONE, np.int8)
    colours[(a == TRAIN) & (b == TRAIN)] = TRAIN
    colours[(a == TEST) & (b == TEST)] = TEST
    both = (a == VALIDATION) & (b == VALIDATION)
    if not both.any():
        either = (a == VALIDATION) | (b == VALIDATION)
        known = (TRAIN, VALIDATION)
        both = either & np.isin(a, known) & np.isin(b, known)
    colours[both] = VALIDATION
    sentence = f"{first.sentence.removesuffix('.')}; and at the same time: {second.sentence}"
    unit, noun = (first.unit, first.noun) if first.unit is not None else (second.unit, second.noun)
    past = first.past or second.past
    promise, places = f"{first.promise} and {second.promise}", None if first.past else a
    groups = first.groups or second.groups
    return Colouring(colours, sentence, promise, unit, noun, groups, first.fix, past, places)
