"""Reads a run file: every problem is reported before anything is computed, all at once, with line and suggestion."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from outcrop.config.schema import Config
from outcrop.errors import ConfigError, did_you_mean, message


def load(path: str | Path, overrides: Iterable[str] = ()) -> Config:
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
    text = path.read_text(encoding="utf-8")
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(message(f"{path} is not valid TOML: {error}", fix="correct the named line.")) from None
    for override in overrides:
        _override(raw, override)
    return validate(raw, text, where=str(path))


def validate(raw: Mapping[str, Any], text: str = "", where: str = "run file") -> Config:
    """Validates the parsed content of a run file; `text` gives line numbers to the problems."""
    problems: list[str] = []
    config = None
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        problems += [_sentence(item, text) for item in error.errors()]
    problems += _names(raw, text)
    if problems:
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        raise ConfigError("\n".join([f"{where}: {count}.", *(f"  {problem}" for problem in problems)]))
    assert config is not None
    return config


def dump(config: Config) -> dict[str, Any]:
    """The resolved configuration as plain TOML values: every default written out, nothing that is unset."""
    return _plain(config.model_dump(by_alias=True, exclude_none=True))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _override(raw: dict[str, Any], override: str) -> None:
    key, found, value = override.partition("=")
    if not found or not key.strip():
        raise ConfigError(message(f"--set {override!r} is not key=value.", fix="for example --set model.family=mlp"))
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value
    *parents, last = key.strip().split(".")
    table: Any = raw
    for parent in parents:
        table = table.setdefault(parent, {})
        if not isinstance(table, dict):
            raise ConfigError(message(f"--set {override!r}: {parent!r} is a value, not a section.", fix="name a key."))
    table[last] = parsed


def _sentence(item: Mapping[str, Any], text: str) -> str:
    """One pydantic problem as line, key, what is wrong, what is expected."""
    loc = [str(part) for part in item["loc"] if not str(part).startswith(("function-", "tagged-"))]
    section = _section(loc[:-1])
    key = ".".join(loc)
    if item["type"] == "extra_forbidden":
        known = _keys(section) if section else []
        what = f"unknown key {key!r}{did_you_mean(loc[-1], known)}. Keys here: {', '.join(known)}."
    elif item["type"] == "missing":
        what = f"{key!r} is missing. Fix: add it under [{'.'.join(loc[:-1]) or key}]."
    else:
        got = "" if item["type"] in {"value_error"} else f", got {item['input']!r}"
        reason = item["msg"].removeprefix("Value error, ")
        what = f"{key or 'run file'}: {reason[:1].lower() + reason[1:]}{got}."
    return f"{_line(text, loc)}{what}"


def _keys(section: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in section.model_fields.items()]


def _section(loc: list[str]) -> type[BaseModel] | None:
    """The section class that a path of keys leads to, through tables of named entries."""
    current: Any = Config
    for part in loc:
        if isinstance(current, type) and issubclass(current, BaseModel):
            field = next((f for n, f in current.model_fields.items() if part in (n, f.alias)), None)
            current = field.annotation if field else None
        elif get_args(current):
            current = get_args(current)[-1]
    return current if isinstance(current, type) and issubclass(current, BaseModel) else None


def _names(raw: Mapping[str, Any], text: str) -> list[str]:
    """Names that live in tables of the rooms below: family and its arguments, loss, optimiser, schedule, metrics."""
    from outcrop.config.names import check_names

    return [f"{_line(text, loc)}{sentence}" for loc, sentence in check_names(raw)]


def _line(text: str, loc: list[str]) -> str:
    """`line 12: ` for the line of a key path, the nearest parent when the key itself is absent; empty if unknown."""
    lines = _positions(text)
    for end in range(len(loc), 0, -1):
        number = lines.get(tuple(loc[:end]))
        if number:
            return f"line {number}: "
    return ""


def _positions(text: str) -> dict[tuple[str, ...], int]:
    """Line number of every key path, read from section headers, dotted keys and one-line inline tables."""
    found: dict[tuple[str, ...], int] = {}
    prefix: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[+([^\]]+)\]+", line)
        entry = re.match(r"\s*([\w.\-\"' ]+?)\s*=\s*(.*)", line)
        if header and not entry:
            prefix = _path(header[1])
        elif entry:
            path = prefix + _path(entry[1])
            for inner in re.findall(r"[{,]\s*([\w\-\"]+)\s*=", entry[2]):
                found.setdefault((*path, inner.strip('"')), number)
            for end in range(1, len(path) + 1):
                found.setdefault(path[:end], number)
            continue
        if header:
            found.setdefault(prefix, number)
    return found


def _path(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in re.findall(r"\"[^\"]*\"|'[^']*'|[^.]+", dotted))
