"""The report's tables as plain records; the template only places their cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from outcrop.report import words
from outcrop.report.folder import RunFolder
from outcrop.report.scores import Promise, Rung, Score, score
from outcrop.report.style import class_colours

LONG = 14


class Cell(NamedTuple):
    """One cell: text, and how it is set."""

    text: str
    right: bool = False
    strong: bool = False
    mono: bool = False
    swatch: str = ""
    title: str = ""
    tone: str = ""
    bar: float | None = None


@dataclass(frozen=True)
class Table:
    """Column heads and rows of cells or plain strings; a table over LONG rows is folded under its caption."""

    head: Sequence[Cell | str]
    rows: Sequence[Sequence[Cell | str]]
    caption: str = ""
    folded: bool | None = None
    wide: bool = False

    @property
    def is_long(self) -> bool:
        return len(self.rows) > LONG if self.folded is None else self.folded

    def cells(self) -> list[list[Cell]]:
        return [[cell if isinstance(cell, Cell) else Cell(str(cell)) for cell in row] for row in self.rows]

    def heads(self) -> list[Cell]:
        return [cell if isinstance(cell, Cell) else Cell(str(cell)) for cell in self.head]

    def compact(self) -> Table:
        """Without the columns that are empty in every row."""
        rows = self.cells()
        keep = [i for i, _ in enumerate(self.head) if any(row[i].text not in ("", words.DASH) for row in rows)]
        return replace(self, head=[self.head[i] for i in keep], rows=[[row[i] for i in keep] for row in rows])


def variables(run: RunFolder) -> Table | None:
    """What goes in and out: name, role, unit, curves in the files, treatment."""
    rows = []
    for row in run.data.get("variables") or []:
        sources = row.get("sources") or []
        treatment = [str(row.get("transform") or "none")]
        rows.append(
            [
                Cell(str(row.get("name")), strong=True),
                str(row.get("role", "")),
                str(row.get("unit") or words.DASH),
                words.series(sources) if sources else words.DASH,
                " ".join(t for t in treatment if t != "none") or words.DASH,
                str(row.get("missing") or words.DASH) if row.get("role") == "input" else words.DASH,
                {"training": "training part", "record": "each record", "both": "training part, and each record"}.get(
                    str(row.get("scope")), words.DASH
                )
                if row.get("role") == "input"
                else words.DASH,
            ]
        )
    head = ["variable", "role", "unit", "curve in the files", "transform", "where missing", "statistics from"]
    return Table(head, rows, "Variables", folded=False).compact() if rows else None


def ladder(promise: Promise, metrics: Sequence[str], all_metrics: dict[str, Any]) -> Table | None:
    """Contenders by metric with intervals, and the verdict on each baseline."""
    rungs = promise.ladder
    if not rungs:
        return None
    judged = any(rung.verdict for rung in rungs)
    head: list[Cell | str] = ["contender", *[_metric_head(name, promise, all_metrics) for name in metrics]]
    rows = [_ladder_row(rung, metrics, judged, promise) for rung in rungs]
    caption = (
        f"Intervals at {words.percent(level)}" if (level := promise.content.get("level")) else "Scores with intervals"
    )
    caption += f", from resampling {over}" if (over := promise.content.get("resampled")) else ""
    if judged:
        head[2:2] = ["this model against it: gain (interval)"]
    return Table(head, rows, caption, folded=False)


def _metric_head(name: str, promise: Promise, all_metrics: dict[str, Any]) -> Cell:
    known = words.metric(name, all_metrics, promise.unit)
    arrow = {"higher": " ↑", "lower": " ↓"}.get(known.better, "")
    return Cell(known.label + (f" ({known.unit})" if known.unit else "") + arrow, right=True)


def _ladder_row(rung: Rung, metrics: Sequence[str], judged: bool, promise: Promise) -> list[Cell]:
    """Name, the deciding metric with its interval, the verdict, then the other metrics (intervals on hovering)."""
    name = Cell("this model" if rung.is_model else words.plain(rung.name), strong=rung.is_model)
    unknown, cells = Score(float("nan")), []
    for metric in metrics:
        score, digits = rung.scores.get(metric, unknown), places(promise.model.get(metric, unknown))
        text = interval(score, digits) if metric == promise.primary else words.decimals(score.value, digits)
        title = "" if metric == promise.primary or score.low != score.low else interval(score, digits)
        cells.append(Cell(text, right=True, strong=rung.is_model, title=title))
    if judged:
        cells[1:1] = [verdict_cell(rung, places(promise.model.get(promise.primary, unknown)))]
    return [name, *cells]


def places(score: Score) -> int:
    """Decimals that an interval carries: two digits of its half width, at least two.

    >>> places(Score(0.9151, 0.75, 1.08)), places(Score(0.61, 0.608, 0.613)), places(Score(812.0, 700.0, 900.0))
    (2, 4, 0)
    """
    half = (score.high - score.low) / 2
    if not half > 0:
        return 0 if abs(score.value) >= 100 else 3
    return max(0 if abs(score.value) >= 100 else 2, min(5, 1 - math.floor(math.log10(half))))


def verdict_cell(rung: Rung, digits: int = 3) -> Cell:
    """The verdict on one baseline with the paired gain of the model over it (positive: the model is better)."""
    if rung.is_model or not rung.verdict:
        return Cell("")
    word = str(rung.verdict.get("word", ""))
    tone = {"beats": "good", "does not beat": "bad", "cannot tell": "unsure"}.get(word, "")
    gain = score(rung.verdict | {"value": rung.verdict.get("difference")})
    told = f": {interval(gain, digits)}" if gain.value == gain.value else ""
    said = {"beats": "beats it", "does not beat": "does not beat it"}.get(word, word)
    return Cell(said + told, tone=tone, title=str(rung.verdict.get("sentence", "")))


def interval(score: Score, places: int = 3) -> str:
    """A score with its interval.

    >>> interval(Score(0.5, 0.4, 0.6)), interval(Score(0.5))
    ('0.500 (0.400 to 0.600)', '0.500')
    """
    value = words.decimals(score.value, places)
    if score.low != score.low:
        return value
    return f"{value} ({words.decimals(score.low, places)} to {words.decimals(score.high, places)})"


def per_class(promise: Promise, run: RunFolder, noun: str) -> Table | None:
    """Precision, recall, F1 (or IoU, where the mean of it is a score) and support by class, most frequent first."""
    rows = promise.rows("per_class")
    if not rows:
        return None
    names = run.class_names
    colours = dict(zip(names, class_colours(names), strict=True))
    labels = [str(row.get("class", row["label"])) for row in rows]
    labels = [names[int(t)] if t.isdigit() and t not in names and int(t) < len(names) else t for t in labels]
    columns = [
        k
        for k in ("precision", "recall", "iou" if "mean_iou" in promise.model else "f1", "expected_cost")
        if any(isinstance(r.get(k), float | int) for r in rows)
    ]
    support = [row.get("support", row.get("samples", 0)) or 0 for row in rows]
    total = sum(support) or 1
    for row, count in zip(rows, support, strict=True):
        row |= {} if count else {"recall": None, "f1": None, "iou": None}
    order = sorted(range(len(rows)), key=lambda i: -support[i])
    body = [
        [
            Cell(labels[i], swatch=colours.get(labels[i], "")),
            *[Cell(words.decimals(rows[i].get(k), 2), right=True, bar=_share(rows[i].get(k), k)) for k in columns],
            Cell(words.number(support[i]), right=True),
            Cell(words.percent(support[i] / total), right=True),
            Cell(words.number(rows[i].get("records")), right=True),
            _taken_for(rows[i]),
        ]
        for i in order
    ]
    head = [
        "class",
        *[Cell(words.metric(k).label, right=True) for k in columns],
        Cell("samples", right=True),
        Cell("share", right=True),
        Cell(f"{noun}s", right=True),
        "most often taken for",
    ]
    return Table(head, body, "By class", folded=False).compact()


def picks(promise: Promise) -> Table | None:
    """Every phase at every tolerance: network and baselines, by F1, with residuals of the hits."""
    body = []
    unit = str(promise.content.get("pick_unit") or "")
    for row in promise.content.get("picks") or []:
        every = [("model", row["model"]), *row["baselines"].items()]
        for name, scores in sorted(every, key=lambda pair: -(pair[1]["f1"] or 0)):
            f1 = Score(*(scores[k] if scores[k] is not None else math.nan for k in ("f1", "f1_low", "f1_high")))
            shown = [(scores[k], 2) for k in ("precision", "recall")]
            shown += [(scores[k], 3) for k in ("mean_residual", "sd_residual")]
            numbers = [Cell(words.decimals(value, places), right=True) for value, places in shown]
            who = Cell("network" if name == "model" else words.plain(name), strong=name == "model")
            within = f"{row['tolerance']:g} {unit}"
            body.append([row["phase"], Cell(within, right=True), who, Cell(interval(f1, 2), right=True), *numbers])
    heads = [
        Cell(t, right=True) for t in ("F1", "precision", "recall", f"mean residual ({unit})", "standard deviation")
    ]
    head = ["phase", Cell("within", right=True), "contender", *heads]
    return Table(head, body, "Picks by phase and tolerance", folded=False) if body else None


def _taken_for(row: dict[str, Any]) -> str:
    """The class it is most often mistaken for, with the share of its samples."""
    if not row.get("taken_for"):
        return words.DASH
    return f"{row['taken_for']} ({words.percent(row.get('taken_for_share'))})"


def per_record(promise: Promise, metrics: Sequence[str], all_metrics: dict[str, Any], noun: str) -> Table | None:
    """Metrics by record, best first by the primary metric."""
    rows = promise.rows("per_record")
    shown = [name for name in metrics if any(isinstance(row.get(name), int | float) for row in rows)]
    if not rows or not shown:
        return None
    sign = 1 if promise.lower_is_better else -1
    rows = sorted(
        rows, key=lambda row: sign * v if isinstance(v := row.get(promise.primary), int | float) else float("inf")
    )
    body = [
        [
            Cell(row["label"], strong=True),
            Cell(_fold(row.get("fold")), right=True),
            Cell(words.number(row.get("samples", row.get("labelled"))), right=True),
            *[Cell(words.decimals(row.get(name)), right=True) for name in shown],
            *[Cell(words.percent(row.get("valid_share")), right=True)],
        ]
        for row in rows
    ]
    head: list[Cell | str] = [noun, Cell("fold", right=True), Cell("samples", right=True)]
    head += [_metric_head(name, promise, all_metrics) for name in shown] + [Cell("inside validity", right=True)]
    caption = f"All {len(rows)} {noun}s, best first" if len(rows) > 1 else noun
    return Table(head, body, caption).compact()


def _fold(value: Any) -> str:
    """A fold's number counted from one, as the progress messages count it."""
    if isinstance(value, int | float):
        return str(int(value) + 1) if value == value else words.DASH
    return words.DASH if value is None else str(value)


