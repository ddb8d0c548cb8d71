"""The data section of a LAS file: text to numbers, fast where all is well, exact about the place where it is not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from outcrop.errors import DataError, message

NOT_A_NUMBER = {"nan", "-nan", "null", "(null)", "none", "na", "n/a", "-", "--", "1.#qnan", "-1.#ind", "1.#ind", "?"}


@dataclass(frozen=True)
class Rows:
    """The data section: values (row, curve), indices of curves that hold text, notes, and what separates the values."""

    values: np.ndarray
    text_columns: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()
    delimiter: str | None = None


def parse_rows(body: str, names: list[str], first_line: int, path: Path, delimiter: str | None = None) -> Rows:
    """Reads unwrapped rows, one line per depth.

    Raises:
        DataError: no row, a row of another length, a last row that is cut, or a token that is not a number.
    """
    lines = body.splitlines()
    first = next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), None)
    if first is None:
        raise _no_rows(path)
    delimiter = delimiter or _comma(first, len(names), path)
    try:
        values = np.loadtxt(lines, comments="#", delimiter=delimiter, ndmin=2)
    except ValueError:
        rows = _parse_slowly(lines, names, first_line, path, delimiter)
        _check_end(body, path)
        return rows
    if values.shape[1] != len(names):
        raise _other_length(path, first_line, values.shape[1], names)
    _check_end(body, path)
    return Rows(values, delimiter=delimiter)


def parse_wrapped(body: str, names: list[str], first_line: int, path: Path) -> Rows:
    """Reads wrapped rows: the values of one depth run over several lines.

    Raises:
        DataError: no row, or values that do not divide into whole rows.
    """
    lines = [line for line in body.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    tokens = " ".join(lines).split()
    if not tokens:
        raise _no_rows(path)
    whole, rest = divmod(len(tokens), len(names))
    if rest:
        what = (
            f"{len(tokens)} values do not make whole rows of {len(names)} curves: the file is cut or a value missing."
        )
        raise DataError(message(what, where=f"{path}, ~A (wrapped)", fix="copy or export the file again."))
    rows = [tokens[i * len(names) : (i + 1) * len(names)] for i in range(whole)]
    try:
        return Rows(np.array(tokens, dtype=np.float64).reshape(whole, len(names)))
    except ValueError:
        return _numbers(rows, list(range(first_line, first_line + whole)), names, path, "row", None)


def _no_rows(path: Path) -> DataError:
    fix = "the file holds a header only; copy or export it again, or leave it out."
    return DataError(message("The data section (~A) holds no rows.", where=str(path), fix=fix))


def _comma(line: str, columns: int, path: Path) -> str | None:
    """Commas separate values when they make one value per curve; otherwise they are decimal commas and refused."""
    if "," not in line:
        return None
    if len(line.split(",")) == columns:
        return ","
    what = "The numbers hold commas that do not separate one value per curve."
    raise DataError(message(what, where=f"{path}, ~A", fix="export again with decimal points."))


def _other_length(path: Path, line: int, found: int, names: list[str]) -> DataError:
    what = f"The row has {found} values, the header (~C) names {len(names)} curves ({names[0]} ... {names[-1]})."
    fix = "correct the row or the curve section, or export the file again."
    return DataError(message(what, where=f"{path}, line {line}", fix=fix))


def _check_end(body: str, path: Path) -> None:
    """Where all lines are equally long, a shorter last line without line end was cut inside its last number."""
    rows = [line.rstrip() for line in body[-20000:].splitlines()[1:] if line.strip()]
    if body.endswith(("\n", "\r")) or len(rows) < 2:
        return
    if len(rows[-1]) < len(rows[-2]) and len({len(row) for row in rows[:-1]}) == 1:
        what = "The last row ends without a line end and is shorter than the row above: its last number is cut."
        raise DataError(message(what, where=f"{path}, last line", fix="copy or export the file again."))


def _parse_slowly(lines: list[str], names: list[str], first_line: int, path: Path, delimiter: str | None) -> Rows:
    """Row by row, to say which row or number is wrong, or to read around text curves."""
    rows, numbers = [], []
    for number, line in enumerate(lines, first_line):
        if line.strip() and not line.lstrip().startswith("#"):
            rows.append(re.split(rf"\s*{delimiter}\s*", line.strip()) if delimiter else line.split())
            numbers.append(number)
    for row, number in zip(rows, numbers, strict=True):
        if len(row) == len(names):
            continue
        if number == numbers[-1] and len(row) < len(names):
            what = f"The file ends in the middle of a row: {len(row)} of {len(names)} values."
            raise DataError(message(what, where=f"{path}, line {number}", fix="copy or export the file again."))
        raise _other_length(path, number, len(row), names)
    return _numbers(rows, numbers, names, path, "line", delimiter)


def _numbers(
    rows: list[list[str]], places: list[int], names: list[str], path: Path, kind: str, delimiter: str | None
) -> Rows:
    values = np.full((len(rows), len(names)), np.nan)
    text, notes = set(), []
    for column, name in enumerate(names):
        tokens = [row[column] for row in rows]
        wrong = []
        for i, token in enumerate(tokens):
            try:
                values[i, column] = float(token)
            except ValueError:
                if token.lower() not in NOT_A_NUMBER and token:
                    wrong.append(i)
        if len(wrong) * 2 >= len(rows) and column > 0:
            text.add(column)
            notes.append(f"curve {name} holds text ({tokens[wrong[0]]!r} ...) and is not read")
        elif wrong:
            what = f"{tokens[wrong[0]]!r} is not a number ({len(wrong)} such values in the curve)."
            fix = "correct the value, or write the file's NULL in its place."
            raise DataError(message(what, where=f"{path}, {kind} {places[wrong[0]]}, curve {name}", fix=fix))
    return Rows(values, frozenset(text), tuple(notes), delimiter)
