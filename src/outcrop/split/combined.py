"""Promises that are made together, on samples: new groups and coordinates as groups, later times on grids, and both."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from outcrop.errors import ConfigError, DataError, message
from outcrop.records import Origins
from outcrop.split import area as areas
from outcrop.split.colour import NONE, TEST, TRAIN, VALIDATION, Colouring, folded, together
from outcrop.split.promise import Split, named, plural
from outcrop.view.cells import Cells

MOST_FOLDS = 7


def new_samples(origins: Origins, cells: Cells, *, labelled: np.ndarray | None = None, **arguments: Any) -> list[Split]:
    """New values of a coordinate of the samples; arguments as for `new_colours`."""
    return [one.split(origins, cells, labelled) for one in new_colours(cells, labelled=labelled, **arguments)]


def later_samples(
    origins: Origins, cells: Cells, *, labelled: np.ndarray | None = None, **arguments: Any
) -> list[Split]:
    """A later part of grids along their first dimension; arguments as for `later_colours`."""
    return [later_colours(cells, labelled=labelled, **arguments).split(origins, cells, labelled)]


def new_later(
    origins: Origins,
    cells: Cells,
    *,
    new: dict[str, Any],
    later: dict[str, Any],
    validation_share: float = 0.2,
    seed: int = 0,
    labelled: np.ndarray | None = None,
) -> list[Split]:
    """A new group *and* a later time: tested is what lies in held-out groups after the date."""
    groups = new_colours(cells, **new, validation_share=validation_share, seed=seed, labelled=labelled)
    date = later_colours(cells, **later, validation_share=validation_share, labelled=labelled)
    return [together(one, date).split(origins, cells, labelled) for one in groups]


def area_later(
    origins: Origins,
    cells: Cells,
    *,
    area: dict[str, Any],
    later: dict[str, Any],
    validation_share: float = 0.2,
    seed: int = 0,
    labelled: np.ndarray | None = None,
    values: np.ndarray | None = None,
) -> list[Split]:
    """Another area *and* a later time."""
    common = {"validation_share": validation_share, "seed": seed, "labelled": labelled, "values": values}
    date = later_colours(cells, **later, validation_share=validation_share, labelled=labelled)
    return [together(one, date).split(origins, cells, labelled) for one in areas.colourings(cells, **area, **common)]


def new_colours(
    cells: Cells,
    *,
    key: str,
    folds: int | None = None,
    test: Sequence[str] | None = None,
    validation_share: float = 0.2,
    seed: int = 0,
    labelled: np.ndarray | None = None,
) -> list[Colouring]:
    """Whole values of a group key or coordinate held out: a station of a network, a crossline of a stack.

    Raises:
        ConfigError: too few values, or a named one that does not exist.
        DataError: samples without a value.
    """
    known = np.ones(cells.total, bool) if labelled is None else labelled
    values = np.asarray(cells.coordinate(key)).astype(str)
    if (values[known] == "").any():
        what = f"{int((values[known] == '').sum())} labelled samples have no {key!r}."
        raise DataError(message(what, where="promise.new", fix=f"give them one through data.groups.{key}."))
    names, number = np.unique(values, return_inverse=True)
    number = number.ravel()
    word = key.replace("_", " ")
    if test is not None:
        unknown = sorted(set(test) - set(names.tolist()))
        if unknown:
            fix = f'test = ["{names[-1]}"]'
            raise ConfigError(message(f"No {word} is called {named(unknown)}.", where="promise.test", fix=fix))
        held = np.flatnonzero(np.isin(names, list(test)))
        rest = np.where(np.isin(number, held), -1, number)
        drawn = folded(rest, known, folds=2, validation_share=0, seed=seed)[0][0]
        goal = max(1, round(validation_share * (len(names) - len(held))))
        sets = [(held, drawn[:goal] if validation_share > 0 else drawn[:0])]
    else:
        scored = np.unique(number[known])
        count = min(MOST_FOLDS, len(scored)) if folds is None else folds
        if not 2 <= count <= len(scored):
            what = f"{count} folds need at least 2 and at most {len(scored)} labelled {plural(key)}."
            raise ConfigError(message(what, where="promise.folds", fix=f"folds = {max(len(scored), 2)}"))
        sets = folded(number, known, folds=count, validation_share=validation_share, seed=seed)
    found = []
    for fold, (held, validation) in enumerate(sets, start=1):
        colours = np.where(np.isin(number, held), TEST, np.where(np.isin(number, validation), VALIDATION, TRAIN))
        train = np.setdiff1d(np.arange(len(names)), np.r_[held, validation])
        parts = {"train": train, "validation": validation, "test": held}
        groups = {part: tuple(names[which].tolist()) for part, which in parts.items()}
        what = f"Fold {fold} of {len(sets)} is scored on {len(held)} of {len(names)} {plural(key)}"
        sentence = f"{what}: it must work in a new {word}."
        found.append(Colouring(colours.astype(np.int8), sentence, f"new = {key}", number, word, groups))
    return found


def later_colours(
    cells: Cells,
    *,
    test_from: Any,
    validation_from: Any = None,
    gap: Any = None,
    gap_samples: int = 0,
    validation_share: float = 0.2,
    labelled: np.ndarray | None = None,
) -> Colouring:
    """A boundary along the first dimension, with a gap before it and before validation.

    Args:
        test_from, validation_from: dates, or numbers on another axis.
        gap: duration before each boundary ("7d"), or a number on an axis that is no time.
        gap_samples: the same in steps of the axis.

    Raises:
        ConfigError: a boundary or gap of the wrong type.
    """
    dim = cells.dims[0]
    axis = np.asarray(cells.coordinate(dim))
    dated = axis.dtype.kind == "M"
    boundary = coordinate(test_from, axis, "promise.later")
    width = duration(gap, dated) if gap is not None else duration(0 if not dated else "0s", dated)
    if gap_samples:
        steps = np.unique(axis)
        width = width + gap_samples * np.median(np.diff(steps).astype(np.int64 if dated else float)).astype(
            "timedelta64[ns]" if dated else float
        )
    known = np.ones(cells.total, bool) if labelled is None else labelled
    colours = np.where(axis >= boundary, TEST, np.where(axis < boundary - width, TRAIN, NONE)).astype(np.int8)
    if validation_from is not None or validation_share > 0:
        before = np.sort(axis[(colours == TRAIN) & known])
        start = coordinate(validation_from, axis, "promise.validation_from") if validation_from is not None else (
            before[int(len(before) * (1 - validation_share))] if len(before) > 1 else boundary
        )  # fmt: skip
        train = colours == TRAIN
        colours[train & (axis >= start)] = VALIDATION
        colours[train & (axis < start) & (axis >= start - width)] = NONE
    shown = str(boundary)[:10] if dated else f"{boundary:g}"
    sentence = f"Scored on samples from {shown} on, after everything that training saw: it must work at a later {dim}."
    fix = "another date, a smaller gap, or a shorter history"
    return Colouring(colours, sentence, f"later = {shown}", fix=fix, past=True)


def coordinate(value: Any, axis: np.ndarray, where: str) -> Any:
    """A boundary in the type of its axis.

    Raises:
        ConfigError: a date where numbers are, or the reverse.
    """
    dated = axis.dtype.kind == "M"
    try:
        return np.datetime64(value).astype(axis.dtype) if dated else float(value)
    except (TypeError, ValueError):
        wanted = "a date" if dated else "a number"
        fix = f"{where.split('.')[1]} = {str(np.sort(axis)[len(axis) * 4 // 5])[:10]!r}"
        raise ConfigError(message(f"{value!r} is not {wanted} on this axis.", where=where, fix=fix)) from None


def duration(gap: Any, dated: bool) -> Any:
    """A gap as a duration of time ("7d", "12h"), or as a number.

    >>> duration("2d", True) == np.timedelta64(2, "D"), duration(5, False)
    (True, 5.0)

    Raises:
        ConfigError: no duration.
    """
    import pandas as pd

    try:
        if not dated:
            return float(gap)
        text = re.sub(r"(?<=[\d ])d$", "D", str(gap).strip())  # "7d" as people write it
        return pd.Timedelta(text).to_timedelta64()
    except (ValueError, TypeError):
        fix = 'gap = "7d"' if dated else "gap = 10"
        raise ConfigError(
            message(f"gap = {gap!r} is no {'duration' if dated else 'number'}.", where="promise.gap", fix=fix)
        ) from None
