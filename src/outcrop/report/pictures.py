"""Picks what each figure of the page shows, draws it, and writes its caption and its text for screen readers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from outcrop.report import words
from outcrop.report.figures import confidence, confusion, ladder, learning, place, split, tracks
from outcrop.report.figures import norms as flow
from outcrop.report.folder import Predictions, RunFolder
from outcrop.report.questions import noun
from outcrop.report.scores import Promise, promises, score
from outcrop.report.style import svg

MOST_CURVES = 7
MOST_TIMES = 4000


class Picture(NamedTuple):
    """A figure ready for the page: data address, widths in CSS pixels, text for screen readers, caption.

    Narrow figures shrink with the page; wide ones (log tracks) scroll sideways below `least` pixels.
    """

    address: str
    width: int
    least: int
    alt: str
    caption: str
    heading: str = ""
    half: bool = False


def picture(figure: Figure, alt: str, caption: str, heading: str = "", half: bool = False) -> Picture:
    """A figure as a Picture at its natural size."""
    inches = figure.get_figwidth()
    least = round(86 * inches) if inches > 6.7 else 0
    return Picture(svg(figure), min(928, round(108 * inches)), least, alt, caption, heading, half)


def axis_name(promise: Promise) -> str:
    """The primary metric with its unit, for an axis."""
    return f"{promise.words.label} ({promise.words.unit})" if promise.words.unit else promise.words.label


def ladder_picture(promise: Promise) -> list[Picture]:
    rungs = [rung for rung in promise.ladder if promise.primary in rung.scores]
    if not rungs:
        return []
    drawn = ladder.ladder(rungs, promise.primary, label=axis_name(promise), better=promise.words.better)
    told = [
        f"{'this model' if r.is_model else words.plain(r.name)} {words.number(r.scores[promise.primary].value)}"
        for r in rungs
    ]
    alt = f"Ladder of contenders by {promise.words.label}, best first: {', '.join(told)}."
    bars = ""
    if any(np.isfinite(rung.scores[promise.primary].low) for rung in rungs):
        level = promise.content.get("level")
        over = promise.content.get("resampled") or "whole groups or blocks"
        bars = f" Bars: {f'{words.percent(level)} ' if level else ''}intervals from resampling {over}."
    return [picture(drawn, alt, f"Model and baselines on the same held-out samples, best on top.{bars}")]


def gap_picture(promise: Promise) -> list[Picture]:
    told = promise.content.get("optimism_gap")
    if not isinstance(told, dict):
        return []
    promised = score(told.get("promised")) if "promised" in told else promise.model.get(promise.primary, score(None))
    naive = score(next((told[key] for key in ("random", "naive", "value") if key in told), None))
    if not (np.isfinite(promised.value) and np.isfinite(naive.value)):
        return []
    drawn = ladder.gap(promised, naive, label=axis_name(promise))
    values = [words.number(value.value) for value in (promised, naive)]
    alt = f"{promise.words.label}: {values[0]} promised, {values[1]} on a random split."
    caption = (
        "The same model and sizes under the promised split and under a naive random split of the same samples. "
        "Only the first says what to expect in use."
    )
    return [picture(drawn, alt, caption)]


def chosen_records(run: RunFolder, promise: Promise) -> list[tuple[str, str]]:
    """Best, median and worst record by the primary metric, each with the reason it was chosen."""
    predictions = run.predictions
    if predictions is None:
        return []
    ranked = [(name, value) for name, value in promise.by_record().items() if name in predictions.records]
    if not ranked:
        first = [name for i, name in enumerate(predictions.records) if (predictions["record"] == i).any()]
        return [(name, "") for name in first[:3]]
    places = (
        {0: "best", len(ranked) // 2: "median", len(ranked) - 1: "worst"}
        if len(ranked) > 2
        else dict.fromkeys(range(len(ranked)), "")
    )
    unit = f" {promise.words.unit}" if promise.words.unit else ""
    return [
        (
            ranked[i][0],
            f"{f'{why} of {len(ranked)} by ' if why else ''}{promise.words.label} ({words.number(ranked[i][1])}{unit})",
        )
        for i, why in sorted(places.items())
    ]


def track_pictures(run: RunFolder) -> list[Picture]:
    """Log tracks of the chosen records, for samples along depth."""
    predictions = run.predictions
    if predictions is None or predictions.axis != "depth" or "prediction" not in predictions or not promises(run):
        return []
    unit = predictions.units.get("depth") or "m"
    vertical = str((run.data.get("frame") or {}).get("vertical") or "").upper()
    axis_label = f"depth{f', {vertical}' if vertical and vertical != 'DEPTH' else ''} ({unit})"
    found = []
    for name, why in chosen_records(run, promises(run)[0]):
        column = _column(run, predictions, name)
        if len(column.axis) < 2:
            continue
        drawn = tracks.tracks(column, run.class_names, axis_label=axis_label, target_label=target_label(run))
        found.append(
            picture(drawn, _track_alt(name, column, run.class_names), _track_caption(column), f"{name}: {why}")
        )
    return found


def _column(run: RunFolder, predictions: Predictions, name: str) -> tracks.Column:
    rows = predictions.rows_of(name)
    logs = {
        str(v.get("name")) for v in run.data.get("variables") or [] if str(v.get("transform", "")).startswith("log")
    }
    inputs = predictions.starting_with("input_")
    measured = sorted(inputs, key=lambda k: not np.isfinite(inputs[k][rows].astype(float)).any())[:MOST_CURVES]
    curves = {
        k: tracks.Curve(
            inputs[k][rows].astype(float), predictions.units.get(f"input_{k}", ""), "log" if k in logs else "linear"
        )
        for k in inputs
        if k in measured
    }
    empty = np.zeros(0)
    return tracks.Column(
        predictions[predictions.axis][rows].astype(float),
        curves,
        predictions["target"][rows] if "target" in predictions else np.full(len(rows), -1),
        predictions["prediction"][rows],
        predictions["confidence"][rows] if "confidence" in predictions else empty,
        predictions["valid"][rows].astype(float) if "valid" in predictions else empty,
    )


def _track_alt(name: str, column: tracks.Column, classes: list[str]) -> str:
    ends = f"{column.axis[0]:,.0f} to {column.axis[-1]:,.0f}"
    text = f"Log tracks of {name} from {ends}: {words.series(list(column.curves))}, truth and prediction."
    if classes:
        both = (column.target >= 0) & (column.prediction >= 0)
        if both.any():
            share = float(np.mean((column.target == column.prediction)[both]))
            text += f" The prediction agrees with the truth on {words.percent(share)} of the samples."
    return text


def _track_caption(column: tracks.Column) -> str:
    text = "Grey: missing or not scored."
    if len(column.valid):
        text += " Last strip: green inside the area of validity, orange outside it."
    return text


def map_picture(run: RunFolder) -> list[Picture]:
    """All records with a position, by part or by the fold that tests them."""
    spots = positions(run)
    if len(spots) < 2:
        return []
    names = list(spots)
    parts = [_part(run, name) for name in names]
    x, y = np.array(list(spots.values())).T
    crs = str((run.data.get("frame") or {}).get("crs") or "")
    drawn = place.site_map(x, y, names, parts, crs)
    counts = ", ".join(f"{parts.count(kind)} {kind}" for kind in sorted(set(parts)))
    missing = len(run.data.get("records") or []) - len(names)
    note = f" {words.plural(missing, 'record')} without a position not shown." if missing else ""
    return [
        picture(
            drawn, f"Map of {words.plural(len(names), noun(run))}: {counts}.", f"Equal scale in both directions.{note}"
        )
    ]


def positions(run: RunFolder) -> dict[str, tuple[float, float]]:
    """Easting and northing in metres of every record that has them."""
    found = {}
    for row in run.data.get("records") or []:
        position = row.get("position") or {}
        pair = (position.get("easting"), position.get("northing"))
        if all(isinstance(value, int | float) and np.isfinite(value) for value in pair):
            found[str(row["name"])] = (float(pair[0]), float(pair[1]))
    return found


def split_pictures(run: RunFolder) -> list[Picture]:
    """The parts of the first fold of every promise, on the map, on a section or along the records."""
    found = []
    for arrays in run.layouts:
        kind, title, rows = str(arrays["kind"]), str(arrays["title"]), [str(row) for row in arrays["rows"]]
        labels = [str(label) for label in arrays["labels"]]
        drawn = split.split_picture(kind, arrays["x"], arrays["y"], arrays["part"], labels, rows, title)
        counts = [f"{split.PARTS[code]} {np.mean(arrays['part'] == code):.0%}" for code in np.unique(arrays["part"])]
        caption = "What is left out lies in a gap or buffer, or has no label." if (arrays["part"] == 0).any() else ""
        found.append(picture(drawn, f"Parts of the split {title}: {', '.join(counts)} of what is drawn.", caption))
    return found


def _part(run: RunFolder, name: str) -> str:
    told = next(iter((run.split.get("promises") or {}).values()), {})
    folds = told.get("folds") or []
    if len(folds) > 1:
        return next((f"fold {i + 1}" for i, fold in enumerate(folds) if name in fold.get("test", [])), "never tested")
    keys = (("test", "test"), ("validation", "validation"), ("calibration", "calibration"), ("train", "training"))
    return next((word for key, word in keys if folds and name in folds[0].get(key, [])), "unused")


def confusion_picture(promise: Promise, names: list[str]) -> list[Picture]:
    counts = promise.content.get("confusion")
    if not counts or len(counts) != len(names):
        return []
    matrix = np.array(counts, dtype=float)
    drawn = confusion.confusion(matrix, names)
    off = matrix - np.diag(np.diag(matrix))
    true, predicted = np.unravel_index(off.argmax(), off.shape)
    share = matrix.trace() / max(matrix.sum(), 1)
    alt = (
        f"Confusion matrix of {len(names)} classes; {words.percent(share)} of the samples on the diagonal. "
        f"Most frequent confusion: {names[true]} predicted as {names[predicted]}."
    )
    caption = "Each row adds to 100 %: where the samples of a true class went, in percent, with the count below."
    return [picture(drawn, alt, caption)]


def confidence_picture(promise: Promise) -> list[Picture]:
    """Share of right answers by stated confidence."""
    rows = [row for row in promise.rows("by_confidence") if row.get("confidence") is not None]
    if len(rows) < 2:
        return []
    stated, right, share = ([float(row[key]) for row in rows] for key in ("confidence", "accuracy", "share"))
    told = [
        f"{words.percent(a)} right at confidence {words.decimals(b, 2)}" for a, b in zip(right, stated, strict=True)
    ]
    caption = "Right answers by stated confidence; on the dashed line confidence is honest, below it too high."
    return [
        picture(confidence.confidence(stated, right, share), f"Confidence: {words.series(told)}.", caption, half=True)
    ]


def learning_picture(run: RunFolder) -> list[Picture]:
    history = run.history
    if "step" not in history or not len(history["step"]):
        return []
    kind = words.plain(str((run.run.get("loss") or {}).get("kind") or "loss"))
    begins = learning.stage_begins(history)
    label = "loss" if kind in ("loss", "auto") else f"loss ({kind})"
    drawn = learning.learning(history, label=label, stages={name: words.plain(name) for name in begins})
    best = learning.best_steps(history)
    median = (
        f" Best step at the median: {words.number(round(float(np.median([s for s, _ in best]))))} (dashed)."
        if best
        else ""
    )
    count = words.plural(len(learning.runs(history)), "training")
    kept = "the dot is the step whose weights are kept" if best else "the weights of the last step are kept"
    caption = f"One line per fold and member; {kept}.{median}"
    for name, steps in begins.items():
        after = words.number(round(float(np.median(steps))))
        caption += f" The stage {words.plain(name)} begins after step {after}{' at the median' * (len(steps) > 1)}."
    train = run.run.get("train") or {}
    if (run.run.get("model") or {}).get("dropout") or any((train.get("augment") or {}).values()):
        rest = ", validation losses do not." if best else "."
        caption += f" Training losses include dropout and augmentation{rest}"
    return [picture(drawn, f"Training and validation loss by step for {count}.{median}", caption)]


def norms_picture(run: RunFolder) -> list[Picture]:
    """Gradients and updates of every layer through training."""
    if not len(run.norms.get("step", ())):
        return []
    _, rows = flow.by_layer(run.norms)
    middle = {name: float(np.nanmedian(own[0])) for name, own in rows.items() if np.isfinite(own[0]).any()}
    weak, strong = min(middle, key=lambda name: middle[name]), max(middle, key=lambda name: middle[name])
    text = f"The gradient is strongest in {strong} ({middle[strong]:.1e}) and weakest in {weak} ({middle[weak]:.1e})."
    caption = (
        "Root mean square over the weights of each layer, before clipping, at the median of the trainings. A layer "
        f"learns where an update moves about a thousandth of its weights. {text}"
    )
    return [picture(flow.norms(run.norms), f"Gradients and updates by layer and training step. {text}", caption)]


def distance_picture(run: RunFolder, promise: Promise) -> list[Picture]:
    """Score of each record against the distance to its nearest training record."""
    folds = ((run.split.get("promises") or {}).get(promise.name) or {}).get("folds") or []
    told = {row["label"]: row.get("distance_m") for row in promise.rows("per_record")}
    distances = {k: v for k, v in told.items() if isinstance(v, int | float)}
    distances = distances or place.nearest_training(positions(run), folds)
    scores = promise.by_record()
    names = [name for name in scores if name in distances]
    if len(names) < 4:
        return []
    x, y = np.array([distances[n] for n in names]), np.array([scores[n] for n in names])
    drawn = place.by_distance(x, y, names, label=axis_name(promise))
    rho = _rank_correlation(x, y)
    text = f"Rank correlation {words.decimals(rho, 2)} over {len(names)} {noun(run)}s."
    return [picture(drawn, f"{promise.words.label} against distance to training. {text}", text)]


def _rank_correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Spearman's coefficient (ties get their order of appearance).

    >>> round(_rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 9.0])), 3)
    1.0
    """
    ranks = [np.argsort(np.argsort(values, kind="stable"), kind="stable") for values in (x, y)]
    return float(np.corrcoef(*ranks)[0, 1])


def target_label(run: RunFolder) -> str:
    """Name and unit of the target."""
    row: dict[str, Any] = run.targets[0] if run.targets else {}
    name = str(row.get("name") or "target")
    return f"{name} ({row['unit']})" if row.get("unit") else name
