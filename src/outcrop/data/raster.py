"""Rasters: GeoTIFF with coordinate system, transform, nodata and band names; PNG and JPEG images; and back.

A GeoTIFF is a grid (y, x) with coordinates of cell centres: easting and northing, or longitude and latitude. An image
is a grid (row, column) without a place. Classes drawn in colours become codes through `palette`.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.content import Curve, check_curves, check_declared, content, fingerprint, replacing, stem
from outcrop.data.tiff_structure import check_tiff
from outcrop.errors import ConfigError, DataError, message, missing_extra
from outcrop.records import Record

IMAGES = (".png", ".jpg", ".jpeg")
PNG_END = b"IEND\xaeB\x60\x82"
COLOURS = ("grey", "rgb", "code")


def read(
    path: str | Path,
    *,
    bands: Mapping[str, int | str] | None = None,
    variable: str | None = None,
    colours: str = "grey",
    palette: Mapping[str, int] | None = None,
    units: Mapping[str, str] | None = None,
    null: Sequence[float] = (),
) -> list[Record]:
    """Reads a raster into one Record.

    Args:
        path: GeoTIFF, PNG or JPEG.
        bands: new name -> band number (from 1) or its description; by default every band, named by its description or
            `band_1`.
        variable: name of the variable of an image, or of a file with one band.
        colours: images: "grey" (one variable), "rgb" (red, green, blue) or "code" (r * 65536 + g * 256 + b).
        palette: images: colour -> class code, `{"(20,70,245)" = 1}`; other colours are an error.
        units: variable -> unit.
        null: further numbers that mean "missing".

    Raises:
        ConfigError: an unknown band or way to read colours.
        DataError: a damaged file, or a colour that the palette lacks.
    """
    path = Path(path)
    raw = content(path)
    if path.suffix.lower() in IMAGES or raw[:4] == b"\x89PNG" or raw[:3] == b"\xff\xd8\xff":
        record = _image(path, raw, colours, palette, variable or "value")
    else:
        record = _geotiff(path, raw, bands, variable)
    for name in record.data.data_vars:
        array = record.data[name]
        array.attrs["units"] = (units or {}).get(str(name), array.attrs.get("units", ""))
        if null:
            record.data[name] = array.where(~np.isin(array.to_numpy(), null)).assign_attrs(array.attrs)
    return [record]


def _image(path: Path, raw: bytes, colours: str, palette: Mapping[str, int] | None, variable: str) -> Record:
    import io

    import xarray as xr

    if colours not in COLOURS:
        fix = f"colours = one of {', '.join(COLOURS)}."
        raise ConfigError(message(f"colours = {colours!r} is not known.", where=str(path), fix=fix))
    try:
        from PIL import Image

        with Image.open(io.BytesIO(raw), formats=("PNG", "JPEG")) as image:
            check_declared(image.width * image.height * len(image.getbands()), path)
            deep = image.mode in ("I;16", "I", "F", "L", "1")
            pixels = np.asarray(image if deep else image.convert("RGB"))
        if raw[:3] == b"\xff\xd8\xff":
            _check_jpeg(raw)
        elif PNG_END not in raw[-1024:]:
            raise ValueError("its end is missing")
    except ImportError:
        raise missing_extra("pillow", "geo", "Reading images") from None
    except DataError:
        raise
    except Exception as error:  # the decoders raise many kinds; all mean a damaged file
        reason = " ".join(str(error).split())[:160].rstrip(".") or type(error).__name__
        fix = "copy or export the image again."
        raise DataError(message(f"The image cannot be read ({reason}).", where=str(path), fix=fix)) from None
    rgb = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
    dims = ("row", "column")
    if palette is not None or colours == "code":
        code = rgb.astype(np.int64) @ np.array([65536, 256, 1])
        columns = {variable: (dims, _classes(code, palette, path) if palette is not None else code)}
    elif colours == "rgb":
        columns = {name: (dims, rgb[..., k].astype(np.float32)) for k, name in enumerate(("red", "green", "blue"))}
    else:
        grey = pixels if pixels.ndim == 2 else rgb @ np.array([0.299, 0.587, 0.114])
        columns = {variable: (dims, np.asarray(grey, np.float32))}
    sizes = {"row": np.arange(rgb.shape[0]), "column": np.arange(rgb.shape[1])}
    data = xr.Dataset({name: (d, values, {"units": ""}) for name, (d, values) in columns.items()}, sizes)
    return Record(data, stem(path), {}, str(path), fingerprint(raw), "raster", dims=dims)


def _check_jpeg(raw: bytes) -> None:
    """Pillow fills a JPEG that ends early, or is damaged inside, with grey; GDAL says so."""
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning

    logging.getLogger("rasterio").setLevel(logging.CRITICAL)
    with warnings.catch_warnings(), rasterio.Env(GDAL_ERROR_ON_LIBJPEG_WARNING=True):
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.MemoryFile(raw) as held, held.open(driver="JPEG") as file:
            file.read()


def _classes(code: np.ndarray, palette: Mapping[str, int], path: Path) -> np.ndarray:
    """Class codes of colours.

    Raises:
        ConfigError: a colour of the palette is not three numbers.
        DataError: a colour of the image that the palette lacks.
    """
    keys, values = [], []
    for colour, number in palette.items():
        parts = colour.strip("()[] ").split(",")
        if len(parts) != 3 or not all(part.strip().isdigit() for part in parts):
            fix = 'palette = {"(20,70,245)" = 1}'
            raise ConfigError(message(f"{colour!r} is no colour.", where=f"palette of {path.name}", fix=fix))
        red, green, blue = map(int, parts)
        keys.append(red * 65536 + green * 256 + blue)
        values.append(int(number))
    order = np.argsort(keys)
    known = np.array(keys)[order]
    place = np.clip(np.searchsorted(known, code), 0, len(known) - 1)
    foreign = known[place] != code
    if foreign.any():
        first = int(code[foreign][0])
        shown = f"({first >> 16},{first >> 8 & 255},{first & 255})"
        fix = f'palette = {{..., "{shown}" = CODE}}'
        what = f"{int(foreign.sum())} pixels have colours that the palette lacks, the first {shown}."
        raise DataError(message(what, where=str(path), fix=fix))
    return np.array(values, np.int32)[order][place]


def _geotiff(path: Path, raw: bytes, bands: Mapping[str, int | str] | None, variable: str | None) -> Record:
    import xarray as xr

    check_tiff(path, raw)
    with _opened(path) as file:
        try:
            chosen = _chosen(file, bands, variable, path)
            columns = {name: _band(file, number) for name, number in chosen.items()}
            coords, notes = _coordinates(file)
            attributes = {"crs": file.crs.to_string() if file.crs else "", "transform": list(file.transform)[:6]}
        except (DataError, ConfigError):
            raise
        except Exception as error:  # GDAL raises its own kinds
            reason = " ".join(str(error).split())[:160].rstrip(".") or type(error).__name__
            fix = "copy or export the file again."
            raise DataError(message(f"The raster cannot be read ({reason}).", where=str(path), fix=fix)) from None
    data = xr.Dataset(columns, coords, attributes)
    return Record(data, stem(path), {}, str(path), fingerprint(raw), "raster", notes=notes, dims=("y", "x"))


def _opened(path: Path) -> Any:
    try:
        import rasterio
        from rasterio.errors import NotGeoreferencedWarning, RasterioError
    except ImportError:
        raise missing_extra("rasterio", "geo", "Reading GeoTIFF") from None
    logging.getLogger("rasterio").setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            return rasterio.open(path, driver="GTiff")
    except RasterioError as error:
        fix = "copy or export the file again; check that it is a GeoTIFF."
        raise DataError(message(f"The raster cannot be opened ({error}).", where=str(path), fix=fix)) from None


def _chosen(file: Any, bands: Mapping[str, int | str] | None, variable: str | None, path: Path) -> dict[str, int]:
    described = [text or f"band_{i}" for i, text in enumerate(file.descriptions, start=1)]
    if bands is None:
        if variable is not None and file.count == 1:
            return {variable: 1}
        if double := [name for name in described if described.count(name) > 1]:
            what, fix = f"Two bands are called {double[0]!r}.", "bands = {first = 1, second = 2}"
            raise DataError(message(what, where=str(path), fix=fix))
        return {name: number for number, name in enumerate(described, start=1)}
    chosen = {}
    for name, band in bands.items():
        number = band if isinstance(band, int) else described.index(band) + 1 if band in described else 0
        if not 1 <= number <= file.count:
            fix = f"its {file.count} bands are {', '.join(described[:8])}."
            raise ConfigError(message(f"There is no band {band!r}.", where=f"{path}, bands.{name}", fix=fix))
        chosen[name] = number
    return chosen


def _band(file: Any, number: int) -> tuple[tuple[str, str], np.ndarray, dict[str, Any]]:
    values = file.read(number)
    nodata = file.nodatavals[number - 1]
    scale, offset = file.scales[number - 1], file.offsets[number - 1]
    attributes: dict[str, Any] = {
        "units": file.units[number - 1] or "",
        "long_name": file.descriptions[number - 1] or "",
    }
    if values.dtype.kind == "f":
        values = np.where(values == nodata, np.nan, values) if nodata is not None else values
    elif (scale, offset) != (1.0, 0.0):
        values = np.where(values == nodata, np.nan, values) if nodata is not None else values.astype(np.float64)
    elif nodata is not None and np.isfinite(nodata):
        attributes["missing"] = int(nodata)
    if (scale, offset) != (1.0, 0.0):
        values = values * scale + offset
    return ("y", "x"), values, attributes


def _coordinates(file: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Cell centres: along y and x where the raster is upright, else for each cell."""
    transform = file.transform
    rows, columns = np.arange(file.height) + 0.5, np.arange(file.width) + 0.5
    names, unit, factor, notes = ("easting", "northing"), "m", 1.0, ()
    if not file.crs:
        plain = {"y": np.arange(file.height), "x": np.arange(file.width)}
        return plain, ("no coordinate system: cells are numbered",)
    if file.crs.is_geographic:
        names, unit = ("longitude", "latitude"), "degrees"
    elif not file.crs.is_projected:
        plain = {"y": np.arange(file.height), "x": np.arange(file.width)}
        return plain, ("a coordinate system that is no map's: cells are numbered",)
    else:
        factor = float(file.crs.linear_units_factor[1])
        notes = () if factor == 1 else (f"coordinates converted to m by {factor:g}",)
    if transform.b == 0 and transform.d == 0:
        x, y = factor * (transform.c + transform.a * columns), factor * (transform.f + transform.e * rows)
        coords = {names[0]: ("x", x, {"units": unit}), names[1]: ("y", y, {"units": unit}), "x": x, "y": y}
        return coords, notes
    x = factor * (transform.c + transform.a * columns[None] + transform.b * rows[:, None])
    y = factor * (transform.f + transform.d * columns[None] + transform.e * rows[:, None])
    plain = {"y": np.arange(file.height), "x": np.arange(file.width)}
    both = {names[0]: (("y", "x"), x, {"units": unit}), names[1]: (("y", "x"), y, {"units": unit})}
    return plain | both, (*notes, "rotated raster: every cell has its own coordinates")


