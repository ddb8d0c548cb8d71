"""Inside a trained network, on data: filters, hidden states, attention and codes, with the places they belong to.

    model = outcrop.load("model.outcrop")
    seen = model.inside("attention", "wells/A.las", at=2150)
    seen.arrays["layer 0"]                    # (head, query, key); rows sum to 1
    seen.coordinates["depth"]                 # depth in metres of queries and keys

A kind of look is one function here and one entry in `KINDS`; networks need no code for it (`model.inside`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.model import inside as look
from outcrop.records import Record
from outcrop.run.places import Place, input_shape, place_of, places_of
from outcrop.shown import Readable, Shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from outcrop.run.surrogate import Model

MOST_CODES = 20_000
"""Codes that are drawn; of more, every n-th example is encoded."""


class Kind(NamedTuple):
    """One kind of look: `module:function` that takes it and that draws it, axes of its arrays, a line of help."""

    take: str
    draw: str
    axes: str
    help: str
    files: bool = True


KINDS: dict[str, Kind] = {
    "filters": Kind(
        "outcrop.run.inside:filters",
        "outcrop.report.figures.filters:filters",
        "(filter, *extent, channel)",
        "the first layer as it weighs the inputs",
        files=False,
    ),
    "states": Kind(
        "outcrop.run.inside:states",
        "outcrop.report.figures.states:states",
        "(*place, unit)",
        "hidden states along one example; coarser layers have fewer places",
    ),
    "attention": Kind(
        "outcrop.run.inside:attention",
        "outcrop.report.figures.attention:attention",
        "(head, query, key)",
        "who looks at whom in one example; rows sum to 1",
    ),
    "latent": Kind(
        "outcrop.run.inside:latent",
        "outcrop.report.figures.latent:latent",
        "(example, latent)",
        "the codes of all examples of the files",
    ),
}


@dataclass(frozen=True, repr=False)
class Inside(Readable):
    """What was found inside a network.

    Attributes:
        kind: key of `KINDS`, which says what the axes of the arrays are.
        arrays: name of the layer -> array.
        about: model and example in one line.
        place: where the example lies and what it reads; None for filters.
        channels: names of the input channels, in order.
        labels: of every code: "target" values, or the "record" it comes from, with `names` of classes or records.
        names: of classes or records; empty for numbers.
        unit: of the target.
    """

    kind: str
    arrays: Mapping[str, np.ndarray]
    about: str
    place: Place | None = None
    channels: tuple[str, ...] = ()
    labels: Mapping[str, np.ndarray] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    unit: str = ""

    @property
    def coordinates(self) -> Mapping[str, np.ndarray]:
        """Dimension -> coordinate of every place of the example."""
        return {} if self.place is None else self.place.coordinates

    def shown(self) -> Shown:
        """A row per array."""
        rows = [
            (name, " x ".join(map(str, a.shape)), f"{a.min():.4g}", f"{a.max():.4g}") for name, a in self.arrays.items()
        ]
        facts = [("axes", KINDS[self.kind].axes), ("means", KINDS[self.kind].help)]
        return Shown(f"{self.kind}: {self.about}", facts, ["layer", ">shape", ">least", ">greatest"], rows)

    def figure(self) -> Figure:
        """The picture of this kind."""
        return _import(KINDS[self.kind].draw)(self)


def inside(
    model: Model,
    kind: str,
    files: str | Path | Record | Sequence[Any] = (),
    *,
    at: Any = None,
    member: int = 0,
) -> Inside:
    """Looks inside a trained network; called as `outcrop.load(path).inside(kind, files)`.

    Args:
        model: an opened model file.
        kind: key of `KINDS`.
        files: paths or patterns in the format of training, or Records as `outcrop.read` gives them; none for filters.
            Of several, one example of the first is looked at, but codes are of all.
        at: where the example lies: a value of the first dimension (2150, "2016-05-01"), or values by dimension; by
            default the middle of the record.
        member: number of the network, where there are several.

    Raises:
        ConfigError: an unknown kind, no files, or a network that has nothing of the kind.
    """
    if kind not in KINDS:
        what = f"There is no look {kind!r}{did_you_mean(kind, KINDS)}."
        raise ConfigError(message(what, where="--show", fix=f"one of {', '.join(KINDS)}"))
    records = _records(model, files)
    if KINDS[kind].files and not records:
        what = f"To show {kind} takes data that the network reads."
        raise ConfigError(message(what, fix=f"outcrop inspect {model.bundle.source or 'MODEL'} FILE --show {kind}"))
    if not 0 <= member < len(model.members):
        what = f"There is no network {member}; the file holds {len(model.members)}."
        raise ConfigError(message(what, fix="member = 0"))
    take: Callable[..., Inside] = _import(KINDS[kind].take)
    return take(model, model.members[member], records, at)


def _records(model: Model, files: Any) -> list[Record]:
    from outcrop.data.read import matching, read

    given = [files] if isinstance(files, str | Path | Record) else list(files)
    found = [one for one in given if isinstance(one, Record)]
    paths = [one for one in given if not isinstance(one, Record)]
    reading = model.bundle.provenance.get("reading", {})
    if "network" in reading and paths:
        return found + read(matching(paths), **reading)
    return found + [record for path in (matching(paths) if paths else []) for record in read(path, **reading)]


def filters(model: Model, network: Any, records: Sequence[Record], at: Any) -> Inside:
    """The first layer's filters; of points with context their extent is the context."""
    if model.bundle.view.get("kind") == "graphs":
        fix = "--show attention, if its family is gat or graph_interpolation."
        raise ConfigError(message("A network on graphs has no filters that are the same at every node.", fix=fix))
    name, weight = look.filters(network, input_shape(model.bundle))
    channels = model.normaliser.channels
    if weight.ndim == 2:  # points: the context and the channels in one axis
        weight = weight.reshape(len(weight), -1, len(channels))
    about = f"{len(weight)} filters of {model.bundle.family}, {model.bundle.promise}"
    return Inside("filters", {name: weight}, about, channels=channels)


