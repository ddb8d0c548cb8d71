"""Splitters of scikit-learn's interface, audited like every other split."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

from outcrop.errors import ConfigError, message
from outcrop.records import Origins
from outcrop.split.colour import NONE, TEST, TRAIN, VALIDATION, Colouring
from outcrop.split.promise import Split
from outcrop.view.cells import Cells


def splitter(
    origins: Origins,
    cells: Cells,
    *,
    name: str,
    arguments: Mapping[str, Any] | None = None,
    over: str = "record",
    groups: str | None = None,
    validation_share: float = 0.2,
    seed: int = 0,
    labelled: np.ndarray | None = None,
    values: np.ndarray | None = None,
) -> list[Split]:
    """The splits of `Class(**arguments).split(X, y, groups)`.

    Args:
        name: import string, "sklearn.model_selection:GroupKFold".
        arguments: of the class.
        over: what is split: "record", "sample", or a group key or coordinate.
        groups: group key or coordinate passed as `groups`.
        validation_share: share of the training units, at random: a splitter does not say how to validate.
        values: the target per sample; passed as `y`, the most frequent value or the mean of each unit.

    Raises:
        ConfigError: the class cannot be imported, built or used.
    """
    known = np.ones(cells.total, bool) if labelled is None else labelled
    unit, count = _units(cells, over)
    y = _per_unit(unit, count, values, known)
    group = None if groups is None else _first_of(unit, count, np.asarray(cells.coordinate(groups)).astype(str))
    try:
        module, _, attribute = name.partition(":")
        splits = list(
            getattr(import_module(module), attribute)(**dict(arguments or {})).split(np.zeros((count, 1)), y, group)
        )
    except Exception as error:  # a class of the user's own may raise anything
        reason = " ".join(str(error).split()) or type(error).__name__
        fix = 'splitter = {class = "sklearn.model_selection:GroupKFold", groups = "well", arguments = {n_splits = 5}}'
        raise ConfigError(
            message(f"The splitter {name!r} cannot be used: {reason}.", where="promise.splitter", fix=fix)
        ) from None
    found = []
    for number, (train, test) in enumerate(splits):
        rng = np.random.default_rng((seed, number))
        drawn = rng.permutation(train)[: round(validation_share * len(train))]
        colour = np.full(count, NONE, np.int8)
        colour[train], colour[drawn], colour[test] = TRAIN, VALIDATION, TEST
        sentence = f"Fold {number + 1} of {len(splits)} of {name}: {len(test)} of {count} {over}s are scored."
        found.append(Colouring(colour[unit], sentence, f"splitter = {name}", unit, over).split(origins, cells, known))
    return found


def _units(cells: Cells, over: str) -> tuple[np.ndarray, int]:
    if over == "record":
        return cells.record_of, len(cells.names)
    if over == "sample":
        return np.arange(cells.total), cells.total
    _, unit = np.unique(np.asarray(cells.coordinate(over)).astype(str), return_inverse=True)
    return unit.ravel(), int(unit.max()) + 1


def _first_of(unit: np.ndarray, count: int, values: np.ndarray) -> np.ndarray:
    first = np.full(count, -1)
    first[unit[::-1]] = np.arange(len(unit))[::-1]
    return values[first]


def _per_unit(unit: np.ndarray, count: int, values: np.ndarray | None, known: np.ndarray) -> np.ndarray | None:
    if values is None:
        return None
    values = np.asarray(values, float)
    good = known & np.isfinite(values)
    if np.all(values[good] == np.round(values[good])) and len(np.unique(values[good])) <= 50:
        classes, code = np.unique(values[good], return_inverse=True)
        table = np.zeros((count, len(classes)))
        np.add.at(table, (unit[good], code.ravel()), 1)
        return classes[table.argmax(axis=1)]
    total = np.bincount(unit[good], values[good], minlength=count)
    return total / np.maximum(np.bincount(unit[good], minlength=count), 1)