def write(source: str | Path, out: str | Path, curves: list[Curve]) -> Path | list[Path]:
    """Writes the new quantities beside the original bands, with coordinate system, transform and nodata as they were.

    A GeoTIFF keeps its bands where one number type holds old and new ones; else (codes in bytes beside probabilities)
    the new bands go to `NAME_pred.tif`, and the original is not repeated. An image gives one PNG per quantity: codes as
    they are where they fit into 8 or 16 bits, other numbers stretched over 16 bits, with the range in its text.
    """
    source, out = Path(source), Path(out)
    if source.suffix.lower() in IMAGES:
        return [_write_image(source, out, curve) for curve in curves]
    import rasterio

    with _opened(source) as file:
        profile, existing = (
            file.profile.copy(),
            [text or f"band_{i}" for i, text in enumerate(file.descriptions, start=1)],
        )
        check_curves([Curve(c.mnemonic, np.zeros(0)) for c in curves], 0, existing, source)
        old = file.read()
        about = {"units": file.units, "scales": file.scales, "offsets": file.offsets, "tags": file.tags()}
    kept = old.dtype.kind == "f"
    kind = old.dtype if kept else np.float32
    nodata = profile["nodata"] if kept and profile["nodata"] is not None else np.nan
    new = [np.where(np.isnan(c.values), nodata, c.values).astype(kind) for c in curves]
    place = out / (source.name if kept else f"{source.stem}_pred.tif")
    layers = [*old, *new] if kept else new
    profile |= {"driver": "GTiff", "count": len(layers), "dtype": kind}
    if not kept or (profile["nodata"] is None and any(np.isnan(c.values).any() for c in curves)):
        profile["nodata"] = nodata
    first = len(layers) - len(new)
    with replacing(place) as partial, rasterio.open(partial, "w", **profile) as file:
        file.update_tags(**{k: v for k, v in about["tags"].items() if k != "AREA_OR_POINT"})
        for number, layer in enumerate(layers, start=1):
            file.write(layer, number)
            curve = curves[number - 1 - first] if number > first else None
            file.set_band_description(number, curve.mnemonic if curve else existing[number - 1])
            file.set_band_unit(number, curve.unit if curve else about["units"][number - 1] or "")
        if kept:
            file.scales = (*about["scales"], *[1.0] * len(new))
            file.offsets = (*about["offsets"], *[0.0] * len(new))
    return place


def _write_image(source: Path, out: Path, curve: Curve) -> Path:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    values = np.asarray(curve.values, float)
    finite = values[np.isfinite(values)]
    text = PngInfo()
    text.add_text("quantity", f"{curve.mnemonic} {curve.unit} {curve.description}".strip())
    whole = finite.size and np.all(finite == np.round(finite)) and finite.min() >= 0 and finite.max() < 65535
    if whole:
        kind = np.uint8 if finite.max() < 255 else np.uint16
        missing = np.iinfo(kind).max
        text.add_text("missing", str(missing))
        pixels = np.where(np.isfinite(values), values, missing).astype(kind)
    else:
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        scaled = (values - low) / max(high - low, 1e-30) * 65534
        text.add_text("range", f"{low!r} to {high!r} over 0 to 65534; 65535 is missing")
        pixels = np.where(np.isfinite(values), np.round(np.nan_to_num(scaled)), 65535).astype(np.uint16)
    place = out / f"{source.stem}_{curve.mnemonic}.png"
    with replacing(place) as partial:
        Image.fromarray(pixels).save(partial, format="PNG", pnginfo=text)
    return place
