"""Where a score comes from: by record, fold, class, distance to training, confidence, validity and label quality.

Each function takes scorable samples and gives plain rows for metrics.json. `SECTIONS` says which belong to which kind
of target; a new kind of task adds its own row there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from outcrop.evaluate.conformal import Calibration
from outcrop.evaluate.interval import Bootstrap
from outcrop.evaluate.ledger import Ledger, ledger_of
from outcrop.evaluate.picks import Picking, of_phases
from outcrop.evaluate.quantities import quantities
from outcrop.evaluate.resample import Units, by_group
from outcrop.evaluate.scored import MODEL, Scored
from outcrop.metric.classification import confusion_matrix, per_class_of

CONFIDENCE_EDGES = (0.0, 0.5, 0.7, 0.9, 1.0)
FEWEST_RECORDS_PER_BIN = 4
IDENTITY = "identity"
"""The baseline that gives the noisy input back."""


@dataclass(frozen=True)
class Held:
    """Calibrated intervals (or sets of classes) of the samples.

    Attributes:
        inside: per sample, whether the true value was held.
        size: width in the target's unit, or number of classes.
        calibration: margin, groups, or why there is none.
        method: how it was calibrated, in words.
    """

    inside: np.ndarray
    size: np.ndarray
    calibration: Calibration
    method: str


@dataclass(frozen=True)
class Extras:
    """What is known about the samples beside target and predictions; all optional.

    Attributes:
        high_confidence: per sample, True where the label's quality is highest.
        valid: per sample, True inside the model's area of validity.
        distances: record -> distance to the nearest training record of its fold, in m.
        gap: entry of the optimism gap, from `gap.optimism_gap`.
        intervals: what calibrated intervals held.
        picking: how probabilities are read as picks, where picks are scored.
        ledger: checks that the user declares, where there are any.
        quantities: declared name -> what is read off each record's field, a key of `quantities.QUANTITIES`.
    """

    high_confidence: np.ndarray | None = None
    valid: np.ndarray | None = None
    distances: Mapping[str, float] = field(default_factory=dict)
    gap: Mapping[str, Any] | None = None
    intervals: Held | None = None
    picking: Picking | None = None
    ledger: Ledger | None = None
    quantities: Mapping[str, str] = field(default_factory=dict)

    def where(self, mask: np.ndarray) -> Extras:
        """The same for some of the samples."""

        def cut(column: np.ndarray | None) -> np.ndarray | None:
            return None if column is None else np.asarray(column, dtype=bool)[mask]

        told = self.intervals
        held = None if told is None else replace(told, inside=told.inside[mask], size=told.size[mask])
        ledger = None if self.ledger is None else self.ledger.where(mask)
        columns = {"high_confidence": cut(self.high_confidence), "valid": cut(self.valid)}
        return replace(self, **columns, intervals=held, ledger=ledger)


@dataclass(frozen=True)
class Part:
    """What a section is made from."""

    scored: Scored
    metrics: tuple[str, ...]
    primary: str
    bootstrap: Bootstrap
    extras: Extras

    @property
    def units(self) -> Units:
        """What is drawn: groups, or blocks of time."""
        return self.bootstrap.units


def scores(scored: Scored, metrics: Sequence[str], primary: str) -> dict[str, Any]:
    """All metrics of the network and the primary one of every baseline, as bare numbers."""
    return {
        "samples": len(scored),
        "records": len(np.unique(scored.record)),
        "model": {name: scored.value(name, MODEL) for name in metrics},
        "baselines": {name: scored.value(primary, name) for name in scored.baselines},
    }


def per_record(part: Part) -> list[dict[str, Any]]:
    """One row per scored record: samples, fold, distance, share inside validity, scores of network and baselines."""
    scored, units = part.scored, by_group(part.scored)
    table = Bootstrap(scored, units, n=1)
    size = np.bincount(units.member, minlength=len(units))
    first = np.unique(units.member, return_index=True)[1]
    columns = {name: table.per_unit(name, MODEL) for name in part.metrics}
    others = {name: table.per_unit(part.primary, name) for name in scored.baselines}
    valid = part.extras.valid
    inside = None if valid is None else np.bincount(units.member, weights=valid, minlength=len(units)) / size
    return [
        {
            "record": name,
            "samples": int(size[i]),
            "fold": None if scored.fold is None else int(scored.fold[first[i]]),
            "distance_m": part.extras.distances.get(name),
            "valid_share": None if inside is None else float(inside[i]),
            "model": {metric: float(column[i]) for metric, column in columns.items()},
            "baselines": {contender: float(column[i]) for contender, column in others.items()},
        }
        for i, name in enumerate(units.labels)
    ]


def folds(part: Part) -> list[dict[str, Any]]:
    """One row per fold."""
    scored = part.scored
    if scored.fold is None:
        return []
    numbers = np.unique(scored.fold)
    return [{"fold": int(i), **scores(scored.where(scored.fold == i), part.metrics, part.primary)} for i in numbers]


def confusion(part: Part) -> list[list[float]]:
    """The network's confusion matrix, [true, predicted] in the order of the classes."""
    scored = part.scored
    return confusion_matrix(
        prediction=scored.predictions[MODEL], target=scored.target, classes=scored.class_count
    ).tolist()


