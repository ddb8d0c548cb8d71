"""What the writers of gridded formats share: names, shapes, and the grid that several Records were cut from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.content import Curve, check_curves
from outcrop.errors import DataError, message
from outcrop.records import Record


def check_names(curves: Sequence[Curve], existing: Iterable[str], path: Path) -> None:
    """Every curve has a new name that a file can hold.

    Raises:
        DataError: naming the curve and the file.
    """
    check_curves([replace(curve, values=np.zeros(0)) for curve in curves], 0, list(existing), path)


def on_grid(records: Sequence[Record], curves: Any, along: str | None, path: Path) -> tuple[list[Curve], list[str]]:
    """The curves of all Records of a file as arrays over the grid of the file, and its dimensions.

    Args:
        records: of the file, in file order.
        curves: list of Curves in the shape of the one Record, or record name -> list.
        along: dimension whose indices became the Records; a Record without curves is missing.
        path: for messages.

    Raises:
        DataError: an unknown record, or values of another shape than the grid.
    """
    many = curves if isinstance(curves, Mapping) else {records[0].name: curves}
    known = {record.name: record for record in records}
    for name, held in many.items():
        if name not in known:
            fix = f"it has {', '.join(list(known)[:8])}; write with the options it was read with."
            raise DataError(message(f"The file has no record {name!r}.", where=str(path), fix=fix))
        for curve in held:
            if np.shape(curve.values) != known[name].shape:
                what = f"{curve.mnemonic} has the shape {np.shape(curve.values)}, the grid {known[name].shape}."
                fix = f"give one value per sample of {', '.join(known[name].dims)}."
                raise DataError(message(what, where=f"{path}, {name}", fix=fix))
    first = next(iter(many.values()), [])
    dims = [*([along] if along else []), *records[0].dims]
    placed = []
    for number, curve in enumerate(first):
        if along is None:
            placed.append(curve)
            continue
        blank = np.full(records[0].shape, np.nan, np.float32)
        rows = [many[r.name][number].values if r.name in many else blank for r in records]
        placed.append(replace(curve, values=np.stack([np.asarray(row, np.float32) for row in rows])))
    return placed, dims


def like(arrays: Mapping[str, tuple[Sequence[str], int]], dims: Iterable[str]) -> str | None:
    """The largest array that has all of these dimensions: what a new one takes order, chunks and attributes from.

    Args:
        arrays: name -> dimensions and number of values.
        dims: those of the new array.
    """
    fitting = {name: size for name, (own, size) in arrays.items() if set(dims) <= set(own)}
    return max(fitting, key=lambda name: fitting[name], default=None)
