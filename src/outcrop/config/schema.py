"""The sections of the run file, typed: what may be said, its default and its range. Nothing here touches data.

The order of the classes is the order of the run file: 1. what goes in and out, 2. what is learned, 3. what is
minimised, 4. which assumptions the score rests on.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from outcrop.config.ledger import CheckSection
from outcrop.config.loss import LossSection
from outcrop.config.promise import Number, PromiseSection, Section
from outcrop.config.sample import GivenSection, SampleSection
from outcrop.config.search import SearchSection
from outcrop.config.view import ViewSection

Range = tuple[Number, Number]
JOIN_KEYS = ("on", "top", "base", "md", "inclination", "azimuth", "columns", "tie_in", "tolerance_m")


class Source(Section):
    """Where records come from: files, a registered data set or a simulation; or a second source joined to the first.

    Further keys are options of the reader of its format (see `outcrop.data`), or of its join, and are checked there.
    """

    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=())
    files: str | list[str] | None = None
    dataset: str | None = None
    simulation: str | None = Field(default=None, description="geology that is simulated; see outcrop simulate")
    count: Annotated[int, Field(ge=1, description="simulation: realisations")] = 100
    seed: Annotated[int, Field(ge=0, description="simulation: decides them")] = 0
    format: str | None = None
    omit: list[str] = Field(default=[], description="variables of these records that are left out")
    incomplete: Literal["error", "accept"] = Field(default="error", description="LAS files that end before their STOP")
    join: str | None = None
    on: str = Field(default="well", description="joins: column that holds the record's group value")
    top: str = "TOP"
    base: str = "BASE"
    md: str = "MD"
    inclination: str = "INC"
    azimuth: str = "AZI"
    columns: list[str] | dict[str, str] = []
    tie_in: Literal["first", "surface"] = "first"
    tolerance_m: Number = 0.1

    @model_validator(mode="after")
    def _one_origin(self) -> Source:
        if self.join is not None and self.omit:
            raise ValueError("omit is for sources of records: a join says what it takes with columns")
        if self.join == "picks" and self.files is None and self.dataset is None:
            return self  # taken from variables of the records
        if sum(origin is not None for origin in (self.files, self.dataset, self.simulation)) != 1:
            raise ValueError(
                'needs exactly one of files = "wells/*.las", dataset = "force2020" or simulation = "channels"'
            )
        return self

    @property
    def join_options(self) -> dict[str, Any]:
        """Options of the join, and of the reader of its files: those that were stated."""
        stated = {key: getattr(self, key) for key in JOIN_KEYS if key in self.model_fields_set}
        return {**self.options, **stated}

    @property
    def options(self) -> dict[str, Any]:
        """Options of the reader."""
        own = dict(self.__pydantic_extra__ or {})
        return own if self.incomplete == "error" else {**own, "incomplete": self.incomplete}


class FrameSection(Section):
    """Axes and coordinate system; how irregular axes are handled is said here, never guessed."""

    vertical: Literal["md", "tvd", "tvdss", "twt", "depth", "elevation"] | None = None
    positive: Literal["down", "up"] = "down"
    time: str | None = None
    easting: str | None = None
    northing: str | None = None
    crs: str | None = None
    step_m: Annotated[Number, Field(gt=0)] | None = None
    spacing_m: dict[str, Annotated[Number, Field(gt=0)]] = Field(
        default={}, description="metres per unit of a numbered dimension, e.g. {crossline = 25}"
    )
    regular: bool = Field(default=True, description="false accepts unequal depth intervals without resampling")
    order: Literal["error", "sort"] = "error"
    duplicates: Literal["error", "first", "mean"] = "error"


class VariableSection(Section):
    """One input: where it is in the files, its unit, range and treatment."""

    sources: list[str] | None = Field(default=None, alias="from")
    unit: str | None = None
    assume_unit: str | None = None
    valid_range: Range | None = Field(default=None, alias="range")
    transform: str = "none"
    missing: Literal["impute", "mask", "drop", "error"] = "impute"
    scope: Literal["training", "record", "both"] = "training"
    robust: bool = False
    clip: Annotated[Number, Field(gt=0)] | None = None
    splice: Literal["first", "fill"] = "first"
    period: Annotated[Number, Field(gt=0)] | None = None
    per_area: str | None = Field(default=None, description="m3/s to mm/d: curve or group key with the area in km2")
    coarsen: dict[str, Annotated[int, Field(ge=2)]] | None = Field(
        default=None, description="means of blocks of cells, {latitude = 4, longitude = 4}, repeated on their cells"
    )
    component: str | None = Field(default=None, description="dimension that a vector component points along")


class NoiseSection(Section):
    """What is added to clean records, for a network that has to take it away again."""

    noise_only: tuple[int, int] | None = Field(
        default=None, description="samples of every record that hold noise alone: cut-outs of them are added"
    )
    clean: tuple[int, int] | None = Field(default=None, description="samples that are taken for clean, and scored")
    least_snr_db: Number | None = Field(default=None, description="records whose own ratio is less only give noise")
    train_snr_db: Range = (-10, 15)
    snr_db: list[Number] = Field(default=[-5, 0, 5, 10], description="ratios of validation and test")
    seed: int = 0

    @model_validator(mode="after")
    def _possible(self) -> NoiseSection:
        if not self.snr_db or self.train_snr_db[0] > self.train_snr_db[1]:
            raise ValueError("snr_db needs at least one ratio, and train_snr_db rises, such as [-10, 15]")
        if self.least_snr_db is not None and self.noise_only is None:
            raise ValueError("least_snr_db needs noise_only = [first, last + 1]: the samples before the signal")
        return self


class TargetSection(VariableSection):
    """The target; with `classes` it is a label, else a number. With `reconstruct` the inputs themselves, with
    `generate` inputs to be drawn anew."""

    generate: list[str] | None = Field(default=None, description="inputs whose distribution is learned, given the rest")
    given: GivenSection | None = Field(default=None, description="generate: values of theirs that are known")
    reconstruct: list[str] | None = Field(default=None, description="inputs to be given back")
    noise: NoiseSection | None = Field(default=None, description="reconstruct: noise that is added to the inputs")
    rescale: bool = Field(default=False, description="reconstruct: each example by its own root mean square")
    false_alarms: Annotated[float, Field(gt=0, lt=0.5, description="reconstruct: share of usual samples flagged")] = (
        0.01
    )

    classes: str | dict[str, str] | None = None
    merges: dict[str, str | Number] = {}
    ignore: list[Number | str] = []
    cost: str | None = None
    cost_order: list[Number | str] | None = None
    weight: str | None = None
    weight_map: dict[str, Annotated[float, Field(ge=0)]] | None = None

    @model_validator(mode="after")
    def _numbers_come_back(self) -> TargetSection:
        if self.reconstruct is None and (self.noise is not None or self.rescale):
            raise ValueError('noise and rescale are for reconstruct = ["GR", "RHOB"]')
        if self.reconstruct is not None and (self.classes is not None or self.weight or not self.reconstruct):
            raise ValueError("reconstruct names inputs that are numbers; it goes without classes and weight")
        return self

    @model_validator(mode="after")
    def _drawn_anew(self) -> TargetSection:
        if self.generate is None and self.given is not None:
            raise ValueError('given is for generate = ["FACIES"]')
        if self.generate is not None and (self.reconstruct is not None or self.weight or not self.generate):
            raise ValueError("generate names inputs; it goes without reconstruct and weight")
        if self.generate is not None and self.classes is not None and len(self.generate) > 1:
            raise ValueError("generate names one input where it has classes")
        return self


class CropSection(Section):
    """Every record cut to a piece that starts at random: for labels at the same place of every record."""

    samples: Annotated[int, Field(ge=8)]
    first: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]] | None = None
    seed: int = 0


class DataSection(Section):
    """1. What goes in, what comes out."""

    groups: dict[str, str] = {}
    frame: FrameSection = FrameSection()
    view: ViewSection = ViewSection()
    crop: CropSection | None = Field(default=None, description="a piece of every record that starts at random")
    memory_mb: Annotated[Number, Field(gt=0)] = Field(
        default=1000, description="records of more megabytes are cut into boxes, drawn at random"
    )
    source: dict[str, Source]
    variable: dict[str, VariableSection]
    target: dict[str, TargetSection]

    @field_validator("source", "variable", "target")
    @classmethod
    def _not_empty(cls, value: dict[str, Any]) -> dict[str, Any]:
        if not value:
            raise ValueError("needs at least one entry")
        return value

    @field_validator("source")
    @classmethod
    def _one_main_source(cls, value: dict[str, Source]) -> dict[str, Source]:
        if value and all(source.join for source in value.values()):
            raise ValueError("needs one source without join: the records that the others are joined to")
        return value

    @field_validator("target")
    @classmethod
    def _one_target(cls, value: dict[str, Any]) -> dict[str, Any]:
        if len(value) > 1:
            raise ValueError(
                f"names {len(value)} targets ({', '.join(value)}); this version trains one target per run file"
            )
        return value


class ModelSection(Section):
    """2. What is learned. Further keys are arguments of the family, checked against its constructor."""

    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=())
    family: str = "unet1d"
    members: Annotated[int, Field(ge=1, le=64)] = 1
    start_from: str | None = Field(default=None, description="a model file whose weights training starts from")
    freeze: list[str] = Field(default=[], description="parts that stay as they are, named as outcrop inspect does")

    @model_validator(mode="after")
    def _frozen_has_a_start(self) -> ModelSection:
        if self.freeze and self.start_from is None:
            raise ValueError('freeze needs the weights to keep: start_from = "model.outcrop"')
        return self

    @property
    def arguments(self) -> dict[str, Any]:
        """The family's own arguments."""
        return dict(self.__pydantic_extra__ or {})


