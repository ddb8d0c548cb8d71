"""The table of network families: what a run file may name, what is wrong with its arguments, and the network itself.

A new family is one file with a class and a `parameter_count`, and one entry in `entries.py`; the contract tests go
through every entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.model.entries import FAMILIES
from outcrop.model.family import Family

if TYPE_CHECKING:
    import equinox as eqx
    from jaxtyping import PRNGKeyArray


ALONG_TIME: dict[str, Any] = {"skip_steps": 0, "skip_begins": "zero"}
"""Arguments of every family that works along time. skip_steps: the steps of an example, for a line past the network
with weights of its own for each step (`model/skip.py`); 0 for none. skip_begins: that line before training, "zero" or
"persistence"."""
ON_GRAPHS: dict[str, Any] = {"corrects": 0}
"""Arguments of every family on graphs. corrects: outputs that are corrections to the last feature of a node, an
estimate of the target (`model/correction.py`); 0 for none."""


def arguments_of(name: str) -> dict[str, Any]:
    """The arguments a family takes, with their defaults: its own, and those that all on graphs or along time share."""
    entry = family(name)
    if "graphs" in entry.views:
        return {**entry.defaults, **ON_GRAPHS}
    along_time = entry.axes == 1 or "sequences" in entry.views
    return {**entry.defaults, **(ALONG_TIME if along_time and not (entry.code or entry.generates) else {})}


def family(name: str) -> Family:
    """The entry of a name.

    Raises:
        ConfigError: no such family.
    """
    if name not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise ConfigError(
            message(
                f"There is no model family {name!r}{did_you_mean(name, FAMILIES)}.",
                where="model.family",
                fix=f"choose one of {known}.",
            )
        )
    return FAMILIES[name]


def problems(name: str, arguments: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with the arguments a run file gives a family: argument -> sentence; empty when all is well."""
    defaults = arguments_of(name)
    found = {}
    for argument, value in arguments.items():
        if argument not in defaults:
            hint = did_you_mean(argument, defaults)
            found[argument] = f"{name} has no argument {argument!r}{hint}. Its arguments: {', '.join(defaults)}."
        elif not _same_kind(value, defaults[argument]):
            kind = _kind(defaults[argument])
            found[argument] = f"{argument} is {value!r}, expected {kind} such as {written(defaults[argument])}."
    return found


def build(
    name: str,
    *,
    in_size: int | None = None,
    in_channels: int | None = None,
    out: int,
    steps: Sequence[int] | None = None,
    arguments: Mapping[str, Any] | None = None,
    columns: Sequence[Sequence[int]] | None = None,
    adds_to: Sequence[int] | None = None,
    key: PRNGKeyArray,
) -> eqx.Module:
    """A network of a family with random weights.

    Args:
        name: a key of `FAMILIES`.
        in_size: features of one example (points), or
        in_channels: channels per sample of one example (windows); exactly one of the two.
        out: number of outputs per example or sample: one per class, or 1 for a number.
        steps: for a family of images on a sequence of them: steps of an example, and how many of the last are scored;
            they become channels of one image (`model/steps.py`).
        arguments: the family's own arguments; missing ones take their defaults.
        columns: for a family along one dimension on samples that hold a series each: the features of every step.
        adds_to: input channels that the network adds its outputs to (`model/correction.py`); None for none.
        key: for the weights.

    Raises:
        ConfigError: unknown family, unknown argument, or an impossible value.
    """
    entry = family(name)
    given = dict(arguments or {})
    wrong = problems(name, given)
    if wrong:
        pasted = "\n".join(f"{argument} = {written(entry.defaults.get(argument, '...'))}" for argument in wrong)
        fix = (
            pasted if len(wrong) == 1 and set(wrong) <= set(entry.defaults) else "correct or remove " + ", ".join(wrong)
        )
        raise ConfigError(message(" ".join(wrong.values()), where="[model]", fix=fix))
    if (in_size is None) == (in_channels is None):
        raise TypeError("build needs exactly one of in_size and in_channels")
    size = len(columns[0]) if columns else in_size if in_channels is None else in_channels
    values = {name: _as(default, given.get(name, default)) for name, default in entry.defaults.items()}
    every, scored = steps or (1, 1)
    network = entry.load()(every * size, scored * out, key=key, **values, **entry.fixed)
    lines = {"steps": (every, scored) if steps else None, "skipped": given.get("skip_steps", 0), "adds_to": adds_to}
    return _wrapped(network, size, out, corrected=given.get("corrects", 0), columns=columns, **lines)


def _wrapped(
    network: Any,
    size: int,
    out: int,
    *,
    steps: tuple[int, int] | None,
    skipped: int,
    corrected: int,
    adds_to: Sequence[int] | None,
    columns: Sequence[Sequence[int]] | None,
) -> Any:
    """The network inside what orders its inputs, passes it by or is corrected by it."""
    if steps:
        from outcrop.model.steps import StepsAsChannels

        network = StepsAsChannels(network, *steps)
    if skipped:
        from outcrop.model.skip import Skip

        network = Skip(network, skipped, size, out)
    if corrected:
        from outcrop.model.correction import Correction

        network = Correction(network, corrected, out)
    if adds_to:
        from outcrop.model.correction import Residual

        network = Residual(network, adds_to)
    if columns:
        from outcrop.model.series import AlongSeries

        network = AlongSeries(network, columns)
    return network


def _same_kind(value: Any, default: Any) -> bool:
    if isinstance(default, tuple):
        return isinstance(value, list | tuple) and all(_same_kind(entry, default[0]) for entry in value)
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is type(default)


def _as(default: Any, value: Any) -> Any:
    """The value as its default's type: TOML writes 0 for 0.0, and lists where a network holds tuples."""
    return type(default)(value) if isinstance(default, tuple | float) else value


def _kind(default: Any) -> str:
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "a name", tuple: "a list"}
    return names[type(default)]


def written(value: Any) -> str:
    """A value as a run file writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return "[" + ", ".join(written(entry) for entry in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)
