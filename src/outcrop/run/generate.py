"""One split of a generator: realisations for the test part, baselines on the same, and what judges them.

What is scored are whole examples. Where the generator is told something of an example (conditions, known values), it
draws several realisations of each, else one ensemble serves all examples. The energy score of every example goes
through the table of scored samples, so that intervals, verdicts and per-group tables are those of every other run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from outcrop.data.normalise import Normaliser
from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.evaluate.geostatistics import GEOSTATISTICS, fit, fitting_baselines
from outcrop.evaluate.given import judge_given
from outcrop.evaluate.realisations import judge
from outcrop.evaluate.scored import MODEL, Scored
from outcrop.metric.conditional import Hard
from outcrop.run.drawing import (
    Examples,
    coarse_copies,
    coarse_fields,
    complete,
    drawn,
    hard_data,
    held,
    plan_of,
    scores,
    settled,
    with_gaps,
)
from outcrop.run.inflation import Inflation, fitted
from outcrop.run.own_target import examples_of
from outcrop.run.problem import Problem
from outcrop.run.solve import PREDICT_BATCH, Solved
from outcrop.split.promise import Split
from outcrop.view.rows import Rows
from outcrop.view.view import View

STANDARD = "standard units"
ON_DATA = ("analogues", "kriging_mean", "simple_kriging", "ordinary_kriging")
"""Baselines that say something of data, and nothing without."""
FEWEST_OF_ONE = 64
"""Realisations of an ensemble that serves all examples, at least."""
KEPT = "realisations:"
"""Before the name of a contender: its realisations of the scored examples, (example, realisation, *place, variable)."""
TRUTH = "truth"


def fold_columns(
    problem: Problem, view: View, split: Split, solved: Solved, loss: Any, *, ladder: bool, tell: Any = None
) -> tuple[Rows, dict[str, np.ndarray], dict[str, Any]]:
    """The scored examples as rows, the energy score of everybody, all realisations, and what judges them."""
    section = problem.config.sample
    own = examples_of(problem, view, split, solved.normaliser, solved.tables)
    test = complete(own, solved.tables, split.test, section.most_examples, gaps=with_gaps(problem))
    train = complete(own, solved.tables, split.train, 4 * section.most_examples)
    together = not test.told.shape[-1]
    shape, plan = test.real.shape[1:], plan_of(problem)
    how: dict[str, Any] = {"seed": section.seed, "batch_size": PREDICT_BATCH[view.kind]}
    wider: Inflation | None = None
    if tell is not None:
        tell("realisations", 0, 1, f"{section.steps} steps each")
    if together:
        count = max(len(test.index), FEWEST_OF_ONE)
        made = drawn(solved.members, loss, plan, test.told[:1], shape, count=count, **how)[0][:, None]
    else:
        draw = partial(_given, problem, solved.members, loss, plan, count=section.realisations, **how)
        made = draw(test)
        if section.inflation:
            known = complete(own, solved.tables, split.validation, section.most_examples, gaps=with_gaps(problem))
            wider = fitted(draw(known), known)
            made = wider.of(made)
    contenders = {MODEL: settled(problem, made)}
    if ladder:
        contenders |= rivals(problem, solved.normaliser, train, test, made.shape[:2], seed=section.seed, tell=tell)
    if not test.there.all():  # what stands where nothing is counts for nobody
        contenders = {name: np.where(test.there[:, None], made, 0) for name, made in contenders.items()}
    filled = np.sqrt(test.there.mean(axis=tuple(range(1, test.there.ndim))))  # a score is per value that is there
    columns: dict[str, np.ndarray] = {}
    for name, realisations in contenders.items():
        columns[name] = scores(realisations, test.real, together=together) / filled
        columns[KEPT + name] = _shown(realisations[: len(test.index)], test.there)
    columns[KEPT + TRUTH] = _shown(test.real[:, None], test.there)
    rows = first_rows(view, test.index)
    notes: dict[str, Any] = {"pick_thresholds": [], "usual": None}
    notes["judged"] = {name: judged(problem, r, test, train) for name, r in contenders.items()}
    if not together:
        notes["told"] = {name: of_told(problem, r, test) for name, r in contenders.items()}
        notes["told"][MODEL]["inflation"] = wider and wider.to_json()
    return rows, columns, notes


def _given(problem: Problem, members: Any, loss: Any, plan: Any, part: Examples, **how: Any) -> np.ndarray:
    """Realisations of the examples of a part, given what is told of each."""
    seen = held(hard_data(problem, part.told), part.there)
    return drawn(members, loss, plan, part.told, part.real.shape[1:], observed=seen, **how)


def _shown(made: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Realisations (example, realisation, ...) as they are kept: NaN where nothing is."""
    return (made if there.all() else np.where(there[:, None], made, np.nan)).astype(np.float16)


def first_rows(view: View, index: np.ndarray) -> Rows:
    """One row for every example: its first sample."""
    each = [view.rows(np.array([one])) for one in index]
    return Rows(*(np.array([getattr(rows, name)[0] for rows in each]) for name in Rows._fields))


