"""Targets that are picks: how probabilities are read as picks, and picks on the scored samples.

A target is picks where its curve comes from the join `picks`; everything else about it is a target of classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from outcrop.evaluate.picks import APART, PLAIN_THRESHOLD, Picking, chosen_thresholds, picked, picks_of, seconds
from outcrop.evaluate.scored import MODEL, Scored
from outcrop.evaluate.seismic import Waves
from outcrop.records import Record
from outcrop.run.problem import Problem
from outcrop.view.rows import Rows

COLUMNS = ("record", "phase", "place", "sample", "probability")
"""Of picks.csv: `place` is the time stamp, or the coordinate along the record."""
SCORED_COLUMNS = ("contender", "record", "phase", "true", "found", "residual", "hit")
"""Of picks.csv in a run folder; places and residuals in seconds, or in the unit of the axis."""
BASELINE_THRESHOLD = 0.5
"""Baselines say 1 where they pick."""


def picking_of(problem: Problem) -> Picking | None:
    """Phases and tolerance where the target is picks, without thresholds yet; None for all other targets."""
    named = [s.options.get("name", "PICK") for s in problem.config.data.source.values() if s.join == "picks"]
    classes = problem.classes
    if classes is None or not set(named) & set(problem.target.sources):
        return None
    phases = tuple(k for k, code in enumerate(classes.codes) if str(code) != "0")
    if len(phases) == len(classes.codes):
        return None  # without a background there is nothing to pick from
    tolerance = problem.config.evaluate.pick_tolerance
    return Picking(phases, tuple(str(classes.names[k]) for k in phases), tolerance)


def kind_of(problem: Problem) -> str:
    """Kind of target, as metrics and baselines know it: "picks", "class" or "number"."""
    if picking_of(problem) is not None:
        return "picks"
    return "class" if problem.classes else "number"


def in_seconds(problem: Problem) -> bool:
    """Whether the records run along time, in seconds or time stamps."""
    record = problem.records[0]
    axis = record.data.coords.get(record.dim)
    dated = record.axis.dtype.kind == "M"
    return record.dims == ("time",) and (dated or (axis is not None and axis.attrs.get("units") == "s"))


def pick_unit(problem: Problem) -> str:
    """The unit of tolerance and residuals."""
    axis = problem.records[0].data.coords.get(problem.records[0].dim)
    return "s" if in_seconds(problem) else "" if axis is None else str(axis.attrs.get("units", ""))


def settled(how: Picking, problem: Problem, rows: Rows | None, probabilities: np.ndarray | None) -> Picking:
    """The thresholds chosen on validation; a plain one where there is none."""
    if rows is None or probabilities is None or not len(rows):
        return replace(how, thresholds=(PLAIN_THRESHOLD,) * len(how.phases))
    return replace(how, thresholds=chosen_thresholds(probabilities, *_along(problem, rows), how))


def pick_columns(problem: Problem, rows: Rows, columns: Mapping[str, np.ndarray], how: Picking) -> dict[str, Any]:
    """`picks:NAME` for every contender that has probabilities."""
    plain = replace(how, thresholds=(BASELINE_THRESHOLD,) * len(how.phases))
    along = _along(problem, rows)
    return {
        f"picks:{name}": picked(columns[f"probability:{name}"], *along, how if name == MODEL else plain)
        for name in (key.partition(":")[2] for key in columns if key.startswith("probability:"))
    }


def _along(problem: Problem, rows: Rows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Target, record and place in seconds (or the unit of the axis) of some rows."""
    flat = rows.flat(np.cumsum([0, *map(len, problem.records)]))
    target = np.concatenate([record.flat(problem.target.name) for record in problem.records])[flat]
    axis = np.concatenate([record.axis for record in problem.records])[flat]
    return target, rows.record, seconds(axis)


def kept(problem: Problem, thresholds: Sequence[Sequence[float]]) -> dict[str, Any] | None:
    """What a model file keeps of the picking: the folds' median thresholds; None where the target is not picks."""
    how = picking_of(problem)
    return how and asdict(replace(how, thresholds=tuple(np.median(np.array(thresholds), axis=0).tolist())))


def pick_rows(kept: Mapping[str, Any], record: Record, probabilities: np.ndarray) -> list[dict[str, Any]]:
    """The picks along one record, one row each, in the order of the record.

    Args:
        kept: what the model file says of picking.
        record: as it was predicted.
        probabilities: (sample, class), NaN where nothing is predicted.
    """
    rows, axis = [], record.axis
    for phase, name, threshold in zip(kept["phases"], kept["names"], kept["thresholds"], strict=True):
        chances = probabilities[:, phase]
        for sample in picks_of(chances, seconds(axis), threshold, APART * kept["tolerance"]).tolist():
            place = str(axis[sample]) if axis.dtype.kind == "M" else round(float(axis[sample]), 6)
            row = {"record": record.name, "phase": name, "place": place, "sample": sample}
            rows.append(row | {"probability": round(float(chances[sample]), 4)})
    return sorted(rows, key=lambda row: row["sample"])


def scored_rows(scored: Scored, phases: Sequence[str]) -> list[dict[str, Any]]:
    """Every pick, found or true, of every contender: one row per pair, per pick that is false and per pick missed."""
    rows, at = [], seconds(scored.position)
    for name, table in scored.picks.items():
        for place, phase in np.argwhere(table[..., :2].any(axis=-1)).tolist():
            found, true, hit, residual = table[place, phase].tolist()
            row: dict[str, Any] = {"contender": name, "record": scored.names[int(scored.record[place])]}
            row |= {"phase": phases[phase], "true": round(at[place], 4) if true else "", "hit": int(hit)}
            row["found"] = round(at[place] + residual, 4) if found else ""
            rows.append(row | {"residual": round(residual, 4) if found and true else ""})
    return rows


def waves_of(problem: Problem, rows: Rows) -> Waves:
    """The seismograms of some rows: all inputs that are numbers, each curve once, 0 where missing.

    A component is called as its curve, of which the last letter tells its direction ("Z", "HHZ").
    """
    inputs = [v for v in problem.variables if v.role == "input" and v.kind == "number"]
    curves = {v.sources: v.name for v in reversed(inputs)}  # scaled in two ways it is still one component
    series = {
        int(number): np.nan_to_num(np.stack([problem.records[number].flat(n) for n in curves.values()], axis=-1))
        for number in np.unique(rows.record)
    }
    names = tuple(sources[0] for sources in curves)
    step = float(np.median(np.diff(seconds(problem.records[0].axis))))
    return Waves(series, names, 1 / step, rows.record, rows.sample)
