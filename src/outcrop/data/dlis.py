"""DLIS well logs through dlisio: one Record per frame, scalar channels as curves; predictions go to a LAS file.

dlisio reads and cannot write, and neither can anything else that is kept; LAS 2.0 holds the same curves.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.content import Curve, content, fingerprint, replacing, stem
from outcrop.data.dlis_structure import check_dlis
from outcrop.data.isolated import call
from outcrop.data.wellname import well_root
from outcrop.errors import ConfigError, DataError, message, missing_extra
from outcrop.records import Record

ARRAYS = ("skip", "fold")
INDEX_UNITS = {"0.1 in": ("m", 0.00254), "0.1in": ("m", 0.00254), "in": ("m", 0.0254)}


def read(
    path: str | Path,
    *,
    arrays: str = "skip",
    frame: str | None = None,
    null: tuple[float, ...] = (-999.25,),
    incomplete: str = "error",
) -> list[Record]:
    """Reads the frames of a DLIS file.

    Args:
        path: the file.
        arrays: channels with several values per depth: "skip", or "fold" into NAME_0, NAME_1 ...
        frame: name of the frame to take; by default all.
        null: values that mean "missing".
        incomplete: "error" refuses a frame in whose numbered rows some are missing, "accept" notes it.

    Raises:
        ConfigError: `arrays`, `incomplete` or the frame is not known.
        DataError: a damaged file, or one without frames.
    """
    path = Path(path)
    if arrays not in ARRAYS:
        raise ConfigError(
            message(f"arrays = {arrays!r} is not known.", where=str(path), fix='arrays = "skip"  # or "fold"')
        )
    if incomplete not in ("error", "accept"):
        raise ConfigError(message(f"incomplete = {incomplete!r} is not known.", fix='use "error" or "accept".'))
    raw = content(path)
    check_dlis(path, raw)
    frames = call("outcrop.data.dlis:load", path, library="dlisio", incomplete=incomplete)
    chosen = [item for item in frames if frame is None or item["name"] == frame]
    if not chosen:
        fix = f"frame = one of {', '.join(item['name'] for item in frames) or 'none'}."
        raise ConfigError(message(f"There is no frame {frame!r}.", where=str(path), fix=fix))
    return [_record(item, path, raw, arrays, null, len(chosen) > 1) for item in chosen]


def load(path: str, *, incomplete: str) -> list[dict[str, Any]]:
    """All frames as plain arrays; called in a process of its own, since a damaged file can crash the library."""
    try:
        from dlisio import dlis
    except ImportError:
        raise missing_extra("dlisio", "seismic", "Reading DLIS") from None
    try:
        with dlis.load(path) as files:
            found = [_frame(file, frame, path, incomplete) for file in files for frame in _frames(file, path)]
    except DataError:
        raise
    except Exception as error:  # dlisio raises many kinds
        reason = " ".join(str(error).split())[:160].rstrip(".") or type(error).__name__
        raise DataError(message(f"The file cannot be read: {reason}.", where=path, fix="copy it again.")) from None
    found = [item for item in found if item["columns"] and len(next(iter(item["columns"].values())))]
    if not found:
        raise DataError(
            message("The file holds no frame with curves.", where=path, fix="copy it again, or leave it out.")
        )
    return found


def _frames(file: Any, path: str) -> list[Any]:
    """The frames of a logical file; rows that belong to none would be lost."""
    stray = set(file.fdata_index) - {frame.fingerprint for frame in file.frames}
    if stray:
        what = f"Rows belong to a frame that is not described: {min(stray)!r}."
        raise DataError(message(what, where=path, fix="copy it again."))
    return list(file.frames)


def _frame(file: Any, frame: Any, path: str, incomplete: str) -> dict[str, Any]:
    curves = frame.curves(strict=False)
    columns = {name: np.array(curves[name]) for name in curves.dtype.names if name != "FRAMENO"}
    numbers = curves["FRAMENO"].tolist()
    gaps = [(last, this) for last, this in pairwise([0, *numbers]) if this != last + 1]
    if gaps and incomplete == "error":
        what = f"Row {gaps[0][1]} follows on row {gaps[0][0]} ({len(gaps)} such places)."
        fix = 'copy it again; or accept such files: incomplete = "accept".'
        raise DataError(message(what, where=f"{path}, frame {frame.name}", fix=fix))
    return {
        "name": frame.name,
        "well": str(next((origin.well_name for origin in file.origins if origin.well_name), "")),
        "index": frame.index,
        "columns": columns,
        "units": {channel.name: channel.units or "" for channel in frame.channels},
        "long": {channel.name: str(channel.long_name or "") for channel in frame.channels},
        "notes": [f"rows are missing in {len(gaps)} places"] if len(gaps) else [],
    }


def _record(
    item: dict[str, Any], path: Path, raw: bytes, arrays: str, null: tuple[float, ...], several: bool
) -> Record:
    import xarray as xr

    columns, units = dict(item["columns"]), item["units"]
    index = item["index"] if item["index"] in columns else next(iter(columns))
    axis, unit, notes = np.asarray(columns.pop(index)), units.get(index, ""), list(item["notes"])
    if axis.ndim != 1 or axis.dtype.kind not in "fiu":
        what = f"The index {index} of the frame {item['name']} is no column of numbers."
        raise DataError(message(what, where=str(path), fix="frame = another one, or export the file again."))
    axis = axis.astype(float)
    if unit.lower() in INDEX_UNITS:
        new, factor = INDEX_UNITS[unit.lower()]
        axis, notes, unit = axis * factor, [*notes, f"{index} converted from {unit} to {new}"], new
    if len(axis) > 1 and axis[0] > axis[-1]:
        axis, columns = axis[::-1], {name: values[::-1] for name, values in columns.items()}
        notes.append("logged upwards: turned to increasing depth")
    curves: dict[str, Any] = {}
    skipped = []
    for name, values in columns.items():
        values = np.asarray(values)
        about = {"units": units.get(name, ""), "long_name": item["long"].get(name, "")}
        if values.dtype.kind not in "fiu" or (values.ndim > 1 and arrays == "skip"):
            skipped.append(name)
        elif values.ndim == 1:
            curves[name] = ("depth", _clean(values, null), about)
        else:
            flat = values.reshape(len(values), -1)
            curves |= {f"{name}_{k}": ("depth", _clean(flat[:, k], null), about) for k in range(flat.shape[1])}
    notes += (
        [f"{len(skipped)} channels with several values per depth or text are left out: {', '.join(skipped[:6])}"]
        if skipped
        else []
    )
    well = " ".join(item["well"].split()) or stem(path)
    name = f"{well} {item['name']}" if several else well
    data = xr.Dataset(curves, {"depth": ("depth", axis, {"units": unit, "mnemonic": index})}, {"frame": item["name"]})
    groups = {"well": well, "well_root": well_root(well)}
    return Record(data, name, groups, str(path), fingerprint(raw), "dlis", notes=tuple(notes), dims=("depth",))


def _clean(values: np.ndarray, null: tuple[float, ...]) -> np.ndarray:
    values = values.astype(float)
    return np.where(np.isin(values, null), np.nan, values)


def write(
    source: str | Path, out: str | Path, curves: Any, *, frame: str | None = None, arrays: str = "skip"
) -> list[Path]:
    """Writes every frame with its curves and the new ones as `NAME.las` (or one file per frame)."""
    import lasio

    source, out = Path(source), Path(out)
    records = read(source, frame=frame, arrays=arrays)
    many = curves if isinstance(curves, dict) else {records[0].name: curves}
    written = []
    for record in records:
        las = lasio.LASFile()
        las.well.WELL = lasio.HeaderItem("WELL", value=record.groups["well"])
        axis = record.data["depth"]
        las.append_curve(axis.attrs.get("mnemonic", "DEPT"), axis.to_numpy(), unit=axis.attrs.get("units", ""))
        for name, array in record.data.data_vars.items():
            las.append_curve(str(name), array.to_numpy(), unit=array.attrs["units"], descr=array.attrs["long_name"])
        for curve in many.get(record.name, []):
            added: Curve = curve
            las.append_curve(added.mnemonic, np.asarray(added.values), unit=added.unit, descr=added.description)
        tail = "" if len(records) == 1 else f"_{record.data.attrs['frame']}"
        place = out / f"{stem(source)}{tail}.las"
        with replacing(place) as partial:
            las.write(str(partial), version=2.0, fmt="%.9g")
        written.append(place)
    return written
