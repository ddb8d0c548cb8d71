"""The structure of IRAP surfaces, looked at before xtgeo sees them, which fills what is cut off with missing values.

Source: the layout as xtgeo writes it; numbers of nodes, steps and corners in front, then one value per node.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from outcrop.errors import DataError, message

MARK = -996
"""First number of every surface."""
TEXT_HEADER, BINARY_HEADER = 19, (32, 16, 28)
"""Numbers before the values; bytes of the records before them."""
FIX = "copy or export the surface again."


def check_surface(path: Path, raw: bytes, binary: bool) -> None:
    """Counts the values.

    Raises:
        DataError: it is no surface of this kind, or has another number of values than nodes.
    """
    columns, rows, values = _of_records(path, raw) if binary else _of_words(path, raw)
    if columns < 1 or rows < 1 or columns * rows != values:
        what = f"The header says {columns:,} x {rows:,} nodes; there are {values:,} values."
        raise DataError(message(what, where=str(path), fix=FIX))


def _of_words(path: Path, raw: bytes) -> tuple[int, int, int]:
    words = raw.split()
    try:
        numbers = np.array(words, float)
        mark, rows, columns = int(numbers[0]), int(numbers[1]), int(numbers[8])
    except (ValueError, IndexError, OverflowError) as error:
        raise DataError(message(f"This is no IRAP surface in text ({error}).", where=str(path), fix=FIX)) from None
    if mark != MARK:
        raise DataError(message(f"The surface starts with {mark}, not {MARK}.", where=str(path), fix=FIX))
    return columns, rows, len(numbers) - TEXT_HEADER


def _of_records(path: Path, raw: bytes) -> tuple[int, int, int]:
    """Records have their length in front and behind."""
    at, lengths = 0, []
    while at < len(raw):
        length = int.from_bytes(raw[at : at + 4], "big")
        if raw[at : at + 4] != raw[at + 4 + length : at + 8 + length] or at + 8 + length > len(raw):
            what = f"A record of {length:,} bytes does not end where it should."
            raise DataError(message(what, where=f"{path}, byte {at:,}", fix=FIX))
        lengths.append(length)
        at += 8 + length
    if tuple(lengths[:3]) != BINARY_HEADER or int.from_bytes(raw[4:8], "big", signed=True) != MARK:
        raise DataError(message("This is no binary IRAP surface.", where=str(path), fix=FIX))
    rows, columns = int.from_bytes(raw[8:12], "big"), int.from_bytes(raw[44:48], "big")
    return columns, rows, sum(lengths[3:]) // 4
