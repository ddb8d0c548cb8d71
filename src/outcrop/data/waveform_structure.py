"""The structure of miniSEED and SAC files, looked at before obspy sees them: records and samples fill the file exactly.

Source: FDSN (2012), SEED reference manual 2.4, chapter 8 and appendix G; SAC users manual, header version 6 and 7.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from outcrop.errors import DataError, message

SAC_UNSET = -12345
SAC_HEADER, SAC_FOOTER = 632, 176
RECORDS, CONTROL = b"DRQM", b"VAST"
"""Kinds of records: data, and headers of a SEED volume."""
FIX = "copy the file again."


def is_sac(raw: bytes, path: Path) -> bool:
    """Whether a file is SAC; otherwise it is miniSEED.

    Raises:
        DataError: it is neither, or its structure does not hold together.
    """
    if raw[:6].strip().isdigit() and raw[6:7] in _each(RECORDS + CONTROL):
        _check_records(raw, path)
        return False
    heads = [np.frombuffer(raw[:SAC_HEADER], f"{order}i4") for order in "<>"] if len(raw) >= SAC_HEADER else []
    words = next((head for head in heads if head[76] in (6, 7)), None)
    if words is None:
        what = "This is neither miniSEED nor SAC: its first bytes are others."
        raise DataError(
            message(what, where=str(path), fix="name a waveform file, or state format = ... of what it is.")
        )
    _check_sac(words, len(raw), path)
    return True


def _each(letters: bytes) -> list[bytes]:
    return [bytes([letter]) for letter in letters]


def _check_records(raw: bytes, path: Path) -> None:
    """Follows the records of miniSEED; obspy leaves out what it cannot read at the end.

    Headers of a SEED volume, and records that do not state their length, are left to the library.
    """
    at = 0
    while at < len(raw):
        if raw[at + 6 : at + 7] in _each(CONTROL):
            return
        if not raw[at : at + 6].strip().isdigit() or raw[at + 6 : at + 7] not in _each(RECORDS):
            raise DataError(message("No record of miniSEED starts here.", where=f"{path}, byte {at:,}", fix=FIX))
        length = _record_length(raw[at : at + 512])
        if length is None:
            return
        if at + length > len(raw):
            what = f"The file is cut short: its last record has {length:,} bytes, of which {len(raw) - at:,} are there."
            raise DataError(message(what, where=f"{path}, byte {at:,}", fix=FIX))
        at += length


def _record_length(head: bytes) -> int | None:
    """The length that blockette 1000 of a record states."""
    order = "big" if 1900 <= int.from_bytes(head[20:22], "big") <= 2500 else "little"
    at = int.from_bytes(head[46:48], order)
    for _ in range(head[39] if len(head) > 39 else 0):
        if not 48 <= at <= len(head) - 8:
            return None
        if int.from_bytes(head[at : at + 2], order) == 1000:
            return 2 ** head[at + 6] if 7 <= head[at + 6] <= 20 else None
        at = int.from_bytes(head[at + 2 : at + 4], order)
    return None


def _check_sac(words: np.ndarray, size: int, path: Path) -> None:
    """The number of samples and the places of station and event; at impossible ones obspy computes without end."""
    samples = int(words[79])
    whole = SAC_HEADER + 4 * samples + SAC_FOOTER * int(words[76] == 7)
    if samples < 1 or size != whole:
        what = f"The header says {samples:,} samples, which is a file of {whole:,} bytes; it has {size:,}."
        raise DataError(message(what, where=f"{path}, byte 316", fix=FIX))
    numbers = words.view(words.dtype.str.replace("i", "f"))
    for name, word, most in (("stla", 31, 90), ("stlo", 32, 360), ("evla", 35, 90), ("evlo", 36, 360)):
        if not abs(numbers[word]) <= most and numbers[word] != SAC_UNSET:
            what = f"{name} = {numbers[word]:g} is no place on Earth."
            raise DataError(message(what, where=f"{path}, byte {4 * word}", fix="correct the header."))
