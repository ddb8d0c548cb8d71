"""Which moves leave a training example true, by kind of data: a mirrored section is one, a section upside down is none.

The run file states the moves, `augment.moves = ["flip:crossline"]`, and what the data are, `augment.data_type`; without
the latter it follows from the format. What the table does not allow is refused with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from outcrop.errors import ConfigError, did_you_mean, message

MAP = ("easting", "northing", "x", "y", "row", "column", "longitude", "latitude", "lon", "lat")
LINES = ("inline", "crossline", "trace", "line", "cdp")


class DataType(NamedTuple):
    """What is known about a kind of data.

    Attributes:
        flips: dimensions that may be mirrored; "*" for all.
        turns: whether two of them may be turned into each other by quarter turns, or swapped.
        polarity: whether the sign of all values may be changed.
        why: why nothing else may be.
    """

    flips: tuple[str, ...]
    turns: bool
    polarity: bool
    why: str


DATA_TYPES: dict[str, DataType] = {
    "seismic": DataType((*LINES, *MAP), True, False, "time and depth run downwards, and the sign tells hard from soft"),
    "image": DataType(MAP, True, False, "its values have a sign and a scale"),
    "waveform": DataType((), False, True, "time runs forwards: an arrival begins sharply and fades"),
    "log": DataType((), False, False, "beds follow each other in one direction, and tools read with their own sign"),
    "series": DataType((), False, False, "causes come before effects"),
    "weather": DataType((), False, False, "coasts, the rotation of the Earth and the path of the sun have directions"),
    "mesh": DataType((), False, False, "nodes have their places"),
    "isotropic": DataType(("*",), True, False, "the sign of its values has a meaning"),
}
"""By name; "isotropic" is for simulations whose equations and boundaries prefer no direction."""

OF_FORMAT = {
    "las": "log", "dlis": "log", "segy": "seismic", "raster": "image", "waveform": "waveform", "table": "series",
    "netcdf": "weather", "zarr": "weather", "grib": "weather", "mesh": "mesh", "reservoir": "mesh",
}  # fmt: skip


class Move(NamedTuple):
    """One move: its kind ("flip", "quarter_turn", "transpose", "polarity") and the dimensions it acts on."""

    kind: str
    dims: tuple[str, ...] = ()


def moves(wanted: Sequence[str], data_type: str | None, format: str, dims: Sequence[str]) -> list[Move]:
    """The moves of a run file.

    Args:
        wanted: such as "flip:crossline", "quarter_turn:inline,crossline", "transpose:x,y", "polarity".
        data_type: a name of DATA_TYPES, or None to follow the format.
        format: of the records.
        dims: of one example.

    Raises:
        ConfigError: an unknown move, type or dimension, or a move that does not leave the example true.
    """
    if not wanted:
        return []
    name = data_type or OF_FORMAT.get(format, "")
    if name not in DATA_TYPES:
        what = f"What the data are decides which moves are allowed; {name or format!r} says nothing about that"
        fix = f'data_type = "image"  # or {", ".join(DATA_TYPES)}'
        raise ConfigError(message(f"{what}{did_you_mean(name, DATA_TYPES)}.", where="train.augment", fix=fix))
    return [_allowed(Move(*_parsed(text)), name, dims) for text in wanted]


def _parsed(text: str) -> tuple[str, tuple[str, ...]]:
    kind, _, rest = text.partition(":")
    dims = tuple(part.strip() for part in rest.split(",") if part.strip())
    counts = {"flip": 1, "quarter_turn": 2, "transpose": 2, "polarity": 0}
    if counts.get(kind) != len(dims):
        fix = 'moves = ["flip:crossline", "quarter_turn:inline,crossline", "polarity"]'
        what = f"The move {text!r} is not known{did_you_mean(kind, counts)}."
        raise ConfigError(message(what, where="train.augment.moves", fix=fix))
    return kind, dims


def _allowed(move: Move, name: str, dims: Sequence[str]) -> Move:
    unknown = [dim for dim in move.dims if dim not in dims]
    if unknown:
        what = f"Examples have no dimension {unknown[0]!r}{did_you_mean(unknown[0], dims)}."
        fix = f"their dimensions are {', '.join(dims) or 'none: points cannot be moved'}."
        raise ConfigError(message(what, where="train.augment.moves", fix=fix))
    known = DATA_TYPES[name]
    free = all(dim in known.flips or ("*" in known.flips and dim not in ("time", "twt")) for dim in move.dims)
    turned = free and known.turns
    true = {"flip": free, "quarter_turn": turned, "transpose": turned, "polarity": known.polarity}[move.kind]
    if not true:
        text = move.kind + (f":{','.join(move.dims)}" if move.dims else "")
        what = f"{text!r} does not leave {name} data true: {known.why}."
        fix = "remove it; or data_type = the kind of data that this is"
        raise ConfigError(message(what, where="train.augment.moves", fix=fix))
    return move
