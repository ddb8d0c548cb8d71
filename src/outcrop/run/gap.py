"""The optimism gap: what the same network would have scored on the naive random split of the same sizes.

A throw-away network; nothing else is fitted or chosen with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from outcrop.evaluate.scored import MODEL
from outcrop.run.cutouts import drawn_boxes, known_boxes
from outcrop.run.parts import labelled_examples, with_labels
from outcrop.run.problem import Problem
from outcrop.run.rotate import scored_of, solve_fold
from outcrop.run.solve import Tell
from outcrop.split.promise import Split
from outcrop.split.same_population import random_split
from outcrop.view.view import View

CHEAP = 0.2
"""By default the gap is measured where it costs less than this share of the run."""
NUMBER = 997
"""Of the throw-away fold; part of its seed."""


def wanted(problem: Problem, splits: Sequence[Split]) -> bool:
    """Whether the run measures the gap: on request, or when one more training is cheap beside the others."""
    asked = problem.config.evaluate.optimism_gap
    if problem.config.promise.kind == "same_population":
        return False
    return asked if isinstance(asked, bool) else 1 / (len(splits) + 1) < CHEAP


def random_score(problem: Problem, view: View, like: Split, metric: str, tell: Tell | None) -> float:
    """The metric of the same network on a random split of the labelled examples, with the part sizes of `like`."""
    has = labelled_examples(problem, view)
    labelled = np.flatnonzero(has)
    drawn = random_split(view.origins.take(labelled), like=with_labels(like, has), seed=problem.config.promise.seed)
    split = replace(drawn, **{part: labelled[index] for part, index in drawn.parts.items()})
    if like.boxes is not None:
        held = drawn_boxes(problem.tiled)[np.concatenate([split.test, split.validation, split.calibration])]
        split = replace(split, boxes=np.setdiff1d(np.flatnonzero(known_boxes(problem.tiled)), held))
    fold = solve_fold(problem, view, split, number=NUMBER, tell=tell, title="random split", ladder=False)
    return scored_of(problem, view, [fold]).scorable().value(metric, MODEL)
