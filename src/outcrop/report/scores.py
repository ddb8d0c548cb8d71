"""One promise's part of metrics.json as tables: who scored what, by group, by class, by distance.

A score is either a bare number or `{"value", "low", "high"}`; both are read. Rows of `per_record` and `folds` carry
the model's metrics beside their own keys, or under `"model"`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from outcrop.report import words
from outcrop.report.folder import RunFolder

NAMES = ("record", "group", "name", "well", "fold")


class Score(NamedTuple):
    """A value with its interval, NaN where unknown."""

    value: float
    low: float = float("nan")
    high: float = float("nan")


class Rung(NamedTuple):
    """One contender on the ladder of baselines."""

    name: str
    scores: dict[str, Score]
    is_model: bool
    verdict: dict[str, Any]


@dataclass(frozen=True)
class Promise:
    """The scores under one promise.

    Attributes:
        name: key of the promise in metrics.json, for example "new = well".
        content: that part of metrics.json.
        primary: the metric that decides the verdict.
        words: how the primary metric is called, which way is better, and its unit.
        unit: of the target.
    """

    name: str
    content: Mapping[str, Any]
    primary: str
    words: words.MetricWords
    unit: str = ""

    @property
    def lower_is_better(self) -> bool:
        return self.words.better == "lower"

    @property
    def ladder(self) -> list[Rung]:
        """Model and baselines, best first by the primary metric."""
        test = self.content.get("test") or {}
        verdict = self.content.get("verdict") or {}
        rungs = [Rung("model", scores_of(test.get("model")), True, {})] if test.get("model") else []
        for name, entry in (test.get("baselines") or {}).items():
            told = verdict.get(name)
            rungs.append(Rung(name, scores_of(entry), False, told if isinstance(told, dict) else {}))
        sign = 1 if self.lower_is_better else -1
        worst = float("inf")

        def key(rung: Rung) -> float:
            value = sign * rung.scores.get(self.primary, Score(float("nan"))).value
            return value if np.isfinite(value) else worst

        return sorted(rungs, key=key)

    @property
    def model(self) -> dict[str, Score]:
        return scores_of((self.content.get("test") or {}).get("model"))

    def rows(self, key: str) -> list[dict[str, Any]]:
        """A table of the promise (`per_record`, `per_class`, `folds`, `by_distance`) as flat rows with a `label`."""
        table = self.content.get(key) or []
        if isinstance(table, Mapping):
            table = [{"name": name, **entry} for name, entry in table.items() if isinstance(entry, Mapping)]
        return [_flat(row) for row in table if isinstance(row, Mapping)]

    def by_record(self) -> dict[str, float]:
        """Record -> primary metric of the model, finite values only, best first."""
        values = {str(row["label"]): row.get(self.primary) for row in self.rows("per_record")}
        finite = {k: float(v) for k, v in values.items() if isinstance(v, int | float) and np.isfinite(v)}
        return dict(sorted(finite.items(), key=lambda item: item[1], reverse=not self.lower_is_better))


def promises(run: RunFolder) -> list[Promise]:
    """The scored promises of a run, in the order of metrics.json."""
    targets = run.targets
    unit = str((targets[0].get("unit") or "") if targets else "")
    found = []
    for name, content in (run.metrics.get("promises") or {}).items():
        primary = _primary(run, content)
        unit = str(content.get("unit") or unit)
        found.append(Promise(name, content, primary, words.metric(primary, run.metrics, unit), unit))
    return found


def _primary(run: RunFolder, content: Mapping[str, Any]) -> str:
    """The deciding metric: told by metrics.json, else the first asked for, else the first scored."""
    scored = list((content.get("test") or {}).get("model") or {})
    asked = (run.run.get("evaluate") or {}).get("metrics")
    told = [content.get("primary"), run.metrics.get("primary"), *(asked if isinstance(asked, list) else [])]
    return next((str(name) for name in told if name in scored), scored[0] if scored else "")


def score(entry: Any) -> Score:
    """One score, from a number or an object.

    >>> score({"value": 0.5, "low": 0.4, "high": 0.6})
    Score(value=0.5, low=0.4, high=0.6)
    >>> score(0.5).value
    0.5
    """
    if isinstance(entry, Mapping):
        return Score(*(_float(entry.get(key)) for key in ("value", "low", "high")))
    return Score(_float(entry))


def scores_of(entry: Any) -> dict[str, Score]:
    """All scores of one contender; entries that are not scores are left out."""
    if not isinstance(entry, Mapping):
        return {}
    return {str(k): score(v) for k, v in entry.items() if _is_score(v)}


def _is_score(entry: Any) -> bool:
    return (isinstance(entry, Mapping) and "value" in entry) or (
        isinstance(entry, int | float) and not isinstance(entry, bool)
    )


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with scores reduced to their values, the model's lifted up, and a `label`."""
    flat: dict[str, Any] = {}
    for key, value in {**row, **(row.get("model") if isinstance(row.get("model"), Mapping) else {})}.items():
        if key == "model" and isinstance(value, Mapping):
            continue
        flat[key] = score(value).value if isinstance(value, Mapping) and "value" in value else value
    flat["label"] = next((str(flat[key]) for key in NAMES if flat.get(key) is not None), "")
    return flat


def _float(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else float("nan")
