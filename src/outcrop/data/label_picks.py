"""Picks (arrivals, tops) with their uncertainty, as a class along each record.

Around a pick its phase is labelled; beyond, as far as the pick may be wrong, nothing is; the rest is background only
where the record has been looked at. A record without picks is unlabelled: nobody said that nothing happened there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from outcrop.data.join import JoinReport
from outcrop.data.join_grid import _numbers
from outcrop.errors import ConfigError, DataError, message
from outcrop.records import Record

BACKGROUND = 0


def picks(
    records: Sequence[Record],
    table: Any,
    *,
    on: str = "record",
    at: str | Mapping[str, str] = "time",
    phase: str = "phase",
    codes: Mapping[str, int] | None = None,
    sigma: float | str = 0.0,
    half_width: float | None = None,
    by: str = "axis",
    name: str = "PICK",
    looked_at: bool = True,
) -> tuple[list[Record], JoinReport]:
    """Adds a class curve: the code of a phase around its picks, 0 for background, missing where nobody can say.

    Args:
        records: along time or depth.
        table: rows of picks, joined on the group key `on`; None takes them from variables of the records themselves.
        at: column with the place of each pick; or, without a table, phase -> variable of the record.
        phase: column with the phase.
        codes: phase -> code (from 1); by default numbered in order of the alphabet.
        sigma: standard deviation of the picks in units of the axis (seconds; samples with `by = "sample"`), or the
            column that has it.
        half_width: labelled on either side of a pick; by default one sample, or sigma where that is more.
        by: "axis" (coordinates) or "sample" (numbers of samples, the first is 0).
        name: of the new curve.
        looked_at: whether a record with at least one pick was searched as a whole, so that the rest is background.

    Raises:
        ConfigError: `by` is not known.
        DataError: a phase without a code, or a pick beyond its record.
    """
    if by not in ("axis", "sample"):
        fix = 'by = "axis"  # or "sample"'
        raise ConfigError(message(f"by = {by!r} is not known.", where="join picks", fix=fix))
    joined, counts, used, lost = [], {}, 0, 0
    rows_of = _from_records(at) if table is None else _from_table(table, at, phase, sigma)
    phases = sorted({row[1] for record in records for row in rows_of(record)[0]})
    numbers = dict(codes or {word: code for code, word in enumerate(phases, start=1)})
    for word in phases:
        if word not in numbers:
            fix = f"codes = {{{word} = {max(numbers.values(), default=0) + 1}}}"
            raise DataError(message(f"The phase {word!r} has no code.", where="join picks", fix=fix))
    for record in records:
        rows, empty = rows_of(record)
        curve, inside = _curve(record, rows, numbers, sigma, half_width, by, looked_at)
        used, lost = used + inside, lost + empty
        counts[record.name] = {"rows": inside, "samples": int(np.isfinite(curve).sum())}
        about = {"units": "", "long_name": f"picks of {', '.join(numbers)}", "source": getattr(table, "name", "picks")}
        joined.append(record.with_data(record.data.assign({name: ((record.dim,), curve, about)})))
    total = len(table.keys) if table is not None else used + lost
    without = tuple(key for key, row in counts.items() if not row["rows"])
    samples = sum(row["samples"] for row in counts.values())
    source = getattr(table, "name", "variables of the records")
    return joined, JoinReport("picks", source, used, total - used - lost, lost, samples, without, counts)


def _from_records(at: str | Mapping[str, str]) -> Any:
    if isinstance(at, str):
        raise ConfigError(message("Without a file, `at` names one variable per phase.", where="join picks",
                                  fix='at = {P = "itp", S = "its"}'))  # fmt: skip

    def rows(record: Record) -> tuple[list[tuple[float, str, float | None]], int]:
        found, empty = [], 0
        for word, variable in at.items():
            if variable not in record.data.variables:
                fix = f"it has {', '.join(map(str, list(record.data.data_vars)[:8]))}."
                raise DataError(message(f"There is no variable {variable!r}.", where=record.name, fix=fix))
            for value in np.unique(np.atleast_1d(record.data[variable].to_numpy()).astype(float)):
                if np.isfinite(value) and value >= 0:
                    found.append((float(value), word, None))
                else:
                    empty += 1
        return found, empty

    return rows


def _from_table(table: Any, at: str | Mapping[str, str], phase: str, sigma: float | str) -> Any:
    place_column = str(at)
    dated = table.columns[table.find(place_column)].dtype.kind not in "fiub"
    places = table.times(place_column) if dated else table.numbers(place_column)
    words = table.columns[table.find(phase)] if phase in table.columns else np.full(len(places), "pick", object)
    spread = table.numbers(sigma) if isinstance(sigma, str) else None

    def rows(record: Record) -> tuple[list[tuple[float, str, float | None]], int]:
        mine = table.rows_of(record)
        good = [row for row in mine.tolist() if np.isfinite(places[row])]
        own = [(float(places[r]), str(words[r]), None if spread is None else float(spread[r])) for r in good]
        return own, len(mine) - len(good)

    return rows


def _curve(
    record: Record,
    rows: Sequence[tuple[float, str, float | None]],
    codes: Mapping[str, int],
    sigma: float | str,
    half_width: float | None,
    by: str,
    looked_at: bool,
) -> tuple[np.ndarray, int]:
    """The class of every sample of one record, and how many of its picks lie inside it."""
    axis = np.arange(len(record), dtype=float) if by == "sample" else _numbers(record.axis)
    curve = np.full(len(record), np.nan)
    inside = [row for row in rows if axis[0] <= row[0] <= axis[-1]] if len(axis) else []
    if len(inside) < len(rows) and not inside:
        outside = next(row for row in rows if row not in inside)
        what = f"All {len(rows)} picks of {record.name} lie beyond it, the first at {outside[0]:g}."
        fix = 'state what `at` counts: by = "axis" or "sample".'
        raise DataError(message(what, where=f"{record.source}, {axis[0]:g} to {axis[-1]:g}", fix=fix))
    if not inside:
        return curve, 0
    if looked_at:
        curve[:] = BACKGROUND
    step = float(np.median(np.diff(axis))) if len(axis) > 1 else 1.0
    widths = []
    for place, word, own in inside:
        spread = own if own is not None else float(sigma) if not isinstance(sigma, str) else 0.0
        width = max(step, spread) if half_width is None else half_width
        widths.append((place, word, width, spread))
        curve[np.abs(axis - place) <= (width + spread) * (1 + 1e-9)] = np.nan
    for place, word, width, _ in widths:
        curve[np.abs(axis - place) <= width * (1 + 1e-9)] = codes[word]
    return curve, len(inside)
