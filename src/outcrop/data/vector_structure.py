"""The structure of map features, looked at before GDAL sees it: what says how many features there are.

GDAL leaves out a feature that it cannot read. The number of features is therefore counted here and compared.

Source: ESRI (1998), Shapefile technical description; RFC 7946, GeoJSON; the database header of SQLite 3.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.errors import DataError, message

AGAIN = "copy or export the file again."
PLACES = {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"}


def features(path: Path) -> int | None:
    """How many features a file holds; None where only the library can tell (GeoPackage).

    Raises:
        DataError: the file is cut short, its parts do not fit each other, or it is something else.
    """
    raw = path.read_bytes()
    if not raw:
        raise DataError(message("The file is empty.", where=str(path), fix=AGAIN))
    if raw[:4] == b"\0\0\x27\x0a":
        return _shapefile(path, raw)
    if raw[:16] == b"SQLite format 3\0":
        return _geopackage(path, raw)
    if raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _geojson(path, raw)
    fix = "name a .shp, .geojson or .gpkg, or state format = ... of what it is."
    what = "This is no Shapefile, GeoJSON or GeoPackage: its first bytes are others."
    raise DataError(message(what, where=str(path), fix=fix))


def _beside(path: Path, suffix: str) -> tuple[Path, bytes]:
    for part in (path.with_suffix(suffix), path.with_suffix(suffix.upper())):
        if part.is_file():
            return part, part.read_bytes()
    fix = f"copy {path.stem}{suffix} beside it; a Shapefile needs its .shx and .dbf."
    raise DataError(message(f"The {suffix} of the Shapefile is missing.", where=str(path), fix=fix))


def _shapefile(path: Path, raw: bytes) -> int:
    """The index must list the records of the .shp, and the .dbf have a row for each."""
    places, index = _beside(path, ".shx")
    table, rows = _beside(path, ".dbf")
    for part, held in ((path, raw), (places, index)):
        stated = 2 * int.from_bytes(held[24:28], "big")
        if stated != len(held) or stated < 100:
            what = f"The header says {stated:,} bytes; the file has {len(held):,}."
            raise DataError(message(what, where=str(part), fix=AGAIN))
    starts, lengths = 2 * np.frombuffer(index[100:], ">i4").astype(np.int64).reshape(-1, 2).T
    heads = starts[:, None] + np.arange(8)
    whole = len(starts) and starts.min() >= 100 and lengths.min() >= 4 and (starts + 8 + lengths).max() <= len(raw)
    if whole:
        stated = np.ascontiguousarray(np.frombuffer(raw, "u1")[heads]).view(">i4").astype(np.int64)
        whole = (stated[:, 0] == np.arange(1, len(starts) + 1)).all() and (2 * stated[:, 1] == lengths).all()
    if not whole:
        what = "The index does not fit the features of the Shapefile."
        raise DataError(message(what, where=f"{path} and {places.name}", fix=AGAIN))
    count, head, width = (int.from_bytes(rows[a:b], "little") for a, b in ((4, 8), (8, 10), (10, 12)))
    if count != len(starts) or len(rows) < head + count * width or head < 33 or width < 1:
        what = f"{len(starts):,} features, and a table of {count:,} rows in {len(rows):,} bytes."
        raise DataError(message(what, where=f"{path} and {table.name}", fix=AGAIN))
    marks = np.frombuffer(rows, "u1", count * width, head).reshape(count, width)[:, 0]
    return count - int((marks == ord("*")).sum())  # rows that were deleted


def _geojson(path: Path, raw: bytes) -> int:
    content = parsed(path, raw)
    kind = content.get("type")
    if kind in PLACES:
        return 1
    listed = content.get("features") if kind == "FeatureCollection" else [content]
    if not isinstance(listed, list):
        raise DataError(message("The GeoJSON holds no list of features.", where=str(path), fix=AGAIN))
    for number, feature in enumerate(listed, start=1):
        place = feature.get("geometry") if isinstance(feature, dict) and feature.get("type") == "Feature" else 0
        if place is not None and not (isinstance(place, dict) and place.get("type") in PLACES):
            what = "This is no feature with a geometry."
            raise DataError(message(what, where=f"{path}, feature {number}", fix="correct it, or export it again."))
    return len(listed)


def parsed(path: Path, raw: bytes) -> dict[str, Any]:
    """The table of keys that a GeoJSON file is."""
    try:
        return dict(json.loads(raw))
    except (ValueError, TypeError, RecursionError) as error:
        raise DataError(message(f"The JSON is damaged: {error}.", where=str(path), fix=AGAIN)) from None


def _geopackage(path: Path, raw: bytes) -> None:
    """The database header says how many pages there are, where no old program has written."""
    page, pages = int.from_bytes(raw[16:18], "big"), int.from_bytes(raw[28:32], "big")
    size = (65536 if page == 1 else page) * pages
    if len(raw) < 100 or (raw[24:28] == raw[92:96] and size > len(raw)):
        what = f"The file is cut short: {len(raw):,} of {size:,} bytes."
        raise DataError(message(what, where=str(path), fix=AGAIN))
