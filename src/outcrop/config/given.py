"""The given file of `outcrop sample`: the grid of the realisations, what is told of them, and what was observed.

Hard or noisy observations of the variables themselves, attributes that depend on them, and trends are told apart here,
because each is honoured in another way.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from outcrop.config.promise import Number, Section
from outcrop.errors import ConfigError, message


class AxisSection(Section):
    """One dimension of the grid: its first coordinate, the step, and how many cells there are."""

    start: Number = 0
    step: Number = 1
    count: Annotated[int, Field(ge=1)] | None = None


class ObservationSection(Section):
    """Observations: tables and well logs whose rows have a place on the grid, blocked to its cells."""

    files: str | list[str]
    well: str = Field(default="well", description="column with the name of the well; logs have it in their header")
    heads: str | None = Field(default=None, description="a table with the well and the dimensions that files lack")
    units: dict[str, str] = Field(default={}, description="of columns of a table; left out, that of the variable")
    noise_sd: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default={}, description="standard deviation of a variable's noise in its unit; 0 is hard data"
    )
    tolerance: Annotated[float, Field(gt=0, le=1e6)] = Field(
        default=0.5, description="farthest that an observation may lie from the centre of its cell, in cells"
    )
    average: Literal["auto", "mean", "median", "majority"] = Field(
        default="auto", description="of several in a cell: the mean of numbers, the majority of classes"
    )
    line_gap: Annotated[float, Field(ge=0)] = Field(
        default=0, description="rows of a well at most so many cells apart are joined by a line; 0 keeps points"
    )


class SoftSection(Section):
    """An attribute on the grid that is linear in a generated number, or has a mean in each class, with noise."""

    files: str
    variable: str | None = Field(default=None, description="in the file; by default the name of the section")
    of: str | None = Field(default=None, description="the generated variable; left out where there is one")
    noise_sd: Annotated[float, Field(gt=0)]
    slope: Number | None = None
    intercept: Number = 0
    means: dict[str, Number] = Field(default={}, description="of classes: the attribute's mean in each")

    @model_validator(mode="after")
    def _one_relation(self) -> SoftSection:
        if (self.slope is None) == (not self.means):
            raise ValueError(
                "needs slope (and intercept) for a number, or means = {Sand = ..., Shale = ...} for classes"
            )
        return self


class LinearSection(Section):
    """Data that are linear in a generated number as the network sees it (slowness, where it is the reciprocal)."""

    files: str = Field(description=".npz with matrix, (datum, *grid), and data, (datum,)")
    of: str | None = Field(default=None, description="the generated variable; left out where there is one")
    noise_sd: Annotated[float, Field(gt=0)] = Field(description="standard deviation of the data, in their unit")


class TrendSection(Section):
    """A large-scale mean on the grid, in the unit of the variable: it takes the place of the mean of training."""

    files: str
    variable: str | None = Field(default=None, description="in the file; by default the name of the section")


class GivenFile(Section):
    """A given file. All sections are optional: without them realisations are drawn on the grid of training."""

    grid: dict[str, AxisSection] = {}
    conditions: dict[str, Number] = Field(default={}, description="a condition that is the same everywhere")
    fields: str | None = Field(default=None, description="a file that holds the conditions on the grid")
    observations: ObservationSection | None = None
    soft: dict[str, SoftSection] = Field(default={}, description="attributes (seismic), with their noise")
    linear: dict[str, LinearSection] = Field(default={}, description="travel times, gravity, means of many cells")
    trend: dict[str, TrendSection] = Field(default={}, description="large-scale means of generated numbers")


def load_given(path: str | Path) -> GivenFile:
    """Reads a given file.

    Raises:
        ConfigError: it is not there, is no TOML, or says something that cannot be.
    """
    path = Path(path)
    fix = '[observations]\nfiles = "wells.csv"'
    try:
        return GivenFile.model_validate(tomllib.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        raise ConfigError(message("There is no such file.", where=str(path), fix="check the path.")) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(message(f"It is no TOML: {error}.", where=str(path), fix=fix)) from None
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(message(told, where=str(path), fix=fix)) from None
