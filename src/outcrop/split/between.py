"""The promise "it must work between known lines": every n-th one is scored, with known ones on both sides.

Filling between interpreted lines is a job of its own. Its bar is the copy of the nearest known line, and a score under
this promise says nothing about another area.
"""

from __future__ import annotations

import numpy as np

from outcrop.errors import ConfigError, message
from outcrop.records import Origins
from outcrop.split.colour import NONE, TEST, TRAIN, VALIDATION, Colouring
from outcrop.split.promise import Split
from outcrop.view.cells import Cells


def between(
    origins: Origins,
    cells: Cells,
    *,
    along: str,
    every: int = 2,
    spacing: float | None = None,
    validation_share: float = 0.2,
    seed: int = 0,
    labelled: np.ndarray | None = None,
) -> list[Split]:
    """One split: lines 2, 2 + n, 2 + 2n ... are scored (the first and the last never).

    Args:
        along: the coordinate that numbers the lines: a dimension, or a group key with numbers.
        every: each n-th line is scored.
        spacing: the distance between known lines, in units of `along`, where lines are not equally far apart: known
            are the lines next to its multiples.
        validation_share: share of the other lines, drawn inside the known ones.

    Raises:
        ConfigError: `along` is no number, or there are fewer than four lines.
    """
    known = np.ones(cells.total, bool) if labelled is None else labelled
    place = _numbers(cells, along)
    lines, number = np.unique(place, return_inverse=True)
    number = number.ravel()
    if len(lines) < 4:
        what = f"There are {len(lines)} lines along {along}; four are needed."
        raise ConfigError(message(what, where="promise.between", fix="another `along`, or more lines."))
    test = _scored(lines, every, spacing)
    rest = np.setdiff1d(np.arange(len(lines)), test)
    inner = rest[(rest > 0) & (rest < len(lines) - 1)]
    wanted = round(validation_share * len(rest))
    drawn = np.sort(np.random.default_rng(seed).permutation(inner)[: max(1, wanted)]) if wanted else rest[:0]
    train = np.setdiff1d(rest, drawn)
    colours = np.where(np.isin(number, test), TEST, np.where(np.isin(number, drawn), VALIDATION, TRAIN))
    colours = np.where(np.isfinite(place), colours, NONE).astype(np.int8)
    gap = np.abs(lines[test][:, None] - lines[train][None]).min(axis=1)
    sentence = (
        f"Scored on {len(test)} of {len(lines)} lines along {along} with known lines on both sides, at the median "
        f"{np.median(gap):g} away: the model must fill between lines."
    )
    parts = {"train": train, "validation": drawn, "test": test}
    names = {part: tuple(f"{lines[i]:g}" for i in which) for part, which in parts.items()}
    how = f"every {every}" if spacing is None else f"{spacing:g} apart"
    fix = "every = 2, or a view without neighbouring lines"
    one = Colouring(colours, sentence, f"between = {along}, {how}", number, "line", names, fix)
    return [one.split(origins, cells, known)]


def _numbers(cells: Cells, along: str) -> np.ndarray:
    """The number of the line of every sample."""
    given = np.asarray(cells.coordinate(along))
    try:
        return given.astype(float)
    except ValueError:
        fix = 'along = a dimension such as "crossline".'
        raise ConfigError(message(f"{along!r} has no numbers.", where="promise.between.along", fix=fix)) from None


def _scored(lines: np.ndarray, every: int, spacing: float | None) -> np.ndarray:
    """Places of the lines that are scored, never the first or the last."""
    index = np.arange(len(lines))
    if spacing is None:
        test = index[index % every == min(1, every - 1)]
    else:
        known = lines[0] + spacing * np.arange(int((lines[-1] - lines[0]) / spacing) + 1)
        test = np.setdiff1d(index, np.abs(lines[:, None] - known[None]).argmin(axis=0))
    return test[(test > 0) & (test < len(lines) - 1)]
