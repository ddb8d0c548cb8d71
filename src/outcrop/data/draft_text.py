"""Pieces of TOML for the drafted run file: a line with its comment, quoted texts, keys and values."""

from __future__ import annotations

import re
from typing import Any

COMMENT_COLUMN = 64


def line(text: str, comment: str = "") -> str:
    """A line of the run file, its comment in one column with the others.

    >>> line("folds = 3").rstrip(), line("folds = 3", "three wells").split(" # ")[1]
    ('folds = 3', 'three wells')
    """
    return f"{text:<{COMMENT_COLUMN}} # {comment}" if comment else text


def string(text: str) -> str:
    """A text in quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def strings(texts: list[str]) -> str:
    """A list of texts in quotes."""
    return "[" + ", ".join(string(text) for text in texts) + "]"


def toml_key(text: str) -> str:
    """A key, in quotes where TOML asks for them."""
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else string(text)


def one_line(text: str) -> str:
    """A text from a file made fit for a comment."""
    return "".join(character if character.isprintable() else " " for character in text)


def toml(value: Any) -> str:
    """A text, number, list or table as a value."""
    if isinstance(value, str):
        return string(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml_key(str(key))} = {toml(item)}" for key, item in value.items()) + "}"
    return "[" + ", ".join(toml(item) for item in value) + "]" if isinstance(value, list | tuple) else f"{value:g}"
