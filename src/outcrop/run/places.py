"""Where an example lies: the samples of its record behind every place of its inputs, and their coordinates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np

from outcrop.bundle import Bundle
from outcrop.errors import ConfigError, message
from outcrop.model import table as families
from outcrop.records import Record
from outcrop.view.patches import WHOLE
from outcrop.view.span import Span

if TYPE_CHECKING:
    from outcrop.run.surrogate import Model
    from outcrop.view.view import View

STAND_IN = 32
"""Samples along a dimension, or nodes of a graph, where a model file does not say how many there were."""
AXES = ("easting", "northing", "longitude", "latitude")


@dataclass(frozen=True)
class Place:
    """One example, with what it reads.

    Attributes:
        title: record and position, for a title.
        inputs: as the network sees them, (*place, channel).
        given: what it is given beside them: nothing, or a graph.
        coordinates: dimension -> coordinate of every place along it, in the order of the places' axes; for graphs the
            positions of the nodes.
        units: dimension -> unit.
        read: input variable -> its values at every place in the run file's unit, NaN where there is none.
        read_units: input variable -> unit.
        nodes: names of the nodes of a graph.
        logarithmic: input variables that are best drawn on a logarithmic axis.
    """

    title: str
    inputs: np.ndarray
    given: tuple[Any, ...]
    coordinates: Mapping[str, np.ndarray]
    units: Mapping[str, str]
    read: Mapping[str, np.ndarray]
    read_units: Mapping[str, str]
    nodes: tuple[str, ...] = ()
    logarithmic: tuple[str, ...] = ()


def input_shape(bundle: Bundle) -> tuple[int, ...]:
    """Shape of one example's inputs; where the view does not say how long a dimension is, a stand-in."""
    sizes, view = bundle.arguments, bundle.view
    if "in_size" in sizes:
        return (sizes["in_size"],)
    kind = view.get("kind")
    sizes_of = dict(view.get("size") or {}).values()
    box = [n for n in (STAND_IN if size == WHOLE else size for size in sizes_of) if n > 1]
    span = Span(view.get("history") or 0, horizon=view.get("horizon") or 0, lead=view.get("lead") or 0)
    along = {
        "windows": [view.get("length")],
        "sequences": [span.length, *box],
        "patches": box,
    }.get(str(kind), [])
    axes = families.family(bundle.family).axes if bundle.family in families.FAMILIES else len(along)
    axes += "steps" in sizes  # they become channels inside the network
    known = [int(n) for n in along if n][:axes]
    return (*known, *[STAND_IN] * (axes - len(known)), sizes["in_channels"])


