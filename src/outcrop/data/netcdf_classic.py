"""The bytes of NetCDF 3: its header, the size a whole file has, and new variables added to a file.

scipy's writer lays scalar variables over the records of a file that has both, so that a copy is made here instead: the
header with one entry more, and every block of values byte for byte where the header now says.

Source: NetCDF Classic and 64-bit Offset Format Specification 1.0, Unidata; the names of the header are its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.content import Curve
from outcrop.errors import DataError, message

DIMENSION, VARIABLE, ATTRIBUTE = 10, 11, 12
CHAR, FLOAT = 2, 5
TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 8}
"""Bytes of the six types: byte, char, short, int, float, double."""
STREAMING = 0xFFFFFFFF
AGAIN = "copy or download the file again."
SLAB_BYTES = 16 * 2**20


@dataclass
class Variable:
    """One variable of the header.

    Attributes:
        name: of the variable.
        dims: numbers of its dimensions.
        head: bytes of its entry up to where its values begin.
        begin: byte of its first value.
        size: bytes of its values; of one record for a variable along the record dimension.
        along: whether it runs along the record dimension.
        text: its attributes that are text.
    """

    name: str
    dims: tuple[int, ...]
    head: bytes
    begin: int
    size: int
    along: bool
    text: Mapping[str, str] = field(default_factory=dict)

    @property
    def padded(self) -> int:
        """Bytes with what fills them up to four."""
        return -(-self.size // 4) * 4


@dataclass
class Classic:
    """A NetCDF 3 header.

    Attributes:
        path: the file.
        version: 1, or 2 with places of 64 bits.
        records: how many there are.
        front: bytes from the first to the list of variables.
        dims: name -> size, 0 for the record dimension.
        variables: in the order of the header.
    """

    path: Path
    version: int
    records: int
    front: bytes
    dims: dict[str, int]
    variables: list[Variable]

    @property
    def stride(self) -> int:
        """Bytes of one record; a variable alone in it is not padded."""
        rows = [variable for variable in self.variables if variable.along]
        return rows[0].size if len(rows) == 1 else sum(variable.padded for variable in rows)

    def end(self) -> tuple[int, str]:
        """The byte after the last value, and the variable that holds it."""
        ends = [(v.begin + v.size, v.name) for v in self.variables if not v.along]
        if self.records:
            last = self.stride * (self.records - 1)
            ends += [(v.begin + last + v.size, v.name) for v in self.variables if v.along]
        return max(ends, default=(0, ""))


@dataclass
class _Cursor:
    """A header that is read from front to back."""

    raw: Any
    path: Path
    at: int = 4

    def take(self, count: int) -> bytes:
        part = self.raw[self.at : self.at + count]
        if count < 0 or len(part) < count:
            self.fail(f"ends within its header, at byte {self.at:,} of {len(self.raw):,}")
        self.at += count
        return bytes(part)

    def number(self, width: int = 4) -> int:
        return int.from_bytes(self.take(width), "big")

    def name(self) -> str:
        size = self.number()
        return self.take(-(-size // 4) * 4)[:size].decode("utf-8", "replace")

    def count(self, tag: int) -> int:
        """Length of the list that follows, with its tag."""
        found, count = self.number(), self.number()
        if found not in (0, tag) or (found == 0 and count) or count > len(self.raw):
            self.fail(f"has no list of kind {tag} at byte {self.at - 8:,}")
        return count

    def attributes(self) -> dict[str, str]:
        """Over a list of attributes; those that are text."""
        text = {}
        for _ in range(self.count(ATTRIBUTE)):
            name = self.name()
            kind, length = self.number(), self.number()
            raw = self.take(-(-self.bytes_of(kind) * length // 4) * 4)
            if kind == CHAR:
                text[name] = raw[:length].decode("utf-8", "replace")
        return text

    def bytes_of(self, kind: int) -> int:
        if kind not in TYPE_BYTES:
            self.fail(f"has a value of type {kind} at byte {self.at:,}; NetCDF 3 knows 1 to 6")
        return TYPE_BYTES[kind]

    def fail(self, how: str) -> None:
        raise DataError(message(f"The NetCDF 3 file {how}.", where=str(self.path), fix=AGAIN))


def header(path: Path) -> Classic:
    """The header of a NetCDF 3 file.

    Raises:
        DataError: it is damaged, or of a kind with 64-bit data.
    """
    raw = np.memmap(path, np.uint8, "r")
    version = int(raw[3]) if len(raw) > 3 else 0
    if version == 5:
        fix = f"convert it: nccopy -k nc4 {path.name} new.nc"
        raise DataError(message("NetCDF with 64-bit data (CDF-5) is not read.", where=str(path), fix=fix))
    cursor = _Cursor(raw, path)
    if version not in (1, 2):
        cursor.fail(f"has version {version}; 1 and 2 are known")
    records = cursor.number()
    dims = {cursor.name(): cursor.number() for _ in range(cursor.count(DIMENSION))}
    cursor.attributes()
    front = bytes(raw[: cursor.at])
    sizes = list(dims.values())
    variables = []
    for _ in range(cursor.count(VARIABLE)):
        first = cursor.at
        name = cursor.name()
        rank = cursor.number()
        if rank > 1024:
            cursor.fail(f"has a variable of {rank:,} dimensions")
        own = tuple(cursor.number() for _ in range(rank))
        if any(dim >= len(sizes) for dim in own):
            cursor.fail(f"gives {name!r} a dimension that it does not have")
        text = cursor.attributes()
        width = cursor.bytes_of(cursor.number())
        cursor.number()
        head = bytes(raw[first : cursor.at])
        begin = cursor.number(8 if version == 2 else 4)
        along = bool(own) and sizes[own[0]] == 0
        size = width * prod(sizes[dim] for dim in own[along:])
        variables.append(Variable(name, own, head, begin, size, along, text))
    found = Classic(path, version, records, front, dims, variables)
    if records == STREAMING:
        begins = [variable.begin for variable in variables if variable.along]
        found.records = (len(raw) - min(begins)) // found.stride if begins and found.stride else 0
    return found


def check_size(path: Path) -> None:
    """Every variable of the file lies within it.

    Raises:
        DataError: the file is cut short, or its header is damaged.
    """
    end, name = header(path).end()
    size = path.stat().st_size
    if end > size:
        what = f"The file is cut short: {size:,} of {end:,} bytes, within {name!r}."
        raise DataError(message(what, where=str(path), fix=AGAIN))


def append(path: Path, out: Path, curves: Sequence[Curve], dims: Sequence[str], kept: Mapping[str, str]) -> None:
    """A copy of the file with new variables of type float, NaN where missing.

    Args:
        path: the file.
        out: its copy.
        curves: with values of the shape of `dims`.
        dims: of the file; the record dimension, where it is among them, first.
        kept: text attributes that each new variable gets beside units and long name.

    Raises:
        DataError: the copy would be larger than places of 32 bits can reach.
    """
    old = header(path)
    numbers = [list(old.dims).index(dim) for dim in dims]
    along = bool(dims) and old.dims[dims[0]] == 0
    size = 4 * prod(old.dims[dim] for dim in dims[along:])
    new = []
    for curve in curves:
        about = {"units": curve.unit, "long_name": curve.description, **kept}
        new.append(Variable(curve.mnemonic, tuple(numbers), _entry(curve, numbers, about, size), 0, size, along))
    whole = Classic(path, old.version, old.records, old.front, old.dims, [*old.variables, *new])
    _placed(whole, old)
    if old.version == 1 and max(variable.begin for variable in whole.variables) >= 2**31:
        fix = f"convert it: nccopy -k nc4 {path.name} new.nc"
        raise DataError(message("The copy would be too large for NetCDF 3.", where=str(path), fix=fix))
    before = {variable.name: variable for variable in old.variables}
    values = {curve.mnemonic: curve.values for curve in curves}
    width = 8 if old.version == 2 else 4
    with path.open("rb") as source, out.open("wb") as target:
        target.write(old.front[:4] + old.records.to_bytes(4, "big") + old.front[8:])
        target.write(VARIABLE.to_bytes(4, "big") + len(whole.variables).to_bytes(4, "big"))
        for variable in whole.variables:
            target.write(variable.head + variable.begin.to_bytes(width, "big"))
        for variable in sorted((v for v in whole.variables if not v.along), key=lambda v: v.begin):
            target.seek(variable.begin)
            if variable.name in before:
                source.seek(before[variable.name].begin)
                _copy(source, target, variable.size)
            else:
                _put(target, values[variable.name])
        for record in range(old.records):
            for variable in (v for v in whole.variables if v.along):
                target.seek(variable.begin + record * whole.stride)
                if variable.name in before:
                    source.seek(before[variable.name].begin + record * old.stride)
                    _copy(source, target, variable.size)
                else:
                    _put(target, np.asarray(values[variable.name][record])[None])
        target.truncate(max(target.seek(0, 2), -(-whole.end()[0] // 4) * 4))


def _placed(whole: Classic, old: Classic) -> None:
    """Gives every variable its place: the fixed ones in their order, new ones after them, then the records."""
    width = 8 if whole.version == 2 else 4
    at = len(whole.front) + 8 + sum(len(variable.head) + width for variable in whole.variables)
    fixed = [variable for variable in whole.variables if not variable.along]
    known = {variable.name: variable.begin for variable in old.variables}
    rows = [variable for variable in whole.variables if variable.along]
    for variable in rows if len(rows) > 1 else []:  # a record that was alone was not padded, which its entry says too
        variable.head = variable.head[:-4] + min(variable.padded, STREAMING).to_bytes(4, "big")
    moved = {}
    for variable in [*sorted(fixed, key=lambda v: known.get(v.name, 2**63)), *rows]:
        moved[variable.name] = at
        at += variable.padded
    whole.variables = [replace(variable, begin=moved[variable.name]) for variable in whole.variables]


def _entry(curve: Curve, dims: Sequence[int], about: Mapping[str, str], size: int) -> bytes:
    """The header entry of a new variable, up to where its values begin."""
    texts = {name: text.encode() for name, text in about.items() if text}
    parts = [_name(curve.mnemonic), len(dims), *dims, ATTRIBUTE, len(texts) + 1]
    for name, text in texts.items():
        parts += [_name(name), CHAR, len(text), text.ljust(-(-len(text) // 4) * 4, b"\0")]
    parts += [_name("_FillValue"), FLOAT, 1, np.array(np.nan, ">f4").tobytes(), FLOAT]
    parts.append(min(-(-size // 4) * 4, STREAMING))
    return b"".join(part if isinstance(part, bytes) else part.to_bytes(4, "big") for part in parts)


def _name(name: str) -> bytes:
    raw = name.encode()
    return len(raw).to_bytes(4, "big") + raw.ljust(-(-len(raw) // 4) * 4, b"\0")


def _copy(source: Any, target: Any, count: int) -> None:
    while count > 0:
        part = source.read(min(count, SLAB_BYTES))
        if not part:
            return
        target.write(part)
        count -= len(part)


def _put(target: Any, values: np.ndarray) -> None:
    if not np.ndim(values):
        target.write(np.asarray(values, ">f4").tobytes())
        return
    step = max(1, SLAB_BYTES // max(1, 4 * int(np.prod(np.shape(values)[1:]))))
    for first in range(0, len(values), step):
        target.write(np.asarray(values[first : first + step], ">f4").tobytes())
