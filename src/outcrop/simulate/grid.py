"""What the kinds of simulation share: regular grids with named dimensions, labelled arrays, checked arguments.

A grid of one dimension is a well (`depth`), of two a map (`northing`, `easting`) or a section (`trace`, `depth`), of
three a cube (`inline`, `crossline`, `depth`). Lengths are in metres, depth is positive down.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ParamSpec, TypeVar

import numpy as np
import xarray as xr
from pydantic import ConfigDict, Field, ValidationError, validate_call

from outcrop.errors import ConfigError, message

P = ParamSpec("P")
R = TypeVar("R")
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Shape = tuple[Annotated[int, Field(ge=2)], ...]
Spacing = tuple[Positive, ...]

AXES = {
    "depth": ("m", "depth below the datum, positive down"),
    "twt": ("ms", "two-way travel time"),
    "easting": ("m", "easting"),
    "northing": ("m", "northing"),
    "trace": ("", "number of the trace"),
    "inline": ("", "number of the line"),
    "crossline": ("", "number across the lines"),
    "sample": ("", "number of the sample"),
    "x": ("1", "place in the unit interval"),
    "distance": ("m", "distance along the profile"),
    "step": ("", "number of the step in time"),
}
"""Dimension -> unit and description."""


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """A function whose arguments are brought to their types and ranges before it runs.

    Raises:
        ConfigError: an argument is of another type or outside its range.
    """
    validated = validate_call(config=ConfigDict(arbitrary_types_allowed=True))(function)

    @functools.wraps(function)
    def call(*arguments: P.args, **options: P.kwargs) -> R:
        try:
            return validated(*arguments, **options)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(map(str, first["loc"]))
            what = f"{name} = {first['input']!r} is not possible: {first['msg'][0].lower()}{first['msg'][1:]}."
            fix = f"see help(outcrop.simulate.{function.__name__}.{function.__name__}) for units and ranges."
            raise ConfigError(message(what, where=f"simulation {function.__name__!r}", fix=fix)) from None

    return call


def spaced(shape: Shape, spacing_m: Spacing, allowed: tuple[int, ...]) -> None:
    """Checks that shape and spacing have one number per dimension, and that the kind knows so many dimensions.

    Raises:
        ConfigError: another number of dimensions.
    """
    if len(shape) not in allowed or len(spacing_m) != len(shape):
        some = " or ".join(map(str, allowed))
        what = f"shape = {tuple(shape)} and spacing_m = {tuple(spacing_m)} do not fit: {some} numbers each are needed."
        sides = ", ".join(["64"] * allowed[0]), ", ".join(["10"] * allowed[0])
        raise ConfigError(message(what, fix=f"shape = [{sides[0]}], spacing_m = [{sides[1]}]"))


def axis(count: int, step: float, start: float = 0.0) -> np.ndarray:
    """Regular coordinates that a text of 12 digits gives back exactly: `start`, `start + step`, ..."""
    return np.round(start + step * np.arange(count), 6)


def coordinates(
    dims: tuple[str, ...], shape: tuple[int, ...], spacing: tuple[float, ...], start: float = 0.0
) -> dict[str, Any]:
    """Coordinates of a grid for `labelled`; numbered dimensions get distances and a place on the map.

    Args:
        dims: a well, a map, a section or a cube, see the module; `twt` may stand for `depth`.
        shape: along `dims`.
        spacing: m, or ms along `twt`.
        start: of the vertical axis.
    """
    steps = dict(zip(dims, spacing, strict=True))
    numbered = ("trace", "inline", "crossline", "sample")
    coords: dict[str, Any] = {}
    for dim, count in zip(dims, shape, strict=True):
        first = start if dim in ("depth", "twt") else 0.0
        values = np.arange(1, count + 1) if dim in numbered else axis(count, steps[dim], first)
        coords[dim] = (dim, values)
    if "trace" in dims:
        along = axis(shape[0], spacing[0])
        coords["distance"] = ("trace", along, {"units": "m"})
        coords["easting"], coords["northing"] = ("trace", along), ("trace", np.zeros_like(along))
    if "inline" in dims:
        lines = dims[:2]
        north, east = np.meshgrid(axis(shape[0], spacing[0]), axis(shape[1], spacing[1]), indexing="ij")
        coords["easting"], coords["northing"] = (lines, east), (lines, north)
    return coords


def labelled(variables: Mapping[str, tuple[Any, np.ndarray, str, str]], coords: Mapping[str, Any]) -> xr.Dataset:
    """Arrays as a Dataset: integers as int32, other numbers as float32, every one with `units` and `long_name`.

    Args:
        variables: name -> (dimensions, values, unit, description).
        coords: of the dimensions.
    """
    arrays = {}
    for name, (dims, values, unit, words) in variables.items():
        kind = np.int32 if np.asarray(values).dtype.kind in "iub" else np.float32
        arrays[name] = (dims, np.asarray(values, kind), {"units": unit, "long_name": words})
    data = xr.Dataset(arrays, dict(coords))
    for name in data.coords:
        unit, words = AXES.get(str(name), ("m", str(name)))
        data[name].attrs = {"units": unit, "long_name": words}
    return data
