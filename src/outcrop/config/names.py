"""Names in the run file that live in tables of other rooms: families and their arguments, losses, optimisers, metrics.

Reads tables of import strings only: checking a run file needs no JAX.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from outcrop.config.schema import Source
from outcrop.data.content import unpacked_name
from outcrop.data.read import FORMATS, options_of
from outcrop.errors import ConfigError, did_you_mean
from outcrop.evaluate.baselines import BASELINES
from outcrop.evaluate.geostatistics import GEOSTATISTICS
from outcrop.evaluate.reconstruction import RECONSTRUCTIONS
from outcrop.loss.table import COMPOSITE, LOSSES
from outcrop.metric.table import METRICS
from outcrop.model import table as families
from outcrop.physics.entries import EQUATIONS
from outcrop.split.audit.audit import CHECKS
from outcrop.train.table import DIRECTIONS, SCHEDULES

Problem = tuple[list[str], str]


def check_names(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Yields (key path, what is wrong) for every unknown name; sections of the wrong type are left to the schema."""
    sections = {name: value for name, value in raw.items() if isinstance(value, Mapping)}
    yield from _sources(sections.get("data", {}).get("source", {}))
    yield from _model(sections.get("model", {}), "mlp" if "physics" in raw else "unet1d")
    yield from _one(sections, "loss", "kind", ["auto", *LOSSES, COMPOSITE])
    yield from _one(sections, "train", "optimiser", DIRECTIONS)
    yield from _one(sections, "train", "schedule", SCHEDULES)
    stages = sections.get("train", {}).get("stage", [])
    for number, stage in enumerate(stages if isinstance(stages, list) else []):
        named = {f"train.stage.{number}": stage} if isinstance(stage, Mapping) else {}
        for key, table in (("optimiser", DIRECTIONS), ("schedule", SCHEDULES)):
            for path, sentence in _one(named, f"train.stage.{number}", key, table):
                yield [*path[0].split("."), key], sentence
    yield from _squares(sections)
    yield from _one(sections, "physics", "equation", EQUATIONS)
    evaluate = sections.get("evaluate", {})
    baselines = {**BASELINES, **RECONSTRUCTIONS, **GEOSTATISTICS}
    for key, table in (("baselines", baselines), ("metrics", METRICS), ("accept", CHECKS)):
        given = evaluate.get(key, [])
        for name in given if isinstance(given, list | Mapping) else []:
            if name not in table:
                yield (
                    ["evaluate", key],
                    f"unknown entry {name!r} in evaluate.{key}{did_you_mean(name, table)}; known: {', '.join(table)}.",
                )


def _squares(sections: Mapping[str, Any]) -> Iterator[Problem]:
    """Gauss-Newton needs a loss that is a sum of squares, residual by residual."""
    train = sections.get("train", {})
    stages = train.get("stage", [])
    named = {"": train} | {f"stage.{n}": stage for n, stage in enumerate(stages if isinstance(stages, list) else [])}
    for place, section in named.items():
        if "physics" not in sections and isinstance(section, Mapping) and section.get("optimiser") == "gauss_newton":
            path = ["train", *(place.split(".") if place else ()), "optimiser"]
            yield path, f"{'.'.join(path)}: gauss_newton solves equations ([physics]); on data use adamw or lbfgs."


def _sources(sources: Any) -> Iterator[Problem]:
    """Keys of a source that neither all sources have nor the reader of its format, where the files' names tell it."""
    own = [name for name in Source.model_fields if name not in ("on", "top", "base", "md", "inclination", "azimuth")]
    for name, source in sources.items() if isinstance(sources, Mapping) else ():
        if not isinstance(source, Mapping) or "join" in source or "simulation" in source:
            continue
        kind = _kind_of(source)
        known = (
            [*options_of(FORMATS[kind].reader), "stack", "number", *(("network", "places") if kind == "table" else ())]
            if kind
            else []
        )
        for key in source:
            if key not in Source.model_fields and key not in known and (kind or "dataset" in source):
                close = did_you_mean(key, [*own, *known])
                keys = ", ".join([*own, *known])
                yield (
                    ["data", "source", name, key],
                    f"unknown key 'data.source.{name}.{key}'{close}. Keys here: {keys}.",
                )


def _kind_of(source: Mapping[str, Any]) -> str | None:
    """The format of a source, as stated or by the ending of its file names; None where only the content tells."""
    stated, files = source.get("format"), source.get("files")
    if isinstance(stated, str):
        return stated if stated in FORMATS else None
    first = files[0] if isinstance(files, list) and files else files
    suffix = Path(unpacked_name(str(first or ""))).suffix.lower()
    return next((kind for kind, entry in FORMATS.items() if suffix and suffix in entry.suffixes), None)


def _one(sections: Mapping[str, Any], section: str, key: str, known: Any) -> Iterator[Problem]:
    value = sections.get(section, {}).get(key)
    if isinstance(value, str) and value not in known:
        yield (
            [section, key],
            f"{section}.{key} = {value!r} is not known{did_you_mean(value, known)}; one of {', '.join(known)}.",
        )


def _model(section: Mapping[str, Any], usual: str) -> Iterator[Problem]:
    name = section.get("family", usual)
    if not isinstance(name, str):
        return
    try:
        families.family(name)
    except ConfigError as error:
        yield ["model", "family"], str(error).splitlines()[0]
        return
    if usual == "mlp" and "points" not in families.family(name).views:
        what = f"model.family: {name} works on {' and '.join(families.family(name).views)}"
        yield ["model", "family"], f'{what}; a solution is a network of coordinates, such as "mlp" or "siren".'
        return
    own = ("family", "members", "start_from", "freeze")
    arguments = {key: value for key, value in section.items() if key not in own}
    for key, sentence in families.problems(name, arguments).items():
        close = did_you_mean(key, own)
        yield ["model", key], f"unknown key 'model.{key}'{close}." if close else sentence
