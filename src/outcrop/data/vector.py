"""Shapefile, GeoJSON and GeoPackage through geopandas: points as Records, polygons and lines for joins; and back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.content import check_curves, fingerprint, replacing, stem
from outcrop.data.vector_structure import features, parsed
from outcrop.errors import ConfigError, DataError, did_you_mean, message, missing_extra
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
        try:
            frame = frame.to_crs(crs)
        except Exception as error:  # of pyproj
            fix = 'crs = "EPSG:23031"'
            raise ConfigError(message(f"crs = {crs!r} cannot be used ({error}).", where=str(path), fix=fix)) from None
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
    if group is not None and group not in frame:
        known = [str(column) for column in frame.columns if column != "geometry"]
        fix = f"use one of {', '.join(known)}{did_you_mean(group, known)}."
        raise DataError(message(f"The features have no column {group!r}.", where=str(path), fix=fix))
    geographic, notes = _geographic(frame)
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
        found.append(Record(data, value or stem(path), groups, str(path), sha, "vector", notes=notes, dims=("row",)))
    return found


def _geographic(frame: Any) -> tuple[bool, tuple[str, ...]]:
    """Whether places are longitudes and latitudes; without a coordinate system, by their range."""
    if frame.crs is not None:
        return bool(frame.crs.is_geographic), ()
    west, south, east, north = frame.total_bounds
    degrees = -180 <= west <= east <= 360 and -90 <= south <= north <= 90
    return degrees, (f"no coordinate system: places are taken for {'degrees' if degrees else 'metres'}",)


def _plain(column: Any) -> np.ndarray:
    if column.isna().all():
        return np.full(len(column), np.nan)
    values = column.to_numpy()
    return values if values.dtype.kind in "fiubM" else np.array(["" if v is None else str(v) for v in values], object)


def write(
    source: str | Path, out: str | Path, curves: Any, *, layer: str | None = None, group: str | None = None
) -> Path:
    """A copy of the features with the new columns; GeoJSON keeps all else that it holds, a GeoPackage its other layers.

    A Shapefile has names of at most ten letters: GDAL shortens longer ones and warns.
    """
    source, out = Path(source), Path(out)
    frame = open_vector(source, layer)
    many = curves if isinstance(curves, dict) else {"": curves}
    added: dict[str, np.ndarray] = {}
    for record in read(source, layer=layer, group=group):
        mine = list(many.get(record.name, many.get("", [])))
        check_curves(mine, len(record), [str(column) for column in frame.columns], source)
        for curve in mine:
            values = added.setdefault(curve.mnemonic, np.full(len(frame), np.nan))
            values[record.data.attrs["rows"]] = np.asarray(curve.values, float)
    place = out / source.name
    if source.suffix.lower() == ".shp":  # several files, written together, the .shp last
        out.mkdir(parents=True, exist_ok=True)
        frame.assign(**added).to_file(place, driver="ESRI Shapefile", engine="pyogrio")
        return place
    with replacing(place) as partial:
        if source.suffix.lower() == ".gpkg":
            _write_layer(frame.assign(**added), source, partial, layer)
        else:
            partial.write_text(_with_properties(source, added), "utf-8")
    return place


def _with_properties(source: Path, added: dict[str, np.ndarray]) -> str:
    """GeoJSON with further properties; a missing value is null."""
    content = parsed(source, source.read_bytes())
    features_ = content["features"] if content.get("type") == "FeatureCollection" else [content]
    for number, feature in enumerate(features_):
        own = {name: float(values[number]) for name, values in added.items()}
        feature["properties"] = (feature.get("properties") or {}) | {k: v if v == v else None for k, v in own.items()}
    return json.dumps(content, ensure_ascii=False)


def _write_layer(frame: Any, source: Path, partial: Path, layer: str | None) -> None:
    """A copy of a GeoPackage in which one layer, the first by default, is replaced; the others stay."""
    import pyogrio

    named = partial.with_suffix(".gpkg")  # GDAL asks for the ending
    shutil.copyfile(source, named)
    frame.to_file(named, driver="GPKG", engine="pyogrio", layer=layer or str(pyogrio.list_layers(source)[0][0]))
    shutil.move(named, partial)
