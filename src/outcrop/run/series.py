"""Samples that hold a whole series each: which inputs are its steps, and what a network along them is built with.

A pixel of an image stack is one sample, with one input per date: statistics, audit, baselines and the area of
validity see the whole series as they see any other inputs, and so does a network without a sense of time (`mlp`). A
network along one dimension runs along the inputs that `view.steps` names and gives one answer (`model/series.py`).
"""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, Any

from outcrop.config.view import ViewSection
from outcrop.data.normalise import Normaliser
from outcrop.errors import ConfigError, message
from outcrop.model import table as families
from outcrop.run.own_target import columns_of, told_channels
from outcrop.view.sequences import Sequences

if TYPE_CHECKING:
    from outcrop.run.problem import Problem
    from outcrop.view.view import View


def along_series(problem: Problem) -> bool:
    """Whether the network runs along inputs that are declared as the steps of a series (`view.steps`)."""
    return bool(problem.config.data.view.steps) and families.family(problem.config.model.family).axes == 1


def steps_of(view: View, name: str) -> tuple[int, int] | None:
    """Steps that become channels: of sequences of images for a family of images, all of them and those scored."""
    family, size = families.family(name), getattr(view, "size", {})
    if not isinstance(view, Sequences) or "patches" not in family.views or len(size) != family.axes:
        return None
    return view.span.length, view.span.scored


def sizes(problem: Problem, view: View, normaliser: Normaliser) -> dict[str, Any]:
    """What a network of the run is built with beside the family's own arguments, as plain values for a bundle."""
    *rest, size = view.input_shape(len(normaliser.channels))
    if problem.generates:
        size = told_channels(problem, normaliser)
    found: dict[str, Any] = {"in_channels" if rest else "in_size": size, "out": problem.out_size}
    if steps := steps_of(view, problem.config.model.family):
        found["steps"] = list(steps)
    if along_series(problem):
        found["columns"] = step_columns(problem.config.data.view, normaliser)
    if (
        problem.reconstructs
        and problem.section.noise is not None
        and not families.family(problem.config.model.family).code
    ):
        found["adds_to"] = list(columns_of(normaliser, problem.reconstructs))  # the network takes the noise away
    return found


def network_arguments(problem: Problem, view: View) -> dict[str, Any]:
    """The arguments of the run's family: those stated, and what the view and the loss make of them.

    Where a view interpolates, the network corrects the estimate with all outputs that are values of the target: of a
    Gaussian only the first one is.
    """
    stated = problem.config.model.arguments
    if "size" in families.family(problem.config.model.family).defaults:
        return {"size": list(view.input_shape(1)[:-1]), **stated}
    if not problem.config.data.view.interpolate:
        return stated
    return {"corrects": 1 if problem.head.kind == "gaussian" else problem.out_size, **stated}


def step_columns(section: ViewSection, normaliser: Normaliser) -> list[list[int]]:
    """For every step of a series, the channels of a sample that belong to it: those of its bands, then those of inputs
    that are no steps and so stand at every one.

    Raises:
        ConfigError: nothing matches, bands of unequal numbers of steps, or examples of several samples.
    """
    layout, where = normaliser.layout, "data.view.steps"
    patterns = [section.steps] if isinstance(section.steps, str) else list(section.steps or [])
    bands = [fnmatch.filter(layout, pattern) for pattern in patterns]
    if len({len(band) for band in bands}) > 1 or not bands[0]:
        counts = ", ".join(f"{len(band)} match {pattern!r}" for pattern, band in zip(patterns, bands, strict=True))
        fix = f"every pattern matches one input per step; the inputs are {', '.join(list(layout)[:8])}."
        raise ConfigError(message(f"Of the inputs {counts}.", where=where, fix=fix))
    if section.context not in (None, [0], "0:0") or section.context_length is not None:
        what = "The steps of a series lie in one sample, so an example has no context."
        raise ConfigError(message(what, where=where, fix="leave out view.context and view.context_length."))
    fixed = [name for name in layout if not any(name in band for band in bands)]
    return [[place for name in (*step, *fixed) for place in layout[name].every] for step in zip(*bands, strict=True)]
