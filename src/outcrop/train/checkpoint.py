"""One file a training run can be resumed from: arrays as safetensors, everything else as JSON in its header.

The file is written beside its place and then moved there, so a run killed at any instant leaves the previous
checkpoint or the new one, never half of one. Nothing is pickled; loading runs no code.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from outcrop.errors import BundleError, DataError, message

KEY = "outcrop.checkpoint"


def _is_key(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array) and jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _named(tree: Any) -> dict[str, Any]:
    """Leaves by their path in the tree, such as `.optimiser['all'][1].mu.layers[0].weight`."""
    return {jax.tree_util.keystr(path): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(tree)}


def save_checkpoint(path: Path, tree: Any, header: Mapping[str, Any]) -> None:
    """Writes the arrays of `tree` and a JSON `header` to `path`, atomically.

    Raises:
        DataError: the file could not be written (full disk, no permission); the previous one is untouched.
    """
    arrays = {name: jax.random.key_data(leaf) if _is_key(leaf) else leaf for name, leaf in _named(tree).items()}
    arrays = {name: np.array(leaf, order="C") for name, leaf in arrays.items()}
    content = save(arrays, metadata={KEY: json.dumps(header)})
    beside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        what = f"The checkpoint could not be written: {error.strerror or error}."
        raise DataError(message(what, where=str(path), fix="free some space, then resume with --resume.")) from error


def load_checkpoint(path: Path, like: Any) -> tuple[Any, dict[str, Any]]:
    """Reads a checkpoint into the structure of `like`.

    Returns:
        The tree, bit for bit as it was saved, and the header.

    Raises:
        BundleError: the file is damaged, or belongs to another model, loss or optimiser.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {})[KEY])
            saved = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except (SafetensorError, KeyError, ValueError) as error:
        what = f"The checkpoint cannot be read: {error}."
        raise BundleError(message(what, where=str(path), fix="delete it and start again without --resume.")) from error
    wanted = _named(like)
    for name in sorted(wanted.keys() ^ saved.keys()):
        raise _other_run(path, name, "in one of the two only")
    leaves = [_restore(path, name, leaf, saved[name]) for name, leaf in wanted.items()]
    return jax.tree.unflatten(jax.tree.structure(like), leaves), header


def _restore(path: Path, name: str, like: Any, saved: np.ndarray) -> Any:
    if _is_key(like):
        return jax.random.wrap_key_data(saved, impl=jax.random.key_impl(like))
    if saved.shape != like.shape or saved.dtype != like.dtype:
        raise _other_run(path, name, f"saved {saved.dtype}{saved.shape}, wanted {like.dtype}{like.shape}")
    return jax.numpy.asarray(saved)


def _other_run(path: Path, name: str, difference: str) -> BundleError:
    what = f"The checkpoint belongs to another run: {name} differs ({difference})."
    fix = "resume with the run file it was made with, or start again without --resume."
    return BundleError(message(what, where=str(path), fix=fix))


def check_same_run(path: Path, saved: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuses to resume a run whose batches or keys would not be the same."""
    for name, value in now.items():
        if saved.get(name) != value:
            raise _other_run(path, name, f"saved {saved.get(name)}, now {value}")
