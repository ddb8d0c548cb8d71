"""Names in the run file that live in tables of other rooms: families and their arguments, losses, optimisers, metrics.

Reads tables of import strings only: checking a run file needs no JAX.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from outcrop.errors import ConfigError, did_you_mean
from outcrop.evaluate.baselines import BASELINES
from outcrop.loss.table import LOSSES
from outcrop.metric.table import METRICS
from outcrop.model import table as families
from outcrop.split.audit.audit import CHECKS
from outcrop.train.table import DIRECTIONS, SCHEDULES

Problem = tuple[list[str], str]


def check_names(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Yields (key path, what is wrong) for every unknown name; sections of the wrong type are left to the schema."""
    sections = {name: value for name, value in raw.items() if isinstance(value, Mapping)}
    yield from _model(sections.get("model", {}))
    yield from _one(sections, "loss", "kind", ["auto", *LOSSES])
    yield from _one(sections, "train", "optimiser", DIRECTIONS)
    yield from _one(sections, "train", "schedule", SCHEDULES)
    evaluate = sections.get("evaluate", {})
    for key, table in (("baselines", BASELINES), ("metrics", METRICS), ("accept", CHECKS)):
        given = evaluate.get(key, [])
        for name in given if isinstance(given, list | Mapping) else []:
            if name not in table:
                yield (
                    ["evaluate", key],
                    f"unknown entry {name!r} in evaluate.{key}{did_you_mean(name, table)}; known: {', '.join(table)}.",
                )


def _one(sections: Mapping[str, Any], section: str, key: str, known: Any) -> Iterator[Problem]:
    value = sections.get(section, {}).get(key)
    if isinstance(value, str) and value not in known:
        yield (
            [section, key],
            f"{section}.{key} = {value!r} is not known{did_you_mean(value, known)}; one of {', '.join(known)}.",
        )


def _model(section: Mapping[str, Any]) -> Iterator[Problem]:
    name = section.get("family", "unet1d")
    if not isinstance(name, str):
        return
    try:
        families.family(name)
    except ConfigError as error:
        yield ["model", "family"], str(error).splitlines()[0]
        return
    own = ("family", "members")
    arguments = {key: value for key, value in section.items() if key not in own}
    for key, sentence in families.problems(name, arguments).items():
        close = did_you_mean(key, own)
        yield ["model", key], f"unknown key 'model.{key}'{close}." if close else sentence