def places_of(model: Model, record: Record, most: int) -> tuple[Record, np.ndarray, np.ndarray]:
    """The prepared record with its target, and of at most so many of its examples inputs and samples (-1: none)."""
    prepared, _ = model.prepare(record, target=True)
    view, tables = model.examples(prepared)
    index = np.arange(0, len(view.origins), max(1, -(-len(view.origins) // max(most, 1))))
    if not len(index):
        raise ConfigError(message("The record is shorter than one example.", where=record.name, fix="a longer record."))
    return prepared, view.gather(tables, index).inputs, samples_of(view, prepared, index)


def place_of(model: Model, record: Record, at: Any = None) -> Place:
    """The example of a record that lies nearest to a position; by default the middle one.

    Raises:
        ConfigError: the record is shorter than one example, or `at` is not understood.
    """
    prepared, _ = model.prepare(record)
    view, tables = model.examples(prepared)
    if not len(view.origins):
        raise ConfigError(message("The record is shorter than one example.", where=record.name, fix="a longer record."))
    number = _nearest(view, at)
    batch = view.gather(tables, np.array([number]))
    samples = samples_of(view, prepared, np.array([number]))[0]
    graph = batch.shared if batch.static is None else jnp_first(batch.static)
    inside = samples >= 0
    read = {}
    for variable in model.inputs:
        values = prepared.flat(variable.name).astype(float)
        read[variable.name] = np.where(inside, values[np.maximum(samples, 0)], np.nan)
    coordinates, units = _coordinates(prepared, samples, graph is not None)
    where = {name: column[number] for name, column in view.origins.position.items() if name in record.dims}
    spot = ", ".join(f"{name} {_told(value)}" for name, value in where.items())
    return Place(
        f"{record.name}{f', around {spot}' if spot else ''}",
        np.asarray(batch.inputs[0]),
        () if graph is None else (graph,),
        coordinates,
        units,
        read,
        {v.name: v.unit or "" for v in model.inputs},
        _names(prepared, samples) if graph is not None else (),
        tuple(v.name for v in model.inputs if v.transform.startswith("log")),
    )


def jnp_first(graphs: Any) -> Any:
    """The first of several graphs with a leading axis."""
    return type(graphs)(*(jnp.asarray(leaf)[0] for leaf in graphs))


def samples_of(view: View, record: Record, index: np.ndarray) -> np.ndarray:
    """The sample of its record behind every place of some examples, (example, *place); -1 where there is none.

    Gathers the numbers of the samples as if they were inputs. Steps that a forecast does not know go on counting.
    """
    from outcrop.data.normalise import Encoded

    count = len(record)
    numbers = np.arange(1, count + 1, dtype=np.float64)[:, None]
    table = Encoded(numbers, None, None, np.ones(count, bool), ("sample",), ("sample",))
    found = np.asarray(view.gather({record.name: table}, index).inputs)
    if view.kind in ("points", "graphs"):  # (example, context) or (example, node, context)
        context = list(getattr(view, "context", (0,)))
        found = found[..., context.index(0) if 0 in context else -1]
        found = found[:, None] if view.kind == "points" else found
    else:
        found = found[..., 0]
    samples = np.rint(found).astype(np.int64) - 1
    if view.kind != "sequences":
        return samples
    span = view.span  # type: ignore[attr-defined]
    step = int(np.prod(record.shape[record.dims.index(view.along) + 1 :]))  # type: ignore[attr-defined]
    ahead = np.arange(1, span.length - span.history + 1).reshape(-1, *(1,) * (samples.ndim - 2))
    last = samples[:, span.history - 1 : span.history]
    later = last + step * ahead
    samples[:, span.history :] = np.where((last >= 0) & (later < count), later, -1)
    return samples


def _nearest(view: View, at: Any) -> int:
    """The number of the example whose scored part lies nearest to `at`."""
    position = view.origins.position
    if at is None:
        return len(view.origins) // 2
    wanted = at if isinstance(at, Mapping) else _parsed(at, next(iter(position), ""))
    unknown = [name for name in wanted if name not in position]
    if unknown:
        what = f"Examples have no position {unknown[0]!r}."
        raise ConfigError(message(what, where="--at", fix=f"--at {next(iter(position), 'depth')}=VALUE"))
    far = np.zeros(len(view.origins))
    for name, value in wanted.items():
        column = position[name]
        try:
            if column.dtype.kind == "M":
                off = (column - np.datetime64(value)) / np.timedelta64(1, "s")
            else:
                off = column.astype(float) - float(value)
        except ValueError:
            raise ConfigError(
                message(f"{value!r} is no {name}.", where="--at", fix=f"--at {name}={column[0]}")
            ) from None
        far += (np.abs(off.astype(float)) / max(float(np.abs(off.astype(float)).max()), 1e-12)) ** 2
    return int(np.argmin(far))


def _parsed(at: Any, first: str) -> dict[str, Any]:
    """`"depth=2150"`, `"inline=100,twt=0.5"`, or a bare value of the first coordinate.

    >>> _parsed("inline=100,twt=0.5", "depth"), _parsed(2150, "depth")
    ({'inline': '100', 'twt': '0.5'}, {'depth': 2150})
    """
    if not isinstance(at, str) or "=" not in at:
        return {first: at}
    return {name.strip(): value.strip() for name, _, value in (part.partition("=") for part in at.split(","))}


def _coordinates(record: Record, samples: np.ndarray, graph: bool) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Coordinates along the axes of the places; steps beyond the record go on with the last step."""
    units = {name: str(record.data[name].attrs.get("units", "")) for name in record.data.coords}
    if graph:
        places = {name: record.flat(name)[samples] for name in AXES if name in record.data.coords}
        return places, units
    at = np.unravel_index(np.maximum(samples, 0), record.shape)
    found: dict[str, np.ndarray] = {}
    for axis in range(samples.ndim):
        ahead = tuple(slice(None) if a == axis else samples.shape[a] // 2 for a in range(samples.ndim))
        moving = [d for d, place in enumerate(at) if len(np.unique(place[ahead])) > 1]
        dim = record.dims[moving[0]] if moving else f"place {axis}"
        line = samples[ahead]
        if not moving:
            found[dim] = np.arange(len(line))
            continue
        values = record.data[dim].to_numpy()[at[moving[0]][ahead]]
        found[dim] = _continued(values, line >= 0)
    return found, units


def _continued(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Coordinates where they are known, and beyond with equal steps.

    >>> _continued(np.array([1.0, 2.0, 0.0, 0.0]), np.array([True, True, False, False])).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    there = np.flatnonzero(known)
    if len(there) == len(values) or len(there) < 2:
        return values
    step = (values[there[-1]] - values[there[0]]) / (there[-1] - there[0])
    off = np.arange(len(values)) - there[0]
    return np.where(known, values, values[there[0]] + off * step)


def _names(record: Record, samples: np.ndarray) -> tuple[str, ...]:
    dim = record.dims[-1]
    values = record.data[dim].to_numpy()
    at = np.unravel_index(samples, record.shape)[-1]
    return tuple(str(values[i]) for i in at)


def _told(value: Any) -> str:
    return str(value)[:16] if isinstance(value, np.datetime64) else f"{float(value):.6g}"
