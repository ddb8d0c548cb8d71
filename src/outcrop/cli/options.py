"""`--option key=value` of any command: a value is TOML, or a bare word taken as text."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import Any

from outcrop.errors import ConfigError, message


def parsed(texts: Iterable[str], *, example: str) -> dict[str, Any]:
    """Key -> value of every text.

    >>> parsed(["domain=time", "shape=[64, 64]"], example="domain=time")
    {'domain': 'time', 'shape': [64, 64]}

    Raises:
        ConfigError: a text that is not key=value; `example` is its fix.
    """
    found: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip().isidentifier():
            raise ConfigError(message(f"--option {text!r} is not key=value.", fix=f"for example --option {example}"))
        try:
            found[key.strip()] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            found[key.strip()] = value.strip()
    return found
