"""Variables: what the run file says about one curve or column, before any value is looked at.

A Variable names the quantity once; `resolve` (in resolve.py, offered here too) finds it in every record.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from outcrop.data import transform as transforms
from outcrop.data.classes import ClassTable, plain_code
from outcrop.data.resolution import Resolution
from outcrop.errors import ConfigError, did_you_mean, message

__all__ = ["ClassTable", "Resolution", "Variable", "resolve"]

CHOICES = {
    "role": ("input", "target", "weight"),
    "missing": ("impute", "mask", "drop", "error"),
    "scope": ("training", "record", "both"),
    "splice": ("first", "fill"),
}
NO_LIMIT = math.inf


@dataclass(frozen=True)
class Variable:
    """One quantity: a number, a class (with `classes`) or an angle or time of year (with `sin_cos`).

    Attributes:
        name: name in the run.
        role: "input", "target" or "weight" (of the target's samples).
        sources: names in the files, by preference; by default the name itself. A record's axis can be named too.
        unit: unit wanted, e.g. "gAPI"; None takes the values as they are.
        assume_unit: unit of files that state none.
        valid_range: lowest and highest possible value, in `unit`; others count as missing. None is no limit.
        transform: "none", "log10", "sqrt", "reciprocal", "sin_cos:PERIOD", "anomaly:month", "anomaly:hour" or either
            with ",place", or "climatology" in place of "anomaly".
        missing: inputs: "impute" (the training mean), "mask" (the same, and a channel that says so), "drop" (the
            sample is not used) or "error".
        scope: statistics of the "training" part, of each "record"'s own values of this input, or "both" as two
            channels: what the value is, and how it stands out in its own well.
        robust: median and interquartile range in place of mean and standard deviation.
        classes: makes it a class; see `ClassTable`.
        splice: "first" takes the first curve of `sources` that has values, "fill" fills its gaps from the next.
        clip: inputs are limited to this many standard units.
        period: of a circular variable; the same as the number in "sin_cos:PERIOD".
        per_area: curve or group key with the catchment's area in km2: a discharge (m3/s) is divided by it and
            becomes a depth of water per time, mm/d.
        weight_map: weight of each code of a weight curve, e.g. {1: 1.0, 2: 0.7, 3: 0.3}.
        coarsen: dimension -> cells of a block, {"latitude": 4, "longitude": 4}: the mean of every block in place of the
            values, repeated on its cells.
        component: dimension that a component of a vector points along; a mirror changes its sign.
    """

    name: str
    role: str = "input"
    sources: tuple[str, ...] = ()
    unit: str | None = None
    assume_unit: str | None = None
    valid_range: tuple[float, float] | None = None
    transform: str = "none"
    missing: str = "impute"
    scope: str = "training"
    robust: bool = False
    classes: ClassTable | None = None
    splice: str = "first"
    clip: float | None = None
    period: float | None = None
    weight_map: Mapping[Any, float] | None = None
    per_area: str | None = None
    component: str | None = None
    coarsen: Mapping[str, int] | None = None

    def __post_init__(self) -> None:
        for key, known in CHOICES.items():
            value = getattr(self, key)
            if value not in known:
                fix = f"{key} = one of {', '.join(known)}{did_you_mean(str(value), known)}."
                raise ConfigError(message(f"{key} = {value!r} is not known.", where=self.where, fix=fix))
        object.__setattr__(self, "sources", tuple(self.sources) or (self.name,))
        object.__setattr__(self, "valid_range", _range(self.valid_range, self.where))
        object.__setattr__(self, "coarsen", dict(self.coarsen) if self.coarsen else None)
        if self.clip is not None and not self.clip > 0:
            raise ConfigError(message(f"clip = {self.clip} is not above 0.", where=self.where, fix="clip = 5"))
        self._settle_transform()
        self._settle_weights()
        self._check_role()
        self._check_kind()

    @property
    def where(self) -> str:
        """Place in the run file, for errors."""
        return f"{'target' if self.role == 'target' else 'variable'}.{self.name}"

    @property
    def kind(self) -> str:
        """ "class", "circular" or "number"."""
        return "class" if self.classes is not None else "circular" if self.period is not None else "number"

    @property
    def transform_kind(self) -> str:
        """The transform without its argument."""
        return transforms.parse(self.transform, self.where)[0]

    @property
    def calendar(self) -> str:
        """The part of the calendar an anomaly is taken from, or a climatology is of; "" for other transforms."""
        kind, argument = transforms.parse(self.transform, self.where)
        return argument.partition(",")[0] if kind in transforms.FROM_MEANS else ""

    @property
    def by_place(self) -> bool:
        """Whether every cell of a grid has a climatology of its own."""
        kind, argument = transforms.parse(self.transform, self.where)
        return kind in transforms.FROM_MEANS and argument.endswith(transforms.PLACE)

    @property
    def plain_transform(self) -> transforms.Transform:
        """The part of the transform that acts on one value alone."""
        return transforms.PLAIN.get(self.transform_kind, transforms.PLAIN["none"])

    @property
    def is_plain(self) -> bool:
        """A number scaled by the training part alone, without a channel beside it."""
        alone = not (self.classes or self.period or self.per_area or self.coarsen)
        scaled = self.transform_kind in transforms.PLAIN and self.scope == "training" and self.missing != "mask"
        return alone and scaled and self.kind == "number"

    def unscaled(self, values: Any, centre: float, spread: float) -> Any:
        """Standardised values of a plain variable, of NumPy or of JAX, in its unit."""
        return self.plain_transform.inverse(values * spread + centre)

    @property
    def value_channels(self) -> tuple[str, ...]:
        """Names of the channels that hold its values: one, two (circular, or both scopes) or one per class."""
        if self.classes is not None:
            return tuple(f"{self.name}={code}" for code in self.classes.codes)
        if self.kind == "circular":
            return f"{self.name}_sin", f"{self.name}_cos"
        return (self.name, f"{self.name}_own") if self.scope == "both" else (self.name,)

    def _settle_transform(self) -> None:
        """`transform = "sin_cos", period = 360` and `transform = "sin_cos:360"` say the same."""
        text = str(self.transform)
        if self.period is not None and text.strip() == "sin_cos":
            text = f"sin_cos:{float(self.period)!r}"
        kind, argument = transforms.parse(text, self.where)
        if self.period is not None and (kind != "sin_cos" or float(argument) != float(self.period)):
            fix = f'transform = "sin_cos:{self.period}", and leave period out.'
            raise ConfigError(
                message(
                    f"period = {self.period} and transform = {self.transform!r} disagree.", where=self.where, fix=fix
                )
            )
        object.__setattr__(self, "period", float(argument) if kind == "sin_cos" else None)
        object.__setattr__(
            self, "transform", f"{kind}:{float(argument)!r}" if kind == "sin_cos" else f"{kind}:{argument}".rstrip(":")
        )

    def _settle_weights(self) -> None:
        if not self.weight_map:
            object.__setattr__(self, "weight_map", None)
            return
        if self.role != "weight":
            raise ConfigError(
                message("weight_map is for the weight of a target.", where=self.where, fix='role = "weight".')
            )
        weights = {plain_code(code): float(weight) for code, weight in self.weight_map.items()}
        wrong = [
            code for code, weight in weights.items() if code is None or not (math.isfinite(weight) and weight >= 0)
        ]
        if wrong:
            raise ConfigError(
                message(
                    f"weight_map gives {wrong[0]!r} no weight of 0 or more.",
                    where=self.where,
                    fix="weights are 0 or more.",
                )
            )
        object.__setattr__(self, "weight_map", weights)

    def _check_role(self) -> None:
        if self.role != "input" and self.scope != "training":
            fix = 'scope = "training"; a record to be predicted has no target to take statistics from.'
            raise ConfigError(message("Only inputs can be scaled by their own record.", where=self.where, fix=fix))
        if self.role != "input" and self.transform_kind == "climatology":
            what, fix = (
                "A climatology is known from training, so it can only be an input.",
                'transform = "anomaly:month".',
            )
            raise ConfigError(message(what, where=self.where, fix=fix))
        if self.role == "target" and self.kind == "circular":
            fix = "predict its sine and its cosine as two numbers, in two runs."
            raise ConfigError(
                message(
                    "A circular target is not supported: examples hold one number per sample.",
                    where=self.where,
                    fix=fix,
                )
            )
        if self.role == "weight" and (self.kind != "number" or self.transform != "none"):
            raise ConfigError(
                message(
                    "A weight is a number as it is.",
                    where=self.where,
                    fix="leave out classes and transform, use weight_map.",
                )
            )

    def _check_kind(self) -> None:
        """Settings that would have no effect are errors, not silence."""
        idle = {"robust": self.robust, "scope": self.scope != "training", "clip": self.clip is not None}
        if self.kind == "class":
            idle |= {
                "transform": self.transform != "none",
                "unit": self.unit is not None,
                "range": self.valid_range is not None,
            }
        idle["coarsen"] = self.coarsen is not None
        named = [key for key, used in idle.items() if used]
        if self.kind != "number" and named:
            what = (
                f"{' and '.join(named)} mean nothing for a {self.kind} variable, which is neither scaled nor averaged."
            )
            raise ConfigError(message(what, where=self.where, fix=f"remove {', '.join(named)}."))
        if self.calendar and self.scope != "training":
            fix = 'scope = "training".'
            raise ConfigError(
                message("An anomaly is taken from the climatology of the training part.", where=self.where, fix=fix)
            )

    def to_json(self) -> dict[str, Any]:
        """The variable as plain lists and dictionaries; an open end of the range is None."""
        content = {f.name: getattr(self, f.name) for f in fields(self)}
        content["sources"] = list(self.sources)
        if self.valid_range is not None:
            content["valid_range"] = [end if math.isfinite(end) else None for end in self.valid_range]
        content["classes"] = self.classes.to_json() if self.classes is not None else None
        content["weight_map"] = (
            [[code, weight] for code, weight in self.weight_map.items()] if self.weight_map else None
        )
        return content

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Variable:
        """The inverse of `to_json`, to the bit."""
        values = dict(content)
        values["sources"] = tuple(values["sources"])
        values["valid_range"] = tuple(values["valid_range"]) if values["valid_range"] is not None else None
        values["classes"] = ClassTable.from_json(values["classes"]) if values["classes"] is not None else None
        values["weight_map"] = dict(values["weight_map"]) if values["weight_map"] else None
        return cls(**values)


def _range(given: Any, where: str) -> tuple[float, float] | None:
    if given is None:
        return None
    low, high = (
        default if end is None else float(end) for end, default in zip(given, (-NO_LIMIT, NO_LIMIT), strict=True)
    )
    if not low < high:
        fix = "range = [lowest, highest] in the unit of the variable."
        raise ConfigError(message(f"The range {low:g} to {high:g} is empty.", where=where, fix=fix))
    return low, high


def resolve(records: Any, variables: Any, *, training: bool = True) -> Any:
    """See `outcrop.data.resolve.resolve`."""
    from outcrop.data.resolve import resolve as resolved

    return resolved(records, variables, training=training)
