"""SEG-Y in and out: cubes (inline, crossline, twt or depth) and lines (trace, twt or depth).

The file cannot say whether its vertical axis is time or depth, so the run file does. Dead traces and padding are
missing values, so that they enter no statistic; predictions are written one file per quantity, with the trace headers
of the original byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.content import Curve, fingerprint, replacing, stem
from outcrop.data.segy_file import FORMATS, TEXT, TRACE, SegyFile, byte_numbers, open_segy
from outcrop.data.segy_geometry import Geometry, geometry
from outcrop.errors import ConfigError, DataError, message
from outcrop.records import Record

DOMAINS = {"time": "twt", "depth": "depth"}
POLARITIES = ("normal", "reverse")
DEAD = ("missing", "keep")
WHOLE_BYTES = 256 * 2**20
LAZY_BYTES = 256 * 2**20
"""Files with more bytes of samples are read box by box."""


def read(
    path: str | Path,
    *,
    domain: str | None = None,
    polarity: str | None = None,
    bytes: Mapping[str, int] | None = None,
    kind: str = "auto",
    variable: str = "amplitude",
    unit: str = "",
    interval: float | None = None,
    dead: str = "missing",
) -> list[Record]:
    """Reads a SEG-Y file into one Record.

    Args:
        path: the file.
        domain: "time" or "depth": what runs along a trace. Must be stated.
        polarity: "normal" or "reverse", kept with the record; values stay as they are.
        bytes: first byte of header words that lie elsewhere, e.g. {inline = 9, crossline = 21, x = 73, y = 77}.
        kind: "3d", "2d" or "auto".
        variable, unit: name and unit of the samples.
        interval: distance of samples in ms (time) or m (depth), where the header is wrong.
        dead: "missing" takes constant traces, and runs of zeros at the ends of others, as missing values; "keep" takes
            all values as they are: of class codes.

    Raises:
        ConfigError: the domain is not stated, or a word or byte does not exist.
        DataError: a damaged file, or headers that form no grid.
    """
    path = Path(path)
    choices = (("domain", domain, tuple(DOMAINS)), ("polarity", polarity, (None, *POLARITIES)))
    for name, value, known in (*choices, ("dead", dead, DEAD)):
        if value not in known:
            fix = " or ".join(f'{name} = "{each}"' for each in known if each)
            what = (
                "The file does not say whether its traces run along time or depth."
                if value is None
                else f"{name} = {value!r}."
            )
            raise ConfigError(message(what, where=str(path), fix=fix))
    file, places = open_segy(path), byte_numbers(bytes)
    where = geometry(file, places, kind)
    axis, notes = _vertical(file, places, str(domain), interval)
    name = DOMAINS[str(domain)]
    lazy = file.traces * file.samples * 4 > LAZY_BYTES
    about = {"units": unit, "long_name": "samples of the traces"}
    data = _dataset(file, where, name, axis, variable, about, clean=lazy and dead == "missing")
    data[name].attrs["units"] = "ms" if domain == "time" else "m"
    data.attrs["segy"] = {"format": file.format, "order": file.order, "polarity": polarity or "", "domain": domain}
    if not lazy:
        data, more = _without_dead(data.load(), variable) if dead == "missing" else (data.load(), ())
        notes = (*notes, *more)
    else:
        notes = (*notes, "read box by box" + ("; dead traces are missing values in each" if dead == "missing" else ""))
    record = Record(data, stem(path), {}, str(path), _fingerprint(path), "segy", dims=(*where.dims, name))
    return [record.with_data(data, *where.notes, *notes)]


def _vertical(
    file: SegyFile, places: Mapping[str, int], domain: str, interval: float | None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """The vertical axis: two-way time in ms from the delay, or depth in m."""
    step = interval
    if step is None:
        micro = file.interval_us or int(file.header(places["interval"])[0])
        if not micro:
            fix = "interval = 4.0  (ms, or m of depth)"
            raise DataError(
                message("The file does not say how far its samples are apart.", where=str(file.path), fix=fix)
            )
        step = micro / 1000 * (0.3048 if file.feet and domain == "depth" else 1.0)
    delay = file.header(places["delay"])
    if len(np.unique(delay)) > 1:
        low, high = int(delay.min()), int(delay.max())
        what = f"Traces start at different times, {low} to {high} (delay, byte {places['delay']})."
        fix = "write the file with one start, or bytes = {delay = 217} for an unused word."
        raise DataError(message(what, where=str(file.path), fix=fix))
    notes = (f"vertical axis in feet converted to m: step {step:.6g} m",) if file.feet and domain == "depth" else ()
    return float(delay[0]) + step * np.arange(file.samples), notes


def _dataset(
    file: SegyFile, where: Geometry, name: str, axis: np.ndarray, variable: str, about: dict[str, Any], clean: bool
) -> Any:
    import xarray as xr
    from xarray.core.indexing import LazilyIndexedArray

    dims = (*where.dims, name)
    samples = xr.Variable(dims, LazilyIndexedArray(_backend(file, where.trace, clean)), about)
    coords: dict[str, Any] = {dim: (dim, values) for dim, values in zip(where.dims, where.axes, strict=True)}
    coords[name] = (name, axis, {})
    if np.isfinite(where.easting).any():
        coords["easting"] = (where.dims, where.easting, {"units": "m"})
        coords["northing"] = (where.dims, where.northing, {"units": "m"})
    if where.dims == ("trace",) and np.isfinite(where.easting).all():
        steps = np.hypot(np.diff(where.easting), np.diff(where.northing))
        coords["distance"] = (where.dims, np.r_[0, np.cumsum(steps)], {"units": "m"})
    return xr.Dataset({variable: samples}, coords)


def _backend(file: SegyFile, trace: np.ndarray, clean: bool) -> Any:
    """An array of xarray that reads only the traces and samples that are asked for; `clean` takes dead ones out."""
    from xarray.backends import BackendArray
    from xarray.core.indexing import IndexingSupport, explicit_indexing_adapter

    class Traces(BackendArray):
        shape = (*trace.shape, file.samples)
        dtype = np.dtype(np.float64 if FORMATS[file.format][1] == 8 else np.float32)

        def __getitem__(self, key: Any) -> np.ndarray:
            return explicit_indexing_adapter(key, self.shape, IndexingSupport.OUTER, self._box)

        def _box(self, key: tuple[Any, ...]) -> np.ndarray:
            *places, depth = (slice(k, k + 1) if isinstance(k, int | np.integer) else k for k in key)
            numbers = trace[np.ix_(*(np.arange(n)[k] for n, k in zip(trace.shape, places, strict=True)))]
            raw = file.map()["samples"]
            flat = numbers.ravel()
            ordered = np.sort(np.unique(flat[flat >= 0]))
            whole = len(ordered) and ordered[-1] - ordered[0] + 1 == len(ordered)
            block = (
                raw[ordered[0] : ordered[-1] + 1, depth]
                if whole
                else raw[ordered][:, depth]
                if len(ordered)
                else raw[:0, depth]
            )
            block = np.asarray(file.decoded(np.asarray(block)))
            out = np.full((len(flat), block.shape[1]), np.nan, self.dtype)
            known = flat >= 0
            if known.any():
                out[known] = block[np.searchsorted(ordered, flat[known])]
            if clean:
                out = without_dead(out)[0]
            out = out.reshape(*numbers.shape, -1)
            keep = tuple(0 if isinstance(k, int | np.integer) else slice(None) for k in key)
            return out[keep]

    return Traces()


def _without_dead(data: Any, variable: str) -> tuple[Any, tuple[str, ...]]:
    """Dead traces, and zeros above and below the live part of each trace, as missing values."""
    array = data[variable]
    values = np.array(array.to_numpy())
    cleaned, dead, padded = without_dead(values)
    notes = []
    if dead:
        notes.append(f"{dead} dead traces are missing values")
    if padded:
        notes.append(f"{padded:,} samples of padding are missing values")
    return data.assign({variable: (array.dims, cleaned, array.attrs)}), tuple(notes)


def without_dead(values: np.ndarray) -> tuple[np.ndarray, int, int]:
    """Values (..., sample) with NaN in constant traces and in runs of zeros at both ends of the others.

    A single zero at an end is a value: only two or more in a row are padding.

    >>> without_dead(np.array([[0.0, 0.0, 1.0, 2.0], [3.0, 3.0, 3.0, 3.0]]))
    (array([[nan, nan,  1.,  2.],
           [nan, nan, nan, nan]]), 1, 2)
    """
    flat = values.reshape(-1, values.shape[-1]).copy()
    known = np.isfinite(flat).any(axis=1)
    with np.errstate(invalid="ignore"):
        dead = known & (np.ptp(np.where(np.isfinite(flat), flat, flat[:, :1]), axis=1) == 0) & (flat.shape[1] > 1)
    zero = flat == 0
    lead = np.cumprod(zero, axis=1).astype(bool)
    tail = np.cumprod(zero[:, ::-1], axis=1)[:, ::-1].astype(bool)
    lead[lead.sum(axis=1) < 2], tail[tail.sum(axis=1) < 2] = False, False
    padded = (lead | tail) & ~dead[:, None]
    flat[padded] = np.nan
    flat[dead] = np.nan
    return flat.reshape(values.shape), int(dead.sum()), int(padded.sum())


def _fingerprint(path: Path) -> str:
    size = path.stat().st_size
    with path.open("rb") as stream:
        if size <= WHOLE_BYTES:
            return fingerprint(stream.read())
        first = stream.read(2**20)
        stream.seek(-(2**20), 2)
        return "partial:" + fingerprint(str(size).encode() + first + stream.read())


def write(
    source: str | Path,
    out: str | Path,
    curves: list[Curve],
    *,
    bytes: Mapping[str, int] | None = None,
    kind: str = "auto",
) -> list[Path]:
    """Writes one SEG-Y file per quantity, `NAME_MNEMONIC.sgy`, in float32; missing values are written as 0.

    Trace headers are those of the original byte for byte; of the binary header the sample format alone changes; the
    text header gets one line that names the quantity.
    """
    stream_ = stream(source, out, curves, bytes=bytes, kind=kind)
    for curve in curves:
        if np.shape(curve.values) != stream_.shape:
            what = f"{curve.mnemonic} has the shape {np.shape(curve.values)}, the file {stream_.shape}."
            raise DataError(message(what, where=str(source), fix="give one value per sample of the grid."))
    stream_.put((0,) * len(stream_.shape), {curve.mnemonic: np.asarray(curve.values) for curve in curves})
    return stream_.finish()


@dataclass
class Stream:
    """Output files that are filled box by box; what was put stays when the work is interrupted and taken up again."""

    file: SegyFile
    trace: np.ndarray
    parts: Mapping[str, Path]
    places: Mapping[str, Path]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the grid."""
        return (*self.trace.shape, self.file.samples)

    def put(self, start: tuple[int, ...], values: Mapping[str, np.ndarray]) -> None:
        """Writes a box of every quantity whose first sample is `start`; NaN becomes 0."""
        for name, box in values.items():
            target = _output(self.file, self.parts[name]).map("r+")["samples"]
            *sides, depth = (slice(a, a + n) for a, n in zip(start, box.shape, strict=True))
            numbers = self.trace[tuple(sides)].ravel()
            known = numbers >= 0
            rows = np.nan_to_num(np.asarray(box, np.float32)).reshape(len(numbers), -1)[known]
            target[numbers[known], depth] = rows

    def finish(self) -> list[Path]:
        """Gives the files their names."""
        for name, part in self.parts.items():
            part.replace(self.places[name])
        return list(self.places.values())