def _share(value: Any, key: str) -> float | None:
    """Length of the bar behind a share between 0 and 1; None for other metrics."""
    inside = isinstance(value, int | float) and 0 <= value <= 1 and key in ("precision", "recall", "f1", "iou")
    return float(value) if inside else None


def search(entry: dict[str, Any], run: RunFolder) -> Table:
    """The settings that were tried, best first, with their mean score on inner folds."""
    keys = list(dict.fromkeys(key for trial in entry["trials"] for key in trial["settings"]))
    known, sign = words.metric(entry["metric"], run.metrics), -1 if entry["better"] == "higher" else 1
    by_score = sorted(entry["trials"], key=lambda t: float("inf") if t["mean"] is None else sign * t["mean"])
    rows: list[list[Cell | str]] = []
    for trial in by_score:
        times = sum(chosen == trial["settings"] for chosen in entry["chosen"])
        final = trial["settings"] == entry["final"]
        values = [Cell(str(trial["settings"].get(key, _stated(run, key))), right=True) for key in keys]
        said = ", ".join([f"{times} of {len(entry['chosen'])} folds"] * (times > 0) + ["the model file"] * final)
        score = "met NaN" if trial["mean"] is None else words.number(trial["mean"])
        rows.append([*values, Cell(score, right=True, strong=final), said])
    heads = [Cell(key.partition(".")[2], right=True, title=key) for key in keys]
    caption = f"Mean {known.label} on inner folds ({entry['inner_folds']} in each training part)"
    return Table([*heads, Cell(known.label, right=True), "chosen for"], rows, caption, folded=len(rows) > LONG)


