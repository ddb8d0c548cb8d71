"""Numbers and nouns as a geoscientist would write them, for verdicts, findings and tables."""

from __future__ import annotations

from collections.abc import Iterable
from math import floor, isfinite, log10

IRREGULAR = {"class": "classes", "facies": "facies", "series": "series"}


def plural(noun: str) -> str:
    """The plural of a group's noun.

    >>> plural("well"), plural("block of 24 months"), plural("category")
    ('wells', 'blocks of 24 months', 'categories')
    """
    first, _, rest = noun.partition(" of ")
    consonant = first.endswith("y") and first[-2:-1] not in "aeiou"
    several = IRREGULAR.get(first) or (first[:-1] + "ies" if consonant else first + "s")
    return several + (f" of {rest}" if rest else "")


def count(n: int, noun: str) -> str:
    """A number with its noun.

    >>> count(1, "well"), count(12, "block of 24 months"), count(240123, "sample")
    ('1 well', '12 blocks of 24 months', '240,123 samples')
    """
    return f"{n:,} {noun if n == 1 else plural(noun)}"


def decimals(value: float, low: float | None = None, high: float | None = None) -> int:
    """Decimals worth writing: two digits of the interval's half width where it starts with 1, 2 or 3, else one digit
    (the rounding rule of the Particle Data Group); without an interval, two decimals below ten.

    >>> decimals(0.62, 0.50, 0.75), decimals(0.08, 0.02, 0.14), decimals(1234.5)
    (2, 2, 0)
    """
    if low is not None and high is not None and high > low:
        half = (high - low) / 2
        power = floor(log10(half))
        return min(6, max(0, -power + (1 if half / 10.0**power < 3.55 else 0)))
    if value == 0 or not isfinite(value):
        return 2
    return min(6, max(0, 2 - max(0, floor(log10(abs(value)))) if abs(value) >= 0.1 else 1 - floor(log10(abs(value)))))


def number(value: float | None, places: int | None = None, unit: str = "") -> str:
    """One number, with thousands separated and a true minus never written as -0.

    >>> number(0.6213), number(-0.001, 2), number(12345.6), number(1.5, unit="degC"), number(None)
    ('0.62', '0.00', '12,346', '1.50 degC', 'undefined')
    """
    if value is None or not isfinite(value):
        return "undefined"
    places = decimals(value) if places is None else places
    text = f"{value:,.{places}f}"
    text = text.lstrip("-") if not any(digit in text for digit in "123456789") else text
    return f"{text} {unit}" if unit else text


def span(low: float, high: float, places: int) -> str:
    """The bounds of an interval.

    >>> span(0.5, 0.748, 2)
    '0.50 to 0.75'
    """
    return f"{number(low, places)} to {number(high, places)}"


def percent(share: float) -> str:
    """A share as a whole percentage, with a decimal below one per cent.

    >>> percent(0.613), percent(0.004), percent(1.0), percent(0.0), percent(0.997)
    ('61 %', '0.4 %', '100 %', '0 %', '99.7 %')
    """
    fine = 0 < share < 0.01 or 0.99 < share < 1
    return f"{100 * share:.{1 if fine else 0}f} %"


def distance(metres: float) -> str:
    """A distance on the map.

    >>> distance(850.0), distance(2130.0), distance(41000.0)
    ('850 m', '2.1 km', '41 km')
    """
    if metres < 1000:
        return f"{metres:.0f} m"
    return f"{metres / 1000:.{1 if metres < 10000 else 0}f} km"


def listing(names: Iterable[str], most: int = 6) -> str:
    """Names in a sentence, the rest counted.

    >>> listing(["a"]), listing(["a", "b", "c"]), listing("abcd", most=2)
    ('a', 'a, b and c', 'a, b and 2 more')
    """
    names = list(names)
    if len(names) > most:
        names = [*names[:most], f"{len(names) - most} more"]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1] if names else "none"
