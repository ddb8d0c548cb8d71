"""The model file (`*.outcrop`): a zip of `weights.safetensors` and `bundle.json`, written atomically, read defensively.

Nothing here knows a network: a Bundle is a family's name, its arguments, named arrays and plain data. Loading runs no
code and unpickles nothing; what a file declares (names, sizes, shapes, types) is checked before it is believed.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.bundle_check import (
    COPY_AGAIN,
    DTYPES,
    JSON_ENTRY,
    MOST_WEIGHTS,
    NAME,
    WEIGHTS_ENTRY,
    Limits,
    check_safetensors,
    parse_json,
    plain,
    read_entries,
    refuse,
)
from outcrop.errors import BundleError, did_you_mean, message

__all__ = ["FORMAT_VERSION", "Bundle", "Limits", "load", "save"]

FORMAT_VERSION = 1
FIXED_TIME = (1980, 1, 1, 0, 0, 0)
"""Time stamp of the entries: the same bundle gives the same bytes."""


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """Everything needed to predict with a trained model, and to judge it. One attribute per entry of bundle.json.

    Attributes:
        family: name of the architecture in the table of families (or of the user's own).
        arguments: its constructor arguments.
        arrays: flat name -> array. By convention `member/0/...` holds the weights of the first member, and
            `validity/...` what the validity flag needs; `part` takes one prefix.
        normaliser, variables, frame, view, classes: preprocessing, as their own `to_json` gives it.
        split, promise, scores: what the score of this model was measured on, in data and in a sentence.
        fingerprints: of data, split and code. versions: of libraries. provenance: where and when it was made.
        source: the file it was loaded from; not written.
    """

    family: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    normaliser: Mapping[str, Any] = field(default_factory=dict)
    variables: Sequence[Any] = ()
    frame: Mapping[str, Any] = field(default_factory=dict)
    view: Mapping[str, Any] = field(default_factory=dict)
    classes: Mapping[str, Any] | None = None
    split: Mapping[str, Any] = field(default_factory=dict)
    promise: str = ""
    scores: Mapping[str, Any] = field(default_factory=dict)
    fingerprints: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    source: str = field(default="", compare=False)

    def part(self, prefix: str, expected: Mapping[str, Any] | None = None) -> dict[str, np.ndarray]:
        """The arrays below one prefix, without it.

        Args:
            prefix: e.g. "member/0".
            expected: name -> anything with `shape` and `dtype` (arrays, jax.ShapeDtypeStruct): the arrays the
                architecture has. Build it without memory (`eqx.filter_eval_shape`), so that a file that declares a
                network of absurd size is refused before anything is allocated.

        Raises:
            BundleError: an array is missing, left over, or of another shape or type.
        """
        start = prefix.rstrip("/") + "/"
        found = {name[len(start) :]: array for name, array in self.arrays.items() if name.startswith(start)}
        if expected is not None:
            _check_expected(found, expected, self, prefix)
        return found

    @property
    def members(self) -> int:
        """Number of networks under `member/`."""
        return len({name.split("/")[1] for name in self.arrays if name.startswith("member/")})


PARTS: dict[str, type | tuple[type, ...]] = {
    "family": str, "arguments": dict, "normaliser": dict, "variables": list, "frame": dict, "view": dict,
    "classes": (dict, type(None)), "split": dict, "promise": str, "scores": dict, "fingerprints": dict,
    "versions": dict, "provenance": dict,
}  # fmt: skip
"""Attributes of a Bundle that stand in bundle.json, with the JSON type each must have."""
ENVELOPE: dict[str, type] = {"format_version": int, "arrays": dict, "weights_sha256": str}


def save(path: str | Path, bundle: Bundle) -> Path:
    """Writes a bundle; the file appears whole or not at all, and the same bundle gives the same bytes.

    Raises:
        BundleError: a part is not plain data, or an array has a type or name that cannot be stored.
    """
    import json
    import zipfile

    from safetensors.numpy import save as to_bytes

    path = Path(path)
    arrays = {name: _storable(name, array, path) for name, array in sorted(bundle.arrays.items())}
    weights = to_bytes(arrays)
    if len(weights) > MOST_WEIGHTS:
        refuse(
            f"The weights have {len(weights):,} bytes; a bundle holds {MOST_WEIGHTS:,}.",
            path,
            fix="store fewer members.",
        )
    content: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "arrays": {name: {"dtype": array.dtype.name, "shape": list(array.shape)} for name, array in arrays.items()},
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
    }
    for name, kind in PARTS.items():
        value = plain(getattr(bundle, name), f"bundle.{name}", path, gaps=name in ("scores", "provenance"))
        if not isinstance(value, kind):
            refuse(f"bundle.{name} is a {type(value).__name__}.", path, fix=f"pass a {_words(kind)}.")
        content[name] = value
    text = json.dumps(content, allow_nan=False, ensure_ascii=False, indent=1).encode()
    with _replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, data in ((JSON_ENTRY, text), (WEIGHTS_ENTRY, weights)):
            archive.writestr(zipfile.ZipInfo(name, FIXED_TIME), data)
    return path


def load(path: str | Path, limits: Limits | None = None) -> Bundle:
    """Reads a bundle.

    Args:
        path: file written by `save`.
        limits: largest sizes to accept; larger models need larger limits.

    Raises:
        BundleError: the file is damaged, not a bundle, of another format version, larger than the limits, or what it
            declares does not agree with what it holds. Names the file and what to do.
    """
    path = Path(path)
    limits = limits or Limits()
    entries = read_entries(path, limits)
    content = parse_json(entries[JSON_ENTRY], path)
    _check_content(content, path)
    weights = entries[WEIGHTS_ENTRY]
    if hashlib.sha256(weights).hexdigest() != content["weights_sha256"]:
        refuse("weights.safetensors and bundle.json do not belong together.", path, fix=COPY_AGAIN)
    found = check_safetensors(weights, path)
    if found != _declared(content["arrays"], path):
        refuse("The arrays in weights.safetensors are not those bundle.json declares.", path, fix=COPY_AGAIN)
    from safetensors.numpy import load as from_bytes

    try:
        arrays = from_bytes(weights)
    except Exception as error:  # safetensors has its own exception types, which vary between versions
        refuse(f"weights.safetensors cannot be read ({error}).", path, fix=COPY_AGAIN)
    parts = {name: content[name] for name in PARTS}
    return Bundle(**parts, arrays={name: arrays[name] for name in content["arrays"]}, source=str(path))


def _check_content(content: Any, path: Path) -> None:
    """The version first, then every key and the type of its value."""
    version = content.get("format_version") if isinstance(content, dict) else None
    if type(version) is not int:
        refuse(
            "bundle.json states no format version; this is no outcrop model.",
            path,
            fix="pass a file written by outcrop.",
        )
    if version != FORMAT_VERSION:
        fix = (
            "pip install --upgrade outcrop"
            if version > FORMAT_VERSION
            else "train again, or use the outcrop that wrote it."
        )
        refuse(f"The model file has format version {version}; this outcrop reads {FORMAT_VERSION}.", path, fix=fix)
    known = {**ENVELOPE, **PARTS}
    wrong = [f"lacks {key!r}" for key in known if key not in content]
    wrong += [f"has an unknown entry {key!r}{did_you_mean(key, known)}" for key in content if key not in known]
    wrong += [
        f"{key!r} is not a {_words(kind)}"
        for key, kind in known.items()
        if key in content and not isinstance(content[key], kind)
    ]
    if wrong:
        refuse(f"bundle.json {wrong[0]}.", path, fix=COPY_AGAIN)


def _declared(arrays: Mapping[str, Any], path: Path) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Name -> dtype and shape as bundle.json declares them."""
    declared = {}
    for name, entry in arrays.items():
        if not isinstance(entry, dict) or set(entry) != {"dtype", "shape"} or not isinstance(entry["shape"], list):
            refuse(f"bundle.json declares no dtype and shape of the array {name!r}.", path, fix=COPY_AGAIN)
        declared[name] = (entry["dtype"], tuple(entry["shape"]))
    return declared


def _check_expected(found: Mapping[str, np.ndarray], expected: Mapping[str, Any], bundle: Bundle, prefix: str) -> None:
    fix = (
        f"the file does not fit {bundle.family!r} with its arguments; write it again with the outcrop that trained it."
    )
    missing, extra = sorted(set(expected) - set(found)), sorted(set(found) - set(expected))
    if missing or extra:
        names = f"lacks {missing[0]!r}" if missing else f"has {extra[0]!r}, which the architecture has not"
        what = f"{prefix} {names} ({len(missing)} missing, {len(extra)} left over)."
        raise BundleError(message(what, where=bundle.source or "bundle", fix=fix))
    for name, array in found.items():
        shape, dtype = tuple(expected[name].shape), np.dtype(expected[name].dtype)
        if array.shape != shape or array.dtype != dtype:
            what = f"{prefix}/{name} is {array.dtype} {array.shape}; the architecture has {dtype} {shape}."
            raise BundleError(message(what, where=bundle.source or "bundle", fix=fix))


def _storable(name: str, array: Any, path: Path) -> np.ndarray:
    """A contiguous little-endian copy; safetensors writes the memory of an array as it lies."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        refuse(
            f"{name!r} cannot name an array.", path, fix="use letters, digits and . _ - / in at most 200 characters."
        )
    array = np.asarray(array)
    if array.dtype.name not in DTYPES:
        refuse(
            f"The array {name!r} has the type {array.dtype}.", path, fix=f"convert it to one of {', '.join(DTYPES)}."
        )
    return np.array(array, dtype=array.dtype.newbyteorder("<"), order="C", copy=True)


def _words(kind: type | tuple[type, ...]) -> str:
    names = {str: "text", dict: "dictionary", list: "list", int: "whole number", type(None): "None"}
    return " or ".join(names[k] for k in (kind if isinstance(kind, tuple) else (kind,)))


class _replacing:
    """An open temporary file beside `path`, which takes its place when the block ends without an error."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Any:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{self.path.name}.", suffix=".partial", dir=self.path.parent)
        self.partial, self.file = Path(name), os.fdopen(handle, "wb")
        return self.file

    def __exit__(self, kind: Any, *_: Any) -> None:
        try:
            if kind is None:
                self.file.flush()
                os.fsync(self.file.fileno())
            self.file.close()
            if kind is None:
                os.chmod(self.partial, 0o666 & ~_umask())
                os.replace(self.partial, self.path)
        finally:
            self.file.close()
            self.partial.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
