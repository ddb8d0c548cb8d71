"""The physics ledger on the page: checks declared by the user, with truth, network and baselines side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outcrop.report import words
from outcrop.report.scores import Promise
from outcrop.report.tables import Cell, Table

MOST_BASELINES = 2
TONES = {"more than the truth": "bad", "no more than the truth": "good", "smoother than the truth": "bad",
         "rougher than the truth": "bad", "cannot tell": "unsure"}  # fmt: skip
ROWS = {
    "share": (("share", "share of {what}"), ("largest", "largest")),
    "size": (("size", "typical size"), ("mean", "mean"), ("largest", "largest")),
    "short_db": (("short_db", "waves shorter than {wavelength}"), ("long_db", "longer waves")),
}
"""Score of a check -> the quantities that are shown, and their names."""


def checks(promise: Promise) -> Table | None:
    """One block of rows per check; the interval of what decides is in the cell, other intervals on hovering."""
    entries = promise.content.get("ledger") or []
    names = _baselines(promise, entries)
    body = [row for entry in entries for row in _block(entry, names)]
    heads = [Cell(text, right=True) for text in ("truth", "network", *map(words.plain, names))]
    head = ["check", "told as", *heads, "network against truth", "network worst in"]
    return (
        Table(head, body, "Checks declared by you, on the same held-out cells", folded=False, wide=True)
        if body
        else None
    )


def notes(promise: Promise) -> list[str]:
    """How many cells a check could be asked on, where that is few; formulas without a number."""
    told = []
    for entry in promise.content.get("ledger") or []:
        if not entry["asked"]:
            told.append(f"{entry['name']} could not be asked anywhere in the test part.")
        if entry["undefined"]:
            told.append(
                f"{entry['name']} has no number for some contender at {words.number(entry['undefined'])} cells."
            )
    return told


def _baselines(promise: Promise, entries: list[Any]) -> list[str]:
    known = entries[0]["baselines"] if entries else {}
    return [rung.name for rung in promise.ladder if not rung.is_model and rung.name in known][:MOST_BASELINES]


def _block(entry: Mapping[str, Any], names: list[str]) -> list[list[Cell | str]]:
    contenders = [entry["truth"], entry["model"], *(entry["baselines"][name] for name in names)]
    rows: list[list[Cell | str]] = []
    shown = ROWS[entry["score"]][: 1 if entry["kind"] == "never" else None]
    for number, (key, label) in enumerate(shown):
        cells = [
            _cell(own, key, entry, strong=which == 1, interval=number == 0) for which, own in enumerate(contenders)
        ]
        unit = {"share": "", "short_db": "dB", "long_db": "dB"}.get(key, entry["unit"])
        said = label.format(**entry) + (f" ({unit})" if unit and unit != "1" else "")
        first = number == 0
        rows.append(
            [
                Cell(entry["name"], strong=True, title=entry["sentence"]) if first else "",
                said,
                *cells,
                Cell(entry["word"], tone=TONES.get(entry["word"], "")) if first else "",
                _worst(entry["model"]) if first else "",
            ]
        )
    if len(rows) > 1:
        rows[1][0] = entry["sentence"]
    else:
        rows[0][0] = Cell(f"{entry['name']}: {entry['sentence']}", strong=True)
    return rows


def _cell(own: Mapping[str, Any], key: str, entry: Mapping[str, Any], *, strong: bool, interval: bool) -> Cell:
    told = own.get(key)
    told = told if isinstance(told, Mapping) else {"value": told, "low": None, "high": None}
    form = words.percent if key == "share" else (lambda value: words.number(value, 3))
    text = form(told["value"])
    bounds = f"{form(told['low'])} to {form(told['high'])}" if told.get("low") != told.get("high") else ""
    return Cell(
        f"{text} ({bounds})" if bounds and interval and strong else text, right=True, strong=strong, title=bounds
    )


def _worst(own: Mapping[str, Any]) -> str:
    if not own.get("record"):
        return words.DASH
    return f"{own['record']}{', ' + own['place'] if own.get('place') else ''}"
