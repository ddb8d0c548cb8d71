"""The bytes of a file, unpacked, decoded and fingerprinted: the first step of every reader.

`.gz`, `.xz` and `.bz2` are unpacked on the way; the fingerprint is that of the unpacked bytes, so that a file and
its compressed copy count as the same data. `Curve` is what the writers add to a file.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np

from outcrop.errors import DataError, message

PACKED = (".gz", ".xz", ".bz2")
UNPACKED, TIMES_PACKED = 64 * 2**20, 1100
"""A file of n bytes holds at most UNPACKED + n * TIMES_PACKED bytes: deflate packs 1,032 to 1, and only equal bytes."""


@dataclass(frozen=True)
class Curve:
    """One curve or column to add to a file.

    Attributes:
        mnemonic: short name, without spaces, dots or colons.
        values: one number per row of the file; NaN is written as the file's missing value.
        unit: unit as the file should spell it; empty for none.
        description: a few words.
    """

    mnemonic: str
    values: np.ndarray
    unit: str = ""
    description: str = ""


def content(path: str | Path) -> bytes:
    """Reads a file and unpacks it when its name says it is compressed.

    Raises:
        DataError: the file does not exist, is a directory, is empty, or its compressed stream is damaged.
    """
    path = Path(path)
    if path.is_dir():
        raise DataError(
            message("This is a directory, not a file.", where=str(path), fix=f'write "{path}/*" for its files.')
        )
    if not path.exists():
        raise DataError(
            message("The file does not exist.", where=str(path), fix="check the path; it is read from where you are.")
        )
    try:
        raw = _unpack(path)
    except PermissionError as error:
        raise DataError(
            message("The file cannot be opened.", where=str(path), fix=f"check its permissions ({error}).")
        ) from None
    except Exception as error:  # the unpackers raise six kinds of error, all mean a damaged stream
        fix = "copy or download the file again."
        raise DataError(message(f"The compressed file is damaged ({error}).", where=str(path), fix=fix)) from None
    if not raw.strip():
        raise DataError(
            message("The file is empty.", where=str(path), fix="copy or download it again, or leave it out.")
        )
    return raw


def _unpack(path: Path) -> bytes:
    suffix = path.suffix.lower()
    if suffix not in PACKED:
        return path.read_bytes()
    opener = import_module({".gz": "gzip", ".xz": "lzma", ".bz2": "bz2"}[suffix]).open
    most = UNPACKED + TIMES_PACKED * path.stat().st_size
    with opener(path) as stream:
        raw = stream.read(most + 1)
    if len(raw) > most:
        raise ValueError(f"it unpacks to more than {TIMES_PACKED} times its size")
    return raw


def check_declared(declared: int, path: str | Path, where: str = "") -> None:
    """A header may not ask for much more memory than its file can fill, however well that is packed.

    Args:
        declared: bytes that the numbers would take.
        path: the file.
        where: place in the file.

    Raises:
        DataError: the number is beyond what any file of this size holds.
    """
    size = Path(path).stat().st_size
    if not 0 <= declared <= UNPACKED + TIMES_PACKED * size:
        what = f"The file declares {declared:,} bytes of numbers; with its {size:,} bytes it cannot hold them."
        fix = "copy or export the file again; its header is damaged."
        raise DataError(message(what, where=f"{path}{where and ', ' + where}", fix=fix))


def unpacked_name(path: str | Path) -> str:
    """File name without its compression suffix.

    >>> unpacked_name("wells/31_2-1.las.xz")
    '31_2-1.las'
    """
    path = Path(path)
    return path.stem if path.suffix.lower() in PACKED else path.name


def stem(path: str | Path) -> str:
    """File name without compression and format suffix.

    >>> stem("wells/31_2-1.las.xz")
    '31_2-1'
    """
    return Path(unpacked_name(path)).stem


def decode(raw: bytes, path: str | Path, encoding: str | None = None) -> tuple[str, str, str]:
    """Text, encoding and a note: UTF-8 (or what the byte-order mark says), else Windows-1252, which is noted.

    Raises:
        DataError: the stated encoding does not fit, or the bytes are no text at all.
    """
    marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    marked = next((name for mark, name in marks.items() if raw.startswith(mark)), None)
    if marked != "utf-16" and b"\x00" in raw[:4096]:
        raise DataError(
            message("The file is binary, not text.", where=str(path), fix="check that the right file is named.")
        )
    for name in [encoding] if encoding else [marked or "utf-8", "cp1252", "latin-1"]:
        try:
            text = raw.decode(name)
        except LookupError:
            raise DataError(
                message(f"There is no text encoding {name!r}.", fix='use encoding = "utf-8" or "cp1252".')
            ) from None
        except UnicodeDecodeError:
            continue
        guessed = not encoding and name in ("cp1252", "latin-1")
        return text, name, f"text is not UTF-8; read as {name}" if guessed else ""
    fix = 'state the encoding of the file, e.g. encoding = "cp1252".'
    raise DataError(message(f"The text is not {encoding}.", where=str(path), fix=fix))


def shortest(values: np.ndarray, missing: str = "") -> list[str]:
    """The shortest text of each number that reads back as the same float32, which is what networks compute.

    >>> shortest(np.array([0.1, 65000, np.nan, 1 / 3]), "-999.25")
    ['0.1', '65000', '-999.25', '0.33333334']
    """
    with np.errstate(over="ignore"):
        texts = np.asarray(values, np.float32).astype(str).tolist()
    return [missing if text == "nan" else text.removesuffix(".0") for text in texts]


def fingerprint(raw: bytes) -> str:
    """SHA-256 of the unpacked bytes, as hexadecimal digits."""
    return hashlib.sha256(raw).hexdigest()


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary file beside `path` that takes its place when the block ends well: no half-written results."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def check_curves(curves: list[Curve], rows: int, existing: list[str], path: str | Path) -> None:
    """Every curve to be added has one value per row and a new, writable name.

    Raises:
        DataError: naming the curve and the file.
    """
    taken = {name.casefold() for name in existing}
    for curve in curves:
        where = f"{path}, curve {curve.mnemonic}"
        if len(curve.values) != rows:
            what = f"The curve to be added has {len(curve.values)} values, the file {rows} rows."
            raise DataError(message(what, where=where, fix="bring it to the file's own axis first (Frame.back)."))
        if curve.mnemonic.casefold() in taken:
            fix = "choose another name, or start from the original file."
            raise DataError(message("The file already has a curve of this name.", where=where, fix=fix))
        if any(character in curve.mnemonic for character in ' .:,"\t\n') or not curve.mnemonic:
            fix = "use letters, digits and underscores."
            raise DataError(message(f"{curve.mnemonic!r} cannot name a curve.", where=str(path), fix=fix))
        taken.add(curve.mnemonic.casefold())
