"""The promise section of the run file: where the model must work next, from which the split follows."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Number = int | float


class Section(BaseModel):
    """A table of the run file; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, protected_namespaces=(), frozen=True)


class Area(Section):
    """Another area: blocks of the map are held out, with a buffer around them."""

    block_m: Annotated[Number, Field(gt=0)] | Literal["auto"] = Field(
        default="auto", description="side of a block in metres; auto: from the range of the variogram"
    )
    buffer_m: Annotated[Number, Field(ge=0)] = Field(default=0, description="metres around test blocks left out")
    along: str | None = Field(default=None, description="blocks along one coordinate only, in its own unit")
    region: tuple[Number, Number, Number, Number] | None = Field(
        default=None, description="one hold-out: west, east, south, north"
    )


class Between(Section):
    """Between known lines: every n-th one is scored, with known ones on both sides."""

    along: str
    every: Annotated[int, Field(ge=2)] = 2
    spacing: Annotated[Number, Field(gt=0)] | None = None


class Wider(Section):
    """Beyond the range of what was seen, in one variable or coordinate."""

    variable: str
    above: Number | None = None
    below: Number | None = None
    share: Annotated[Number, Field(gt=0, lt=1)] | None = None
    margin: Annotated[Number, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _one_bound(self) -> Wider:
        if sum(bound is not None for bound in (self.above, self.below, self.share)) != 1:
            raise ValueError("needs exactly one of above, below and share")
        return self


class Splitter(Section):
    """A splitter of scikit-learn's interface, by import string."""

    name: str = Field(alias="class")
    over: str = "record"
    groups: str | None = None
    arguments: dict[str, Any] = {}


KINDS = ("new", "later", "area", "between", "wider", "deploy", "splitter", "same_population")
OWN_KEYS: dict[str, tuple[str, ...]] = {
    "new": ("folds", "test"),
    "later": ("validation_from", "gap_samples", "gap"),
    "area": ("folds",),
    "between": (),
    "wider": (),
    "deploy": ("folds",),
    "splitter": (),
    "same_population": ("folds",),
}
TOGETHER = ({"new", "later"}, {"area", "later"})


class PromiseSection(Section):
    """4a. Where the model must work next; the split follows from it."""

    new: str | None = Field(default=None, description="group key whose unseen values the score is for")
    later: str | Number | None = Field(default=None, description="the test part starts at this date or axis value")
    area: Area | None = Field(default=None, description="blocks of the map, in rotation or one region")
    between: Between | None = Field(default=None, description="filling between known lines")
    wider: Wider | None = Field(default=None, description="beyond what was seen in one variable")
    deploy: str | list[str] | None = Field(default=None, description="files to be predicted, which hold-outs imitate")
    splitter: Splitter | None = Field(default=None, description="a splitter of scikit-learn's interface")
    same_population: str | None = Field(default=None, description="the reason why a random split is right")
    folds: Annotated[int, Field(ge=2)] | None = None
    test: list[str] | None = None
    validation_share: Annotated[float, Field(ge=0, lt=0.9)] = 0.2
    validation_from: str | Number | None = None
    gap_samples: Annotated[int, Field(ge=0)] = 0
    gap: str | Number | None = Field(default=None, description='left out before each boundary, e.g. "7d"')
    seed: int = 0
    also: dict[str, PromiseSection] = Field(default={}, description="further promises, each with a score of its own")

    @field_validator("later", "validation_from", mode="before")
    @classmethod
    def _dated(cls, value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else value  # TOML knows dates without quotation marks

    @model_validator(mode="after")
    def _one_promise(self) -> PromiseSection:
        given = self.kinds
        if not given or (len(given) > 1 and set(given) not in TOGETHER):
            pairs = ", or ".join(" with ".join(sorted(pair, reverse=True)) for pair in TOGETHER)
            raise ValueError(f"needs exactly one of {', '.join(KINDS)} ({pairs}); got {', '.join(given) or 'none'}")
        return self

    @model_validator(mode="after")
    def _keys_of_the_promise(self) -> PromiseSection:
        own = {key for kind in self.kinds for key in OWN_KEYS[kind]}
        for key in ("folds", "test", "validation_from", "gap_samples", "gap"):
            if key not in own and getattr(self, key) != type(self).model_fields[key].default:
                keys = ", ".join(sorted(own)) or "none"
                raise ValueError(f"{key} does not go with {' and '.join(self.kinds)}; its keys are {keys}")
        if self.folds is not None and self.test is not None:
            raise ValueError("test names one hold-out and folds asks for a rotation; keep one of them")
        if any(inner.also for inner in self.also.values()):
            raise ValueError("also holds promises, which hold no further ones")
        return self

    @property
    def kinds(self) -> tuple[str, ...]:
        """The promises that are made together."""
        return tuple(key for key in KINDS if getattr(self, key) is not None)

    @property
    def kind(self) -> str:
        """The promise that is made; two made together are named by both, "new_later"."""
        return "_".join(self.kinds)

    @property
    def each(self) -> dict[str, PromiseSection]:
        """This promise and the further ones, by name; the first one's name is empty."""
        return {"": self.model_copy(update={"also": {}}), **self.also}
