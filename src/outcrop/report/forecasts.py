"""Pictures of number targets: along time, against what was observed, by month and regime, and by lead."""

from __future__ import annotations

import numpy as np

from outcrop.report import words
from outcrop.report.figures import coverage, lead, series
from outcrop.report.folder import Predictions, RunFolder
from outcrop.report.pictures import MOST_TIMES, Picture, axis_name, chosen_records, picture, target_label
from outcrop.report.scores import Promise, promises

SECONDS = {"day": 86_400.0, "hour": 3_600.0, "minute": 60.0, "second": 1.0}


def series_pictures(run: RunFolder) -> list[Picture]:
    """Number targets: along time, against each other, residuals by month and regime."""
    p = run.predictions
    if p is None or p.classes or "prediction" not in p or "target" not in p:
        return []
    label = target_label(run)
    target, residual = p["target"], p["prediction"] - p["target"]
    found = _forecasts(run, p, label) if p.axis == "time" else []
    known = np.isfinite(residual)
    if known.sum() < 3:
        return found
    spread = words.number(float(np.std(residual[known])))
    drawn = series.scatter(target, p["prediction"], label=label)
    found.append(
        picture(drawn, f"Predicted against observed {label}; residual spread {spread}.", "Dashed: equality.", half=True)
    )
    drawn = series.residual_by_regime(target, residual, label=label)
    caption = "Residuals in five equally filled ranges of the observed value; box: middle half, line: median."
    found.append(picture(drawn, f"Residuals by range of the observed {label}.", caption, half=True))
    if np.issubdtype(p[p.axis].dtype, np.datetime64):
        drawn = series.residual_by_month(p[p.axis], residual, label=label)
        found.append(
            picture(drawn, f"Residuals of {label} by calendar month.", "Residuals by calendar month.", half=True)
        )
    return found


def _forecasts(run: RunFolder, p: Predictions, label: str) -> list[Picture]:
    chosen = chosen_records(run, promises(run)[0]) if promises(run) else [(p.records[0], "")]
    strongest = [rung.name for rung in promises(run)[0].ladder if not rung.is_model] if promises(run) else []
    found = []
    for name, why in chosen:
        rows = _best_informed(p, name)[-MOST_TIMES:]
        lines = p.starting_with("baseline_")
        order = [k for k in strongest if k in lines] or list(lines)
        bounds = (p["prediction_low"][rows], p["prediction_high"][rows]) if "prediction_low" in p else None
        drawn = series.forecast(
            p[p.axis][rows],
            p["target"][rows],
            p["prediction"][rows],
            label=label,
            baselines={k: lines[k][rows] for k in order[:2]},
            interval=bounds,
        )
        cut = f" The last {MOST_TIMES:,} samples." if len(rows) == MOST_TIMES else ""
        caption = f"Test part, with the two strongest baselines.{cut}" if order else f"Test part.{cut}"
        heading = f"{name}: {why}" if len(chosen) > 1 else ""
        found.append(picture(drawn, f"Observed and predicted {label} of {name} along time.", caption, heading))
        if "climatology" in lines:
            usual = lines["climatology"][rows]
            best = [k for k in order if k != "climatology"][:1]
            drawn = series.forecast(
                p[p.axis][rows],
                p["target"][rows] - usual,
                p["prediction"][rows] - usual,
                label=f"{label}, departure",
                baselines={k: lines[k][rows] - usual for k in best},
                zero="climatology",
            )
            caption = "The same less the climatology: what is left to forecast once the season is known."
            found.append(picture(drawn, f"Departure of {label} from the climatology along time.", caption))
    return found


def _best_informed(p: Predictions, record: str) -> np.ndarray:
    """Rows of one record along its axis; of a sample forecast at several leads the shortest."""
    rows = p.rows_of(record)
    if "lead" not in p:
        return rows
    order = np.lexsort((p["lead"][rows], p["index"][rows]))
    _, first = np.unique(p["index"][rows][order], return_index=True)
    return rows[order][first]


def lead_picture(run: RunFolder, promise: Promise) -> list[Picture]:
    """The score of a forecast by how far it looks ahead, with the best baselines."""
    rows = promise.rows("by_lead")
    if len(rows) < 2:
        return []
    step, unit = _step(run)
    ahead = np.array([row["lead"] for row in rows], float) * step
    names = [rung.name for rung in promise.ladder if not rung.is_model]
    lines = {name: np.array([row["baselines"].get(name, np.nan) for row in rows], float) for name in names}
    own = np.array([row[promise.primary] for row in rows], float)
    drawn = lead.by_lead(ahead, own, lines, label=axis_name(promise), unit=unit)
    best = [np.nanmin(own), np.nanmax(own)]
    alt = (
        f"{promise.words.label} of the network from {words.number(best[0])} to {words.number(best[1])} "
        f"over leads of {words.number(ahead[0])} to {words.number(ahead[-1])} {unit}."
    )
    return [picture(drawn, alt, "By lead: how far ahead of the last known sample a value was predicted.")]


def _step(run: RunFolder) -> tuple[float, str]:
    """Length of one step along time and its unit; steps themselves where the axis is no time."""
    p = run.predictions
    if p is None or not np.issubdtype(p[p.axis].dtype, np.datetime64):
        return 1.0, "steps"
    stamps = np.unique(p[p.axis].astype("datetime64[s]").astype(np.int64))
    seconds = float(np.median(np.diff(stamps))) if len(stamps) > 1 else 1.0
    unit = next((name for name, length in SECONDS.items() if seconds >= length), "second")
    return seconds / SECONDS[unit], f"{unit}s"


def interval_pictures(promise: Promise) -> list[Picture]:
    """Coverage of calibrated intervals (or sets) by group, and how reliable the quantiles behind them are."""
    told = promise.content.get("intervals") or {}
    rows = [row for row in told.get("per_group") or [] if row.get("coverage") is not None]
    found = []
    if len(rows) > 1:
        share = np.array([row["coverage"] for row in rows], float)
        names, noun = [str(row["group"]) for row in rows], str(promise.content.get("noun") or "group")
        drawn = coverage.by_group(names, share, float(told["level"]), noun=noun.partition(" of ")[0])
        what = "sets of classes" if told.get("kind") == "sets" else "intervals"
        promised, held = words.percent(told["level"]), words.percent(told["coverage"])
        text = (
            f"{held} of the true values lie inside the {promised} {what}, "
            f"{words.percent(float(np.median(share)))} in the median {noun}, {words.percent(share.min())} in the worst."
        )
        found.append(picture(drawn, text, f"{text} Calibrated {told.get('method', '')}."))
    curve = told.get("reliability") or []
    if len(curve) > 1:
        level, below = (np.array([row[key] for row in curve], float) for key in ("level", "share"))
        drawn = coverage.reliability(level, below)
        worst = float(np.abs(below - level).max())
        text = f"True values below each predicted quantile, before calibration; at most {words.percent(worst)} off."
        found.append(picture(drawn, text, f"{text} Dashed: honest.", half=True))
    return found
