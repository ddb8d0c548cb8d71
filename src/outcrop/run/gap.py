"""The optimism gap: what the same network would have scored on the naive random split of the same sizes.

A throw-away network; nothing else is fitted or chosen with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from outcrop.evaluate.scored import MODEL
from outcrop.run.cutouts import drawn_boxes, known_boxes
from outcrop.run.ladder import samples_of
from outcrop.run.parts import labelled_examples, with_labels
from outcrop.run.problem import Problem
from outcrop.run.rotate import scored_of, solve_fold
from outcrop.run.solve import Tell
from outcrop.run.splitting import of_snapshots, whole
from outcrop.split.promise import Split
from outcrop.split.same_population import random_split
from outcrop.view.graphs import Graphs
from outcrop.view.view import View

CHEAP = 0.2
"""By default the gap is measured where it costs less than this share of the run."""
FEWEST = 20
"""Snapshots of networks below which no random split is made of them."""
NUMBER = 997
"""Of the throw-away fold; part of its seed."""


def wanted(problem: Problem, view: View, splits: Sequence[Split]) -> bool:
    """Whether the run measures the gap: on request, or when one more training is cheap beside the others.

    Networks need enough snapshots that a random split has some in every part.
    """
    asked = problem.config.evaluate.optimism_gap
    if problem.config.promise.kind == "same_population" or problem.section.noise is not None:
        return False
    if isinstance(view, Graphs) and labelled_examples(problem, whole(view)).sum() < FEWEST:
        return False
    return asked if isinstance(asked, bool) else 1 / (len(splits) + 1) < CHEAP


def random_score(problem: Problem, view: View, like: Split, metric: str, tell: Tell | None) -> float:
    """The metric of the same network on a random split of the labelled examples, with the part sizes of `like`.

    Of networks whole snapshots are drawn, each part as many of them as its share of what was scored.
    """
    if isinstance(view, Graphs):
        like, view = _in_snapshots(problem, view, like)
    has = labelled_examples(problem, view)
    labelled = np.flatnonzero(has)
    known = with_labels(like, has)
    drawn = random_split(view.origins.take(labelled), like=known, seed=problem.config.promise.seed)
    split = replace(drawn, **{part: labelled[i] for part, i in drawn.parts.items()}, unlabelled=known.unlabelled)
    if like.boxes is not None:
        held = drawn_boxes(problem.tiled)[np.concatenate([split.test, split.validation, split.calibration])]
        split = replace(split, boxes=np.setdiff1d(np.flatnonzero(known_boxes(problem.tiled)), held))
    if isinstance(view, Graphs):
        view, (split,) = of_snapshots(view, [split])
    fold = solve_fold(problem, view, split, number=NUMBER, tell=tell, title="random split", ladder=False)
    return scored_of(problem, view, [fold]).scorable().value(metric, MODEL)


def _in_snapshots(problem: Problem, view: Graphs, like: Split) -> tuple[Split, View]:
    """The view of whole snapshots, and a split of them (the first ones, in order) with the shares of `like`."""
    snapshots, masks = whole(view), problem.labelled()
    scored = {name: len(samples_of(problem, view, index, masks)) for name, index in like.parts.items()}
    labelled = np.flatnonzero(labelled_examples(problem, snapshots))
    ends = np.cumsum([round(len(labelled) * count / max(sum(scored.values()), 1)) for count in scored.values()])
    return replace(like, **dict(zip(scored, np.split(labelled, ends[:-1]), strict=True))), snapshots
