"""Reads a run file: every problem is reported before anything is computed, all at once, with line and suggestion."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from outcrop.config.files import check_files
from outcrop.config.names import check_names
from outcrop.config.physics import PhysicsConfig
from outcrop.config.schema import Config
from outcrop.errors import ConfigError, did_you_mean, message

Key = tuple[str, ...]
Stated = Config | PhysicsConfig
"""A run file states data and a promise, or a problem."""


def load(path: str | Path, overrides: Iterable[str] = ()) -> Stated:
    """Reads and validates a run file.

    Args:
        path: a TOML file.
        overrides: `key=value` texts such as `model.family=mlp`, applied before validation; the value is TOML, or a
            bare word taken as text.

    Returns:
        The validated configuration.

    Raises:
        ConfigError: the file is missing, is not TOML, or says something impossible. All problems are listed.
    """
    path = Path(path)
    if not path.is_file():
        here = sorted(p.name for p in path.parent.glob("*.toml")) if path.parent.is_dir() else []
        raise ConfigError(
            message(
                f"There is no run file {str(path)!r}{did_you_mean(path.name, here)}.",
                fix="outcrop new --from YOUR_FILES --out run.toml drafts one.",
            )
        )
    try:
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(message(f"{path} is not valid TOML: {error}", fix="correct the named line.")) from None
    except UnicodeDecodeError as error:
        what = f"{path} is not UTF-8 text (byte {error.start + 1})."
        raise ConfigError(message(what, fix="save the run file as UTF-8.")) from None
    lines = _positions(text)
    for override in overrides:
        key = _override(raw, override)
        lines[key] = f"--set {'.'.join(key)}"
    return validate(raw, lines, where=str(path), base=path.resolve().parent)


def validate(
    raw: Mapping[str, Any], lines: Mapping[Key, str] | None = None, *, where: str = "run file", base: Path | None = None
) -> Stated:
    """Validates the parsed content of a run file.

    Args:
        raw: the parsed file.
        lines: key path -> where it stands, put before its problems.
        where: name of the file, for the message.
        base: folder that relative paths start from; None leaves the files it names unchecked.

    Raises:
        ConfigError: listing every problem.
    """
    problems: list[tuple[list[str], str]] = []
    kind = PhysicsConfig if "physics" in raw else Config
    try:
        config = kind.model_validate(raw)
    except ValidationError as error:
        problems += _sentences(error, kind)
    problems += check_names(raw)
    problems += check_files(raw, base) if base is not None else ()
    if problems:
        placed = [(_line(lines or {}, loc), sentence) for loc, sentence in problems]
        told = [f"  {line}{sentence}" for line, sentence in sorted(placed, key=_number)]
        count = f"{len(told)} problem{'s' if len(told) > 1 else ''}"
        raise ConfigError("\n".join([f"{where}: {count}.", *told]))
    return config


def dump(config: Stated) -> dict[str, Any]:
    """The resolved configuration as plain TOML values: every default written out, nothing that is unset."""
    return _plain(config.model_dump(by_alias=True, exclude_none=True))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def overridden(raw: dict[str, Any], overrides: Iterable[str]) -> dict[str, Any]:
    """A parsed run file with `key=value` texts applied; nothing is validated.

    >>> overridden({"model": {"family": "gru"}}, ["model.family=lstm"])
    {'model': {'family': 'lstm'}}
    """
    for override in overrides:
        _override(raw, override)
    return raw


def _override(raw: dict[str, Any], override: str) -> Key:
    """Applies one `key=value` to the parsed run file; returns the key."""
    key, found, value = override.partition("=")
    path = _path(key.strip())
    if not found or not path:
        raise ConfigError(message(f"--set {override!r} is not key=value.", fix="for example --set model.family=mlp"))
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value.strip()
    table: Any = raw
    for parent in path[:-1]:
        table = table.setdefault(parent, {})
        if not isinstance(table, dict):
            raise ConfigError(message(f"--set {override!r}: {parent!r} is a value, not a section.", fix="name a key."))
    table[path[-1]] = parsed
    return path


def _sentences(error: ValidationError, kind: type[BaseModel]) -> list[tuple[list[str], str]]:
    """All of pydantic's problems, one per key: a value may fit none of several alternatives."""
    found: dict[Key, tuple[list[str], str]] = {}
    for loc, told in (_sentence(item, kind) for item in error.errors()):
        _, before = found.get(tuple(loc), (loc, ""))
        found[tuple(loc)] = (loc, f"{before.rpartition(', got')[0]}, or {told.partition('be ')[2]}" if before else told)
    return list(found.values())


