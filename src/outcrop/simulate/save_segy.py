"""A new SEG-Y file (revision 1, big-endian, 4-byte floats) from one variable of a line or a cube.

Source: SEG Technical Standards Committee (2002), SEG-Y revision 1; byte numbers as in `outcrop.data.segy_file`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from outcrop.data.content import replacing
from outcrop.data.segy_file import BINARY, BYTES, TEXT, TWO, SegyFile
from outcrop.errors import ConfigError, message
from outcrop.records import Record

GRIDS = (("trace",), ("inline", "crossline"))
PER_METRE = 100
"""Places are whole centimetres: the coordinate scalar is -100."""


def write(record: Record, variable: str, place: Path) -> Path:
    """Writes one variable; missing values become 0.

    Args:
        record: dims (trace) or (inline, crossline), then twt (ms) or depth (m), with `easting` and `northing` (m).
        variable: of the record.
        place: the file.

    Raises:
        ConfigError: see `check`.
    """
    interval, start = check(record)
    *lines, _ = record.dims
    values = record.data[variable].transpose(*record.dims).to_numpy().astype(">f4")
    traces = values.reshape(-1, values.shape[-1])
    file = SegyFile(place, ">", 5, traces.shape[1], len(traces), TEXT + BINARY, interval, False)
    words = _words(record, lines) | {
        "samples": traces.shape[1],
        "interval": interval,
        "delay": start,
        "scalar": -PER_METRE,
    }
    with replacing(place) as partial:
        with partial.open("wb") as stream:
            stream.write(_text(record, variable) + _binary(traces.shape[1], interval))
            stream.truncate(file.start + len(traces) * (240 + 4 * traces.shape[1]))
        table = SegyFile(**{**vars(file), "path": partial}).map("r+")
        for name, word in words.items():
            first, width = BYTES[name] - 1, 2 if BYTES[name] in TWO else 4
            rows = np.broadcast_to(np.asarray(word, f">i{width}"), len(traces))
            table["header"][:, first : first + width] = np.ascontiguousarray(rows).view("u1").reshape(-1, width)
        table["samples"] = np.nan_to_num(traces)
        table.flush()  # type: ignore[attr-defined]
    return place


def check(record: Record) -> tuple[int, int]:
    """Whether SEG-Y can hold a record; its interval in thousandths of the unit, and start.

    Raises:
        ConfigError: other dimensions, or a sampling that SEG-Y cannot say: steps of whole micrometres or microseconds
            below 65.536 m or ms, a start of whole metres or milliseconds.
    """
    *lines, vertical = record.dims
    if tuple(lines) not in GRIDS or vertical not in ("twt", "depth"):
        what = f"SEG-Y holds lines and cubes along twt or depth, not {', '.join(record.dims)}."
        raise ConfigError(message(what, where=record.name, fix='format = "netcdf"'))
    return _sampling(record, vertical)


def _sampling(record: Record, vertical: str) -> tuple[int, int]:
    """Interval in thousandths of the unit, and start, as SEG-Y can say them."""
    axis = record.data[vertical].to_numpy()
    step, start = float(axis[1] - axis[0]) if len(axis) > 1 else 0.0, float(axis[0])
    interval, begin = round(1000 * step), round(start)
    even = np.allclose(np.diff(axis), interval / 1000, rtol=0, atol=1e-5) and abs(begin - start) < 1e-6
    if not even or not 0 < interval < 2**16 or not -(2**15) <= begin < 2**15:
        unit = "ms" if vertical == "twt" else "m"
        what = f"SEG-Y cannot say a step of {step:g} {unit} from {start:g} {unit}."
        fix = f"steps of whole thousandths below 65.536 {unit}, from a whole number; or format = 'netcdf'."
        raise ConfigError(message(what, where=f"{record.name}, {vertical}", fix=fix))
    return interval, begin


def _words(record: Record, lines: list[str]) -> dict[str, np.ndarray]:
    """Header words of every trace, shape (trace,) each."""
    data = record.data
    numbers = np.meshgrid(*(data[line].to_numpy() for line in lines), indexing="ij")
    words = {"x": data["easting"], "y": data["northing"]}
    found = {name: np.rint(PER_METRE * where.to_numpy().ravel()).astype(int) for name, where in words.items()}
    order = np.arange(1, numbers[0].size + 1)
    if lines == ["trace"]:
        return found | {"trace": order, "cdp": numbers[0].ravel()}
    inline, crossline = (number.ravel() for number in numbers)
    return found | {"trace": order, "cdp": order, "inline": inline, "crossline": crossline}


def _text(record: Record, variable: str) -> bytes:
    """The text header of 40 lines, EBCDIC."""
    about = record.data[variable].attrs
    lines = [record.name, f"{variable} {about.get('units', '')} {about.get('long_name', '')}", *record.notes, "outcrop"]
    lines = [line[:76] for line in lines[:40]] + [""] * (40 - len(lines))
    return "".join(f"C{number:2d} {line}".ljust(80) for number, line in enumerate(lines, 1)).encode("cp037", "replace")


def _binary(samples: int, interval: int) -> bytes:
    """The binary header: sampling, format 5, metres, revision 1, traces of one length."""
    head = bytearray(BINARY)
    for byte, value in ((3217, interval), (3221, samples), (3225, 5), (3255, 1), (3501, 0x0100), (3503, 1)):
        head[byte - TEXT - 1 : byte - TEXT + 1] = value.to_bytes(2, "big")
    return bytes(head)