def per_class(part: Part) -> list[dict[str, Any]]:
    """One row per class: how often it occurs, is found and called, what it is taken for, its mean penalty."""
    scored, classes = part.scored, part.scored.classes
    if classes is None:
        return []
    matrix = np.asarray(confusion(part))
    table = per_class_of(matrix)
    wrong = matrix - np.diag(np.diag(matrix))
    cost = None if scored.cost is None else (matrix * scored.cost).sum(axis=1)
    pairs = np.unique(np.stack([scored.target, scored.record]), axis=1)[0]
    records = np.bincount(pairs, minlength=len(matrix))
    rows = []
    for i, (code, name) in enumerate(zip(classes.codes, classes.names, strict=True)):
        taken_for = int(wrong[i].argmax())
        rows.append(
            {
                "class": name,
                "code": code,
                "support": int(table["support"][i]),
                "records": int(records[i]),
                "predicted": int(table["predicted"][i]),
                **{key: float(table[key][i]) for key in ("precision", "recall", "f1", "iou")},
                **({} if cost is None else {"expected_cost": float(cost[i] / max(1.0, table["support"][i]))}),
                "taken_for": classes.names[taken_for] if wrong[i, taken_for] else None,
                "taken_for_share": float(wrong[i, taken_for] / max(1.0, table["support"][i])),
            }
        )
    return rows


