"""The checks of a model file: zip directory, JSON and safetensors header, each before its content is believed.

Every refusal is a BundleError that names the file and what to do. Pure standard library; nothing is executed.
"""

from __future__ import annotations

import json
import math
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import numpy as np

from outcrop.errors import BundleError, message

JSON_ENTRY, WEIGHTS_ENTRY = "bundle.json", "weights.safetensors"
ENTRIES = (JSON_ENTRY, WEIGHTS_ENTRY)
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-/\[\]]{0,199}")
"""What an array may be called."""
COPY_AGAIN = "copy or download the file again; a file you do not trust should not be used."
LARGER = "if you trust the file, pass larger limits: load(path, Limits(weights_bytes=...))."
END_RECORD = struct.Struct("<4s4H2LH")
"""End of a zip: signature, disks, entries, size and place of the directory, length of the comment."""
ZIP64_LOCATOR = 20
GIB = 2**30
MOST_WEIGHTS = 4 * GIB - 2**27
"""A plain zip ends at 4 GiB; larger ones need records that nothing here should need."""
CHUNK = 2**20
SMALL = 2**16
"""Below this size a compression ratio says nothing."""
MOST_HEADER = 16 * 2**20
DTYPES = {
    "float16": "F16", "float32": "F32", "float64": "F64", "int8": "I8", "int16": "I16", "int32": "I32", "int64": "I64",
    "uint8": "U8", "uint16": "U16", "uint32": "U32", "uint64": "U64", "bool": "BOOL",
}  # fmt: skip
"""NumPy's name of the types a bundle may hold, and safetensors' name."""
NUMPY_NAME = {code: name for name, code in DTYPES.items()}


@dataclass(frozen=True)
class Limits:
    """Largest sizes accepted from a file.

    Attributes:
        weights_bytes, json_bytes: unpacked size of each entry.
        ratio: unpacked over packed size.
    """

    weights_bytes: int = 2 * GIB
    json_bytes: int = 64 * 2**20
    ratio: float = 100.0

    def of(self, entry: str) -> int:
        """Largest unpacked size of one entry."""
        return self.json_bytes if entry == JSON_ENTRY else self.weights_bytes


def refuse(what: str, path: Path, *, fix: str) -> NoReturn:
    """Raises the BundleError of this file."""
    raise BundleError(message(what, where=str(path), fix=fix)) from None


def read_entries(path: Path, limits: Limits) -> dict[str, bytes]:
    """The two entries of the zip, unpacked within the limits.

    Raises:
        BundleError: not a zip, truncated, other entries than the two, or too large.
    """
    if not path.is_file():
        inside = path / "model.outcrop"
        fix = f"name {inside}." if inside.is_file() else "check the path; a run writes it as RUN/model.outcrop."
        refuse("There is no such model file.", path, fix=fix)
    try:
        with path.open("rb") as file:
            if file.read(4) != b"PK\x03\x04":
                refuse(
                    "The file is not an outcrop model (no zip).", path, fix="pass a *.outcrop file written by outcrop."
                )
            _check_end(file, path, limits)
            with zipfile.ZipFile(file) as archive:
                infos = _directory(archive, path, limits)
                return {name: _unpack(archive, infos[name], path, limits) for name in ENTRIES}
    except BundleError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        refuse(f"The model file is damaged or cut short ({error}).", path, fix=COPY_AGAIN)


def _check_end(file: BinaryIO, path: Path, limits: Limits) -> None:
    """The last record of the zip: two entries and a short directory, before that directory is read."""
    size = file.seek(0, os.SEEK_END)
    if size > limits.weights_bytes + limits.json_bytes + CHUNK:
        refuse(f"The model file has {size:,} bytes, more than is allowed.", path, fix=LARGER)
    file.seek(max(size - END_RECORD.size - ZIP64_LOCATOR, 0))
    tail = file.read()
    if len(tail) < END_RECORD.size:
        refuse("The model file is cut short.", path, fix=COPY_AGAIN)
    signature, *_, entries, directory, _, comment = END_RECORD.unpack(tail[-END_RECORD.size :])
    if signature != b"PK\x05\x06" or comment:
        refuse("The model file is cut short, or something was added to its end.", path, fix=COPY_AGAIN)
    if tail.startswith(b"PK\x06\x07") or entries != len(ENTRIES) or directory > SMALL:
        refuse(f"The model file holds {entries} entries instead of {len(ENTRIES)}.", path, fix=COPY_AGAIN)
    file.seek(0)


def _directory(archive: zipfile.ZipFile, path: Path, limits: Limits) -> dict[str, zipfile.ZipInfo]:
    """The entries by name, after checks of the zip's directory alone."""
    infos = archive.infolist()
    for info in infos[:1000]:
        name = info.orig_filename
        if name.startswith(("/", "\\")) or ":" in name or ".." in name.replace("\\", "/").split("/"):
            refuse(f"The entry {name[:80]!r} points outside the file.", path, fix=COPY_AGAIN)
        if name not in ENTRIES:
            refuse(f"The model file holds {name[:80]!r}, which does not belong there.", path, fix=COPY_AGAIN)
    names = [info.orig_filename for info in infos]
    for name in ENTRIES:
        if names.count(name) != 1:
            refuse(f"The model file holds {name} {names.count(name)} times instead of once.", path, fix=COPY_AGAIN)
    for info in infos:
        _check_size(info, path, limits)
    return {info.orig_filename: info for info in infos}


