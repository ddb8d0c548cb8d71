"""Pictures of class targets on images and sections: the best, the median and the worst of those held out."""

from __future__ import annotations

from typing import Any

import numpy as np

from outcrop.report import words
from outcrop.report.figures.section import Section, section
from outcrop.report.folder import Predictions, RunFolder
from outcrop.report.pictures import Picture, chosen_records, picture
from outcrop.report.scores import promises


def section_pictures(run: RunFolder) -> list[Picture]:
    """One picture per chosen record whose samples lie on a grid of two dimensions."""
    p = run.predictions
    if p is None or not p.classes or "prediction" not in p or "target" not in p or not promises(run):
        return []
    told = {str(row.get("name")): row for row in run.data.get("records") or []}
    found = []
    for name, why in chosen_records(run, promises(run)[0]):
        shape = told.get(name, {}).get("shape") or ()
        if len(shape) != 2 or min(shape) < 2:
            continue
        shown = _section(p, name, told[name])
        both = (shown.target >= 0) & (shown.prediction >= 0)
        share = words.percent(float(np.mean((shown.target == shown.prediction)[both])) if both.any() else 0.0)
        alt = f"{name}: {words.series([*shown.inputs, 'truth', 'prediction'])} and where they differ; {share} agree."
        caption = f"Truth and prediction agree on {share} of the samples."
        found.append(picture(section(shown, run.class_names), alt, caption, f"{name}: {why}" if why else name))
    return found


def _section(p: Predictions, name: str, told: dict[str, Any]) -> Section:
    """The columns of one record laid on its grid."""
    rows = np.flatnonzero(p["record"] == p.records.index(name))
    place, shape = p["index"][rows], tuple(told["shape"])

    def grid(column: np.ndarray, missing: float) -> np.ndarray:
        out = np.full(int(np.prod(shape)), missing, column.dtype)
        out[place] = column[rows]
        return out.reshape(shape)

    inputs = {k: grid(v.astype(float), np.nan) for k, v in p.starting_with("input_").items()}
    varied = {k: v for k, v in inputs.items() if _varies_in_both(v)}
    first = dict(list((varied or inputs).items())[:1])
    dims = (str(told["dims"][0]), str(told["dims"][1]))
    return Section(first, grid(p["target"], -1), grid(p["prediction"], -1), dims)


def _varies_in_both(values: np.ndarray) -> bool:
    """Whether an input is more than a coordinate, which changes along one dimension only."""
    return all(bool((np.abs(np.diff(values, axis=axis)) > 0).any()) for axis in (0, 1))
