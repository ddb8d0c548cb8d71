"""Shapefile, GeoJSON and GeoPackage through geopandas: points as Records, polygons and lines for joins; and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.content import Curve, check_curves, fingerprint, replacing, stem
from outcrop.data.vector_structure import features
from outcrop.errors import DataError, did_you_mean, message, missing_extra
from outcrop.records import Record


def open_vector(path: str | Path, layer: str | None = None, crs: str | None = None) -> Any:
    """The features as a GeoDataFrame, in another coordinate system where `crs` names one.

    Raises:
        DataError: a damaged file, no feature, or a change of coordinates without knowing those of the file.
    """
    path = Path(path)
    try:
        import geopandas
    except ImportError:
        raise missing_extra("geopandas", "geo", "Reading map features") from None
    if not path.is_file():
        raise DataError(message("The file does not exist.", where=str(path), fix="check the path."))
    count = features(path)
    try:
        frame = geopandas.read_file(path, layer=layer, engine="pyogrio")
    except Exception as error:  # GDAL raises its own kinds
        reason = " ".join(str(error).split())[:160].rstrip(".") or type(error).__name__
        fix = "export it again; a Shapefile needs its .shx and .dbf beside it."
        raise DataError(message(f"The features cannot be read: {reason}.", where=str(path), fix=fix)) from None
    if not len(frame) or "geometry" not in frame or frame.geometry.isna().all():
        raise DataError(message("The file holds no feature with a place.", where=str(path), fix="export it again."))
    if count is not None and len(frame) != count:
        what = f"{len(frame):,} of {count:,} features can be read."
        raise DataError(message(what, where=str(path), fix="export it again; a feature is damaged."))
    if frame.crs is None and path.with_suffix(".prj").is_file():
        what = "The coordinate system of the file is not understood."
        raise DataError(message(what, where=str(path.with_suffix(".prj")), fix="export it again, or correct the .prj."))
    if crs is not None:
        if frame.crs is None:
            fix = "store the coordinate system with the file (.prj)."
            raise DataError(message("The file does not say its coordinate system.", where=str(path), fix=fix))
        frame = frame.to_crs(crs)
    return frame


def polygons(path: str | Path, key: str, crs: str | None = None) -> dict[str, Any]:
    """Name -> polygon, holes kept, several features of one name merged."""
    return _shapes(path, key, crs, ("Polygon", "MultiPolygon"))


def lines(path: str | Path, key: str, crs: str | None = None) -> dict[str, Any]:
    """Name -> line, several features of one name merged."""
    return _shapes(path, key, crs, ("LineString", "MultiLineString"))


def _shapes(path: str | Path, key: str, crs: str | None, kinds: tuple[str, ...]) -> dict[str, Any]:
    from shapely import is_valid_reason, union_all

    frame = open_vector(path, crs=crs)
    if key not in frame:
        known = [str(column) for column in frame.columns if column != "geometry"]
        fix = f"use one of {', '.join(known)}{did_you_mean(key, known)}."
        raise DataError(message(f"The features have no column {key!r}.", where=str(path), fix=fix))
    parts: dict[str, list[Any]] = {}
    for number, (name, shape) in enumerate(zip(frame[key], frame.geometry, strict=True), start=1):
        where = f"{path}, feature {number} ({name})"
        if shape is None or shape.is_empty or shape.geom_type not in kinds:
            kind = "nothing" if shape is None or shape.is_empty else shape.geom_type
            raise DataError(message(f"The feature is {kind}; {kinds[0]} is wanted.", where=where, fix="leave it out."))
        if not shape.is_valid:
            fix = "repair the feature in a GIS (make valid)."
            raise DataError(message(f"The feature is not valid: {is_valid_reason(shape)}.", where=where, fix=fix))
        parts.setdefault(str(name), []).append(shape)
    return {name: shapes[0] if len(shapes) == 1 else union_all(shapes) for name, shapes in parts.items()}


def read(
    path: str | Path, *, layer: str | None = None, crs: str | None = None, group: str | None = None
) -> list[Record]:
    """Point features as Records: one for the file, or one per value of the column `group`.

    Args:
        path: .shp, .geojson or .gpkg.
        layer: of a GeoPackage.
        crs: coordinate system wanted, e.g. "EPSG:23031"; by default that of the file.
        group: column whose values name the records.
    """
    import xarray as xr

    path = Path(path)
    frame = open_vector(path, layer, crs)
    kinds = sorted(set(frame.geometry.geom_type.dropna()))
    if kinds != ["Point"]:
        fix = 'polygons and lines are joined: join = "polygon_mean" or "areas".'
        raise DataError(message(f"The features are {', '.join(kinds)}; samples are points.", where=str(path), fix=fix))
    geographic = frame.crs is None or frame.crs.is_geographic
    names, unit = (("longitude", "latitude"), "degrees") if geographic else (("easting", "northing"), "m")
    sha = fingerprint(path.read_bytes())
    found = []
    values = ["" for _ in range(len(frame))] if group is None else [str(v) for v in frame[group]]
    for value in dict.fromkeys(values):
        rows = np.array([v == value for v in values])
        own = frame[rows]
        columns = {str(c): ("row", _plain(own[c]), {"units": ""}) for c in own.columns if c not in ("geometry", group)}
        coords = {"row": np.flatnonzero(rows), names[0]: ("row", own.geometry.x.to_numpy(), {"units": unit}),
                  names[1]: ("row", own.geometry.y.to_numpy(), {"units": unit})}  # fmt: skip
        data = xr.Dataset(columns, coords, {"crs": str(frame.crs or ""), "rows": np.flatnonzero(rows).tolist()})
        groups = {group: value} if group else {}
        found.append(Record(data, value or stem(path), groups, str(path), sha, "vector", dims=("row",)))
    return found


def _plain(column: Any) -> np.ndarray:
    if column.isna().all():
        return np.full(len(column), np.nan)
    values = column.to_numpy()
    return values if values.dtype.kind in "fiubM" else np.array(["" if v is None else str(v) for v in values], object)


def write(
    source: str | Path, out: str | Path, curves: Any, *, layer: str | None = None, group: str | None = None
) -> Path:
    """A copy of the features with the new columns, through the driver of the file."""
    source, out = Path(source), Path(out)
    frame = open_vector(source, layer)
    many = curves if isinstance(curves, dict) else {"": curves}
    records = read(source, layer=layer, group=group)
    for record in records:
        mine = many.get(record.name, many.get("", []))
        check_curves(
            [Curve(c.mnemonic, np.zeros(0)) for c in mine],
            0,
            [c for c in frame.columns if c not in {x.mnemonic for x in mine}],
            source,
        )
        for curve in mine:
            if curve.mnemonic not in frame:
                frame[curve.mnemonic] = np.nan
            frame.loc[frame.index[record.data.attrs["rows"]], curve.mnemonic] = np.asarray(curve.values, float)
    driver = {".shp": "ESRI Shapefile", ".gpkg": "GPKG"}.get(source.suffix.lower(), "GeoJSON")
    place = out / source.name
    if driver == "ESRI Shapefile":  # a shapefile is several files: written together, the .shp last
        out.mkdir(parents=True, exist_ok=True)
        frame.to_file(place, driver=driver, engine="pyogrio")
        return place
    with replacing(place) as partial:
        frame.to_file(partial, driver=driver, engine="pyogrio", **({"layer": layer} if layer else {}))
    return place