class AugmentSection(Section):
    """Changes to training inputs that leave the label true."""

    curve_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    gain_sd: Annotated[float, Field(ge=0)] = 0.0
    shift_sd: Annotated[float, Field(ge=0)] = 0.0
    noise_sd: Annotated[float, Field(ge=0)] = 0.0
    moves: list[str] = Field(
        default=[], description='"flip:DIM", "quarter_turn:DIM,DIM", "transpose:DIM,DIM", "polarity"'
    )
    data_type: str | None = Field(default=None, description="what the data are, which decides which moves are true")


class StageSection(Section):
    """A further stage of training, from where the one before ended; what is not stated is as in [train]."""

    steps: Annotated[int, Field(ge=1)]
    name: str | None = Field(default=None, description="in history and report; by default the optimiser")
    optimiser: str | None = None
    batch_size: Annotated[int, Field(ge=1)] | None = None
    learning_rate: Annotated[float, Field(gt=0)] | None = None
    schedule: str | None = None
    warmup_steps: Annotated[int, Field(ge=0)] = 0
    weight_decay: Annotated[float, Field(ge=0)] | None = None
    clip_norm: Annotated[float, Field(ge=0)] | None = None
    evaluate_every: Annotated[int, Field(ge=1)] | None = None
    patience: Annotated[int, Field(ge=1)] | None = None


