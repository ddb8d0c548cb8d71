"""Settings that are to be tried: the section of the run file, and the run files that it stands for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field, field_validator

from outcrop.config.promise import Section
from outcrop.errors import ConfigError, message

if TYPE_CHECKING:
    from outcrop.config.schema import Config

Settings = dict[str, Any]
FIXED = (
    "model.family", "model.members", "model.start_from", "model.freeze",
    "loss.kind", "loss.parts", "train.seed", "train.stage", "train.max_minutes",
)  # fmt: skip
"""What a search may not change: it would be another problem, or be no setting at all."""
DRAWS = 100
"""Draws per trial, before a small space of settings counts as exhausted."""


class SearchSection(Section):
    """Settings tried on rotations inside each training part; the run file's own are the first of them."""

    over: dict[Literal["model", "loss", "train"], dict[str, Any]] = Field(
        description="section -> key -> a list of values, or {low, high}: drawn evenly in the logarithm"
    )
    trials: Annotated[int, Field(ge=2, le=200, description="settings tried, the run file's own among them")] = 8
    folds: Annotated[int, Field(ge=1, description="inner folds that each setting is tried on, at most")] = 2
    seed: int = 0

    @field_validator("over")
    @classmethod
    def _choices(cls, value: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        found = dict(flat(value))
        if not found:
            raise ValueError("names no key; for example over.model.width_size = [32, 64, 128]")
        for key, choices in found.items():
            if key in FIXED:
                raise ValueError(f"{key} cannot be searched; make runs of their own of it and compare them")
            if not isinstance(choices, list | dict):
                raise ValueError(f"{key} needs a list of values or {{low, high}}, got {choices!r}")
            if isinstance(choices, dict) and not 0 < choices["low"] < choices["high"]:
                raise ValueError(f"{key} needs 0 < low < high, got {choices['low']} and {choices['high']}")
        return value


def flat(tree: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted key -> choices, of nested tables.

    >>> dict(flat({"train": {"augment": {"noise_sd": [0.0, 0.1]}}}))
    {'train.augment.noise_sd': [0.0, 0.1]}
    """
    for key, value in tree.items():
        name = f"{above}.{key}" if above else key
        if isinstance(value, dict) and set(value) != {"low", "high"}:
            yield from flat(value, name)
        else:
            yield name, value


def trials(config: Config) -> list[tuple[Settings, Config]]:
    """The settings to try, drawn at random without repetition, with the run file that each stands for.

    The first has no changes. Random draws find good settings with fewer trials than a grid of the same size where few
    of the settings matter.

    Source: Bergstra and Bengio (2012), Journal of Machine Learning Research 13, 281-305.

    Raises:
        ConfigError: no search is asked for, or a value that its key cannot have; all problems at once.
    """
    section = config.search
    if section is None:
        raise ConfigError(message("The run file has no [search].", fix="search.over.model.width_size = [32, 64]"))
    rng, choices = np.random.default_rng(section.seed), dict(flat(section.over))
    drawn: list[Settings] = [{}]
    for _ in range(DRAWS * section.trials):
        one = {key: _draw(value, rng) for key, value in choices.items()}
        if one not in drawn:
            drawn.append(one)
        if len(drawn) == section.trials:
            break
    return [(settings, changed(config, settings)) for settings in drawn]


def changed(config: Config, settings: Settings) -> Config:
    """The run file with these settings, and without its search.

    Raises:
        ConfigError: a value that its key cannot have.
    """
    from outcrop.config.load import dump, validate

    raw = dump(config)
    raw.pop("search", None)
    for key, value in settings.items():
        *parents, last = key.split(".")
        table = raw
        for parent in parents:
            table = table.setdefault(parent, {})
        table[last] = value
    return validate(raw, where=f"[search] with {written(settings)}")


def written(settings: Settings) -> str:
    """Settings in a line, as a person would write them.

    >>> written({"model.width_size": 32, "train.learning_rate": 0.00123}), written({})
    ('width_size = 32, learning_rate = 0.00123', 'as in the run file')
    """
    pairs = [f"{key.rpartition('.')[2]} = {value}" for key, value in settings.items()]
    return ", ".join(pairs) or "as in the run file"


def _draw(choices: list[Any] | dict[str, float], rng: np.random.Generator) -> Any:
    if isinstance(choices, list):
        return choices[rng.integers(len(choices))]
    value = float(np.exp(rng.uniform(np.log(choices["low"]), np.log(choices["high"]))))
    whole = all(isinstance(end, int) for end in choices.values())
    return round(value) if whole else float(f"{value:.3g}")
