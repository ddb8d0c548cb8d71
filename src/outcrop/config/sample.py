"""The sections of generative models: what is given of a realisation in training, and how realisations are drawn."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from outcrop.config.promise import Number, Section


class GivenSection(Section):
    """Values of what is generated that are known: drawn anew for every training example, so that all patterns occur."""

    kind: Literal["points", "lines", "box"] = Field(
        default="points", description="single samples; whole lines along a dimension (wells); all but a box"
    )
    along: str | None = Field(default=None, description="lines: the dimension that they run along, e.g. depth")
    count: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]] = Field(
        default=(0, 8), description="points or lines per example, from and to"
    )
    size: dict[str, Annotated[int, Field(ge=1)]] = Field(default={}, description="box: samples along each dimension")
    test: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="points or lines of a tested example; by default the middle of count"
    )
    seed: int = 0
    interpolate: bool = Field(default=False, description="a surface through the known values is told too")

    @model_validator(mode="after")
    def _possible(self) -> GivenSection:
        if self.count[0] > self.count[1]:
            raise ValueError("count rises, such as [0, 8]")
        if (self.kind == "lines") != (self.along is not None):
            raise ValueError('kind = "lines" needs along = "depth", and only that kind has it')
        if (self.kind == "box") != bool(self.size):
            raise ValueError('kind = "box" needs size = {x = 16, y = 16}, and only that kind has it')
        return self


class SampleSection(Section):
    """How realisations are drawn from a trained generator, for its score and by `outcrop sample`."""

    sampler: Literal["auto", "heun", "euler", "stochastic", "ancestral", "ode"] = Field(
        default="auto", description="heun for diffusion, ode (midpoint) for flow matching"
    )
    steps: Annotated[int, Field(ge=1, le=10_000)] = 18
    realisations: Annotated[int, Field(ge=2, description="of every tested example, where something is given")] = 19
    most_examples: Annotated[int, Field(ge=8, description="tested examples that are drawn for")] = 256
    guidance: Annotated[float, Field(ge=0, description="1 draws from the conditional distribution itself")] = 1.0
    churn: Annotated[Number, Field(ge=0, description="stochastic: new noise over all steps")] = 40.0
    inflation: bool = Field(
        default=False, description="numbers, given something: as wide about their mean as the validation part asks"
    )
    seed: int = 0
