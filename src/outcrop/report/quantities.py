"""Numbers read off whole fields on the page: the error of each, and its percentiles over the held-out records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outcrop.report import words
from outcrop.report.scores import Promise, score
from outcrop.report.tables import Cell, Table, interval, places


def quantities(promise: Promise) -> Table | None:
    """One block of rows per declared quantity: the truth, then network and baselines by their error."""
    entries = promise.content.get("quantities") or {}
    if not entries:
        return None
    first = next(iter(entries.values()))
    heads = ["mean absolute error", "gain of the network", *(f"P{level}" for level in first["levels"])]
    body = [row for name, entry in entries.items() for row in _block(name, entry)]
    head = ["quantity", "contender", *(Cell(text, right=True) for text in heads)]
    return Table(head, body, "Numbers read off every held-out field, and their percentiles over fields", folded=False)


def _block(name: str, entry: Mapping[str, Any]) -> list[list[Cell | str]]:
    unit = f" ({entry['unit']})" if entry["unit"] else ""
    errors = {"model": entry["model"]} | entry["baselines"]
    digits = places(score(entry["model"]))
    spread = f"standard deviation {words.decimals(entry['spread'], digits)}"
    told = f"{name}: {words.QUANTITIES[entry['of']]}{unit}"
    rows: list[list[Cell | str]] = [
        [Cell(told, strong=True), "truth", Cell(spread, right=True), "", *_percentiles(entry, "truth", digits)]
    ]
    for other in sorted(errors, key=lambda one: errors[one]["value"]):
        own = other == "model"
        gain = "" if own else interval(score(errors[other]["difference"]), digits)
        who = Cell("this model" if own else words.plain(other), strong=own)
        error = Cell(interval(score(errors[other]), digits), right=True, strong=own)
        rows.append(["", who, error, Cell(gain, right=True), *_percentiles(entry, other, digits)])
    return rows


def _percentiles(entry: Mapping[str, Any], name: str, digits: int) -> list[Cell | str]:
    return [Cell(words.decimals(value, digits), right=True) for value in entry["percentiles"][name]]