def _stated(run: RunFolder, key: str) -> Any:
    """What the run file says of a dotted key."""
    value: Any = run.run
    for part in key.split("."):
        value = value.get(part, "default") if isinstance(value, dict) else value
    return value


def audit(run: RunFolder) -> Table | None:
    """Audit findings, violations first."""
    order = {"violation": 0, "inflation": 1, "note": 2}
    rows = [
        [
            Cell(
                str(row.get("level", "")),
                tone={"violation": "bad", "inflation": "unsure"}.get(str(row.get("level")), ""),
            ),
            words.plain(str(row.get("check", ""))),
            str(row.get("place", "")),
            str(row.get("size", "")),
            str(row.get("fix", "")),
            str(row.get("accepted") or words.DASH),
        ]
        for row in sorted(run.audit, key=lambda row: order.get(str(row.get("level")), 3))
    ]
    return (
        Table(["level", "check", "where", "size", "fix", "accepted because"], rows, folded=False, wide=True).compact()
        if rows
        else None
    )


def confusion(counts: Sequence[Sequence[float]], names: Sequence[str]) -> Table:
    """The counts behind the confusion matrix."""
    rows = [
        [Cell(name, strong=True), *[Cell(words.number(int(n)), right=True) for n in row]]
        for name, row in zip(names, counts, strict=True)
    ]
    return Table(
        ["true \\ predicted", *[Cell(name, right=True) for name in names]],
        rows,
        "Counts behind the matrix",
        folded=True,
    )
