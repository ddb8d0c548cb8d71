"""Tensors in PyTorch's file format, read without PyTorch and without running anything that a file says.

A `.pt` file is a zip of raw numbers and a small pickle that says how they are laid out. The pickle is read by an
unpickler that knows three names and nothing else. Strides are honoured: tensors are often stored in Fortran order, and
reshaping their numbers gives a field that looks plausible and is wrong.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import zipfile
from collections import OrderedDict
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.content import check_declared
from outcrop.errors import DataError, message

DTYPES = {
    "FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2", "LongStorage": "<i8", "IntStorage": "<i4",
    "ShortStorage": "<i2", "CharStorage": "i1", "ByteStorage": "u1", "BoolStorage": "?",
}  # fmt: skip
REPEATED = 1000
"""A tensor that was expanded repeats its numbers; more often than this it is damaged."""


def read_tensors(path: str | Path, raw: bytes) -> dict[str, np.ndarray]:
    """All tensors of a file by name; a file of one tensor calls it `data`.

    Raises:
        DataError: a damaged zip, an object that is no tensor, or a layout that points outside its numbers.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            check_declared(sum(item.file_size for item in archive.infolist()), path)
            inner = next((name for name in archive.namelist() if name.endswith("data.pkl")), None)
            if inner is None:
                raise pickle.UnpicklingError("it holds no data.pkl")
            content = _Reader(archive, inner[: -len("data.pkl")], _orderly(archive.read(inner))).load()
    except DataError:
        raise
    except Exception as error:  # a damaged zip or pickle raises a dozen kinds of error
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        fix = "save a tensor, or a dictionary of tensors, with torch.save(tensor_or_dict, path)."
        raise DataError(message(f"The tensors cannot be read: {reason}.", where=str(path), fix=fix)) from None
    return _flat(content, path)


def _flat(content: Any, path: str | Path) -> dict[str, np.ndarray]:
    if isinstance(content, np.ndarray):
        return {"data": content}
    pairs = (
        content.items()
        if isinstance(content, dict)
        else enumerate(content)
        if isinstance(content, list | tuple)
        else ()
    )
    found = {str(name): value for name, value in pairs if isinstance(value, np.ndarray)}
    if not found:
        fix = "save a tensor, or a dictionary or list of tensors."
        raise DataError(message("The file holds no tensor.", where=str(path), fix=fix))
    return found


def _orderly(pickled: bytes) -> bytes:
    """The same bytes, when none of their places in memory lies beyond what a pickle of this length can fill.

    The unpickler makes a table as long as the largest place that is named.
    """
    for code, place, _ in pickletools.genops(pickled):
        if "PUT" in code.name and not 0 <= int(str(place)) <= len(pickled):
            raise pickle.UnpicklingError(f"its pickle is damaged: place {place} of {len(pickled)}")
    return pickled


class _Reader(pickle.Unpickler):
    """Knows tensors and dictionaries; every other name is refused before it is looked up."""

    def __init__(self, archive: zipfile.ZipFile, folder: str, pickled: bytes) -> None:
        super().__init__(io.BytesIO(pickled))
        self.archive, self.folder = archive, folder

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module in ("torch", "torch.storage") and name in DTYPES:
            return np.dtype(DTYPES[name])
        raise pickle.UnpicklingError(f"it holds {module}.{name}, which is no tensor")

    def persistent_load(self, pid: Any) -> np.ndarray:
        kind, dtype, key, _, count = pid
        if kind != "storage" or not isinstance(dtype, np.dtype):
            raise pickle.UnpicklingError("it holds something other than numbers")
        numbers = np.frombuffer(self.archive.read(f"{self.folder}data/{key}"), dtype)
        if len(numbers) < count:
            raise pickle.UnpicklingError(f"{count} numbers are stated and {len(numbers)} are there")
        return numbers


def _tensor(storage: np.ndarray, offset: int, size: tuple, stride: tuple, *_: Any) -> np.ndarray:
    """The numbers laid out as the strides say, as an ordinary array."""
    last = offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True)) if all(size) else offset
    if offset < 0 or any(n < 0 for n in (*size, *stride)) or last >= max(len(storage), 1):
        raise pickle.UnpicklingError("a tensor points outside its numbers")
    if prod(size) > REPEATED * len(storage):
        raise pickle.UnpicklingError(f"a tensor of {prod(size):,} numbers is made of {len(storage):,}")
    steps = tuple(s * storage.itemsize for s in stride)
    return np.lib.stride_tricks.as_strided(storage[offset:], size, steps, writeable=False).copy()
