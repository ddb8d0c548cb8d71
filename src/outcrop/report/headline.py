"""Title, one-sentence verdict and key numbers: what a reader takes away who reads nothing else."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from outcrop.report import problem, words
from outcrop.report.folder import RunFolder
from outcrop.report.questions import group_noun, step_noun
from outcrop.report.scores import Promise, Rung, Score, promises
from outcrop.report.tables import places


class Key(NamedTuple):
    """One key number with what it is."""

    value: str
    what: str


def title(run: RunFolder) -> str:
    """The target and where it was predicted, or the name of the folder."""
    named = run.run.get("title")
    if isinstance(named, str) and named:
        return named
    if problem.is_problem(run):
        return problem.title(run)
    target = words.series([str(row.get("name")) for row in run.targets]) if run.targets else ""
    return f"{target}{_ahead(run)}{_place(run)}" if target else run.path.resolve().name


def _ahead(run: RunFolder) -> str:
    lead = ((run.run.get("data") or {}).get("view") or {}).get("lead")
    return f", {words.plural(int(lead), step_noun(run))} ahead," if lead else ""


def _place(run: RunFolder) -> str:
    promise = run.run.get("promise") or {}
    if promise.get("new"):
        return f" in new {words.plain(str(promise['new'])).removesuffix(' root')}s"
    if promise.get("later"):
        return f" from {str(promise['later']).removesuffix('-01-01')} on"
    return " in the same population" if promise.get("same_population") else ""


def verdict(run: RunFolder) -> str:
    """The model against the ladder, in one sentence; an empty string when nothing was scored."""
    told = next(
        (row for row in run.findings if row.get("id") in ("no_usable_signal", "headline") and row.get("sentence")), None
    )
    if told:
        return str(told["sentence"])
    scored = [promise for promise in promises(run) if promise.primary in promise.model]
    if not scored:
        return ""
    promise = scored[0]
    score = promise.model[promise.primary]
    unit = f" {promise.words.unit}" if promise.words.unit else ""
    return f"{_where(run, promise)}, the {promise.words.label} is {_with_interval(score, unit)}{_against(promise)}."


def _where(run: RunFolder, promise: Promise) -> str:
    count, what = _tested(run, promise), group_noun(run)
    if (run.run.get("promise") or {}).get("later"):
        return f"After {run.run['promise']['later']}"
    return f"On {words.plural(count, what)} never seen in training" if count > 1 else "On the held-out part"


def _tested(run: RunFolder, promise: Promise) -> int:
    """Number of records in the test parts."""
    folds = ((run.split.get("promises") or {}).get(promise.name) or {}).get("folds") or []
    return len({name for fold in folds for name in fold.get("test", [])}) or len(promise.by_record())


def _with_interval(score: Score, unit: str) -> str:
    if not np.isfinite(score.low):
        return words.number(score.value) + unit
    return f"{words.number(score.value)}{unit} (interval {words.number(score.low)} to {words.number(score.high)})"


def _against(promise: Promise) -> str:
    """The clause that places the model on the ladder, the strongest baseline first."""
    baselines = [rung for rung in promise.ladder if not rung.is_model]
    if not baselines:
        return ", without a baseline to compare with"
    strongest = baselines[0]
    name = f"{words.plain(strongest.name)} ({words.number(strongest.scores[promise.primary].value)})"
    beaten = [rung for rung in baselines if _word(rung, promise) == "beats"]
    if len(beaten) == len(baselines):
        return (
            f": better than all {len(baselines)} baselines, the strongest being {name}"
            if len(beaten) > 1
            else f": better than {name}"
        )
    own = {
        "beats": f": better than the strongest baseline, {name}",
        "does not beat": f": not better than the strongest baseline, {name}",
    }.get(_word(strongest, promise), f": not distinguishable from the strongest baseline, {name}")
    return own + (f"; {len(beaten)} of {len(baselines)} baselines are beaten" if len(baselines) > 1 else "")


def _word(rung: Rung, promise: Promise) -> str:
    """The verdict as told, or from the values where none was written."""
    if rung.verdict.get("word"):
        return str(rung.verdict["word"])
    mine, other = promise.model[promise.primary].value, rung.scores.get(promise.primary, Score(np.nan)).value
    return "beats" if (mine < other) == promise.lower_is_better and mine != other else "does not beat"


def keys(run: RunFolder) -> list[Key]:
    """Key numbers for the head of the page."""
    if problem.is_problem(run):
        rows = problem.told(run).get("rows") or []
        return [Key(f"{row['value']:.2g}", row["what"]) for row in rows[:3]]
    found = []
    for promise in promises(run)[:1]:
        ladder = promise.ladder
        unit = f" {promise.words.unit}" if promise.words.unit else ""
        if promise.primary in promise.model:
            own = promise.model[promise.primary]
            found.append(Key(words.decimals(own.value, places(own)) + unit, promise.words.label))
        best = next((rung for rung in ladder if not rung.is_model and promise.primary in rung.scores), None)
        if best:
            other = best.scores[promise.primary]
            digits = places(promise.model.get(promise.primary, other))
            found.append(Key(words.decimals(other.value, digits) + unit, f"best baseline: {words.plain(best.name)}"))
        count = _tested(run, promise)
        if count > 1:
            found.append(Key(words.number(count), f"held-out {group_noun(run)}s"))
    total = effective_total(run)
    if total:
        labelled = sum(int(row.get("labelled") or 0) for row in run.data.get("records") or [])
        of = f" in {words.number(labelled)} labelled" if labelled else ""
        found.append(Key(words.number(round(total)), f"independent samples{of}"))
    return found


def effective_total(run: RunFolder) -> float | None:
    """Effective number of independent samples over all records, or None when it was not measured."""
    told = run.metrics.get("effective_samples")
    if isinstance(told, int | float):
        return float(told)
    told = told if isinstance(told, dict) else {}
    if isinstance(told.get("total"), int | float):
        return float(told["total"])
    parts = told.get("per_record") if isinstance(told.get("per_record"), dict) else None
    values = list(parts.values()) if parts else [row.get("effective_samples") for row in run.data.get("records") or []]
    known = [float(v) for v in values if isinstance(v, int | float)]
    return sum(known) if known else None