class TrainSection(Section):
    """4b. How the minimum is looked for."""

    steps: Annotated[int, Field(ge=1)] = 2000
    batch_size: Annotated[int, Field(ge=1)] = 32
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    optimiser: str = "adamw"
    schedule: str = "cosine"
    warmup_steps: Annotated[int, Field(ge=0)] = 100
    weight_decay: Annotated[float, Field(ge=0)] = 1e-4
    clip_norm: Annotated[float, Field(ge=0, description="gradients longer than this are shortened; 0 = never")] = 1.0
    ema_decay: Annotated[float, Field(ge=0, lt=1)] | None = None
    evaluate_every: Annotated[int, Field(ge=1)] = 50
    patience: Annotated[int, Field(ge=1)] = 10
    seed: int = 0
    max_minutes: Annotated[float, Field(gt=0)] | None = None
    augment: AugmentSection = AugmentSection()
    jitter: bool = True
    stage: list[StageSection] = Field(default=[], description="further stages, each from where the last one ended")

    @property
    def stages(self) -> dict[str, TrainSection]:
        """All stages in order, each as a section of its own, by name: the first is this section."""
        found: dict[str, TrainSection] = {}
        for stated in [{}, *(stage.model_dump(exclude_none=True) for stage in self.stage)]:
            name = stated.pop("name", None) or stated.get("optimiser", self.optimiser)
            same = sum(known.partition(" ")[0] == name for known in found)
            found[f"{name} {same + 1}" if same else name] = self.model_copy(update={**stated, "stage": []})
        return found


class HighConfidence(Section):
    """Samples whose label is trusted: those where a curve of label quality has this value."""

    curve: str
    equals: Number


class EvaluateSection(Section):
    """What the score is compared with, and which audit findings are accepted, with the reason."""

    metrics: list[str] | Literal["auto"] = "auto"
    baselines: list[str] | Literal["auto"] = "auto"
    optimism_gap: bool | Literal["auto"] = "auto"
    bootstrap: Annotated[int, Field(ge=100, le=100_000)] = 2000
    accept: dict[str, str] = {}
    high_confidence: HighConfidence | None = None
    decide: Literal["auto", "argmax", "cost"] = "auto"
    interval: Annotated[float, Field(gt=0.5, lt=1, description="share of true values that intervals and sets hold")] = (
        0.9
    )
    pick_tolerance: Annotated[float, Field(gt=0, description="picks: largest residual of a hit, in s (m)")] = 0.1
    quantities: dict[str, Literal["max", "min", "mean", "range", "rms"]] = {}
    mc_dropout: Annotated[int, Field(ge=0, le=200, description="predictions with dropout that are averaged")] = 0
    ledger: dict[str, CheckSection] = Field(default={}, description="what physics says of the target, by name")


class BundleSection(Section):
    """What is kept for later use: a refit on all groups, or the model that was held out against the test part."""

    model: Literal["auto", "refit", "held_out", "none"] = "auto"
    name: str = ""


class Config(Section):
    """A whole run file."""

    data: DataSection
    promise: PromiseSection
    model: ModelSection = ModelSection()
    loss: LossSection = LossSection()
    train: TrainSection = TrainSection()
    search: SearchSection | None = None
    sample: SampleSection = SampleSection()
    evaluate: EvaluateSection = EvaluateSection()
    bundle: BundleSection = BundleSection()
