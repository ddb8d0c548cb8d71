"""Where everything came from: files with their hashes, what was done to them, versions, device, seeds, wall time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outcrop.report import words
from outcrop.report.folder import RunFolder
from outcrop.report.tables import Cell, Table

UNITS = {"seconds": words.duration, "bytes": lambda n: f"{words.number(n / 1e9)} GB", "mb": lambda n: f"{n:,.0f} MB"}
NAMES = {"seconds": "wall time", "train_seconds": "training", "folds_seconds": "training and baselines"}
SKIP = ("notes",)
TOLD_ABOVE = ("python", "versions", "cores", "devices")
"""Entries of `device` that say again what stands beside it."""


def files(run: RunFolder) -> Table | None:
    """One row per record: name, file, hash, samples, labelled, notes."""
    records = run.data.get("records") or []
    if not records:
        return None
    rows = [
        [
            str(row.get("name", "")),
            _file(row.get("source")),
            Cell(str(row.get("sha256") or words.DASH)[:12], mono=True, title=str(row.get("sha256") or "")),
            Cell(words.number(row.get("samples")), right=True),
            Cell(words.number(row.get("labelled")), right=True),
            "; ".join(str(note) for note in row.get("notes") or []),
        ]
        for row in records
    ]
    return Table(
        ["record", "file", "SHA-256", Cell("samples", right=True), Cell("labelled", right=True), "notes"], rows
    ).compact()


def conversions(run: RunFolder) -> Table | None:
    """What was converted, missing or out of range, one row per record and variable that needed anything."""
    rows = []
    for row in run.data.get("resolutions") or []:
        told = [str(row["conversion"])] if row.get("conversion") else []
        told += ["not in the file"] if row.get("missing") else []
        told += [f"{words.number(row['out_of_range'])} values out of range"] if row.get("out_of_range") else []
        told = [text for text in told if text]
        if told:
            share = row.get("missing_share")
            used = row.get("source") or row.get("curve") or words.DASH
            rows.append(
                [
                    str(row.get("record")),
                    str(row.get("variable")),
                    str(used),
                    "; ".join(told),
                    _right(words.percent(share)),
                ]
            )
    return Table(["record", "variable", "curve", "what was done", Cell("missing", right=True)], rows) if rows else None


def joins(run: RunFolder) -> Table | None:
    """Matched, unmatched and dropped counts of every join."""
    found = [row for row in run.data.get("joins") or [] if isinstance(row, Mapping)]
    if not found:
        return None
    keys = [key for key in found[0] if not isinstance(found[0][key], Mapping | list)]
    return Table([words.plain(key) for key in keys], [[_text(key, row.get(key)) for key in keys] for row in found])


def environment(run: RunFolder) -> list[tuple[str, str]]:
    """Versions, device, seeds, command and time, as (name, value) pairs in the order of environment.json."""
    pairs: list[tuple[str, str]] = []
    for source in (run.environment, run.metrics.get("timing") or {}):
        for key, value in source.items():
            if key in SKIP or value in (None, "", [], {}):
                continue
            if key == "device" and isinstance(value, Mapping):
                pairs += _device(value)
                continue
            pairs.append((_name(key), _text(key, value)))
    if run.data.get("fingerprint"):
        pairs.append(("data fingerprint", str(run.data["fingerprint"])))
    return list(dict(pairs).items())


def _device(device: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Platform, processor and compiler settings, each on its own line."""
    told = [(key, value) for key, value in device.items() if key not in TOLD_ABOVE and value not in (None, "", [], {})]
    yes = {True: "yes", False: "no"}
    return [(_name(key), yes[value] if isinstance(value, bool) else _text(key, value)) for key, value in told]


def _file(source: Any) -> str:
    """The last two parts of a path: enough to recognise it, nothing of the machine it lay on."""
    parts = str(source or words.DASH).replace("\\", "/").split("/")
    return "/".join(parts[-2:]) if len(parts) > 3 else "/".join(parts)


def _name(key: str) -> str:
    for ending in ("_seconds", "_bytes", "_mb", "_s"):
        if key.endswith(ending):
            key = NAMES.get(key, key.removesuffix(ending))
    return NAMES.get(key, words.plain(key))


def _text(key: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_text(str(k), v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_text(key, item) for item in value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        for ending, write in UNITS.items():
            if key == ending or key.endswith("_" + ending):
                return write(value)
        if key.endswith("_s"):
            return words.duration(value)
        return str(value) if "seed" in key else words.number(value)
    return str(value)


def _right(text: str) -> Cell:
    return Cell(text, right=True)
