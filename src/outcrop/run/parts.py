"""Config -> parts: the view, the splits, the loss, the optimiser, the augmentation and the untrained network.

Each function reads one section of the run file and calls one room; nothing is fitted here.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from outcrop.config.schema import Config, TrainSection
from outcrop.config.view import offsets
from outcrop.data.normalise import Normaliser
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.loss import table as losses
from outcrop.metric import table as metrics
from outcrop.model import check
from outcrop.model import table as families
from outcrop.model.skip import Skip
from outcrop.run.picking import kind_of
from outcrop.run.problem import Problem
from outcrop.run.series import along_series, network_arguments, sizes, steps_of
from outcrop.split.promise import Split
from outcrop.train import optimiser
from outcrop.view.patches import WHOLE
from outcrop.view.points import context_offsets
from outcrop.view.view import View, make


def view_of(problem: Problem) -> View:
    """The view of the run: the one asked for, else the one the family works on.

    Raises:
        ConfigError: the family cannot work on the view that is asked for.
    """
    kind, name = view_kind(problem), problem.config.model.family
    view = make(kind, problem.records, **view_arguments(problem, kind))
    axes, wanted = len(view.input_shape(1)) - 1, families.family(name).axes
    wanted = 0 if along_series(problem) else wanted
    if axes != wanted and steps_of(view, name) is None:
        what = f"The family {name!r} works on examples of {wanted} dimensions; these {kind} have {axes}."
        fix = "name so many dimensions in view.size, or take the family of the other number (unet1d, unet2d, unet3d)."
        raise ConfigError(message(what, where="data.view and model.family", fix=fix))
    return view


def view_kind(problem: Problem) -> str:
    """The kind of view asked for, else the one the family works on: sequences where a history or horizon is stated.

    Raises:
        ConfigError: the family cannot work on the view that is asked for.
    """
    section, family = problem.config.data.view, families.family(problem.config.model.family)
    kind = section.kind
    if section.steps:
        return _points_with_steps(kind, problem.config.model.family)
    if kind == "auto":
        stated = section.history is not None or section.horizon
        others = [view for view in family.views if view != "sequences"]
        kind = "sequences" if stated and "sequences" in family.views else others[0]
    if kind not in family.views:
        raise ConfigError(
            message(
                f"The family {problem.config.model.family!r} works on {' or '.join(family.views)}, not on {kind}.",
                where="data.view.kind",
                fix=f'kind = "{family.views[0]}", or "auto", which follows the family',
            )
        )
    if section.lead and kind in ("windows", "patches"):
        what = f"Examples of {kind} look at both sides of a sample, so they cannot look ahead."
        fix = f'view = {{kind = "sequences", history = {section.length}, horizon = 1, lead = {section.lead}}}'
        raise ConfigError(message(what, where="data.view.lead", fix=fix))
    return kind


def _points_with_steps(kind: str, name: str) -> str:
    """The steps of a series lie in one sample: its example is a point, whether a network runs along them or not."""
    able = [
        other
        for other, family in families.FAMILIES.items()
        if not family.generates
        and ("points" in family.views or (family.axes == 1 and "windows" in family.views and not family.code))
    ]
    if kind in ("auto", "points") and name in able:
        return "points"
    what = f"view.steps makes points of whole series, which {name!r} does not read as {kind}."
    fix = f'kind = "auto", and family = one of {", ".join(able)}'
    raise ConfigError(message(what, where="data.view and model.family", fix=fix))


def forecasts(problem: Problem) -> bool:
    """Whether what is predicted lies ahead of what is read."""
    section = problem.config.data.view
    return bool(section.lead or section.horizon)


def view_arguments(problem: Problem, kind: str) -> dict[str, Any]:
    """What a view of this kind is made with, as plain values that a bundle keeps.

    Raises:
        ConfigError: a key that this kind of view cannot do without is not stated.
    """
    section, dims = problem.config.data.view, problem.records[0].dims
    along = {"along": section.along} if section.along else {}
    if kind == "points":
        return {"context": list(context_of(problem)), "lead": section.lead, **along}
    if kind == "windows":
        return {"length": section.length, "stride": section.stride, **along}
    if kind == "patches":
        if not section.size:
            fix = "size = {" + ", ".join(f"{dim} = 32" for dim in dims[-2:]) + "}"
            raise ConfigError(message("Patches need their size along each dimension.", where="data.view", fix=fix))
        size = dict.fromkeys(dims, section.size) if isinstance(section.size, str) else section.size
        size = {**{dim: size[dim] for dim in dims if dim in size}, **size}  # in the order of the grid
        return {"size": size, "stride": section.stride, "area_weight": section.area_weight}
    if kind == "sequences":
        return _sequence_arguments(problem) | along
    return _graph_arguments(problem) | along


def _sequence_arguments(problem: Problem) -> dict[str, Any]:
    section = problem.config.data.view
    if section.history is None or isinstance(section.stride, dict):
        what = "Sequences need their history, in samples" if section.history is None else "Sequences have one stride"
        fix = "view = {history = 48, horizon = 24}, or {history = 365, spin_up = 180} for a simulation"
        raise ConfigError(message(f"{what}.", where="data.view", fix=fix))
    if section.size is not None and WHOLE in (section.size if isinstance(section.size, str) else section.size.values()):
        fix = f'size = {{{problem.records[0].dims[-1]} = {problem.records[0].shape[-1]}}}, or kind = "patches"'
        raise ConfigError(message("Sequences have a size in samples.", where="data.view.size", fix=fix))
    if section.lead and not section.horizon:
        fix = f"horizon = 1, lead = {section.lead}"
        raise ConfigError(message("A lead is that of a forecast.", where="data.view.lead", fix=fix))
    return {
        "history": section.history,
        "horizon": section.horizon,
        "lead": section.lead,
        "spin_up": section.spin_up,
        "stride": section.stride,
        "known_future": list(_known_future(problem)) if section.horizon else [],
        "unknown_future": section.unknown_future,
        "ragged": section.ragged,
        "size": dict(section.size or {}),
        "area_weight": section.area_weight,
    }


def _graph_arguments(problem: Problem) -> dict[str, Any]:
    section = problem.config.data.view
    if section.interpolate and problem.classes:
        what = "Classes cannot be interpolated: between two of them there is nothing."
        raise ConfigError(message(what, where="data.view.interpolate", fix="interpolate = false"))
    return {
        "nodes": section.nodes or problem.records[0].dims[-1],
        "edges": section.edges,
        "neighbours": section.neighbours,
        "radius_m": section.radius_m,
        "links": [list(pair) for pair in problem.links],
        "context": list(context_of(problem)) if section.context is not None else [0],
        "lead": section.lead,
        "hide": section.hide,
        "hide_held_out": section.hide_held_out,
        "known": f"{problem.target.name}_KNOWN" if section.hide else "",
        "interpolate": section.interpolate,
    }


def _known_future(problem: Problem) -> tuple[str, ...]:
    """Inputs known over the horizon: those declared, and those that are coordinates (the hour, the latitude).

    Raises:
        ConfigError: a declared one is no input.
    """
    declared = problem.config.data.view.known_future
    inputs = [variable.name for variable in problem.variables if variable.role == "input"]
    for name in declared:
        if name not in inputs:
            what = f"{name!r} is no input{did_you_mean(name, inputs)}."
            raise ConfigError(message(what, where="data.view.known_future", fix=f"the inputs are {', '.join(inputs)}."))
    coordinates = {record.name: {*map(str, record.data.coords), *record.position} for record in problem.aligned}
    found: dict[str, bool] = {}
    for resolution in problem.resolutions:
        fixed = resolution.source in coordinates[resolution.record]
        found[resolution.variable] = found.get(resolution.variable, True) and fixed
    return tuple(name for name in inputs if name in declared or found.get(name, False))


def context_of(problem: Problem) -> tuple[int, ...]:
    """The samples around its own that a point example reads, and that a baseline "with the same window" reads.

    Of a window of length L these are the offsets 0, 1, 4, 16 ... up to L/2 on both sides: trees see about as far.
    """
    section = problem.config.data.view
    if section.context is not None:
        return offsets(section.context) if isinstance(section.context, str) else tuple(section.context)
    if section.context_length is not None:
        return context_offsets(section.context_length)
    return context_offsets(section.length) if problem.records[0].dims == ("depth",) else (0,)


def labelled_examples(problem: Problem, view: View) -> np.ndarray:
    """Which examples have at least one label to be scored on, shape (example,)."""
    mask = view.cells.flat_mask(problem.labelled())
    return view.cells.count(mask, view.origins.record, view.origins.scores) > 0


def with_labels(split: Split, has: np.ndarray) -> Split:
    """The split without the examples that have nothing to be scored on; those of training are set apart."""
    parts = {name: index[has[index]] for name, index in split.parts.items()}
    unlabelled = np.union1d(split.unlabelled, split.train[~has[split.train]])
    return dataclasses.replace(split, **parts, unlabelled=unlabelled)


def loss_of(config: Config, problem: Problem, normaliser: Normaliser) -> Any:
    """The loss of the run file; class weights come from the counts of the training part."""
    classes = problem.classes
    table = {"class_codes": classes.codes, "class_names": classes.names, "cost": classes.cost} if classes else {}
    arguments = config.loss.model_dump(exclude={"kind"})
    kind = "class" if classes and not problem.generates else "number"
    own = {loss for family in families.FAMILIES.values() for loss in family.losses}
    needed = families.family(config.model.family).losses
    if config.loss.kind not in needed if needed else config.loss.kind in own:
        what = f"The family {config.model.family!r} is not trained with the loss {config.loss.kind!r}."
        able = ", ".join(name for name, family in families.FAMILIES.items() if config.loss.kind in family.losses)
        fix = f'[loss] kind = "{needed[0]}"' if needed else f"family = one of {able}; or another loss"
        raise ConfigError(message(what, where="[model] and [loss]", fix=fix))
    return losses.build(
        config.loss.kind, kind, class_counts=normaliser.class_counts or (), zero=_zero(normaliser), arguments=arguments,
        **table,
    )  # fmt: skip


def _zero(normaliser: Normaliser) -> float:
    """What 0 of the (transformed) target became; 0 for classes and where inputs are given back."""
    target = normaliser.target
    statistic = None if target is None else normaliser.statistics.get(target.name)
    return 0.0 if statistic is None else -statistic.centre / statistic.spread


def optimiser_of(train: TrainSection) -> Any:
    """The optimiser of a stage of training."""
    names = ("learning_rate", "schedule", "weight_decay", "clip_norm", "warmup_steps")
    arguments = {name: getattr(train, name) for name in names}
    arguments["clip_norm"] = train.clip_norm or None
    arguments["warmup_steps"] = min(train.warmup_steps, train.steps // 2)
    return optimiser.make(train.optimiser, steps=train.steps, **arguments)


def metrics_of(problem: Problem) -> tuple[str, ...]:
    """The metrics the run file asks for, the deciding one first; empty where it leaves the choice to us.

    Raises:
        ConfigError: a metric is not defined for this kind of target.
    """
    asked = problem.config.evaluate.metrics
    if problem.generates:
        return ("energy_score",)
    if asked == "auto":
        return ("snr_db", "rmse") if problem.section.noise is not None else ()
    kind, cost = kind_of(problem), bool(problem.classes) and problem.classes.cost is not None
    if asked:
        metrics.primary(kind, cost=cost, wanted=asked[0])
    allowed = metrics.defined_for(kind, cost=cost)
    for name in asked:
        if name not in allowed:
            what = f"The metric {name!r} is not defined for the target {problem.target.name}."
            raise ConfigError(message(what, where="evaluate.metrics", fix=f"use some of {', '.join(allowed)}."))
    return tuple(asked)


def trusted_samples(problem: Problem) -> np.ndarray | None:
    """Which samples have a label of the stated quality, over all records end to end; None where nothing is stated.

    Raises:
        DataError: no record has the curve of label quality.
    """
    asked = problem.config.evaluate.high_confidence
    if asked is None:
        return None
    known = {str(name) for record in problem.aligned for name in record.data.data_vars}
    if asked.curve not in known:
        what = f"No record has a curve {asked.curve!r}{did_you_mean(asked.curve, known)}."
        raise DataError(message(what, where="evaluate.high_confidence", fix="name the curve of label quality."))
    columns = [r.flat(asked.curve) if asked.curve in r.data else np.full(len(r), np.nan) for r in problem.aligned]
    return np.concatenate(columns) == asked.equals


def outline(problem: Problem, view: View, normaliser: Normaliser) -> Any:
    """`network` with 0 for every number: its parts and shapes, of which nothing is drawn and nothing compiled."""
    shapes = eqx.filter_eval_shape(lambda: network(problem, view, normaliser, jax.random.key(0)))
    return jax.tree.map(
        lambda leaf: jnp.asarray(np.zeros(leaf.shape, leaf.dtype)) if isinstance(leaf, jax.ShapeDtypeStruct) else leaf,
        shapes,
    )


def network(problem: Problem, view: View, normaliser: Normaliser, key: jax.Array) -> Any:
    """An untrained network of the run's family, sized by the view and the variables."""
    own = {**sizes(problem, view, normaliser), "arguments": network_arguments(problem, view)}
    model = families.build(problem.config.model.family, **own, key=key)
    begins = problem.config.model.arguments.get("skip_begins", "zero")
    check.one_of(("zero", "persistence"), skip_begins=begins)
    if begins == "zero":
        return model
    past, ahead = f"{problem.target.name}_PAST", problem.config.data.view
    if (
        not isinstance(model, Skip)
        or past not in normaliser.layout
        or ahead.unknown_future != "last"
        or problem.classes
    ):
        fix = 'skip_steps = history + horizon; view = {..., past_target = true, unknown_future = "last"}'
        what = "A line begins as persistence of a number where each step of a forecast holds the last one known."
        raise ConfigError(message(what, where="model.skip_begins", fix=fix))
    return model.as_persistence(normaliser.layout[past].values[0])
