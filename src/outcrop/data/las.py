"""Well logs in LAS 1.2 and 2.0: one Record per file, and a copy of the file with curves added.

lasio reads the header; the numbers are read by `numpy.loadtxt` (ten times faster, and it checks every row). Nothing is
repaired in silence: cut rows, a wrong NULL, an early end or a missing depth stop with the place and the fix.
The writer leaves every character of the original header and data in place.

Source: Canadian Well Logging Society, LAS 1.2 (1990) and LAS 2.0 (update February 2017) floppy disk standards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from outcrop.data.content import Curve, check_curves, content, decode, fingerprint, replacing, stem
from outcrop.data.las_data import Rows, parse_rows, parse_wrapped
from outcrop.data.wellname import well_root
from outcrop.errors import ConfigError, DataError, message
from outcrop.records import Record

if TYPE_CHECKING:
    import lasio

SUSPECTS = (-999.25, -999.0, -9999.0, -9999.25, -99999.0, -999.9, -32767.0, -32768.0)
"""Values that mean "missing" in most files; found often in a curve whose header says otherwise, they are an error."""
SUSPECT_SHARE = 0.01
DEPTH_NAMES = {"DEPT", "DEPTH", "DEP", "MD", "DEPTH_MD", "DMEA", "TDEP", "BDEP", "TVD", "TVDSS", "DEPT_MD", "TVDEP"}
DEPTH_UNITS = {"m", "metre", "metres", "meter", "meters", "f", "ft", "feet", "foot"}


class WrongNullError(DataError):
    """A usual code for "missing" fills a curve, but the header names another; `null` is that code."""

    def __init__(self, text: str, null: float) -> None:
        super().__init__(text)
        self.null = null


@dataclass(frozen=True)
class _File:
    """A LAS file taken apart: decoded text, lasio's header, and where the data rows begin."""

    path: Path
    text: str
    encoding: str
    header: lasio.LASFile
    body_start: int
    wrapped: bool
    null: float | None
    notes: tuple[str, ...]

    @property
    def body(self) -> str:
        return self.text[self.body_start :]

    @property
    def first_line(self) -> int:
        """Number of the first data line, counted from 1."""
        return self.text.count("\n", 0, self.body_start) + 1


def read(
    path: str | Path, *, encoding: str | None = None, null: Sequence[float] = (), incomplete: str = "error"
) -> list[Record]:
    """Reads one LAS file (also .gz, .xz, .bz2).

    Args:
        path: the file.
        encoding: text encoding; by default UTF-8, else Windows-1252 (noted).
        null: further values that mean "missing", beside the NULL of the header.
        incomplete: "error" refuses a file whose data end before the STOP of its header, "accept" notes it.

    Returns:
        One Record: dimension `depth` in the file's unit, every numeric curve as float64 with `units` and `long_name`,
        header items in `data.attrs["header"]`, groups `well`, `well_root` and, where the file has it, `field`.

    Raises:
        DataError: naming the file and the line, curve or section.
    """
    if incomplete not in ("error", "accept"):
        raise ConfigError(message(f"incomplete = {incomplete!r} is not known.", fix='use "error" or "accept".'))
    path = Path(path)
    raw = content(path)
    las = _open(path, raw, encoding)
    rows = _rows(las)
    names, same, notes = _names(las, rows)
    values, missing_notes = _missing(las, rows.values, names, null)
    axis = _depth(las, values[:, 0])
    notes = las.notes + notes + rows.notes + missing_notes + _complete(las, axis, incomplete)
    import xarray as xr

    curves = list(las.header.curves)
    keep = [i for i in range(1, len(curves)) if i not in same and i not in rows.text_columns]
    columns = np.ascontiguousarray(values.T)
    data = xr.Dataset(
        {names[i]: ("depth", columns[i], {"units": curves[i].unit, "long_name": curves[i].descr}) for i in keep},
        coords={"depth": ("depth", axis, _depth_attributes(curves[0]))},
        attrs={"header": _header_items(las)},
    )
    name, name_note = _well_name(las)
    groups = {"well": name, "well_root": well_root(name)}
    if field := " ".join(_header_items(las).get("FLD", "").split()):
        groups["field"] = field
    return [Record(data, name, groups, str(path), fingerprint(raw), "las", notes=notes + name_note)]


def _open(path: Path, raw: bytes, encoding: str | None) -> _File:
    text, encoding, note = decode(raw, path, encoding)
    if not re.search(r"^[ \t]*~V", text, re.MULTILINE | re.IGNORECASE):
        fix = "check that this is a LAS file and that its beginning is not cut off."
        raise DataError(
            message("There is no version section (~V), so this is not a LAS file.", where=str(path), fix=fix)
        )
    version = re.search(r"^[ \t]*VERS[ \t]*\.[^\S\n]*([\d.]+)", text, re.MULTILINE | re.IGNORECASE)
    if version and version[1].startswith("3"):
        fix = "export the well again as LAS 2.0."
        raise DataError(message(f"LAS {version[1]} is not supported, only 1.2 and 2.0.", where=f"{path}, ~V", fix=fix))
    start = re.search(r"^[ \t]*~A[^\n]*\n?", text, re.MULTILINE | re.IGNORECASE)
    if start is None:
        fix = "the file is cut off in its header; copy or export it again."
        raise DataError(message("There is no data section (~A).", where=str(path), fix=fix))
    header = _header(path, text[: start.start()])
    wrap = str(_value(header.version, "WRAP") or "NO").strip().upper() == "YES"
    null = _number(_value(header.well, "NULL"))
    return _File(path, text, encoding, header, start.end(), wrap, null, (note,) if note else ())


