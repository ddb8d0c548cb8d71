"""What the physics ledger found, in sentences.

Where the network breaks a check more than the truth does, where the truth itself breaks it, where waves are missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from outcrop.evaluate.finding import Finding, Part
from outcrop.evaluate.ledger import MORE, ROUGHER, SMOOTHER
from outcrop.evaluate.words import count, decimals, number, percent, span

TRUTH_BREAKS = 0.01
"""Share of the truth's own cells that may break a check before it is doubted."""


def ledger_broken(part: Part) -> Finding | None:
    """Checks that the network breaks clearly more than the truth does."""
    told, paths = [], []
    for here, entry in _entries(part):
        if entry["word"] != MORE:
            continue
        score, own = entry["score"], entry["model"]
        both = f"{_amount(entry, own)}, the truth {_amount(entry, entry['truth'])}"
        told.append(f"{entry['name']} ({entry['sentence']}): {both}; {_apart(entry)}{_worst(entry, own)}")
        paths += [part.path(*here, who, score, "value") for who in ("model", "truth")]
        paths += [part.path(*here, "difference", key) for key in ("value", "low", "high")]
        paths += [part.path(*here, "model", "largest")]
    if not told:
        return None
    text = f"The network breaks {count(len(told), 'declared check')} more than the truth does: {'; '.join(told)}."
    return Finding("ledger_broken", text, tuple(paths))


def ledger_truth(part: Part) -> Finding | None:
    """Checks that the truth itself does not keep."""
    told, paths = [], []
    for here, entry in _entries(part):
        own = entry["truth"]
        if entry["score"] == "share" and (own["share"]["value"] or 0.0) > TRUTH_BREAKS:
            told.append(f"{entry['name']} ({entry['sentence']}): {_amount(entry, own)}{_worst(entry, own)}")
            paths += [part.path(*here, "truth", key) for key in ("share", "largest")]
        low, high = own.get("mean", {}).get("low"), own.get("mean", {}).get("high")
        if entry["score"] == "size" and low is not None and (low > 0 or high < 0):
            places = decimals(own["mean"]["value"], low, high)
            mean = number(own["mean"]["value"], places, entry["unit"])
            told.append(f"{entry['name']} ({entry['sentence']}): {mean} on average ({span(low, high, places)})")
            paths += [part.path(*here, "truth", "mean", key) for key in ("value", "low", "high")]
    if not told:
        return None
    text = f"The truth itself does not keep {count(len(told), 'declared check')}: {'; '.join(told)}. "
    return Finding("ledger_truth", text + "Look at the declaration, its unit, and the data.", tuple(paths))


def ledger_waves(part: Part) -> Finding | None:
    """Waves that the network lacks or adds."""
    told, paths = [], []
    for here, entry in _entries(part):
        own = entry["model"].get("short_db")
        if entry["word"] not in (SMOOTHER, ROUGHER) or own is None:
            continue
        places = decimals(own["value"], own["low"], own["high"])
        share = number(10 ** (own["value"] / 10))
        told.append(
            f"{entry['name']}: {entry['word']}, waves shorter than {entry['wavelength']} have {share} of its power "
            f"({number(own['value'], places)} dB, {span(own['low'], own['high'], places)})"
        )
        paths += [part.path(*here, "model", "short_db", key) for key in ("value", "low", "high")]
    if not told:
        return None
    return Finding("ledger_waves", f"By wavelength the network is not as the truth. {'; '.join(told)}.", tuple(paths))


def _entries(part: Part) -> Iterator[tuple[tuple[Any, ...], Mapping[str, Any]]]:
    for number_, entry in enumerate(part.entry.get("ledger") or []):
        yield ("ledger", number_), entry


def _amount(entry: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    """A contender's score of a check, in words."""
    value = own[entry["score"]]["value"]
    if value is None:
        return "unknown"
    return (
        f"{percent(value)} of {entry['what']}"
        if entry["score"] == "share"
        else f"{number(value, unit=entry['unit'])} {entry['what']}"
    )


def _apart(entry: Mapping[str, Any]) -> str:
    told = entry["difference"]
    scale, unit = (100.0, "%") if entry["score"] == "share" else (1.0, entry["unit"])
    value, low, high = (scale * told[key] for key in ("value", "low", "high"))
    places = decimals(value, low, high)
    return f"{number(value, places, unit)} more ({span(low, high, places)})"


def _worst(entry: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    if not own.get("largest") or entry["kind"] == "never":
        return f", for instance in {_place(own)}" if own.get("record") else ""
    return f", at most {number(abs(own['largest']), unit=entry['unit'])} in {_place(own)}"


def _place(own: Mapping[str, Any]) -> str:
    return f"{own['record']}{' at ' + own['place'] if own['place'] else ''}"
