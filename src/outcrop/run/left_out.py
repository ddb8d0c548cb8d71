"""Wells left out in turn: realisations given the others beside what each has met, and beside those given no well.

Cells of a well are alike, so that wells, not cells, are what is counted; a field with few says little. Noise of
observations is added to realisations before they are compared. What a cell of two wells says is not scored.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from outcrop.config.given import ObservationSection
from outcrop.errors import ConfigError, message
from outcrop.metric import conditional
from outcrop.run.observation_files import GROUP, Rows
from outcrop.run.observations import Blocked, block
from outcrop.run.sample_files import physical
from outcrop.run.sampling import Setting

FEWEST = 3
"""Wells."""
WHERE = "--leave-out"


def left_out(how: Setting, section: ObservationSection, rows: Rows, seen: Blocked, column: str) -> dict[str, Any]:
    """Scores of every well and of all: coverage and CRPS of numbers, probability and Brier score of classes.

    Args:
        how: the grid and what is known beside wells.
        section: how observations are blocked.
        rows: all observations.
        seen: the same on the grid.
        column: which names the wells.

    Returns:
        "realisations"; "right", the coverage that is right for so many; "variables": name -> "unit", "wells" (a row
        each) and the scores over all cells; "sentence".

    Raises:
        ConfigError: no such column, fewer than 3 wells on the grid, or fewer than 2 realisations.
    """
    wells = seen.facts["groups"]
    if not rows.names_of(GROUP):
        fix = "name the column of the observations with the wells; logs have it in their header as well."
        raise ConfigError(message(f"The observations have no column {column!r}.", where=WHERE, fix=fix))
    if len(wells) < FEWEST:
        what = f"Only {len(wells)} wells lie on the grid: {', '.join(wells) or 'none'}. One is judged by the others."
        raise ConfigError(message(what, where=WHERE, fix=f"give at least {FEWEST} wells, or sample without it."))
    if how.count < 2:
        raise ConfigError(message("One realisation has no spread.", where=WHERE, fix="-n 39"))
    prior = how.realisations(seen.observed._replace(known=jnp.zeros_like(seen.observed.known)))
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in rows.names}
    table = rows.table[GROUP].to_numpy()
    for number, well in enumerate(wells):
        own, others = (
            block(how.model, rows.where(which), section, how.grid, how.offset)
            for which in (table == well, table != well)
        )
        made = how.realisations(others.observed)
        alone = np.asarray(own.observed.known) & ~np.asarray(others.observed.known)
        rng = np.random.default_rng([how.seed, number])
        for name in rows.names:
            score = _of_classes if how.model.target.classes else _of_numbers
            found[name].append({"well": well, **score(how, name, (made, prior), own, alone, rng)})
    units = {variable.name: variable.unit or "" for variable in how.model.inputs}
    variables = {
        name: {"unit": "" if how.model.target.classes else units[name], "wells": each, **_over_all(each)}
        for name, each in found.items()
    }
    result = {"realisations": how.count, "right": conditional.attainable(how.count), "variables": variables}
    return {**result, "sentence": " ".join(_sentence(name, result) for name in variables)}


def _of_numbers(
    how: Setting, name: str, ensembles: tuple[np.ndarray, ...], own: Blocked, alone: np.ndarray, rng: Any
) -> dict[str, Any]:
    """Coverage and CRPS of a number in its unit, given the others and given no well."""
    at = how.model.bundle.provenance["generates"].index(name)
    cells, noise = alone[..., at], float(np.asarray(own.observed.noise_sd)[at])
    shift = 0.0 if how.offset is None else how.offset[..., at][cells]
    truth = physical(how.model, name, np.asarray(own.observed.values)[..., at][cells] + shift)
    scores: dict[str, Any] = {"cells": int(cells.sum())}
    for key, made in zip(("", "_without"), ensembles, strict=True):
        values = made[..., at][:, cells]
        drawn = physical(how.model, name, values + noise * rng.standard_normal(values.shape) + shift)
        scores[f"coverage{key}"] = conditional.coverage(samples=drawn, truth=truth) if cells.any() else None
        scores[f"crps{key}"] = conditional.crps(samples=drawn, truth=truth) if cells.any() else None
    return scores


def _of_classes(
    how: Setting, name: str, ensembles: tuple[np.ndarray, ...], own: Blocked, alone: np.ndarray, rng: Any
) -> dict[str, Any]:
    """Mean probability of the class that was met, and the fair Brier score (0 to 2), which is a CRPS of indicators."""
    cells, kinds = alone.all(axis=-1), np.arange(alone.shape[-1])
    truth = (np.asarray(own.observed.values)[cells].argmax(axis=-1)[:, None] == kinds).astype(float)
    scores: dict[str, Any] = {"cells": int(cells.sum())}
    for key, made in zip(("", "_without"), ensembles, strict=True):
        drawn = (made[:, cells].argmax(axis=-1)[..., None] == kinds).astype(float)
        some = bool(cells.any())
        scores[f"probability{key}"] = float((drawn.mean(axis=0) * truth).sum(axis=-1).mean()) if some else None
        scores[f"brier{key}"] = len(kinds) * conditional.crps(samples=drawn, truth=truth) if some else None
    return scores


def _over_all(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Every score over the cells of all wells."""
    scored = [row for row in rows if row["cells"]]
    keys = [key for key in rows[0] if key not in ("well", "cells")]
    weights = [row["cells"] for row in scored]
    means = {key: float(np.average([row[key] for row in scored], weights=weights)) if scored else None for key in keys}
    return {"cells": sum(weights), "scored": len(scored), **means}


def _sentence(name: str, result: dict[str, Any]) -> str:
    """What the scores of a variable come to."""
    own = result["variables"][name]
    if not own["scored"]:
        return f"{name}: every cell of a well is a cell of another, too, and nothing can be scored."
    of = f"in {own['cells']:,} cells of {own['scored']} wells, each given the others"
    if "coverage" in own:
        unit = f" {own['unit']}" if own["unit"] else ""
        held, right = 100 * own["coverage"], 100 * result["right"]
        return (
            f"{name}: the central intervals hold {held:.0f} % {of} (right is {right:.0f} %); "
            f"CRPS {own['crps']:.3g}{unit}, without wells {own['crps_without']:.3g}{unit}."
        )
    return (
        f"{name}: what was met has the probability {own['probability']:.2f} {of} (without wells "
        f"{own['probability_without']:.2f}); fair Brier score {own['brier']:.3f} (without {own['brier_without']:.3f})."
    )
