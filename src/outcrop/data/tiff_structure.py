"""The structure of a TIFF, looked at before GDAL sees it: directories, tags and blocks lie inside the file and add up.

Source: Adobe (1992), TIFF revision 6.0; BigTIFF as in libtiff.
"""

from __future__ import annotations

from math import ceil
from pathlib import Path

import numpy as np

from outcrop.data.content import check_declared
from outcrop.errors import DataError, message

TYPES = {1: "u1", 2: "u1", 3: "u2", 4: "u4", 5: "u8", 6: "i1", 7: "u1", 8: "i2", 9: "i4", 10: "i8", 11: "f4",
         12: "f8", 13: "u4", 16: "u8", 17: "i8", 18: "u8"}  # fmt: skip
"""Type of a tag -> NumPy type of the same size."""
WIDTH, HEIGHT, BITS, BANDS, ROWS, PLANES, TILE_WIDTH, TILE_HEIGHT = 256, 257, 258, 277, 278, 284, 322, 323
BLOCKS = ((273, 279), (324, 325))
"""Tags with offsets and sizes of strips, and of tiles."""
FIX = "copy it again; it is cut short or damaged."


def check_tiff(path: Path, raw: bytes) -> None:
    """Follows the chain of directories.

    Raises:
        DataError: this is no TIFF, or something it names lies outside the file or does not fit the rest.
    """
    order = {b"II": "little", b"MM": "big"}.get(raw[:2], "")
    if not order or int.from_bytes(raw[2:4], order) not in (42, 43):  # type: ignore[arg-type]
        fix = "name a GeoTIFF, or state format = ... of what it is."
        raise DataError(message("This is no TIFF: its first bytes are not those of one.", where=str(path), fix=fix))
    big = raw[2:4] in (b"\x2b\0", b"\0\x2b")
    mark, word = "<>"[order == "big"], "u8" if big else "u4"
    place, seen = _number(raw, 8 if big else 4, mark + word), set[int]()
    while place and place not in seen:
        seen.add(place)
        head, size = (8, 20) if big else (2, 12)
        count = _number(raw, place, f"{mark}u{head}")
        after = place + head + size * count
        if after + (8 if big else 4) > len(raw):
            what = f"The directory of the TIFF lies at byte {place:,}, the file has {len(raw):,}."
            raise DataError(message(what, where=str(path), fix=FIX))
        tags = _tags(path, raw, place + head, count, mark, big)
        if len(seen) == 1:
            _check_blocks(path, tags, len(raw))
        place = _number(raw, after, mark + word)


def _number(raw: bytes, place: int, kind: str) -> int:
    width = int(kind[2:])
    return int.from_bytes(raw[place : place + width], "big" if kind[0] == ">" else "little")


def _tags(path: Path, raw: bytes, start: int, count: int, mark: str, big: bool) -> dict[int, np.ndarray]:
    """The values of every tag of a directory."""
    found = {}
    for at in range(start, start + count * (20 if big else 12), 20 if big else 12):
        tag, code = _number(raw, at, mark + "u2"), _number(raw, at + 2, mark + "u2")
        many = _number(raw, at + 4, mark + ("u8" if big else "u4"))
        if code not in TYPES:
            continue
        kind = np.dtype(mark + TYPES[code])
        inside = at + (12 if big else 8)
        place = (
            inside
            if many * kind.itemsize <= (8 if big else 4)
            else _number(raw, inside, mark + ("u8" if big else "u4"))
        )
        if place + many * kind.itemsize > len(raw):
            what = f"Its tag {tag} points to bytes {place:,} to {place + many * kind.itemsize:,} of {len(raw):,}."
            raise DataError(message(what, where=f"{path}, byte {at}", fix=FIX))
        found[tag] = np.frombuffer(raw, kind, many, place)
    return found


def _check_blocks(path: Path, tags: dict[int, np.ndarray], size: int) -> None:
    """Strips or tiles cover the raster exactly and lie inside the file."""

    def one(tag: int, default: int = 0) -> int:
        return int(tags[tag][0]) if len(tags.get(tag, ())) and tags[tag].dtype.kind in "ui" else default

    width, height, bands = one(WIDTH), one(HEIGHT), one(BANDS, 1)
    if min(width, height, bands) < 1:
        what = f"The raster has {height} rows, {width} columns and {bands} bands."
        raise DataError(message(what, where=str(path), fix=FIX))
    check_declared(width * height * bands * max(one(BITS, 1) // 8, 1), path, "tags 256 and 257")
    offsets, counts = next(((tags[a], tags.get(b, tags[a][:0])) for a, b in BLOCKS if a in tags), (None, None))
    if offsets is None or counts is None:
        raise DataError(message("The TIFF names no strips or tiles.", where=str(path), fix=FIX))
    tile = max(one(TILE_WIDTH), 0), max(one(TILE_HEIGHT), 0)
    across, down = tile if all(tile) else (width, min(one(ROWS, height) or height, height))
    blocks = ceil(width / across) * ceil(height / down) * (bands if one(PLANES, 1) == 2 else 1)
    if not len(offsets) == len(counts) == blocks:
        what = f"{height} x {width} cells need {blocks} blocks of {down} x {across}; {len(offsets)} are named."
        raise DataError(message(what, where=str(path), fix=FIX))
    ends = offsets.astype(object) + counts.astype(object) if len(offsets) else np.zeros(1)
    if max(ends) > size:
        what = f"A block ends at byte {max(ends):,}; the file has {size:,}."
        raise DataError(message(what, where=str(path), fix=FIX))
