"""New arrays in a VTU file, beside those it has: every byte of the original stays, fields without a grid too.

Source: the VTK file formats, docs.vtk.org/en/latest/design_documents/VTKFileFormats.html, XML and appended data.
"""

from __future__ import annotations

import base64
import lzma
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np

from outcrop.data.content import Curve
from outcrop.errors import DataError, message

PACKERS = {"": None, "vtkZLibDataCompressor": zlib.compress,
           "vtkLZMADataCompressor": lambda block: lzma.compress(block)}  # fmt: skip
HEADERS = {"UInt32": "u4", "UInt64": "u8"}
BLOCK = 32768


def with_arrays(raw: bytes, curves: Sequence[Curve], on: str, path: Path) -> bytes:
    """The file with one array per curve, float64, in the encoding that its head prescribes.

    Args:
        raw: of a VTU file with one piece.
        curves: one value per node or cell.
        on: "nodes" or "cells".
        path: for the error.

    Raises:
        DataError: a compressor that is not known.
    """
    end = raw.find(b"<AppendedData")
    head, tail = (raw, b"") if end < 0 else (raw[:end], raw[end:])
    stated = re.search(rb"<VTKFile[^>]*>", head)
    about = dict(re.findall(r'(\w+)\s*=\s*"([^"]*)"', stated.group().decode())) if stated else {}
    if about.get("compressor", "") not in PACKERS or about.get("header_type", "UInt32") not in HEADERS:
        what = f"Arrays packed with {about.get('compressor')} cannot be written."
        raise DataError(message(what, where=str(path), fix="save the mesh with ZLib, or without compression."))
    added = b"".join(_array(curve, about) for curve in curves)
    section = b"PointData" if on == "nodes" else b"CellData"
    whole = b"<%s>\n%s</%s>\n" % (section, added, section)
    for place, new in ((rb"(?=</%s>)" % section, added), (rb"<%s\s*/>" % section, whole), (rb"(?=</Piece>)", whole)):
        if found := re.search(place, head):
            return head[: found.start()] + new + head[found.end() :] + tail
    raise DataError(message("The mesh has no piece.", where=str(path), fix="export it again."))


def _array(curve: Curve, about: dict[str, str]) -> bytes:
    mark = ">" if about.get("byte_order") == "BigEndian" else "<"
    values = np.ascontiguousarray(curve.values, f"{mark}f8").tobytes()
    header = f"{mark}{HEADERS[about.get('header_type', 'UInt32')]}"
    packer = PACKERS[about.get("compressor", "")]
    if packer is None:
        text = base64.b64encode(np.array([len(values)], header).tobytes() + values)
    else:
        parts = [values[first : first + BLOCK] for first in range(0, len(values), BLOCK)]
        packed = [packer(part) for part in parts]
        sizes = np.array([len(parts), BLOCK, len(parts[-1]), *map(len, packed)], header)
        text = base64.b64encode(sizes.tobytes()) + base64.b64encode(b"".join(packed))
    return b'<DataArray type="Float64" Name=%s format="binary">\n%s\n</DataArray>\n' % (
        quoteattr(curve.mnemonic).encode(),
        text,
    )