def _check_size(info: zipfile.ZipInfo, path: Path, limits: Limits) -> None:
    if info.flag_bits & 0x1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        refuse(
            f"{info.filename} is encrypted or packed in another way.", path, fix="write the file again with outcrop."
        )
    if info.file_size > limits.of(info.filename):
        what = f"{info.filename} unpacks to {info.file_size:,} bytes; {limits.of(info.filename):,} are allowed."
        refuse(what, path, fix=LARGER)
    if info.file_size > SMALL and info.file_size > limits.ratio * max(info.compress_size, 1):
        times = info.file_size / max(info.compress_size, 1)
        what = f"{info.filename} unpacks to {times:,.0f} times its size, as a zip bomb does."
        refuse(what, path, fix=COPY_AGAIN)


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, limits: Limits) -> bytes:
    """The bytes of one entry, counted while they come: a directory can lie about sizes."""
    allowed = min(limits.of(info.filename), info.file_size)
    chunks, size = [], 0
    with archive.open(info) as stream:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > allowed or (size > SMALL + CHUNK and size > limits.ratio * max(info.compress_size, 1)):
                refuse(f"{info.filename} unpacks to more than its directory says.", path, fix=COPY_AGAIN)
            chunks.append(chunk)
    if size != info.file_size:
        refuse(f"{info.filename} has {size:,} of {info.file_size:,} bytes.", path, fix=COPY_AGAIN)
    return b"".join(chunks)


def parse_json(data: bytes, path: Path, name: str = JSON_ENTRY) -> Any:
    """JSON without repeated keys, NaN or endless nesting.

    Raises:
        BundleError: it is anything else.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) < len(pairs):
            raise ValueError("a key occurs twice")
        return dict(pairs)

    def no_constant(text: str) -> NoReturn:
        raise ValueError(f"{text} is no number of JSON")

    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=unique, parse_constant=no_constant)
    except (ValueError, RecursionError) as error:
        refuse(f"{name} is not valid ({error}).", path, fix=COPY_AGAIN)


def check_safetensors(data: bytes, path: Path) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Name -> dtype and shape, where the header of the weights agrees with their bytes to the last one.

    Raises:
        BundleError: a header, shape, type or offset that does not fit the data.
    """
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or not 2 <= size <= min(MOST_HEADER, len(data) - 8):
        refuse("weights.safetensors has no valid header.", path, fix=COPY_AGAIN)
    header = parse_json(data[8 : 8 + size], path, "the header of weights.safetensors")
    if not isinstance(header, dict):
        refuse("weights.safetensors has no valid header.", path, fix=COPY_AGAIN)
    header.pop("__metadata__", None)
    spans, found = [], {}
    for name, entry in header.items():
        dtype, shape, start, stop = _tensor(name, entry, path)
        needed = math.prod(shape) * np.dtype(dtype).itemsize
        if stop - start != needed:
            what = f"The array {name!r} declares {dtype} {shape}, {needed:,} bytes, but {stop - start:,} are stored."
            refuse(what, path, fix=COPY_AGAIN)
        spans.append((start, stop))
        found[name] = (dtype, shape)
    end = 0
    for start, stop in sorted(spans):
        if start != end:
            refuse("Arrays in weights.safetensors overlap or leave gaps.", path, fix=COPY_AGAIN)
        end = stop
    if end != len(data) - 8 - size:
        refuse("weights.safetensors is cut short or has bytes of no array.", path, fix=COPY_AGAIN)
    return found


def _tensor(name: str, entry: Any, path: Path) -> tuple[str, tuple[int, ...], int, int]:
    """dtype, shape, first byte and end of one array of the header."""
    if not NAME.fullmatch(name):
        refuse(f"{name[:80]!r} cannot name an array.", path, fix=COPY_AGAIN)
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        refuse(f"The array {name!r} is not described as safetensors does.", path, fix=COPY_AGAIN)
    shape, offsets = entry["shape"], entry["data_offsets"]
    whole = isinstance(shape, list) and isinstance(offsets, list) and len(offsets) == 2 and len(shape) <= 32
    if not whole or not all(type(n) is int and 0 <= n < 2**62 for n in [*shape, *offsets]) or offsets[0] > offsets[1]:
        refuse(f"The array {name!r} has an impossible shape or place.", path, fix=COPY_AGAIN)
    dtype = entry["dtype"]
    if not isinstance(dtype, str) or dtype not in NUMPY_NAME:
        fix = f"a bundle holds {', '.join(DTYPES)}; write it again with outcrop."
        refuse(f"The array {name!r} has the type {str(dtype)[:40]!r}.", path, fix=fix)
    return NUMPY_NAME[dtype], tuple(shape), offsets[0], offsets[1]


def plain(value: Any, where: str, path: Path, *, gaps: bool = False) -> Any:
    """A value as JSON keeps it: dictionaries with text keys, lists, text, numbers, None.

    Args:
        value: may hold tuples and NumPy scalars and small arrays, which become lists and numbers.
        where: its place, for the error.
        path: the file to be written.
        gaps: NaN and infinity become None (a score that does not exist); else they are an error.

    Raises:
        BundleError: anything else is in it.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist(), where, path, gaps=gaps)
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        if gaps:
            return None
        refuse(f"{where} is {value}.", path, fix="write None for a number that does not exist.")
    if isinstance(value, Mapping):
        wrong = [key for key in value if not isinstance(key, str)]
        if wrong:
            refuse(f"{where} has the key {wrong[0]!r}, which is not text.", path, fix="write keys as text.")
        return {key: plain(item, f"{where}.{key}", path, gaps=gaps) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, f"{where}[{i}]", path, gaps=gaps) for i, item in enumerate(value)]
    refuse(
        f"{where} is a {type(value).__name__}, which is not plain data.",
        path,
        fix="convert it to numbers, text, lists or dictionaries.",
    )