def rivals(
    problem: Problem,
    normaliser: Normaliser,
    train: Examples,
    test: Examples,
    shape: tuple[int, int],
    *,
    seed: int,
    tell: Any = None,
) -> dict[str, np.ndarray]:
    """What needs no network: (example, realisation, *place, variable) of every baseline, standard units.

    They know the hard data and the coarse fields, where any are given, and nothing of other conditions.
    """
    means = [coarse_fields(problem, normaliser, part.told) for part in (train, test)]
    known, place = codes_of(problem, train.real), test.real.shape[1:-1]
    seen, found = hard_data(problem, test.told), {}
    hard = None if seen is None else hard_of(problem, np.asarray(seen.known), np.asarray(seen.values))
    names = baselines_of(problem, len(place))
    for done, name in enumerate(names):
        if tell is not None:
            tell("baselines", done, len(names), name.replace("_", " "))
        coarse = GEOSTATISTICS[name].attribute == "coarse"
        draws = fit(name, known, classes=problem.out_size if problem.classes else None, attribute=means[0])
        rng = np.random.default_rng([seed, done])
        if hard is None and not coarse:
            made = draws(rng, shape[0] * shape[1], place).reshape(*shape, *place, -1)
        else:
            each = zip(hard or [None] * shape[0], means[1] if coarse else [None] * shape[0], strict=True)
            made = np.stack(
                [
                    draws(rng, shape[1], place, own, **({} if mean is None else {"attribute": mean}))
                    for own, mean in each
                ]
            )
        if problem.classes:
            made = np.where(made == np.arange(problem.out_size), 1, -1)
        found[name] = made.astype(np.float32)
    return found


def baselines_of(problem: Problem, places: int) -> tuple[str, ...]:
    """The baselines asked for, or all that fit: those that live on data only where some are given.

    Raises:
        ConfigError: one of those asked for is not for what is generated.
    """
    attributes = ("", "coarse") if coarse_copies(problem) else ("",)
    fitting = fitting_baselines("facies" if problem.classes else "number", places, attributes=attributes)
    if problem.section.given is None:
        fitting = tuple(name for name in fitting if name not in ON_DATA)
    asked = problem.config.evaluate.baselines
    if asked == "auto":
        return fitting
    for name in asked:
        if name not in fitting:
            what = f"The baseline {name!r} is not for what is generated{did_you_mean(name, fitting)}."
            raise ConfigError(message(what, where="evaluate.baselines", fix=f"use some of {', '.join(fitting)}."))
    return tuple(asked)


def codes_of(problem: Problem, real: np.ndarray) -> np.ndarray:
    """Examples as baselines and metrics take them: integers for classes, (..., 1), else as they are."""
    return real.argmax(axis=-1)[..., None] if problem.classes else real


def judged(problem: Problem, realisations: np.ndarray, test: Examples, train: Examples) -> dict[str, Any]:
    """One realisation of each example without gaps beside what was found, by every metric that fits."""
    if not test.there.all():
        realisations, test = realisations[test.there.reshape(len(test.there), -1).all(axis=1)], test.whole
    samples, real, known = (codes_of(problem, each) for each in (realisations[:, 0], test.real, train.real))
    classes = problem.out_size if problem.classes else None
    return judge(samples, real, np.random.default_rng(0), train=known, classes=classes)


def of_told(problem: Problem, realisations: np.ndarray, test: Examples) -> dict[str, Any]:
    """How realisations honour what is known, and whether what was found could be one of them."""
    samples, truth = codes_of(problem, np.moveaxis(realisations, 1, 0)), codes_of(problem, test.real)
    hard, seen = None, hard_data(problem, test.told)
    if seen is not None:
        hard = hard_of(problem, np.asarray(seen.known), np.asarray(seen.values))
    tolerance = 0 if problem.classes else 1e-3
    return judge_given(
        samples, truth, np.random.default_rng(0), hard=hard, there=test.there.all(axis=-1), tolerance=tolerance
    )


def hard_of(problem: Problem, known: np.ndarray, values: np.ndarray) -> list[Hard]:
    """The hard data of every example, from where (example, *place, variable) they are known."""
    each = zip(known[..., 0], codes_of(problem, values), strict=True)
    return [Hard(np.argwhere(where), own[where]) for where, own in each]


def scored_examples(table: Scored) -> Scored:
    """The table of scored examples: what is predicted is a score, and the best there can be is 0."""
    return replace(table, target=np.zeros(len(table)), unit=STANDARD, draws=True)


def entry_of(folds: Sequence[Any]) -> dict[str, Any]:
    """What the folds say of realisations, for metrics.json: fold by fold where there are several."""
    judged = [fold.notes["judged"] for fold in folds]
    told = [fold.notes.get("told") for fold in folds]
    return {"judged": judged, "told": told if any(told) else None}
