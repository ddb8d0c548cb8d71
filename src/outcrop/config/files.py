"""Files that the run file names: sources, class tables, cost matrices and group tables must be there.

Looks at names only; nothing is opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from outcrop.data.datasets import DATASETS
from outcrop.data.read import matching, under
from outcrop.errors import ConfigError, did_you_mean

Problem = tuple[list[str], str]


def check_files(raw: Mapping[str, Any], base: Path) -> Iterator[Problem]:
    """Yields (key path, what is missing) for every file and data set that is named and not there."""
    data = _table(raw.get("data"))
    for name, source in _table(data.get("source")).items():
        yield from _source(["data", "source", name], _table(source), base)
    for name, target in _table(data.get("target")).items():
        for key in ("classes", "cost"):
            value = _table(target).get(key)
            if isinstance(value, str) and not (key == "cost" and _of_dataset(value)):
                yield from _one(["data", "target", name, key], value, base)
    start = _table(raw.get("model")).get("start_from")
    if isinstance(start, str) and not (base / start).is_file():
        yield ["model", "start_from"], f"model.start_from: there is no model file {str(base / start)!r}."
    physics = _table(raw.get("physics"))
    named = {("measured", name): one for name, one in _table(physics.get("measured")).items()}
    for loc, one in (named | {("reference",): physics.get("reference")}).items():
        files = _table(one).get("files")
        if isinstance(files, str):
            yield from _one(["physics", *loc, "files"], files, base)
    for key, origin in _table(data.get("groups")).items():
        table, colon, _ = str(origin).rpartition(":")
        if colon and " ~ " not in str(origin):
            yield from _one(["data", "groups", key], table, base)


def _table(value: Any) -> Mapping[str, Any]:
    """A table, or an empty one where the run file has something else (which the schema reports)."""
    return value if isinstance(value, Mapping) else {}


def _source(loc: list[str], source: Mapping[str, Any], base: Path) -> Iterator[Problem]:
    dataset, files = source.get("dataset"), source.get("files")
    if isinstance(dataset, str) and dataset not in DATASETS:
        what = f"there is no data set {dataset!r}{did_you_mean(dataset, DATASETS)}; one of {', '.join(DATASETS)}."
        yield [*loc, "dataset"], what
    if files == []:
        yield [*loc, "files"], f"{'.'.join(loc)}.files names no file."
    for pattern in [files] if isinstance(files, str) else files if isinstance(files, list) else []:
        if isinstance(pattern, str):
            yield from _one([*loc, "files"], pattern, base)


def _one(loc: list[str], pattern: str, base: Path) -> Iterator[Problem]:
    try:
        matching(under(base, pattern))
    except ConfigError as error:
        what, *places, fix = str(error).splitlines()
        where = "".join(f" ({place.removeprefix('Where: ')})" for place in places)
        yield loc, f"{'.'.join(loc)}: {what[:1].lower() + what[1:].rstrip('.')}{where}. {fix}"


def _of_dataset(value: str) -> bool:
    return value.partition(":")[0] in DATASETS and ":" in value
