"""The normaliser: physical values to the numbers a network sees, and its answers back to physical values.

Fitted on training samples alone, each counted once however many examples read it; it remembers which samples those
were. The same object serves training, evaluation, prediction and the baselines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from outcrop.data import transform as transforms
from outcrop.data.seen import Ranges, column, gather, grid_of, is_missing, mask_of, seen, union
from outcrop.data.seen import fingerprint as fingerprint_of
from outcrop.data.statistic import UNIT, Statistic, describe
from outcrop.data.variable import Variable
from outcrop.errors import DataError, message
from outcrop.records import Record

__all__ = ["Channels", "Encoded", "Normaliser", "union"]


FEWEST_OWN = 200
"""Values of its own that a record needs to be scaled by them beside the scale of training."""
LEAST_OWN_SPREAD = 0.15
"""Least spread of a record's own values, in spreads of training."""


@dataclass(frozen=True)
class Encoded:
    """One record as arrays along its samples.

    Attributes:
        inputs: float32 (sample, channel), standardised.
        target: int32 class index (-1 missing) or float32 standardised number (NaN missing), (sample,); None where the
            record has no target variable.
        weight: float32 (sample,): 0 where the target or a "drop" input is missing, else the weight variable's value,
            or 1 where it has none. None where there is no target.
        usable: bool (sample,): all "drop" inputs are there.
        channels: name of each channel.
        owners: name of the variable that each channel belongs to.
    """

    inputs: np.ndarray
    target: np.ndarray | None
    weight: np.ndarray | None
    usable: np.ndarray
    channels: tuple[str, ...]
    owners: tuple[str, ...] = ()


@dataclass(frozen=True)
class Channels:
    """Where one input variable stands in the channels: its values, and the channel that says it is there."""

    values: tuple[int, ...]
    present: int | None = None

    @property
    def every(self) -> tuple[int, ...]:
        """All of them, in order."""
        return self.values if self.present is None else (*self.values, self.present)


