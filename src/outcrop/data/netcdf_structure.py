"""Fingerprint and structure of NetCDF and HDF5 files and Zarr stores, looked at in plain Python before a library is.

A file that is cut short is found here, with the bytes it should have: HDF5 states its end in the first block, the
header of NetCDF 3 gives the place of every variable.

Source: HDF5 File Format Specification 3.0, section II.A (superblock).
"""

from __future__ import annotations

import json
from pathlib import Path

from outcrop.data.content import PACKED, fingerprint
from outcrop.data.netcdf_classic import check_size
from outcrop.errors import DataError, message

HDF5 = b"\x89HDF\r\n\x1a\n"
USER_BLOCKS = (0, 512, 1024, 2048, 4096)
"""Where the signature of an HDF5 file may stand."""
WHOLE_BYTES = 256 * 2**20
"""Larger files are fingerprinted by their size, beginning and end."""
ZARR_METADATA = (".zgroup", ".zarray", ".zattrs", "zarr.json")
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
        check_size(path)
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