def states(model: Model, network: Any, records: Sequence[Record], at: Any) -> Inside:
    """Hidden states of one example."""
    place = place_of(model, records[0], at)
    found = look.states(network, jnp.asarray(place.inputs), *place.given)
    if not found:
        what = f"No layer of {model.bundle.family} keeps the places of its inputs."
        raise ConfigError(message(what, fix="--show filters"))
    return Inside("states", found, _about(model, place), place, model.normaliser.channels)


def attention(model: Model, network: Any, records: Sequence[Record], at: Any) -> Inside:
    """Attention weights of one example."""
    place = place_of(model, records[0], at)
    found = look.attention(network, jnp.asarray(place.inputs), *place.given)
    return Inside("attention", found, _about(model, place), place, model.normaliser.channels)


def latent(model: Model, network: Any, records: Sequence[Record], at: Any) -> Inside:
    """The codes of all examples; of a code per coarse place one row for each, with the target of its middle sample."""
    codes, numbers, targets = [], [], []
    target = model.target
    for number, record in enumerate(records):
        prepared, inputs, samples = places_of(model, record, MOST_CODES // len(records))
        found = look.code(network, jnp.asarray(inputs))
        at_samples = _middle(samples, found.shape[1:-1])
        known = prepared.flat(target.name)
        missing = -1 if target.classes else np.nan
        values = np.where(at_samples >= 0, known[np.maximum(at_samples, 0)], missing)
        kept = at_samples.ravel() >= 0
        codes.append(found.reshape(-1, found.shape[-1])[kept])
        targets.append(values.ravel()[kept])
        numbers.append(np.full(kept.sum(), number))
    labels = {"target": np.concatenate(targets), "record": np.concatenate(numbers)}
    labelled = labels["target"] >= 0 if target.classes else np.isfinite(labels["target"])
    about = f"{sum(map(len, codes)):,} codes of {model.bundle.family}, {len(records)} record{'s' * (len(records) > 1)}"
    array = {"latent": np.concatenate(codes)}
    if not labelled.any():
        names = tuple(record.name for record in records)
        return Inside("latent", array, about, labels={"record": labels["record"]}, names=names)
    names = target.classes.names if target.classes else ()
    unit = f"{target.name}{f' ({target.unit})' if target.unit else ''}"
    return Inside("latent", array, about, labels=labels, names=tuple(names), unit=unit)


def _middle(samples: np.ndarray, coarse: tuple[int, ...]) -> np.ndarray:
    """The sample in the middle of every coarse place, (example, *coarse place).

    >>> _middle(np.arange(8)[None], (2,)).tolist()
    [[2, 6]]
    """
    if not coarse:
        middle = tuple(size // 2 for size in samples.shape[1:])
        return samples[(slice(None), *middle)]
    for axis, count in enumerate(coarse, start=1):
        size = samples.shape[axis]
        step = -(-size // count)
        samples = samples.take(np.minimum(np.arange(count) * step + step // 2, size - 1), axis)
    return samples


def _about(model: Model, place: Place) -> str:
    return f"{model.bundle.family} on {place.title}"


def _import(address: str) -> Any:
    module, _, name = address.partition(":")
    return getattr(import_module(module), name)
