"""Settings chosen inside a training part: tried on inner folds of it, the best by the metric that decides.

What the fold holds out is never looked at: its score stays one of a model whose settings were chosen without it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from outcrop.config.search import Settings, changed, trials, written
from outcrop.errors import ConfigError, NonFiniteError, message
from outcrop.evaluate.scored import MODEL
from outcrop.metric import table as metrics
from outcrop.run import parts
from outcrop.run.folder import write_json
from outcrop.run.picking import kind_of
from outcrop.run.problem import Problem
from outcrop.run.rotate import scored_of, solve_fold
from outcrop.run.solve import Tell
from outcrop.split.promise import Split
from outcrop.view.view import View

if TYPE_CHECKING:
    from outcrop.run.check import Check

NUMBER = 500
"""Of the first throw-away fold; part of its seed."""


@dataclass(frozen=True)
class Trial:
    """One setting and what it scored.

    Attributes:
        settings: dotted key of the run file -> value; empty for the run file as it is.
        scores: of the deciding metric on each inner fold; NaN where training met NaN.
    """

    settings: Settings
    scores: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Over the inner folds."""
        return float(np.mean(self.scores))


def inner_splits(problem: Problem, view: View, splits: Sequence[Split], number: int) -> list[Split]:
    """Folds inside the training part of fold `number`, which keep its promise.

    They are the other folds without everything that this one tests or leaves out around its test part; buffers and
    groups of both therefore hold. Where there are none (one split, or networks whose snapshots are divided), it is the
    split's own validation part, which then also ends training: a little optimistic, as all of its kind.

    Raises:
        ConfigError: no fold is left, and there is no validation part either.
    """
    assert problem.config.search is not None
    outer, has = splits[number], parts.labelled_examples(problem, view)
    mine = np.union1d(outer.train, outer.validation)
    found = []
    for other in [*splits[number + 1 :], *splits[:number]]:
        kept = {name: np.intersect1d(index, mine) for name, index in other.parts.items()}
        needed = ("train", "test", *(("validation",) if len(other.validation) else ()))
        if all(has[kept[name]].any() for name in needed):
            both = other.boxes is not None and outer.boxes is not None
            boxes = np.intersect1d(other.boxes, outer.boxes) if both else None  # type: ignore[arg-type]
            found.append(replace(other, **kept, boxes=boxes))
    if not found and len(outer.validation):
        found = [replace(outer, test=outer.validation, calibration=outer.test[:0])]
    if not found:
        what = "There is no inner fold to try settings on: the promise makes one split without a validation part."
        raise ConfigError(message(what, where="[search]", fix="promise.validation_share = 0.2"))
    return found[: problem.config.search.folds]


def search(
    problem: Problem, view: View, splits: Sequence[Split], number: int, *, tell: Tell | None = None, title: str = ""
) -> list[Trial]:
    """Tries all settings on the inner folds of fold `number`; same seeds for all of them.

    Raises:
        ConfigError: see `inner_splits`.
    """
    inner, found, tried = inner_splits(problem, view, splits, number), [], trials(problem.config)
    for count, (settings, config) in enumerate(tried):
        changed = replace(problem, config=config)
        scores = []
        for k, split in enumerate(inner):
            told = f"{title}, setting {count + 1} of {len(tried)}"
            try:
                fold = solve_fold(changed, view, split, number=NUMBER + k, tell=tell, title=told, ladder=False)
                value = scored_of(changed, view, [fold], split).scorable().value(deciding(problem), MODEL)
            except NonFiniteError:
                value = float("nan")
            scores.append(value)
        found.append(Trial(settings, tuple(scores)))
    return found


def deciding(problem: Problem) -> str:
    """The metric that the verdict rests on, and the choice of settings."""
    asked = parts.metrics_of(problem)
    cost = problem.classes is not None and problem.classes.cost is not None
    return metrics.primary(kind_of(problem), cost=cost, wanted=asked[0] if asked else None)


def best(found: Sequence[Trial], metric: str) -> Trial:
    """The trial with the best mean; the earliest of equals, so that the run file's own settings win a tie.

    >>> best([Trial({}, (2.0, 1.0)), Trial({"train.steps": 9}, (1.0, 1.0))], "rmse").settings
    {'train.steps': 9}
    """
    sign = -1 if metrics.find(metric).better == "higher" else 1
    means = [sign * trial.mean for trial in found]
    return found[int(np.nanargmin(means))] if np.isfinite(means).any() else found[0]


def over_all(searches: Sequence[Sequence[Trial]]) -> list[Trial]:
    """The trials of all folds taken together: what a model of all groups is trained with."""
    together = zip(*searches, strict=True)
    return [Trial(same[0].settings, tuple(score for trial in same for score in trial.scores)) for same in together]


def searched(
    place: Path, checked: Check, number: int, *, resume: bool, tell: Any, title: str
) -> tuple[Problem, list[Trial]]:
    """The problem with the settings chosen for fold `number`; a resumed run takes the trials from disk."""
    problem, file = checked.problem, place / f"search-{number}.json"
    if problem.config.search is None:
        return problem, []
    if resume and file.is_file():
        kept = json.loads(file.read_text("utf-8"))
        found = [Trial(t["settings"], tuple(np.nan if s is None else s for s in t["scores"])) for t in kept]
    else:
        found = search(problem, checked.view, checked.splits, number, tell=tell.step, title=title)
        place.mkdir(parents=True, exist_ok=True)
        write_json(file, [asdict(trial) for trial in found])
        chosen = written(best(found, deciding(problem)).settings)
        tell(f"{title[:1].upper() + title[1:]}: of {len(found)} settings the best inside it is {chosen}.")
    return with_best(problem, found), found


def with_best(problem: Problem, found: Sequence[Trial]) -> Problem:
    """The problem with the settings of the best trial; as it is without trials."""
    if not found:
        return problem
    return replace(problem, config=changed(problem.config, best(found, deciding(problem)).settings))


def write_search(place: Path, checked: Check, searches: Mapping[str, Sequence[Sequence[Trial]]]) -> None:
    """search.json: for each promise the settings tried, their scores on inner folds, and what was chosen."""
    content = {}
    for name, each in searches.items():
        problem = checked.promises[name].problem
        metric, all_folds = deciding(problem), over_all(each)
        content[checked.promises[name].splits[0].promise] = {
            "metric": metric,
            "better": metrics.find(metric).better,
            "trials": [asdict(trial) | {"mean": trial.mean} for trial in all_folds],
            "inner_folds": len(each[0][0].scores),
            "chosen": [best(found, metric).settings for found in each],
            "final": best(all_folds, metric).settings,
        }
    write_json(place / "search.json", content)
