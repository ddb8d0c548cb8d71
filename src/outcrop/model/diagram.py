"""A network as boxes and arrows for a picture: layers that belong together in one box, with the skips between boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from outcrop.model.summary import Layer
from outcrop.model.traced import INPUT, Trace

WORDS = {"MultiheadAttention": "attention", "LayerNorm": "norm", "BatchNorm": "batch norm", "GroupNorm": "group norm"}
WORDS |= {"Linear": "linear", "Conv": "conv", "RecurrentLayer": "recurrent"}
MOST_JOINED = 2
"""Layers in a box that a norm after it may join."""
NORMS = ("LayerNorm", "BatchNorm", "GroupNorm", "ChannelNorm")
OUTPUT = "output"


@dataclass(frozen=True)
class Box:
    """One box, or a joint where two streams meet.

    Attributes:
        name: of the part; the sign of a joint ("+", "concatenate", "x").
        kinds: the layers in it, such as "2 norm, 2 conv"; empty for joints, input and output.
        shape: of what it passes on for one example; empty for a joint.
        parameters: trainable numbers in it.
        level: 0 at full resolution, 1 at the next coarser one, and so on.
        joint: whether it is a joint.
    """

    name: str
    kinds: str = ""
    shape: tuple[int, ...] = ()
    parameters: int = 0
    level: int = 0
    joint: bool = False


@dataclass(frozen=True)
class Diagram:
    """Boxes in the order they run, and arrows between them by their places."""

    boxes: list[Box]
    arrows: list[tuple[int, int]]


def diagram(
    trace: Trace,
    rows: Sequence[Layer],
    input_shape: tuple[int, ...],
    output_shape: tuple[int, ...],
    *,
    graph: bool = False,
) -> Diagram:
    """The picture of a network.

    Args:
        trace, rows: of the network.
        input_shape, output_shape: of one example.
        graph: whether it works on nodes and links, whose numbers say nothing of a resolution.
    """
    group = _groups([call.name for call in trace.calls])
    home: dict[Any, Any] = {number: group[call.name] for number, call in enumerate(trace.calls)}
    home |= _joints_inside(list(trace.links), home)
    passed = {
        home.get(a, a): shape for (a, b), shape in reversed(trace.links.items()) if home.get(b, b) != home.get(a, a)
    }
    links = _between(list(trace.links), home)
    home, links = _norms_joined(trace, home, links)
    nodes = dict.fromkeys(node for link in links for node in link)
    members = {name: [n for n in range(len(trace.calls)) if home[n] == name] for name in nodes}
    order = _in_order(links, {name: min(numbers, default=-1) for name, numbers in members.items()})
    where = [] if graph else [m for m in members.values() if m and _spatial(trace, m, input_shape)]
    sizes = sorted({trace.calls[m[-1]].shape[0] for m in where}, reverse=True)
    levels: dict[Any, int] = {}
    boxes = []
    for name in order:
        box = _box(name, members[name], trace, rows)
        if name in (INPUT, OUTPUT):
            box = Box(name, shape=input_shape if name == INPUT else output_shape)
        elif members[name]:
            own = sizes.index(trace.calls[members[name][-1]].shape[0]) if members[name] in where else 0
            box = Box(box.name, box.kinds, passed.get(name, box.shape), box.parameters, own)
        else:
            own = min((levels.get(a, 0) for a, b in links if b == name), default=0)
            box = Box(str(name).rstrip("0123456789"), level=own, joint=True)
        levels[name] = box.level
        boxes.append(box)
    place = {name: number for number, name in enumerate(order)}
    return Diagram(boxes, [(place[a], place[b]) for a, b in links])


def _in_order(links: Sequence[tuple[Any, Any]], first: Mapping[Any, int]) -> list[Any]:
    """Boxes and joints so that arrows lead onwards; of those that may come next the one that runs first."""
    left, order = dict(first), []
    while left:
        waiting = {b for a, b in links if a in left}
        ready = [name for name in left if name not in waiting] or list(left)
        chosen = min(ready, key=lambda name: left[name])
        order.append(chosen)
        del left[chosen]
    return order


def _groups(names: Sequence[str]) -> dict[str, str]:
    """The box of every layer: its path up to the first number, or its parent where that has no numbered parts.

    >>> _groups(["first", "down.0.0.convs.0", "encode.first", "encode.second"])
    {'first': 'first', 'down.0.0.convs.0': 'down.0', 'encode.first': 'encode', 'encode.second': 'encode'}
    """
    found = {}
    for name in names:
        parts = name.split(".")
        number = next((i for i, part in enumerate(parts) if part.isdigit()), None)
        beside = [other for other in names if other.startswith(f"{parts[0]}.")]
        plain = not any(part.isdigit() for other in beside for part in other.split("."))
        found[name] = ".".join(parts[: number + 1]) if number is not None else parts[0] if plain else name
    return found


def _joints_inside(links: Sequence[tuple[Any, Any]], home: Mapping[Any, Any]) -> dict[Any, Any]:
    """Joints that belong to a box: all that meets there comes from it, or some does and it goes on there."""
    found: dict[Any, Any] = {}
    for joint in dict.fromkeys(b for _, b in links if isinstance(b, str) and b != OUTPUT):
        known = {**home, **found}
        entering = {known.get(a, a) for a, b in links if b == joint}
        leaving = {known.get(b, b) for a, b in links if a == joint}
        inside = [box for box in entering if box in home.values()]
        if len(entering) == 1 and inside:
            found[joint] = inside[0]
        elif both := [box for box in inside if box in leaving]:
            found[joint] = both[0]
    return found


def _between(links: Sequence[tuple[Any, Any]], home: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    pairs = ((home.get(a, a), home.get(b, b)) for a, b in links)
    return list(dict.fromkeys((a, b) for a, b in pairs if a != b))


def _norms_joined(
    trace: Trace, home: dict[Any, Any], links: list[tuple[Any, Any]]
) -> tuple[dict[Any, Any], list[tuple[Any, Any]]]:
    """Norms that stand alone join the box before them, where there is just one and it goes nowhere else."""
    calls = {name: [n for n in range(len(trace.calls)) if home[n] == name] for name in set(home.values())}
    for name, numbers in calls.items():
        before = [a for a, b in links if b == name]
        alone = len(before) == 1 and sum(a == before[0] for a, _ in links) == 1
        small = alone and 0 < len(calls.get(before[0], ())) <= MOST_JOINED
        if numbers and small and all(type(trace.calls[n].layer).__name__ in NORMS for n in numbers):
            home = {key: before[0] if value == name else value for key, value in home.items()}
            links = _between(links, {name: before[0]})
    return home, links


def _spatial(trace: Trace, numbers: Sequence[int], input_shape: tuple[int, ...]) -> bool:
    """Does the box keep the dimensions of the input, so that its resolution can be told?"""
    return len(input_shape) > 1 and len(trace.calls[numbers[-1]].shape) == len(input_shape)


def _box(name: Any, numbers: Sequence[int], trace: Trace, rows: Sequence[Layer]) -> Box:
    if not numbers:
        return Box(str(name))
    kinds = [WORDS.get(rows[n].kind, rows[n].kind) for n in numbers]
    told = [f"{kinds.count(kind)} {kind}" if kinds.count(kind) > 1 else kind for kind in dict.fromkeys(kinds)]
    return Box(str(name), ", ".join(told), trace.calls[numbers[-1]].shape, sum(rows[n].parameters for n in numbers))
