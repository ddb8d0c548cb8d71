"""The structure of a DLIS file, looked at before the library sees it: visible records and segments fill it exactly.

Source: American Petroleum Institute (1991), RP 66 version 1, chapters 2 and 3.
"""

from __future__ import annotations

from pathlib import Path

from outcrop.errors import DataError, message

LABEL = 80
EXPLICIT, PREDECESSOR, ENCRYPTED = 0x80, 0x40, 0x10
SET_ROLES = (5, 6, 7)
"""First three bits of a table of parameters: redundant set, replacement set, set."""
ROWS, UNFORMATTED, END = 0, 1, 127
"""Types of records without a table."""


def check_dlis(path: Path, raw: bytes) -> None:
    """Follows visible records and the segments in them to the end of the file.

    Files copied from tape with its marks have no such chain of their own; the library alone reads them.

    Raises:
        DataError: there is no storage unit label, or the chain breaks; with the byte.
    """
    if b"RECORD" not in raw[:100]:
        fix = "name a DLIS file, or state format = ... of what it is."
        raise DataError(message("The file has no storage unit label of DLIS.", where=str(path), fix=fix))
    if raw[9:15] != b"RECORD":
        return
    size = len(raw)
    while size > LABEL and raw[size - 1] == 0 and not any(raw[max(size - 4096, LABEL) : size]):
        size = max(size - 4096, LABEL)  # zeros after the end
    at = LABEL
    while at < size:
        length = int.from_bytes(raw[at : at + 2], "big")
        if length < 8 or raw[at + 2 : at + 4] != b"\xff\x01":
            if not any(raw[at:]):
                break
            raise _broken(path, at, "no visible record starts here")
        if at + length > len(raw):
            raise _broken(path, at, f"the last record has {length:,} bytes, of which {len(raw) - at:,} are there")
        _check_segments(path, raw, at + 4, at + length)
        at += length
    if at == LABEL:
        raise DataError(message("The file ends after its label.", where=str(path), fix="copy it again."))


def _check_segments(path: Path, raw: bytes, at: int, end: int) -> None:
    while at < end:
        length, attributes, kind = int.from_bytes(raw[at : at + 2], "big"), raw[at + 2], raw[at + 3]
        if length < 5 or at + length > end:
            raise _broken(path, at, f"a segment of {length:,} bytes does not fit the {end - at:,} of its record")
        if not attributes & (PREDECESSOR | ENCRYPTED):
            if attributes & EXPLICIT and raw[at + 4] >> 5 not in SET_ROLES:
                raise _broken(path, at, "a table starts without its name")
            if not attributes & EXPLICIT and UNFORMATTED < kind < END:
                raise _broken(path, at, f"there are no rows of type {kind}")
        at += length


def _broken(path: Path, at: int, why: str) -> DataError:
    what = f"The chain of records breaks: {why}."
    return DataError(message(what, where=f"{path}, byte {at:,}", fix="copy it again."))
