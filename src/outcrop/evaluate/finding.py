"""One sentence and the numbers it rests on, named by JSON pointers (RFC 6901) into metrics.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from outcrop.evaluate.words import decimals, number, plural
from outcrop.metric.table import find

PLACES = {
    "new": "On {nouns} it has never seen",
    "later": "From {value} on, a time it has never seen,",
    "same_population": "On held-out samples of the same population",
}


@dataclass(frozen=True)
class Finding:
    """One sentence with the paths and values of its numbers."""

    id: str
    sentence: str
    paths: tuple[str, ...]


class Part:
    """One promise's entry, read by path so that every number that is told can be traced."""

    def __init__(self, metrics: Mapping[str, Any], name: str) -> None:
        self.metrics, self.name = metrics, name
        self.entry: Mapping[str, Any] = metrics["promises"][name]
        self.primary = find(self.entry["primary"])
        self.unit: str = self.entry["unit"]
        self.noun: str = self.entry["noun"]

    def path(self, *keys: Any) -> str:
        """The pointer to a place below this promise."""
        return pointer("promises", self.name, *keys)

    @property
    def place(self) -> str:
        """Where the score holds, at the start of a sentence."""
        kind, _, value = (piece.strip() for piece in self.name.partition("="))
        text = PLACES.get(kind, "On the held-out part ({name})")
        return text.format(nouns=plural(self.noun), value=value, name=self.name)

    @property
    def held_out(self) -> str:
        """What one row of `per_record` is called: as a group is, unless groups hold several records."""
        one_each = " of " not in self.noun and len(self.entry["per_record"]) <= self.entry["groups"]
        return self.noun if one_each else "record"

    @property
    def places(self) -> int:
        """Decimals of the primary score."""
        score = self.entry["test"]["model"][self.primary.name]
        return decimals(score["value"], score["low"], score["high"])

    def score(self, value: float | None) -> str:
        """The primary score as it is written in a sentence."""
        return number(value, self.places, self.unit)


def pointer(*keys: Any) -> str:
    """A JSON pointer.

    >>> pointer("promises", "new = well", "folds", 0)
    '/promises/new = well/folds/0'
    """
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)


def lookup(content: Any, path: str) -> Any:
    """The value a JSON pointer leads to.

    >>> lookup({"folds": [{"a/b": 3}]}, "/folds/0/a~1b")
    3
    """
    for key in path.split("/")[1:]:
        key = key.replace("~1", "/").replace("~0", "~")
        content = content[int(key)] if isinstance(content, Sequence) else content[key]
    return content
