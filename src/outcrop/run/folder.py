"""The run folder: where a run writes everything it measured, each file whole or not at all."""

from __future__ import annotations

import csv
import datetime
import hashlib
import json
import os
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tomlkit

from outcrop.errors import ConfigError, DataError, message

SCORINGS = "test-scorings.json"


def check_free(out: Path, *, resume: bool) -> None:
    """Refuses a run folder that already holds a run, unless it is to be resumed. Makes nothing.

    Raises:
        ConfigError: `out` is a file, holds other files, or (with `resume`) holds no run.
    """
    if out.exists() and not out.is_dir():
        raise ConfigError(message(f"{str(out)!r} is a file.", fix="--out must name a folder."))
    held = sorted(p.name for p in out.iterdir()) if out.is_dir() else []
    if resume and "run.toml" not in held:
        raise ConfigError(message(f"{str(out)!r} holds no run to resume.", fix="run without --resume."))
    if held and not resume:
        finished = "metrics.json" in held
        fix = f"--out {out}-2" if finished else f"--resume continues it; or --out {out}-2"
        raise ConfigError(message(f"{str(out)!r} already holds {'a run' if 'run.toml' in held else 'files'}.", fix=fix))


def check_same(out: Path, run_file: Mapping[str, Any], fingerprint: str, start: str = "") -> None:
    """Refuses to resume a run with another run file or other data: half of it would be another experiment.

    Raises:
        ConfigError: naming the keys, or the data, that changed since the run was begun.
    """
    before = _flat(tomllib.loads((out / "run.toml").read_text("utf-8")))
    now = _flat(tomllib.loads(tomlkit.dumps(run_file)))
    changed = [key for key in {**before, **now} if before.get(key) != now.get(key)]
    fix = f"resume with what the run was begun with, or start anew: --out {out}-2"
    if changed:
        shown = "; ".join(f"{key} was {before.get(key, 'unset')}, is {now.get(key, 'unset')}" for key in changed[:3])
        raise ConfigError(
            message(f"The run file has changed since the run was begun: {shown}.", where=str(out), fix=fix)
        )
    known = out / "data.json"
    about = json.loads(known.read_text("utf-8")) if known.is_file() else {}
    if about and about["fingerprint"] != fingerprint:
        raise ConfigError(message("The data have changed since the run was begun.", where=str(out), fix=fix))
    if about and (about.get("start") or {}).get("sha256", "") != start:
        what = "The model file that the run starts from has changed since it was begun."
        raise ConfigError(message(what, where=str(out), fix=fix))


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables as dotted keys."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat


def next_free(parent: Path, stem: str) -> Path:
    """The first of `parent/stem-1`, `parent/stem-2` ... that does not exist."""
    number = 1
    while (parent / f"{stem}-{number}").exists():
        number += 1
    return parent / f"{stem}-{number}"


def write_atomic(path: Path, write: Callable[[Path], Any]) -> Path:
    """Calls `write` with a temporary neighbour of `path`, then renames: readers see the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix)
    os.close(handle)
    try:
        write(Path(name))
        os.chmod(name, 0o644)
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)
    return path


def write_json(path: Path, content: Any) -> Path:
    """Writes JSON atomically; NumPy numbers become numbers, NaN becomes null."""
    return write_atomic(
        path, lambda p: p.write_text(json.dumps(plain(content), indent=1, ensure_ascii=False) + "\n", "utf-8")
    )


def write_text(path: Path, text: str) -> Path:
    """Writes a text file atomically."""
    return write_atomic(path, lambda p: p.write_text(text, "utf-8"))


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Path:
    """Writes rows of named values atomically; missing values are empty."""

    def write(target: Path) -> None:
        with target.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, columns, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)

    return write_atomic(path, write)


def plain(value: Any) -> Any:
    """JSON-able copy of nested mappings, sequences, NumPy values and paths; NaN and infinities become null."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple | set):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if isinstance(value, int | str | bool | None.__class__) else str(value)


def fingerprint(parts: Iterable[bytes | str]) -> str:
    """SHA-256 over texts and bytes, each separated from the next."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() if isinstance(part, str) else part)
        digest.update(b"\x1f")
    return digest.hexdigest()


def started(folder: Path, *, resume: bool) -> str:
    """When the run in a folder was first started; a resumed run keeps that time."""
    path = folder / "environment.json"
    if resume and path.is_file():
        return str(json.loads(path.read_text("utf-8"))["started"])
    now = datetime.datetime.now().isoformat(timespec="seconds")
    write_json(path, {"started": now})
    return now


def count_scoring(folder: Path, test_fingerprint: str, started: str = "") -> int:
    """Logs that this run scored a test part; returns how often that part had been scored before, in this project.

    The log lies beside the run folder and is shared by all runs there: a test part that is scored again and again
    while settings are changed has become a validation part. `started` tells a run from an earlier one in a folder
    of the same name; a resumed run counts once.
    """
    log = folder.parent / SCORINGS
    try:
        scored: dict[str, list[str]] = json.loads(log.read_text("utf-8")) if log.is_file() else {}
    except ValueError as error:
        fix = "put back a copy of it, or delete it; then continue with --resume."
        raise DataError(message(f"The log of test scorings is damaged ({error}).", where=str(log), fix=fix)) from None
    runs = scored.setdefault(test_fingerprint, [])
    this = f"{folder.name} {started}".strip()
    before = len(runs) - runs.count(this)
    if this not in runs:
        runs.append(this)
        write_json(log, scored)
    return before
