"""Fingerprint and structure of NetCDF and HDF5 files and Zarr stores, looked at in plain Python before a library is.

A file that is cut short is found here, with the bytes it should have: HDF5 states its end in the first block, the
header of NetCDF 3 gives the place of every variable.

Source: HDF5 File Format Specification 3.0, section II.A (superblock); NetCDF Classic Format Specification 1.0.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.content import PACKED, fingerprint
from outcrop.errors import DataError, message

HDF5 = b"\x89HDF\r\n\x1a\n"
USER_BLOCKS = (0, 512, 1024, 2048, 4096)
"""Where the signature of an HDF5 file may stand."""
WHOLE_BYTES = 256 * 2**20
"""Larger files are fingerprinted by their size, beginning and end."""
ZARR_METADATA = (".zgroup", ".zarray", ".zattrs", "zarr.json")
TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 8}
"""Bytes of the six types of NetCDF 3: byte, char, short, int, float, double."""
AGAIN = "copy or download the file again."


def checked(path: Path) -> str:
    """The fingerprint of a file or store whose structure holds together.

    Raises:
        DataError: an empty, damaged, truncated or compressed file.
    """
    if path.is_dir():
        return _checked_store(path)
    digest = file_fingerprint(path)
    with path.open("rb") as stream:
        head = stream.read(USER_BLOCKS[-1] + 64)
    size = path.stat().st_size
    start = next((at for at in USER_BLOCKS if head[at : at + 8] == HDF5), None)
    if head[:3] == b"CDF":
        _check_classic(path, size)
    elif start is not None:
        _check_superblock(path, head[start : start + 64], size)
    else:
        what = "This is neither NetCDF nor HDF5: its first bytes are others."
        fix = "name a NetCDF or HDF5 file, or state format = ... of what it is."
        raise DataError(message(what, where=str(path), fix=fix))
    return digest


def file_fingerprint(path: Path) -> str:
    """SHA-256 of a file; of size, first and last MiB for more than 256 MiB.

    Raises:
        DataError: the file does not exist, is empty, or is compressed.
    """
    if path.suffix.lower() in PACKED:
        fix = f"unpack it first; these files are read piece by piece: {path.stem}."
        raise DataError(message("The file is compressed.", where=str(path), fix=fix))
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise DataError(message("The file does not exist.", where=str(path), fix="check the path.")) from None
    if not size:
        raise DataError(message("The file is empty.", where=str(path), fix=AGAIN))
    with path.open("rb") as stream:
        if size <= WHOLE_BYTES:
            return fingerprint(stream.read())
        first = stream.read(2**20)
        stream.seek(-(2**20), 2)
        return "partial:" + fingerprint(str(size).encode() + first + stream.read())


def _checked_store(path: Path) -> str:
    """The fingerprint of a Zarr store is that of its metadata documents, which must be JSON."""
    parts = sorted(part for part in path.rglob("*") if part.name in ZARR_METADATA)
    if not parts:
        fix = "name a Zarr store, or the files in the folder."
        raise DataError(message("The folder holds no Zarr metadata.", where=str(path), fix=fix))
    contents = [part.read_bytes() for part in parts]
    for part, raw in zip(parts, contents, strict=True):
        try:
            held = json.loads(raw)
        except ValueError as error:
            raise DataError(message(f"The metadata are damaged ({error}).", where=str(part), fix=AGAIN)) from None
        if not isinstance(held, dict):
            raise DataError(message("The metadata are no table of keys.", where=str(part), fix=AGAIN))
    names = [part.relative_to(path).as_posix().encode() for part in parts]
    return fingerprint(b"\0".join(item for pair in zip(names, contents, strict=True) for item in pair))


def _check_superblock(path: Path, block: bytes, size: int) -> None:
    """The end of the file, which the first block of HDF5 states."""
    version = block[8] if len(block) > 16 else 255
    if version in (0, 1):
        width, at = block[13], 24 + 4 * version
    elif version in (2, 3):
        width, at = block[9], 12
    else:
        raise DataError(message(f"HDF5 superblock version {version} is not known.", where=str(path), fix=AGAIN))
    if width not in (2, 4, 8) or len(block) < at + 3 * width:
        raise DataError(message("The first block of the HDF5 file is damaged.", where=str(path), fix=AGAIN))
    end = int.from_bytes(block[at + 2 * width : at + 3 * width], "little")
    if end > size:
        raise DataError(message(f"The file is cut short: {size:,} of {end:,} bytes.", where=str(path), fix=AGAIN))


@dataclass
class _Header:
    """A NetCDF 3 header that is read from front to back."""

    raw: Any
    path: Path
    at: int = 4

    def take(self, count: int) -> bytes:
        """The next bytes."""
        part = self.raw[self.at : self.at + count]
        if count < 0 or len(part) < count:
            self.fail(f"ends within its header, at byte {self.at:,} of {len(self.raw):,}")
        self.at += count
        return bytes(part)

    def number(self, width: int = 4) -> int:
        """The next unsigned whole number."""
        return int.from_bytes(self.take(width), "big")

    def name(self) -> str:
        """The next name, padded to four bytes."""
        size = self.number()
        return self.take(-(-size // 4) * 4)[:size].decode("utf-8", "replace")

    def count(self, tag: int) -> int:
        """Length of the list that follows, with its tag."""
        found, count = self.number(), self.number()
        if found not in (0, tag) or (found == 0 and count) or count > len(self.raw):
            self.fail(f"has no list of kind {tag} at byte {self.at - 8:,}")
        return count

    def skip_attributes(self) -> None:
        """Over a list of attributes."""
        for _ in range(self.count(12)):
            self.name()
            kind, length = self.number(), self.number()
            self.take(-(-self.bytes_of(kind) * length // 4) * 4)

    def bytes_of(self, kind: int) -> int:
        """Bytes per value of a type."""
        if kind not in TYPE_BYTES:
            self.fail(f"has a value of type {kind} at byte {self.at:,}; NetCDF 3 knows 1 to 6")
        return TYPE_BYTES[kind]

    def fail(self, how: str) -> None:
        """Raises DataError."""
        raise DataError(message(f"The NetCDF 3 file {how}.", where=str(self.path), fix=AGAIN))


def _check_classic(path: Path, size: int) -> None:
    """Every variable of a NetCDF 3 file lies within the file."""
    raw = np.memmap(path, np.uint8, "r")
    version = int(raw[3]) if size > 3 else 0
    if version == 5:
        fix = f"convert it: nccopy -k nc4 {path.name} new.nc"
        raise DataError(message("NetCDF with 64-bit data (CDF-5) is not read.", where=str(path), fix=fix))
    header = _Header(raw, path)
    if version not in (1, 2):
        header.fail(f"has version {version}; 1 and 2 are known")
    steps = header.number()
    sizes = [(header.name(), header.number())[1] for _ in range(header.count(10))]
    header.skip_attributes()
    ends, rows = [], []
    for _ in range(header.count(11)):
        name = header.name()
        dims = [header.number() for _ in range(_fitting(header, header.number()))]
        if any(dim >= len(sizes) for dim in dims):
            header.fail(f"gives {name!r} a dimension that it does not have")
        header.skip_attributes()
        width = header.bytes_of(header.number())
        header.number()
        begin = header.number(8 if version == 2 else 4)
        along = bool(dims) and sizes[dims[0]] == 0
        cells = width * prod(sizes[dim] for dim in dims[along:])
        (rows if along else ends).append((begin, cells, name))
    stride = rows[0][1] if len(rows) == 1 else sum(-(-cells // 4) * 4 for _, cells, _ in rows)
    if rows and steps != 0xFFFFFFFF and steps:
        ends += [(begin + stride * (steps - 1), cells, name) for begin, cells, name in rows]
    begin, cells, name = max(ends, key=lambda end: end[0] + end[1], default=(0, 0, ""))
    if begin + cells > size:
        what = f"The file is cut short: {size:,} of {begin + cells:,} bytes, within {name!r}."
        raise DataError(message(what, where=str(path), fix=AGAIN))


def _fitting(header: _Header, count: int) -> int:
    if count > 1024:
        header.fail(f"has a variable of {count:,} dimensions")
    return count
