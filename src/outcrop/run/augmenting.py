"""The augmentation section of the run file -> one function on training batches: which columns, which dimensions."""

from __future__ import annotations

from typing import Any

from outcrop.config.schema import AugmentSection
from outcrop.data.normalise import Normaliser
from outcrop.errors import ConfigError, message
from outcrop.run.problem import Problem
from outcrop.train import allowed, augment, moves
from outcrop.view.view import View


def augment_of(problem: Problem, normaliser: Normaliser, view: View) -> Any:
    """The augmentation of the run file as one function, or None. Gain and shift move numbers, not classes or angles.

    Raises:
        ConfigError: a move that does not leave examples true, or cannot be made.
    """
    section = problem.config.train.augment
    steps = [*_moves(section, problem, normaliser, view), *_values(section, normaliser, view)]
    return augment.chain(*steps) if steps else None


def _values(section: AugmentSection, normaliser: Normaliser, view: View) -> list[Any]:
    layout = normaliser.layout
    channels, context = normaliser.in_channels, len(getattr(view, "context", (0,)))
    numbers = [layout[variable.name] for variable in normaliser.inputs if variable.kind == "number"]
    columns = augment.over_context([place.values[0] for place in numbers], channels, context)
    steps = []
    if section.gain_sd or section.shift_sd:
        present = [
            None if p.present is None else offset * channels + p.present for offset in range(context) for p in numbers
        ]
        steps.append(
            augment.gain_and_shift(columns, gain_sd=section.gain_sd, shift_sd=section.shift_sd, present=present)
        )
    if section.noise_sd:
        steps.append(augment.noise(columns, section.noise_sd))
    if section.curve_dropout:
        own = [list(place.every) for place in layout.values()]
        curves = [augment.over_context(each, channels, context) for each in own]
        steps.append(augment.curve_dropout(section.curve_dropout, curves, channels * context))
    return steps


def _moves(section: AugmentSection, problem: Problem, normaliser: Normaliser, view: View) -> list[Any]:
    dims = example_dims(view)
    wanted = allowed.moves(section.moves, section.data_type, problem.records[0].format, dims)
    made = []
    for move in wanted:
        if move.kind == "flip":
            signed = _offsets(normaliser, move.dims[0])
            made.append(moves.flip(dims.index(move.dims[0]), signed, _target_offset(normaliser, move.dims[0])))
        elif move.kind in ("quarter_turn", "transpose"):
            _no_components(normaliser, move.dims)
            axes = (dims.index(move.dims[0]), dims.index(move.dims[1]))
            make = moves.quarter_turn if move.kind == "quarter_turn" else moves.transpose
            made.append(make(axes, view.input_shape(1)[:-1]))
        else:
            made.append(moves.polarity(_offsets(normaliser, None)))
    return made


def example_dims(view: View) -> tuple[str, ...]:
    """The dimensions of one example, in the order of its axes; none for points."""
    if view.kind == "windows":
        return view.cells.dims
    if view.kind == "sequences":
        return (view.along, *view.size)  # type: ignore[attr-defined]
    return tuple(getattr(view, "dims", ()))


def _offsets(normaliser: Normaliser, dim: str | None) -> dict[int, float]:
    """Channel -> offset of the number inputs that point along a dimension; of all of them where it is None."""
    found = {}
    for variable in normaliser.inputs:
        if variable.kind == "number" and (dim is None or variable.component == dim):
            for number, channel in enumerate(normaliser.layout[variable.name].values):
                own = variable.scope == "record" or number > 0  # scaled by its own record: its mean is 0 already
                statistic = None if own else normaliser.statistics[variable.name]
                found[channel] = 0.0 if statistic is None else 2 * statistic.centre / statistic.spread
    return found


def _target_offset(normaliser: Normaliser, dim: str) -> float | None:
    target = normaliser.target
    if target is None or target.component != dim:
        return None
    statistic = normaliser.statistics[target.name]
    return 2 * statistic.centre / statistic.spread


def _no_components(normaliser: Normaliser, dims: tuple[str, ...]) -> None:
    """Components of vectors would have to turn into each other."""
    pointing = [variable.name for variable in normaliser.variables if variable.component in dims]
    if pointing:
        what = f"{', '.join(pointing)} point along the dimensions that would be turned."
        fix = "flips change their sign rightly: moves = [" + ", ".join(f'"flip:{dim}"' for dim in dims) + "]"
        raise ConfigError(message(what, where="train.augment.moves", fix=fix))
