"""The loss section of the run file: what is minimised. The keys that another loss uses are left aside."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from outcrop.config.promise import Number, Section


class LossSection(Section):
    """3. What is minimised."""

    kind: str = "auto"
    class_weights: Literal["none", "balanced", "sqrt"] | dict[str, float] = "none"
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    cross_entropy_share: Annotated[float, Field(ge=0, le=1)] = 0.5
    delta: Annotated[float, Field(gt=0)] = 1.0
    beta: Annotated[float, Field(ge=0, le=1, description="gaussian: 0 is the likelihood itself")] = 0.5
    levels: list[Annotated[float, Field(gt=0, lt=1)]] = Field(
        default=[0.05, 0.25, 0.5, 0.75, 0.95], description="quantile: levels, increasing, 0.5 among them"
    )

    kl_weight: Annotated[float, Field(ge=0, description="elbo: weight of the code's price")] = 0.1
    kl_warmup_steps: Annotated[int, Field(ge=0, description="elbo: steps over which that weight grows")] = 0
    free_bits: Annotated[float, Field(ge=0, description="elbo: nats per number of the code without a price")] = 0.0
    parts: dict[str, Annotated[float, Field(gt=0)]] = Field(default={}, description="composite: loss -> its weight")
    ledger: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default={}, description="any: check of evaluate.ledger that is trained for -> weight of what it leaves over"
    )

    predicts: Literal["edm", "noise", "data", "velocity"] = Field(
        default="edm", description="denoising: what the network answers with"
    )
    schedule: Literal["edm", "linear", "cosine"] = Field(default="edm", description="denoising: noise levels")
    noise_steps: Annotated[int, Field(ge=1, description="denoising: steps of linear and cosine")] = 1000
    level_mean: Number = Field(default=-1.2, description="denoising: mean of the logarithm of edm's levels")
    level_spread: Annotated[Number, Field(gt=0, description="denoising: their standard deviation")] = 1.2
    condition_dropout: Annotated[float, Field(ge=0, le=1, description="share learned without condition")] = 0.0
    coupling: Literal["independent", "optimal_transport"] = Field(
        default="independent", description="flow: which noise goes with which data"
    )
    times: Literal["uniform", "logit_normal"] = Field(default="uniform", description="flow: times to train on")
    time_mean: Number = Field(default=0.0, description="flow: mean of the logit of logit_normal times")
    time_spread: Annotated[Number, Field(gt=0, description="flow: their standard deviation")] = 1.0
    interpolant_noise: Annotated[float, Field(ge=0, description="flow: further noise between noise and data")] = 0.0
    objective: Literal["non_saturating", "least_squares", "wgan_gp"] = Field(
        default="non_saturating", description="adversarial: what generator and critic lower"
    )
    critic_turns: Annotated[int, Field(ge=0, description="adversarial: of the critic; 0 as the objective asks")] = 0
    penalty_weight: Annotated[float, Field(ge=0, description="adversarial: gradient penalty of wgan_gp")] = 10.0
    r1_weight: Annotated[float, Field(ge=0, description="adversarial: squared gradient at the data")] = 0.0

    @field_validator("levels")
    @classmethod
    def _rising(cls, value: list[float]) -> list[float]:
        if 0.5 not in value or sorted(set(value)) != value:
            raise ValueError("levels must rise and hold 0.5, such as [0.05, 0.5, 0.95]")
        return value