def _header(path: Path, text: str) -> lasio.LASFile:
    import io

    import lasio

    try:
        header = lasio.read(io.StringIO(text + "~A\n"), mnemonic_case="preserve", ignore_data=True)
    except Exception as error:  # lasio raises KeyError, LASHeaderError, ValueError ... for damaged headers
        reason = " ".join(str(error).split())[:200]
        fix = "correct the line; a header line is MNEM.UNIT  value : description."
        raise DataError(message(f"The header cannot be read: {reason}.", where=str(path), fix=fix)) from None
    if not header.curves:
        fix = "list one curve per column in the ~C section, depth first."
        raise DataError(message("The curve section (~C) is missing or empty.", where=str(path), fix=fix))
    return header


def _value(section: Any, mnemonic: str) -> Any:
    return next((item.value for item in section if item.original_mnemonic.upper() == mnemonic), None)


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None


def _header_items(las: _File) -> dict[str, str]:
    items = [*las.header.params, *las.header.well]
    return {item.original_mnemonic: _text_of(las, item) for item in items}


def _text_of(las: _File, item: Any) -> str:
    """The item's value as it stands in the file: lasio turns "007" into the number 7."""
    if isinstance(item.value, str):
        return item.value.strip()
    line = re.compile(rf"^[ \t]*{re.escape(item.original_mnemonic)}[ \t]*\.\S*[ \t]+(\S+)[ \t]*:", re.MULTILINE)
    found = line.search(las.text, 0, las.body_start)
    same = found and _number(found[1]) == _number(item.value)
    return found[1] if found and same else str(item.value)


def _well_name(las: _File) -> tuple[str, tuple[str, ...]]:
    name = " ".join(
        next((_text_of(las, i) for i in las.header.well if i.original_mnemonic.upper() == "WELL"), "").split()
    )
    if name and name.upper() not in ("WELL", "UNKNOWN", "NONE", "-"):
        return name, ()
    return stem(las.path), ("the header has no well name (WELL); the file name is used",)


def _rows(las: _File) -> Rows:
    names = [curve.mnemonic for curve in las.header.curves]
    delimiter = {"COMMA": ",", "TAB": "\t"}.get(str(_value(las.header.version, "DLM") or "").strip().upper())
    if las.wrapped:
        return parse_wrapped(las.body, names, las.first_line, las.path)
    return parse_rows(las.body, names, las.first_line, las.path, delimiter)


def _names(las: _File, rows: Rows) -> tuple[list[str], set[int], tuple[str, ...]]:
    """Names of the curves; the indices of exact copies to leave out; notes. Two curves of one name get `:1`, `:2`."""
    curves = list(las.header.curves)
    names = [curve.mnemonic for curve in curves]
    by_name: dict[str, list[int]] = {}
    for i, curve in enumerate(curves[1:], 1):
        by_name.setdefault(curve.original_mnemonic, []).append(i)
    copies: set[int] = set()
    notes = []
    for name, columns in by_name.items():
        first = rows.values[:, columns[0]]
        if len(columns) > 1 and all(np.array_equal(first, rows.values[:, i], equal_nan=True) for i in columns[1:]):
            copies.update(columns[1:])
            names[columns[0]] = name
            notes.append(f"curve {name} is in the file {len(columns)} times with the same values; one is kept")
        elif len(columns) > 1:
            for number, i in enumerate(columns, 1):
                names[i] = f"{name}:{number}"
            notes.append(
                f"{len(columns)} different curves are called {name}; named {', '.join(names[i] for i in columns)}"
            )
        if name == "depth":
            names[columns[0]] = "depth_curve"
            notes.append("curve depth is named depth_curve, because depth is the axis")
    return names, copies, tuple(notes)


