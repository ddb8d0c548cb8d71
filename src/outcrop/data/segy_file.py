"""The bytes of a SEG-Y file: where headers and samples lie, their types and byte order, as memory maps.

Source: SEG Technical Standards Committee (2017), SEG-Y revision 2.0; byte numbers count from 1 as in the standard.
Reading through strided memory maps takes any box of a file that is larger than memory, and all values of a header word
at once; segyio knows the sample formats that NumPy lacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from outcrop.errors import ConfigError, DataError, did_you_mean, message

TEXT, BINARY, TRACE = 3200, 400, 240
FORMATS = {1: ("ibm", 4), 2: ("i4", 4), 3: ("i2", 2), 5: ("f4", 4), 6: ("f8", 8), 8: ("i1", 1),
           10: ("u4", 4), 11: ("u2", 2), 12: ("u8", 8), 9: ("i8", 8), 16: ("u1", 1)}  # fmt: skip
"""Sample format code -> NumPy type and bytes."""
BYTES = {
    "inline": 189, "crossline": 193, "x": 181, "y": 185, "cdp": 21, "scalar": 71, "delay": 109, "samples": 115,
    "interval": 117, "trace": 1, "field_record": 9, "identification": 29,
}  # fmt: skip
"""Header word -> its first byte; those of two bytes are in TWO."""
TWO = {71, 109, 115, 117, 29}


@dataclass(frozen=True)
class SegyFile:
    """The layout of one file.

    Attributes:
        path: the file.
        order: ">" or "<".
        format: sample format code of the binary header.
        samples: per trace.
        traces: number of traces.
        start: byte of the first trace header.
        interval_us: of the binary header, in microseconds (or micrometres, millimetres).
        feet: whether the header says that lengths are in feet.
    """

    path: Path
    order: str
    format: int
    samples: int
    traces: int
    start: int
    interval_us: int
    feet: bool

    @property
    def _table(self) -> np.dtype:
        kind, width = FORMATS[self.format]
        sample = np.dtype(f"{self.order}u4") if kind == "ibm" else np.dtype(kind if width == 1 else self.order + kind)
        return np.dtype([("header", "u1", TRACE), ("samples", sample, self.samples)])

    def map(self, mode: str = "r") -> np.ndarray:
        """All traces as a memory map with the fields `header` (bytes) and `samples` (raw)."""
        return np.memmap(self.path, self._table, mode, offset=self.start, shape=(self.traces,))  # type: ignore[call-overload]

    def header(self, first_byte: int) -> np.ndarray:
        """A header word of every trace, int64."""
        width = 2 if first_byte in TWO else 4
        raw = np.ascontiguousarray(self.map()["header"][:, first_byte - 1 : first_byte - 1 + width])
        return raw.view(f"{self.order}i{width}").ravel().astype(np.int64)

    def decoded(self, raw: np.ndarray) -> np.ndarray:
        """Raw samples as float32 (or float64 of 8-byte formats)."""
        if FORMATS[self.format][0] == "ibm":
            return from_ibm(raw)
        return raw.astype(np.float64 if FORMATS[self.format][1] == 8 else np.float32)


def from_ibm(raw: np.ndarray) -> np.ndarray:
    """IBM 370 single precision as float32: sign, exponent of 16 with excess 64, 24 bits of fraction.

    >>> from_ibm(np.array([0xC276A000], np.uint32)).tolist()
    [-118.625]
    """
    raw = np.asarray(raw).astype(np.uint32)
    fraction = (raw & 0x00FFFFFF).astype(np.float64) / 2**24
    exponent = ((raw >> 24) & 0x7F).astype(np.int64) - 64
    sign = np.where(raw >> 31, -1.0, 1.0)
    with np.errstate(over="ignore"):
        return (sign * fraction * np.float64(16.0) ** exponent).astype(np.float32)


def open_segy(path: str | Path) -> SegyFile:
    """Reads the binary header and checks that the traces fill the file.

    Raises:
        DataError: too short, no known sample format, or a length that is no whole number of traces.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(message("The file does not exist.", where=str(path), fix="check the path."))
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(TEXT + BINARY)
    if size < TEXT + BINARY + TRACE:
        what = f"The file has {size:,} bytes; the headers of a SEG-Y file alone have {TEXT + BINARY + TRACE:,}."
        raise DataError(message(what, where=str(path), fix="copy it again, or check that it is SEG-Y."))
    order = _order(head, path)

    def word(byte: int, width: int = 2, signed: bool = True) -> int:
        piece = head[byte - 1 : byte - 1 + width]
        return int.from_bytes(piece, "big" if order == ">" else "little", signed=signed)

    code, samples = word(3225), word(3221, signed=False)
    revision, extended = word(3501, 1, False), word(3505)
    if revision >= 2 and word(3269, 4) > 0:
        samples = word(3269, 4)
    if samples == 0:
        samples = _from_first_trace(path, order)
    if extended < 0:
        raise DataError(message("The number of extended text headers is not stated.", where=f"{path}, byte 3505",
                                fix="write it into the binary header."))  # fmt: skip
    start = TEXT + BINARY + TEXT * extended
    length = TRACE + samples * FORMATS[code][1]
    traces, rest = divmod(size - start, length)
    if traces < 1 or rest:
        what = (
            f"After the headers the file has {size - start:,} bytes; traces of {samples} samples have {length:,} each, "
            f"which leaves {rest:,}."
        )
        fix = "copy it again; or the number of samples in its binary header (byte 3221) is wrong."
        raise DataError(message(what, where=str(path), fix=fix))
    return SegyFile(path, order, code, samples, int(traces), start, word(3217, signed=False), word(3255) == 2)


def _order(head: bytes, path: Path) -> str:
    """The byte order in which the sample format is a known one."""
    for order, name in ((">", "big"), ("<", "little")):
        code = int.from_bytes(head[3224:3226], name)  # type: ignore[arg-type]
        if code in FORMATS:
            return order
    code = int.from_bytes(head[3224:3226], "big")
    known = ", ".join(map(str, sorted(FORMATS)))
    what = f"The sample format {code} is not known; known are {known}."
    raise DataError(message(what, where=f"{path}, bytes 3225-3226", fix="check that the file is SEG-Y."))


def _from_first_trace(path: Path, order: str) -> int:
    with path.open("rb") as stream:
        stream.seek(TEXT + BINARY + 114)
        found = int.from_bytes(stream.read(2), "big" if order == ">" else "little")
    if not found:
        fix = "write the number of samples per trace into byte 3221."
        raise DataError(message("The file does not say how many samples a trace has.", where=str(path), fix=fix))
    return found


def byte_numbers(stated: Mapping[str, int] | None) -> dict[str, int]:
    """Where each header word lies, with the run file's changes.

    Raises:
        ConfigError: an unknown word, or a byte outside the trace header.
    """
    found = dict(BYTES)
    for name, byte in (stated or {}).items():
        if name not in BYTES or not 1 <= int(byte) <= TRACE - 3:
            fix = f"bytes = {{inline = 189}}, of {', '.join(BYTES)}{did_you_mean(name, BYTES)}; 1 to {TRACE - 3}."
            raise ConfigError(message(f"bytes.{name} = {byte} is not possible.", where="SEG-Y", fix=fix))
        found[name] = int(byte)
    return found
