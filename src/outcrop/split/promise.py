"""The promise decides the split: the parts of one split, and the table of promises.

A promise says where the model must work next. Each kind is one module with one function that takes `Origins` and
returns one `Split` per fold. Validation is always drawn by the same promise as the test part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np

from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.records import Origins
from outcrop.shown import Readable, Shown

PROMISES = {
    "new": "outcrop.split.new:new",
    "later": "outcrop.split.later:later",
    "area": "outcrop.split.area:area",
    "between": "outcrop.split.between:between",
    "wider": "outcrop.split.wider:wider",
    "deploy": "outcrop.split.deploy:deploy",
    "splitter": "outcrop.split.splitter:splitter",
    "new_samples": "outcrop.split.combined:new_samples",
    "later_samples": "outcrop.split.combined:later_samples",
    "new_later": "outcrop.split.combined:new_later",
    "later_area": "outcrop.split.combined:area_later",
    "same_population": "outcrop.split.same_population:same_population",
}

NOBODY = np.empty(0, np.int64)


@dataclass(frozen=True, repr=False)
class Split(Readable):
    """One division of examples; every part is a sorted array of positions in `Origins`, and no two parts share one.

    Attributes:
        train: fitted on.
        validation: stops training early.
        test: scored once.
        sentence: the reason in one sentence.
        promise: what the score means, as a key ("new = well").
        groups: part -> names of the groups in it, for people and for `split.json`.
        calibration: sets the width of intervals; often empty.
        colours: part of every sample (see `colour.PARTS`), where the promise colours samples; else None.
        places: the same of a promise about groups or areas alone, where a later time is promised too.
        unlabelled: examples of the training part without a label, once those are set apart; a loss may ask them too.
        unit: number of the block or line of each sample, over which scores are resampled; None where it is a group.
        noun: what such a unit is called.
        blank: record -> inputs that it loses while it is tested, as the files to be predicted lack them.
        boxes: numbers of all training boxes of records larger than memory, of which `train` is a sample; else None.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    sentence: str
    promise: str
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    calibration: np.ndarray = field(default_factory=lambda: NOBODY)
    colours: np.ndarray | None = None
    unit: np.ndarray | None = None
    noun: str = "block"
    blank: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    boxes: np.ndarray | None = None
    places: np.ndarray | None = None
    unlabelled: np.ndarray = field(default_factory=lambda: NOBODY)

    @property
    def parts(self) -> dict[str, np.ndarray]:
        """Part name -> examples, in the order they are used."""
        return {
            "train": self.train,
            "validation": self.validation,
            "calibration": self.calibration,
            "test": self.test,
        }

    def shown(self) -> Shown:
        """Parts with their numbers of examples and their groups."""
        rows = [
            [part, f"{len(index):,}", named_plainly(self.groups.get(part, ()))]
            for part, index in self.parts.items()
            if len(index)
        ]
        return Shown(
            "Split", [("promise", self.promise), ("why", self.sentence)], ["part", ">examples", "groups"], rows
        )

    @property
    def fitted(self) -> np.ndarray:
        """Everything but the test part: what may influence the model."""
        return np.concatenate([self.train, self.validation, self.calibration])


def folds(promise: str, origins: Origins, **arguments: Any) -> list[Split]:
    """The splits of one promise, e.g. `folds("new", origins, key="well", folds=7)`.

    Raises:
        ConfigError: the promise is unknown, or cannot be kept with these examples.
    """
    if promise not in PROMISES:
        raise ConfigError(
            message(
                f"There is no promise {promise!r}{did_you_mean(promise, PROMISES)}.",
                where="[promise]",
                fix='new = "well", or later = "1990-01-01", or same_population = "why rows are independent"',
            )
        )
    if not len(origins):
        raise ConfigError(
            message(
                "There is no example to split: no sample has a label.",
                where="[promise]",
                fix="check [data] target: `from` names the curve, `classes` its codes.",
            )
        )
    module, name = PROMISES[promise].split(":")
    return getattr(import_module(module), name)(origins, **arguments)


def named(names: Iterable[object], most: int = 5) -> str:
    """Quoted names for a message, shortened: `'A', 'B' and 3 more`.

    >>> named(["A", "B", "C"], most=2)
    "'A', 'B' and 1 more"
    """
    quoted = [repr(str(name)) for name in names]
    more = len(quoted) - most
    return ", ".join(quoted[:most]) + (f" and {more} more" if more > 0 else "")


def named_plainly(names: Sequence[object], most: int = 8) -> str:
    """The same without quotes: `A, B and 3 more`."""
    more = len(names) - most
    return ", ".join(map(str, names[:most])) + (f" and {more} more" if more > 0 else "")


def plural(key: str) -> str:
    """The plain plural of a group key: wells, surveys, events; boreholes.

    >>> plural("survey"), plural("core_study")
    ('surveys', 'core studies')
    """
    word = key.replace("_", " ")
    if word.endswith("y") and not word.endswith(("ay", "ey", "oy", "uy")):
        return word[:-1] + "ies"
    return word if word.endswith("s") else word + "s"