def _missing(
    las: _File, values: np.ndarray, names: list[str], null: Sequence[float]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """NaN for the header's NULL and the stated ones; any other usual code for "missing" found often is an error."""
    nulls = [v for v in (las.null, *map(float, null)) if v is not None]
    values = np.where(np.isinf(values), np.nan, values)
    notes = []
    for v in dict.fromkeys(nulls):
        hit = np.abs(values - v) <= 1e-6 * abs(v)  # also a NULL that went through float32
        if v != las.null and hit.any():
            notes.append(f"{int(hit.sum())} values of {v:g} read as missing, as stated (null)")
        values[hit] = np.nan
    low = np.nanmin(values[:, 1:], axis=0, initial=0.0) if values.shape[1] > 1 else np.zeros(0)
    for column in np.flatnonzero(low <= max(SUSPECTS)) + 1:
        for v in SUSPECTS:
            count = int(np.count_nonzero(values[:, column] == v))
            if count >= max(2, SUSPECT_SHARE * len(values)):
                raise _wrong_null(las, names[column], v, count)
    empty = [names[i] for i in range(1, len(names)) if np.isnan(values[:, i]).all()]
    if empty:
        whole = len(empty) == len(names) - 1
        notes.append("no curve holds a value" if whole else f"no value in {', '.join(empty)}")
    return values, tuple(notes)


def _wrong_null(las: _File, curve: str, value: float, count: int) -> WrongNullError:
    says = "says nothing" if las.null is None else f"says {las.null:g}"
    what = f"{count} values are {value:g}, which usually means missing, but the header's NULL {says}."
    fix = f"state it for these files: null = [{value:g}]."
    return WrongNullError(message(what, where=f"{las.path}, curve {curve}", fix=fix), value)


def _depth(las: _File, axis: np.ndarray) -> np.ndarray:
    curve = las.header.curves[0]
    known = curve.original_mnemonic.upper() in DEPTH_NAMES or curve.unit.strip().lower().strip(".") in DEPTH_UNITS
    if not known:
        what = f"The first curve, {curve.original_mnemonic} ({curve.unit or 'no unit'}), is not a depth."
        raise DataError(
            message(what, where=f"{las.path}, ~C", fix="export the file with depth (DEPT) as its first curve.")
        )
    if np.isnan(axis).any():
        row = int(np.flatnonzero(np.isnan(axis))[0]) + 1
        what = f"Depth is missing in {int(np.isnan(axis).sum())} of {len(axis)} rows, first in data row {row}."
        raise DataError(
            message(what, where=f"{las.path}, curve {curve.mnemonic}", fix="remove these rows, or export again.")
        )
    return np.ascontiguousarray(axis)


def _depth_attributes(curve: Any) -> dict[str, str]:
    return {"units": curve.unit, "long_name": curve.descr, "mnemonic": curve.original_mnemonic}


def _complete(las: _File, axis: np.ndarray, incomplete: str) -> tuple[str, ...]:
    """The data must reach the STOP depth of the header: a file cut between two rows is otherwise perfect."""
    items = {item.original_mnemonic.upper(): item for item in las.header.well}
    stop = _number(items["STOP"].value) if "STOP" in items else None
    unit = items["STOP"].unit.strip().lower() if "STOP" in items else ""
    if stop is None or (unit and unit != las.header.curves[0].unit.strip().lower()):
        return ()
    step = (
        float(np.median(np.abs(np.diff(axis))))
        if len(axis) > 1
        else abs(_number(_value(las.header.well, "STEP")) or 0.0)
    )
    last, first = float(axis[-1]), float(axis[0])
    if min(first, last) - 2 * step <= stop <= max(first, last) + 2 * step:
        return ()  # also descending files whose STRT and STOP are swapped
    short = abs(stop - last)
    what = f"The data end at {last:g}, {short:.4g} {unit} before the STOP of the header, {stop:g}"
    if incomplete == "error" and short > max(5 * step, 0.01 * abs(stop - first)):
        fix = 'copy or export it again, or correct STOP; or accept such files: incomplete = "accept".'
        raise DataError(message(f"{what}: the file is probably cut off.", where=str(las.path), fix=fix))
    return (what[0].lower() + what[1:],)


def write(
    source: str | Path,
    out: str | Path,
    curves: Sequence[Curve],
    *,
    encoding: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    provenance: str = "",
) -> Path:
    """Writes a copy of a LAS file with curves added; every original line and number keeps its text.

    Args:
        source: the file the values belong to (may be compressed).
        out: file to write, or an existing directory (then `STEM.las` in it).
        curves: values along the file's own rows; NaN is written as the file's NULL.
        encoding: text encoding it was read with; by default as `read` finds it.
        parameters: mnemonic -> value or (value, description), added to the ~Parameter section.
        provenance: where the curves come from; becomes comment lines at the top.

    Raises:
        DataError: a curve does not fit the file; `out` is the source itself.
    """
    from outcrop.data.las_write import compose

    source, out = Path(source), Path(out)
    out = out / f"{stem(source)}.las" if out.is_dir() else out
    if out.exists() and out.samefile(source):
        fix = "write into another folder."
        raise DataError(message("The result would replace the original file.", where=str(source), fix=fix))
    las = _open(source, content(source), encoding)
    rows = _rows(las)
    names = [curve.original_mnemonic for curve in las.header.curves]
    check_curves(list(curves), len(rows.values), names, source)
    text = compose(
        las.text,
        las.body_start,
        names,
        rows.delimiter,
        las.wrapped,
        las.null,
        list(curves),
        parameters or {},
        provenance,
    )
    with replacing(out) as partial:
        partial.write_bytes(text.encode(las.encoding, errors="replace"))
    return out
