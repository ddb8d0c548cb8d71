"""The sections of the page in reading order; each is a function of the run folder that returns None without data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from outcrop.report import ledger as declared
from outcrop.report import provenance, solved, tables, words
from outcrop.report.folder import RunFolder
from outcrop.report.forecasts import interval_pictures, lead_picture, series_pictures
from outcrop.report.generated import drawn_pictures, judged_tables, told_tables
from outcrop.report.headline import effective_total, verdict
from outcrop.report.images import section_pictures
from outcrop.report.pictures import (
    confidence_picture,
    confusion_picture,
    distance_picture,
    gap_picture,
    ladder_picture,
    learning_picture,
    map_picture,
    norms_picture,
    split_pictures,
    track_pictures,
)
from outcrop.report.problem import is_problem
from outcrop.report.quantities import quantities
from outcrop.report.questions import answers, noun, split_sentences
from outcrop.report.restored import alarms, gain_picture
from outcrop.report.scores import Promise, promises, score


@dataclass
class Section:
    """One section: blocks are (kind, content) pairs that the template knows how to set."""

    key: str
    title: str
    blocks: list[tuple[str, Any]] = field(default_factory=list)

    def add(self, kind: str, content: Any) -> Section:
        """Appends a block when there is anything in it."""
        if content:
            self.blocks.append((kind, content))
        return self


def sections(run: RunFolder) -> list[Section]:
    """All sections that have something to show, in reading order."""
    found = [build(run) for build in ORDER]
    return [section for section in found if section.blocks]


def four_questions(run: RunFolder) -> Section:
    return Section("questions", "The four questions").add("answers", answers(run)).add("table", tables.variables(run))


def findings(run: RunFolder) -> Section:
    said = verdict(run)
    return Section("findings", "Findings").add("findings", [row for row in run.findings if row.get("sentence") != said])


def ladder(run: RunFolder) -> Section:
    section = Section("ladder", "Against the baselines")
    scored = promises(run)
    for promise in scored:
        if len(scored) > 1:
            section.add("subtitle", promise.name)
        section.add("pictures", ladder_picture(promise))
        section.add("table", tables.ladder(promise, metric_names(promise), run.metrics))
        section.add("text", _high_confidence(promise))
        section.add("text", _validity(promise))
        section.add("text", _coverage(promise))
    return section


def metric_names(promise: Promise) -> list[str]:
    """The model's metrics, the primary one first."""
    return sorted(promise.model, key=lambda name: name != promise.primary)


def _high_confidence(promise: Promise) -> str:
    """The same score where the labels are trusted most."""
    told = promise.content.get("high_confidence") or {}
    entry = (told.get("model") or told).get(promise.primary)
    value = score(entry)
    if not np.isfinite(value.value):
        return ""
    share = told.get("share")
    part = f" ({words.percent(share)} of the scored samples)" if isinstance(share, int | float) else ""
    return f"Where the label quality is high{part}, the {promise.words.label} is {tables.interval(value)}."


def _validity(promise: Promise) -> str:
    """The score inside and outside the area of validity."""
    told = promise.content.get("by_validity") or {}
    parts = []
    unit = f" {promise.words.unit}" if promise.words.unit else ""
    for place, entry in told.items():
        value = score((entry.get("model") or {}).get(promise.primary)).value
        if np.isfinite(value):
            parts.append(
                f"{words.number(value)}{unit} {place} the area of validity ({words.percent(entry.get('share'))})"
            )
    return f"The {promise.words.label} is {words.series(parts)}." if parts else ""


def _coverage(promise: Promise) -> str:
    """A warning when labelled samples of the held-out part were not scored."""
    told = promise.content.get("coverage") or {}
    left = told.get("without_prediction")
    if not left:
        return str(promise.content.get("reason") or "")
    return f"{words.number(left)} of {words.number(told.get('labelled'))} labelled held-out samples have no prediction."


def physics_ledger(run: RunFolder) -> Section:
    """Checks that the user declares: truth, network and baselines side by side."""
    section = Section("ledger", "Checks declared by you")
    for promise in promises(run):
        section.add("table", declared.checks(promise))
        for sentence in declared.notes(promise):
            section.add("text", sentence)
    return section


def read_off(run: RunFolder) -> Section:
    """Numbers that are read off whole fields."""
    section = Section("quantities", "Quantities of interest")
    for promise in promises(run):
        section.add("table", quantities(promise))
    return section


def records_shown(run: RunFolder) -> Section:
    """Log tracks, classes on sections and images, or series and residuals for numbers along time."""
    drawn = track_pictures(run) or section_pictures(run)
    pictures = drawn or series_pictures(run)
    along_depth = run.predictions is not None and run.predictions.axis == "depth"
    section = Section("records", f"Held-out {noun(run)}s" if along_depth or drawn else "Observed and predicted")
    section.add("pictures", pictures)
    if along_depth and run.predictions is not None and not run.predictions.classes:
        section.add("pictures", series_pictures(run))
    return section


def lead(run: RunFolder) -> Section:
    """How far ahead a forecast sees."""
    section = Section("lead", "Score and lead")
    for promise in promises(run):
        section.add("pictures", lead_picture(run, promise))
    return section


def given_back(run: RunFolder) -> Section:
    """Inputs that are given back: gain against noise, false alarms."""
    section = Section("given-back", "What is given back")
    for promise in promises(run):
        section.add("pictures", gain_picture(promise)).add("text", alarms(promise))
    return section


def realisations(run: RunFolder) -> Section:
    """What a generator draws, beside what was found, and what judges it."""
    section = Section("realisations", "Realisations").add("pictures", drawn_pictures(run))
    for promise in promises(run):
        for table in (*told_tables(promise), *judged_tables(promise)):
            section.add("table", table)
    return section