def _number(placed: tuple[str, str]) -> int:
    """The line number of a problem; problems without one come first."""
    digits = re.match(r"line (\d+)", placed[0])
    return int(digits[1]) if digits else 0


def _sentence(item: Any, kind: type[BaseModel]) -> tuple[list[str], str]:
    """One pydantic problem: the key path, and what is wrong and expected."""
    loc = _known_part([str(part) for part in item["loc"]])
    section = _section(loc[:-1], kind)
    key = ".".join(loc)
    if item["type"] == "extra_forbidden":
        known = _keys(section) if section else []
        return loc, f"unknown key {key!r}{did_you_mean(loc[-1], known)}. Keys here: {', '.join(known)}."
    if item["type"] == "missing":
        return loc, f"{key!r} is missing. Fix: add it under [{'.'.join(loc[:-1]) or key}]."
    got = "" if item["type"] in {"value_error"} else f", got {item['input']!r}"
    reason = item["msg"].removeprefix("Value error, ")
    return loc, f"{key or 'run file'}: {reason[:1].lower() + reason[1:]}{got}."


def _known_part(loc: list[str]) -> list[str]:
    """A key path without what pydantic adds to it for alternatives (`list[str]`, `literal['auto']`, `int`)."""
    kinds = re.compile(r"\w+\[.*\]|int|float|str|bool|function-.*|tagged-.*|constrained-.*")
    return [part for part in loc if not kinds.fullmatch(part)]


def _keys(section: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in section.model_fields.items()]


def _section(loc: list[str], kind: type[BaseModel]) -> type[BaseModel] | None:
    """The section class that a path of keys leads to, through tables of named entries."""
    current: Any = kind
    for part in loc:
        if isinstance(current, type) and issubclass(current, BaseModel):
            field = next((f for n, f in current.model_fields.items() if part in (n, f.alias)), None)
            current = field.annotation if field else None
        elif get_args(current):
            current = get_args(current)[-1]
    found = [current, *get_args(current)]
    return next((kind for kind in found if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def _line(lines: Mapping[Key, str], loc: list[str]) -> str:
    """`line 12: ` for the line of a key path, the nearest parent when the key itself is absent; empty if unknown."""
    for end in range(len(loc), 0, -1):
        place = lines.get(tuple(loc[:end]))
        if place:
            return f"{place}: "
    return ""


def _positions(text: str) -> dict[Key, str]:
    """`line 12` for every key path, read from section headers, dotted keys and one-line inline tables."""
    found: dict[Key, str] = {}
    prefix: Key = ()
    for number, line in enumerate(text.splitlines(), start=1):
        place = f"line {number}"
        header = re.match(r"\s*(\[+)([^\]]+)\]+", line)
        entry = re.match(r"\s*([\w.\-\"' ]+?)\s*=\s*(.*)", line)
        if header and not entry:
            prefix = _path(header[2])
            if len(header[1]) == 2:  # one of several tables of this name
                prefix = (*prefix, str(sum(key[:-1] == prefix for key in found if key[-1].isdigit())))
        elif entry:
            path = prefix + _path(entry[1])
            for inner in re.findall(r"[{,]\s*([\w\-\"]+)\s*=", entry[2]):
                found.setdefault((*path, inner.strip('"')), place)
            for end in range(1, len(path) + 1):
                found.setdefault(path[:end], place)
            continue
        if header:
            found.setdefault(prefix, place)
    return found


def _path(dotted: str) -> Key:
    return tuple(part.strip().strip("\"'") for part in re.findall(r"\"[^\"]*\"|'[^']*'|[^.]+", dotted))
