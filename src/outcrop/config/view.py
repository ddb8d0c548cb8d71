"""The view section of the run file: how records are cut into examples."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from outcrop.config.promise import Number, Section


class ViewSection(Section):
    """How records are cut into examples; `auto` takes the view the family works on."""

    kind: Literal["auto", "points", "windows", "patches", "sequences", "graphs"] = "auto"
    length: Annotated[int, Field(ge=8)] = 256
    stride: Annotated[int, Field(ge=1)] | dict[str, Annotated[int, Field(ge=1)]] | None = None
    along: str | None = Field(default=None, description="dimension that windows, sequences and context run along")
    size: dict[str, Annotated[int, Field(ge=1)] | Literal["whole"]] | Literal["whole"] | None = Field(
        default=None,
        description='patches: samples along each dimension, e.g. {inline = 64, twt = 64}; "whole": all of a record',
    )
    area_weight: bool = Field(default=True, description="grids of degrees: samples count by the area of their cell")
    context: list[int] | str | None = Field(
        default=None, description='points: samples an example reads, as a list or "-5:0" (both ends counted)'
    )
    context_length: Annotated[int, Field(ge=1)] | None = None
    steps: str | list[str] | None = Field(
        default=None,
        description='points: inputs that are the steps of a series at one place, "NDVI_*"; a list of bands',
    )
    lead: Annotated[int, Field(ge=0)] = Field(
        default=0, description="samples between what is read and what is predicted"
    )
    history: Annotated[int, Field(ge=1)] | None = Field(default=None, description="sequences: samples read")
    horizon: Annotated[int, Field(ge=0)] = Field(default=0, description="sequences: samples predicted; 0 simulates")
    known_future: list[str] = Field(default=[], description="sequences: inputs known over the horizon")
    unknown_future: Literal["mean", "last"] = Field(
        default="mean", description="sequences: what other inputs hold over the horizon: the mean, or their last value"
    )
    past_target: bool = Field(default=False, description="sequences: the target's past is an input")
    spin_up: Annotated[int, Field(ge=0)] = Field(default=0, description="sequences: first samples, read and not scored")
    ragged: bool = Field(default=False, description="sequences: also those that start before their record")
    edges: Literal["knn", "radius", "mesh", "directed", "adjacent", "downstream"] = Field(
        default="knn", description="graphs: what is linked; the last two where samples are links of a network"
    )
    neighbours: Annotated[int, Field(ge=1)] = Field(default=8, description="graphs: links per node of knn")
    radius_m: Annotated[Number, Field(gt=0)] | None = Field(default=None, description="graphs: longest link of radius")
    nodes: str | None = Field(default=None, description="graphs: dimension of the nodes")
    links: str | None = Field(default=None, description="graphs: table with the columns from and to, of directed edges")
    hide: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.0, description="graphs: share of nodes whose known target is hidden in training; 0: no input"
    )
    hide_held_out: Annotated[float, Field(gt=0, le=1)] = Field(
        default=1.0, description="graphs: share of the held-out nodes that is hidden; the others are measured"
    )
    interpolate: bool = Field(
        default=False, description="graphs: kriging of the known nodes is an input, which the network corrects"
    )

    @field_validator("context")
    @classmethod
    def _span(cls, value: list[int] | str | None) -> list[int] | str | None:
        if isinstance(value, str) and not offsets(value):
            raise ValueError(f'{value!r} is no span of samples; write "-5:0" for the last six, or a list of offsets')
        return value


def offsets(span: str) -> tuple[int, ...]:
    """The offsets of a span of samples, both ends counted; empty where it is no span.

    >>> offsets("-3:0"), offsets("0:-3"), offsets("all")
    ((-3, -2, -1, 0), (), ())
    """
    first, _, last = span.partition(":")
    try:
        return tuple(range(int(first), int(last) + 1))
    except ValueError:
        return ()