def by_distance(part: Part) -> list[dict[str, Any]]:
    """Up to three bins with equally many records, by distance to the nearest training record."""
    scored = part.scored
    known = np.array([part.extras.distances.get(name, np.nan) for name in scored.names], dtype=np.float64)
    present = [i for i in np.unique(scored.record) if np.isfinite(known[i])]
    bins = min(3, len(present) // FEWEST_RECORDS_PER_BIN)
    if bins < 2:
        return []
    order = np.array(present)[np.argsort(known[present], kind="stable")]
    return [
        {"from_m": float(known[chunk].min()), "to_m": float(known[chunk].max())}
        | scores(scored.where(np.isin(scored.record, chunk)), part.metrics, part.primary)
        for chunk in np.array_split(order, bins)
    ]


def by_lead(part: Part) -> list[dict[str, Any]]:
    """One row for each lead of a forecast: how far the network and every baseline see ahead."""
    scored = part.scored
    if scored.lead is None:
        return []
    return [
        {"lead": int(lead), **scores(scored.where(scored.lead == lead), part.metrics, part.primary)}
        for lead in np.unique(scored.lead)
    ]


def by_snr_db(part: Part) -> list[dict[str, Any]]:
    """One row for each ratio of signal to added noise, with intervals, and what everybody gains on the noisy input."""
    return _by_member(part, "snr_db")


def by_variable(part: Part) -> list[dict[str, Any]]:
    """One row for each variable that is given back, with intervals."""
    return _by_member(part, "variable")


def _by_member(part: Part, key: str) -> list[dict[str, Any]]:
    scored, metric = part.scored, part.primary
    values = np.asarray(scored.members.get(key, ()))
    rows = []
    for value in np.unique(values):
        mask = values == value
        units = replace(part.units, member=part.units.member[mask])
        own = Bootstrap(scored.where(mask), units, len(part.bootstrap.draws), part.bootstrap.seed)
        gains = [name for name in scored.predictions if name != IDENTITY] if IDENTITY in scored.predictions else []
        rows.append(
            {
                key: value.item(),
                "model": {name: own.interval(name, MODEL).plain() for name in part.metrics},
                "baselines": {name: own.interval(metric, name).plain() for name in scored.baselines},
                "gain": {name: own.difference(metric, name, IDENTITY).plain() for name in gains},
            }
        )
    return rows


def by_confidence(part: Part) -> list[dict[str, Any]]:
    """Share of right answers by the network's own highest probability: honest confidence follows the diagonal."""
    scored = part.scored
    if MODEL not in scored.probabilities:
        return []
    confidence = scored.probabilities[MODEL].max(axis=1)
    right = scored.predictions[MODEL] == scored.target
    rows = []
    for low, high in pairwise(CONFIDENCE_EDGES):
        inside = (confidence >= low) & ((confidence < high) | (high == 1.0))
        if inside.any():
            rows.append(
                {
                    "from": low,
                    "to": high,
                    "share": float(inside.mean()),
                    "confidence": float(confidence[inside].mean()),
                    "accuracy": float(right[inside].mean()),
                }
            )
    return rows


def by_validity(part: Part) -> dict[str, Any] | None:
    """The scores inside and outside the area of validity."""
    if part.extras.valid is None:
        return None
    return {
        name: _share_and_scores(part, mask)
        for name, mask in (("inside", part.extras.valid), ("outside", ~part.extras.valid))
        if mask.any()
    }


def high_confidence(part: Part) -> dict[str, Any] | None:
    """The scores on the labels of highest quality."""
    mask = part.extras.high_confidence
    return None if mask is None or not mask.any() else _share_and_scores(part, mask)


def ledger(part: Part) -> list[dict[str, Any]]:
    """One entry per check that the user declares: truth, network and baselines side by side."""
    own = part.extras.ledger
    return [] if own is None else ledger_of(own, part.scored, part.bootstrap)


def _share_and_scores(part: Part, mask: np.ndarray) -> dict[str, Any]:
    return {"share": float(mask.mean()), **scores(part.scored.where(mask), part.metrics, part.primary)}


def spread(part: Part) -> dict[str, Any]:
    """Median and quartiles of the primary metric over groups or blocks, each counting once."""
    values = Bootstrap(part.scored, part.units, n=1).per_unit(part.primary, MODEL)
    values = values[np.isfinite(values)]
    if not len(values):
        return {}
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return {"median": float(middle), "quarter": float(low), "three_quarters": float(high), "over": part.units.sentence}


@dataclass(frozen=True)
class SectionRow:
    """One table of a promise's entry: for which kinds of target, and the function that makes it."""

    kinds: tuple[str, ...]
    make: Callable[[Part], Any]


_ALL = ("class", "number", "picks", "draws")
SECTIONS: dict[str, SectionRow] = {
    "spread": SectionRow(_ALL, spread),
    "folds": SectionRow(_ALL, folds),
    "per_record": SectionRow(_ALL, per_record),
    "per_class": SectionRow(("class",), per_class),
    "confusion": SectionRow(("class",), confusion),
    "by_distance": SectionRow(_ALL, by_distance),
    "by_lead": SectionRow(_ALL, by_lead),
    "by_snr_db": SectionRow(("number",), by_snr_db),
    "by_variable": SectionRow(("number",), by_variable),
    "by_confidence": SectionRow(("class",), by_confidence),
    "by_validity": SectionRow(_ALL, by_validity),
    "quantities": SectionRow(("number",), quantities),
    "picks": SectionRow(("picks",), of_phases),
    "high_confidence": SectionRow(_ALL, high_confidence),
    "ledger": SectionRow(("class", "number", "picks"), ledger),
}