def solution(run: RunFolder) -> Section:
    """An equation's solution on its domain, how good it is, and the terms of its loss."""
    section = Section("solution", "Solution")
    if not is_problem(run):
        return section
    section.add("table", solved.error_table(run))
    return section.add("pictures", solved.solution_pictures(run)).add("pictures", solved.term_pictures(run))


def intervals(run: RunFolder) -> Section:
    """What the network's own uncertainty is worth."""
    section = Section("intervals", "Uncertainty")
    for promise in promises(run):
        section.add("pictures", interval_pictures(promise))
        section.add("text", str((promise.content.get("intervals") or {}).get("reason") or "").capitalize())
    return section


def place(run: RunFolder) -> Section:
    section = Section("map", f"Where the {noun(run)}s lie").add("pictures", map_picture(run))
    if section.blocks:
        for sentence in split_sentences(run):
            section.add("text", sentence)
    return section


def by_class(run: RunFolder) -> Section:
    section = Section("classes", "Classes")
    for promise in promises(run):
        counts = promise.content.get("confusion")
        section.add("pictures", confusion_picture(promise, run.class_names))
        section.add("table", tables.per_class(promise, run, noun(run)))
        section.add("pictures", confidence_picture(promise))
        if counts and len(counts) == len(run.class_names):
            section.add("table", tables.confusion(counts, run.class_names))
    return section


def picks(run: RunFolder) -> Section:
    section = Section("picks", "Picks")
    for promise in promises(run):
        section.add("table", tables.picks(promise))
    return section


def by_record(run: RunFolder) -> Section:
    section = Section("wells", f"{noun(run).capitalize()} by {noun(run)}")
    for promise in promises(run):
        if len(promise.rows("per_record")) < 2:  # one record says what the ladder has said
            continue
        section.add("table", tables.per_record(promise, metric_names(promise), run.metrics, noun(run)))
    return section


def learning(run: RunFolder) -> Section:
    section = Section("learning", "Learning curves").add("pictures", learning_picture(run))
    if not is_problem(run):
        section.add("pictures", solved.term_pictures(run))
    return section.add("pictures", norms_picture(run))


def search(run: RunFolder) -> Section:
    """Which settings were tried inside the training parts."""
    section = Section("search", "Settings tried")
    for entry in run.search.values():
        section.add("table", tables.search(entry, run))
    if section.blocks:
        section.add("text", "Chosen inside each training part: what a fold was tested on had no say in its settings.")
    return section


def distance(run: RunFolder) -> Section:
    section = Section("distance", "Score and distance to training")
    for promise in promises(run):
        section.add("pictures", distance_picture(run, promise))
    return section


def parts(run: RunFolder) -> Section:
    """Which samples train and test, for each promise."""
    return Section("parts", "Training and test part").add("pictures", split_pictures(run))


def audit(run: RunFolder) -> Section:
    section = Section("audit", "Audit of the split")
    if run.split and not run.audit:
        return section.add("text", "The audit found no leak and nothing that inflates the score.")
    return section.add("table", tables.audit(run))


def optimism_gap(run: RunFolder) -> Section:
    section = Section("gap", "Optimism gap")
    for promise in promises(run):
        told = promise.content.get("optimism_gap") or {}
        section.add("pictures", gap_picture(promise))
        section.add("text", str(told.get("sentence") or "") if isinstance(told, dict) else "")
    return section


def effective(run: RunFolder) -> Section:
    """How many independent samples the labels amount to."""
    section = Section("effective", "How many independent samples")
    total = effective_total(run)
    if not total:
        return section
    records = run.data.get("records") or []
    labelled = sum(int(row.get("labelled") or 0) for row in records)
    sentence = f"The labels amount to about {words.number(round(total))} independent samples"
    if labelled:
        sentence = (
            f"{words.number(labelled)} labelled samples amount to about {words.number(round(total))} independent ones"
        )
        sentence += f", one in {words.number(labelled / total, 2)}"
    tail = "; neighbouring samples repeat each other, so intervals here come from resampling whole groups or blocks."
    section.add("text", sentence + tail)
    rows = [
        [
            str(row.get("name")),
            *[tables.Cell(words.number(row.get(k)), right=True) for k in ("labelled", "effective_samples")],
        ]
        for row in sorted(records, key=lambda row: -(row.get("effective_samples") or 0))
        if row.get("effective_samples") is not None
    ]
    head = [noun(run), *[tables.Cell(text, right=True) for text in ("labelled samples", "effective samples")]]
    return section.add("table", tables.Table(head, rows, f"By {noun(run)}", folded=True) if len(rows) > 1 else None)


def origin_of_it_all(run: RunFolder) -> Section:
    section = Section("provenance", "Provenance").add("pairs", provenance.environment(run))
    for table, caption in (
        (provenance.files(run), "Files"),
        (provenance.conversions(run), "Conversions and missing curves"),
        (provenance.joins(run), "Joins"),
    ):
        if table:
            section.add("table", tables.Table(table.head, table.rows, caption, folded=True, wide=True))
    return section.add("source", (run.path / "run.toml").read_text(encoding="utf-8") if run.run else "")


ORDER: tuple[Callable[[RunFolder], Section], ...] = (
    four_questions,
    findings,
    ladder,
    physics_ledger,
    read_off,
    records_shown,
    lead,
    given_back,
    realisations,
    solution,
    intervals,
    place,
    by_class,
    picks,
    by_record,
    learning,
    search,
    distance,
    parts,
    audit,
    optimism_gap,
    effective,
    origin_of_it_all,
)