@dataclass(frozen=True)
class Normaliser:
    """Scales every variable by what the training part showed. Built by `Normaliser.fit`.

    Attributes:
        variables: inputs in channel order, then target and weight, as given.
        statistics: centre and spread per number variable, in transformed units.
        saw: record name -> the half-open ranges of samples it was fitted on, sorted and disjoint.
        fingerprint: SHA-256 of the variables, the ranges and the values in them.
        class_counts: samples of each class of the target among those that train (weight above 0); None for numbers.
        notes: what a reader should know, e.g. an input that is constant in training.
    """

    variables: tuple[Variable, ...]
    statistics: Mapping[str, Statistic]
    saw: Mapping[str, tuple[tuple[int, int], ...]]
    fingerprint: str
    class_counts: tuple[int, ...] | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def fit(cls, records: Sequence[Record], variables: Sequence[Variable], ranges: Ranges) -> Normaliser:
        """Takes statistics of the samples in `ranges`.

        Args:
            records: resolved records; those without a range are not looked at.
            variables: as they were resolved.
            ranges: record name -> half-open ranges of samples; overlaps count once, and what lies beyond a record's
                ends is left out.

        Raises:
            DataError: no sample, an unknown record, a "drop" input or the target without values, a constant target.
        """
        variables = tuple(variables)
        saw = seen(records, ranges)
        chosen = sorted((record for record in records if record.name in saw), key=lambda record: record.name)
        masks = {record.name: mask_of(len(record), saw[record.name]) for record in chosen}
        gathered = {v.name: gather(chosen, masks, v) for v in variables}
        axis, place = (
            np.concatenate([getattr(record, name)[masks[record.name]] for record in chosen])
            for name in ("axis", "place")
        )
        places = 1 + max(int(record.place.max(initial=0)) for record in chosen)
        keep = _usable(gathered, variables, len(axis))
        statistics, notes = {}, []
        counts = None
        for variable in variables:
            values = gathered[variable.name]
            if variable.role == "target":
                trains = keep & _weighted(gathered, variables)
                _check_target(values[trains], variable)
                counts = _counts(values[trains], variable)
                values, at, where = values[trains], axis[trains], place[trains]
            else:
                at, where = axis, place
            if variable.kind == "number" and variable.role != "weight" and variable.scope != "record":
                statistics[variable.name], told = describe(values, variable, at, where, places)
                notes += [told] if told else []
                if variable.by_place:
                    statistics[variable.name] = replace(statistics[variable.name], grid=_one_grid(chosen, variable))
        return cls(variables, statistics, saw, fingerprint_of(variables, saw, gathered), counts, tuple(notes))

    @property
    def inputs(self) -> tuple[Variable, ...]:
        """The input variables, in channel order."""
        return tuple(v for v in self.variables if v.role == "input")

    @property
    def target(self) -> Variable | None:
        """The target variable, or None."""
        return next((v for v in self.variables if v.role == "target"), None)

    @property
    def layout(self) -> dict[str, Channels]:
        """For each input variable, its channels."""
        layout, place = {}, 0
        for variable in self.inputs:
            size, mask = len(variable.value_channels), variable.missing == "mask"
            layout[variable.name] = Channels(tuple(range(place, place + size)), place + size if mask else None)
            place += size + mask
        return layout

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the input channels: `GR`; `AZI_sin`, `AZI_cos`; `ZONE=3`; `RT`, `RT_present`."""
        names: list[str] = []
        for variable in self.inputs:
            names += [*variable.value_channels, *([f"{variable.name}_present"] if variable.missing == "mask" else [])]
        return tuple(names)

    @property
    def owners(self) -> tuple[str, ...]:
        """The variable that each input channel belongs to."""
        return tuple(v.name for v in self.inputs for _ in range(len(v.value_channels) + (v.missing == "mask")))

    @property
    def in_channels(self) -> int:
        """Number of input channels."""
        return len(self.channels)

    @property
    def out(self) -> int:
        """Number of outputs per sample: one per class, or one number."""
        target = self._target()
        return len(target.classes) if target.classes is not None else 1

    @property
    def target_scale(self) -> float:
        """What one standard unit of the target is in transformed units; 1 for classes."""
        return self.statistics.get(self._target().name, UNIT).spread

    def encode(self, record: Record, *, fill: bool = True) -> Encoded:
        """One resolved record as arrays along its samples.

        Args:
            record: with all input variables; target and weight may be absent.
            fill: False leaves NaN where an input is missing (for trees); else 0, the mean, stands there.

        Raises:
            DataError: an input variable is not in the record, or one with missing = "error" has a gap.
        """
        channels = self.channels
        inputs = np.empty((len(record), len(channels)), np.float32)
        usable = np.ones(len(record), bool)
        layout = self.layout
        for variable in self.inputs:
            place = layout[variable.name]
            values, missing = self._standard(record, variable)
            if missing.any():
                _check_gaps(record, variable, missing)
                values[missing] = 0.0 if fill else np.nan
                if variable.missing == "drop":
                    usable &= ~missing
            inputs[:, place.values[0] : place.values[-1] + 1] = values
            if place.present is not None:
                inputs[:, place.present] = ~missing
        target, weight = self._encode_target(record, usable)
        return Encoded(inputs, target, weight, usable, channels, self.owners)

    def decode_target(
        self, values: np.ndarray, axis: np.ndarray | None = None, place: np.ndarray | None = None
    ) -> np.ndarray:
        """Standardised numbers in the target's physical unit (float64); classes and their scores pass through.

        Args:
            values: any shape for numbers.
            axis: time stamp of each value, needed by an anomaly only, with the shape of `values`.
            place: number of the place of each value (`record.place`), needed by an anomaly by place only.
        """
        target = self._target()
        if target.classes is not None:
            return np.asarray(values)
        statistic = self.statistics[target.name]
        physical = np.asarray(values, np.float64) * statistic.spread + statistic.centre
        if target.calendar:
            if axis is None:
                fix = "decode_target(values, axis=record.axis)"
                raise DataError(message("An anomaly is turned back with its time stamps.", where=target.where, fix=fix))
            physical = physical + statistic.normal(axis, target, place)
        return target.plain_transform.inverse(physical)

    def decode_input(self, record: Record, name: str, values: np.ndarray) -> np.ndarray:
        """Standardised numbers of one input in its physical unit, on the scale that `encode` gave it in this record."""
        variable = next(v for v in self.inputs if v.name == name)
        scale = self._scales(column(record, variable), variable, record.axis)[0]
        return scale.physical(values, variable)

    def to_json(self) -> dict[str, Any]:
        """The normaliser as plain lists and dictionaries; every number keeps its bits."""
        return {
            "variables": [variable.to_json() for variable in self.variables],
            "statistics": {name: statistic.to_json() for name, statistic in self.statistics.items()},
            "saw": {name: [list(pair) for pair in pairs] for name, pairs in self.saw.items()},
            "fingerprint": self.fingerprint,
            "class_counts": list(self.class_counts) if self.class_counts is not None else None,
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Normaliser:
        """The inverse of `to_json`."""
        counts = content["class_counts"]
        return cls(
            variables=tuple(Variable.from_json(row) for row in content["variables"]),
            statistics={name: Statistic.from_json(row) for name, row in content["statistics"].items()},
            saw={name: tuple((int(a), int(b)) for a, b in pairs) for name, pairs in content["saw"].items()},
            fingerprint=content["fingerprint"],
            class_counts=tuple(counts) if counts is not None else None,
            notes=tuple(content["notes"]),
        )

    def _target(self) -> Variable:
        if self.target is None:
            raise DataError(
                message(
                    "The normaliser was fitted without a target.",
                    fix='add a variable with role = "target" and fit again.',
                )
            )
        return self.target

    def _standard(self, record: Record, variable: Variable) -> tuple[np.ndarray, np.ndarray]:
        """One input as (sample, its channels), and where it is missing."""
        raw = column(record, variable)
        if variable.classes is not None:
            one_hot = raw[:, None] == np.arange(len(variable.classes))
            return one_hot.astype(np.float32), raw < 0
        if variable.period is not None:
            return transforms.sin_cos(raw, variable.period), np.isnan(raw)
        scales = self._scales(raw, variable, record.axis)
        values = np.stack([self._scaled(raw, variable, scale, record) for scale in scales], axis=-1)
        if variable.clip is not None:
            np.clip(values, -variable.clip, variable.clip, out=values)
        return values, np.isnan(values).any(axis=1)

    def _scales(self, raw: np.ndarray, variable: Variable, axis: np.ndarray) -> list[Statistic]:
        """What scales an input: the training part, its own record, or both.

        With "both", a record with few values keeps the scale of training, and one that hardly varies is not blown up:
        its own spread is at least `LEAST_OWN_SPREAD` of that of training.
        """
        own = describe(raw, variable, axis)[0] if variable.scope != "training" else UNIT
        if variable.scope == "record":
            return [own]
        training = self.statistics[variable.name]
        if variable.scope == "training":
            return [training]
        if own.count < FEWEST_OWN:
            return [training, training]
        return [training, replace(own, spread=max(own.spread, LEAST_OWN_SPREAD * training.spread))]

    @staticmethod
    def _scaled(raw: np.ndarray, variable: Variable, statistic: Statistic, record: Record) -> np.ndarray:
        """(transform(value) - centre) / spread; NaN where missing, and everywhere where training had no value."""
        if statistic.count == 0:
            return np.full(len(raw), np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.array(variable.plain_transform.forward(raw), np.float64)
        values[~np.isfinite(values)] = np.nan
        if variable.calendar:
            if variable.by_place and grid_of(record) != statistic.grid:
                raise DataError(_other_grid(record.name, variable))
            normal = statistic.normal(record.axis, variable, record.place)
            values = normal if variable.transform_kind == "climatology" else values - normal
        return (values - statistic.centre) / statistic.spread

    def _encode_target(self, record: Record, usable: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
        target = self.target
        if target is None or target.name not in record.data:
            return None, None
        raw = column(record, target)
        if target.classes is not None:
            values, present = raw.astype(np.int32), raw >= 0
        else:
            values = self._scaled(raw, target, self.statistics[target.name], record).astype(np.float32)
            present = np.isfinite(values)
        weight = (present & usable).astype(np.float32)
        for variable in self.variables:
            if variable.role == "weight" and variable.name in record.data:
                stated = column(record, variable)
                weight *= np.where(np.isnan(stated), 1.0, stated).astype(np.float32)
        return values, weight


def _one_grid(records: Sequence[Record], variable: Variable) -> str:
    """The fingerprint of the places that all these records share."""
    first, *others = map(grid_of, records)
    for record, other in zip(records[1:], others, strict=True):
        if other != first:
            raise DataError(_other_grid(record.name, variable))
    return first


def _other_grid(name: str, variable: Variable) -> str:
    what = f"{name} has other places than those whose climatology {variable.name} is an anomaly from."
    return message(what, where=variable.where, fix=f'transform = "anomaly:{variable.calendar}", or files on one grid.')


def _usable(gathered: Mapping[str, np.ndarray], variables: Iterable[Variable], size: int) -> np.ndarray:
    """Samples whose "drop" inputs are all there.

    Raises:
        DataError: a "drop" or "error" input without any value in the training part.
    """
    usable = np.ones(size, bool)
    for variable in variables:
        if variable.role != "input" or variable.missing not in ("drop", "error"):
            continue
        missing = is_missing(gathered[variable.name], variable)
        if missing.all():
            fix = 'missing = "mask", or other training records.'
            what = f"{variable.name} has no value in the training part."
            raise DataError(message(what, where=variable.where, fix=fix))
        usable &= ~missing
    return usable


def _weighted(gathered: Mapping[str, np.ndarray], variables: Iterable[Variable]) -> np.ndarray:
    """Samples with a target whose weight is not 0."""
    target = next(v for v in variables if v.role == "target")
    counts = ~is_missing(gathered[target.name], target)
    for variable in variables:
        if variable.role == "weight":
            counts &= ~(gathered[variable.name] == 0)
    return counts


def _check_target(values: np.ndarray, target: Variable) -> None:
    if not len(values):
        fix = "give labelled records to training, or check the names of the target."
        raise DataError(message(f"No training sample has a target {target.name}.", where=target.where, fix=fix))
    if np.all(values == values[0]):
        shown = target.classes.names[int(values[0])] if target.classes is not None else f"{values[0]:g}"
        fix = "give more groups to training; there is nothing to learn here."
        what = f"All {len(values)} training samples have the target {shown}."
        raise DataError(message(what, where=target.where, fix=fix))


def _counts(values: np.ndarray, target: Variable) -> tuple[int, ...] | None:
    if target.classes is None:
        return None
    return tuple(np.bincount(values.astype(np.int64), minlength=len(target.classes)).tolist())


def _check_gaps(record: Record, variable: Variable, missing: np.ndarray) -> None:
    if variable.missing == "error":
        first = int(np.flatnonzero(missing)[0])
        place = f"first at {record.dim} {record.axis[first]}"
        what = f"{variable.name} is missing in {int(missing.sum())} of {len(missing)} samples, {place}."
        fix = 'missing = "mask", "impute" or "drop".'
        raise DataError(message(what, where=f"{record.name}, {variable.where}", fix=fix))
