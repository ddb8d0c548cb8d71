"""The given file of `outcrop sample`: the grid of the realisations, what is told of them, and what was observed."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from outcrop.config.promise import Number, Section
from outcrop.errors import ConfigError, message


class AxisSection(Section):
    """One dimension of the grid: its first coordinate, the step, and how many cells there are."""

    start: Number = 0
    step: Number = 1
    count: Annotated[int, Field(ge=1)] | None = None


class ObservationSection(Section):
    """A table of observations: a column for every dimension of the grid, and one for every observed variable."""

    files: str
    noise_sd: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default={}, description="standard deviation of a variable's noise in its unit; 0 is hard data"
    )
    tolerance: Annotated[float, Field(gt=0, le=1e6)] = Field(
        default=0.5, description="farthest that an observation may lie from the centre of its cell, in cells"
    )
    average: Literal["auto", "mean", "majority"] = Field(
        default="auto", description="of several in a cell: the mean of numbers, the majority of classes"
    )


class GivenFile(Section):
    """A given file. All sections are optional: without them realisations are drawn on the grid of training."""

    grid: dict[str, AxisSection] = {}
    conditions: dict[str, Number] = Field(default={}, description="a condition that is the same everywhere")
    fields: str | None = Field(default=None, description="a file that holds the conditions on the grid")
    observations: ObservationSection | None = None


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
