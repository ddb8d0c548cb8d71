"""The table of network families: what a run file may name, which view each works on, its arguments and defaults.

Holds import strings only, so that help texts and the check of a run file need no JAX. A new family is one file with a
class and a `parameter_count`, and one entry here; the contract tests go through every entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from outcrop.errors import ConfigError, did_you_mean, message

if TYPE_CHECKING:
    import equinox as eqx
    from jaxtyping import PRNGKeyArray


@dataclass(frozen=True)
class Family:
    """One entry of the table.

    Attributes:
        name: as in `[model] family`.
        architecture: "module:Class", built as `Class(in_size, out_size, *, key, **arguments)`.
        views: kinds of view it works on, the preferred one first.
        help: one line for the help text and the docs.
        defaults: its arguments in a run file with their default values.
        convolutional: whether its training steps contain convolutions.
        axes: dimensions of one example's inputs before the channels: 0 for the features of a sample, 1 along depth or
            time, 2 for sections, maps and images, 3 for cubes and fields in time.
        fixed: arguments that the name stands for, such as the number of dimensions.
    """

    name: str
    architecture: str
    views: tuple[str, ...]
    help: str
    defaults: Mapping[str, Any]
    convolutional: bool
    axes: int
    fixed: Mapping[str, Any] = field(default_factory=dict)

    def load(self) -> Callable[..., eqx.Module]:
        """The class."""
        return _load(self.architecture)

    def parameter_count(self, in_size: int, out_size: int, **arguments: Any) -> int:
        """Trainable numbers by the family's formula, without building it."""
        return _load(self.architecture.split(":")[0] + ":parameter_count")(
            in_size, out_size, **{**self.defaults, **self.fixed, **arguments}
        )


FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family(
            name="mlp",
            architecture="outcrop.model.mlp:MLP",
            views=("points",),
            help="fully connected layers on the features of one sample and its neighbours",
            defaults={
                "width_size": 128,
                "depth": 3,
                "activation": "gelu",
                "residual": False,
                "norm": "none",
                "dropout": 0.0,
                "output": "linear",
            },
            convolutional=False,
            axes=0,
        ),
        Family(
            name="resnet1d",
            architecture="outcrop.model.resnet1d:ResNet1d",
            views=("windows", "sequences"),
            help="residual blocks of dilated convolutions along depth or time, at full resolution",
            defaults={
                "width_size": 64,
                "dilations": (1, 2, 4, 8, 16),
                "kernel_size": 3,
                "activation": "gelu",
                "dropout": 0.1,
            },
            convolutional=True,
            axes=1,
        ),
        Family(
            name="unet1d",
            architecture="outcrop.model.unet:UNet",
            views=("windows", "sequences"),
            help="a U-Net along depth or time: coarse levels see far, skips keep boundaries sharp",
            defaults={
                "widths": (32, 64, 128),
                "blocks": 1,
                "kernel_size": 3,
                "patch": 1,
                "activation": "gelu",
                "dropout": 0.1,
            },
            convolutional=True,
            axes=1,
        ),
        Family(
            name="unet2d",
            architecture="outcrop.model.unet:UNet",
            views=("patches",),
            help="a U-Net on patches of two dimensions: sections, maps, images",
            defaults={
                "widths": (16, 32, 64),
                "blocks": 1,
                "kernel_size": 3,
                "patch": 1,
                "activation": "gelu",
                "dropout": 0.1,
            },
            convolutional=True,
            axes=2,
            fixed={"num_spatial_dims": 2},
        ),
        Family(
            name="unet3d",
            architecture="outcrop.model.unet:UNet",
            views=("patches", "sequences"),
            help="a U-Net on patches of three dimensions: cubes, fields in time",
            defaults={
                "widths": (8, 16, 32),
                "blocks": 1,
                "kernel_size": 3,
                "patch": 1,
                "activation": "gelu",
                "dropout": 0.1,
            },
            convolutional=True,
            axes=3,
            fixed={"num_spatial_dims": 3},
        ),
    )
}


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
    defaults = family(name).defaults
    found = {}
    for argument, value in arguments.items():
        if argument not in defaults:
            hint = did_you_mean(argument, defaults)
            found[argument] = f"{name} has no argument {argument!r}{hint}. Its arguments: {', '.join(defaults)}."
        elif not _same_kind(value, defaults[argument]):
            kind = _kind(defaults[argument])
            found[argument] = f"{argument} is {value!r}, expected {kind} such as {_toml(defaults[argument])}."
    return found


def build(
    name: str,
    *,
    in_size: int | None = None,
    in_channels: int | None = None,
    out: int,
    arguments: Mapping[str, Any] | None = None,
    key: PRNGKeyArray,
) -> eqx.Module:
    """A network of a family with random weights.

    Args:
        name: a key of `FAMILIES`.
        in_size: features of one example (points), or
        in_channels: channels per sample of one example (windows); exactly one of the two.
        out: number of outputs per example or sample: one per class, or 1 for a number.
        arguments: the family's own arguments; missing ones take their defaults.
        key: for the weights.

    Raises:
        ConfigError: unknown family, unknown argument, or an impossible value.
    """
    entry = family(name)
    given = dict(arguments or {})
    wrong = problems(name, given)
    if wrong:
        pasted = "\n".join(f"{argument} = {_toml(entry.defaults.get(argument, '...'))}" for argument in wrong)
        fix = (
            pasted if len(wrong) == 1 and set(wrong) <= set(entry.defaults) else "correct or remove " + ", ".join(wrong)
        )
        raise ConfigError(message(" ".join(wrong.values()), where="[model]", fix=fix))
    if (in_size is None) == (in_channels is None):
        raise TypeError("build needs exactly one of in_size and in_channels")
    size = in_size if in_channels is None else in_channels
    values = {name: _as(default, given.get(name, default)) for name, default in entry.defaults.items()}
    return entry.load()(size, out, key=key, **values, **entry.fixed)


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


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(entry) for entry in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _load(import_string: str) -> Any:
    module, attribute = import_string.split(":")
    return getattr(import_module(module), attribute)
