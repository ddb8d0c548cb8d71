"""The promise "it must work at a later time": training ends before each boundary, and what is scored begins there.

The past of what is tested may lie before the boundary: where the model is used, it is known. Works along any axis that
increases along the record: time stamps, depth, row numbers. The boundary is the same coordinate in every record.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from outcrop.errors import ConfigError, DataError, message
from outcrop.records import Origins
from outcrop.split.promise import Split
from outcrop.view.ranges import along_one


def later(
    origins: Origins,
    axes: Mapping[str, np.ndarray],
    *,
    test_from: Any,
    validation_from: Any = None,
    validation_share: float = 0.2,
    gap_samples: int = 0,
    gap: Any = None,
) -> list[Split]:
    """One split by date. Examples scored on both sides of a boundary, or that touch the gap before it, are left out.

    Args:
        axes: record name -> its axis (`record.axis`), increasing.
        test_from: first coordinate of the test part, e.g. "1990-01-01" or a depth.
        validation_from: first coordinate of validation; by default the last `validation_share` before `test_from`.
        gap_samples: samples left out before each boundary.
        gap: the same as a duration on the axis (`np.timedelta64`, or a number on a numeric axis).

    Raises:
        ConfigError: a boundary of the wrong type, or one that leaves a part empty.
        DataError: an axis that does not increase.
    """
    _check_axes(axes)
    sample = next(iter(axes.values()))
    test_from = _coordinate(test_from, sample, "promise.later")
    first = along_one(origins.scores)[:, 0]
    stop = np.maximum(along_one(origins.reads)[:, 1], along_one(origins.scores)[:, 1])
    keep = {"axes": axes, "gap_samples": int(gap_samples), "gap": gap}
    before, test = _sides(origins, first, stop, test_from, **keep)
    if validation_from is None:
        validation_from = _last_share(origins, before, validation_share)
    if validation_from is None:
        train, validation = before, np.zeros(len(origins), bool)
    else:
        validation_from = _coordinate(validation_from, sample, "promise.validation_from")
        train, validation = _sides(origins, first, stop, validation_from, **keep)
        validation &= before
    parts = {"train": train, "validation": validation, "test": test}
    wanted = ["train", "test"] + (["validation"] if validation_from is not None else [])
    _check_parts(origins, {part: parts[part] for part in wanted}, test_from)
    chosen = {part: np.flatnonzero(mask) for part, mask in parts.items()}
    left_out = len(origins) - sum(map(len, chosen.values()))
    reason = (
        f"Scored on samples from {_text(test_from)} on, after everything that training saw: the model must work at a "
        f"later {_axis_name(origins)} ({left_out} examples that touch a boundary or its gap are left out)."
    )
    groups = {part: _record_names(origins, which) for part, which in chosen.items()}
    return [Split(**chosen, sentence=reason, promise=f"later = {_text(test_from)}", groups=groups)]


def _sides(
    origins: Origins,
    first: np.ndarray,
    stop: np.ndarray,
    boundary: Any,
    *,
    axes: Mapping[str, np.ndarray],
    gap_samples: int,
    gap: Any,
) -> tuple[np.ndarray, np.ndarray]:
    """Masks of the examples that lie wholly before the boundary and its gap, and of those scored after the boundary."""
    at = np.array([np.searchsorted(axes[name], boundary) for name in origins.names])
    until = at if gap is None else np.array([np.searchsorted(axes[name], boundary - gap) for name in origins.names])
    until = until - gap_samples
    return stop <= until[origins.record], first >= at[origins.record]


def _last_share(origins: Origins, before: np.ndarray, share: float) -> Any:
    """The coordinate after which the last `share` of these examples are scored, or None for no validation."""
    if not 0 <= share < 1:
        fix = "validation_share = 0.2 (0 to below 1)"
        raise ConfigError(message(f"validation_share is {share}.", where="[promise]", fix=fix))
    scored = np.sort(origins.position[_axis_name(origins)][before])
    return scored[int(len(scored) * (1 - share))] if share > 0 and len(scored) > 1 else None


def _axis_name(origins: Origins) -> str:
    return next(iter(origins.scores.ranges))


def _coordinate(value: Any, axis: np.ndarray, where: str) -> Any:
    """The boundary in the axis' own type; a date for time stamps, a number otherwise."""
    dated = np.issubdtype(axis.dtype, np.datetime64)
    try:
        return np.datetime64(value).astype(axis.dtype) if dated else float(value)
    except (TypeError, ValueError) as error:
        fix = f'{where.split(".")[1]} = "{_text(axis[len(axis) * 4 // 5])}"'
        wanted = "a date" if dated else "a number"
        raise ConfigError(message(f"{value!r} is not {wanted} on this axis.", where=where, fix=fix)) from error


def _check_axes(axes: Mapping[str, np.ndarray]) -> None:
    for name, axis in axes.items():
        if np.any(axis[1:] <= axis[:-1]):
            raise DataError(
                message(
                    "The axis does not increase, so nothing is later.",
                    where=f"record {name!r}",
                    fix='data.frame = {order = "sort", duplicates = "mean"}',
                )
            )


def _check_parts(origins: Origins, parts: Mapping[str, np.ndarray], test_from: Any) -> None:
    empty = [part for part, mask in parts.items() if not mask.any()]
    if empty:
        scored = origins.position[_axis_name(origins)]
        middle = np.sort(scored)[len(scored) * 4 // 5]
        raise ConfigError(
            message(
                f"With the boundary at {_text(test_from)} no example lies wholly in the {' or the '.join(empty)} part.",
                where=f"promise.later; the samples run from {_text(scored.min())} to {_text(scored.max())}",
                fix=f'later = "{_text(middle)}", or a smaller gap_samples, or a shorter context in data.view',
            )
        )


def _record_names(origins: Origins, which: np.ndarray) -> tuple[str, ...]:
    return tuple(origins.names[i] for i in np.unique(origins.record[which]))


def _text(value: Any) -> str:
    return str(value)[:10] if isinstance(value, np.datetime64) else f"{value:g}"
