"""The promise section -> the splits: what each promise needs to know of the records, and nothing more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.config.promise import PromiseSection
from outcrop.data.space import cartesian
from outcrop.errors import ConfigError, DataError, message
from outcrop.run.cutouts import drawn_boxes, known_boxes
from outcrop.run.problem import Problem, read_source
from outcrop.split.colour import PARTS as COLOURS
from outcrop.split.promise import Split, folds
from outcrop.view.graphs import Graphs
from outcrop.view.view import View


def splits_of(problem: Problem, view: View, base: Path | None = None) -> list[Split]:
    """The splits that the promise asks for, over all examples of the view, labelled or not.

    Args:
        problem: the records; its run file holds one promise.
        view: cuts them into examples.
        base: folder that the files of `deploy` are relative to.
    """
    if problem.tiled:
        return splits_of_boxes(problem, view, base)
    return _splits(problem, view, base)


def splits_of_networks(problem: Problem, view: Graphs, base: Path | None) -> tuple[Graphs, list[Split]]:
    """The splits of networks, and the view of their examples: a snapshot may be shared between the parts.

    A promise about whole records, or about examples, leaves snapshots whole; any other colours the nodes.
    """
    from outcrop.view.divided import divided
    from outcrop.view.points import points

    promise = problem.config.promise
    if promise.kind == "same_population" or (promise.kind == "new" and promise.new in view.origins.groups):
        return of_snapshots(view, _splits(problem, view, base))
    splits = _splits(problem, points(problem.records), base)
    colours = [split.colours for split in splits if split.colours is not None]
    past, places = ["later" in promise.kinds] * len(splits), [split.places for split in splits]
    shared = divided(view, colours, past=past, places=places)
    return shared, _of_parts(shared, splits)


def of_snapshots(view: Graphs, splits: Sequence[Split]) -> tuple[Graphs, list[Split]]:
    """Splits of whole snapshots, and the view in which each part of each fold has examples of its own."""
    from outcrop.view import divided

    codes = {name: number for number, name in enumerate(COLOURS)}
    shared = divided.of_snapshots(view, [{codes[n]: index for n, index in split.parts.items()} for split in splits])
    return shared, _of_parts(shared, splits)


def whole(view: View) -> View:
    """The view with one training example per snapshot, where a split had shared networks between its parts."""
    from outcrop.view.divided import undivided

    return undivided(view) if isinstance(view, Graphs) else view


def _of_parts(view: Graphs, splits: Sequence[Split]) -> list[Split]:
    """The splits with the examples that a divided view made of them."""
    found = []
    for fold, split in enumerate(splits):
        mine = view.fold == fold
        parts = {name: np.flatnonzero(mine & (view.part == COLOURS.index(name))) for name in split.parts}
        found.append(replace(split, **parts))
    return found


def _splits(problem: Problem, view: View, base: Path | None) -> list[Split]:
    promise = problem.config.promise
    make = BUILDERS.get(promise.kind)
    if make is None:
        raise ConfigError(message(f"The promise {promise.kind!r} is not known.", where="[promise]", fix='new = "well"'))
    if promise.kind in ("new", "later", "same_population") and _simple(problem, view, promise):
        return folds(promise.kind, view.origins, **_OF_RECORDS[promise.kind](problem, promise))
    kind = {"new": "new_samples", "later": "later_samples"}.get(promise.kind, promise.kind)
    common = {"validation_share": promise.validation_share, "labelled": view.cells.flat_mask(problem.labelled())}
    return folds(kind, view.origins, cells=view.cells, **common, **make(problem, promise, base))


def splits_of_boxes(problem: Problem, view: View, base: Path | None) -> list[Split]:
    """The splits of records larger than memory: of all their boxes by their corners, then of those in the sample."""
    from outcrop.view.patches import patches

    names = [v.name for v in problem.variables if v.role in ("target", "weight")]
    wider = problem.config.promise.wider
    names += [wider.variable] if wider and wider.variable in problem.records[0].data else []
    skeletons, first = [], 0
    for one in problem.tiled:
        skeletons.append(one.skeleton(problem.records[first : first + len(one.drawn)], names))
        first += len(one.drawn)
    whole = replace(problem, records=skeletons, aligned=skeletons, tiled=())
    size = {dim: 2 for place, dim in enumerate(skeletons[0].dims) if any(one.side[place] > 1 for one in problem.tiled)}
    boxes = patches(skeletons, size, size)
    sample, known = drawn_boxes(problem.tiled), known_boxes(problem.tiled)
    return [_sampled(split, boxes, view, sample, known) for split in splits_of(whole, boxes, base)]


def _sampled(split: Split, boxes: View, view: View, sample: np.ndarray, known: np.ndarray) -> Split:
    """A split of all boxes as one of the boxes in the sample: example i of `view` is box sample[i].

    Raises:
        ConfigError: a part without a box in the sample.
    """
    place = {name: np.flatnonzero(np.isin(sample, index)) for name, index in split.parts.items()}
    for name in ("train", "test"):
        if not len(place[name]):
            what = f"None of {len(sample):,} boxes drawn from the records lies wholly in the {name} part."
            raise ConfigError(message(what, where="[promise]", fix="data.memory_mb = more, or hold out otherwise"))
    first, _ = boxes.cells.boxes(boxes.origins.record, boxes.origins.reads)
    corner = np.zeros(len(first), np.int64)
    for number in range(first.shape[1]):
        corner = corner * boxes.cells.shapes[boxes.origins.record, number] + first[:, number]
    corner = (corner + boxes.cells.offsets[boxes.origins.record])[sample]
    sizes = np.diff(view.cells.offsets)
    unit = None if split.unit is None else np.repeat(split.unit[corner], sizes)
    colours = None if split.colours is None else np.repeat(split.colours[corner], sizes)
    return replace(split, **place, unit=unit, colours=colours, blank={}, boxes=split.train[known[split.train]])


def _simple(problem: Problem, view: View, promise: PromiseSection) -> bool:
    """Whether whole records, or one axis, decide: those promises need no look at single samples."""
    if promise.kind == "same_population":
        return True
    if promise.kind == "new":
        return promise.new in view.origins.groups
    return len(view.cells.dims) == 1 and promise.gap is None


def _new(problem: Problem, promise: PromiseSection) -> dict[str, Any]:
    size = {name: float(mask.sum()) for name, mask in problem.labelled().items()}
    own = {"key": promise.new, "folds": promise.folds, "test": promise.test, "size": size, "seed": promise.seed}
    return {**own, "validation_share": promise.validation_share}


def _later(problem: Problem, promise: PromiseSection) -> dict[str, Any]:
    axes = {record.name: record.axis for record in problem.records}
    own = {"test_from": promise.later, "validation_from": promise.validation_from, "gap_samples": promise.gap_samples}
    return {"axes": axes, **own, "validation_share": promise.validation_share}


def _same(problem: Problem, promise: PromiseSection) -> dict[str, Any]:
    own = {"reason": promise.same_population, "folds": promise.folds, "seed": promise.seed}
    return {**own, "validation_share": promise.validation_share}


_OF_RECORDS: dict[str, Callable[[Problem, PromiseSection], dict[str, Any]]] = {
    "new": _new,
    "later": _later,
    "same_population": _same,
}


def _target(problem: Problem) -> np.ndarray:
    """The target of every sample, NaN where missing."""
    values = np.concatenate([record.flat(problem.target.name).astype(float) for record in problem.records])
    return np.where(values < 0, np.nan, values) if problem.classes else values


def _new_samples(problem: Problem, promise: PromiseSection, base: Path | None) -> dict[str, Any]:
    return {"key": promise.new, "folds": promise.folds, "test": promise.test, "seed": promise.seed}


def _later_samples(problem: Problem, promise: PromiseSection, base: Path | None) -> dict[str, Any]:
    own = {"test_from": promise.later, "validation_from": promise.validation_from}
    return {**own, "gap": promise.gap, "gap_samples": promise.gap_samples}


def _area(problem: Problem, promise: PromiseSection, base: Path | None) -> dict[str, Any]:
    assert promise.area is not None
    return {**promise.area.model_dump(), "folds": promise.folds, "seed": promise.seed, "values": _target(problem)}


def _between(problem: Problem, promise: PromiseSection, base: Path | None) -> dict[str, Any]:
    assert promise.between is not None
    return {**promise.between.model_dump(), "seed": promise.seed}


def _wider(problem: Problem, promise: PromiseSection, base: Path | None) -> dict[str, Any]:
    assert promise.wider is not None
    name = promise.wider.variable
    known = all(name in record.data.data_vars for record in problem.records)
    values = np.concatenate([record.flat(name).astype(float) for record in problem.records]) if known else None
    return {**promise.wider.model_dump(), "values": values}


def _splitter(problem: Problem, promise: PromiseSection, base: Path | None) -> dict[str, Any]:
    assert promise.splitter is not None
    return {**promise.splitter.model_dump(), "seed": promise.seed, "values": _target(problem)}


def _new_later(problem: Problem, promise: PromiseSection, base: Path | None) -> dict[str, Any]:
    groups = _new_samples(problem, promise, base)
    groups.pop("seed")
    return {"new": groups, "later": _later_samples(problem, promise, base), "seed": promise.seed}


def _area_later(problem: Problem, promise: PromiseSection, base: Path | None) -> dict[str, Any]:
    assert promise.area is not None
    own = {**promise.area.model_dump(), "folds": promise.folds}
    date = _later_samples(problem, promise, base)
    return {"area": own, "later": date, "seed": promise.seed, "values": _target(problem)}


def _deploy(problem: Problem, promise: PromiseSection, base: Path | None) -> dict[str, Any]:
    """Where the files to be predicted lie, and which inputs they lack.

    Raises:
        DataError: a file without a map position.
    """
    from outcrop.data.resolve import resolve

    files = [promise.deploy] if isinstance(promise.deploy, str) else list(promise.deploy or [])
    name, source = next((n, s) for n, s in problem.config.data.source.items() if s.join is None)
    records = read_source(source.model_copy(update={"files": files, "dataset": None}), base or Path.cwd(), name)
    located = [problem.frame.locate(record) for record in records]
    inputs = [variable for variable in problem.variables if variable.role == "input"]
    _, resolutions = resolve(located, inputs, training=False)
    missing = [tuple(r.variable for r in resolutions if r.record == one.name and r.missing) for one in located]
    places = [_place(record.position) for record in located]
    unplaced = [record.name for record, place in zip(located, places, strict=True) if place is None]
    if unplaced:
        fix = "frame.easting and frame.northing name the curves with map coordinates."
        raise DataError(message(f"{unplaced[0]} has no map position.", where="promise.deploy", fix=fix))
    own = [_place(record.position) for record in problem.records]
    width = len(places[0])  # type: ignore[arg-type]
    points = np.array([np.full(width, np.nan) if place is None else place for place in own])
    found = {"points": points, "deployed": np.array(places), "missing": missing}
    return {**found, "folds": promise.folds, "seed": promise.seed}


def _place(position: Any) -> np.ndarray | None:
    found = cartesian({key: np.array([value]) for key, value in position.items()})
    return None if found is None else found[0]


BUILDERS: dict[str, Callable[[Problem, PromiseSection, Path | None], dict[str, Any]]] = {
    "new": _new_samples,
    "later": _later_samples,
    "same_population": lambda problem, promise, base: _same(problem, promise),
    "area": _area,
    "between": _between,
    "wider": _wider,
    "deploy": _deploy,
    "splitter": _splitter,
    "new_later": _new_later,
    "later_area": _area_later,
}
