"""The text of a LAS file with curves, parameters and provenance added, and nothing else changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from outcrop.data.content import Curve, shortest

WIDTH = 13


def compose(
    text: str,
    body_start: int,
    names: list[str],
    delimiter: str | None,
    wrapped: bool,
    null: float | None,
    curves: list[Curve],
    parameters: Mapping[str, Any],
    provenance: str,
) -> str:
    """The whole new file as text; `names` are the mnemonics of its columns."""
    newline = "\r\n" if "\r\n" in text[:body_start] else "\n"
    head = text[:body_start].rstrip("\r\n").splitlines()
    head[-1] = _column_titles(head[-1], names, curves)
    null_text = _null_text(head, null)
    if null_text is None:
        null_text = "-999.25"
        if any(np.isnan(curve.values).any() for curve in curves):
            _append(head, "W", [" NULL.          -999.25 : NULL VALUE"])
    _append(head, "C", [f" {c.mnemonic:<15}.{c.unit or ' '} : {c.description or c.mnemonic}" for c in curves])
    if parameters:
        _append(head, "P", [_parameter_line(mnemonic, value) for mnemonic, value in parameters.items()])
    comments = [f"# {line.strip()}" for line in provenance.splitlines() if line.strip()]
    columns = [_column(curve.values, null_text) for curve in curves]
    separator = delimiter or " "
    added = [separator.join(cells) for cells in zip(*columns, strict=True)] if columns else []
    lines = text[body_start:].splitlines()
    body = _wrapped_body(lines, len(names), added) if wrapped else _body(lines, separator, added)
    end = newline if text.endswith(("\n", "\r")) else ""
    return newline.join(comments + head + body) + end


def _column_titles(line: str, names: list[str], curves: list[Curve]) -> str:
    """The ~A line, with the new names when it lists the old ones."""
    words = line.split()
    return " ".join([line, *(c.mnemonic for c in curves)]) if len(words) > 1 and words[-1] == names[-1] else line


def _null_text(head: list[str], null: float | None) -> str | None:
    """The header's missing value in its own spelling, as it stands in the data."""
    if null is None:
        return None
    for line in head:
        if match := re.match(r"[ \t]*NULL[ \t]*\.\S*[ \t]+(\S+)", line, re.IGNORECASE):
            return match[1].rstrip(":")
    return f"{null:g}"


def _append(head: list[str], section: str, new: list[str]) -> None:
    """Adds lines behind the last entry of a section, made before ~A where the file has none."""
    starts = [i for i, line in enumerate(head) if line.lstrip().startswith("~")]
    found = next((i for i in starts if head[i].lstrip()[1:2].upper() == section), None)
    if found is None:
        titles = {"P": "~Parameter information", "W": "~Well information", "C": "~Curve information"}
        head[-1:-1] = [titles[section], *new]
        return
    end = next((i for i in starts if i > found), len(head))
    while end - 1 > found and (not head[end - 1].strip() or head[end - 1].lstrip().startswith("#")):
        end -= 1
    head[end:end] = new


def _parameter_line(mnemonic: str, value: Any) -> str:
    value, description = value if isinstance(value, tuple) else (value, mnemonic)
    clean = [" ".join(str(part).replace(":", " ").split()) for part in (value, description)]
    return f" {re.sub(r'[ .:]+', '_', mnemonic):<15}.  {clean[0]} : {clean[1]}"


def _column(values: np.ndarray, null_text: str) -> list[str]:
    return [text.rjust(WIDTH) for text in shortest(values, null_text)]


def _is_row(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _body(lines: list[str], separator: str, added: list[str]) -> list[str]:
    cells = iter(added)
    return [f"{line}{separator}{next(cells)}" if added and _is_row(line) else line for line in lines]


def _wrapped_body(lines: list[str], columns: int, added: list[str]) -> list[str]:
    """New values stand on a line of their own behind the last line of each depth."""
    body: list[str] = []
    cells = iter(added)
    count = 0
    for line in lines:
        body.append(line)
        count += len(line.split()) if _is_row(line) else 0
        if added and count == columns and _is_row(line):
            body.append(next(cells))
            count = 0
    return body
