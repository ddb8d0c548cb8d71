"""Checks that the user declares: what physics or geology says of the target, asked of truth, baselines and network."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from outcrop.config.promise import Number, Section

OWN = {"monotonic": ("along",), "sum": ("over",), "spectrum": ("shorter_than",)}
"""Keys that go with one kind of check only."""


class CheckSection(Section):
    """One check: exactly one of range, monotonic, sum, balance, never and spectrum, and what goes with it."""

    range: tuple[Number, Number] | None = Field(default=None, description="lowest and highest value; inf where none")
    monotonic: Literal["increasing", "decreasing"] | None = None
    sum: Number | None = Field(default=None, description="what each line over a dimension adds up to")
    balance: str | None = Field(default=None, description="a formula that should be 0")
    never: str | None = Field(default=None, description="a formula that should never be true")
    spectrum: str | None = Field(default=None, description="dimension whose wavelengths are compared with the truth")
    of: str | None = Field(
        default=None, description="range, monotonic, sum, spectrum: a formula; by default the target"
    )
    along: str | None = Field(default=None, description="monotonic: dimension")
    over: str | None = Field(default=None, description="sum: dimension")
    shorter_than: Annotated[Number, Field(gt=0)] | None = Field(
        default=None, description="spectrum: wavelength that divides long from short; by default four samples"
    )
    tolerance: Annotated[Number, Field(ge=0)] | None = Field(default=None, description="what is not yet counted")
    unit: str | None = Field(default=None, description="unit of all numbers of this check")
    constant: dict[str, str | Number] = Field(default={}, description='coefficients with units, {c = "3 m/s"}')
    time_unit: str = Field(default="d", description="unit of time in derivatives and wavelengths along dates")

    @model_validator(mode="after")
    def _one_kind(self) -> CheckSection:
        kinds = ("range", *OWN, "balance", "never")
        stated = [kind for kind in kinds if getattr(self, kind) is not None]
        if len(stated) != 1:
            raise ValueError(f"needs exactly one of {', '.join(kinds)}, such as range = [0, 0.45]")
        kind = stated[0]
        for owner, keys in OWN.items():
            for key in keys:
                if getattr(self, key) is not None and owner != kind:
                    raise ValueError(f"{key} is for {owner}, and this check is {kind}")
        needed = {"monotonic": "along", "sum": "over"}.get(kind)
        if needed and getattr(self, needed) is None:
            raise ValueError(f'{kind} needs the dimension, {needed} = "depth"')
        if self.of is not None and kind in ("balance", "never"):
            raise ValueError(f"{kind} is a formula itself and goes without of")
        if self.tolerance is not None and kind in ("never", "spectrum"):
            raise ValueError(f"{kind} has no tolerance")
        if self.range is not None and not self.range[0] < self.range[1]:
            raise ValueError("range rises, such as [0, 0.45] or [0, inf]")
        return self

    @property
    def kind(self) -> str:
        """Which check it is."""
        return next(kind for kind in ("range", *OWN, "balance", "never") if getattr(self, kind) is not None)

    @property
    def formula(self) -> str | None:
        """What the check speaks of; None: the target itself."""
        return self.balance or self.never or self.of

    @property
    def along_dim(self) -> str | None:
        """The dimension it runs along, where there is one."""
        return self.along or self.over or self.spectrum
