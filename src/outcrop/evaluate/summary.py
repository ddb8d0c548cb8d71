"""From scored samples to the content of metrics.json.

`summarise` makes the entry of one promise: scores with intervals, verdicts, and the tables of `breakdown.SECTIONS`;
`assemble` puts the promises together. Values are plain Python; what is undefined is null, never NaN.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from outcrop.evaluate.breakdown import SECTIONS, Extras, Held, Part
from outcrop.evaluate.coverage import coverage, reliability
from outcrop.evaluate.distribution import LEVELS
from outcrop.evaluate.interval import LEVEL, Bootstrap
from outcrop.evaluate.resample import Units, by_block, units
from outcrop.evaluate.scored import MODEL, Scored
from outcrop.evaluate.verdict import verdicts
from outcrop.metric.table import METRICS, defined_for, find, primary


@dataclass(frozen=True)
class Question:
    """What the score is asked to mean.

    Attributes:
        promise: name of the promise, as in split.json ("new = well", "later = 1990-01-01").
        key: group key whose values are drawn for the intervals (the promise's key).
        metrics: what is computed; the first decides the verdict. Empty: all that are defined, and the table's primary.
        block_length: steps per block of the axis; given, blocks are drawn in place of groups.
        in_time: blocks of a length of their own are drawn in place of groups: stations share their weather.
        noun: what one group is called in a sentence; by default the key.
        draws: resamples behind each interval.
        seed: of the resampling.
    """

    promise: str
    key: str = "record"
    metrics: tuple[str, ...] = ()
    block_length: int | None = None
    in_time: bool = False
    noun: str | None = None
    draws: int = 2000
    seed: int = 0


def summarise(scored: Scored, question: Question, extras: Extras | None = None) -> dict[str, Any]:
    """The entry of one promise in metrics.json.

    Args:
        scored: test samples of all folds, with "model" among the predictions.
        question: promise, groups to draw, metrics.
        extras: masks and distances, aligned with the rows of `scored`.

    Raises:
        DataError: nothing can be scored, or the group key is unknown.
        ConfigError: a metric is unknown or not defined for this target.
    """
    has_cost, extras = scored.cost is not None, extras or Extras()
    deciding = primary(scored.kind, cost=has_cost, wanted=question.metrics[0] if question.metrics else None)
    defined = defined_for(
        scored.kind,
        cost=has_cost,
        probabilities=MODEL in scored.probabilities,
        quantiles=MODEL in scored.quantiles,
    )
    metrics = question.metrics or tuple(name for name in defined if not find(name).on_request)
    told, extras = scored.scorable(), extras.where(scored.rows)
    drawn = (
        by_block(told, question.block_length)
        if question.in_time
        else units(told, question.key, block_length=question.block_length, noun=question.noun)
    )
    bootstrap = Bootstrap(told, drawn, question.draws, question.seed)
    part = Part(told, tuple(metrics), deciding, bootstrap, extras)
    entry = {
        "promise": question.promise,
        "task": scored.kind,
        "primary": deciding,
        "unit": scored.unit if find(deciding).has_unit else "",
        **({"pick_unit": scored.unit} if scored.picks else {}),
        "noun": drawn.noun,
        "groups": len(drawn),
        "resampled": drawn.sentence,
        "level": LEVEL,
        "reason": bootstrap.reason or None,
        "test": {
            "model": _with_intervals(bootstrap, metrics, MODEL),
            "baselines": {name: _with_intervals(bootstrap, metrics, name) for name in scored.baselines},
        },
        "verdict": {name: verdict.plain() for name, verdict in verdicts(bootstrap, deciding).items()},
        "strongest_baseline": strongest(bootstrap, deciding),
        **{name: row.make(part) for name, row in SECTIONS.items() if scored.kind in row.kinds},
        "intervals": None if extras.intervals is None else intervals_entry(told, extras.intervals, drawn),
        "optimism_gap": None if extras.gap is None else dict(extras.gap),
        "coverage": _coverage(scored),
    }
    return plain(entry)


def intervals_entry(told: Scored, held: Held, drawn: Units) -> dict[str, Any]:
    """What calibrated intervals or sets held, and for distributions how reliable their quantiles are."""
    entry = coverage(held.inside, held.size, drawn, held.calibration, method=held.method, sets=told.kind != "number")
    if MODEL in told.quantiles:
        entry["reliability"] = reliability(told.quantiles[MODEL], np.asarray(told.target, float), np.asarray(LEVELS))
    return entry


def _with_intervals(bootstrap: Bootstrap, metrics: tuple[str, ...], contender: str) -> dict[str, Any]:
    """All scores of one contender; a score that it cannot have (no probabilities) is left out."""
    found = {name: bootstrap.interval(name, contender) for name in metrics}
    return {name: interval.plain() for name, interval in found.items() if math.isfinite(interval.value)}


def strongest(bootstrap: Bootstrap, metric: str) -> str | None:
    """The baseline with the best score, None without baselines."""
    sign = 1.0 if find(metric).better == "lower" else -1.0
    values = {name: sign * bootstrap.pooled(metric, name) for name in bootstrap.scored.baselines}
    finite = {name: value for name, value in values.items() if math.isfinite(value)}
    return min(finite, key=lambda name: finite[name]) if finite else None


def _coverage(scored: Scored) -> dict[str, Any]:
    """How many held-out samples there are, carry a label that counts, and were scored."""
    labelled, told = int(scored.labelled.sum()), int(scored.rows.sum())
    return {
        "samples": len(scored),
        "labelled": labelled,
        "scored": told,
        "without_prediction": labelled - told,
        "records": len(np.unique(np.asarray(scored.record)[scored.rows])),
    }


def assemble(
    promises: Mapping[str, Mapping[str, Any]],
    *,
    effective_samples: Mapping[str, Any] | None = None,
    timing: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The whole of metrics.json.

    Args:
        promises: name -> entry from `summarise`.
        effective_samples: `total`, `labelled`, `per_record`.
        timing: seconds by stage.
    """
    used = {name for entry in promises.values() for name in entry["test"]["model"]}
    about = {
        row.name: {
            "label": row.words,
            "better": row.better,
            "unit": "target" if row.has_unit else "",
            "formula": row.formula,
        }
        for row in METRICS.values()
        if row.name in used
    }
    return plain(
        {
            "promises": dict(promises),
            "metrics": about,
            "effective_samples": dict(effective_samples or {}),
            "timing": dict(timing or {}),
        }
    )


def plain(value: Any) -> Any:
    """The same in types that JSON knows; NaN and infinity become null.

    >>> plain({"a": np.float32(0.5), "b": [float("nan"), np.int64(3)], "c": np.array([1, 2])})
    {'a': 0.5, 'b': [None, 3], 'c': [1, 2]}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
