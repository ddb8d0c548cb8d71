"""What both halves of the example are judged by: scores of an ensemble, their means with intervals, and the files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.metric import conditional
from outcrop.metric.energy import energy_scores

HERE = Path(__file__).parent


def scores(made: np.ndarray, truth: np.ndarray, misfit: float) -> dict[str, float]:
    """What one case says, in the unit of the truth but for shares and the misfit per datum; made (model, *place)."""
    mean = made.mean(axis=0)
    found = {"rmse": float(np.sqrt(np.mean((mean - truth) ** 2))), "misfit": misfit}
    if len(made) == 1:  # a single answer: its CRPS is its mean absolute error
        return found | {"crps": float(np.abs(mean - truth).mean())}
    return found | {
        "crps": conditional.crps(samples=made, truth=truth),
        "energy": float(energy_scores(samples=made.reshape(1, len(made), -1), truth=truth.reshape(1, -1))[0]),
        "coverage": conditional.coverage(samples=made, truth=truth),
        "spread_skill": conditional.spread_skill(samples=made, truth=truth),
    }


def summary(rows: list[dict[str, float]]) -> dict[str, list[float]]:
    """Score -> mean over cases with its 95 % interval, by bootstrap over cases."""
    picks = np.random.default_rng(0).integers(0, len(rows), (4000, len(rows)))
    found = {}
    for name in rows[0]:
        values = np.array([row[name] for row in rows])
        low, high = np.quantile(values[picks].mean(axis=1), [0.025, 0.975])
        found[name] = [float(f"{value:.4g}") for value in (values.mean(), low, high)]
    return found


def written(file: str, name: str, rows: list[dict[str, float]], best: str) -> dict[str, Any]:
    """Adds the scores of one contender to a file, and by how much `best` is ahead of everybody on the same cases."""
    path = HERE / file
    content = json.loads(path.read_text("utf-8")) if path.is_file() else {"cases": len(rows), "each": {}, "scores": {}}
    each = content["each"]
    each[name] = {key: [float(f"{row[key]:.4g}") for row in rows] for key in rows[0]}
    content["scores"][name] = summary(rows)
    if best in each:
        content["ahead"] = {other: _ahead(each[other], each[best]) for other in each if other != best}
    path.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    return content


def _ahead(other: dict[str, list[float]], best: dict[str, list[float]]) -> dict[str, list[float]]:
    pairs = {key: np.subtract(other[key], best[key]) for key in ("rmse", "crps")}
    return summary([{key: float(values[i]) for key, values in pairs.items()} for i in range(len(other["rmse"]))])
