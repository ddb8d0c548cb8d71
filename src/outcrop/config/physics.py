"""A run file that states an equation instead of data: [physics] takes the place of [data] and [promise].

The four questions stay: coordinates go in and fields come out; what is learned is the solution (and what is found with
it); the loss is what is left over of the equation, of conditions and of data; the assumption is the equation itself.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from outcrop.config.promise import Number, Section
from outcrop.config.schema import BundleSection, ModelSection, StageSection, TrainSection

Formula = Number | str


class FindSection(Section):
    """A coefficient that is looked for."""

    find: Literal["number", "field"]
    start: Number = Field(default=1.0, description="first guess, in its unit")
    along: list[str] = Field(default=[], description="field: the coordinates it depends on; by default those in space")
    roughness: Annotated[float, Field(ge=0)] | Literal["discrepancy"] = Field(
        default="discrepancy",
        description="field: price of its slopes; discrepancy: as much as the noise of data allows",
    )


class ConditionSection(Section):
    """What holds on faces, `at = "x low"`, or at a point, `at = {x = 0, z = 500}`; other keys are unknowns, with their
    values there.
    """

    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=())
    at: str | list[str] | dict[str, Number]
    slope: dict[str, Formula] = Field(default={}, description="derivative along the face's coordinate")
    flux: dict[str, Formula] = Field(default={}, description="that derivative times what conducts, such as K u_x")

    @property
    def values(self) -> dict[str, Formula]:
        """Unknown -> value."""
        return dict(self.__pydantic_extra__ or {})

    @model_validator(mode="after")
    def _says_something(self) -> ConditionSection:
        wrong = [name for name, value in self.values.items() if not isinstance(value, int | float | str)]
        if wrong or not (self.values or self.slope or self.flux):
            raise ValueError('gives an unknown a number or a formula, such as u = "-sin(pi * x)"')
        return self


class FileSection(Section):
    """Values in a file. Further keys are options of its reader."""

    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=())
    files: str
    variable: dict[str, str] = Field(default={}, description="unknown -> its name in the file; by default the same")
    format: str | None = None

    @property
    def options(self) -> dict[str, Any]:
        """Options of the reader."""
        return dict(self.__pydantic_extra__ or {})


class MeasuredSection(FileSection):
    """Data that the solution has to fit."""

    noise_sd: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default={}, description="unknown -> standard deviation of its errors, in its unit"
    )
    count: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="values drawn at random; by default all"
    )
    seed: Annotated[int, Field(ge=0)] = 0
    add_noise: Annotated[float, Field(ge=0, description="of simulated data: noise over their standard deviation")] = 0.0


class PhysicsSection(Section):
    """1. What goes in, what comes out, and 4a: what holds."""

    equation: str
    domain: dict[str, tuple[Number, Number]]
    parameter: dict[str, Formula | FindSection] = {}
    condition: dict[str, ConditionSection] = {}
    periodic: list[str] = []
    hard: bool = Field(default=True, description="values that conditions give are built into the solution")
    measured: dict[str, MeasuredSection] = {}
    exact: dict[str, Formula] = Field(default={}, description="the truth as a formula, for the score alone")
    reference: FileSection | None = Field(default=None, description="the truth in a file, for the score alone")
    units: dict[str, str] = Field(default={}, description="of coordinates, unknowns and parameters")
    scale: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default={}, description="how large an unknown is, where conditions and data do not show it"
    )


class ResidualSection(Section):
    """3. What is minimised."""

    points: Annotated[int, Field(ge=8, description="at which the equation is enforced")] = 2000
    condition_points: Annotated[int, Field(ge=1, description="on each face whose condition is not built in")] = 200
    method: Literal["sobol", "halton", "latin_hypercube", "random", "grid"] = "sobol"
    balance: Literal["gradients", "kernel", "self_adaptive", "none"] = Field(
        default="gradients", description="how the terms are weighed against each other between chunks of steps"
    )
    refine: Literal["residual", "none"] = Field(
        default="residual", description="points move to where much of the equation is left over"
    )
    causal: Annotated[float, Field(ge=0, description="how strongly later times wait for earlier ones")] = 0.0
    weights: dict[str, Annotated[float, Field(gt=0)]] = Field(default={}, description="term -> factor on its weight")

    @model_validator(mode="after")
    def _points_stay(self) -> ResidualSection:
        if self.balance == "self_adaptive" and self.refine != "none":
            raise ValueError('balance = "self_adaptive" weighs points that stay: add refine = "none"')
        return self


class NetworkSection(ModelSection):
    """2. What is learned: a network of the coordinates."""

    family: str = "mlp"


class SolveSection(TrainSection):
    """4b. How the minimum is looked for: Adam, then damped Gauss-Newton in float64."""

    steps: Annotated[int, Field(ge=1)] = 1000
    batch_size: Annotated[int, Field(ge=1)] = 1
    learning_rate: Annotated[float, Field(gt=0)] = 2e-3
    optimiser: str = "adam"
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    warmup_steps: Annotated[int, Field(ge=0)] = 0
    clip_norm: Annotated[float, Field(ge=0)] = 0.0
    evaluate_every: Annotated[int, Field(ge=1)] = 20
    patience: Annotated[int, Field(ge=1)] = 1_000_000
    stage: list[StageSection] = [StageSection(steps=200, optimiser="gauss_newton", evaluate_every=10)]


class PhysicsConfig(Section):
    """A whole run file that states a problem."""

    physics: PhysicsSection
    model: NetworkSection = NetworkSection()
    loss: ResidualSection = ResidualSection()
    train: SolveSection = SolveSection()
    bundle: BundleSection = BundleSection()
