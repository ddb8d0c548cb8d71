"""Ways to damage a file, and what may come of reading it."""

from __future__ import annotations

import io
import random
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from outcrop.data.read import read
from outcrop.errors import ConfigError, DataError
from outcrop.records import Record

SHARES = (0.0, 0.001, 0.01, 0.1, 0.35, 0.5, 0.77, 0.9, 0.97)


def outcome(path, **options):
    """The error, or the shapes of what was read; anything else that happens is a failure.

    An error names the file, or one beside it, and has a fix. It is a ConfigError where the damaged file holds something
    else than the options name.
    """
    try:
        records = read(path, **options)
    except (DataError, ConfigError) as error:
        text = str(error)
        assert str(path.parent) in text and "Fix: " in text and len(text.splitlines()) <= 4, text
        assert isinstance(error, DataError) or options or "channels" in text, text
        return text
    assert records and all(isinstance(record, Record) for record in records)
    for record in records:
        assert len(record) < 12_000_000
        for name in record.data.data_vars:
            assert len(record.flat(name)) == len(record)
    return [record.shape for record in records]


def parts(folder: Path) -> list[Path]:
    """The files of a sound one that hold its structure and values."""
    return sorted(path for path in folder.iterdir() if path.suffix != ".cpg")


class Spoilt:
    """A copy of the folder of a file, in which one file at a time is replaced by other bytes."""

    def __init__(self, sound: Path, work: Path) -> None:
        shutil.copytree(sound.parent, work, dirs_exist_ok=True)
        self.sound, self.work = sound, work

    def with_bytes(self, part: Path, raw: bytes) -> Path:
        """The path of the whole when a part holds these bytes and all others theirs."""
        for path in parts(self.sound.parent):
            shutil.copyfile(path, self.work / path.name)
        (self.work / part.name).write_bytes(raw)
        return self.work / self.sound.name


def flipped(raw: bytes, seed: int, structure: int) -> bytes:
    """One to eight bits changed; for even seeds all in the first `structure` bytes."""
    draw = random.Random(seed)
    damaged = bytearray(raw)
    limit = len(raw) if seed % 2 else min(structure, len(raw))
    for _ in range(draw.choice([1, 1, 3, 8])):
        damaged[draw.randrange(limit)] ^= 1 << draw.randrange(8)
    return bytes(damaged)


def foreign() -> Iterator[tuple[str, bytes]]:
    """Contents that no format under test has."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("readme.txt", "nothing")
    yield "text", b"Dear reader,\n\nplease find enclosed the logs.\n" * 100
    yield "zip", packed.getvalue()
    yield "nothing", b""
    yield "blank", b" \r\n\t" * 50
    yield "zeros", bytes(5000)
    yield "random", np.random.default_rng(0).bytes(5000)
    yield "pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)) * 8


def _replaced(raw: bytes, old: bytes, new: bytes) -> bytes:
    assert old in raw
    return raw.replace(old, new, 1)


def _wide_tiff(raw: bytes) -> bytes:
    at = int.from_bytes(raw[4:8], "little")
    spoilt = bytearray(raw)
    for entry in range(at + 2, at + 2 + 12 * int.from_bytes(raw[at : at + 2], "little"), 12):
        if int.from_bytes(raw[entry : entry + 2], "little") in (256, 257):
            spoilt[entry + 2 : entry + 12] = struct.pack("<HII", 4, 1, 2**31 - 1)
    return bytes(spoilt)


def _wide_png(raw: bytes) -> bytes:
    head = raw[12:16] + struct.pack(">II", 2**31 - 1, 2**31 - 1) + raw[24:29]
    return raw[:12] + head + struct.pack(">I", zlib.crc32(head)) + raw[33:]


def _wide_jpeg(raw: bytes) -> bytes:
    at = raw.index(b"\xff\xc0")
    return raw[: at + 5] + struct.pack(">HH", 65500, 65500) + raw[at + 9 :]


def _long_npy(raw: bytes) -> bytes:
    return (
        raw[:10]
        + raw[10:128].replace(b"(3, 4, 2)", b"(3999999999, 4, 2)").rstrip()[:117].ljust(117)
        + b"\n"
        + raw[128:]
    )


def _long_npz(raw: bytes) -> bytes:
    spoilt = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(spoilt, "w") as new:
        new.writestr("u.npy", _long_npy(old.read("u.npy")))
    return spoilt.getvalue()


def _many_samples(raw: bytes) -> bytes:
    """SEG-Y 2 has the number of samples in four bytes."""
    spoilt = bytearray(raw)
    spoilt[3268:3272], spoilt[3500] = (2**31 - 1).to_bytes(4, "big"), 2
    return bytes(spoilt)


BIG = 2**31 - 1
HUGE = {
    "cube.sgy": _many_samples,
    "scene.tif": _wide_tiff,
    "image.png": _wide_png,
    "image.jpg": _wide_jpeg,
    "a.npy": _long_npy,
    "a.npz": _long_npz,
    "plain.mat": lambda raw: _replaced(raw, struct.pack("<3i", 3, 4, 2), struct.pack("<3i", BIG, BIG, 2)),
    "a.mseed": lambda raw: raw[:30] + b"\xff\xff" + raw[32:],
    "a.sac": lambda raw: raw[:316] + struct.pack("<i", 2**30) + raw[320:],
    "a.dlis": lambda raw: raw[:80] + b"\xff\xfe" + raw[82:],
    "a.vtu": lambda raw: _replaced(raw, b'NumberOfPoints="10"', b'NumberOfPoints="1000000000000"'),
    "a.vtk": lambda raw: _replaced(raw, b"POINTS 10", b"POINTS 1000000000"),
    "a.msh": lambda raw: _replaced(raw, struct.pack("<Q", 10), struct.pack("<Q", 2**40)),
    "ugrid.nc": lambda raw: _replaced(raw, struct.pack(">i", 10), struct.pack(">i", BIG)),
    "nod2d.out": lambda raw: _replaced(raw, b"10", b"1000000000000"),
    "a.grdecl": lambda raw: _replaced(raw, b" 4 3 2 1 F", b" 100000 100000 1000 1 F"),
    "a.roff": lambda raw: _replaced(raw, b"int\0nX\0\4\0\0\0", b"int\0nX\0\xff\xff\xff\x7f"),
    "a.gri": lambda raw: raw[:44] + struct.pack(">i", BIG) + raw[48:],
    "a.irap": lambda raw: _replaced(raw, b"-996 4", b"-996 400000000"),
    "a.shp": lambda raw: raw[:24] + struct.pack(">i", BIG) + raw[28:],
    "a.gpkg": lambda raw: raw[:28] + struct.pack(">i", BIG) + raw[32:],
}
"""Files of a few hundred bytes whose header announces gigabytes."""