def stream(
    source: str | Path,
    out: str | Path,
    curves: list[Curve],
    *,
    bytes: Mapping[str, int] | None = None,
    kind: str = "auto",
) -> Stream:
    """Opens one output file per quantity for writing box by box; an unfinished one of the same source is continued."""
    source, out = Path(source), Path(out)
    out.mkdir(parents=True, exist_ok=True)
    file = open_segy(source)
    where = geometry(file, byte_numbers(bytes), kind)
    places = {c.mnemonic: out / f"{stem(source)}_{c.mnemonic}{source.suffix or '.sgy'}" for c in curves}
    parts = {name: place.with_name(f".{place.name}.partial") for name, place in places.items()}
    for curve in curves:
        part = parts[curve.mnemonic]
        size = file.start + file.traces * (TRACE + 4 * file.samples)
        if not part.is_file() or part.stat().st_size != size:
            _begin(file, part, size, curve)
    return Stream(file, where.trace, parts, places)


def _output(file: SegyFile, part: Path) -> SegyFile:
    """The layout of an output file: that of its source, in float32."""
    return SegyFile(part, file.order, 5, file.samples, file.traces, file.start, file.interval_us, file.feet)


def _begin(file: SegyFile, part: Path, size: int, curve: Curve) -> None:
    """A file with the headers of the original and zeros for samples."""
    with file.path.open("rb") as source:
        head = bytearray(source.read(file.start))
    head[:TEXT] = _with_line(head[:TEXT], f"C40 {curve.mnemonic} {curve.unit} {curve.description}, outcrop")
    head[3224:3226] = (5).to_bytes(2, "big" if file.order == ">" else "little")
    with replacing(part) as partial:
        with partial.open("wb") as target:
            target.write(head)
            target.truncate(size)
        whole = _output(file, partial).map("r+")
        original = file.map()["header"]
        for first in range(0, file.traces, 100_000):
            whole["header"][first : first + 100_000] = original[first : first + 100_000]
        whole.flush()  # type: ignore[attr-defined]


def _with_line(text: bytearray, line: str) -> bytes:
    """The text header with its last line replaced, in its own encoding (EBCDIC or ASCII)."""
    encoding = (
        "cp037"
        if text[:1] == b"\xc3" or text[:3] == b"\xc3\xf0\xf1" or text.count(0x40) > text.count(0x20)
        else "ascii"
    )
    new = line[:80].ljust(80).encode(encoding, "replace")
    return bytes(text[: TEXT - 80]) + new
